// CACHE.HOT: the keys that are asked for most, of late, always on.
//
// Of the commands of each worker about one in 16 is looked at, or one in 256 when there are so many
// that this is every millisecond at least; at uneven distances, so that no pipeline's length hides
// a command. Its keys go into the worker's sketch (heavy_hitters.h). There are two of these in
// turn: one fills for kWindowMs, the other has what was before.
//
// Thread-safe. Note takes the worker's own lock, which only readers ever contend for.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/heavy_hitters.h"

namespace larder {

struct HotSampleKey {
  std::string key;
  double operations_per_second;  // about
};

class HotSample {
 public:
  static constexpr uint32_t kRatioMin = 16, kRatioMax = 256;
  static constexpr int64_t kEveryUs = 1000;
  static constexpr int64_t kWindowMs = 30'000;
  static constexpr int64_t kCountMax = 64;
  // Longer keys are not followed, so that the sketches stay small.
  static constexpr size_t kKeyBytesMax = 1024;

  explicit HotSample(size_t workers);

  // One command in how many is looked at, where it was one in `ratio` and `passed_us` lay between
  // the last two.
  static uint32_t NextRatio(uint32_t ratio, int64_t passed_us) {
    if (passed_us < kEveryUs / 2) return std::min(ratio * 2, kRatioMax);
    return passed_us > kEveryUs * 2 ? std::max(ratio / 2, kRatioMin) : ratio;
  }
  // How many commands pass until one is looked at again. `random`: any changing bits.
  static uint32_t NextDistance(uint32_t ratio, uint64_t random) {
    return ratio / 2 + static_cast<uint32_t>((random * 0x9e3779b97f4a7c15u >> 32) % (ratio + 1));
  }

  // The keys of a command that was looked at, one in `ratio`.
  void Note(size_t worker, std::span<const std::string_view> keys, uint32_t ratio, int64_t now_ms);

  // The hottest first.
  std::vector<HotSampleKey> Hottest(size_t count, int64_t now_ms) const;

 private:
  struct Window {
    std::unique_ptr<HeavyHitters> sketch;  // null: nothing yet
    int64_t began_ms = 0;
  };
  struct alignas(64) Worker {
    mutable std::mutex mutex;
    std::array<Window, 2> windows;  // the one that fills, the one before
  };

  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace larder
