// The sets that SINTER, SUNION, SDIFF and their kin work on, and the walks through what those have
// in common and what the first has alone.
//
// REQUIRES for everything here: the locks of the keys' stripes.
#pragma once

#include <algorithm>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "server/command_context.h"
#include "server/commands/set_access.h"

namespace larder {

// A missing key is an empty set: null.
using SetSources = absl::InlinedVector<const storage::Set*, 8>;

// Above so many sets to subtract, they are united first: every member is then looked up once.
inline constexpr size_t kSubtractedOneByOneMax = 8;

// Reads the next `count` arguments as keys of sets.
Status FindSetSources(CommandContext& ctx, size_t count, SetSources* sources);

// Null when all are empty.
const storage::Set* LargestOf(const SetSources& sources);

// What is to be subtracted from the first source, as few sets as possible and the largest first: it
// is the likeliest to have a member. `*united` keeps what was made for it alive. False when nothing
// of the first is left.
bool PrepareSubtraction(CommandContext& ctx, const SetSources& sources, SetSources* others,
                        storage::Ref<storage::Set>* united);

// Calls visit(member) for the members that all sources have, until it answers false.
template <class Visitor>
void Intersect(SetSources sources, Visitor&& visit) {
  if (std::find(sources.begin(), sources.end(), nullptr) != sources.end()) return;
  std::sort(sources.begin(), sources.end(),
            [](const storage::Set* a, const storage::Set* b) { return a->size() < b->size(); });
  bool going = true;
  sources[0]->ForEach([&](std::string_view member) {
    if (!going) return;
    for (size_t i = 1; i < sources.size(); ++i) {
      if (sources[i] != sources[0] && !sources[i]->Contains(member)) return;
    }
    going = visit(member);
  });
}

// Calls visit(member) for the members of the first source that no other has, until it answers
// false.
template <class Visitor>
void Subtract(CommandContext& ctx, const SetSources& sources, Visitor&& visit) {
  SetSources others;
  storage::Ref<storage::Set> united;
  if (!PrepareSubtraction(ctx, sources, &others, &united)) return;
  bool going = true;
  sources[0]->ForEach([&](std::string_view member) {
    if (!going) return;
    for (const storage::Set* other : others) {
      if (other->Contains(member)) return;
    }
    going = visit(member);
  });
}

}  // namespace larder
