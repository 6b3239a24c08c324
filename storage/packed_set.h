// A small set of short byte strings, packed one after the other into a single allocation, each
// behind its length. What OBJECT ENCODING calls listpack. Members keep the order of their
// insertion.
//
// Every operation costs O(N): its owner keeps it small. Not thread-safe; views of members stay
// valid until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/memory.h"

namespace larder::storage {

class PackedSet {
 public:
  bool Contains(std::string_view member) const { return Find(member) != kMissing; }
  // REQUIRES: the member is not there.
  void Append(std::string_view member);
  bool Erase(std::string_view member);

  size_t size() const { return size_; }
  std::string_view At(size_t index) const;  // O(index). REQUIRES: index < size()
  size_t MemoryBytes() const { return bytes_.capacity(); }

  // Calls visit(std::string_view) for every member.
  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    for (size_t offset = 0; offset < bytes_.size();) visit(Next(&offset));
  }

 private:
  static constexpr size_t kMissing = static_cast<size_t>(-1);

  std::string_view Next(size_t* offset) const;
  size_t Find(std::string_view member) const;  // the offset of its length

  std::vector<uint8_t, memory::Counted<uint8_t>> bytes_;
  size_t size_ = 0;
};

}  // namespace larder::storage
