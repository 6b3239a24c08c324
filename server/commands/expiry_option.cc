#include "server/commands/expiry_option.h"

#include "server/errors.h"
#include "storage/numbers.h"

namespace larder {

bool ExpiryOption::Match(ArgReader& args, Kind without_time) {
  constexpr struct {
    std::string_view word;
    Kind kind;
  } kWords[] = {{"EX", Kind::kEx},     {"PX", Kind::kPx},           {"EXAT", Kind::kExAt},
                {"PXAT", Kind::kPxAt}, {"KEEPTTL", Kind::kKeepTtl}, {"PERSIST", Kind::kPersist}};
  for (const auto& [word, option] : kWords) {
    if (!EqualsIgnoreCase(args.Peek(), word)) continue;
    if (kind != Kind::kNone && kind != option) return false;
    const bool timed = option <= Kind::kPxAt;
    if (!timed && option != without_time) return false;
    if (timed && args.remaining() < 2) return false;
    args.Next();
    kind = option;
    if (timed) time = args.Next();
    return true;
  }
  return false;
}

Status ExpiryOption::Resolve(int64_t now_ms, std::string_view command,
                             int64_t* expire_at_ms) const {
  const bool seconds = kind == Kind::kEx || kind == Kind::kExAt;
  return ResolveExpiry(time, seconds, !absolute(), now_ms, command, expire_at_ms);
}

Status ResolveExpiry(std::string_view time, bool seconds, bool relative, int64_t now_ms,
                     std::string_view command, int64_t* expire_at_ms) {
  const auto number = storage::ParseInteger(time);
  if (!number) return Error(errors::kNotInteger);
  if (*number <= 0) return Error(errors::InvalidExpire(command));
  auto at_ms = storage::CheckedMultiply(*number, seconds ? 1000 : 1);
  if (at_ms && relative) at_ms = storage::CheckedAdd(*at_ms, now_ms);
  if (!at_ms) return Error(errors::InvalidExpire(command));
  *expire_at_ms = *at_ms;
  return Ok();
}

}  // namespace larder
