#include "server/config/machine_limits.h"

#include <sched.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <vector>

namespace larder {
namespace {

std::optional<std::string> FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<int64_t> Number(const std::string& text) {
  std::istringstream stream(text);
  int64_t number = 0;
  // "max", and version 1's huge number for "no limit" on overflow, are no number.
  if (!(stream >> number)) return std::nullopt;
  return number;
}

// The folder of this process's group and those above it, within the hierarchy mounted at `mount`.
std::vector<std::string> GroupFolders(const std::string& mount, std::string group) {
  std::vector<std::string> folders;
  while (!group.empty() && group != "/") {
    folders.push_back(mount + group);
    group.resize(group.rfind('/'));
  }
  // Inside a container the hierarchy's root often is the group.
  folders.push_back(mount);
  return folders;
}

struct Groups {
  std::vector<std::string> unified;
  std::vector<std::string> memory;
  std::vector<std::string> cpu;
};

// /proc/self/cgroup has lines "hierarchy:controllers:path"; version 2 has no controllers.
Groups ReadGroups(const std::string& root) {
  Groups groups;
  const std::string mount = root + "/sys/fs/cgroup";
  std::ifstream file(root + "/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") groups.unified = GroupFolders(mount, path);
    if (controllers.find(",memory,") != std::string::npos) {
      groups.memory = GroupFolders(mount + "/memory", path);
    }
    if (controllers.find(",cpu,") != std::string::npos) {
      groups.cpu = GroupFolders(mount + "/cpu", path);
    }
  }
  return groups;
}

int64_t TotalMemory(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  std::string name;
  int64_t kilobytes = 0;
  std::string rest;
  while (file >> name >> kilobytes && std::getline(file, rest)) {
    if (name == "MemTotal:") return kilobytes * 1024;
  }
  // ProcSubset=pid hides the file; the system call still tells.
  struct sysinfo info {};
  if (root.empty() && sysinfo(&info) == 0) {
    return static_cast<int64_t>(info.totalram) * static_cast<int64_t>(info.mem_unit);
  }
  return std::numeric_limits<int64_t>::max();
}

void Lower(int64_t& limit, const std::optional<int64_t>& candidate) {
  if (candidate && *candidate > 0) limit = std::min(limit, *candidate);
}

std::optional<int64_t> ProcessorsOf(std::optional<int64_t> quota_us,
                                    std::optional<int64_t> period_us) {
  if (!quota_us || !period_us || *quota_us <= 0 || *period_us <= 0) return std::nullopt;
  return (*quota_us + *period_us - 1) / *period_us;
}

}  // namespace

int64_t MachineMemoryBytes(const std::string& root) {
  int64_t limit = TotalMemory(root);
  const Groups groups = ReadGroups(root);
  for (const std::string& folder : groups.unified) {
    for (const char* name : {"/memory.max", "/memory.high"}) {
      if (const auto line = FirstLine(folder + name)) Lower(limit, Number(*line));
    }
  }
  for (const std::string& folder : groups.memory) {
    if (const auto line = FirstLine(folder + "/memory.limit_in_bytes")) {
      Lower(limit, Number(*line));
    }
  }
  return limit;
}

int64_t MachineProcessors(const std::string& root) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  int64_t processors = 1;
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) processors = CPU_COUNT(&mask);
  const Groups groups = ReadGroups(root);
  for (const std::string& folder : groups.unified) {
    // "quota period", or "max period".
    const auto line = FirstLine(folder + "/cpu.max");
    if (!line) continue;
    std::istringstream words(*line);
    std::string quota;
    std::string period;
    words >> quota >> period;
    Lower(processors, ProcessorsOf(Number(quota), Number(period)));
  }
  for (const std::string& folder : groups.cpu) {
    const auto quota = FirstLine(folder + "/cpu.cfs_quota_us");
    const auto period = FirstLine(folder + "/cpu.cfs_period_us");
    if (!quota || !period) continue;
    Lower(processors, ProcessorsOf(Number(*quota), Number(*period)));
  }
  return std::max<int64_t>(processors, 1);
}

}  // namespace larder
