#include "server/hot_sample.h"

#include <algorithm>
#include <utility>

#include "storage/string_map.h"

namespace larder {
namespace {

// Four for each that may be asked for: a key with less than 1 / 256 of all commands is not hot.
constexpr size_t kFollowed = 256;

// Less of a window says nothing about a second.
constexpr int64_t kSpanMsMin = 1000;

bool Covers(int64_t began_ms, int64_t now_ms) {
  return now_ms >= began_ms && now_ms - began_ms < HotSample::kWindowMs;
}

}  // namespace

HotSample::HotSample(size_t workers) {
  for (size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>());
}

void HotSample::Note(size_t worker_index, std::span<const std::string_view> keys, uint32_t ratio,
                     int64_t now_ms) {
  Worker& worker = *workers_[worker_index];
  std::lock_guard lock(worker.mutex);
  Window& filling = worker.windows[0];
  if (filling.sketch == nullptr || !Covers(filling.began_ms, now_ms)) {
    worker.windows[1] = std::move(filling);
    filling = {std::make_unique<HeavyHitters>(kFollowed), now_ms};
  }
  for (const std::string_view key : keys) {
    if (key.size() <= kKeyBytesMax) filling.sketch->Add(key, ratio);
  }
}

std::vector<HotSampleKey> HotSample::Hottest(size_t count, int64_t now_ms) const {
  storage::StringMap<double> sums;
  for (const auto& worker : workers_) {
    std::lock_guard lock(worker->mutex);
    int64_t since_ms = now_ms;
    const auto is_recent = [&](const Window& window) {
      return window.sketch != nullptr && now_ms >= window.began_ms &&
             now_ms - window.began_ms < 2 * kWindowMs;
    };
    for (const Window& window : worker->windows) {
      if (is_recent(window)) since_ms = std::min(since_ms, window.began_ms);
    }
    const double seconds = static_cast<double>(std::max(now_ms - since_ms, kSpanMsMin)) / 1000;
    for (const Window& window : worker->windows) {
      if (!is_recent(window)) continue;
      window.sketch->ForEach([&](const std::string& key, uint64_t weight) {
        sums[key] += static_cast<double>(weight) / seconds;
      });
    }
  }
  std::vector<HotSampleKey> keys;
  for (const auto& [key, rate] : sums) {
    if (rate > 0) keys.push_back({key, rate});
  }
  std::sort(keys.begin(), keys.end(), [](const HotSampleKey& a, const HotSampleKey& b) {
    return a.operations_per_second != b.operations_per_second
               ? a.operations_per_second > b.operations_per_second
               : a.key < b.key;
  });
  if (keys.size() > count) keys.resize(count);
  return keys;
}

}  // namespace larder
