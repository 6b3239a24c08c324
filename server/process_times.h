#pragma once

#include <cstdint>

namespace larder {

// CPU time of this process, all threads.
struct ProcessTimes {
  int64_t user_us = 0;
  int64_t system_us = 0;
};

ProcessTimes ReadProcessTimes();

}  // namespace larder
