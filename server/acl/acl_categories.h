// The categories that ACL sorts commands into, one row each: a new one is a row in the table of the
// .cc file, and a word in the `categories` of its commands' rows (or a line in
// command_categories.cc where it follows from the group).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace larder {

// With their @, in the order in which Redis lists them, Larder's own after them. The bit of a
// category is its index.
std::span<const std::string_view> AclCategories();
inline constexpr size_t kAclCategoriesMax = 64;  // bits of a word

// The index of a category by its name without the @, any case.
std::optional<int> FindAclCategory(std::string_view name);

}  // namespace larder
