#include "storage/key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace larder::storage {

uint64_t KeyHasher::Hash(std::string_view bytes) const {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed_);
}

}  // namespace larder::storage
