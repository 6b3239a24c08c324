#include "server/acl/acl_categories.h"

#include <strings.h>

#include <iterator>

namespace larder {
namespace {

constexpr std::string_view kCategories[] = {
    "@keyspace",   "@read",        "@write",    "@set",         "@sortedset", "@list",
    "@hash",       "@string",      "@bitmap",   "@hyperloglog", "@geo",       "@stream",
    "@pubsub",     "@admin",       "@fast",     "@slow",        "@blocking",  "@dangerous",
    "@connection", "@transaction", "@scripting"};
static_assert(std::size(kCategories) <= kAclCategoriesMax);

}  // namespace

std::span<const std::string_view> AclCategories() { return kCategories; }

std::optional<int> FindAclCategory(std::string_view name) {
  for (size_t i = 0; i < std::size(kCategories); ++i) {
    const std::string_view known = kCategories[i].substr(1);
    if (known.size() == name.size() && strncasecmp(known.data(), name.data(), name.size()) == 0) {
      return static_cast<int>(i);
    }
  }
  return std::nullopt;
}

}  // namespace larder
