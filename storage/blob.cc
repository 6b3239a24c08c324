#include "storage/blob.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "storage/digest.h"
#include "storage/memory.h"

namespace larder::storage {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr size_t kSlicedBytesMin = 1024 * 1024;  // smaller ones are freed at once

}  // namespace

Blob::Blob(std::string_view bytes) : Object(kType) {
  Resize(bytes.size());
  if (!bytes.empty()) std::memcpy(memory_, bytes.data(), bytes.size());
}

Blob::Blob(size_t size) : Object(kType) { Resize(size); }

Blob::Blob(void* memory, std::string_view bytes)
    : Object(kType),
      memory_(static_cast<char*>(memory)),
      size_(bytes.size()),
      capacity_(bytes.size()) {
  const auto offset = static_cast<size_t>(bytes.data() - memory_);
  if (offset <= UINT16_MAX) {
    offset_ = static_cast<uint16_t>(offset);
  } else {
    std::memmove(memory_, bytes.data(), size_);  // behind a key of that length
  }
  memory::Count(static_cast<int64_t>(memory::AllocatedBytes(memory)));
}

Blob::~Blob() { memory::Deallocate(memory_); }

void Blob::Resize(size_t size) {
  if (size > capacity_) {
    // A blob that grows again and again (APPEND) is copied O(log) times; a first size is exact.
    const size_t wanted = std::max({size, capacity_ + capacity_ / 2, size_t{16}});
    if (offset_ != 0) {
      std::memmove(memory_, memory_ + offset_, size_);  // taken over: bring it to the front
      offset_ = 0;
    }
    memory_ = static_cast<char*>(memory::Reallocate(memory_, wanted));
    capacity_ = std::max(wanted, memory::AllocatedBytes(memory_));
  }
  if (size > size_) std::memset(memory_ + offset_ + size_, 0, size - size_);
  size_ = size;
  digest_.store(0, std::memory_order_relaxed);
}

uint64_t Blob::Digest() const {
  uint64_t digest = digest_.load(std::memory_order_relaxed);
  if (digest == 0) {
    digest = storage::Digest(bytes());
    digest_.store(digest, std::memory_order_relaxed);
  }
  return digest;
}

uint64_t DigestOf(std::string_view bytes, const Object* object) {
  return object == nullptr ? Digest(bytes) : static_cast<const Blob&>(*object).Digest();
}

size_t Blob::MemoryBytes() const { return sizeof(*this) + memory::AllocatedBytes(memory_); }

Ref<Object> Blob::Clone() const { return Ref<Object>(new Blob(bytes())); }

bool Blob::FreeSome(size_t elements) {
  if (size_ < kSlicedBytesMin) return true;
  // The pages' contents go here, in slices; the final deallocation then has little left to do.
  const size_t freed = std::min(size_, elements * kPageBytes);
  const uintptr_t end_of_bytes = reinterpret_cast<uintptr_t>(memory_) + offset_ + size_;
  const uintptr_t end = end_of_bytes & ~(kPageBytes - 1);
  const uintptr_t begin = (end_of_bytes - freed + kPageBytes - 1) & ~(kPageBytes - 1);
  if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  size_ -= freed;
  return size_ < kSlicedBytesMin;
}

}  // namespace larder::storage
