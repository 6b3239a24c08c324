#include "server/blocking.h"

#include <algorithm>

namespace larder {

std::string WaiterRegistry::Name(int database, std::string_view key) {
  std::string name = std::to_string(database);
  name += ' ';
  name += key;
  return name;
}

void WaiterRegistry::Add(size_t stripe, int database, std::string_view key, WaiterPointer waiter) {
  Stripe& of = stripes_[stripe];
  if (!waiter->other_keys.empty()) ++of.with_other_keys;
  auto& line = of.lines[Name(database, key)];
  if (line.empty()) keys_.fetch_add(1, std::memory_order_relaxed);
  line.push_back(std::move(waiter));
}

void WaiterRegistry::Remove(size_t stripe, int database, std::string_view key,
                            const Waiter* waiter) {
  Stripe& of = stripes_[stripe];
  const auto found = of.lines.find(Name(database, key));
  if (found == of.lines.end()) return;
  auto& line = found->second;
  const auto at = std::find_if(line.begin(), line.end(),
                               [waiter](const WaiterPointer& one) { return one.get() == waiter; });
  if (at == line.end()) return;
  if (!waiter->other_keys.empty()) --of.with_other_keys;
  line.erase(at);
  if (!line.empty()) return;
  of.lines.erase(found);
  keys_.fetch_sub(1, std::memory_order_relaxed);
}

WaiterPointer WaiterRegistry::Next(size_t stripe, int database, std::string_view key, size_t skip) {
  const Stripe& of = stripes_[stripe];
  const auto found = of.lines.find(Name(database, key));
  if (found == of.lines.end()) return nullptr;
  for (const WaiterPointer& waiter : found->second) {
    if (!waiter->waiting()) continue;
    if (skip-- == 0) return waiter;
  }
  return nullptr;
}

void WaiterRegistry::ForOtherKeys(size_t stripe,
                                  const std::function<void(std::string_view)>& visit) const {
  const Stripe& of = stripes_[stripe];
  if (of.with_other_keys == 0) return;
  for (const auto& [name, line] : of.lines) {
    for (const WaiterPointer& waiter : line) {
      for (const std::string& key : waiter->other_keys) visit(key);
    }
  }
}

}  // namespace larder
