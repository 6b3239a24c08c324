#include "server/scripting/lua_memory.h"

#include <cstdlib>

namespace larder {

bool LuaMemoryBudget::Reserve(size_t bytes) {
  const size_t bytes_max = this->bytes_max();
  size_t reserved = reserved_.load(std::memory_order_relaxed);
  do {
    if (bytes > bytes_max || reserved > bytes_max - bytes) return false;
  } while (!reserved_.compare_exchange_weak(reserved, reserved + bytes, std::memory_order_relaxed));
  return true;
}

bool LuaAllocator::Take(size_t bytes) {
  if (bytes > bytes_max() && limited_) return false;
  if (used_ + bytes > reserved_) {
    const size_t missing = used_ + bytes - reserved_;
    const size_t rounded = (missing + kStepBytes - 1) / kStepBytes * kStepBytes;
    if (budget_->Reserve(rounded)) {
      reserved_ += rounded;
    } else if (budget_->Reserve(missing)) {
      reserved_ += missing;
    } else if (!limited_) {
      budget_->Overdraw(missing);
      reserved_ += missing;
    } else {
      return false;
    }
  }
  used_ += bytes;
  growth_ += bytes;
  return true;
}

void LuaAllocator::Give(size_t bytes) {
  used_ -= bytes;
  const size_t spare = reserved_ - used_;
  if (spare < 4 * kStepBytes) return;
  budget_->Return(spare - kStepBytes);
  reserved_ = used_ + kStepBytes;
}

void* LuaAllocator::Resize(void* block, size_t old_bytes, size_t new_bytes) {
  if (block == nullptr) old_bytes = 0;
  if (new_bytes == 0) {
    std::free(block);
    Give(old_bytes);
    return nullptr;
  }
  if (new_bytes > old_bytes && !Take(new_bytes - old_bytes)) return nullptr;
  void* resized = std::realloc(block, new_bytes);
  if (resized == nullptr) {
    if (new_bytes <= old_bytes) return block;
    Give(new_bytes - old_bytes);
    return nullptr;
  }
  if (new_bytes < old_bytes) Give(old_bytes - new_bytes);
  return resized;
}

}  // namespace larder
