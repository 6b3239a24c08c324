// The memory of Lua: one budget that every VM of the process shares, and the allocator of one VM.
#pragma once

#include <atomic>
#include <cstddef>

namespace larder {

// Thread-safe.
class LuaMemoryBudget {
 public:
  static constexpr size_t kDefaultBytes = 64 * 1024 * 1024;

  explicit LuaMemoryBudget(size_t bytes_max = kDefaultBytes) : bytes_max_(bytes_max) {}

  // Takes `bytes` from the budget; false, and nothing taken, when they are not there.
  bool Reserve(size_t bytes);
  // Takes them in any case.
  void Overdraw(size_t bytes) { reserved_.fetch_add(bytes, std::memory_order_relaxed); }
  void Return(size_t bytes) { reserved_.fetch_sub(bytes, std::memory_order_relaxed); }

  size_t bytes_max() const { return bytes_max_.load(std::memory_order_relaxed); }
  void set_bytes_max(size_t bytes) { bytes_max_.store(bytes, std::memory_order_relaxed); }
  size_t reserved() const { return reserved_.load(std::memory_order_relaxed); }
  // Whether more than half is taken: time to let go of what can be made again.
  bool tight() const { return reserved() > bytes_max() / 2; }

 private:
  std::atomic<size_t> bytes_max_;
  std::atomic<size_t> reserved_{0};
};

// Allocates for one VM. It takes from the budget in steps of kStepBytes, so that small allocations
// touch no shared counter. Not thread-safe.
class LuaAllocator {
 public:
  static constexpr size_t kStepBytes = 64 * 1024;

  explicit LuaAllocator(LuaMemoryBudget& budget) : budget_(&budget) {}
  ~LuaAllocator() { budget_->Return(reserved_); }
  LuaAllocator(const LuaAllocator&) = delete;
  LuaAllocator& operator=(const LuaAllocator&) = delete;

  // As realloc and free in one, after lua_Alloc. Null when the budget or the machine has no more;
  // making a block smaller never fails.
  void* Resize(void* block, size_t old_bytes, size_t new_bytes);

  // While not limited the budget may be overdrawn: for collecting garbage, which needs a little
  // memory itself.
  void set_limited(bool limited) { limited_ = limited; }

  size_t used() const { return used_; }
  size_t bytes_max() const { return budget_->bytes_max(); }
  bool budget_is_tight() const { return budget_->tight(); }
  // Bytes by which blocks have grown since the last ResetGrowth().
  size_t growth() const { return growth_; }
  void ResetGrowth() { growth_ = 0; }

 private:
  bool Take(size_t bytes);
  void Give(size_t bytes);

  LuaMemoryBudget* budget_;
  size_t used_ = 0;
  size_t reserved_ = 0;  // of the budget; at least used_
  size_t growth_ = 0;
  bool limited_ = true;
};

}  // namespace larder
