// Reads a command's arguments in order. The first error is kept and later reads answer harmless
// values, so that a handler checks once:
//
//   const auto key = ctx.args.NextKey();
//   const auto start = ctx.args.NextInt();
//   if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "server/letter_case.h"
#include "server/status.h"
#include "storage/key.h"

namespace larder {

// An argument that was hashed already, to find its stripe.
struct KnownKey {
  size_t position;
  storage::Key key;
};

class ArgReader {
 public:
  // `args` starts with the command's name; `first` is the first argument to read. `known` in
  // ascending order of their positions; they must outlive the reader.
  ArgReader(std::span<const std::string_view> args, size_t first, const storage::KeyHasher& hasher,
            std::span<const KnownKey> known = {})
      : args_(args), position_(first), hasher_(&hasher), known_(known) {}

  bool HasMore() const { return position_ < args_.size(); }
  size_t remaining() const { return args_.size() - position_; }
  size_t position() const { return position_; }
  std::span<const std::string_view> all() const { return args_; }
  std::string_view Peek() const { return HasMore() ? args_[position_] : std::string_view(); }

  // The next argument. Reading past the end is a syntax error.
  std::string_view Next() { return HasMore() ? args_[position_++] : NextMissing(); }
  storage::Key NextKey() {
    while (!known_.empty() && known_.front().position < position_) known_ = known_.subspan(1);
    if (known_.empty() || known_.front().position != position_) return HashedKey(Next());
    ++position_;
    return known_.front().key;
  }
  storage::Key HashedKey(std::string_view bytes) const { return (*hasher_)(bytes); }
  int64_t NextInt(std::string_view error = {});  // default: value is not an integer or out of range
  int64_t NextIntIn(int64_t least, int64_t most, std::string_view error);
  double NextDouble(
      std::string_view error = {});  // default: value is not a valid float; NaN refused
  void Skip(size_t count) { position_ = std::min(position_ + count, args_.size()); }

  // Consumes the next argument if it is `word` (upper case given, any case accepted).
  bool Match(std::string_view word);

  // Keeps an error, unless there is one already.
  void Fail(std::string_view error);
  bool failed() const { return !error_.ok(); }

  // The kept error, or a syntax error when arguments are left.
  Status Finish();
  // The kept error alone.
  const Status& status() const { return error_; }

 private:
  std::string_view NextMissing();

  std::span<const std::string_view> args_;
  size_t position_;
  const storage::KeyHasher* hasher_;
  std::span<const KnownKey> known_;
  Status error_;
};

}  // namespace larder
