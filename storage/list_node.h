// A run of neighbouring elements of a list, packed into one allocation with its header. There may
// be room before and behind them, so that both ends can grow.
//
// Not thread-safe. A change may move the node: it is returned, with its links unchanged; whoever
// points at it must follow.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/packed_element.h"

namespace larder::storage {

struct ListNode {
  ListNode* previous = nullptr;
  ListNode* next = nullptr;
  size_t capacity = 0;  // bytes behind the header
  size_t begin = 0;     // of the elements, therein
  size_t end = 0;
  size_t count = 0;  // of elements

  static ListNode* New(size_t capacity);  // empty, and linked to nothing
  static void Delete(ListNode* node);

  size_t used() const { return end - begin; }
  size_t allocated() const { return sizeof(ListNode) + capacity; }
  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(this + 1); }

  // Replaces `removed` bytes at `offset` by `inserted` undefined ones. `*offset` follows them. The
  // shorter part is moved; amortised O(1) at both ends.
  // REQUIRES: begin <= *offset, *offset + removed <= end.
  static ListNode* Splice(ListNode* node, size_t* offset, size_t removed, size_t inserted);
};

}  // namespace larder::storage
