#include "storage/lazy_free.h"

#include <utility>

namespace larder::storage {
namespace {

constexpr size_t kElementsPerStep = 64;

}  // namespace

void LazyFree::Discard(Ref<Object> object) {
  if (!object || object->shared()) return;  // another holder frees it
  if (object->ElementCount() <= kElementsMax && object->MemoryBytes() <= kBytesMax) return;
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(object));
  pending_.fetch_add(1, std::memory_order_relaxed);
}

bool LazyFree::FreeSlice(std::chrono::steady_clock::time_point deadline) {
  while (pending() != 0) {
    Ref<Object> object;
    {
      std::lock_guard lock(mutex_);
      if (waiting_.empty()) return false;  // others are at it
      object = std::move(waiting_.front());
      waiting_.pop_front();
    }
    // At least one step, so that callers whose time is always up get on.
    bool done = false;
    do {
      done = object->FreeSome(kElementsPerStep);
    } while (!done && std::chrono::steady_clock::now() < deadline);
    if (!done) {
      std::lock_guard lock(mutex_);
      waiting_.push_front(std::move(object));
      return true;
    }
    object = Ref<Object>();
    pending_.fetch_sub(1, std::memory_order_relaxed);
    freed_.fetch_add(1, std::memory_order_relaxed);
  }
  return false;
}

}  // namespace larder::storage
