#include "server/scripting/script_cache.h"

#include <utility>

#include "server/letter_case.h"

namespace larder {
namespace {

size_t ScriptBytes(const Script& script) {
  constexpr size_t kOverheadBytes = 160;  // map node, list node and control block
  return sizeof(Script) + script.body.capacity() + 2 * script.sha.capacity() + kOverheadBytes;
}

}  // namespace

std::shared_ptr<const Script> ScriptCache::Add(std::shared_ptr<const Script> script,
                                               ScriptOrigin origin) {
  const std::lock_guard lock(mutex_);
  const auto [position, inserted] = entries_.try_emplace(script->sha);
  Entry& entry = position->second;
  if (inserted) {
    bytes_ += ScriptBytes(*script);
    entry.script = std::move(script);
    entry.permanent = origin == ScriptOrigin::kLoad;
    if (!entry.permanent) entry.recent = recent_.insert(recent_.end(), entry.script->sha);
  } else if (origin == ScriptOrigin::kLoad && !entry.permanent) {
    entry.permanent = true;
    recent_.erase(entry.recent);
  }
  auto cached = entry.script;
  if (recent_.size() > kEvalScriptsMax) EvictOldest();
  return cached;
}

void ScriptCache::EvictOldest() {
  const auto position = entries_.find(recent_.front());
  bytes_ -= ScriptBytes(*position->second.script);
  entries_.erase(position);
  recent_.pop_front();
  ++evicted_;
}

std::shared_ptr<const Script> ScriptCache::Find(std::string_view sha) {
  const std::string lower = LowerCase(sha);
  const std::lock_guard lock(mutex_);
  const auto position = entries_.find(lower);
  if (position == entries_.end()) return nullptr;
  Entry& entry = position->second;
  if (!entry.permanent) recent_.splice(recent_.end(), recent_, entry.recent);
  return entry.script;
}

bool ScriptCache::Exists(std::string_view sha) const {
  const std::string lower = LowerCase(sha);
  const std::lock_guard lock(mutex_);
  return entries_.contains(lower);
}

void ScriptCache::Flush() {
  // Freed after the lock is let go: there may be many.
  std::unordered_map<std::string, Entry> dropped;
  {
    const std::lock_guard lock(mutex_);
    dropped.swap(entries_);
    recent_.clear();
    bytes_ = 0;
    evicted_ = 0;
    ++epoch_;
  }
}

size_t ScriptCache::count() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

size_t ScriptCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

size_t ScriptCache::evicted_count() const {
  const std::lock_guard lock(mutex_);
  return evicted_;
}

}  // namespace larder
