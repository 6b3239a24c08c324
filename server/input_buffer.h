// Bytes that were read but not yet run: what is left of an incomplete request. Empty, and without
// memory, in the common case. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace larder {

class InputBuffer {
 public:
  InputBuffer() = default;
  ~InputBuffer() { std::free(data_); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  std::string_view view() const { return {data_, size_}; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }

  // Room for at least `bytes` more behind the end; Filled says how many of them were written.
  char* Room(size_t bytes) {
    if (capacity_ - size_ < bytes) Grow(size_ + bytes);
    return data_ + size_;
  }
  size_t room() const { return capacity_ - size_; }
  void Filled(size_t bytes) { size_ += bytes; }

  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Room(bytes.size()), bytes.data(), bytes.size());
    Filled(bytes.size());
  }
  void DropFront(size_t bytes) {
    size_ -= bytes;
    if (size_ != 0) {
      std::memmove(data_, data_ + bytes, size_);
    } else if (capacity_ > kKeptBytesMax) {
      Release();
    }
  }
  // Gives the memory away, to be freed with free().
  char* Take() {
    size_ = capacity_ = 0;
    return std::exchange(data_, nullptr);
  }
  void Release() {
    std::free(data_);
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

 private:
  static constexpr size_t kKeptBytesMax = 64 * 1024;

  void Grow(size_t bytes) {
    // Doubling while small; exact when a large argument's length is known.
    const size_t doubled = capacity_ * 2 < 1024 * 1024 ? capacity_ * 2 : 0;
    const size_t capacity = bytes > doubled ? bytes : doubled;
    void* grown = std::realloc(data_, capacity);
    if (grown == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(grown);
    capacity_ = capacity;
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace larder
