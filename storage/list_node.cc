#include "storage/list_node.h"

#include <bit>
#include <cstring>
#include <new>

#include "storage/memory.h"

namespace larder::storage {
namespace {

// Room for this share more is made when a node has to grow.
constexpr size_t kGrowthShare = 4;
constexpr size_t kPageBytes = 4096;

// What to allocate for a node that needs so much. Nodes are full at a power of two, which is also a
// size of the allocator's: do not pass it for a bit of spare room.
size_t RoomyCapacity(size_t needed) {
  const size_t wanted = sizeof(ListNode) + needed + needed / kGrowthShare;
  const size_t power = std::bit_floor(wanted);
  const bool stops = power >= kPageBytes && sizeof(ListNode) + needed <= power;
  return (stops ? power : wanted) - sizeof(ListNode);
}

// A larger node with the same elements, and all of the room before them, or behind.
ListNode* Grow(ListNode* node, size_t needed, bool room_in_front) {
  ListNode* const larger = ListNode::New(RoomyCapacity(needed));
  const size_t used = node->used();
  larger->begin = room_in_front ? larger->capacity - used : 0;
  larger->end = larger->begin + used;
  larger->count = node->count;
  larger->previous = node->previous;
  larger->next = node->next;
  if (used != 0) std::memcpy(larger->data() + larger->begin, node->data() + node->begin, used);
  ListNode::Delete(node);
  return larger;
}

// Moves the elements to one end of the room.
void Shift(ListNode* node, bool room_in_front) {
  const size_t used = node->used();
  const size_t begin = room_in_front ? node->capacity - used : 0;
  std::memmove(node->data() + begin, node->data() + node->begin, used);
  node->begin = begin;
  node->end = begin + used;
}

// Makes room for `bytes` more at one end.
ListNode* MakeRoom(ListNode* node, size_t bytes, bool in_front) {
  const size_t room = in_front ? node->begin : node->capacity - node->end;
  if (room >= bytes) return node;
  // Shifting pays when it wins room for as many bytes as it moves.
  const size_t needed = node->used() + bytes;
  if (needed + node->used() / 2 <= node->capacity) {
    Shift(node, in_front);
    return node;
  }
  return Grow(node, needed, in_front);
}

}  // namespace

ListNode* ListNode::New(size_t capacity) {
  void* const memory = memory::Allocate(sizeof(ListNode) + capacity);
  auto* const node = new (memory) ListNode;
  node->capacity = memory::AllocatedBytes(memory) - sizeof(ListNode);
  return node;
}

void ListNode::Delete(ListNode* node) { memory::Deallocate(node); }

ListNode* ListNode::Splice(ListNode* node, size_t* offset, size_t removed, size_t inserted) {
  const size_t before = *offset - node->begin;
  const size_t behind = node->end - *offset - removed;
  const bool move_front = before < behind;
  if (inserted > removed) {
    node = MakeRoom(node, inserted - removed, move_front);
    *offset = node->begin + before;
  }
  if (move_front) {
    const size_t begin = node->begin + removed - inserted;
    if (before != 0) std::memmove(node->data() + begin, node->data() + node->begin, before);
    node->begin = begin;
    *offset = begin + before;
  } else {
    uint8_t* const at = node->data() + *offset;
    if (behind != 0) std::memmove(at + inserted, at + removed, behind);
    node->end = node->end - removed + inserted;
  }
  return node;
}

}  // namespace larder::storage
