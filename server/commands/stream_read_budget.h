// How much XREAD and XREADGROUP answer: up to COUNT entries of each key, up to MAXCOUNT entries of
// all keys together, and no further entry once the reply has MAXSIZE bytes. There is always room
// for the first entry.
#pragma once

#include <cstddef>
#include <optional>

#include "protocol/reply_writer.h"
#include "server/arg_reader.h"
#include "server/status.h"

namespace larder {

struct ReadLimits {
  size_t key_entries_max = 0;  // COUNT; 0: all
  std::optional<size_t> entries_max;
  std::optional<size_t> reply_bytes_max;
};

// Consumes a limit with its value. False when the next argument is none; an error stays in `args`.
// REQUIRES: two arguments are left.
bool MatchReadLimit(ArgReader& args, ReadLimits* limits);
// Whether the limits agree with each other.
Status CheckReadLimits(const ReadLimits& limits);

// What is left of the limits while one reply is written.
class ReadBudget {
 public:
  // REQUIRES: nothing of the reply is written yet; `reply` lives longer.
  ReadBudget(const ReadLimits& limits, const protocol::ReplyWriter& reply);

  // To be called before a key's name is written. False when there is no room for another entry: all
  // keys from here on are left out. After true, HasRoom is true for one entry at least.
  bool BeginKey();
  bool HasRoom() const;
  void Spend();  // an entry was written

  // How many entries of this key there is room for, as far as they are counted.
  size_t key_entries_left() const { return key_entries_left_; }
  // Whether COUNT alone limits: the entries of a key need not be asked for one by one.
  bool by_key_alone() const { return !limits_.entries_max && !limits_.reply_bytes_max; }

 private:
  bool has_bytes() const;

  const ReadLimits limits_;
  const protocol::ReplyWriter& reply_;
  const size_t bytes_before_;
  size_t entries_ = 0;
  size_t key_entries_ = 0;
  size_t key_entries_left_ = 0;
};

}  // namespace larder
