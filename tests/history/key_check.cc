#include "tests/history/key_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "tests/history/models.h"

namespace larder::history {
namespace {

constexpr size_t kViolationsMax = 10;
constexpr int64_t kShownBeforeMax = 12;  // operations in a report, on either side
constexpr int64_t kShownAfterMax = 4;

bool Reads(Kind kind) {
  return kind == Kind::kGet || kind == Kind::kHas || kind == Kind::kMembers ||
         kind == Kind::kCount || kind == Kind::kLength || kind == Kind::kAll;
}

// A lost SPOP may have taken anything: what follows it says nothing. What was under way then is
// lost, too.
void CutAtLostTakes(std::vector<Operation>* operations) {
  int64_t end_ns = kNever;
  for (const Operation& operation : *operations) {
    if (operation.kind != Kind::kTakeAny || operation.known()) continue;
    end_ns = std::min(end_ns, operation.invoke_ns);
  }
  if (end_ns == kNever) return;
  std::erase_if(*operations, [&](const Operation& operation) {
    return operation.invoke_ns >= end_ns ||
           (operation.kind == Kind::kTakeAny && operation.complete_ns > end_ns);
  });
  for (Operation& operation : *operations) {
    if (operation.complete_ns > end_ns) operation.complete_ns = kNever;
  }
}

Verdict Search(Family family, std::span<const Operation> operations, const SearchOptions& options) {
  if (family == Family::kSet) return LinearizabilitySearch<SetModel>(operations, options).Run();
  if (family == Family::kList) return LinearizabilitySearch<ListModel>(operations, options).Run();
  return LinearizabilitySearch<ValueModel>(operations, options).Run();
}

std::string Tell(const std::vector<Operation>& operations, size_t wrong) {
  constexpr const char* kNames[] = {
      "register", "expiring register", "counter", "group of three", "set", "list"};
  std::string text = fmt::format(
      "key {} ({}), {} operations: no order explains the reply marked >\n", operations[wrong].key,
      kNames[static_cast<size_t>(operations[wrong].family)], operations.size());
  std::vector<size_t> by_reply(operations.size());
  for (size_t i = 0; i < by_reply.size(); ++i) by_reply[i] = i;
  std::stable_sort(by_reply.begin(), by_reply.end(), [&](size_t a, size_t b) {
    return operations[a].complete_ns < operations[b].complete_ns;
  });
  const auto found = std::find(by_reply.begin(), by_reply.end(), wrong) - by_reply.begin();
  const auto last = std::min<int64_t>(found + kShownAfterMax, std::ssize(by_reply) - 1);
  const int64_t origin_ns = operations.front().invoke_ns;
  for (int64_t i = std::max<int64_t>(0, found - kShownBeforeMax); i <= last; ++i) {
    text += (i == found ? "  > " : "    ") +
            Describe(operations[by_reply[static_cast<size_t>(i)]], origin_ns) + "\n";
  }
  return text;
}

void CheckKey(std::vector<Operation> operations, const SearchOptions& options, KeyReport* report) {
  ++report->keys;
  report->operations += static_cast<size_t>(std::ranges::count_if(
      operations, [](const Operation& operation) { return operation.kind != Kind::kFlush; }));
  report->lost += static_cast<size_t>(std::ranges::count_if(
      operations, [](const Operation& operation) { return !operation.known(); }));
  CutAtLostTakes(&operations);
  // A read that nobody heard of says nothing.
  std::erase_if(operations, [](const Operation& operation) {
    return !operation.known() && Reads(operation.kind);
  });
  if (operations.empty()) return;
  const Verdict verdict = Search(operations.front().family, operations, options);
  if (verdict.outcome == Verdict::Outcome::kGivenUp) ++report->given_up;
  if (verdict.outcome != Verdict::Outcome::kWrong) return;
  if (report->violations.size() < kViolationsMax) {
    report->violations.push_back(Tell(operations, verdict.operation));
  }
}

}  // namespace

KeyReport CheckKeys(std::vector<Operation> operations, const SearchOptions& options) {
  std::stable_sort(operations.begin(), operations.end(), [](const auto& a, const auto& b) {
    return std::pair(a.key, a.invoke_ns) < std::pair(b.key, b.invoke_ns);
  });
  KeyReport report;
  for (size_t begin = 0; begin < operations.size();) {
    size_t end = begin;
    while (end < operations.size() && operations[end].key == operations[begin].key) ++end;
    CheckKey({std::make_move_iterator(operations.begin() + static_cast<int64_t>(begin)),
              std::make_move_iterator(operations.begin() + static_cast<int64_t>(end))},
             options, &report);
    begin = end;
  }
  return report;
}

}  // namespace larder::history
