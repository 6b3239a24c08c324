#include "storage/blob.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "storage/memory.h"

namespace larder::storage {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr size_t kSlicedBytesMin = 1024 * 1024;  // smaller ones are freed at once

}  // namespace

Blob::Blob(std::string_view bytes) : Object(kType) {
  Resize(bytes.size());
  if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
}

Blob::Blob(size_t size) : Object(kType) { Resize(size); }

Blob::Blob(void* memory, std::string_view bytes)
    : Object(kType),
      memory_(static_cast<char*>(memory)),
      data_(const_cast<char*>(bytes.data())),
      size_(bytes.size()),
      capacity_(bytes.size()) {
  memory::Count(static_cast<int64_t>(memory::AllocatedBytes(memory)));
}

Blob::~Blob() { memory::Deallocate(memory_); }

void Blob::Resize(size_t size) {
  if (size > capacity_) {
    // A blob that grows again and again (APPEND) is copied O(log) times; a first size is exact.
    const size_t wanted = std::max({size, capacity_ + capacity_ / 2, size_t{16}});
    if (data_ != memory_) {
      std::memmove(memory_, data_, size_);  // taken over: bring it to the front
      data_ = memory_;
    }
    memory_ = data_ = static_cast<char*>(memory::Reallocate(memory_, wanted));
    capacity_ = std::max(wanted, memory::AllocatedBytes(memory_));
  }
  if (size > size_) std::memset(data_ + size_, 0, size - size_);
  size_ = size;
}

size_t Blob::MemoryBytes() const { return sizeof(*this) + memory::AllocatedBytes(memory_); }

Ref<Object> Blob::Clone() const { return Ref<Object>(new Blob(bytes())); }

bool Blob::FreeSome(size_t elements) {
  if (size_ < kSlicedBytesMin) return true;
  // The pages' contents go here, in slices; the final deallocation then has little left to do.
  const size_t freed = std::min(size_, elements * kPageBytes);
  const auto end = (reinterpret_cast<uintptr_t>(data_) + size_) & ~(kPageBytes - 1);
  const auto begin =
      (reinterpret_cast<uintptr_t>(data_) + size_ - freed + kPageBytes - 1) & ~(kPageBytes - 1);
  if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  size_ -= freed;
  return size_ < kSlicedBytesMin;
}

}  // namespace larder::storage
