// Reads the parts of a dump (dump_format.h), none of which is believed.
//
// The first failure is kept, and everything read afterwards is empty or 0, so that its user may
// look now and then; a loop over a number of parts must look each time, for the number may be
// anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/dump_format.h"
#include "storage/numbers.h"

namespace larder::storage {

// Room for a string that does not lie in the dump as it is.
struct DumpText {
  std::string inflated;
  char number[kIntegerTextBytesMax];
};

class DumpReader {
 public:
  // `string_bytes_max` is that of any string; the dump must outlive the reader.
  DumpReader(std::string_view dump, size_t string_bytes_max)
      : left_(dump), string_bytes_max_(string_bytes_max) {}

  bool failed() const { return failed_; }
  void Fail() {
    failed_ = true;
    left_ = {};
  }

  size_t left() const { return left_.size(); }

  uint8_t Byte();
  std::string_view Raw(size_t bytes) { return Bytes(bytes); }
  uint64_t Length();
  // A view into the dump or into `text`, which it may be good no longer than.
  std::string_view String(DumpText* text);
  double Double();
  double DoubleText();  // kSortedSet's
  int64_t Milliseconds();

 private:
  std::string_view Bytes(uint64_t count);
  uint64_t LengthAfter(uint8_t first);
  std::string_view Inflate(DumpText* text);
  std::string_view Number(int64_t value, DumpText* text);
  template <class T>
  T LittleEndian();

  std::string_view left_;
  size_t string_bytes_max_;
  bool failed_ = false;
};

}  // namespace larder::storage
