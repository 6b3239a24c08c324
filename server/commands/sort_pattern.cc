#include "server/commands/sort_pattern.h"

#include "server/commands/hash_access.h"
#include "server/commands/lookup.h"

namespace larder {

// Redis looks for the star and the arrow up to a zero byte.
SortPattern::SortPattern(std::string_view text) {
  constexpr std::string_view kArrow = "->";
  const std::string_view visible = errors::UpToZero(text);
  is_element_ = visible == "#";
  const size_t star = visible.find('*');
  if (star == std::string_view::npos) return;
  has_star_ = true;
  prefix_ = text.substr(0, star);
  postfix_ = text.substr(star + 1);
  const size_t arrow = errors::UpToZero(postfix_).find(kArrow);
  if (arrow == std::string_view::npos) return;
  const std::string_view field = postfix_.substr(arrow + kArrow.size());
  if (errors::UpToZero(field).empty()) return;
  field_ = field;
  postfix_ = postfix_.substr(0, arrow);
}

std::string SortPattern::KeyOf(std::string_view element) const {
  std::string name(prefix_);
  name += element;
  name += postfix_;
  return name;
}

void SortPattern::Expire(CommandContext& ctx, std::string_view element) const {
  if (!has_star_) return;
  const std::string name = KeyOf(element);
  ctx.db.Find(ctx.args.HashedKey(name), storage::Access::kPeek);
}

SortPattern::Found SortPattern::Find(CommandContext& ctx, std::string_view element) const {
  if (is_element_) return {.text = element};
  if (!has_star_) return {};
  const std::string name = KeyOf(element);
  const storage::Entry* const entry = FindToRead(ctx, ctx.args.HashedKey(name));
  if (entry == nullptr) return {};
  if (field_.empty()) {
    return entry->type() == storage::Type::kString ? Found{.entry = entry} : Found{};
  }
  if (entry->type() != storage::Type::kHash) return {};
  const auto found = static_cast<const storage::Hash*>(entry->object())->Find(field_);
  return found ? Found{.text = found->value} : Found{};
}

}  // namespace larder
