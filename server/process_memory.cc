#include "server/process_memory.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>

#ifdef LARDER_JEMALLOC
#include <jemalloc/jemalloc.h>
#else
#include <malloc.h>
#endif

namespace larder {
namespace {

size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

#ifdef LARDER_JEMALLOC
size_t Statistic(const char* name) {
  size_t value = 0;
  size_t size = sizeof(value);
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}
#endif

}  // namespace

ProcessMemory ReadProcessMemory() {
  ProcessMemory memory;
  memory.resident = ResidentBytes();
#ifdef LARDER_JEMALLOC
  // The statistics are as of the last change of the epoch.
  uint64_t epoch = 1;
  size_t size = sizeof(epoch);
  mallctl("epoch", &epoch, &size, &epoch, size);
  memory.allocated = Statistic("stats.allocated");
  memory.active = Statistic("stats.active");
  memory.mapped = Statistic("stats.resident");
#else
  const struct mallinfo2 info = mallinfo2();
  memory.allocated = info.uordblks + info.hblkhd;
  memory.active = info.arena + info.hblkhd;
  memory.mapped = memory.active;
#endif
  return memory;
}

bool PurgeAllocator() {
#ifdef LARDER_JEMALLOC
  const std::string name = "arena." + std::to_string(MALLCTL_ARENAS_ALL) + ".purge";
  return mallctl(name.c_str(), nullptr, nullptr, nullptr, 0) == 0;
#else
  malloc_trim(0);
  return true;
#endif
}

std::string AllocatorReport() {
  std::string report;
#ifdef LARDER_JEMALLOC
  malloc_stats_print([](void* text, const char* part) { *static_cast<std::string*>(text) += part; },
                     &report, nullptr);
#else
  report = "Stats not supported for the current allocator";
#endif
  return report;
}

std::string AllocatorName() {
#ifdef LARDER_JEMALLOC
  return "jemalloc-" + std::to_string(JEMALLOC_VERSION_MAJOR) + "." +
         std::to_string(JEMALLOC_VERSION_MINOR) + "." + std::to_string(JEMALLOC_VERSION_BUGFIX);
#else
  return "libc";
#endif
}

}  // namespace larder
