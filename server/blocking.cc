#include "server/blocking.h"

#include <algorithm>
#include <utility>

namespace larder {

std::string WaiterRegistry::Name(int database, std::string_view key) {
  std::string name = std::to_string(database);
  name += ' ';
  name += key;
  return name;
}

void WaiterRegistry::Add(size_t stripe, int database, std::string_view key, WaiterPointer waiter) {
  Stripe& of = stripes_[stripe];
  for (const size_t other : waiter->other_stripes) ++of.other_stripes[other];
  auto& line = of.lines[Name(database, key)];
  if (line.empty()) keys_.fetch_add(1, std::memory_order_relaxed);
  auto place = line.end();
  if (waiter->wants_missing && !line.empty() && !line.back()->wants_missing) {
    place = std::find_if(line.begin(), line.end(),
                         [](const WaiterPointer& other) { return !other->wants_missing; });
  }
  line.insert(place, std::move(waiter));
}

void WaiterRegistry::Drop(Stripe& of, Lines::iterator line,
                          std::deque<WaiterPointer>::iterator waiter) {
  for (const size_t other : (*waiter)->other_stripes) {
    if (--of.other_stripes[other] == 0) of.other_stripes.erase(other);
  }
  line->second.erase(waiter);
  if (!line->second.empty()) return;
  of.lines.erase(line);
  keys_.fetch_sub(1, std::memory_order_relaxed);
}

void WaiterRegistry::Remove(size_t stripe, int database, std::string_view key,
                            const Waiter* waiter) {
  Stripe& of = stripes_[stripe];
  const auto found = of.lines.find(Name(database, key));
  if (found == of.lines.end()) return;
  auto& line = found->second;
  const auto at = std::find_if(line.begin(), line.end(),
                               [waiter](const WaiterPointer& one) { return one.get() == waiter; });
  if (at != line.end()) Drop(of, found, at);
}

WaiterPointer WaiterRegistry::At(size_t stripe, int database, std::string_view key, size_t index) {
  Stripe& of = stripes_[stripe];
  while (true) {
    const auto found = of.lines.find(Name(database, key));
    if (found == of.lines.end() || index >= found->second.size()) return nullptr;
    const WaiterPointer& waiter = found->second[index];
    if (index > 0 || waiter->waiting()) return waiter;
    Drop(of, found, found->second.begin());
  }
}

void WaiterRegistry::RemoveLater(WaiterPointer waiter) {
  std::lock_guard lock(left_over_mutex_);
  left_over_.push_back(std::move(waiter));
  left_over_count_.store(left_over_.size(), std::memory_order_relaxed);
}

std::vector<WaiterPointer> WaiterRegistry::TakeLeftOver() {
  std::lock_guard lock(left_over_mutex_);
  left_over_count_.store(0, std::memory_order_relaxed);
  return std::exchange(left_over_, {});
}

void WaiterRegistry::ForKeys(int database,
                             const std::function<void(std::string_view)>& visit) const {
  const std::string prefix = Name(database, "");
  for (const Stripe& of : stripes_) {
    for (const auto& [name, line] : of.lines) {
      if (name.starts_with(prefix)) visit(std::string_view(name).substr(prefix.size()));
    }
  }
}

}  // namespace larder
