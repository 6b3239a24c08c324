#pragma once

#include <string>
#include <utility>

namespace larder {

// Success, or the text of what went wrong. Thread-compatible.
class [[nodiscard]] Outcome {
 public:
  static Outcome Ok() { return Outcome(); }
  static Outcome Failed(std::string error) { return Outcome(std::move(error)); }

  bool ok() const { return ok_; }
  // Empty when ok().
  const std::string& error() const { return error_; }

 private:
  Outcome() = default;
  explicit Outcome(std::string error) : ok_(false), error_(std::move(error)) {}

  bool ok_ = true;
  std::string error_;
};

}  // namespace larder
