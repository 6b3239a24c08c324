#include "protocol/byte_block.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace larder::protocol {

ByteBlock::~ByteBlock() { std::free(data_); }

void ByteBlock::Grow(size_t bytes) {
  constexpr size_t kCapacityMin = 256;
  const size_t capacity = std::max({size_ + bytes, 2 * capacity_, kCapacityMin});
  void* const grown = std::realloc(data_, capacity);
  if (grown == nullptr) throw std::bad_alloc();
  data_ = static_cast<char*>(grown);
  capacity_ = capacity;
}

void ByteBlock::EraseFront(size_t bytes) {
  if (bytes == 0) return;
  std::memmove(data_, data_ + bytes, size_ - bytes);
  size_ -= bytes;
}

void ByteBlock::Replace(size_t offset, size_t bytes, std::string_view with) {
  if (with.size() > bytes) Reserve(with.size() - bytes);
  if (with.size() != bytes) {
    std::memmove(data_ + offset + with.size(), data_ + offset + bytes, size_ - offset - bytes);
    size_ = size_ - bytes + with.size();
  }
  if (!with.empty()) std::memcpy(data_ + offset, with.data(), with.size());
}

}  // namespace larder::protocol
