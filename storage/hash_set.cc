#include "storage/hash_set.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "storage/hash_table_inline.h"

namespace larder::storage {

static_assert(std::endian::native == std::endian::little, "a short text lies behind its tag byte");

static constexpr size_t kShortTextBytesMax = 7;

template class HashTable<TextSlot>;

TextSlot TextSlot::Make(std::string_view text) {
  TextSlot slot;
  if (text.size() <= kShortTextBytesMax) {
    std::memcpy(reinterpret_cast<char*>(&slot.word_) + 1, text.data(), text.size());
    slot.word_ |= text.size() << 1 | 1;
    return slot;
  }
  const bool own_length = text.size() >= kLengthInText;
  const uint64_t length = text.size();
  char* const pointer =
      static_cast<char*>(memory::Allocate(length + (own_length ? sizeof(length) : 0)));
  if (own_length) std::memcpy(pointer, &length, sizeof(length));
  std::memcpy(pointer + (own_length ? sizeof(length) : 0), text.data(), length);
  slot.word_ = reinterpret_cast<uint64_t>(pointer) | std::min<uint64_t>(length, kLengthInText)
                                                         << kPointerBits;
  return slot;
}

void TextSlot::Free() {
  if (word_ != 0 && (word_ & 1) == 0) memory::Deallocate(pointer());
  word_ = 0;
}

std::string_view TextSlot::LongText() const {
  uint64_t length = word_ >> kPointerBits;
  if (length < kLengthInText) return {pointer(), length};
  std::memcpy(&length, pointer(), sizeof(length));
  return {pointer() + sizeof(length), length};
}

size_t TextSlot::AllocatedBytes() const {
  if ((word_ & 1) != 0) return 0;
  const size_t length = LongText().size();
  return length + (length >= kLengthInText ? sizeof(uint64_t) : 0);
}

bool HashSet::Insert(std::string_view member) {
  return table_.FindOrInsert(member, [member] { return TextSlot::Make(member); }).second;
}

bool HashSet::Erase(std::string_view member) { return table_.Erase(member); }

bool HashSet::Contains(std::string_view member) const { return table_.Find(member) != nullptr; }

std::string_view HashSet::Random(uint64_t random) const { return table_.Random(random).text(); }

uint64_t HashSet::Scan(uint64_t cursor, size_t count,
                       const std::function<void(std::string_view)>& visit) const {
  return table_.Scan(cursor, count, [&](const TextSlot& slot) { visit(slot.text()); });
}

bool HashSet::FreeSome(size_t members) { return table_.FreeSome(members); }

}  // namespace larder::storage
