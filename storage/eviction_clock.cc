#include "storage/eviction_clock.h"

#include <algorithm>

namespace larder::storage {

int64_t EvictionClock::IdleMs(uint32_t stamp, int64_t now_ms) const {
  const uint64_t age = AgeOf(stamp);
  // Before the first tick: as if there had been one each second (StampOf).
  if (age > ticks_) {
    return now_ms - MarkOf(0) + static_cast<int64_t>(age - ticks_) * kTickMs;
  }
  const uint64_t used_at = ticks_ - age;
  const uint64_t mark = used_at / kTicksPerMark * kTicksPerMark;
  // The tick itself lies between two marks, or between the last mark and the last tick.
  const bool last = mark + kTicksPerMark > ticks_;
  const uint64_t end = last ? ticks_ : mark + kTicksPerMark;
  const int64_t begin_ms = MarkOf(mark);
  const int64_t end_ms = last ? last_tick_ms_ : MarkOf(end);
  int64_t used_ms = begin_ms;
  if (end > mark) {
    used_ms += (end_ms - begin_ms) * static_cast<int64_t>(used_at - mark) /
               static_cast<int64_t>(end - mark);
  }
  return std::max<int64_t>(0, now_ms - used_ms);
}

uint32_t EvictionClock::StampOf(int64_t idle_ms, int64_t now_ms) const {
  uint32_t least = 0, most = kAgeMax;
  while (least < most) {
    const uint32_t age = (least + most) / 2;
    if (IdleMs((tick() - age) & kTickMask, now_ms) < idle_ms) {
      least = age + 1;
    } else {
      most = age;
    }
  }
  return (tick() - least) & kTickMask;
}

void EvictionClock::PassSeconds(int64_t now_ms) {
  if (next_tick_ms_ == std::numeric_limits<int64_t>::min()) {
    marks_ms_.fill(now_ms);
    last_tick_ms_ = now_ms;
    next_tick_ms_ = now_ms + kTickMs;
    return;
  }
  const int64_t elapsed = (now_ms - last_tick_ms_) / kTickMs;
  Tick(static_cast<uint64_t>(std::clamp<int64_t>(elapsed, 1, kTicksAtOnceMax)), now_ms);
}

void EvictionClock::Tick(uint64_t count, int64_t now_ms) {
  if (count >= kTicksPerMark) {
    // A leap begins at a mark, so that the ticks before it and those in it are not mixed.
    ticks_ += kTicksPerMark - ticks_ % kTicksPerMark;
    MarkOf(ticks_) = last_tick_ms_;
  }
  const int64_t elapsed_ms = now_ms - last_tick_ms_;
  for (uint64_t i = 1; i <= count; ++i) {
    ++ticks_;
    if (ticks_ % kTicksPerMark != 0) continue;
    const double share = static_cast<double>(i) / static_cast<double>(count);
    MarkOf(ticks_) = last_tick_ms_ + static_cast<int64_t>(static_cast<double>(elapsed_ms) * share);
  }
  last_tick_ms_ = now_ms;
  next_tick_ms_ = now_ms + kTickMs;
}

}  // namespace larder::storage
