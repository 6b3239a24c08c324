#include "server/tracking.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace larder {
namespace {

// Keys that one read may push out of a full table: more than one, so that a lowered limit is
// reached.
constexpr int kEvictionsPerRead = 4;
constexpr int kEvictionsPerSlice = 64;
constexpr size_t kFreedTogether = 256;

std::string EncodedKeys(std::span<const std::string_view> keys) {
  std::string encoded = fmt::format("*{}\r\n", keys.size());
  for (const std::string_view key : keys) {
    encoded += fmt::format("${}\r\n", key.size());
    encoded += key;
    encoded += "\r\n";
  }
  return encoded;
}

std::shared_ptr<const PushMessage> Word(PushMessage::Kind kind, std::string payload) {
  return std::make_shared<const PushMessage>(PushMessage{kind, {}, {}, std::move(payload)});
}

}  // namespace

Tracking::Tracking(size_t stripes, uint64_t seed, const ClientRegistry& clients,
                   const LiveValue& keys_max, Notifications& notifications)
    : registry_(clients), keys_max_(keys_max), notifications_(notifications) {
  for (size_t i = 0; i < stripes; ++i) stripes_.push_back(std::make_unique<Stripe>(seed + i));
}

// ---- clients

void Tracking::Start(uint64_t id, Mailbox& mailbox, bool no_loop) {
  std::lock_guard lock(clients_mutex_);
  by_id_[id] = {&mailbox, no_loop};
  notifications_.set_tracked(true);
  clients_.store(static_cast<int64_t>(by_id_.size()), std::memory_order_relaxed);
}

void Tracking::Stop(uint64_t id, const storage::StringSet& prefixes) {
  std::lock_guard lock(clients_mutex_);
  for (const std::string& prefix : prefixes) {
    const auto found = by_prefix_.find(prefix);
    if (found == by_prefix_.end()) continue;
    std::erase(found->second, id);
    if (!found->second.empty()) continue;
    by_prefix_.erase(found);
    const auto length = prefix_lengths_.find(prefix.size());
    if (--length->second == 0) prefix_lengths_.erase(length);
  }
  by_id_.erase(id);
  prefixes_.store(static_cast<int64_t>(by_prefix_.size()), std::memory_order_relaxed);
  clients_.store(static_cast<int64_t>(by_id_.size()), std::memory_order_relaxed);
}

void Tracking::AddPrefix(uint64_t id, std::string_view prefix) {
  std::lock_guard lock(clients_mutex_);
  auto& ids = by_prefix_[std::string(prefix)];
  if (ids.empty()) ++prefix_lengths_[prefix.size()];
  ids.push_back(id);
  prefixes_.store(static_cast<int64_t>(by_prefix_.size()), std::memory_order_relaxed);
}

// ---- keys

bool Tracking::OverLimit() const {
  const int64_t keys_max = keys_max_;
  return keys_max > 0 && keys_.load(std::memory_order_relaxed) > keys_max;
}

void Tracking::Tell(std::span<const TrackedReader> readers, std::string_view key, uint64_t except) {
  std::shared_ptr<const PushMessage> word;
  for (const TrackedReader& reader : readers) {
    if (reader.session_id == except) continue;
    if (word == nullptr) word = Word(PushMessage::Kind::kInvalidate, EncodedKeys({&key, 1}));
    reader.mailbox->Push(reader.session_id, word);
  }
}

Tracking::Figures Tracking::FiguresOf(const Stripe& stripe) {
  return {static_cast<int64_t>(stripe.table.keys()), static_cast<int64_t>(stripe.table.items()),
          static_cast<int64_t>(stripe.table.MemoryBytes())};
}

void Tracking::CountChange(const Stripe& stripe, const Figures& before) {
  const Figures now = FiguresOf(stripe);
  if (now.keys != before.keys) keys_.fetch_add(now.keys - before.keys, std::memory_order_relaxed);
  items_.fetch_add(now.items - before.items, std::memory_order_relaxed);
  bytes_.fetch_add(now.bytes - before.bytes, std::memory_order_relaxed);
}

void Tracking::Remember(size_t stripe, std::string_view key, TrackedReader reader) {
  if (key.size() > kTrackedNameBytesMax) return Tell({&reader, 1}, key, 0);
  Stripe& of = *stripes_[stripe];
  const Figures before = FiguresOf(of);
  const auto is_there = [this](uint64_t id) { return registry_.Find(id) != nullptr; };
  if (!of.table.Add(key, reader, is_there)) return;
  CountChange(of, before);
  if (before.keys == FiguresOf(of).keys) return;
  // From this stripe alone, if need be the new key itself: the limit holds without another lock.
  for (int i = 0; i < kEvictionsPerRead && OverLimit() && of.table.keys() > 0; ++i) EvictOne(of);
}

void Tracking::EvictOne(Stripe& stripe) {
  const Figures before = FiguresOf(stripe);
  stripe.random_state = stripe.random_state * 6364136223846793005u + 1442695040888963407u;
  std::vector<TrackedReader> readers;
  const std::string key = stripe.table.TakeRandom(stripe.random_state, &readers);
  Tell(readers, key, 0);
  CountChange(stripe, before);
}

void Tracking::Invalidate(size_t stripe, std::string_view key, uint64_t except) {
  Stripe& of = *stripes_[stripe];
  if (of.table.keys() == 0) return;
  const Figures before = FiguresOf(of);
  std::vector<TrackedReader> readers;
  if (!of.table.Take(key, &readers)) return;
  Tell(readers, key, except);
  CountChange(of, before);
}

void Tracking::Broadcast(std::vector<std::string>* keys, uint64_t by) {
  std::sort(keys->begin(), keys->end());
  keys->erase(std::unique(keys->begin(), keys->end()), keys->end());
  std::lock_guard lock(clients_mutex_);
  std::map<std::string_view, std::vector<std::string_view>> changed;  // by prefix
  for (const std::string_view key : *keys) {
    for (const auto& [length, count] : prefix_lengths_) {
      if (length > key.size()) break;
      const auto found = by_prefix_.find(key.substr(0, length));
      if (found != by_prefix_.end()) changed[found->first].push_back(key);
    }
  }
  for (const auto& [prefix, keys_of] : changed) {
    const auto word = Word(PushMessage::Kind::kInvalidateBroadcast, EncodedKeys(keys_of));
    for (const uint64_t id : by_prefix_.find(prefix)->second) {
      const Client& client = by_id_.at(id);
      if (id == by && client.no_loop) continue;
      client.mailbox->Push(id, word);
    }
  }
  keys->clear();
}

void Tracking::InvalidateAll() {
  for (const auto& stripe : stripes_) CutOff(*stripe);
  const auto word = Word(PushMessage::Kind::kInvalidateAll, {});
  std::lock_guard lock(clients_mutex_);
  for (const auto& [id, client] : by_id_) client.mailbox->Push(id, word);
}

void Tracking::CutOff(Stripe& stripe) {
  if (stripe.table.keys() == 0) return;
  const Figures before = FiguresOf(stripe);
  std::unique_ptr<TrackingTable::Keys> all = stripe.table.TakeAll();
  CountChange(stripe, before);
  std::lock_guard lock(dead_mutex_);
  dead_.push_back(std::move(all));
  has_dead_.store(true, std::memory_order_relaxed);
}

// ---- upkeep

void Tracking::FreeDead(std::chrono::steady_clock::time_point deadline) {
  std::unique_ptr<TrackingTable::Keys> keys;
  do {
    if (keys == nullptr) {
      std::lock_guard lock(dead_mutex_);
      has_dead_.store(!dead_.empty(), std::memory_order_relaxed);
      if (dead_.empty()) return;
      keys = std::move(dead_.back());
      dead_.pop_back();
    }
    if (keys->FreeSome(kFreedTogether)) keys.reset();
  } while (std::chrono::steady_clock::now() < deadline);
  if (keys == nullptr) return;
  std::lock_guard lock(dead_mutex_);
  dead_.push_back(std::move(keys));
}

// Only who is among the clients has reads remembered: with the lock, nobody is about to.
void Tracking::RestIfNobodyTracks() {
  std::lock_guard lock(clients_mutex_);
  if (by_id_.empty() && key_count() == 0) notifications_.set_tracked(false);
}

void Tracking::Tend(storage::Keyspace& keyspace, std::chrono::steady_clock::time_point deadline) {
  const bool nobody = client_count() == 0;
  const bool forget_all = nobody && key_count() != 0;
  if (nobody && any() && !forget_all) RestIfNobodyTracks();
  if (!forget_all && !OverLimit() && !has_dead_.load(std::memory_order_relaxed)) return;
  if (!tend_mutex_.try_lock()) return;
  const std::lock_guard lock(tend_mutex_, std::adopt_lock);
  for (size_t passed = 0; passed < stripes_.size() && (forget_all || OverLimit()); ++passed) {
    if (std::chrono::steady_clock::now() >= deadline) break;
    const size_t index = next_stripe_++ % stripes_.size();
    Stripe& stripe = *stripes_[index];
    storage::StripeLock& stripe_lock = keyspace.lock(index);
    if (!stripe_lock.TryLock()) continue;
    if (forget_all) {
      // One that has begun to track since then may have been remembered here: look with the lock.
      if (client_count() == 0) CutOff(stripe);
    } else {
      for (int i = 0; i < kEvictionsPerSlice && OverLimit() && stripe.table.keys() > 0; ++i) {
        EvictOne(stripe);
      }
    }
    stripe_lock.Unlock();
  }
  if (forget_all) RestIfNobodyTracks();
  FreeDead(deadline);
}

}  // namespace larder
