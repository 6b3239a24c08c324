#include "protocol/output_buffer.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace larder::protocol {

void OutputBuffer::AppendPinned(std::string_view bytes, Pin pin) {
  if (!bytes.empty()) EndSegment(bytes, std::move(pin));
}

void OutputBuffer::AppendBlock(ByteBlock block) {
  if (block.empty()) return;
  if (!tail_.empty()) EndSegment({}, {});
  tail_ = std::move(block);
  EndSegment({}, {});
}

// Makes a segment of the tail and what follows it.
void OutputBuffer::EndSegment(std::string_view pinned, Pin pin) {
  if (segments_.empty()) sent_from_front_ = std::exchange(sent_from_tail_, 0);
  pinned_bytes_ += tail_.size() + pinned.size() - (segments_.empty() ? sent_from_front_ : 0);
  segments_.push_back({std::move(tail_), pinned, std::move(pin)});
  segment_memory_bytes_ += segments_.back().memory_bytes();
}

int OutputBuffer::Gather(iovec* vectors, int count) const {
  int used = 0;
  // Adds what is left of `bytes` after the sent ones.
  const auto add = [&](std::string_view bytes, size_t* sent) {
    const size_t skipped = std::min(*sent, bytes.size());
    *sent -= skipped;
    bytes.remove_prefix(skipped);
    if (bytes.empty() || used == count) return;
    vectors[used++] = {const_cast<char*>(bytes.data()), bytes.size()};
  };
  size_t sent = segments_.empty() ? sent_from_tail_ : sent_from_front_;
  for (const Segment& segment : segments_) {
    if (used == count) return used;
    add(segment.copied.view(), &sent);
    add(segment.pinned, &sent);
  }
  add(tail_.view(), &sent);
  return used;
}

void OutputBuffer::Consume(size_t bytes) {
  while (!segments_.empty()) {
    const Segment& front = segments_.front();
    const size_t left = front.copied.size() + front.pinned.size() - sent_from_front_;
    if (bytes < left) {
      sent_from_front_ += bytes;
      pinned_bytes_ -= bytes;
      return;
    }
    bytes -= left;
    pinned_bytes_ -= left;
    sent_from_front_ = 0;
    segment_memory_bytes_ -= front.memory_bytes();
    segments_.pop_front();
  }
  sent_from_tail_ += bytes;
  if (sent_from_tail_ == tail_.size()) {
    sent_from_tail_ = 0;
    // Memory is kept by a client whose pipelines fill it, and not after a single large reply.
    const bool well_used = tail_.size() >= tail_.capacity() / 8;
    const size_t kept = well_used ? kTailBytesKeptBusy : kTailBytesKept;
    if (tail_.capacity() > kept) tail_ = {};
    tail_.clear();
  } else if (sent_from_tail_ >= kTailBytesKept && sent_from_tail_ >= tail_.size() / 2) {
    // A slow reader: moving at most as many bytes as were sent keeps this O(1) per byte.
    tail_.EraseFront(std::exchange(sent_from_tail_, 0));
  }
}

void OutputBuffer::Clear() {
  segments_.clear();
  tail_.clear();
  sent_from_front_ = sent_from_tail_ = pinned_bytes_ = segment_memory_bytes_ = 0;
  Trim();
}

void OutputBuffer::Trim() {
  if (!empty()) return;
  tail_ = {};
  segments_.clear();
}

}  // namespace larder::protocol
