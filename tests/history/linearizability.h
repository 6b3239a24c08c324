// Whether the operations of one key are those of a key that does one thing at a time: there is an
// order of them that the model allows, in which each operation stands somewhere between its request
// and its reply.
//
// The search is the just-in-time one (Lowe, "Testing for linearizability", 2017): a configuration
// is a state and which of the operations under way have happened; whenever a reply comes, every
// configuration is carried on until that operation has happened, no further. A lost operation is
// under way for ever and need not happen. What never changes anything happens as soon as it is
// allowed (what happens to change nothing now must wait: later it may be needed for its change).
//
// A value may also go by itself, where its lifetime or the settings allow it:
//   - with lifetime_of, not before lifetime after the request that gave it, and then no operation
//     that was sent later than lifetime after that one's reply sees it (both with some slack:
//     clocks of a busy machine are read late);
//   - with `may_vanish`, at any time.
// Gone is gone: nothing may see it again.
//
// Cost: linear in the operations, exponential in those under way at one time that write: keep a
// key's clients and lost operations few. More than 64 under way are given up on.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "tests/history/operation.h"

namespace larder::history {

struct SearchOptions {
  bool may_vanish = false;  // eviction
  int64_t slack_ns = 0;     // of lifetimes
  size_t configurations_max = 1 << 20;
};

struct Verdict {
  enum class Outcome : uint8_t { kLinearizable, kWrong, kGivenUp };
  Outcome outcome = Outcome::kLinearizable;
  size_t operation = 0;  // the one whose reply no order explains, an index into the operations
};

template <typename Model>
class LinearizabilitySearch {
 public:
  using State = typename Model::State;

  // REQUIRES: operations sorted by invoke_ns.
  LinearizabilitySearch(std::span<const Operation> operations, const SearchOptions& options)
      : operations_(operations), options_(options) {}

  Verdict Run() {
    struct Reply {
      int64_t ns;
      uint32_t operation;
    };
    std::vector<Reply> replies;
    for (uint32_t i = 0; i < operations_.size(); ++i) {
      if (operations_[i].known()) replies.push_back({operations_[i].complete_ns, i});
    }
    std::sort(replies.begin(), replies.end(),
              [](const Reply& a, const Reply& b) { return a.ns < b.ns; });
    configurations_.insert(Configuration{});
    size_t sent = 0;
    for (const Reply& reply : replies) {
      now_ns_ = reply.ns;
      bool more = false;
      for (; sent < operations_.size() && operations_[sent].invoke_ns <= now_ns_; ++sent) {
        if (!Begin(static_cast<uint32_t>(sent))) return {Verdict::Outcome::kGivenUp, sent};
        more = true;
      }
      if (more) SettleAll();
      if (!Finish(reply.operation)) return {Verdict::Outcome::kWrong, reply.operation};
      if (configurations_.size() > options_.configurations_max) {
        return {Verdict::Outcome::kGivenUp, reply.operation};
      }
    }
    return {};
  }

 private:
  static constexpr int kSlots = 64;

  struct Configuration {
    State state{};
    uint64_t happened = 0;  // of those under way, by slot

    friend bool operator==(const Configuration&, const Configuration&) = default;
    template <typename H>
    friend H AbslHashValue(H hash, const Configuration& each) {
      return H::combine(std::move(hash), each.state, each.happened);
    }
  };
  using Configurations = absl::flat_hash_set<Configuration>;

  bool Begin(uint32_t operation) {
    const int slot = std::countr_one(under_way_);
    if (slot >= kSlots) return false;
    under_way_ |= uint64_t{1} << slot;
    slots_[slot] = operation;
    return true;
  }

  // Whether the value may still be seen by what was sent then, and whether it may be gone by now.
  bool MayBeThere(const State& state, const Operation& operation) const {
    const int32_t lifetime_of = Model::LifetimeOf(state);
    if (lifetime_of < 0) return true;
    const Operation& giver = operations_[static_cast<size_t>(lifetime_of)];
    if (!giver.known()) return true;
    return operation.invoke_ns <=
           giver.complete_ns + giver.lifetime_ms * kNanosPerMilli + options_.slack_ns;
  }
  bool MayBeGone(const State& state) const {
    if (Model::Empty(state)) return false;
    if (options_.may_vanish) return true;
    const int32_t lifetime_of = Model::LifetimeOf(state);
    if (lifetime_of < 0) return false;
    const Operation& giver = operations_[static_cast<size_t>(lifetime_of)];
    return now_ns_ >= giver.invoke_ns + giver.lifetime_ms * kNanosPerMilli - options_.slack_ns;
  }

  // Lets happen what is under way, is allowed, and never changes anything: it can only help.
  void Settle(Configuration* each) const {
    State same;
    for (uint64_t left = under_way_ & ~each->happened; left != 0; left &= left - 1) {
      const int slot = std::countr_zero(left);
      const Operation& operation = operations_[slots_[slot]];
      if (!ChangesNothing(operation) || !MayBeThere(each->state, operation)) continue;
      if (Model::Apply(each->state, operation, static_cast<int32_t>(slots_[slot]), &same)) {
        each->happened |= uint64_t{1} << slot;
      }
    }
  }

  void SettleAll() {
    Configurations settled;
    for (Configuration each : configurations_) {
      Settle(&each);
      settled.insert(std::move(each));
    }
    configurations_ = std::move(settled);
  }

  // Carries every configuration on until `operation` has happened. False when none can be.
  bool Finish(uint32_t operation) {
    uint64_t bit = 0;
    for (uint64_t left = under_way_; left != 0; left &= left - 1) {
      if (slots_[std::countr_zero(left)] == operation) bit = left & -left;
    }
    Configurations done;
    Configurations seen = configurations_;
    std::vector<Configuration> open(configurations_.begin(), configurations_.end());
    while (!open.empty() && seen.size() <= options_.configurations_max) {
      Configuration each = std::move(open.back());
      open.pop_back();
      if ((each.happened & bit) != 0) {
        each.happened &= ~bit;
        done.insert(std::move(each));
        continue;
      }
      const auto reach = [&](Configuration next) {
        Settle(&next);
        if (seen.insert(next).second) open.push_back(std::move(next));
      };
      for (uint64_t left = under_way_ & ~each.happened; left != 0; left &= left - 1) {
        const int slot = std::countr_zero(left);
        const Operation& candidate = operations_[slots_[slot]];
        if (!MayBeThere(each.state, candidate)) continue;
        Configuration next{.state = {}, .happened = each.happened | (left & -left)};
        if (Model::Apply(each.state, candidate, static_cast<int32_t>(slots_[slot]), &next.state)) {
          reach(std::move(next));
        }
      }
      if (MayBeGone(each.state)) reach({.state = {}, .happened = each.happened});
    }
    under_way_ &= ~bit;
    configurations_ = std::move(done);
    ForgetWhatHappened();
    return !configurations_.empty();
  }

  // A lost operation that has happened in every configuration is under way no more.
  void ForgetWhatHappened() {
    uint64_t everywhere = under_way_;
    for (const Configuration& each : configurations_) {
      everywhere &= each.happened;
      if (everywhere == 0) return;
    }
    uint64_t lost = 0;
    for (uint64_t left = everywhere; left != 0; left &= left - 1) {
      if (!operations_[slots_[std::countr_zero(left)]].known()) lost |= left & -left;
    }
    if (lost == 0) return;
    under_way_ &= ~lost;
    Configurations fewer;
    for (Configuration each : configurations_) {
      each.happened &= ~lost;
      fewer.insert(std::move(each));
    }
    configurations_ = std::move(fewer);
  }

  static constexpr int64_t kNanosPerMilli = 1'000'000;

  std::span<const Operation> operations_;
  SearchOptions options_;
  Configurations configurations_;
  uint64_t under_way_ = 0;
  uint32_t slots_[kSlots] = {};
  int64_t now_ns_ = 0;
};

}  // namespace larder::history
