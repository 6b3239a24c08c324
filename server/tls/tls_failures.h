// Tells the log of handshakes that failed, a few a second: whoever can connect can cause them.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

namespace larder {

class Logger;

class TlsFailures {
 public:
  static constexpr int kLinesPerSecondMax = 10;

  explicit TlsFailures(Logger& log) : log_(log) {}

  // `now_us` is steady. Whether a line was written; those left out are counted in a later one.
  bool Note(int64_t now_us, std::string_view address, std::string_view local_address,
            std::string_view reason);

 private:
  Logger& log_;
  std::mutex mutex_;
  int64_t second_ = -1;
  int lines_ = 0;          // in that second
  uint64_t left_out_ = 0;  // since the last line
};

}  // namespace larder
