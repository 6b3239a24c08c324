#include "server/acl/acl_log.h"

#include <algorithm>
#include <utility>

namespace larder {
namespace {

bool Alike(const AclLogEntry& a, const AclLogEntry& b) {
  const int64_t apart_ms = a.updated_unix_ms - b.updated_unix_ms;
  return a.reason == b.reason && a.context == b.context && a.object == b.object &&
         a.user == b.user && apart_ms <= AclLog::kMergedWithinMs &&
         apart_ms >= -AclLog::kMergedWithinMs;
}

}  // namespace

std::string_view AclReasonName(AclReason reason) {
  constexpr std::string_view kNames[kAclReasons] = {"command", "key", "channel", "auth"};
  return kNames[static_cast<size_t>(reason)];
}

std::string_view AclContextName(AclContext context) {
  constexpr std::string_view kNames[] = {"toplevel", "multi", "lua"};
  return kNames[static_cast<size_t>(context)];
}

void AclLog::Add(AclLogEntry entry, size_t entries_max) {
  counts_[static_cast<size_t>(entry.reason)].fetch_add(1, std::memory_order_relaxed);
  entry.object.resize(std::min(entry.object.size(), kTextBytesMax));
  entry.user.resize(std::min(entry.user.size(), kTextBytesMax));
  entry.client.resize(std::min(entry.client.size(), kTextBytesMax));
  entry.updated_unix_ms = entry.created_unix_ms;
  std::lock_guard lock(mutex_);
  const auto last = entries_.begin() + std::min(entries_.size(), kComparedMax);
  const auto like = std::find_if(entries_.begin(), last,
                                 [&](const AclLogEntry& known) { return Alike(known, entry); });
  if (like != last) {
    entry.count = like->count + 1;
    entry.id = like->id;
    entry.created_unix_ms = like->created_unix_ms;
    entries_.erase(like);
  } else if (entries_max > 0) {
    entry.id = next_id_++;
  }
  entries_.push_front(std::move(entry));
  if (entries_.size() > entries_max) entries_.resize(entries_max);
}

std::vector<AclLogEntry> AclLog::Latest(size_t count) const {
  std::lock_guard lock(mutex_);
  return {entries_.begin(), entries_.begin() + std::min(entries_.size(), count)};
}

void AclLog::Reset() {
  std::lock_guard lock(mutex_);
  entries_.clear();
}

void AclLog::ResetCounts() {
  for (auto& count : counts_) count.store(0, std::memory_order_relaxed);
}

}  // namespace larder
