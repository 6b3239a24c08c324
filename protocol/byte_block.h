// Bytes that grow at their end: what a std::string would be, but written in place without being
// zeroed first, and grown by realloc, which moves large blocks without copying them.
//
//   char* at = block.Reserve(30);          // room at the end
//   block.CommitTo(WriteReply(at));        // up to where was written
//
// Appending costs amortized O(bytes). Pointers into it are valid until it grows.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace larder::protocol {

class ByteBlock {
 public:
  ByteBlock() = default;
  ByteBlock(ByteBlock&& other) noexcept { Swap(other); }
  ByteBlock& operator=(ByteBlock&& other) noexcept {
    ByteBlock taken(std::move(other));
    Swap(taken);
    return *this;
  }
  ~ByteBlock();

  char* data() { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  // Returns where the next bytes go, with room for `bytes` of them.
  char* Reserve(size_t bytes) {
    if (capacity_ - size_ < bytes) Grow(bytes);
    return data_ + size_;
  }
  // Counts in what was written from Reserve's place up to `end`.
  void CommitTo(const char* end) { size_ = end - data_; }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void push_back(char byte) {
    *Reserve(1) = byte;
    ++size_;
  }

  // Drops the bytes from `size` on. REQUIRES: size <= size().
  void resize(size_t size) { size_ = size; }
  void clear() { size_ = 0; }
  // Drops the first `bytes`. REQUIRES: bytes <= size().
  void EraseFront(size_t bytes);
  // Puts `with` in place of the `bytes` at `offset`. REQUIRES: offset + bytes <= size().
  void Replace(size_t offset, size_t bytes, std::string_view with);

 private:
  void Grow(size_t bytes);
  void Swap(ByteBlock& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace larder::protocol
