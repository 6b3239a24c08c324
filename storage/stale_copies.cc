#include "storage/stale_copies.h"

#include <cstring>
#include <new>
#include <vector>

#include "storage/blob.h"
#include "storage/expiry_wheel.h"
#include "storage/hash_table_inline.h"

namespace larder::storage {

template class HashTable<StaleSlot>;

std::string_view StaleCopy::bytes() const { return static_cast<const Blob&>(*value).bytes(); }

StaleSlot StaleSlot::Make(std::string_view key, StaleCopy copy) {
  StaleSlot slot;
  slot.node_ = new (memory::Allocate(sizeof(Node) + key.size())) Node{std::move(copy), key.size()};
  std::memcpy(static_cast<void*>(slot.node_ + 1), key.data(), key.size());
  return slot;
}

void StaleSlot::Free() {
  node_->~Node();
  memory::Deallocate(node_);
}

void StaleCopies::Add(std::string_view key, StaleCopy copy) {
  Erase(key);
  const int64_t until_ms = copy.until_ms();
  const auto make = [&] { return StaleSlot::Make(key, std::move(copy)); };
  order_.emplace(until_ms, table_.FindOrInsert(key, make).first->text());
}

const StaleCopy* StaleCopies::Find(std::string_view key) const {
  const StaleSlot* const slot = table_.Find(key);
  return slot == nullptr ? nullptr : &slot->copy();
}

bool StaleCopies::Erase(std::string_view key) {
  const StaleSlot* const slot = table_.Find(key);
  if (slot == nullptr) return false;
  order_.erase({slot->copy().until_ms(), slot->text()});
  lazy_free_->Discard(std::move(slot->copy().value));
  return table_.Erase(slot->text());
}

int64_t StaleCopies::next_end_ms() const {
  return order_.empty() ? kNeverDue : order_.begin()->first;
}

bool StaleCopies::EraseEnded(int64_t now_ms, SliceBudget& budget) {
  while (next_end_ms() <= now_ms) {
    if (budget.Spent(SliceBudget::kStepsPerClockRead)) return true;
    EraseFirst();
  }
  return false;
}

uint64_t StaleCopies::EraseSome(uint64_t cursor, size_t count, const Goes& goes) {
  std::vector<std::string_view> gone;
  cursor = table_.Scan(cursor, count, [&](const StaleSlot& slot) {
    if (goes(slot.text(), slot.copy())) gone.push_back(slot.text());
  });
  for (const std::string_view key : gone) Erase(key);
  return cursor;
}

bool StaleCopies::FreeSome(size_t copies) {
  for (size_t freed = 0; freed < copies && !order_.empty(); ++freed) order_.erase(order_.begin());
  return table_.FreeSome(copies) && order_.empty();
}

}  // namespace larder::storage
