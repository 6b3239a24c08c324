#include "server/monitors.h"

#include <cctype>
#include <cstdio>

#include <fmt/format.h>

namespace larder {

void Monitors::Add(Subscriber subscriber) {
  std::lock_guard lock(mutex_);
  subscribers_.push_back(subscriber);
  count_.store(static_cast<int>(subscribers_.size()), std::memory_order_relaxed);
}

void Monitors::Remove(uint64_t session_id) {
  std::lock_guard lock(mutex_);
  std::erase_if(subscribers_,
                [&](const Subscriber& subscriber) { return subscriber.session_id == session_id; });
  count_.store(static_cast<int>(subscribers_.size()), std::memory_order_relaxed);
}

void Monitors::Feed(int64_t unix_us, int database, std::string_view address,
                    std::span<const std::string_view> args) {
  std::string line =
      fmt::format("{}.{:06} [{} {}]", unix_us / 1'000'000, unix_us % 1'000'000, database, address);
  for (const std::string_view arg : args) line += " " + Quoted(arg);
  PushMessage message{PushMessage::Kind::kMonitorLine, {}, {}, std::move(line)};
  const auto shared = std::make_shared<const PushMessage>(std::move(message));
  std::lock_guard lock(mutex_);
  for (const Subscriber& subscriber : subscribers_) {
    subscriber.mailbox->Push(subscriber.session_id, shared);
  }
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\a':
        quoted += "\\a";
        break;
      case '\b':
        quoted += "\\b";
        break;
      default:
        if (std::isprint(static_cast<unsigned char>(c))) {
          quoted += c;
        } else {
          quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
  }
  return quoted + "\"";
}

}  // namespace larder
