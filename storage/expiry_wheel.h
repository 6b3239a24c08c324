// When the keys of a table expire: a hierarchical timing wheel of 4-byte references.
//
// Six levels of 128 slots. A slot of level 0 spans 32 ms, a slot of each further level 64 times as
// much (2 s, 2 min, 2.3 h, 6 d, 1 year), so that the wheel reaches 140 years; what lies beyond
// waits in the farthest slot. A slot is a list of chunks of 60 references.
//
// A reference is 32 bits of a key's hash (see Table), not the key and not the time: when its slot
// comes up, the visitor looks the key up and decides by the entry's own expiry
//   - due:  remove the key;
//   - before the end of the slot: the reference was waiting on a coarse level, Add() it again;
//   - later, and the key is marked `deferred`: EXPIRE had put the expiry off and filed nothing;
//     Add() it again now and take the mark away;
//   - later, not deferred: the key has a reference of its own at its expiry, this one is stale.
// So a key whose expiry is filed always has a reference at or before it, putting an expiry off
// costs nothing, and references of overwritten or deleted keys vanish when their time comes, or in
// a compaction when more than a third are stale. Keys that expire in some ten minutes or later are
// not filed yet (expiry_sweep.h).
//
// Slots of the upper levels come up one slot early, which leaves a whole slot of time to re-file
// their references in slices.
//
// After the idea of Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987.
//
// Add costs O(1). Memory is counted (memory.h) and taken from the first Add on.
// Not thread-safe: use only under the lock of the stripe.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "storage/memory.h"
#include "storage/slice_budget.h"

namespace larder::storage {

inline constexpr int64_t kNeverDue = std::numeric_limits<int64_t>::max();

class ExpiryWheel {
 public:
  ExpiryWheel() = default;
  ~ExpiryWheel();
  ExpiryWheel(const ExpiryWheel&) = delete;
  ExpiryWheel& operator=(const ExpiryWheel&) = delete;

  // Files a reference for a key that expires at `at_ms`. Any time is accepted, past ones too. False
  // when it had to be filed more than a slot early (140 years): the key must be marked deferred.
  bool Add(uint32_t reference, int64_t at_ms, int64_t now_ms);

  // Hands the references of the slots that have come up to `visit(references, slot_end_ms)`, a few
  // at a time so that their memory can be fetched ahead; it may Add. Continues an unfinished slot.
  // True when the budget ended first.
  template <class Visit>
  bool Advance(int64_t now_ms, SliceBudget& budget, Visit visit) {
    while (due_.chunk != nullptr || DetachDue(now_ms)) {
      if (budget.Spent(kVisitedTogetherMax)) return true;
      std::array<uint32_t, kVisitedTogetherMax> references;
      const int64_t slot_end_ms = due_.slot_end_ms;
      size_t count = 0;
      while (count < references.size() && due_.chunk != nullptr) references[count++] = Pop(due_);
      visit(std::span<const uint32_t>(references.data(), count), slot_end_ms);
    }
    FindNextDue();
    return false;
  }

  // Whether more than a third of the references are stale, given how many keys have an expiry.
  bool WantsCompaction(size_t keys_with_expiry) const {
    const size_t tolerated = keys_with_expiry + keys_with_expiry / 2 + kCompactionReferencesMin;
    return compacting_ || reference_count_ > std::max(tolerated, compaction_floor_);
  }

  // One slice of a compaction: hands every reference, without duplicates where they lie close
  // together, to `visit` as Advance does. True when work is left.
  template <class Visit>
  bool Compact(SliceBudget& budget, Visit visit) {
    BeginCompaction();
    while (!batch_.empty() || NextBatch()) {
      if (budget.Spent(kVisitedTogetherMax)) return true;
      std::array<uint32_t, kVisitedTogetherMax> references;
      size_t count = 0;
      while (count < references.size() && !batch_.empty()) references[count++] = PopBatch();
      visit(std::span<const uint32_t>(references.data(), count), compacted_.slot_end_ms);
    }
    EndCompaction();
    return false;
  }

  // Takes up to out.size() references out of the earliest slot, or of a random one, for the
  // volatile-* policies. The caller Adds those back whose keys it leaves alive. Returns how many;
  // 0 only when the wheel is empty.
  size_t TakeSoonest(std::span<uint32_t> out, int64_t* slot_end_ms);
  size_t TakeRandom(uint64_t random, std::span<uint32_t> out, int64_t* slot_end_ms);

  // Gives back the memory of some `chunks` chunks; true when none is left. How a wheel that nobody
  // needs any more goes in slices: afterwards only this and the destructor may be called.
  bool FreeSome(size_t chunks);

  // References in slots that have come up, and for how long the oldest of them has waited.
  size_t Backlog(int64_t now_ms) const;
  int64_t LagMs(int64_t now_ms) const;

  // From when on Advance has something to do; kNeverDue when empty. May be too early, never too
  // late.
  int64_t next_due_ms() const { return reference_count_ == 0 ? kNeverDue : next_due_ms_; }

  size_t reference_count() const { return reference_count_; }
  size_t MemoryBytes() const;

  static constexpr size_t kCompactionReferencesMin = 1024;
  static constexpr size_t kVisitedTogetherMax = 16;
  static constexpr int kTickBits = 5;  // level 0: 32 ms

 private:
  static constexpr int kLevels = 6;
  static constexpr int kLevelBits = 6;
  static constexpr int64_t kSlots = 128;
  static constexpr size_t kCompactionBatch = 1920;
  static constexpr int kWalkChunksMax = 32;

  struct Chunk {
    static constexpr uint32_t kReferences = 60;
    Chunk* next;
    uint32_t used;
    uint32_t references[kReferences];
  };
  struct Level {
    int64_t cursor = 0;  // the number (time >> shift) of the next slot to come up
    size_t references = 0;
    std::array<Chunk*, kSlots> heads{};  // only a head may be partly filled
    std::array<uint32_t, kSlots> counts{};
  };
  // A list that was taken out of its slot and is being worked off.
  struct Detached {
    Chunk* chunk = nullptr;
    size_t references = 0;
    int64_t slot_end_ms = 0;
    int level = 0;
  };
  struct Place {
    int level;
    int64_t slot;  // number
    bool exact;
  };

  static int Shift(int level) { return kTickBits + level * kLevelBits; }
  static int64_t SlotEndMs(int level, int64_t slot);
  static int64_t DueMs(int level, int64_t slot);
  static int64_t TargetSlot(int level, int64_t now_ms);
  static int64_t SlotAt(const Level& level, size_t index);

  void Start(int64_t now_ms);
  bool Idle() const { return reference_count_ == 0; }
  Place PlaceOf(int64_t at_ms) const;
  void Push(Level& level, size_t index, uint32_t reference);
  Detached Detach(int level, int64_t slot);
  bool DetachDue(int64_t now_ms);
  void FindNextDue();
  uint32_t Pop(Detached& detached);
  uint32_t PopHead(Level& level, size_t index);
  size_t TakeFromSlot(int level, int64_t slot, std::span<uint32_t> out);
  int64_t FirstOccupied(int level) const;  // a slot number, or -1
  void BeginCompaction();
  bool NextBatch();
  uint32_t PopBatch();
  void EndCompaction();
  Chunk* NewChunk(Chunk* next);
  void FreeChunk(Chunk* chunk);
  void FreeList(Chunk*& chunk, size_t chunks_max);

  Level* levels_ = nullptr;  // kLevels of them, from the first Add on
  size_t reference_count_ = 0;
  size_t chunk_count_ = 0;
  int64_t next_due_ms_ = kNeverDue;
  Detached due_;

  bool compacting_ = false;
  int compaction_level_ = 0;
  size_t compaction_index_ = 0;
  Detached compacted_;
  std::vector<uint32_t, memory::Counted<uint32_t>> batch_;
  size_t compaction_floor_ = 0;
};

}  // namespace larder::storage
