// How many members the intersection, union or difference of sets has: SINTERCARD, SUNIONCARD,
// SDIFFCARD.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/set_access.h"
#include "server/commands/set_sources.h"
#include "storage/hyperloglog.h"

namespace larder {
namespace {

namespace hyperloglog = storage::hyperloglog;
using storage::Set;

struct Cardinality {
  SetSources sources;
  uint64_t limit = std::numeric_limits<uint64_t>::max();
  bool approximate = false;
};

// "numkeys key … [APPROX] [LIMIT limit]"
Status Parse(CommandContext& ctx, bool may_approximate, Cardinality* asked) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const int64_t count = ctx.args.NextIntIn(1, kMost, "ERR numkeys should be greater than 0");
  if (ctx.args.failed()) return ctx.args.status();
  if (count > static_cast<int64_t>(ctx.args.remaining())) {
    return Error("ERR Number of keys can't be greater than number of args");
  }
  ArgReader options = ctx.args;
  options.Skip(static_cast<size_t>(count));
  while (options.HasMore()) {
    if (may_approximate && options.Match("APPROX")) {
      asked->approximate = true;
      continue;
    }
    if (options.remaining() < 2 || !options.Match("LIMIT")) return Error(errors::kSyntax);
    const int64_t limit = options.NextIntIn(0, kMost, "ERR LIMIT can't be negative");
    if (options.failed()) return options.status();
    asked->limit = limit == 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(limit);
  }
  return FindSetSources(ctx, static_cast<size_t>(count), &asked->sources);
}

// Counts what a walk visits, and ends it at the limit.
class Counter {
 public:
  explicit Counter(uint64_t limit) : limit_(limit) {}
  bool operator()(std::string_view) { return ++count_ < limit_; }
  int64_t count() const { return static_cast<int64_t>(count_); }

 private:
  const uint64_t limit_;
  uint64_t count_ = 0;
};

Status SInterCard(CommandContext& ctx) {
  Cardinality asked;
  if (Status parsed = Parse(ctx, false, &asked); !parsed.ok()) return parsed;
  Counter counter(asked.limit);
  Intersect(asked.sources, counter);
  ctx.reply.Integer(counter.count());
  return Ok();
}

Status SDiffCard(CommandContext& ctx) {
  Cardinality asked;
  if (Status parsed = Parse(ctx, false, &asked); !parsed.ok()) return parsed;
  Counter counter(asked.limit);
  Subtract(ctx, asked.sources, counter);
  ctx.reply.Integer(counter.count());
  return Ok();
}

// The members of the largest source, and those that it does not have.
uint64_t CountUnion(CommandContext& ctx, const Cardinality& asked) {
  const Set* const largest = LargestOf(asked.sources);
  if (largest == nullptr) return 0;
  const storage::SetLimits limits = SetLimitsOf(ctx);
  const storage::Ref<Set> further = NewSet(ctx);
  for (const Set* source : asked.sources) {
    if (source == nullptr || source == largest) continue;
    source->ForEach([&](std::string_view member) {
      const bool enough = largest->size() + further->size() >= asked.limit;
      if (!enough && !largest->Contains(member)) further->Add(member, limits);
    });
  }
  return std::min<uint64_t>(largest->size() + further->size(), asked.limit);
}

// As PFCOUNT would estimate it, in 16 KB however many members there are.
uint64_t EstimateUnion(const Cardinality& asked) {
  const auto registers = std::make_unique<hyperloglog::Registers>();  // zeros
  uint64_t estimate = 0;
  for (const Set* source : asked.sources) {
    if (source == nullptr) continue;
    source->ForEach([&](std::string_view member) {
      const hyperloglog::Hit hit = hyperloglog::HitOf(member);
      uint8_t& reached = (*registers)[hit.index];
      reached = std::max(reached, hit.count);
    });
    estimate = hyperloglog::Count(*registers);
    if (estimate >= asked.limit) return asked.limit;
  }
  return estimate;
}

Status SUnionCard(CommandContext& ctx) {
  Cardinality asked;
  if (Status parsed = Parse(ctx, true, &asked); !parsed.ok()) return parsed;
  const uint64_t count = asked.approximate ? EstimateUnion(asked) : CountUnion(ctx, asked);
  ctx.reply.Integer(static_cast<int64_t>(count));
  return Ok();
}

constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;

constexpr CommandSpec kCommands[] = {
    {.name = "sdiffcard",
     .syntax = "numkeys:int key [key ...] [LIMIT limit:int]",
     .summary = "Returns the number of members of the difference between the first set and all "
                "successive sets.",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .since = "8.10.0",
     .group = Group::kSet,
     .flags = Flag::kReadOnly,
     .keys = {CountedKeys(1, kReadKey)},
     .handler = SDiffCard},
    {.name = "sintercard",
     .syntax = "numkeys:int key [key ...] [LIMIT limit:int]",
     .summary = "Returns the number of members of the intersect of multiple sets.",
     .complexity = "O(N*M) worst case where N is the cardinality of the smallest set and M is the "
                   "number of sets.",
     .since = "7.0.0",
     .group = Group::kSet,
     .flags = Flag::kReadOnly,
     .keys = {CountedKeys(1, kReadKey)},
     .handler = SInterCard},
    {.name = "sunioncard",
     .syntax = "numkeys:int key [key ...] [APPROX] [LIMIT limit:int]",
     .summary = "Returns the number of members of the union of multiple sets.",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .since = "8.10.0",
     .group = Group::kSet,
     .flags = Flag::kReadOnly,
     .keys = {CountedKeys(1, kReadKey)},
     .handler = SUnionCard},
};

}  // namespace

std::span<const CommandSpec> SetCardinalityCommands() { return kCommands; }

}  // namespace larder
