// A set of byte strings of any number and length. What OBJECT ENCODING calls hashtable.
//
// A member takes 9 bytes of its segment of the table (hash_table.h, which has the costs); up to
// seven bytes of text lie in there, longer texts in an allocation without a header.
//
// Not thread-safe; views of members stay valid until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "storage/hash_table.h"

namespace larder::storage {

// One member: nothing, up to seven bytes of text, or a pointer to a longer text with its length in
// the 16 bits that a pointer leaves free.
class TextSlot {
 public:
  TextSlot() = default;
  static TextSlot Make(std::string_view text);
  TextSlot Copy() const { return Make(text()); }
  void Free();  // gives back what Make allocated

  // REQUIRES: made by Make. The view of a short text points into this slot.
  std::string_view text() const {
    if ((word_ & 1) != 0) return {reinterpret_cast<const char*>(&word_) + 1, (word_ >> 1) & 7};
    return LongText();
  }
  size_t AllocatedBytes() const;
  // Brings a long text near the processor: for who is about to read many.
  void Prefetch() const {
    if ((word_ & 1) == 0) __builtin_prefetch(pointer());
  }

 private:
  static constexpr int kPointerBits = 48;
  static constexpr uint64_t kPointerMask = (uint64_t{1} << kPointerBits) - 1;
  static constexpr size_t kLengthInText = 0xffff;  // the text is preceded by its 8-byte length

  char* pointer() const { return reinterpret_cast<char*>(word_ & kPointerMask); }
  std::string_view LongText() const;

  uint64_t word_ = 0;
};

class HashSet {
 public:
  // `seed`: nobody outside may know it, lest they choose members that collide.
  explicit HashSet(uint64_t seed) : table_(seed) {}
  HashSet Clone() const { return HashSet(table_.Clone()); }  // O(N)

  bool Insert(std::string_view member);  // false when it was there
  bool Erase(std::string_view member);
  bool Contains(std::string_view member) const;

  size_t size() const { return table_.size(); }
  size_t MemoryBytes() const { return table_.MemoryBytes(); }

  // A member drawn uniformly; `random` is 64 fresh random bits. REQUIRES: size() > 0.
  std::string_view Random(uint64_t random) const;

  // One step of a scan: visits about `count` members and returns the next cursor, 0 at the end.
  // Cursors stay below 2^48. A member present from the first to the last step is visited at least
  // once.
  uint64_t Scan(uint64_t cursor, size_t count,
                const std::function<void(std::string_view)>& visit) const;

  // Calls visit(std::string_view) for every member.
  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    table_.ForEach([&](const TextSlot& slot) { visit(slot.text()); });
  }

  // Frees at least `members` members (or all) from the end; true when none is left. Afterwards only
  // FreeSome and the destructor may be called.
  bool FreeSome(size_t members);

 private:
  explicit HashSet(HashTable<TextSlot> table) : table_(std::move(table)) {}

  HashTable<TextSlot> table_;
};

extern template class HashTable<TextSlot>;

}  // namespace larder::storage
