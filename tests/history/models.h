// What a key may do, one model a type: a state, and which operation with which result is allowed in
// it. Apply answers whether an operation may happen now, and the state after it; one whose result
// was lost may always happen.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tests/history/operation.h"

namespace larder::history {

// A string, or nothing; and which operation last gave it a lifetime.
struct ValueModel {
  struct State {
    int64_t value = kNothing;
    int32_t lifetime_of = -1;  // index of an operation, -1: none

    friend bool operator==(const State&, const State&) = default;
    template <typename H>
    friend H AbslHashValue(H hash, const State& state) {
      return H::combine(std::move(hash), state.value, state.lifetime_of);
    }
  };

  static bool Empty(const State& state) { return state.value == kNothing; }
  static int32_t LifetimeOf(const State& state) { return state.lifetime_of; }
  static bool Apply(const State& state, const Operation& operation, int32_t index, State* next);
};

// A set of the integers 0 to 62.
struct SetModel {
  using State = int64_t;  // a bit for each

  static bool Empty(State state) { return state == 0; }
  static int32_t LifetimeOf(State) { return -1; }
  static bool Apply(State state, const Operation& operation, int32_t index, State* next);
};

struct ListModel {
  using State = std::vector<int64_t>;

  static bool Empty(const State& state) { return state.empty(); }
  static int32_t LifetimeOf(const State&) { return -1; }
  static bool Apply(const State& state, const Operation& operation, int32_t index, State* next);
};

}  // namespace larder::history
