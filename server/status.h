// The outcome of a command: fine, or the text of an error reply ("ERR syntax error").
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace larder {

// One word, and no work while all is well: every command makes a few of them.
class [[nodiscard]] Status {
 public:
  Status() = default;
  // Fine when `error` is empty.
  explicit Status(std::string_view error)
      : error_(error.empty() ? nullptr : std::make_unique<std::string>(error)) {}
  Status(const Status& other) : Status() { *this = other; }
  Status(Status&&) = default;
  Status& operator=(const Status& other) {
    error_ = other.ok() ? nullptr : std::make_unique<std::string>(other.error());
    return *this;
  }
  Status& operator=(Status&&) = default;

  bool ok() const { return error_ == nullptr; }
  // The whole error reply without its dash: the code, a space, the text. REQUIRES: !ok().
  const std::string& error() const { return *error_; }

 private:
  std::unique_ptr<std::string> error_;
};

inline Status Ok() { return Status(); }
inline Status Error(std::string_view text) { return Status(text); }

}  // namespace larder
