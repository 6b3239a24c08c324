#include "tests/history/requests.h"

#include <cstdlib>
#include <span>
#include <utility>

namespace larder::history {
namespace {

using protocol::Reply;

constexpr int64_t kMembers = 12;
constexpr int64_t kLifetimeMsMax = 60;
constexpr int kGroupKeys = 3;

struct Weighted {
  Kind kind;
  int weight;
};

Kind Draw(std::span<const Weighted> kinds, std::mt19937_64& random) {
  int sum = 0;
  for (const Weighted& each : kinds) sum += each.weight;
  int left = static_cast<int>(random() % static_cast<uint64_t>(sum));
  for (const Weighted& each : kinds) {
    left -= each.weight;
    if (left < 0) return each.kind;
  }
  return kinds.front().kind;
}

constexpr Weighted kRegisterKinds[] = {{Kind::kGet, 40},          {Kind::kSet, 20},
                                       {Kind::kSetIfMissing, 10}, {Kind::kGetSet, 12},
                                       {Kind::kDelete, 10},       {Kind::kGetDelete, 8}};
constexpr Weighted kExpiringKinds[] = {
    {Kind::kGet, 40}, {Kind::kSetForAWhile, 25}, {Kind::kExpire, 10},   {Kind::kPersist, 5},
    {Kind::kSet, 5},  {Kind::kDelete, 5},        {Kind::kGetDelete, 5}, {Kind::kSetIfMissing, 5}};
constexpr Weighted kCounterKinds[] = {
    {Kind::kAdd, 60}, {Kind::kGet, 30}, {Kind::kGetSet, 4}, {Kind::kDelete, 3}};
constexpr Weighted kGroupKinds[] = {
    {Kind::kGet, 45}, {Kind::kSet, 30}, {Kind::kSetIfMissing, 10}, {Kind::kDelete, 15}};
constexpr Weighted kSetKinds[] = {{Kind::kInsert, 30},  {Kind::kRemove, 20}, {Kind::kHas, 15},
                                  {Kind::kMembers, 15}, {Kind::kTakeAny, 8}, {Kind::kCount, 10},
                                  {Kind::kDelete, 2}};
constexpr Weighted kListKinds[] = {
    {Kind::kPushBack, 17}, {Kind::kPushFront, 17}, {Kind::kPopFront, 18}, {Kind::kPopBack, 18},
    {Kind::kRotate, 8},    {Kind::kLength, 5},     {Kind::kAll, 15},      {Kind::kDelete, 2}};

std::span<const Weighted> KindsOf(Family family) {
  switch (family) {
    case Family::kRegister:
      return kRegisterKinds;
    case Family::kExpiring:
      return kExpiringKinds;
    case Family::kCounter:
      return kCounterKinds;
    case Family::kGroup:
      return kGroupKinds;
    case Family::kSet:
      return kSetKinds;
    case Family::kList:
      return kListKinds;
  }
  return {};
}

std::string GroupKey(uint32_t key, int number) {
  return KeyName(Family::kGroup, key) + "/" + std::to_string(number);
}

void FillGroup(Request* request, const std::string& value) {
  const Kind kind = request->operation.kind;
  const bool writes = kind == Kind::kSet || kind == Kind::kSetIfMissing;
  request->args = {kind == Kind::kGet      ? "MGET"
                   : kind == Kind::kSet    ? "MSET"
                   : kind == Kind::kDelete ? "DEL"
                                           : "MSETNX"};
  for (int i = 0; i < kGroupKeys; ++i) {
    request->args.push_back(GroupKey(request->operation.key, i));
    if (writes) request->args.push_back(value);
  }
  request->keys = kGroupKeys;
}

Args ArgsOf(const Operation& operation, std::mt19937_64& random, bool* blocking) {
  const std::string key = KeyName(operation.family, operation.key);
  const std::string value = std::to_string(operation.argument);
  const std::string lifetime = std::to_string(operation.lifetime_ms);
  const bool other_way = random() % 2 == 0;
  switch (operation.kind) {
    case Kind::kGet:
      return {"GET", key};
    case Kind::kSet:
    case Kind::kCompareAndSet:
      return {"SET", key, value};
    case Kind::kSetIfMissing:
      return other_way ? Args{"SETNX", key, value} : Args{"SET", key, value, "NX"};
    case Kind::kGetSet:
      return other_way ? Args{"GETSET", key, value} : Args{"SET", key, value, "GET"};
    case Kind::kDelete:
      return {other_way ? "DEL" : "UNLINK", key};
    case Kind::kGetDelete:
      return {"GETDEL", key};
    case Kind::kSetForAWhile:
      return other_way ? Args{"SET", key, value, "PX", lifetime}
                       : Args{"PSETEX", key, lifetime, value};
    case Kind::kExpire:
      return {"PEXPIRE", key, lifetime};
    case Kind::kPersist:
      return {"PERSIST", key};
    case Kind::kAdd:
      return {"INCRBY", key, value};
    case Kind::kInsert:
      return {"SADD", key, value};
    case Kind::kRemove:
      return {"SREM", key, value};
    case Kind::kHas:
      return {"SISMEMBER", key, value};
    case Kind::kMembers:
      return {"SMEMBERS", key};
    case Kind::kTakeAny:
      return {"SPOP", key};
    case Kind::kCount:
      return {"SCARD", key};
    case Kind::kPushBack:
      return {"RPUSH", key, value};
    case Kind::kPushFront:
      return {"LPUSH", key, value};
    case Kind::kPopFront:
    case Kind::kPopBack: {
      const bool front = operation.kind == Kind::kPopFront;
      *blocking = random() % 16 == 0;
      if (*blocking) return {front ? "BLPOP" : "BRPOP", key, "0.01"};
      return {front ? "LPOP" : "RPOP", key};
    }
    case Kind::kRotate:
      return other_way ? Args{"LMOVE", key, key, "RIGHT", "LEFT"} : Args{"RPOPLPUSH", key, key};
    case Kind::kLength:
      return {"LLEN", key};
    case Kind::kAll:
      return {"LRANGE", key, "0", "-1"};
    case Kind::kFlush:
      return {"FLUSHDB"};
  }
  return {};
}

int64_t WholeOf(const std::vector<Reply>& items) {
  int64_t value = kNothing;
  for (size_t i = 0; i < items.size(); ++i) {
    const int64_t each = NumberOf(items[i]);
    if (i > 0 && each != value) return kTorn;
    value = each;
  }
  return value;
}

}  // namespace

std::string KeyName(Family family, uint32_t key) {
  constexpr const char* kPrefixes[] = {
      "register:", "expiring:", "counter:", "group:", "set:", "list:"};
  return kPrefixes[static_cast<size_t>(family)] + std::to_string(key);
}

Request DrawRequest(Family family, uint32_t key, int64_t value, std::mt19937_64& random) {
  Request request;
  Operation& operation = request.operation;
  operation.family = family;
  operation.key = key;
  operation.kind = Draw(KindsOf(family), random);
  operation.argument = value;
  if (family == Family::kSet) operation.argument = static_cast<int64_t>(random() % kMembers);
  if (operation.kind == Kind::kAdd) operation.argument = static_cast<int64_t>(random() % 5) - 1;
  if (operation.kind == Kind::kSetForAWhile || operation.kind == Kind::kExpire) {
    operation.lifetime_ms = static_cast<int32_t>(1 + random() % kLifetimeMsMax);
  }
  if (family == Family::kGroup) {
    FillGroup(&request, std::to_string(value));
  } else {
    request.args = ArgsOf(operation, random, &request.blocking);
  }
  return request;
}

int64_t NumberOf(const Reply& reply) {
  if (reply.type == Reply::Type::kInteger) return reply.integer;
  if (reply.type == Reply::Type::kNull || reply.type == Reply::Type::kNullArray) return kNothing;
  return std::strtoll(reply.text.c_str(), nullptr, 10);
}

bool Understand(const Reply& reply, Operation* operation) {
  if (reply.type == Reply::Type::kError) return false;
  const bool null = reply.type == Reply::Type::kNull || reply.type == Reply::Type::kNullArray;
  switch (operation->kind) {
    case Kind::kSet:
    case Kind::kSetForAWhile:
    case Kind::kCompareAndSet:
      return reply.type == Reply::Type::kSimple && reply.text == "OK";
    case Kind::kSetIfMissing:  // SETNX and MSETNX count, SET NX answers OK or null
      operation->result = reply.type == Reply::Type::kInteger ? reply.integer : !null;
      return true;
    case Kind::kDelete:
      if (reply.type != Reply::Type::kInteger) return false;
      operation->result = reply.integer;
      if (operation->family == Family::kGroup && reply.integer != 0) {
        operation->result = reply.integer == kGroupKeys ? 1 : kTorn;
      }
      return true;
    case Kind::kGet:
      operation->result =
          operation->family == Family::kGroup ? WholeOf(reply.items) : NumberOf(reply);
      return operation->family != Family::kGroup || reply.items.size() == size_t{kGroupKeys};
    case Kind::kMembers:
      operation->result = 0;
      for (const Reply& item : reply.items) operation->result |= int64_t{1} << NumberOf(item);
      return true;
    case Kind::kAll:
      for (const Reply& item : reply.items) operation->values.push_back(NumberOf(item));
      return true;
    default:
      // BLPOP answers the key, too.
      operation->result = NumberOf(reply.items.size() == 2 ? reply.items[1] : reply);
      return true;
  }
}

Args InScript(const Request& request, bool declared) {
  Args args = {"EVAL", "return redis.call(unpack(ARGV))"};
  args.push_back(std::to_string(declared ? request.keys : 0));
  if (declared) {
    // MSET's keys have their values between them.
    const size_t step = (request.args.size() - 1) / request.keys > 1 && request.keys > 1 ? 2 : 1;
    for (size_t i = 0; i < request.keys; ++i) args.push_back(request.args[1 + i * step]);
  }
  args.insert(args.end(), request.args.begin(), request.args.end());
  return args;
}

}  // namespace larder::history
