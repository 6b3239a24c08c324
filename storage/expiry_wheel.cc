#include "storage/expiry_wheel.h"

#include <algorithm>
#include <limits>
#include <new>

namespace larder::storage {

ExpiryWheel::~ExpiryWheel() {
  FreeSome(std::numeric_limits<size_t>::max());
  memory::Deallocate(levels_);
}

bool ExpiryWheel::FreeSome(size_t chunks) {
  const size_t left_before = chunk_count_;
  const auto quota = [&] { return chunks - std::min(chunks, left_before - chunk_count_); };
  FreeList(due_.chunk, quota());
  FreeList(compacted_.chunk, quota());
  for (int level = 0; levels_ != nullptr && level < kLevels && chunk_count_ > 0; ++level) {
    for (Chunk*& head : levels_[level].heads) FreeList(head, quota());
  }
  return chunk_count_ == 0;
}

bool ExpiryWheel::Add(uint32_t reference, int64_t at_ms, int64_t now_ms) {
  if (Idle()) Start(now_ms);
  const Place place = PlaceOf(at_ms);
  Push(levels_[place.level], static_cast<size_t>(place.slot % kSlots), reference);
  ++reference_count_;
  next_due_ms_ = std::min(next_due_ms_, DueMs(place.level, place.slot));
  return place.exact;
}

size_t ExpiryWheel::TakeSoonest(std::span<uint32_t> out, int64_t* slot_end_ms) {
  if (Idle()) return 0;
  for (Detached* detached : {&due_, &compacted_}) {
    size_t taken = 0;
    while (taken < out.size() && detached->chunk != nullptr) out[taken++] = Pop(*detached);
    if (taken > 0) return *slot_end_ms = detached->slot_end_ms, taken;
  }
  int best_level = -1;
  int64_t best_slot = 0;
  for (int level = 0; level < kLevels; ++level) {
    const int64_t slot = FirstOccupied(level);
    if (slot < 0) continue;
    if (best_level < 0 || slot << Shift(level) < best_slot << Shift(best_level)) {
      best_level = level;
      best_slot = slot;
    }
  }
  if (best_level < 0) {  // all that is left waits in the batch of a compaction
    size_t taken = 0;
    while (taken < out.size() && !batch_.empty()) out[taken++] = PopBatch();
    return *slot_end_ms = compacted_.slot_end_ms, taken;
  }
  *slot_end_ms = SlotEndMs(best_level, best_slot);
  return TakeFromSlot(best_level, best_slot, out);
}

size_t ExpiryWheel::TakeRandom(uint64_t random, std::span<uint32_t> out, int64_t* slot_end_ms) {
  size_t filed = 0;
  if (levels_ != nullptr) {
    for (int level = 0; level < kLevels; ++level) filed += levels_[level].references;
  }
  if (filed == 0) return TakeSoonest(out, slot_end_ms);
  size_t rank = random % filed;
  int level_drawn = 0;
  while (rank >= levels_[level_drawn].references) rank -= levels_[level_drawn++].references;
  Level& level = levels_[level_drawn];
  size_t index = 0;
  while (rank >= level.counts[index]) rank -= level.counts[index++];
  *slot_end_ms = SlotEndMs(level_drawn, SlotAt(level, index));

  // From a chunk some way down the list, so that not only the newest references are drawn. What is
  // taken from it is replaced from the head: only the head may be partly filled.
  Chunk* chunk = level.heads[index];
  for (auto steps = rank % kWalkChunksMax; steps > 0 && chunk->next != nullptr; --steps) {
    chunk = chunk->next;
  }
  const size_t taken = std::min<size_t>(out.size(), chunk->used);
  for (size_t i = 0; i < taken; ++i) {
    if (chunk == level.heads[index]) {
      out[i] = PopHead(level, index);
    } else {
      uint32_t& drawn = chunk->references[(rank + i) % Chunk::kReferences];
      out[i] = drawn;
      drawn = PopHead(level, index);
    }
  }
  reference_count_ -= taken;
  return taken;
}

size_t ExpiryWheel::Backlog(int64_t now_ms) const {
  size_t backlog = due_.level == 0 ? due_.references : 0;
  if (levels_ == nullptr) return backlog;
  const Level& level = levels_[0];
  const int64_t end = std::min(TargetSlot(0, now_ms), level.cursor + kSlots);
  for (int64_t slot = level.cursor; slot < end; ++slot) backlog += level.counts[slot % kSlots];
  return backlog;
}

int64_t ExpiryWheel::LagMs(int64_t now_ms) const {
  if (due_.chunk != nullptr && due_.level == 0)
    return std::max<int64_t>(0, now_ms - due_.slot_end_ms);
  if (levels_ == nullptr) return 0;
  const int64_t slot = FirstOccupied(0);
  return slot < 0 ? 0 : std::max<int64_t>(0, now_ms - SlotEndMs(0, slot));
}

size_t ExpiryWheel::MemoryBytes() const {
  return chunk_count_ * sizeof(Chunk) + (levels_ != nullptr ? kLevels * sizeof(Level) : 0) +
         batch_.capacity() * sizeof(uint32_t);
}

// ---- places

int64_t ExpiryWheel::SlotEndMs(int level, int64_t slot) {
  const int shift = Shift(level);
  if (slot >= std::numeric_limits<int64_t>::max() >> shift) {
    return std::numeric_limits<int64_t>::max();
  }
  return (slot + 1) << shift;
}

// When a slot comes up.
int64_t ExpiryWheel::DueMs(int level, int64_t slot) {
  return level == 0 ? SlotEndMs(0, slot) : (slot - 1) << Shift(level);
}

// The slots before the returned one have come up: on level 0 when they are over, above it one slot
// before they begin.
int64_t ExpiryWheel::TargetSlot(int level, int64_t now_ms) {
  const int64_t slot = now_ms >> Shift(level);
  return level == 0 ? slot : slot + 2;
}

void ExpiryWheel::Start(int64_t now_ms) {
  if (levels_ == nullptr) {
    levels_ = static_cast<Level*>(memory::Allocate(kLevels * sizeof(Level)));
    for (int level = 0; level < kLevels; ++level) new (&levels_[level]) Level();
  }
  next_due_ms_ = kNeverDue;
  for (int level = 0; level < kLevels; ++level) {
    levels_[level].cursor = TargetSlot(level, std::max<int64_t>(0, now_ms));
  }
}

ExpiryWheel::Place ExpiryWheel::PlaceOf(int64_t at_ms) const {
  at_ms = std::max<int64_t>(0, at_ms);
  for (int level = 0; level < kLevels; ++level) {
    const int64_t cursor = levels_[level].cursor;
    const int64_t slot = std::max(at_ms >> Shift(level), cursor);
    if (slot < cursor + kSlots) return {level, slot, true};
  }
  return {kLevels - 1, levels_[kLevels - 1].cursor + kSlots - 1, false};
}

// The number of the slot that lies at an index of the ring.
int64_t ExpiryWheel::SlotAt(const Level& level, size_t index) {
  const int64_t ahead = static_cast<int64_t>(index) - level.cursor % kSlots;
  return level.cursor + (ahead < 0 ? ahead + kSlots : ahead);
}

int64_t ExpiryWheel::FirstOccupied(int level) const {
  const Level& searched = levels_[level];
  if (searched.references == 0) return -1;
  int64_t slot = searched.cursor;
  while (searched.counts[slot % kSlots] == 0) ++slot;
  return slot;
}

// ---- lists of references

void ExpiryWheel::Push(Level& level, size_t index, uint32_t reference) {
  Chunk*& head = level.heads[index];
  if (head == nullptr || head->used == Chunk::kReferences) head = NewChunk(head);
  head->references[head->used++] = reference;
  ++level.counts[index];
  ++level.references;
}

uint32_t ExpiryWheel::PopHead(Level& level, size_t index) {
  Chunk*& head = level.heads[index];
  const uint32_t reference = head->references[--head->used];
  if (head->used == 0) {
    Chunk* next = head->next;
    FreeChunk(head);
    head = next;
  }
  --level.counts[index];
  --level.references;
  return reference;
}

size_t ExpiryWheel::TakeFromSlot(int level, int64_t slot, std::span<uint32_t> out) {
  const auto index = static_cast<size_t>(slot % kSlots);
  Level& from = levels_[level];
  const size_t taken = std::min<size_t>(out.size(), from.counts[index]);
  for (size_t i = 0; i < taken; ++i) out[i] = PopHead(from, index);
  reference_count_ -= taken;
  return taken;
}

uint32_t ExpiryWheel::Pop(Detached& detached) {
  Chunk* chunk = detached.chunk;
  const uint32_t reference = chunk->references[--chunk->used];
  if (chunk->used == 0) {
    detached.chunk = chunk->next;
    FreeChunk(chunk);
  }
  --detached.references;
  --reference_count_;
  return reference;
}

ExpiryWheel::Detached ExpiryWheel::Detach(int level, int64_t slot) {
  Level& from = levels_[level];
  const auto index = static_cast<size_t>(slot % kSlots);
  Detached detached{from.heads[index], from.counts[index], SlotEndMs(level, slot), level};
  from.references -= from.counts[index];
  from.counts[index] = 0;
  from.heads[index] = nullptr;
  return detached;
}

// Level 0 first: its keys are due, those above only wait to be filed anew.
bool ExpiryWheel::DetachDue(int64_t now_ms) {
  if (levels_ == nullptr) return false;
  for (int level = 0; level < kLevels; ++level) {
    Level& searched = levels_[level];
    const int64_t target = TargetSlot(level, now_ms);
    // After a leap of the clock one round of the ring visits every slot.
    const int64_t end = std::min(target, searched.cursor + kSlots);
    while (searched.references > 0 && searched.cursor < end) {
      const int64_t slot = searched.cursor++;
      if (searched.counts[slot % kSlots] == 0) continue;
      due_ = Detach(level, slot);
      return true;
    }
    // Never back: the clock may have been set.
    searched.cursor = std::max(searched.cursor, target);
  }
  return false;
}

void ExpiryWheel::FindNextDue() {
  next_due_ms_ = kNeverDue;
  for (int level = 0; levels_ != nullptr && level < kLevels; ++level) {
    const int64_t slot = FirstOccupied(level);
    if (slot >= 0) next_due_ms_ = std::min(next_due_ms_, DueMs(level, slot));
  }
  if (compacting_) next_due_ms_ = 0;  // some references are in no slot now
}

// ---- compaction

void ExpiryWheel::BeginCompaction() {
  if (compacting_) return;
  compacting_ = true;
  compaction_level_ = 0;
  compaction_index_ = 0;
}

// Fills the batch from the slot that is being compacted, or from the next one.
bool ExpiryWheel::NextBatch() {
  while (compacted_.chunk == nullptr) {
    if (levels_ == nullptr || compaction_level_ == kLevels) return false;
    const Level& level = levels_[compaction_level_];
    if (level.counts[compaction_index_] > 0) {
      compacted_ = Detach(compaction_level_, SlotAt(level, compaction_index_));
    }
    if (++compaction_index_ == kSlots) {
      compaction_index_ = 0;
      ++compaction_level_;
    }
  }
  batch_.reserve(kCompactionBatch);
  while (compacted_.chunk != nullptr && batch_.size() < kCompactionBatch) {
    batch_.push_back(Pop(compacted_));
  }
  std::sort(batch_.begin(), batch_.end());
  batch_.erase(std::unique(batch_.begin(), batch_.end()), batch_.end());
  reference_count_ += batch_.size();
  return true;
}

uint32_t ExpiryWheel::PopBatch() {
  const uint32_t reference = batch_.back();
  batch_.pop_back();
  --reference_count_;
  return reference;
}

void ExpiryWheel::EndCompaction() {
  compacting_ = false;
  compaction_floor_ = reference_count_ + reference_count_ / 2;
  batch_.shrink_to_fit();
}

// ---- chunks

ExpiryWheel::Chunk* ExpiryWheel::NewChunk(Chunk* next) {
  auto* chunk = static_cast<Chunk*>(memory::Allocate(sizeof(Chunk)));
  chunk->next = next;
  chunk->used = 0;
  ++chunk_count_;
  return chunk;
}

void ExpiryWheel::FreeChunk(Chunk* chunk) {
  memory::Deallocate(chunk);
  --chunk_count_;
}

void ExpiryWheel::FreeList(Chunk*& chunk, size_t chunks_max) {
  for (size_t freed = 0; chunk != nullptr && freed < chunks_max; ++freed) {
    Chunk* next = chunk->next;
    FreeChunk(chunk);
    chunk = next;
  }
}

}  // namespace larder::storage
