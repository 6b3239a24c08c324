// Checks every key of a history by itself: linearizability is a property of single objects.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/history/linearizability.h"
#include "tests/history/operation.h"

namespace larder::history {

struct KeyReport {
  size_t keys = 0, operations = 0, lost = 0;
  size_t given_up = 0;                  // keys with too much under way at once
  std::vector<std::string> violations;  // each tells the operations around it
};

// Takes the operations of all keys, in any order.
KeyReport CheckKeys(std::vector<Operation> operations, const SearchOptions& options);

}  // namespace larder::history
