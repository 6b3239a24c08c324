// Connections that wait for their turn, first come, first served.
//
// Push and Pop cost O(1) and keep the memory. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace larder {

class Connection;

class ConnectionQueue {
 public:
  void Push(Connection* connection) { waiting_.push_back(connection); }
  Connection* Pop() {  // REQUIRES: !empty()
    Connection* first = waiting_[head_++];
    if (head_ == waiting_.size()) {
      waiting_.clear();
      head_ = 0;
    } else if (head_ >= kSlackMin && head_ >= waiting_.size() / 2) {
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    return first;
  }

  bool empty() const { return head_ == waiting_.size(); }
  size_t size() const { return waiting_.size() - head_; }

  template <class Predicate>
  void EraseIf(Predicate predicate) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
    std::erase_if(waiting_, predicate);
  }

 private:
  static constexpr size_t kSlackMin = 64;

  std::vector<Connection*> waiting_;
  size_t head_ = 0;
};

}  // namespace larder
