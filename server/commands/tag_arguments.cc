#include "server/commands/tag_arguments.h"

#include <algorithm>
#include <cstdint>

#include "server/errors.h"
#include "storage/entry_extra.h"

namespace larder {

std::span<const std::string_view> NextTags(ArgReader& args) {
  const int64_t count =
      args.NextIntIn(1, static_cast<int64_t>(storage::kTagsPerEntryMax), errors::kBadTagCount);
  if (args.failed()) return {};
  if (static_cast<size_t>(count) > args.remaining()) {
    args.Fail(errors::kMissingTags);
    return {};
  }
  const auto tags = args.all().subspan(args.position(), static_cast<size_t>(count));
  args.Skip(tags.size());
  if (std::any_of(tags.begin(), tags.end(),
                  [](std::string_view tag) { return tag.size() > storage::kTagBytesMax; })) {
    args.Fail(errors::kTagTooLong);
  }
  return tags;
}

storage::TagSet TagsNamed(storage::TagTable& table, std::span<const std::string_view> names) {
  storage::TagSet tags;
  for (const std::string_view name : names) tags.Add(table, name);
  return tags;
}

}  // namespace larder
