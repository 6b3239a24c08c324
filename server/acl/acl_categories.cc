#include "server/acl/acl_categories.h"

#include <iterator>

#include "server/letter_case.h"

namespace larder {
namespace {

constexpr std::string_view kCategories[] = {
    "@keyspace",   "@read",        "@write",     "@set",         "@sortedset", "@list",
    "@hash",       "@string",      "@bitmap",    "@hyperloglog", "@geo",       "@stream",
    "@pubsub",     "@admin",       "@fast",      "@slow",        "@blocking",  "@dangerous",
    "@connection", "@transaction", "@scripting", "@cache"};
static_assert(std::size(kCategories) <= kAclCategoriesMax);

}  // namespace

std::span<const std::string_view> AclCategories() { return kCategories; }

std::optional<int> FindAclCategory(std::string_view name) {
  for (size_t i = 0; i < std::size(kCategories); ++i) {
    if (EqualsIgnoreCase(kCategories[i].substr(1), name)) return static_cast<int>(i);
  }
  return std::nullopt;
}

}  // namespace larder
