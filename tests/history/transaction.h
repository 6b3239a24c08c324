// What a client did to several lists at once (EXEC, a script, or a command alone), and when.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/history/operation.h"

namespace larder::history {

struct Action {
  uint32_t key = 0;
  bool append = false;
  int64_t value = 0;            // appended: none is appended twice in a history
  int64_t length = 0;           // answered by the append; 0: not known
  std::vector<int64_t> list{};  // what was read
};

struct Transaction {
  enum class Fate : uint8_t { kCommitted, kAborted, kLost };

  int64_t invoke_ns = 0;
  int64_t complete_ns = kNever;
  uint16_t client = 0;
  Fate fate = Fate::kLost;
  std::string_view how = "";  // "EXEC", "EVAL", ...
  std::vector<Action> actions;
};

}  // namespace larder::history
