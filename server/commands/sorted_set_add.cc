#include "server/commands/sorted_set_add.h"

#include <cmath>
#include <utility>

#include "server/commands/sorted_set_access.h"

namespace larder {

using storage::SortedSet;

AddOptions ParseAddOptions(ArgReader& args, AddForm form) {
  const bool scores = form == AddForm::kScores;
  AddOptions options;
  while (true) {
    if (args.Match("NX")) {
      options.nx = true;
    } else if (args.Match("XX")) {
      options.xx = true;
    } else if (args.Match("CH")) {
      options.changed = true;
    } else if (scores && args.Match("GT")) {
      options.gt = true;
    } else if (scores && args.Match("LT")) {
      options.lt = true;
    } else if (scores && args.Match("INCR")) {
      options.increment = true;
    } else {
      return options;
    }
  }
}

Status CheckAddOptions(const AddOptions& options, size_t words) {
  if (words % 2 != 0 || words == 0) return Error(errors::kSyntax);
  if (options.nx && options.xx) {
    return Error("ERR XX and NX options at the same time are not compatible");
  }
  if ((options.nx && (options.gt || options.lt)) || (options.gt && options.lt)) {
    return Error("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (options.increment && words > 2) {
    return Error("ERR INCR option supports a single increment-element pair");
  }
  return Ok();
}

namespace {

constexpr std::string_view kNotANumber = "ERR resulting score is not a number (NaN)";

void AddOne(SortedSet* set, ScoredMember pair, const AddOptions& options,
            const storage::SortedSetLimits& limits, AddResult* result) {
  result->score = std::nullopt;
  if (options.nx || options.xx || options.gt || options.lt || options.increment) {
    const std::optional<double> old = set->Score(pair.member);
    if (old ? options.nx : options.xx) return;
    if (old && options.increment) pair.score += *old;
    if (std::isnan(pair.score)) {
      result->nan = true;
      return;
    }
    if (old && ((options.lt && pair.score >= *old) || (options.gt && pair.score <= *old))) return;
  }
  switch (set->Put(pair.member, pair.score, limits)) {
    case SortedSet::Change::kAdded:
      ++result->added;
      break;
    case SortedSet::Change::kMoved:
      ++result->moved;
      break;
    case SortedSet::Change::kNone:
      break;
  }
  result->score = pair.score;
}

}  // namespace

Status AddScored(CommandContext& ctx, const storage::Key& key, const ScoredMembers& pairs,
                 const AddOptions& options, AddResult* result) {
  SortedSet* set;
  bool missing;
  if (Status found = FindMutableSortedSet(ctx, key, &set, &missing); !found.ok()) return found;
  if (missing && !options.xx) {
    storage::Ref<SortedSet> created(new SortedSet());
    set = created.get();
    ctx.db.SetObject(key, std::move(created));
    ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  }
  if (set == nullptr) return Ok();
  const storage::SortedSetLimits limits = SortedSetLimitsOf(ctx);
  set->Expect(pairs.size(), limits);
  for (const ScoredMember& pair : pairs) {
    AddOne(set, pair, options, limits, result);
    if (result->nan) break;
  }
  if (result->added + result->moved > 0) {
    ctx.Changed(key, NotifyClass::kZSet, options.increment ? "zincr" : "zadd");
  }
  return result->nan ? Error(kNotANumber) : Ok();
}

}  // namespace larder
