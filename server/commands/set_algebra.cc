// Intersection, union and difference of sets, answered or stored. How many members they have is
// answered in set_cardinalities.cc.
#include <algorithm>
#include <string_view>
#include <utility>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/set_access.h"
#include "server/commands/set_sources.h"

namespace larder {
namespace {

using storage::Set;
using storage::SetLimits;

// The union, built member by member from an intset on, which decides its form in Redis's way; or
// from a clone of the largest source, where that is too large for any other form than a hashtable.
storage::Ref<Set> Unite(CommandContext& ctx, const SetSources& sources) {
  const SetLimits limits = SetLimitsOf(ctx);
  const Set* largest = LargestOf(sources);
  storage::Ref<Set> result;
  const size_t small_max = std::max(limits.intset_entries_max, limits.listpack_entries_max);
  if (largest != nullptr && largest->size() > small_max &&
      largest->encoding() == storage::Encoding::kHashtable) {
    result = storage::Ref<Set>(static_cast<Set*>(largest->Clone().get()));
  } else {
    result = NewSet(ctx);
    largest = nullptr;
  }
  for (const Set* source : sources) {
    if (source == nullptr || source == largest) continue;
    source->ForEach([&](std::string_view member) { result->Add(member, limits); });
  }
  return result;
}

Status SInter(CommandContext& ctx) {
  SetSources sources;
  Status found = FindSetSources(ctx, ctx.args.remaining(), &sources);
  if (!found.ok()) return found;
  const auto members = ctx.reply.SetLater();
  int64_t count = 0;
  Intersect(sources, [&](std::string_view member) {
    ctx.reply.Bulk(member);
    ++count;
    return true;
  });
  ctx.reply.Finish(members, count);
  return Ok();
}

// Whether the smallest source is an intset: the result is one as well then.
bool SmallestIsIntset(const SetSources& sources) {
  const Set* smallest = sources[0];
  for (const Set* source : sources) {
    if (source == nullptr) return true;
    if (source->size() < smallest->size()) smallest = source;
  }
  return smallest->encoding() == storage::Encoding::kIntset;
}

Status SInterStore(CommandContext& ctx) {
  const storage::Key target = ctx.args.NextKey();
  SetSources sources;
  Status found = FindSetSources(ctx, ctx.args.remaining(), &sources);
  if (!found.ok()) return found;
  const SetLimits limits = SetLimitsOf(ctx);
  storage::Ref<Set> result = NewSet(ctx);
  if (!SmallestIsIntset(sources)) result->PreferListpack(limits);
  Intersect(sources, [&](std::string_view member) {
    result->Add(member, limits);
    return true;
  });
  result->PreferIntset(limits);
  StoreCollection(ctx, target, std::move(result), NotifyClass::kSet, "sinterstore");
  return Ok();
}

Status SUnion(CommandContext& ctx) {
  SetSources sources;
  Status found = FindSetSources(ctx, ctx.args.remaining(), &sources);
  if (!found.ok()) return found;
  if (sources.size() == 1 && sources[0] != nullptr) {
    ReplyMembers(ctx, *sources[0]);
  } else {
    ReplyMembers(ctx, *Unite(ctx, sources));
  }
  return Ok();
}

Status SUnionStore(CommandContext& ctx) {
  const storage::Key target = ctx.args.NextKey();
  SetSources sources;
  Status found = FindSetSources(ctx, ctx.args.remaining(), &sources);
  if (!found.ok()) return found;
  StoreCollection(ctx, target, Unite(ctx, sources), NotifyClass::kSet, "sunionstore");
  return Ok();
}

Status SDiff(CommandContext& ctx) {
  SetSources sources;
  Status found = FindSetSources(ctx, ctx.args.remaining(), &sources);
  if (!found.ok()) return found;
  const auto members = ctx.reply.SetLater();
  int64_t count = 0;
  Subtract(ctx, sources, [&](std::string_view member) {
    ctx.reply.Bulk(member);
    ++count;
    return true;
  });
  ctx.reply.Finish(members, count);
  return Ok();
}

Status SDiffStore(CommandContext& ctx) {
  const storage::Key target = ctx.args.NextKey();
  SetSources sources;
  Status found = FindSetSources(ctx, ctx.args.remaining(), &sources);
  if (!found.ok()) return found;
  const SetLimits limits = SetLimitsOf(ctx);
  storage::Ref<Set> result = NewSet(ctx);
  Subtract(ctx, sources, [&](std::string_view member) {
    result->Add(member, limits);
    return true;
  });
  StoreCollection(ctx, target, std::move(result), NotifyClass::kSet, "sdiffstore");
  return Ok();
}

constexpr uint32_t kStore = Flag::kWrite | Flag::kDenyOom;
constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;
constexpr int kTarget = KeyFlag::kOW | KeyFlag::kUpdate;

constexpr CommandSpec kCommands[] = {
    {.name = "sdiff",
     .syntax = "key [key ...]",
     .summary = "Returns the difference of multiple sets.",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = Flag::kReadOnly,
     .keys = {Keys(1, -1, 1, kReadKey)},
     .handler = SDiff,
     .tips = "nondeterministic_output_order"},
    {.name = "sdiffstore",
     .syntax = "destination key [key ...]",
     .summary = "Stores the difference of multiple sets in a key.",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = kStore,
     .keys = {Key(1, kTarget), Keys(2, -1, 1, kReadKey)},
     .handler = SDiffStore},
    {.name = "sinter",
     .syntax = "key [key ...]",
     .summary = "Returns the intersect of multiple sets.",
     .complexity = "O(N*M) worst case where N is the cardinality of the smallest set and M is the "
                   "number of sets.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = Flag::kReadOnly,
     .keys = {Keys(1, -1, 1, kReadKey)},
     .handler = SInter,
     .tips = "nondeterministic_output_order"},
    {.name = "sinterstore",
     .syntax = "destination key [key ...]",
     .summary = "Stores the intersect of multiple sets in a key.",
     .complexity = "O(N*M) worst case where N is the cardinality of the smallest set and M is the "
                   "number of sets.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = kStore,
     .keys = {Key(1, kTarget), Keys(2, -1, 1, kReadKey)},
     .handler = SInterStore},
    {.name = "sunion",
     .syntax = "key [key ...]",
     .summary = "Returns the union of multiple sets.",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = Flag::kReadOnly,
     .keys = {Keys(1, -1, 1, kReadKey)},
     .handler = SUnion,
     .tips = "nondeterministic_output_order"},
    {.name = "sunionstore",
     .syntax = "destination key [key ...]",
     .summary = "Stores the union of multiple sets in a key.",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = kStore,
     .keys = {Key(1, kTarget), Keys(2, -1, 1, kReadKey)},
     .handler = SUnionStore},
};

}  // namespace

std::span<const CommandSpec> SetAlgebraCommands() { return kCommands; }

}  // namespace larder
