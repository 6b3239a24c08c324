#include "server/watching.h"

#include <algorithm>

namespace larder {

void WatchKey(Engine& engine, Session& session, const storage::Key& key) {
  const bool known =
      std::any_of(session.watched.begin(), session.watched.end(), [&](const WatchedKey& watched) {
        return watched.database == session.database && watched.key == key.bytes;
      });
  if (known) return;
  const size_t stripe = engine.keyspace.StripeOf(key.hash);
  engine.keyspace.watches(stripe).Add(session.database, key.bytes, &session.watch_dirty);
  session.watched.push_back({session.database, std::string(key.bytes), key.hash});
  session.record->watched_keys.store(static_cast<int>(session.watched.size()),
                                     std::memory_order_relaxed);
}

void UnwatchAll(Engine& engine, Session& session, bool stripes_held) {
  for (const WatchedKey& watched : session.watched) {
    const size_t stripe = engine.keyspace.StripeOf(watched.hash);
    if (!stripes_held) engine.keyspace.lock(stripe).Lock();
    engine.keyspace.watches(stripe).Remove(watched.database, watched.key, &session.watch_dirty);
    if (!stripes_held) engine.keyspace.lock(stripe).Unlock();
  }
  session.watched.clear();
  session.watch_dirty.store(false, std::memory_order_relaxed);
  session.record->watched_keys.store(0, std::memory_order_relaxed);
}

}  // namespace larder
