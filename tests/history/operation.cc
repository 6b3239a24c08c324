#include "tests/history/operation.h"

#include <fmt/format.h>

#include <string_view>

namespace larder::history {
namespace {

std::string_view Name(Kind kind) {
  switch (kind) {
    case Kind::kGet:
      return "GET";
    case Kind::kSet:
      return "SET";
    case Kind::kSetIfMissing:
      return "SET NX";
    case Kind::kGetSet:
      return "GETSET";
    case Kind::kDelete:
      return "DEL";
    case Kind::kGetDelete:
      return "GETDEL";
    case Kind::kSetForAWhile:
      return "SET PX";
    case Kind::kExpire:
      return "PEXPIRE";
    case Kind::kPersist:
      return "PERSIST";
    case Kind::kAdd:
      return "INCRBY";
    case Kind::kCompareAndSet:
      return "WATCH..EXEC";
    case Kind::kInsert:
      return "SADD";
    case Kind::kRemove:
      return "SREM";
    case Kind::kHas:
      return "SISMEMBER";
    case Kind::kMembers:
      return "SMEMBERS";
    case Kind::kTakeAny:
      return "SPOP";
    case Kind::kCount:
      return "SCARD";
    case Kind::kPushBack:
      return "RPUSH";
    case Kind::kPushFront:
      return "LPUSH";
    case Kind::kPopFront:
      return "LPOP";
    case Kind::kPopBack:
      return "RPOP";
    case Kind::kRotate:
      return "LMOVE";
    case Kind::kLength:
      return "LLEN";
    case Kind::kAll:
      return "LRANGE";
    case Kind::kFlush:
      return "FLUSHDB";
  }
  return "?";
}

std::string Value(int64_t value) {
  if (value == kNothing) return "nil";
  if (value == kTorn) return "TORN";
  return fmt::format("{}", value);
}

}  // namespace

bool ChangesNothing(const Operation& operation) {
  if (!operation.known()) return false;
  switch (operation.kind) {
    case Kind::kGet:
    case Kind::kHas:
    case Kind::kMembers:
    case Kind::kCount:
    case Kind::kLength:
    case Kind::kAll:
      return true;
    case Kind::kSetIfMissing:
    case Kind::kDelete:
    case Kind::kExpire:
    case Kind::kPersist:
    case Kind::kInsert:
    case Kind::kRemove:
      return operation.result == 0;
    case Kind::kGetDelete:
    case Kind::kTakeAny:
    case Kind::kPopFront:
    case Kind::kPopBack:
    case Kind::kRotate:
      return operation.result == kNothing;
    default:
      return false;
  }
}

std::string Describe(const Operation& operation, int64_t origin_ns) {
  const auto micros = [&](int64_t ns) {
    return ns == kNever ? std::string("lost")
                        : fmt::format("{:.1f}", static_cast<double>(ns - origin_ns) / 1000);
  };
  std::string text =
      fmt::format("client {:2}  [{:>11} .. {:>11} us]  {}", operation.client,
                  micros(operation.invoke_ns), micros(operation.complete_ns), Name(operation.kind));
  switch (operation.kind) {
    case Kind::kGet:
    case Kind::kDelete:
    case Kind::kGetDelete:
    case Kind::kPersist:
    case Kind::kMembers:
    case Kind::kTakeAny:
    case Kind::kCount:
    case Kind::kPopFront:
    case Kind::kPopBack:
    case Kind::kRotate:
    case Kind::kLength:
    case Kind::kAll:
    case Kind::kFlush:
    case Kind::kExpire:
      break;
    case Kind::kCompareAndSet:
      text += fmt::format(" {} to", Value(operation.expected));
      [[fallthrough]];
    default:
      text += " " + Value(operation.argument);
  }
  if (operation.lifetime_ms != 0) text += fmt::format(" for {} ms", operation.lifetime_ms);
  if (!operation.known() || operation.kind == Kind::kFlush) return text;
  if (operation.kind != Kind::kAll) return text + " -> " + Value(operation.result);
  text += " -> [";
  for (const int64_t value : operation.values) text += " " + Value(value);
  return text + " ]";
}

}  // namespace larder::history
