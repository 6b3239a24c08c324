// Stripe's eviction: what a use, an insertion and a removal leave behind, and who has to go.
#include <algorithm>
#include <array>
#include <span>

#include "storage/eviction.h"
#include "storage/stripe.h"

namespace larder::storage {
namespace {

constexpr size_t kGhostCellsPerEviction = 64;
constexpr size_t kProbationSlack = 64;  // stale references that may wait in any queue

}  // namespace

// ---- what commands leave behind

void Stripe::NoteAdded(StripeDatabase& in, uint64_t hash, SlotRef ref, int64_t now_ms) {
  keys.Add(1);
  clock_.Pass(now_ms);
  clock_.CountAdded(static_cast<size_t>(keys.Get()), now_ms);
  Slot slot = ref.Get();
  slot.set_used_tick(clock_.tick());
  if (context_.policy->load(std::memory_order_relaxed) == EvictionPolicy::kAllKeysLfu &&
      memory::UsedBytes() > context_.probation_from_bytes->load(std::memory_order_relaxed)) {
    // Ghosts take their room before entries do, which would have to make it again.
    if (ghosts_.capacity() == 0) ghosts_.Resize(static_cast<size_t>(keys.Get()));
    if (ghosts_.Take(hash)) {
      slot.set_frequency(kGhostFrequency);
    } else {
      slot.set_probation(true);
      PutOnProbation(in, hash, slot.entry()->MemoryBytes());
    }
  }
  ref.Set(slot);
}

void Stripe::PutOnProbation(StripeDatabase& in, uint64_t hash, size_t bytes) {
  if (in.probation == nullptr) in.probation = std::make_unique<ProbationQueue>();
  in.probation->Push(Table::ReferenceOf(hash, context_.stripe_bits));
  in.probation_bytes += static_cast<int64_t>(bytes);
  // Keys that come and go below the limit leave their references here, and nobody evicts.
  for (int i = 0; i < 2 && in.probation->size() > in.table.size() / 2 + kProbationSlack; ++i) {
    const auto on_probation = [](Slot slot, uint64_t) { return slot.probation(); };
    if (const SlotRef ref = in.table.FindReference(PopProbation(in), on_probation)) {
      Slot slot = ref.Get();
      slot.set_probation(false);
      ref.Set(slot);
    }
  }
}

// The queue knows the bytes of its keys when they came; each that leaves takes an even share along,
// so that keys which grew, or were deleted, make no lasting error.
uint32_t Stripe::PopProbation(StripeDatabase& in) {
  in.probation_bytes -= in.probation_bytes / static_cast<int64_t>(in.probation->size());
  return in.probation->Pop();
}

// A key that was worth keeping, had its time not come, is welcome when it is set again.
void Stripe::NoteExpired(uint64_t hash, Slot slot) {
  if (!slot.probation() || slot.frequency() >= 2) ghosts_.Add(hash);
}

int64_t Stripe::IdleMs(Slot slot, int64_t now_ms) {
  clock_.Pass(now_ms);
  return clock_.IdleMs(slot.used_tick(), now_ms);
}

void Stripe::SetIdleMs(SlotRef ref, int64_t idle_ms, int64_t now_ms) {
  clock_.Pass(now_ms);
  Slot slot = ref.Get();
  slot.set_used_tick(clock_.StampOf(idle_ms, now_ms));
  ref.Set(slot);
}

void Stripe::SetFrequency(SlotRef ref, uint32_t frequency) {
  Slot slot = ref.Get();
  slot.set_frequency(frequency);
  ref.Set(slot);
}

// Holds ages at their maximum before their 12 bits wrap around: a little of the tables with every
// few ticks, all of them before kAgeMax becomes the whole range.
void Stripe::SweepAges() {
  constexpr uint64_t kTicksPerStep = 8;
  constexpr size_t kSteps = 64;
  if (clock_.ticks() < swept_ticks_ + kTicksPerStep) return;
  swept_ticks_ = clock_.ticks();
  sweep_step_ = (sweep_step_ + 1) % kSteps;
  for (StripeDatabase& in : databases_) {
    const size_t size = in.table.directory_size();
    size_t index = size * sweep_step_ / kSteps;
    const size_t end = size * (sweep_step_ + 1) / kSteps;
    while (index < end) {
      index = in.table.VisitSegment(index, [&](SlotRef ref) { HoldAge(ref); });
    }
  }
}

Slot Stripe::HoldAge(SlotRef ref) {
  Slot slot = ref.Get();
  if (clock_.IsStale(slot.used_tick())) {
    slot.set_used_tick(clock_.OldestStamp());
    ref.Set(slot);
  }
  return slot;
}

void Stripe::CountEvictionMemory() {
  size_t wheels = 0, ghosts = ghosts_.MemoryBytes();
  for (const StripeDatabase& database : databases_) {
    if (database.wheel != nullptr) wheels += database.wheel->MemoryBytes();
    if (database.probation != nullptr) ghosts += database.probation->MemoryBytes();
  }
  wheel_bytes.Set(static_cast<int64_t>(wheels));
  ghost_bytes.Set(static_cast<int64_t>(ghosts));
}

// ---- who has to go

bool Stripe::EvictOne(const EvictionPressure& pressure) {
  if (pressure.only == nullptr) {
    if (EvictByPolicy(pressure)) return true;
    // Keys that may not go may be so many that random draws found nothing else.
    return pressure.last_resort && PinnedKeys() > 0 && EvictByWalk(pressure);
  }
  clock_.Pass(pressure.now_ms);
  const int database = DrawDatabase(IsVolatilePolicy(pressure.policy));
  if (database < 0) return false;
  return EvictSampled(database, pressure) || EvictByWalk(pressure);
}

bool Stripe::EvictByPolicy(const EvictionPressure& pressure) {
  const bool only_volatile = IsVolatilePolicy(pressure.policy);
  if (pressure.policy == EvictionPolicy::kAllKeysLfu) {
    ghosts_.Resize(static_cast<size_t>(keys.Get()));
    ghosts_.MoveSome(kGhostCellsPerEviction);
  } else if (ghosts_.capacity() > 0) {
    ghosts_.Clear();
  }
  clock_.Pass(pressure.now_ms);
  const int database = DrawDatabase(only_volatile);
  if (database < 0) return false;
  if (pressure.policy == EvictionPolicy::kAllKeysLfu) return EvictLfu(database, pressure);
  StripeDatabase& in = this->database(database);
  const auto expiries = static_cast<size_t>(in.expiries.Get());
  const bool wheel_first = pressure.policy == EvictionPolicy::kVolatileTtl ||
                           expiries < in.table.size() / kVolatileRareShare;
  if (only_volatile && wheel_first && EvictFromWheel(database, pressure)) return true;
  if (EvictSampled(database, pressure)) return true;
  return only_volatile && !wheel_first && EvictFromWheel(database, pressure);
}

// A database that has keys to evict, the more likely the more it has; -1 when none has.
int Stripe::DrawDatabase(bool only_volatile) {
  const auto count_of = [&](const StripeDatabase& in) {
    return only_volatile ? static_cast<size_t>(in.expiries.Get()) : in.table.size();
  };
  size_t total = 0;
  for (const StripeDatabase& in : databases_) total += count_of(in);
  if (total == 0) return -1;
  size_t rank = Random() % total;
  int drawn = 0;
  while (rank >= count_of(database(drawn))) rank -= count_of(database(drawn++));
  return drawn;
}

bool Stripe::EvictLfu(int database, const EvictionPressure& pressure) {
  constexpr int kLeavingMax = 64;  // keys that may leave probation before the deadline is looked at
  StripeDatabase& in = this->database(database);
  const auto keys_here = static_cast<size_t>(keys.Get());
  const auto limit = static_cast<int64_t>(pressure.stripe_bytes_mean * in.table.size() /
                                          (kProbationShare * std::max<size_t>(keys_here, 1)));
  const size_t kept = pressure.last_resort ? 0 : 1;
  for (int left = 0; in.probation != nullptr && in.probation->size() > kept; ++left) {
    if (in.probation_bytes <= limit) break;
    if (left == kLeavingMax || EndProbation(database, pressure, false)) return true;
  }
  if (EvictSampled(database, pressure)) return true;
  // Everything is on probation still.
  while (in.probation != nullptr && in.probation->size() > kept) {
    if (EndProbation(database, pressure, true)) return true;
  }
  return false;
}

// The oldest key on probation stays or goes. True when it went.
bool Stripe::EndProbation(int database, const EvictionPressure& pressure, bool must_go) {
  StripeDatabase& in = this->database(database);
  uint64_t hash = 0;
  const SlotRef ref = in.table.FindReference(PopProbation(in), [&](Slot slot, uint64_t slot_hash) {
    hash = slot_hash;
    return slot.probation();
  });
  if (!ref) return false;
  Slot slot = ref.Get();
  const Entry& entry = *slot.entry();
  if (!MayEvict(entry, nullptr)) {
    slot.set_probation(false);
    ref.Set(slot);
    return false;
  }
  if (!must_go && slot.frequency() >= UsesToStay(entry.MemoryBytes(), pressure.key_bytes_mean)) {
    // Its uses so far were what promotion took: in the main part it begins anew.
    slot.set_probation(false);
    slot.set_frequency(0);
    ref.Set(slot);
    return false;
  }
  ghosts_.Add(hash);
  EvictOrExpire(database, hash, ref, pressure.now_ms);
  return true;
}

void Stripe::EvictOrExpire(int database, uint64_t hash, SlotRef ref, int64_t now_ms) {
  const Slot slot = ref.Get();
  if (slot.has_expiry() && slot.entry()->expire_at_ms() <= now_ms) {
    Expire(database, hash, ref);
  } else {
    EvictKey(database, hash, ref);
  }
}

double Stripe::BadnessOf(Slot slot, const EvictionPressure& pressure) {
  if (pressure.policy == EvictionPolicy::kVolatileTtl) {
    return -static_cast<double>(slot.entry()->expire_at_ms() - pressure.now_ms);
  }
  if (IsRandomPolicy(pressure.policy)) return static_cast<double>(Random() >> 32);
  const uint32_t age = clock_.AgeOf(slot.used_tick());
  if (!IsLfuPolicy(pressure.policy)) return age;
  return LfuBadness(slot.frequency(), age, slot.entry()->MemoryBytes());
}

bool Stripe::EvictSampled(int database, const EvictionPressure& pressure) {
  StripeDatabase& in = this->database(database);
  Sample sample;
  const bool main_only = pressure.policy == EvictionPolicy::kAllKeysLfu && pressure.only == nullptr;
  const bool only_volatile = IsVolatilePolicy(pressure.policy);
  const auto collect = [&](SlotRef ref) {
    const Slot slot = ref.Get();
    if (sample.count == sample.refs.size() || (main_only && slot.probation()) ||
        (only_volatile && !slot.has_expiry()) || !MayEvict(*slot.entry(), pressure.only)) {
      return;
    }
    if (IsLfuPolicy(pressure.policy)) __builtin_prefetch(slot.entry());
    sample.refs[sample.count++] = ref;
  };
  DrawSample(in.table, sample, collect);
  if (sample.count == 0) return false;
  EvictWorstOf(database, sample, pressure);
  return true;
}

void Stripe::EvictWorstOf(int database, const Sample& sample, const EvictionPressure& pressure) {
  SlotRef victim;
  double badness = 0;
  for (size_t i = 0; i < sample.count; ++i) {
    const Slot slot = HoldAge(sample.refs[i]);
    const double candidate = BadnessOf(slot, pressure);
    if (!victim || candidate > badness) {
      victim = sample.refs[i];
      badness = candidate;
    }
  }
  const uint64_t hash = context_.hasher->Hash(victim.entry()->key());
  EvictOrExpire(database, hash, victim, pressure.now_ms);
}

// Collects the slots of random buckets; where those are all but empty, of a few whole segments.
template <class Collect>
void Stripe::DrawSample(Table& table, Sample& sample, Collect collect) {
  constexpr int kBucketsMax = 128;
  constexpr int kSegmentsMax = 8;
  for (int i = 0; i < kBucketsMax && sample.count < kEvictionSamples; ++i) {
    Bucket* bucket = table.RandomBucket(Random());
    if (bucket == nullptr) return;
    for (uint64_t taken = Bucket::TakenIn(bucket->Tags()); taken != 0; taken &= taken - 1) {
      collect(bucket->RefAt(Bucket::IndexOf(taken)));
    }
  }
  const size_t size = table.directory_size();
  if (sample.count > 0 || size == 0) return;
  size_t index = Random() % size;
  for (int i = 0; i < kSegmentsMax && sample.count == 0; ++i) {
    index = table.VisitSegment(index, collect) % size;
  }
}

// Draws a few keys with an expiry from the wheel, evicts the worst, and puts the others back.
bool Stripe::EvictFromWheel(int database, const EvictionPressure& pressure) {
  constexpr int kTriesMax = 32;
  StripeDatabase& in = this->database(database);
  if (!in.sweep.FilesAll()) {  // the policy was another one when its keys were set
    in.sweep.FileAll(pressure.now_ms);
    SweepSegment(in, pressure.now_ms);
    return true;
  }
  if (in.wheel == nullptr) return false;
  const bool soonest = pressure.policy == EvictionPolicy::kVolatileTtl;
  const bool may_be_pinned = PinnedKeys() > 0;
  for (int i = 0; i < kTriesMax; ++i) {
    std::array<uint32_t, kEvictionSamples> references;
    int64_t slot_end_ms = 0;
    const size_t taken = soonest ? in.wheel->TakeSoonest(references, &slot_end_ms)
                                 : in.wheel->TakeRandom(Random(), references, &slot_end_ms);
    if (taken == 0) return false;
    if (EvictWorst(database, std::span(references).first(taken), slot_end_ms, pressure))
      return true;
  }
  return !may_be_pinned;  // only stale references so far, then, and they are gone now
}

bool Stripe::EvictWorst(int database, std::span<const uint32_t> references, int64_t slot_end_ms,
                        const EvictionPressure& pressure) {
  StripeDatabase& in = this->database(database);
  uint32_t worst = 0;
  bool found = false;
  double badness = 0;
  for (const uint32_t reference : references) {
    in.table.FindReference(reference, [&](Slot slot, uint64_t) {
      if (!slot.has_expiry() || !MayEvict(*slot.entry(), nullptr)) return false;
      const double candidate = BadnessOf(slot, pressure);
      if (!found || candidate > badness) {
        found = true;
        worst = reference;
        badness = candidate;
      }
      return false;
    });
  }
  if (found) {
    uint64_t hash = 0;
    const SlotRef ref = in.table.FindReference(worst, [&](Slot slot, uint64_t slot_hash) {
      hash = slot_hash;
      return slot.has_expiry() && MayEvict(*slot.entry(), nullptr);
    });
    EvictOrExpire(database, hash, ref, pressure.now_ms);
  }
  SettleReferences(database, references, slot_end_ms, pressure.now_ms);
  return found;
}

}  // namespace larder::storage
