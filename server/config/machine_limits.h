#pragma once

#include <cstdint>
#include <string>

namespace larder {

// What the machine and the control group (version 1 or 2) that this process is in allow.
// `root` is put before /proc and /sys, for tests. A file that is missing or unreadable is no limit.

// Bytes of memory: the smaller of MemTotal and the limits of the group and its ancestors.
int64_t MachineMemoryBytes(const std::string& root = "");

// Processors: those in the affinity mask, at most the group's quota rounded up; at least 1.
int64_t MachineProcessors(const std::string& root = "");

}  // namespace larder
