#include "server/tls/tls_failures.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "server/logging.h"

namespace larder {

bool TlsFailures::Note(int64_t now_us, std::string_view address, std::string_view local_address,
                       std::string_view reason) {
  uint64_t left_out = 0;
  {
    const std::lock_guard lock(mutex_);
    const int64_t second = now_us / 1'000'000;
    if (second != second_) {
      second_ = second;
      lines_ = 0;
    }
    if (lines_ >= kLinesPerSecondMax) {
      ++left_out_;
      return false;
    }
    ++lines_;
    left_out = std::exchange(left_out_, 0);
  }
  std::string line = fmt::format("Error accepting a client connection: {} (addr={} laddr={})",
                                 reason, address, local_address);
  if (left_out > 0) line += fmt::format("; {} more before were not logged", left_out);
  log_.Notice(line);
  return true;
}

}  // namespace larder
