// How long the turns of a worker's loop take: what runs between two waits for events. However much
// its clients send, a turn ends when its budget is spent, and what is left has its next turn.
#pragma once

#include <atomic>
#include <cstdint>

#include "server/counter.h"
#include "server/latency_histogram.h"

namespace larder {

// Of one worker, which writes it; any thread may read.
struct TurnStatistics {
  Counter turns, ticks, longest_ticks;  // by TickClock: always kept
  // CPU time of the worker's thread: kept while TurnSettings::measure_cpu is set.
  LatencyHistogram cpu_ns;
  Counter longest_cpu_ns, longest_maintenance_cpu_ns;

  void Reset() {
    for (Counter* counter :
         {&turns, &ticks, &longest_ticks, &longest_cpu_ns, &longest_maintenance_cpu_ns}) {
      counter->Reset();
    }
    cpu_ns.Reset();
  }
};

// For all workers; thread-safe. Set by DEBUG TURNS.
struct TurnSettings {
  // A turn of 300 microseconds holds some 300 requests: what a turn costs by itself is then below
  // one percent, and with its replies and its share of the upkeep it stays below a millisecond.
  static constexpr int64_t kBudgetUs = 300;

  std::atomic<int64_t> budget_us{kBudgetUs};
  std::atomic<bool> measure_cpu{false};
};

}  // namespace larder
