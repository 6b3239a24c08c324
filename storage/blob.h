// A long string, outside its entry.
//
// Not thread-safe: guarded as every Object. The bytes of a shared blob never change, so that a
// reply can be sent from them without the stripe's lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/object.h"

namespace larder::storage {

class Blob final : public Object {
 public:
  static constexpr Type kType = Type::kString;

  explicit Blob(std::string_view bytes);  // one copy, no spare capacity
  explicit Blob(size_t size);             // `size` zero bytes
  // Takes over `memory` from malloc, in which `bytes` lie: how a value of hundreds of megabytes is
  // stored without a second copy of it.
  Blob(void* memory, std::string_view bytes);
  ~Blob() override;

  std::string_view bytes() const { return {memory_ + offset_, size_}; }
  // To write to: nothing is known of the digest after that.
  char* data() {
    digest_.store(0, std::memory_order_relaxed);
    return memory_ + offset_;
  }
  size_t size() const { return size_; }

  // Of its bytes (digest.h): computed when it is asked for, then kept until they change.
  uint64_t Digest() const;

  // Makes it `size` bytes long; new bytes are zero. Amortised O(growth).
  void Resize(size_t size);

  Encoding encoding() const override { return Encoding::kRaw; }
  size_t MemoryBytes() const override;
  size_t ElementCount() const override { return 1; }
  Ref<Object> Clone() const override;

  // Elements are pages here: gives the memory of up to that many back to the system.
  bool FreeSome(size_t elements) override;

 private:
  uint16_t offset_ = 0;     // of the bytes in what was allocated; 0 unless that was taken over
  char* memory_ = nullptr;  // what was allocated
  size_t size_ = 0;
  size_t capacity_ = 0;
  mutable std::atomic<uint64_t> digest_{0};  // 0: not known
};
static_assert(sizeof(Blob) == 48);  // the offset lies in what Object leaves free

// The digest of a string that lies in `object` or, where that is null, anywhere.
uint64_t DigestOf(std::string_view bytes, const Object* object);

}  // namespace larder::storage
