// Leases on the keys of one database in one stripe: who may fill a key that is missing, or about to
// be. At most one a key. A lease ends at its time, with the fill, when its holder gives it back,
// and with everything that writes or removes the key meanwhile: a value that was computed before an
// invalidation cannot be stored after it (Nishtala et al., Scaling Memcache at Facebook, NSDI
// 2013). They lie beside the table, as a missing key has no entry.
//
// O(log N). Not thread-safe: guarded by the lock of the stripe; the count of all of them is shared.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/btree_map.h"
#include "storage/string_map.h"

namespace larder::storage {

struct Lease {
  uint64_t token;
  int64_t until_ms;      // Unix time
  uint64_t purge_clock;  // of its grant: a fill with a tag that was purged since is too old
};

class Leases {
 public:
  // `count`: of all leases of the keyspace.
  explicit Leases(std::atomic<int64_t>& count) : count_(&count) {}
  ~Leases() { Clear(); }
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;

  const Lease* Find(std::string_view key, int64_t now_ms) const;  // null when it has ended
  void Grant(std::string_view key, const Lease& lease);           // in the place of another
  bool End(std::string_view key);
  void EndOverdue(int64_t now_ms);
  void Clear();

  size_t size() const { return leases_.size(); }
  int64_t next_end_ms() const;  // kNeverDue when there is none
  template <class Goes>
  void EndIf(Goes goes) {  // goes(key); O(N)
    for (auto at = leases_.begin(); at != leases_.end();) {
      const auto next = std::next(at);
      if (goes(std::string_view(at->first))) Drop(at);
      at = next;
    }
  }

 private:
  using Map = StringMap<Lease>;
  void Drop(Map::iterator at);

  Map leases_;
  absl::btree_map<std::pair<int64_t, uint64_t>, std::string> order_;  // by end and token: the key
  std::atomic<int64_t>* count_;
};

}  // namespace larder::storage
