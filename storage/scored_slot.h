// A member of a sorted set with its score: a slot of the hash table that finds it by its member,
// and of the tree that keeps the order.
#pragma once

#include <string_view>

#include "storage/hash_set.h"

namespace larder::storage {

struct ScoredSlot {
  TextSlot member;
  double score;  // never NaN

  static ScoredSlot Make(std::string_view member, double score) {
    return {TextSlot::Make(member), score};
  }
  // What HashTable asks of a slot.
  std::string_view text() const { return member.text(); }
  ScoredSlot Copy() const { return {member.Copy(), score}; }
  void Free() { member.Free(); }
  size_t AllocatedBytes() const { return member.AllocatedBytes(); }
  void Prefetch() const { member.Prefetch(); }
};

// The order of sorted sets: by score, then by the bytes of the member.
inline bool Before(const ScoredSlot& slot, double score, std::string_view member) {
  if (slot.score != score) return slot.score < score;
  return slot.text() < member;
}

}  // namespace larder::storage
