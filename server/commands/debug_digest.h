// DEBUG DIGEST: a figure that is the same for the same data, whatever the order in which it is
// kept. Computed as Redis computes it, so that figures of both can be compared.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/entry.h"
#include "storage/keyspace.h"

namespace larder {

class DataDigest {
 public:
  // Adds bytes whose order among each other does not matter.
  void Combine(std::string_view bytes);
  // Adds bytes in an order that matters.
  void Mix(std::string_view bytes);
  std::string Hex() const;
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  // Adds a value with its type and whether it expires.
  void AddValue(const storage::Entry& entry);

 private:
  std::array<uint8_t, 20> bytes_{};
};

// Of all databases. REQUIRES: all stripes locked.
DataDigest DigestOf(storage::Keyspace& keyspace, int64_t now_ms);

}  // namespace larder
