#include "server/admin/history.h"

namespace larder::admin {
namespace {

// CONFIG RESETSTAT sets counters back: then all there is was counted since.
double Rate(uint64_t now, uint64_t before, double seconds) {
  return static_cast<double>(now >= before ? now - before : now) / seconds;
}

}  // namespace

void History::Add(const Figures& figures) {
  if (!last_ || figures.uptime_ms <= last_->uptime_ms) {
    last_ = figures;
    return;
  }
  const Figures& before = *last_;
  const double seconds = static_cast<double>(figures.uptime_ms - before.uptime_ms) / 1000;
  const auto rate = [&](uint64_t now, uint64_t then) { return Rate(now, then, seconds); };
  Sample sample{.unix_ms = figures.unix_ms,
                .commands = rate(figures.commands, before.commands),
                .hits = rate(figures.keyspace.hits, before.keyspace.hits),
                .misses = rate(figures.keyspace.misses, before.keyspace.misses),
                .evicted = rate(figures.keyspace.evicted, before.keyspace.evicted),
                .expired = rate(figures.keyspace.expired, before.keyspace.expired),
                .input_bytes = rate(figures.input_bytes, before.input_bytes),
                .output_bytes = rate(figures.output_bytes, before.output_bytes),
                .used_bytes = figures.used_bytes,
                .limit_bytes = figures.limit_bytes,
                .keys = figures.keys(),
                .clients = figures.clients};
  const LatencySum durations = figures.Durations().Since(before.Durations());
  if (durations.total() > 0) {
    sample.p50_us = ticks_.ToMicrosDouble(durations.Percentile(50));
    sample.p99_us = ticks_.ToMicrosDouble(durations.Percentile(99));
    sample.p999_us = ticks_.ToMicrosDouble(durations.Percentile(99.9));
  }
  last_ = figures;
  const std::lock_guard lock(mutex_);
  samples_.push_back(sample);
  if (samples_.size() > kSamplesMax) samples_.pop_front();
}

std::vector<Sample> History::Samples() const {
  const std::lock_guard lock(mutex_);
  return {samples_.begin(), samples_.end()};
}

}  // namespace larder::admin
