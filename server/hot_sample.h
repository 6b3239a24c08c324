// CACHE.HOT: the keys that are asked for most, of late, always on.
//
// Of the commands of each worker about one in kRatio is looked at, at uneven distances, so that no
// pipeline's length hides a command. Its keys go into the worker's sketch (heavy_hitters.h). There
// are two of these in turn: one fills for kWindowMs, the other has what was before.
//
// Thread-safe. Note takes the worker's own lock, which only readers ever contend for.
#pragma once

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
  static constexpr uint32_t kRatio = 64;
  static constexpr int64_t kWindowMs = 30'000;
  static constexpr int64_t kCountMax = 64;
  // Longer keys are not followed, so that the sketches stay small.
  static constexpr size_t kKeyBytesMax = 1024;

  explicit HotSample(size_t workers);

  // How many commands pass until one is looked at again. `random`: any changing bits.
  static uint32_t NextDistance(uint64_t random) {
    return kRatio / 2 + static_cast<uint32_t>((random * 0x9e3779b97f4a7c15u >> 32) % (kRatio + 1));
  }

  // The keys of a command that was looked at.
  void Note(size_t worker, std::span<const std::string_view> keys, int64_t now_ms);

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
