// Counts whole replies in a stream of RESP2 that arrives in pieces, without keeping any of it.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace larder::bench {

class ReplyCounter {
 public:
  // Takes the next bytes; how many replies end in them.
  size_t Feed(std::string_view bytes) {
    size_t ended = 0;
    while (!bytes.empty()) {
      if (skipped_bytes_ != 0) {
        const size_t step = std::min(bytes.size(), skipped_bytes_);
        bytes.remove_prefix(step);
        skipped_bytes_ -= step;
        if (skipped_bytes_ == 0) ended += EndItem();
        continue;
      }
      const size_t end = bytes.find('\n');
      if (end == std::string_view::npos) {
        line_.append(bytes);
        break;
      }
      std::string_view line = bytes.substr(0, end + 1);
      if (!line_.empty()) line = line_.append(line);
      bytes.remove_prefix(end + 1);
      ended += Line(line);
      line_.clear();
    }
    return ended;
  }

  size_t errors() const { return errors_; }

 private:
  // One header line, or a reply that is one line.
  size_t Line(std::string_view line) {
    long length = 0;
    std::from_chars(line.data() + 1, line.data() + line.size(), length);
    if (line[0] == '$' && length >= 0) {
      skipped_bytes_ = static_cast<size_t>(length) + 2;
      return 0;
    }
    if (line[0] == '*' && length > 0) {
      items_ += static_cast<size_t>(length) - (items_ == 0 ? 0 : 1);
      return 0;
    }
    if (line[0] == '-') ++errors_;
    return EndItem();
  }
  size_t EndItem() {
    if (items_ > 0) --items_;
    return items_ == 0 ? 1 : 0;
  }

  std::string line_;          // of which the end is missing
  size_t skipped_bytes_ = 0;  // of a bulk that are still to come, its line end included
  size_t items_ = 0;          // of an array that are still to come
  size_t errors_ = 0;
};

}  // namespace larder::bench
