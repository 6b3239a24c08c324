// A command is one row of metadata and one handler. The row drives everything else: arity, the
// stripes to lock, ACL categories, admission, COMMAND INFO / DOCS / LIST / GETKEYS. The dispatcher
// reads flags and never compares names.
//
// To add a command: write its handler in its family's file, add its row to the family's table below
// the handlers, and its tests to tests/commands/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/status.h"

namespace larder {

struct CommandContext;
using Handler = Status (*)(CommandContext&);

enum class Group : uint8_t {  // the group of the public documentation; implies an ACL category
  kGeneric,
  kString,
  kList,
  kSet,
  kSortedSet,
  kHash,
  kStream,
  kBitmap,
  kHyperLogLog,
  kGeo,
  kPubSub,
  kTransactions,
  kScripting,
  kConnection,
  kServer,
  kCache
};
std::string_view GroupName(Group group);  // as COMMAND DOCS prints it: "sorted-set"

namespace Flag {
enum : uint32_t {
  kWrite = 1 << 0,
  kReadOnly = 1 << 1,
  kDenyOom = 1 << 2,        // refused when memory is full and nothing can be evicted
  kAdmin = 1 << 3,          // implies @admin and @dangerous
  kPubSubCommand = 1 << 4,  // implies @pubsub
  kNoScript = 1 << 5,
  kBlocking = 1 << 6,
  kLoading = 1 << 7,
  kStale = 1 << 8,
  kSkipMonitor = 1 << 9,
  kSkipSlowlog = 1 << 10,
  kFast = 1 << 11,
  kNoAuth = 1 << 12,     // allowed before login
  kNoMulti = 1 << 13,    // refused between MULTI and EXEC
  kAllowBusy = 1 << 14,  // runs while a script is busy
  kMayReplicate = 1 << 15,
  kNoAsyncLoading = 1 << 16,
  kNoMandatoryKeys = 1 << 17,  // EVAL: the count of its keys may be 0
  kScriptRunner = 1 << 18,     // EVAL, FCALL and their kin
  // Larder's own, not shown to clients:
  kAllStripes = 1 << 24,  // runs with every stripe locked
  kOwnLocks = 1 << 25,    // locks stripes one at a time itself; inside EXEC and scripts it gets all
  kRunsQueued = 1 << 26,  // EXEC: takes the stripes of what was queued
  kRunsScript = 1 << 27,  // EVAL family: see scripting.cc
  kNotQueued = 1 << 28,   // runs at once between MULTI and EXEC (EXEC, DISCARD, WATCH, QUIT, RESET)
  kSubscriberMode = 1 << 29,  // allowed to a RESP2 client with subscriptions
  kDangerous = 1 << 30,       // @dangerous without @admin (KEYS, FLUSHALL, SORT)
  kUnwatches = 1u << 31,      // takes the stripes of what is watched as well, to forget it
};
}  // namespace Flag

namespace KeyFlag {
enum : uint16_t {  // as key specifications in the documentation
  kRO = 1,
  kRW = 2,
  kOW = 4,
  kRM = 8,
  kAccess = 16,
  kUpdate = 32,
  kInsert = 64,
  kDelete = 128,
  kNotKey = 256,
  kIncomplete = 512,
  kVariable = 1024
};
}  // namespace KeyFlag

// Where a command's keys are. Positions count the command's name as 0 (a subcommand's name is part
// of the position: XINFO STREAM key has its key at 2).
struct KeySpec {
  enum class Kind : uint8_t { kNone, kRange, kCounted, kKeyword, kUnknown };
  Kind kind = Kind::kNone;
  int16_t first =
      0;  // kRange, or where the count is (kCounted), or where the search starts (kKeyword)
  int16_t last = 0;  // kRange: absolute, or from the end when negative (-1: the last argument)
  int16_t step = 1;
  uint16_t flags = 0;
  // kKeyword: the key(s) after this word, `last` of them (-1: to the end). kUnknown: in words.
  std::string_view keyword;
  int16_t limit = 0;  // of those to the end only one part in so many: 2 is the first half
};

constexpr KeySpec Key(int position, int flags) {
  return {KeySpec::Kind::kRange, int16_t(position), int16_t(position), 1, uint16_t(flags), {}};
}
constexpr KeySpec Keys(int first, int last, int step, int flags) {
  return {KeySpec::Kind::kRange, int16_t(first), int16_t(last), int16_t(step), uint16_t(flags), {}};
}
// numkeys at `count_position`, the keys right after it.
constexpr KeySpec CountedKeys(int count_position, int flags, int step = 1) {
  return {KeySpec::Kind::kCounted, int16_t(count_position), 0, int16_t(step), uint16_t(flags), {}};
}
constexpr KeySpec KeyAfter(std::string_view keyword, int search_from, int flags) {
  return {KeySpec::Kind::kKeyword, int16_t(search_from), 1, 1, uint16_t(flags), keyword};
}
// Keys that only find_keys knows, or nobody before the command runs: what COMMAND INFO notes.
constexpr KeySpec UnknownKeys(std::string_view note, int flags) {
  return {KeySpec::Kind::kUnknown, 0, 0, 1, uint16_t(flags), note};
}

// As many keys after the word as other arguments behind them (STREAMS key … id …).
constexpr KeySpec HalfAfter(std::string_view keyword, int search_from, int flags) {
  return {KeySpec::Kind::kKeyword, int16_t(search_from), -1, 1, uint16_t(flags), keyword, 2};
}

// For commands whose keys follow from no specification (SORT, MIGRATE): appends positions. Where a
// specification says that it is incomplete these are all of them.
using KeyFinder = void (*)(std::span<const std::string_view> args, std::vector<int>* positions);
// For commands that may reach keys which their arguments do not name (SORT … BY): whether this one
// does. It runs with every stripe locked then.
using ArgumentsPredicate = bool (*)(std::span<const std::string_view> args);

// What a request does with its one key, where that depends on the options (the key's specification
// says KeyFlag::kVariable): SET reads the old value only when it is asked for it.
using KeyFlagsFinder = uint16_t (*)(std::span<const std::string_view> args);

// Which arguments are channels of pub/sub, for the rights of ACL on them.
enum class ChannelArguments : uint8_t { kNone, kFirst, kAll, kAllPatterns };

inline constexpr int kKeySpecsMax = 3;

struct CommandSpec {
  std::string_view name;    // lower case; a subcommand's own name ("getname")
  std::string_view syntax;  // as the documentation prints it, see command_syntax.h: "key [NX | XX]"
  std::string_view summary;
  std::string_view complexity;
  std::string_view since;
  Group group = Group::kGeneric;
  uint32_t flags = 0;
  int arity = 0;  // 0: as the syntax says; the few exceptions give their own
  KeySpec keys[kKeySpecsMax] = {};
  KeyFinder find_keys = nullptr;
  ArgumentsPredicate names_other_keys = nullptr;
  Handler handler = nullptr;  // null for a container without a form of its own
  std::span<const CommandSpec> subcommands = {};
  // Further ACL categories: "@dangerous"; "-@keyspace" is one that the group does not imply here.
  std::string_view categories = {};
  std::string_view tips = {};  // for proxies: "nondeterministic_output request_policy:special"
  std::string_view deprecated_since = {};
  std::string_view replaced_by = {};  // by what, in words; only with deprecated_since
  KeyFlagsFinder find_key_flags = nullptr;
  ChannelArguments channels = ChannelArguments::kNone;
  // Arguments that are no keys (COMMAND GETKEYS does not tell them) and count as names of keys for
  // the rights of ACL, to be written where the command writes, else to be read: tags.
  KeyFinder find_tags = nullptr;
};

}  // namespace larder
