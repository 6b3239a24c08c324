#include "server/process_times.h"

#include <sys/resource.h>

namespace larder {
namespace {

int64_t Micros(const timeval& time) { return int64_t{time.tv_sec} * 1'000'000 + time.tv_usec; }

}  // namespace

ProcessTimes ReadProcessTimes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {Micros(usage.ru_utime), Micros(usage.ru_stime)};
}

}  // namespace larder
