#include "storage/string_map.h"

#include <random>

#include "storage/key.h"

namespace larder::storage {

size_t StringHash::operator()(std::string_view text) const {
  static const KeyHasher hasher((uint64_t{std::random_device{}()} << 32) | std::random_device{}());
  return hasher.Hash(text);
}

}  // namespace larder::storage
