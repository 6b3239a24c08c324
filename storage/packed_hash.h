// A small hash, packed into a single allocation: field after field, each the length and bytes of
// its name and of its value, and (after AddExpiries) its expiry. What OBJECT ENCODING calls
// listpack, and listpackex with expiries. Fields keep the order of their insertion.
//
// Every operation costs O(N): its owner keeps it small. Not thread-safe; positions and views stay
// valid until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/entry.h"

namespace larder::storage {

struct HashField {
  std::string_view name;
  std::string_view value;
  int64_t expire_at_ms = kNoExpiry;
};

class PackedHash {
 public:
  static constexpr uint32_t kNowhere = ~uint32_t{0};

  PackedHash() = default;
  PackedHash(const PackedHash& other);
  PackedHash(PackedHash&& other) noexcept;
  PackedHash& operator=(PackedHash other) noexcept;
  ~PackedHash();

  // ---- fields. A position is where one begins.
  uint32_t Find(std::string_view name) const;  // kNowhere when missing
  HashField At(uint32_t position) const { return Next(&position); }
  // The field at `*position`, which moves on to the next one.
  HashField Next(uint32_t* position) const;
  uint32_t PositionOf(size_t index) const;  // O(index). REQUIRES: index < size()

  // REQUIRES: the name is not there.
  void Append(const HashField& field);
  void SetValue(uint32_t position, std::string_view value);
  void SetExpiry(uint32_t position, int64_t expire_at_ms);  // REQUIRES: has_expiries()
  void Erase(uint32_t position);

  // Gives each field room for an expiry.
  void AddExpiries();
  bool has_expiries() const { return has_expiries_; }

  size_t size() const { return count_; }
  uint32_t bytes() const { return used_; }  // positions lie below
  size_t MemoryBytes() const;

  // Calls visit(const HashField&) for every field.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (uint32_t position = 0; position < used_;) visit(Next(&position));
  }

 private:
  static constexpr size_t kExpiryBytes = sizeof(int64_t);

  std::string_view NextText(uint32_t* position) const;
  // Makes `bytes` bytes at `position` into `wanted`, whose contents are undefined.
  void Replace(uint32_t position, uint32_t bytes, uint32_t wanted);

  uint8_t* data_ = nullptr;
  uint32_t used_ = 0;
  uint32_t count_ : 31 = 0;
  uint32_t has_expiries_ : 1 = 0;
};

}  // namespace larder::storage
