// Intersection, union and difference of sets, answered or stored.
#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/set_access.h"

namespace larder {
namespace {

using storage::Set;
using storage::SetLimits;

// A missing key is an empty set: null.
using Sources = absl::InlinedVector<const Set*, 8>;

// Above so many sets to subtract, they are united first: every member is then looked up once.
constexpr size_t kSubtractedOneByOneMax = 8;

Status FindSources(CommandContext& ctx, size_t count, Sources* sources) {
  for (size_t i = 0; i < count; ++i) {
    const Set* set;
    if (Status found = FindSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
    sources->push_back(set);
  }
  return Ok();
}

// Calls visit(member) for the members that all sources have, until it answers false.
template <class Visitor>
void Intersect(Sources sources, Visitor&& visit) {
  if (std::find(sources.begin(), sources.end(), nullptr) != sources.end()) return;
  std::sort(sources.begin(), sources.end(),
            [](const Set* a, const Set* b) { return a->size() < b->size(); });
  bool going = true;
  sources[0]->ForEach([&](std::string_view member) {
    if (!going) return;
    for (size_t i = 1; i < sources.size(); ++i) {
      if (sources[i] != sources[0] && !sources[i]->Contains(member)) return;
    }
    going = visit(member);
  });
}

// Calls visit(member) for the members of the first source that no other has.
template <class Visitor>
void Subtract(CommandContext& ctx, const Sources& sources, Visitor&& visit) {
  if (sources[0] == nullptr) return;
  Sources others;
  for (size_t i = 1; i < sources.size(); ++i) {
    if (sources[i] == sources[0]) return;
    if (sources[i] != nullptr) others.push_back(sources[i]);
  }
  storage::Ref<Set> united;
  if (others.size() > kSubtractedOneByOneMax) {
    const SetLimits limits = SetLimitsOf(ctx);
    united = NewSet(ctx);
    for (const Set* other : others) {
      other->ForEach([&](std::string_view member) { united->Add(member, limits); });
    }
    others.assign(1, united.get());
  }
  // The largest first: it is the likeliest to have a member.
  std::sort(others.begin(), others.end(),
            [](const Set* a, const Set* b) { return a->size() > b->size(); });
  sources[0]->ForEach([&](std::string_view member) {
    for (const Set* other : others) {
      if (other->Contains(member)) return;
    }
    visit(member);
  });
}

// The union, built member by member from an intset on, which decides its form in Redis's way; or
// from a clone of the largest source, where that is too large for any other form than a hashtable.
storage::Ref<Set> Unite(CommandContext& ctx, const Sources& sources) {
  const SetLimits limits = SetLimitsOf(ctx);
  const Set* largest = nullptr;
  for (const Set* source : sources) {
    if (source != nullptr && (largest == nullptr || source->size() > largest->size())) {
      largest = source;
    }
  }
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
  Sources sources;
  Status found = FindSources(ctx, ctx.args.remaining(), &sources);
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
bool SmallestIsIntset(const Sources& sources) {
  const Set* smallest = sources[0];
  for (const Set* source : sources) {
    if (source == nullptr) return true;
    if (source->size() < smallest->size()) smallest = source;
  }
  return smallest->encoding() == storage::Encoding::kIntset;
}

Status SInterStore(CommandContext& ctx) {
  const storage::Key target = ctx.args.NextKey();
  Sources sources;
  Status found = FindSources(ctx, ctx.args.remaining(), &sources);
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

Status SInterCard(CommandContext& ctx) {
  const int64_t count = ctx.args.NextIntIn(1, std::numeric_limits<int64_t>::max(),
                                           "ERR numkeys should be greater than 0");
  if (ctx.args.failed()) return ctx.args.status();
  if (count > static_cast<int64_t>(ctx.args.remaining())) {
    return Error("ERR Number of keys can't be greater than number of args");
  }
  ArgReader options = ctx.args;
  options.Skip(static_cast<size_t>(count));
  int64_t limit = 0;
  while (options.HasMore()) {
    if (options.remaining() < 2 || !options.Match("LIMIT")) return Error(errors::kSyntax);
    limit =
        options.NextIntIn(0, std::numeric_limits<int64_t>::max(), "ERR LIMIT can't be negative");
    if (options.failed()) return options.status();
  }
  Sources sources;
  Status found = FindSources(ctx, static_cast<size_t>(count), &sources);
  if (!found.ok()) return found;
  int64_t common = 0;
  Intersect(sources, [&](std::string_view) {
    ++common;
    return limit == 0 || common < limit;
  });
  ctx.reply.Integer(common);
  return Ok();
}

Status SUnion(CommandContext& ctx) {
  Sources sources;
  Status found = FindSources(ctx, ctx.args.remaining(), &sources);
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
  Sources sources;
  Status found = FindSources(ctx, ctx.args.remaining(), &sources);
  if (!found.ok()) return found;
  StoreCollection(ctx, target, Unite(ctx, sources), NotifyClass::kSet, "sunionstore");
  return Ok();
}

Status SDiff(CommandContext& ctx) {
  Sources sources;
  Status found = FindSources(ctx, ctx.args.remaining(), &sources);
  if (!found.ok()) return found;
  const auto members = ctx.reply.SetLater();
  int64_t count = 0;
  Subtract(ctx, sources, [&](std::string_view member) {
    ctx.reply.Bulk(member);
    ++count;
  });
  ctx.reply.Finish(members, count);
  return Ok();
}

Status SDiffStore(CommandContext& ctx) {
  const storage::Key target = ctx.args.NextKey();
  Sources sources;
  Status found = FindSources(ctx, ctx.args.remaining(), &sources);
  if (!found.ok()) return found;
  const SetLimits limits = SetLimitsOf(ctx);
  storage::Ref<Set> result = NewSet(ctx);
  Subtract(ctx, sources, [&](std::string_view member) { result->Add(member, limits); });
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
