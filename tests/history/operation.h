// What a client did to one key, and when: the unit of a history.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace larder::history {

// How a key is used, from which follows the model that its history is held against.
enum class Family : uint8_t {
  kRegister,  // one value, unique ones
  kExpiring,  // one value that may have a lifetime
  kCounter,   // one integer
  kGroup,     // three keys that are always written together: one value to whoever looks
  kSet,
  kList,
};
inline constexpr int kFamilies = 6;

enum class Kind : uint8_t {
  // Values
  kGet,
  kSet,            // drops the lifetime
  kSetIfMissing,   // result: whether it did
  kGetSet,         // result: the old value; drops the lifetime
  kDelete,         // of any type; result: whether there was something
  kGetDelete,      // result: the value
  kSetForAWhile,   // lifetime_ms
  kExpire,         // lifetime_ms; result: whether there was something
  kPersist,        // result: whether a lifetime ended
  kAdd,            // result: the sum
  kCompareAndSet,  // from `expected` to `argument`: WATCH, GET, MULTI, SET, EXEC that succeeded
  // Sets of small integers
  kInsert,   // result: whether it was missing
  kRemove,   // result: whether it was there
  kHas,      // result
  kMembers,  // result: a bit for each
  kTakeAny,  // result: the member, or kNothing
  kCount,
  // Lists
  kPushBack,   // result: the length
  kPushFront,  // result: the length
  kPopFront,   // result: the value, or kNothing
  kPopBack,
  kRotate,  // last to first; result: the value, or kNothing
  kLength,
  kAll,  // values
  // Any type
  kFlush,  // of the whole database
};

inline constexpr int64_t kNothing = std::numeric_limits<int64_t>::min();
// A result that no state allows: the reply was half of one and half of another.
inline constexpr int64_t kTorn = kNothing + 1;

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

struct Operation {
  int64_t invoke_ns = 0;         // before the request was sent
  int64_t complete_ns = kNever;  // after the reply was read; kNever: it was lost, either may be
  uint32_t key = 0;
  uint16_t client = 0;
  Family family = Family::kRegister;
  Kind kind = Kind::kGet;
  int32_t lifetime_ms = 0;
  int64_t argument = 0, expected = 0;
  int64_t result = 0;
  std::vector<int64_t> values;

  bool known() const { return complete_ns != kNever; }
};

// Whether it changes nothing in any state that allows its result.
bool ChangesNothing(const Operation& operation);

// "client 3  [1203.123 .. 1203.301 us]  SET 7000000012 -> OK".
std::string Describe(const Operation& operation, int64_t origin_ns);

}  // namespace larder::history
