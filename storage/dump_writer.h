// Writes the parts of a dump (dump_format.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/dump_format.h"

namespace larder::storage {

class DumpWriter {
 public:
  explicit DumpWriter(std::string* out, bool compress = true) : out_(out), compress_(compress) {}

  void Type(DumpType type) { Byte(static_cast<uint8_t>(type)); }
  void Byte(uint8_t byte) { out_->push_back(static_cast<char>(byte)); }
  void Raw(std::string_view bytes) { out_->append(bytes); }
  void Length(uint64_t length);
  // As a number where it is a short one, compressed where that makes it shorter and is wanted.
  void String(std::string_view text);
  void Double(double value);
  void Milliseconds(int64_t ms);

 private:
  bool WriteNumber(std::string_view text);
  bool WriteCompressed(std::string_view text);
  template <class T>
  void LittleEndian(T value);

  std::string* out_;
  bool compress_;
};

// A listpack under construction. REQUIRES: its bytes stay below 4 GB.
class ListpackWriter {
 public:
  ListpackWriter();
  void Append(std::string_view text);
  // `count` elements as they lie in a list's or a stream's node: the encoding is the same.
  void AppendEncoded(std::string_view elements, size_t count);
  std::string_view Finish();

 private:
  std::string bytes_;
  size_t count_ = 0;
};

}  // namespace larder::storage
