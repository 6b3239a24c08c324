#include "server/tag_listeners.h"

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_set>

namespace larder {
namespace {

std::shared_ptr<const PushMessage> Word(PushMessage::Kind kind, std::string_view tag) {
  return std::make_shared<const PushMessage>(PushMessage{kind, {}, {}, std::string(tag)});
}

}  // namespace

void TagListeners::Add(std::string_view tag, Listener listener) {
  std::lock_guard lock(mutex_);
  by_tag_[std::string(tag)].push_back(listener);
  any_.store(true, std::memory_order_relaxed);
}

void TagListeners::Remove(const storage::StringSet& tags, uint64_t session_id) {
  if (tags.empty()) return;
  std::lock_guard lock(mutex_);
  for (const std::string& tag : tags) {
    const auto found = by_tag_.find(tag);
    if (found == by_tag_.end()) continue;
    std::erase_if(found->second, [&](const Listener& one) { return one.session_id == session_id; });
    if (found->second.empty()) by_tag_.erase(found);
  }
  any_.store(!by_tag_.empty(), std::memory_order_relaxed);
}

void TagListeners::TellPurged(std::span<const std::string_view> tags) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < tags.size(); ++i) {
    const auto found = by_tag_.find(tags[i]);
    if (found == by_tag_.end()) continue;
    // A tag that is named twice is purged once.
    if (std::find(tags.begin(), tags.begin() + static_cast<ptrdiff_t>(i), tags[i]) !=
        tags.begin() + static_cast<ptrdiff_t>(i)) {
      continue;
    }
    const auto word = Word(PushMessage::Kind::kTagPurged, tags[i]);
    for (const Listener& listener : found->second) {
      listener.mailbox->Push(listener.session_id, word);
    }
  }
}

void TagListeners::TellFlushed() {
  std::lock_guard lock(mutex_);
  const auto word = Word(PushMessage::Kind::kTagsFlushed, {});
  std::unordered_set<uint64_t> told;
  for (const auto& [tag, listeners] : by_tag_) {
    for (const Listener& listener : listeners) {
      if (told.insert(listener.session_id).second) {
        listener.mailbox->Push(listener.session_id, word);
      }
    }
  }
}

}  // namespace larder
