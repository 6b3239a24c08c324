// Keys on probation, oldest first: a first-in-first-out queue of 4-byte references (see Table).
//
// A reference whose key was deleted, or has left probation, stays until its turn; the caller drops
// it then. Push and Pop cost O(1), memory is counted and given back as the queue shortens.
// Not thread-safe: use only under the lock of the stripe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/memory.h"

namespace larder::storage {

class ProbationQueue {
 public:
  ProbationQueue() = default;
  ~ProbationQueue() { Clear(); }
  ProbationQueue(const ProbationQueue&) = delete;
  ProbationQueue& operator=(const ProbationQueue&) = delete;

  void Push(uint32_t reference);
  uint32_t Pop();  // the oldest. REQUIRES: !empty()
  void Clear();
  // Drops some `chunks` chunks of the oldest; true when it is empty.
  bool FreeSome(size_t chunks);

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t MemoryBytes() const { return chunk_count_ * sizeof(Chunk); }

 private:
  struct Chunk {
    static constexpr size_t kReferences = 254;
    Chunk* newer;
    uint32_t references[kReferences];
  };

  Chunk* oldest_ = nullptr;
  Chunk* newest_ = nullptr;
  size_t pop_index_ = 0;   // in the oldest chunk
  size_t push_index_ = 0;  // in the newest chunk
  size_t size_ = 0;
  size_t chunk_count_ = 0;
};

}  // namespace larder::storage
