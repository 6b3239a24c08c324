// How often something took how long, in ticks: buckets of an eighth of an octave, so that a
// percentile is off by 6 % at the most. Adding costs one plain increment.
//
// Written by one thread, read by any (as Counter).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "server/counter.h"

namespace larder {

class LatencyHistogram {
 public:
  static constexpr size_t kBuckets = 336;  // up to 2^44 ticks: hours

  void Add(uint64_t ticks) { buckets_[BucketOf(ticks)].Add(); }
  uint64_t count(size_t bucket) const { return buckets_[bucket].Get(); }
  void Reset() {
    for (Counter& bucket : buckets_) bucket.Reset();
  }

  static size_t BucketOf(uint64_t ticks) {
    if (ticks < 8) return ticks;
    const int octave = std::bit_width(ticks) - 1;
    const size_t eighth = (ticks >> (octave - 3)) & 7;
    const size_t bucket = static_cast<size_t>(octave - 2) * 8 + eighth;
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  // The middle of what a bucket holds.
  static uint64_t TicksOf(size_t bucket) {
    if (bucket < 8) return bucket;
    const size_t octave = bucket / 8 + 2;
    const uint64_t width = uint64_t{1} << (octave - 3);
    return (8 + bucket % 8) * width + width / 2;
  }

 private:
  std::array<Counter, kBuckets> buckets_;
};

// The sum of several histograms.
class LatencySum {
 public:
  void Add(const LatencySum& other) {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
  }
  // What was added since `before`; everything where a histogram was reset in between.
  LatencySum Since(const LatencySum& before) const {
    LatencySum since;
    for (size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] < before.counts_[i]) return *this;
      since.counts_[i] = counts_[i] - before.counts_[i];
    }
    since.total_ = total_ - before.total_;
    return since;
  }
  void Add(const LatencyHistogram& histogram) {
    for (size_t i = 0; i < counts_.size(); ++i) {
      const uint64_t count = histogram.count(i);  // once: its thread goes on adding
      counts_[i] += count;
      total_ += count;
    }
  }
  uint64_t total() const { return total_; }
  // The entries up to about `ticks`.
  uint64_t CountUpTo(uint64_t ticks) const {
    uint64_t sum = 0;
    for (size_t i = 0; i <= LatencyHistogram::BucketOf(ticks); ++i) sum += counts_[i];
    return sum;
  }
  // The duration that `percentile` (0 to 100) of the entries do not exceed. REQUIRES: total() > 0.
  uint64_t Percentile(double percentile) const {
    const double wanted = static_cast<double>(total_) * percentile / 100;
    uint64_t seen = 0;
    size_t last = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] == 0) continue;
      last = i;
      seen += counts_[i];
      if (static_cast<double>(seen) >= wanted) break;
    }
    return LatencyHistogram::TicksOf(last);
  }

 private:
  std::array<uint64_t, LatencyHistogram::kBuckets> counts_{};
  uint64_t total_ = 0;
};

}  // namespace larder
