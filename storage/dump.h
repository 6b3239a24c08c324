// Values in Redis's serialised form (dump_format.h): what DUMP answers and RESTORE takes.
//
// DumpOf and Restore cost O(N), in the bytes of the value. Thread-safe, as far as the value is: its
// stripe's lock is held while it is dumped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "storage/entry.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/sorted_set.h"
#include "storage/stream_value.h"
#include "storage/value.h"

namespace larder::storage {

struct DumpOptions {
  // Without it equal values, made in the same way, have equal dumps.
  bool compress = true;
};

// The whole dump of a value, its footer included. Of the lowest version that knows the value, so
// that Redis 7.0 takes all but hashes whose fields expire, streams that remember ids of producers
// and streams with pending entries that were given back.
std::string DumpOf(const Entry& entry, const DumpOptions& options = {});

// Whether a dump ends in a version that Restore knows and in the right CRC.
bool HasGoodFooter(std::string_view dump);

// Appends the two.
void AppendFooter(uint16_t version, std::string* dump);

struct RestoreLimits {
  SetLimits set;
  HashLimits hash;
  ListLimits list;
  SortedSetLimits sorted_set;  // with its seed
  StreamIdempotence stream;    // of streams that have none of their own
  uint64_t set_seed = 0;       // see HashTable
  uint64_t hash_seed = 0;
  int64_t now_ms = 0;                                            // fields due by then are left out
  size_t string_bytes_max = std::numeric_limits<size_t>::max();  // of any string in it
  size_t value_bytes_max = std::numeric_limits<size_t>::max();   // of memory, for the whole value
};

enum class RestoreError : uint8_t {
  kBadFormat,
  kAllExpired,  // a hash of which no field is left
};

struct Restored {
  std::optional<Value> value;
  RestoreError error = RestoreError::kBadFormat;  // where there is no value
};

// The value of a dump, whose footer's CRC is not looked at. Believes nothing that it reads:
// whatever the bytes, it takes memory for the value that they really hold and twice that for a
// moment, and no more than the limits allow.
Restored Restore(std::string_view dump, const RestoreLimits& limits);

}  // namespace larder::storage
