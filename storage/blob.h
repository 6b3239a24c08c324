// A long string, outside its entry.
//
// Not thread-safe: guarded as every Object. The bytes of a shared blob never change, so that a
// reply can be sent from them without the stripe's lock.
#pragma once

#include <cstddef>
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

  std::string_view bytes() const { return {data_, size_}; }
  char* data() { return data_; }
  size_t size() const { return size_; }

  // Makes it `size` bytes long; new bytes are zero. Amortised O(growth).
  void Resize(size_t size);

  Encoding encoding() const override { return Encoding::kRaw; }
  size_t MemoryBytes() const override;
  size_t ElementCount() const override { return 1; }
  Ref<Object> Clone() const override;

  // Elements are pages here: gives the memory of up to that many back to the system.
  bool FreeSome(size_t elements) override;

 private:
  char* memory_ = nullptr;  // what was allocated; `data_` is its begin unless it was taken over
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace larder::storage
