#include "storage/probation_queue.h"

#include <limits>

namespace larder::storage {

void ProbationQueue::Push(uint32_t reference) {
  if (newest_ == nullptr || push_index_ == Chunk::kReferences) {
    auto* chunk = static_cast<Chunk*>(memory::Allocate(sizeof(Chunk)));
    chunk->newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = chunk;
    newest_ = chunk;
    push_index_ = 0;
    ++chunk_count_;
  }
  newest_->references[push_index_++] = reference;
  ++size_;
}

uint32_t ProbationQueue::Pop() {
  const uint32_t reference = oldest_->references[pop_index_++];
  --size_;
  if (pop_index_ == Chunk::kReferences || size_ == 0) {
    Chunk* popped = oldest_;
    oldest_ = popped->newer;
    if (oldest_ == nullptr) newest_ = nullptr;
    pop_index_ = 0;
    memory::Deallocate(popped);
    --chunk_count_;
  }
  return reference;
}

void ProbationQueue::Clear() { FreeSome(std::numeric_limits<size_t>::max()); }

bool ProbationQueue::FreeSome(size_t chunks) {
  for (size_t freed = 0; oldest_ != nullptr && freed < chunks; ++freed) {
    Chunk* chunk = oldest_;
    oldest_ = chunk->newer;
    const size_t end = oldest_ == nullptr ? push_index_ : Chunk::kReferences;
    size_ -= end - pop_index_;
    pop_index_ = 0;
    memory::Deallocate(chunk);
    --chunk_count_;
  }
  if (oldest_ != nullptr) return false;
  newest_ = nullptr;
  push_index_ = 0;
  return true;
}

}  // namespace larder::storage
