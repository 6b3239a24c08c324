// Clients that make a history: few keys, used by all of them at once, each in its family's way;
// transactions over lists; connections that end in the middle of a request; the single keys'
// database is flushed now and then.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/history/operation.h"
#include "tests/history/transaction.h"

namespace larder::history {

struct LoadOptions {
  std::string socket;
  uint64_t seed = 1;
  int clients = 8;
  double seconds = 10;
  bool evict = false;  // the server may take values away: no lists that are only appended to
};

// The keys that are in use now. A key is replaced by a new one after a while, and when enough of
// what was done to it is lost: the checker's work grows with that. Thread-safe.
class KeyPool {
 public:
  // A key of the family.
  uint32_t Take(Family family, uint32_t slot);
  void CountLost(Family family, uint32_t key);
  // The keys in use, and those that were until a while ago.
  std::vector<std::pair<Family, uint32_t>> Recent();

  static constexpr uint32_t kSlots = 2;  // keys of a family at one time

 private:
  static constexpr uint32_t kOperationsMax = 4000;
  static constexpr uint32_t kLostMax = 3;
  static constexpr size_t kRetiredMax = 200;  // many seconds' worth: a client may be slow

  struct Slot {
    bool used = false;
    uint32_t key = 0, operations = 0, lost = 0;
  };
  std::mutex mutex_;
  Slot slots_[kFamilies][kSlots];
  uint32_t keys_ = 0;
  std::deque<std::pair<Family, uint32_t>> retired_;  // the last ones
};

struct Recording {
  std::vector<Operation> operations;
  std::vector<Transaction> transactions;
  uint64_t reconnections = 0;
  std::vector<std::string> errors;  // that no request should have been answered with
};

// Runs until the time is over, or the server is gone (then there is an error).
Recording RunLoad(const LoadOptions& options);

}  // namespace larder::history
