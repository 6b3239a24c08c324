// One element of a list as it lies in a node: a header that tells its kind and length, its bytes,
// and the length of both once more, written so that it can be read from behind. Integers in their
// only decimal spelling are kept as numbers of one to nine bytes.
//
// The encoding is that of Redis's listpacks (https://github.com/antirez/listpack), byte for byte,
// so that a list's size, and with it OBJECT ENCODING, is the same; longer strings than 4 GB have a
// header of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/numbers.h"

namespace larder::storage {

// Room for the text of an element that is kept as a number.
struct ElementBuffer {
  char bytes[kIntegerTextBytesMax];
};

// What an element is to be: parsed once, then measured, written or compared.
class ElementSpec {
 public:
  explicit ElementSpec(std::string_view text) : text_(text), number_(ParseInteger(text)) {}
  explicit ElementSpec(int64_t number) : number_(number) {}  // whose text() is empty

  std::string_view text() const { return text_; }
  size_t Bytes() const;              // with both lengths
  void WriteTo(uint8_t* out) const;  // exactly Bytes()

 private:
  friend class PackedElement;
  size_t HeadBytes() const;  // without the trailing length

  std::string_view text_;
  std::optional<int64_t> number_;
};

// An element where it lies. A view: good until its node changes.
class PackedElement {
 public:
  // The element that begins, or ends, at `at`.
  static PackedElement BeginningAt(const uint8_t* at);
  static PackedElement EndingAt(const uint8_t* at);
  // The same of bytes that cannot be trusted: nothing unless a whole element, as Redis writes it,
  // begins there and is at most `bytes` long.
  static std::optional<PackedElement> BeginningWithin(const uint8_t* at, size_t bytes);

  size_t bytes() const { return bytes_; }
  bool is_number() const { return is_number_; }
  int64_t number() const { return number_; }  // 0 of a text that is none
  // The text; of a number it is written into the buffer.
  std::string_view Text(ElementBuffer* buffer) const;
  bool Is(const ElementSpec& spec) const;

 private:
  bool is_number_ = false;
  int64_t number_ = 0;
  std::string_view text_;
  size_t bytes_ = 0;
};

}  // namespace larder::storage
