#include "tests/history/models.h"

#include <bit>

namespace larder::history {

bool ValueModel::Apply(const State& state, const Operation& operation, int32_t index, State* next) {
  const bool known = operation.known();
  const auto answers = [&](int64_t result) { return !known || operation.result == result; };
  const int64_t there = Empty(state) ? 0 : 1;
  *next = state;
  switch (operation.kind) {
    case Kind::kGet:
      return answers(state.value);
    case Kind::kSet:
      *next = {operation.argument, -1};
      return true;
    case Kind::kSetForAWhile:
      *next = {operation.argument, index};
      return true;
    case Kind::kSetIfMissing:
      if (!there) *next = {operation.argument, -1};
      return answers(1 - there);
    case Kind::kGetSet:
      *next = {operation.argument, -1};
      return answers(state.value);
    case Kind::kDelete:
      *next = {};
      return answers(there);
    case Kind::kGetDelete:
      *next = {};
      return answers(state.value);
    case Kind::kExpire:
      if (there) next->lifetime_of = index;
      return answers(there);
    case Kind::kPersist:
      next->lifetime_of = -1;
      return answers(state.lifetime_of >= 0 ? 1 : 0);
    case Kind::kAdd:
      next->value = (there ? state.value : 0) + operation.argument;
      return answers(next->value);
    case Kind::kCompareAndSet:
      *next = {operation.argument, -1};
      return state.value == operation.expected;
    case Kind::kFlush:
      *next = {};
      return true;
    default:
      return false;
  }
}

bool SetModel::Apply(State state, const Operation& operation, int32_t, State* next) {
  const bool known = operation.known();
  const auto answers = [&](int64_t result) { return !known || operation.result == result; };
  const auto bit = [](int64_t member) { return int64_t{1} << member; };
  const auto has = [&](int64_t member) -> int64_t { return (state & bit(member)) != 0; };
  *next = state;
  switch (operation.kind) {
    case Kind::kInsert:
      *next |= bit(operation.argument);
      return answers(1 - has(operation.argument));
    case Kind::kRemove:
      *next &= ~bit(operation.argument);
      return answers(has(operation.argument));
    case Kind::kHas:
      return answers(has(operation.argument));
    case Kind::kMembers:
      return answers(state);
    case Kind::kCount:
      return answers(std::popcount(static_cast<uint64_t>(state)));
    case Kind::kTakeAny:
      if (operation.result == kNothing) return state == 0;
      if (operation.result < 0 || has(operation.result) == 0) return false;
      *next &= ~bit(operation.result);
      return true;
    case Kind::kDelete:
      *next = 0;
      return answers(state == 0 ? 0 : 1);
    case Kind::kFlush:
      *next = 0;
      return true;
    default:
      return false;
  }
}

bool ListModel::Apply(const State& state, const Operation& operation, int32_t, State* next) {
  const bool known = operation.known();
  const auto answers = [&](int64_t result) { return !known || operation.result == result; };
  *next = state;
  switch (operation.kind) {
    case Kind::kPushBack:
      next->push_back(operation.argument);
      return answers(static_cast<int64_t>(next->size()));
    case Kind::kPushFront:
      next->insert(next->begin(), operation.argument);
      return answers(static_cast<int64_t>(next->size()));
    case Kind::kPopFront:
      if (state.empty()) return answers(kNothing);
      next->erase(next->begin());
      return answers(state.front());
    case Kind::kPopBack:
      if (state.empty()) return answers(kNothing);
      next->pop_back();
      return answers(state.back());
    case Kind::kRotate:
      if (state.empty()) return answers(kNothing);
      next->pop_back();
      next->insert(next->begin(), state.back());
      return answers(state.back());
    case Kind::kLength:
      return answers(static_cast<int64_t>(state.size()));
    case Kind::kAll:
      return !known || operation.values == state;
    case Kind::kDelete:
      next->clear();
      return answers(state.empty() ? 0 : 1);
    case Kind::kFlush:
      next->clear();
      return true;
    default:
      return false;
  }
}

}  // namespace larder::history
