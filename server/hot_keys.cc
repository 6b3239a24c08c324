#include "server/hot_keys.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"

namespace larder {
namespace {

// Keys followed for each that is asked for, and at least: the more, the smaller a key's share may
// be to be found for sure.
constexpr size_t kFollowedPerWanted = 8;
constexpr size_t kFollowedMin = 128;

std::unique_ptr<HeavyHitters> MakeSketch(bool wanted, int64_t count) {
  if (!wanted) return nullptr;
  const size_t capacity = std::max(kFollowedMin, kFollowedPerWanted * static_cast<size_t>(count));
  return std::make_unique<HeavyHitters>(capacity);
}

// Xorshift64*: whether this command is one of the sample.
bool Draw(uint64_t* state, uint64_t ratio) {
  if (ratio <= 1) return true;
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (*state * 0x2545f4914f6cdd1du >> 32) % ratio == 0;
}

using Sums = absl::flat_hash_map<std::string, uint64_t>;

void AddTo(Sums* sums, const HeavyHitters* sketch) {
  if (sketch == nullptr) return;
  sketch->ForEach([&](const std::string& key, uint64_t weight) { (*sums)[key] += weight; });
}

std::vector<HotKey> Heaviest(const Sums& sums, int64_t count) {
  std::vector<HotKey> keys;
  for (const auto& [key, weight] : sums) keys.push_back({key, weight});
  std::sort(keys.begin(), keys.end(), [](const HotKey& a, const HotKey& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.key < b.key;
  });
  if (keys.size() > static_cast<size_t>(count)) keys.resize(static_cast<size_t>(count));
  return keys;
}

}  // namespace

HotKeys::HotKeys(size_t workers) {
  for (size_t i = 0; i < workers; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->random_state = 0x9e3779b97f4a7c15u * (i + 1);
  }
}

bool HotKeys::Start(const HotKeyOptions& options, int64_t now_ms) {
  std::lock_guard lock(mutex_);
  if (active()) return false;
  session_.emplace();
  session_->options = options;
  session_->started_unix_ms = now_ms;
  cpu_at_start_ = ReadProcessTimes();
  for (const auto& worker : workers_) {
    std::lock_guard worker_lock(worker->mutex);
    worker->by_ticks = MakeSketch(options.cpu, options.count);
    worker->by_bytes = MakeSketch(options.net, options.count);
    worker->all_ticks = worker->all_bytes = 0;
    worker->sample_ratio = static_cast<uint64_t>(options.sample_ratio);
  }
  due_ms_ =
      options.duration_ms > 0 ? now_ms + options.duration_ms : std::numeric_limits<int64_t>::max();
  active_ = true;
  return true;
}

// REQUIRES: mutex_ is held, and a session runs.
void HotKeys::End(int64_t ended_ms) {
  active_ = false;
  const ProcessTimes now = ReadProcessTimes();
  session_->cpu = {now.user_us - cpu_at_start_.user_us, now.system_us - cpu_at_start_.system_us};
  session_->duration_ms = std::max<int64_t>(0, ended_ms - session_->started_unix_ms);
}

bool HotKeys::Stop(int64_t now_ms) {
  std::lock_guard lock(mutex_);
  if (!active()) return false;
  End(std::min(now_ms, due_ms_.load()));
  return true;
}

void HotKeys::StopIfDue(int64_t now_ms) {
  if (!active() || now_ms < due_ms_.load(std::memory_order_relaxed)) return;
  std::lock_guard lock(mutex_);
  if (active() && now_ms >= due_ms_) End(due_ms_);
}

bool HotKeys::Reset() {
  std::lock_guard lock(mutex_);
  if (active()) return false;
  session_.reset();
  for (const auto& worker : workers_) {
    std::lock_guard worker_lock(worker->mutex);
    worker->by_ticks.reset();
    worker->by_bytes.reset();
  }
  return true;
}

void HotKeys::Note(size_t worker_index, const HotKeyCost& cost,
                   std::span<const std::string_view> keys) {
  Worker& worker = *workers_[worker_index];
  std::lock_guard lock(worker.mutex);
  if (!active()) return;
  if (cost.whole) {
    worker.all_ticks += cost.ticks;
    worker.all_bytes += cost.bytes;
  }
  if (keys.empty() || !Draw(&worker.random_state, worker.sample_ratio)) return;
  for (const std::string_view key : keys) {
    if (key.size() > kKeyBytesMax) continue;
    if (worker.by_ticks != nullptr) worker.by_ticks->Add(key, cost.ticks / keys.size());
    if (worker.by_bytes != nullptr) worker.by_bytes->Add(key, cost.bytes / keys.size());
  }
}

std::optional<HotKeyReport> HotKeys::Report(int64_t now_ms) const {
  std::lock_guard lock(mutex_);
  if (!session_) return std::nullopt;
  HotKeyReport report = *session_;
  report.active = active();
  if (report.active) {
    const ProcessTimes now = ReadProcessTimes();
    report.cpu = {now.user_us - cpu_at_start_.user_us, now.system_us - cpu_at_start_.system_us};
    report.duration_ms = std::max<int64_t>(0, now_ms - report.started_unix_ms);
  }
  Sums ticks;
  Sums bytes;
  for (const auto& worker : workers_) {
    std::lock_guard worker_lock(worker->mutex);
    report.all_ticks += worker->all_ticks;
    report.all_bytes += worker->all_bytes;
    AddTo(&ticks, worker->by_ticks.get());
    AddTo(&bytes, worker->by_bytes.get());
  }
  report.by_ticks = Heaviest(ticks, report.options.count);
  report.by_bytes = Heaviest(bytes, report.options.count);
  return report;
}

}  // namespace larder
