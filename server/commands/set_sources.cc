#include "server/commands/set_sources.h"

namespace larder {

using storage::Set;

Status FindSetSources(CommandContext& ctx, size_t count, SetSources* sources) {
  for (size_t i = 0; i < count; ++i) {
    const Set* set;
    if (Status found = FindSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
    sources->push_back(set);
  }
  return Ok();
}

const Set* LargestOf(const SetSources& sources) {
  const Set* largest = nullptr;
  for (const Set* source : sources) {
    if (source != nullptr && (largest == nullptr || source->size() > largest->size())) {
      largest = source;
    }
  }
  return largest;
}

bool PrepareSubtraction(CommandContext& ctx, const SetSources& sources, SetSources* others,
                        storage::Ref<Set>* united) {
  if (sources[0] == nullptr) return false;
  for (size_t i = 1; i < sources.size(); ++i) {
    if (sources[i] == sources[0]) return false;
    if (sources[i] != nullptr) others->push_back(sources[i]);
  }
  if (others->size() > kSubtractedOneByOneMax) {
    const storage::SetLimits limits = SetLimitsOf(ctx);
    *united = NewSet(ctx);
    for (const Set* other : *others) {
      other->ForEach([&](std::string_view member) { (*united)->Add(member, limits); });
    }
    others->assign(1, united->get());
  }
  std::sort(others->begin(), others->end(),
            [](const Set* a, const Set* b) { return a->size() > b->size(); });
  return true;
}

}  // namespace larder
