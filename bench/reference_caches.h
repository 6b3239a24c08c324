// Simulated caches to compare the real one with. All count only keys and values, no overhead, and
// notice the end of a lifetime when the object is asked for.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "bench/cache_trace.h"

namespace larder::bench {

// Replays a trace through a policy, which has Hit(object, now), Insert(object, now), Victim() and
// Gone(object). Returns how many requests hit.
template <class Policy>
uint64_t Replay(const CacheTrace& trace, uint64_t capacity, Policy& policy) {
  struct State {
    uint32_t size = 0;
    bool resident = false;
    int64_t expire_ms = 0;
  };
  std::vector<State> states(trace.keys.size());
  uint64_t used = 0, hits = 0, now = 0;
  const auto remove = [&](uint32_t object) {
    used -= states[object].size;
    states[object].resident = false;
  };
  for (const Request& request : trace.requests) {
    ++now;
    State& state = states[request.object];
    if (state.resident && state.expire_ms <= request.time_ms) {
      policy.Gone(request.object);
      remove(request.object);
    }
    if (state.resident) {
      ++hits;
      policy.Hit(request.object, now);
      continue;
    }
    if (request.size > capacity) continue;
    while (used + request.size > capacity) remove(policy.Victim());
    state = {request.size, true,
             request.ttl_ms == 0 ? std::numeric_limits<int64_t>::max()
                                 : request.time_ms + request.ttl_ms};
    used += request.size;
    policy.Insert(request.object, now);
  }
  return hits;
}

class ExactLru {
 public:
  explicit ExactLru(const CacheTrace& trace) : places_(trace.keys.size()) {}
  void Hit(uint32_t object, uint64_t) { order_.splice(order_.end(), order_, places_[object]); }
  void Insert(uint32_t object, uint64_t) { places_[object] = order_.insert(order_.end(), object); }
  void Gone(uint32_t object) { order_.erase(places_[object]); }
  uint32_t Victim() {
    const uint32_t victim = order_.front();
    order_.pop_front();
    return victim;
  }

 private:
  std::list<uint32_t> order_;
  std::vector<std::list<uint32_t>::iterator> places_;
};

// Redis: five random keys at a time go through a pool of the 16 best candidates. LRU takes the key
// that was idle longest; LFU the one with the smallest logarithmic counter (lfu-log-factor 10),
// which halves its distance to zero by one a minute (lfu-decay-time 1).
class RedisSampler {
 public:
  RedisSampler(const CacheTrace& trace, bool lfu) : keys_(trace.keys.size()), lfu_(lfu) {}

  void Hit(uint32_t object, uint64_t now) {
    now_ = now;
    Key& key = keys_[object];
    const uint32_t counter = Decayed(key);
    const double base = counter > kInitial ? counter - kInitial : 0;
    const bool up = counter < 255 && uniform_(random_) < 1 / (base * 10 + 1);
    key.counter = static_cast<uint8_t>(counter + (up ? 1 : 0));
    key.used = now;
  }
  void Insert(uint32_t object, uint64_t now) {
    now_ = now;
    keys_[object] = {now, kInitial, resident_.size()};
    resident_.push_back(object);
  }
  void Gone(uint32_t object) {
    const size_t place = keys_[object].place;
    resident_[place] = resident_.back();
    keys_[resident_[place]].place = place;
    resident_.pop_back();
    keys_[object].place = kNowhere;
    std::erase_if(pool_, [&](const auto& candidate) { return candidate.second == object; });
  }
  uint32_t Victim() {
    for (int i = 0; i < 5; ++i) {
      const uint32_t object = resident_[random_() % resident_.size()];
      std::erase_if(pool_, [&](const auto& candidate) { return candidate.second == object; });
      pool_.emplace_back(Worth(keys_[object]), object);
    }
    std::sort(pool_.begin(), pool_.end());
    if (pool_.size() > 16) pool_.resize(16);
    const uint32_t victim = pool_.front().second;
    Gone(victim);
    return victim;
  }

 private:
  static constexpr uint8_t kInitial = 5;
  static constexpr size_t kNowhere = std::numeric_limits<size_t>::max();
  // Few traces tell the time. What suits Redis best differs from trace to trace.
  static constexpr uint64_t kRequestsPerMinute = 20'000;
  struct Key {
    uint64_t used = 0;
    uint8_t counter = 0;
    size_t place = kNowhere;
  };

  uint32_t Decayed(const Key& key) const {
    const uint64_t minutes = (now_ - key.used) / kRequestsPerMinute;
    return minutes >= key.counter ? 0 : static_cast<uint32_t>(key.counter - minutes);
  }
  double Worth(const Key& key) const {
    return lfu_ ? static_cast<double>(Decayed(key)) : static_cast<double>(key.used);
  }

  std::vector<Key> keys_;
  std::vector<uint32_t> resident_;
  std::vector<std::pair<double, uint32_t>> pool_;
  bool lfu_;
  uint64_t now_ = 0;
  std::mt19937_64 random_{1};
  std::uniform_real_distribution<double> uniform_{0, 1};
};

// Yang et al., "FIFO Queues are All You Need for Cache Eviction", SOSP 2023: a small queue of 10 %,
// a main queue with second chances, and ghosts of as many objects as the main queue holds.
class S3Fifo {
 public:
  S3Fifo(const CacheTrace& trace, uint64_t capacity)
      : trace_(trace), small_bytes_max_(capacity / 10), states_(trace.keys.size()) {}

  void Hit(uint32_t object, uint64_t) {
    uint8_t& uses = states_[object].uses;
    uses = static_cast<uint8_t>(std::min(uses + 1, 3));
  }
  void Insert(uint32_t object, uint64_t) {
    State& state = states_[object];
    state.uses = 0;
    Put(object, state.ghost ? Queue::kMain : Queue::kSmall);
    state.ghost = false;
  }
  void Gone(uint32_t object) { Leave(object); }
  uint32_t Victim() {
    while (true) {
      if (small_bytes_ >= small_bytes_max_ || main_count_ == 0) {
        if (const auto victim = FromSmall()) return *victim;
      } else if (const auto victim = FromMain()) {
        return *victim;
      }
    }
  }

 private:
  enum class Queue : uint8_t { kNone, kSmall, kMain };
  struct State {
    Queue queue = Queue::kNone;
    uint8_t uses = 0;
    bool ghost = false;
    uint32_t turn = 0;  // which of its places in the queues is the valid one
  };
  using Place = std::pair<uint32_t, uint32_t>;  // object, turn

  void Put(uint32_t object, Queue queue) {
    State& state = states_[object];
    state.queue = queue;
    ++state.turn;
    (queue == Queue::kSmall ? small_ : main_).emplace_back(object, state.turn);
    if (queue == Queue::kSmall) small_bytes_ += trace_.size_max[object];
    if (queue == Queue::kMain) ++main_count_;
  }
  void Leave(uint32_t object) {
    State& state = states_[object];
    if (state.queue == Queue::kSmall) small_bytes_ -= trace_.size_max[object];
    if (state.queue == Queue::kMain) --main_count_;
    state.queue = Queue::kNone;
    ++state.turn;
  }
  bool Valid(const Place& place) const { return states_[place.first].turn == place.second; }
  std::optional<uint32_t> FromSmall() {
    while (!small_.empty()) {
      const Place place = small_.front();
      small_.pop_front();
      if (!Valid(place)) continue;
      const uint32_t object = place.first;
      Leave(object);
      if (states_[object].uses > 1) {
        states_[object].uses = 0;
        Put(object, Queue::kMain);
        continue;
      }
      states_[object].ghost = true;
      ghosts_.push_back(object);
      while (ghosts_.size() > std::max<size_t>(main_count_, 1)) {
        states_[ghosts_.front()].ghost = false;
        ghosts_.pop_front();
      }
      return object;
    }
    return std::nullopt;
  }
  std::optional<uint32_t> FromMain() {
    while (!main_.empty()) {
      const Place place = main_.front();
      main_.pop_front();
      if (!Valid(place)) continue;
      const uint32_t object = place.first;
      Leave(object);
      if (states_[object].uses == 0) return object;
      --states_[object].uses;
      Put(object, Queue::kMain);
    }
    return std::nullopt;
  }

  const CacheTrace& trace_;
  uint64_t small_bytes_max_;
  std::vector<State> states_;
  std::deque<Place> small_, main_;
  std::deque<uint32_t> ghosts_;
  uint64_t small_bytes_ = 0;
  size_t main_count_ = 0;
};

// Belady's MIN: evicts what is needed again last, the new object itself included. Optimal for
// objects of one size; a good bound for others.
inline uint64_t ReplayBelady(const CacheTrace& trace, uint64_t capacity) {
  constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
  const auto& requests = trace.requests;
  std::vector<uint64_t> next(requests.size(), kNever);
  std::vector<uint64_t> upcoming(trace.keys.size(), kNever);
  for (size_t i = requests.size(); i-- > 0;) {
    next[i] = upcoming[requests[i].object];
    upcoming[requests[i].object] = i;
  }
  struct State {
    uint32_t size = 0;
    int64_t expire_ms = 0;
    uint64_t next = 0;
    bool resident = false;
  };
  std::vector<State> states(trace.keys.size());
  std::priority_queue<std::pair<uint64_t, uint32_t>> last_needed;
  uint64_t used = 0, hits = 0;
  for (size_t i = 0; i < requests.size(); ++i) {
    const Request& request = requests[i];
    State& state = states[request.object];
    if (state.resident && state.expire_ms > request.time_ms) {
      ++hits;
    } else {
      if (state.resident) used -= state.size;
      state = {request.size,
               request.ttl_ms == 0 ? std::numeric_limits<int64_t>::max()
                                   : request.time_ms + request.ttl_ms,
               0, true};
      used += request.size;
    }
    const bool needed = next[i] != kNever && requests[next[i]].time_ms < state.expire_ms;
    state.next = needed ? next[i] : kNever;
    last_needed.emplace(state.next, request.object);
    while (used > capacity) {
      const auto [when, object] = last_needed.top();
      last_needed.pop();
      if (!states[object].resident || states[object].next != when) continue;
      states[object].resident = false;
      used -= states[object].size;
    }
  }
  return hits;
}

}  // namespace larder::bench
