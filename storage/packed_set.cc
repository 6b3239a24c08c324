#include "storage/packed_set.h"

namespace larder::storage {

// A length is written in groups of seven bits, the lowest first; the top bit says that more follow.
std::string_view PackedSet::Next(size_t* offset) const {
  size_t length = 0;
  uint8_t byte;
  int shift = 0;
  do {
    byte = bytes_[(*offset)++];
    length |= static_cast<size_t>(byte & 127) << shift;
    shift += 7;
  } while (byte > 127);
  const char* const begin = reinterpret_cast<const char*>(bytes_.data()) + *offset;
  *offset += length;
  return {begin, length};
}

size_t PackedSet::Find(std::string_view member) const {
  for (size_t offset = 0; offset < bytes_.size();) {
    const size_t begin = offset;
    if (Next(&offset) == member) return begin;
  }
  return kMissing;
}

std::string_view PackedSet::At(size_t index) const {
  size_t offset = 0;
  while (index-- > 0) Next(&offset);
  return Next(&offset);
}

void PackedSet::Append(std::string_view member) {
  const size_t needed = bytes_.size() + member.size() + 1 + member.size() / 128;
  // Doubling would waste half of it, and moving so few bytes costs little.
  if (needed > bytes_.capacity()) bytes_.reserve(needed + needed / 8);
  size_t length = member.size();
  for (; length > 127; length >>= 7) bytes_.push_back(128 | (length & 127));
  bytes_.push_back(length);
  bytes_.insert(bytes_.end(), member.begin(), member.end());
  ++size_;
}

bool PackedSet::Erase(std::string_view member) {
  const size_t begin = Find(member);
  if (begin == kMissing) return false;
  size_t end = begin;
  Next(&end);
  bytes_.erase(bytes_.begin() + begin, bytes_.begin() + end);
  --size_;
  return true;
}

}  // namespace larder::storage
