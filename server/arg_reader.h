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

#include "server/status.h"
#include "storage/key.h"

namespace larder {

class ArgReader {
 public:
  // `args` starts with the command's name; `first` is the first argument to read. `known` is the
  // key at position `known_position`, hashed already (0: none).
  ArgReader(std::span<const std::string_view> args, size_t first, const storage::KeyHasher& hasher,
            const storage::Key& known = {}, size_t known_position = 0)
      : args_(args),
        position_(first),
        hasher_(&hasher),
        known_(known),
        known_position_(known_position) {}

  bool HasMore() const { return position_ < args_.size(); }
  size_t remaining() const { return args_.size() - position_; }
  size_t position() const { return position_; }
  std::span<const std::string_view> all() const { return args_; }
  std::string_view Peek() const { return HasMore() ? args_[position_] : std::string_view(); }

  // The next argument. Reading past the end is a syntax error.
  std::string_view Next() { return HasMore() ? args_[position_++] : NextMissing(); }
  storage::Key NextKey() {
    if (position_ != known_position_ || known_position_ == 0 || !HasMore()) {
      return HashedKey(Next());
    }
    ++position_;
    return known_;
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
  storage::Key known_;
  size_t known_position_;
  Status error_;
};

bool EqualsIgnoreCase(std::string_view text, std::string_view word);

}  // namespace larder
