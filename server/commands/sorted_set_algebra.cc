// Union, intersection and difference of sorted sets and sets, answered or stored.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "fmt/format.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/sorted_set_access.h"
#include "storage/set_value.h"

namespace larder {
namespace {

using storage::Set;
using storage::SortedSet;

// One input: a sorted set, a set (whose members score 1), or neither: a missing key.
struct Source {
  const SortedSet* sorted = nullptr;
  const Set* plain = nullptr;
  double weight = 1;

  size_t size() const {
    return sorted != nullptr ? sorted->size() : plain != nullptr ? plain->size() : 0;
  }
  bool SameAs(const Source& other) const { return sorted == other.sorted && plain == other.plain; }
  std::optional<double> Score(std::string_view member) const {
    if (sorted != nullptr) return sorted->Score(member);
    return plain != nullptr && plain->Contains(member) ? std::optional(1.0) : std::nullopt;
  }
  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    if (sorted != nullptr) {
      sorted->ForEach(visit);
    } else if (plain != nullptr) {
      plain->ForEach([&](std::string_view member) { visit(member, 1.0); });
    }
  }
};
using Sources = absl::InlinedVector<Source, 8>;

enum class Operation { kUnion, kIntersection, kDifference };
enum class Aggregate { kSum, kMin, kMax, kCount };

struct Request {
  Operation operation;
  bool store = false, cardinality = false;
  Sources sources = {};
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  int64_t limit = 0;  // of ZINTERCARD; 0: none
};

// Redis takes the sum of the infinities as 0.
double WithoutNan(double score) { return std::isnan(score) ? 0 : score; }

double Combine(double a, double b, Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kSum:
    case Aggregate::kCount:
      return WithoutNan(a + b);
    case Aggregate::kMin:
      return std::min(a, b);
    case Aggregate::kMax:
      return std::max(a, b);
  }
  return a;
}

// What a source adds of a member: with COUNT its weight, whatever the score.
double Weighted(const Source& source, double score, Aggregate aggregate) {
  return aggregate == Aggregate::kCount ? source.weight : source.weight * score;
}

// ---- reading the request

Status FindSource(CommandContext& ctx, const storage::Key& key, Source* source) {
  const storage::Entry* const entry = FindToRead(ctx, key);
  if (entry == nullptr) return Ok();
  if (entry->type() == SortedSet::kType) {
    source->sorted = static_cast<const SortedSet*>(entry->object());
  } else if (entry->type() == Set::kType) {
    source->plain = static_cast<const Set*>(entry->object());
  } else {
    return Error(errors::kWrongType);
  }
  return Ok();
}

Status ParseAggregate(ArgReader& args, Aggregate* aggregate) {
  if (args.Match("SUM")) {
    *aggregate = Aggregate::kSum;
  } else if (args.Match("MIN")) {
    *aggregate = Aggregate::kMin;
  } else if (args.Match("MAX")) {
    *aggregate = Aggregate::kMax;
  } else if (args.Match("COUNT")) {
    *aggregate = Aggregate::kCount;
  } else {
    return Error(errors::kSyntax);
  }
  return Ok();
}

Status ParseOptions(ArgReader& args, Request* request) {
  const bool weighted = request->operation != Operation::kDifference && !request->cardinality;
  while (args.HasMore()) {
    if (weighted && args.remaining() > request->sources.size() && args.Match("WEIGHTS")) {
      for (Source& source : request->sources) {
        source.weight = args.NextDouble("ERR weight value is not a float");
        if (args.failed()) return args.status();
      }
    } else if (weighted && args.remaining() >= 2 && args.Match("AGGREGATE")) {
      if (Status parsed = ParseAggregate(args, &request->aggregate); !parsed.ok()) return parsed;
    } else if (!request->store && !request->cardinality && args.Match("WITHSCORES")) {
      request->with_scores = true;
    } else if (request->cardinality && args.remaining() >= 2 && args.Match("LIMIT")) {
      request->limit =
          args.NextIntIn(0, std::numeric_limits<int64_t>::max(), "ERR LIMIT can't be negative");
      if (args.failed()) return args.status();
    } else {
      return Error(errors::kSyntax);
    }
  }
  return Ok();
}

// Reads a request from its number of keys on.
Status ParseRequest(CommandContext& ctx, Request* request) {
  const int64_t count = ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  if (count < 1) {
    return Error(
        fmt::format("ERR at least 1 input key is needed for '{}' command", ctx.command.full_name));
  }
  if (static_cast<uint64_t>(count) > ctx.args.remaining()) return Error(errors::kSyntax);
  for (int64_t i = 0; i < count; ++i) {
    Source& source = request->sources.emplace_back();
    if (Status found = FindSource(ctx, ctx.args.NextKey(), &source); !found.ok()) return found;
  }
  return ParseOptions(ctx.args, request);
}

// ---- computing

void SortBySize(Sources* sources) {
  // Stable: the order in which scores are added up shows in their last digits.
  std::stable_sort(sources->begin(), sources->end(),
                   [](const Source& a, const Source& b) { return a.size() < b.size(); });
}

// Calls visit(member, score) for the members that all sources have, until it answers false.
template <class Visitor>
void Intersect(Sources sources, Aggregate aggregate, Visitor&& visit) {
  SortBySize(&sources);
  bool going = true;
  sources[0].ForEach([&](std::string_view member, double score) {
    if (!going) return;
    double combined = WithoutNan(Weighted(sources[0], score, aggregate));
    for (size_t i = 1; i < sources.size(); ++i) {
      const auto other =
          sources[i].SameAs(sources[0]) ? std::optional(score) : sources[i].Score(member);
      if (!other) return;
      combined = Combine(combined, Weighted(sources[i], *other, aggregate), aggregate);
    }
    going = visit(member, combined);
  });
}

// A result in the large form from the first member on: how Redis computes it.
class ResultBuilder {
 public:
  explicit ResultBuilder(const CommandContext& ctx)
      : limits_{.listpack_entries_max = 0, .hash_seed = SortedSetLimitsOf(ctx).hash_seed},
        set_(new SortedSet()) {}

  SortedSet& set() { return *set_; }
  void Put(std::string_view member, double score) { set_->Put(member, score, limits_); }
  storage::Ref<SortedSet> Finish() { return std::move(set_); }

 private:
  const storage::SortedSetLimits limits_;
  storage::Ref<SortedSet> set_;
};

void Unite(Sources sources, Aggregate aggregate, ResultBuilder* result) {
  SortBySize(&sources);
  for (const Source& source : sources) {
    source.ForEach([&](std::string_view member, double score) {
      const double weighted = WithoutNan(Weighted(source, score, aggregate));
      const auto old = result->set().Score(member);
      const double combined = old ? Combine(*old, weighted, aggregate) : weighted;
      // -0 and 0 are the same score to a sorted set; a sum of theirs is 0.
      if (old && *old == combined && std::signbit(*old) != std::signbit(combined)) {
        result->set().Remove(member);
      }
      result->Put(member, combined);
    });
  }
}

void Subtract(const Sources& sources, ResultBuilder* result) {
  for (size_t i = 1; i < sources.size(); ++i) {
    if (sources[i].size() > 0 && sources[i].SameAs(sources[0])) return;
  }
  Sources others(sources.begin() + 1, sources.end());
  // The largest first: it is the likeliest to have a member.
  std::stable_sort(others.begin(), others.end(),
                   [](const Source& a, const Source& b) { return a.size() > b.size(); });
  sources[0].ForEach([&](std::string_view member, double score) {
    for (const Source& other : others) {
      if (other.Score(member)) return;
    }
    result->Put(member, score);
  });
}

storage::Ref<SortedSet> Compute(CommandContext& ctx, const Request& request) {
  ResultBuilder result(ctx);
  switch (request.operation) {
    case Operation::kUnion:
      Unite(request.sources, request.aggregate, &result);
      break;
    case Operation::kIntersection:
      Intersect(request.sources, request.aggregate, [&](std::string_view member, double score) {
        result.Put(member, score);
        return true;
      });
      break;
    case Operation::kDifference:
      Subtract(request.sources, &result);
      break;
  }
  return result.Finish();
}

// ---- commands

Status Answer(CommandContext& ctx, Operation operation) {
  Request request{.operation = operation};
  if (Status parsed = ParseRequest(ctx, &request); !parsed.ok()) return parsed;
  const storage::Ref<SortedSet> result = Compute(ctx, request);
  ReplyScoredArray(ctx, result->size(), request.with_scores);
  result->ForEach([&](std::string_view member, double score) {
    ReplyScored(ctx, member, score, request.with_scores);
  });
  return Ok();
}

Status Store(CommandContext& ctx, Operation operation, std::string_view event) {
  const storage::Key target = ctx.args.NextKey();
  Request request{.operation = operation, .store = true};
  if (Status parsed = ParseRequest(ctx, &request); !parsed.ok()) return parsed;
  storage::Ref<SortedSet> result = Compute(ctx, request);
  result->PreferListpack(SortedSetLimitsOf(ctx));
  StoreCollection(ctx, target, std::move(result), NotifyClass::kZSet, event);
  return Ok();
}

Status ZUnion(CommandContext& ctx) { return Answer(ctx, Operation::kUnion); }
Status ZInter(CommandContext& ctx) { return Answer(ctx, Operation::kIntersection); }
Status ZDiff(CommandContext& ctx) { return Answer(ctx, Operation::kDifference); }
Status ZUnionStore(CommandContext& ctx) { return Store(ctx, Operation::kUnion, "zunionstore"); }
Status ZInterStore(CommandContext& ctx) {
  return Store(ctx, Operation::kIntersection, "zinterstore");
}
Status ZDiffStore(CommandContext& ctx) { return Store(ctx, Operation::kDifference, "zdiffstore"); }

Status ZInterCard(CommandContext& ctx) {
  Request request{.operation = Operation::kIntersection, .cardinality = true};
  if (Status parsed = ParseRequest(ctx, &request); !parsed.ok()) return parsed;
  int64_t common = 0;
  Intersect(request.sources, request.aggregate, [&](std::string_view, double) {
    ++common;
    return request.limit == 0 || common < request.limit;
  });
  ctx.reply.Integer(common);
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "zdiff",
     .syntax = "numkeys:int key [key ...] [WITHSCORES]",
     .summary = "Returns the difference between multiple sorted sets.",
     .complexity = "O(L + (N-K)log(N)) worst case where L is the total number of elements in all "
                   "the sets, N is the size of the first set, and K is the size of the result set.",
     .since = "6.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {CountedKeys(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZDiff},
    {.name = "zdiffstore",
     .syntax = "destination numkeys:int key [key ...]",
     .summary = "Stores the difference of multiple sorted sets in a key.",
     .complexity = "O(L + (N-K)log(N)) worst case where L is the total number of elements in all "
                   "the sets, N is the size of the first set, and K is the size of the result set.",
     .since = "6.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kOW | KeyFlag::kUpdate),
              CountedKeys(2, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZDiffStore},
    {.name = "zinter",
     .syntax = "numkeys:int key [key ...] [WEIGHTS weight:int [weight ...]] [AGGREGATE <SUM | "
               "MIN | MAX | COUNT>] [WITHSCORES]",
     .summary = "Returns the intersect of multiple sorted sets.",
     .complexity = "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K "
                   "being the number of input sorted sets and M being the number of elements in "
                   "the resulting sorted set.",
     .since = "6.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {CountedKeys(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZInter},
    {.name = "zintercard",
     .syntax = "numkeys:int key [key ...] [LIMIT limit:int]",
     .summary = "Returns the number of members of the intersect of multiple sorted sets.",
     .complexity = "O(N*K) worst case with N being the smallest input sorted set, K being the "
                   "number of input sorted sets.",
     .since = "7.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {CountedKeys(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZInterCard},
    {.name = "zinterstore",
     .syntax = "destination numkeys:int key [key ...] [WEIGHTS weight:int [weight ...]] "
               "[AGGREGATE <SUM | MIN | MAX | COUNT>]",
     .summary = "Stores the intersect of multiple sorted sets in a key.",
     .complexity = "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K "
                   "being the number of input sorted sets and M being the number of elements in "
                   "the resulting sorted set.",
     .since = "2.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kOW | KeyFlag::kUpdate),
              CountedKeys(2, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZInterStore},
    {.name = "zunion",
     .syntax = "numkeys:int key [key ...] [WEIGHTS weight:int [weight ...]] [AGGREGATE <SUM | "
               "MIN | MAX | COUNT>] [WITHSCORES]",
     .summary = "Returns the union of multiple sorted sets.",
     .complexity = "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, "
                   "and M being the number of elements in the resulting sorted set.",
     .since = "6.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {CountedKeys(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZUnion},
    {.name = "zunionstore",
     .syntax = "destination numkeys:int key [key ...] [WEIGHTS weight:int [weight ...]] "
               "[AGGREGATE <SUM | MIN | MAX | COUNT>]",
     .summary = "Stores the union of multiple sorted sets in a key.",
     .complexity = "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, "
                   "and M being the number of elements in the resulting sorted set.",
     .since = "2.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kOW | KeyFlag::kUpdate),
              CountedKeys(2, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZUnionStore},
};

}  // namespace

std::span<const CommandSpec> SortedSetAlgebraCommands() { return kCommands; }

}  // namespace larder
