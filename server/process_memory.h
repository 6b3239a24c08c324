#pragma once

#include <cstddef>
#include <string>

namespace larder {

// What the operating system and the allocator say of this process's memory, in bytes.
struct ProcessMemory {
  size_t resident = 0;   // RSS
  size_t allocated = 0;  // by the program; below: what the allocator needs for it
  size_t active = 0;
  size_t mapped = 0;
};

// Reads /proc and the allocator's statistics: some 10 microseconds.
ProcessMemory ReadProcessMemory();

// Gives unused pages back to the system: some milliseconds. False when the allocator refuses.
bool PurgeAllocator();

// The allocator's own statistics, pages of text.
std::string AllocatorReport();

// "jemalloc-5.3.0", or "libc" in sanitizer builds.
std::string AllocatorName();

}  // namespace larder
