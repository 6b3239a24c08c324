#include "tests/history/append_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "tests/history/cycle_search.h"

namespace larder::history {
namespace {

using Fate = Transaction::Fate;

constexpr size_t kAnomaliesMax = 10;
constexpr size_t kShownValuesMax = 6;  // of a list, from its end

std::string Describe(const Transaction& transaction, int64_t origin_ns) {
  const auto micros = [&](int64_t ns) {
    return ns == kNever ? std::string("lost")
                        : fmt::format("{:.1f}", static_cast<double>(ns - origin_ns) / 1000);
  };
  std::string text =
      fmt::format("client {:2}  [{} .. {} us]  {}:", transaction.client,
                  micros(transaction.invoke_ns), micros(transaction.complete_ns), transaction.how);
  for (const Action& action : transaction.actions) {
    if (action.append) {
      text += fmt::format("  append {} to {}", action.value, action.key);
      if (action.length != 0) text += fmt::format(" (then {})", action.length);
      continue;
    }
    text += fmt::format("  read {}: {} values", action.key, action.list.size());
    const size_t shown = std::min(action.list.size(), kShownValuesMax);
    for (size_t i = action.list.size() - shown; i < action.list.size(); ++i) {
      text +=
          (i + shown == action.list.size() ? ", ending in " : " ") + std::to_string(action.list[i]);
    }
  }
  return text;
}

class Checker {
 public:
  explicit Checker(std::span<const Transaction> transactions) : transactions_(transactions) {
    for (const Transaction& each : transactions) origin_ns_ = std::min(origin_ns_, each.invoke_ns);
  }

  AppendReport Run() {
    happened_.resize(transactions_.size());
    Count();
    FindWriters();
    FindLists();
    for (auto& [key, list] : lists_) CheckList(key, list);
    for (uint32_t i = 0; i < transactions_.size(); ++i) {
      CheckInside(i);
      CheckReads(i);
    }
    CheckWholeness();
    if (report_.anomalies.empty()) CheckCycles();
    return std::move(report_);
  }

 private:
  struct Writer {
    uint32_t transaction;
    uint32_t action;
  };
  struct List {
    const std::vector<int64_t>* longest = nullptr;
    uint32_t read_by = 0;
    int64_t last_read_ns = 0;  // when the latest complete read was sent
    absl::flat_hash_map<int64_t, uint32_t> positions;
  };

  void Add(std::string name, std::string text, std::span<const uint32_t> who) {
    if (report_.anomalies.size() >= kAnomaliesMax) return;
    for (const uint32_t i : who) {
      text += "\n    " + Describe(transactions_[i], origin_ns_);
    }
    report_.anomalies.push_back({std::move(name), std::move(text)});
  }
  void Add(std::string name, std::string text, std::initializer_list<uint32_t> who) {
    Add(std::move(name), std::move(text), std::span(who.begin(), who.size()));
  }

  bool Committed(uint32_t i) const { return transactions_[i].fate == Fate::kCommitted; }

  void Count() {
    report_.transactions = transactions_.size();
    for (const Transaction& each : transactions_) {
      report_.lost += each.fate == Fate::kLost;
      report_.aborted += each.fate == Fate::kAborted;
    }
  }

  void FindWriters() {
    for (uint32_t i = 0; i < transactions_.size(); ++i) {
      const auto& actions = transactions_[i].actions;
      for (uint32_t a = 0; a < actions.size(); ++a) {
        if (actions[a].append) writers_[actions[a].value] = {i, a};
      }
    }
  }

  // The longest read of each list has the order of all its appends that anybody saw.
  void FindLists() {
    for (uint32_t i = 0; i < transactions_.size(); ++i) {
      if (!Committed(i)) continue;
      for (const Action& action : transactions_[i].actions) {
        if (action.append) continue;
        List& list = lists_[action.key];
        list.last_read_ns = std::max(list.last_read_ns, transactions_[i].invoke_ns);
        report_.values += action.list.size();
        if (list.longest != nullptr && list.longest->size() >= action.list.size()) continue;
        list.longest = &action.list;
        list.read_by = i;
      }
    }
  }

  void CheckList(uint32_t key, List& list) {
    for (uint32_t at = 0; at < list.longest->size(); ++at) {
      const int64_t value = (*list.longest)[at];
      if (!list.positions.emplace(value, at).second) {
        Add("twice", fmt::format("{} stands twice in {}", value, key), {list.read_by});
      }
      const auto writer = writers_.find(value);
      if (writer == writers_.end() || ActionOf(writer->second).key != key) {
        Add("nowhere", fmt::format("nobody appended {} to {}", value, key), {list.read_by});
      } else if (transactions_[writer->second.transaction].fate == Fate::kAborted) {
        Add("G1a", fmt::format("{} in {} is of a transaction that was aborted", value, key),
            {writer->second.transaction, list.read_by});
      }
    }
  }

  const Action& ActionOf(const Writer& writer) const {
    return transactions_[writer.transaction].actions[writer.action];
  }

  // A transaction sees its own appends, and the same list twice without any.
  void CheckInside(uint32_t i) {
    if (!Committed(i)) return;
    absl::flat_hash_map<uint32_t, std::vector<int64_t>> own;  // appended since
    absl::flat_hash_map<uint32_t, const Action*> last_read;
    for (const Action& action : transactions_[i].actions) {
      std::vector<int64_t>& appended = own[action.key];
      if (action.append) {
        appended.push_back(action.value);
        continue;
      }
      std::vector<int64_t> expected;
      const Action*& before = last_read[action.key];
      if (before != nullptr) {
        expected = before->list;
        expected.insert(expected.end(), appended.begin(), appended.end());
        if (expected != action.list) {
          Add("internal",
              fmt::format("two reads of {} differ by more than its appends", action.key), {i});
        }
      } else if (action.list.size() < appended.size() ||
                 !std::equal(appended.rbegin(), appended.rend(), action.list.rbegin())) {
        Add("internal", fmt::format("it does not see its own appends to {}", action.key), {i});
      }
      before = &action;
      appended.clear();
    }
  }

  void CheckReads(uint32_t i) {
    if (!Committed(i)) return;
    for (const Action& action : transactions_[i].actions) {
      const auto found = lists_.find(action.key);
      if (found == lists_.end()) continue;  // never read
      const List& list = found->second;
      if (action.append) {
        CheckAppend(i, action, list);
        continue;
      }
      if (!std::equal(action.list.begin(), action.list.end(), list.longest->begin())) {
        Add("incompatible", fmt::format("two reads of {} show other orders", action.key),
            {list.read_by, i});
        continue;
      }
      if (action.list.empty()) continue;
      const auto last = writers_.find(action.list.back());
      if (last == writers_.end() || last->second.transaction == i) continue;
      const uint32_t writer = last->second.transaction;
      const auto& actions = transactions_[writer].actions;
      for (uint32_t a = last->second.action + 1; a < actions.size(); ++a) {
        if (!actions[a].append || actions[a].key != action.key) continue;
        Add("G1b",
            fmt::format("a read of {} ends between two appends of one transaction", action.key),
            {writer, i});
        break;
      }
    }
  }

  void CheckAppend(uint32_t i, const Action& action, const List& list) {
    const auto position = list.positions.find(action.value);
    if (position == list.positions.end()) {
      if (list.last_read_ns > transactions_[i].complete_ns) {
        Add("lost",
            fmt::format("{} was appended to {}, and later nobody saw it", action.value, action.key),
            {i, list.read_by});
      }
    } else if (action.length != 0 && action.length != position->second + 1) {
      Add("length",
          fmt::format("{} was answered to be number {} of {}, and is number {}", action.value,
                      action.length, action.key, position->second + 1),
          {i});
    }
  }

  bool Seen(const Action& action) const {
    const auto list = lists_.find(action.key);
    return list != lists_.end() && list->second.positions.contains(action.value);
  }

  // What was lost happened as a whole or not at all, as far as everything was read at the end.
  void CheckWholeness() {
    for (uint32_t i = 0; i < transactions_.size(); ++i) {
      if (transactions_[i].fate != Fate::kLost) continue;
      size_t appends = 0, seen = 0;
      for (const Action& action : transactions_[i].actions) {
        if (!action.append) continue;
        ++appends;
        seen += Seen(action);
      }
      happened_[i] = seen > 0;
      if (seen != 0 && seen != appends) {
        Add("torn", fmt::format("{} of its {} appends happened", seen, appends), {i});
      }
    }
    for (uint32_t i = 0; i < transactions_.size(); ++i) {
      if (Committed(i)) happened_[i] = true;
    }
  }

  void AddEdge(uint32_t from, uint32_t to, EdgeKind kind) {
    if (from != to) edges_.push_back({from, to, kind});
  }

  void CheckCycles() {
    for (const auto& [key, list] : lists_) {
      const auto& order = *list.longest;
      for (size_t i = 1; i < order.size(); ++i) {
        AddEdge(WriterOf(order[i - 1]), WriterOf(order[i]), kWriteWrite);
      }
    }
    for (uint32_t i = 0; i < transactions_.size(); ++i) {
      if (!Committed(i)) continue;
      for (const Action& action : transactions_[i].actions) {
        if (action.append) continue;
        const auto& order = *lists_[action.key].longest;
        const size_t length = action.list.size();
        if (length > 0) AddEdge(WriterOf(order[length - 1]), i, kWriteRead);
        if (length < order.size()) AddEdge(i, WriterOf(order[length]), kReadWrite);
      }
    }
    const uint32_t nodes = AddRealTime();
    report_.edges = edges_.size();
    const Graph graph(nodes, std::move(edges_));
    NameCycle(graph);
  }

  uint32_t WriterOf(int64_t value) const { return writers_.find(value)->second.transaction; }

  // Moments in a row stand between who was answered and who was sent later.
  uint32_t AddRealTime() {
    struct Event {
      int64_t ns;
      bool sent;
      uint32_t transaction;
    };
    std::vector<Event> events;
    for (uint32_t i = 0; i < transactions_.size(); ++i) {
      if (!happened_[i]) continue;
      events.push_back({transactions_[i].invoke_ns, true, i});
      if (transactions_[i].complete_ns != kNever) {
        events.push_back({transactions_[i].complete_ns, false, i});
      }
    }
    // At the same moment: sent first, so that the two count as concurrent.
    std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
      return a.ns != b.ns ? a.ns < b.ns : a.sent && !b.sent;
    });
    auto nodes = static_cast<uint32_t>(transactions_.size());
    bool any = false;
    for (const Event& event : events) {
      if (event.sent) {
        if (any) edges_.push_back({nodes - 1, event.transaction, kRealTime});
        continue;
      }
      if (any) edges_.push_back({nodes - 1, nodes, kRealTime});
      edges_.push_back({event.transaction, nodes, kRealTime});
      ++nodes;
      any = true;
    }
    return nodes;
  }

  // The strongest name that fits.
  void NameCycle(const Graph& graph) {
    struct Search {
      const char* name;
      uint8_t kinds, once;
    };
    constexpr Search kSearches[] = {
        {"G0", kWriteWrite, 0},
        {"G1c", kWriteWrite | kWriteRead, 0},
        {"G-single", kWriteWrite | kWriteRead, kReadWrite},
        {"G2", kWriteWrite | kWriteRead | kReadWrite, 0},
        {"G0-realtime", kWriteWrite | kRealTime, 0},
        {"G1c-realtime", kWriteWrite | kWriteRead | kRealTime, 0},
        {"G-single-realtime", kWriteWrite | kWriteRead | kRealTime, kReadWrite},
        {"G2-realtime", kWriteWrite | kWriteRead | kReadWrite | kRealTime, 0},
    };
    // Nearly always there is none at all, which one search tells.
    if (graph.Cycle(kWriteWrite | kWriteRead | kReadWrite | kRealTime).empty()) return;
    for (const Search& search : kSearches) {
      const std::vector<Edge> cycle = graph.Cycle(search.kinds, search.once);
      if (cycle.empty()) continue;
      Add(search.name, Tell(cycle), std::initializer_list<uint32_t>{});
      return;
    }
  }

  std::string Tell(const std::vector<Edge>& cycle) const {
    std::string text = "a cycle:";
    for (const Edge& edge : cycle) {
      if (edge.from < transactions_.size()) {
        text += "\n    " + Describe(transactions_[edge.from], origin_ns_);
      }
      if (edge.to >= transactions_.size()) continue;  // by way of a moment
      text += edge.kind == kWriteWrite  ? "\n      before (it appended right in front of)"
              : edge.kind == kWriteRead ? "\n      before (it appended what was read by)"
              : edge.kind == kReadWrite ? "\n      before (it did not see the append of)"
                                        : "\n      before (it was answered before the request of)";
    }
    return text;
  }

  std::span<const Transaction> transactions_;
  int64_t origin_ns_ = kNever;
  AppendReport report_;
  absl::flat_hash_map<int64_t, Writer> writers_;
  absl::flat_hash_map<uint32_t, List> lists_;
  std::vector<bool> happened_;
  std::vector<Edge> edges_;
};

}  // namespace

AppendReport CheckAppends(std::span<const Transaction> transactions) {
  return Checker(transactions).Run();
}

}  // namespace larder::history
