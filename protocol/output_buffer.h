// The bytes that wait to be sent to one client: a contiguous tail that replies are appended to, and
// pinned values that are sent from where they are.
//
// Not thread-safe: owned by one connection.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string_view>
#include <utility>

#include "protocol/byte_block.h"

namespace larder::protocol {

inline constexpr size_t kPinnedBytesMin = 16 * 1024;
// The memory kept for the next replies when all is sent: up to the first figure always, up to the
// second while it is well used.
inline constexpr size_t kTailBytesKept = 16 * 1024;
inline constexpr size_t kTailBytesKeptBusy = 256 * 1024;

// Keeps the bytes of a pinned value alive until they are sent. The floors do not know each other,
// so it is a plain pair of a pointer and a function that lets go of it.
class Pin {
 public:
  using Release = void (*)(void* owner);
  Pin() = default;
  Pin(void* owner, Release release) : owner_(owner), release_(release) {}
  Pin(Pin&& other) noexcept : owner_(other.owner_), release_(other.release_) {
    other.release_ = nullptr;
  }
  Pin& operator=(Pin&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(release_, other.release_);
    return *this;
  }
  ~Pin() {
    if (release_ != nullptr) release_(owner_);
  }

 private:
  void* owner_ = nullptr;
  Release release_ = nullptr;
};

class OutputBuffer {
 public:
  // Appends a copy of `bytes`.
  void Append(std::string_view bytes) { tail_.append(bytes); }
  void Append(char byte) { tail_.push_back(byte); }

  // Appends `bytes` without copying; they must stay valid until `pin` is released. For values of
  // kPinnedBytesMin and more: below that a copy is cheaper.
  void AppendPinned(std::string_view bytes, Pin pin);

  // Appends a whole block by taking it over: for replies that are too large for one.
  void AppendBlock(ByteBlock block);

  // The contiguous bytes appended since the last pinned value: for patching a length afterwards.
  // Positions in it stay valid until the next AppendPinned, AppendBlock or Consume.
  ByteBlock& tail() { return tail_; }

  // Fills up to `count` vectors with the unsent bytes in order and returns how many were used.
  int Gather(iovec* vectors, int count) const;

  // Drops the first `bytes` unsent bytes. REQUIRES: bytes <= size().
  void Consume(size_t bytes);

  // Unsent bytes in all.
  size_t size() const { return pinned_bytes_ + tail_.size() - sent_from_tail_; }
  // Of these, those behind the pinned value that is being sent: what output limits count, so that
  // one large value always passes.
  size_t waiting_bytes() const {
    return segments_.empty() ? size() : size() - segments_.front().bytes() + sent_from_front_;
  }
  bool empty() const { return size() == 0; }

  // Drops everything and lets go of every pin and of the memory.
  void Clear();

  // Gives back the memory of an empty buffer: for connections that fall idle. Without it some
  // stays allocated for the next replies (kTailBytesKept…).
  void Trim();

  // Bytes of memory that this buffer holds itself, pinned values not counted.
  size_t memory_bytes() const { return tail_.capacity() + segment_memory_bytes_; }

 private:
  struct Segment {
    ByteBlock copied;  // sent before `pinned`
    std::string_view pinned;
    Pin pin;
    size_t bytes() const { return copied.size() + pinned.size(); }
    size_t memory_bytes() const { return sizeof(Segment) + copied.capacity(); }
  };
  void EndSegment(std::string_view pinned, Pin pin);

  std::list<Segment> segments_;  // empty in the common case
  size_t sent_from_front_ = 0;   // bytes of segments_.front() that were sent
  size_t pinned_bytes_ = 0;      // unsent bytes in segments_
  size_t segment_memory_bytes_ = 0;
  ByteBlock tail_;
  size_t sent_from_tail_ = 0;  // only while segments_ is empty
};

}  // namespace larder::protocol
