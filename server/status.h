// The outcome of a command: fine, or the text of an error reply ("ERR syntax error").
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace larder {

class [[nodiscard]] Status {
 public:
  Status() = default;
  explicit Status(std::string_view error) : error_(error) {}

  bool ok() const { return error_.empty(); }
  // The whole error reply without its dash: the code, a space, the text.
  const std::string& error() const { return error_; }

 private:
  std::string error_;
};

inline Status Ok() { return Status(); }
inline Status Error(std::string_view text) { return Status(text); }

}  // namespace larder
