// Encodes replies as RESP2 or RESP3 into an OutputBuffer. It owns the differences between the two:
// who writes a reply never asks for the version.
//
// Aggregates are opened with their length and then filled by as many further calls: Array(2),
// Integer(1), Bulk("x"). Where the length is known only at the end, use ArrayLater and Finish.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "protocol/output_buffer.h"

namespace larder::protocol {

enum class Version : uint8_t { kResp2 = 2, kResp3 = 3 };

class ReplyWriter {
 public:
  explicit ReplyWriter(OutputBuffer& out, Version version = Version::kResp2)
      : out_(&out), version_(version) {}

  Version version() const { return version_; }
  void set_version(Version version) { version_ = version; }
  OutputBuffer& out() { return *out_; }

  void Simple(std::string_view text);  // +OK; CR and LF in `text` become spaces
  // `text` with its code and without the dash: "ERR syntax error", "WRONGTYPE …". CR and LF at its
  // ends are dropped; CR, LF and NUL within become spaces, so that a reply is always one line.
  void Error(std::string_view text);
  void Integer(int64_t value);
  void Bulk(std::string_view bytes);
  void BulkPinned(std::string_view bytes, Pin pin);  // copied when below kPinnedBytesMin
  void BulkInteger(int64_t value);                   // $1 7: a number as a bulk string
  void Null();                                       // $-1 or _
  void NullArray();                                  // *-1 or _
  void Array(int64_t elements);
  void Set(int64_t elements);   // ~n, in RESP2 *n
  void Map(int64_t pairs);      // %n, in RESP2 *2n
  void Push(int64_t elements);  // >n, in RESP2 *n
  // A record of named fields: a map in RESP3, in RESP2 an array of the values without the names.
  // Each value is preceded by its Field.
  void Record(int64_t fields);
  void Field(std::string_view name);
  void Attribute(int64_t pairs);  // |n, in RESP2 *2n
  void Double(double value);      // ,1.5 or a bulk string; inf, -inf, nan
  void Boolean(bool value);       // #t or :1
  void Verbatim(std::string_view format, std::string_view text);  // =…txt: or a bulk string
  void BigNumber(std::string_view digits);                        // (… or a bulk string
  void Ok() { Raw("+OK\r\n"); }
  void Raw(std::string_view encoded) { out_->Append(encoded); }

  // The bytes that the output holds: by how much they grow, a reply has. Lengths that Finish sets
  // count with one digit.
  size_t output_bytes() const { return out_->size(); }

  // An array, set or map whose length is set by Finish: fill it, then call Finish with the mark.
  // Nest freely. While one is open, values are copied instead of pinned; Finish costs O(1), or a
  // move of the bytes in it when there are ten elements or more.
  struct Later {
    size_t offset;
    char type;  // '*', '~', '%' or '>'
  };
  Later ArrayLater() { return Open('*'); }
  Later SetLater() { return Open('~'); }
  Later MapLater() { return Open('%'); }
  void Finish(Later mark, int64_t elements_or_pairs);

 private:
  Later Open(char type);
  void Header(char type, int64_t length);
  void Aggregate(char type, int64_t length);
  // The type and length of a RESP3 aggregate as this version writes them.
  std::pair<char, int64_t> OnTheWire(char type, int64_t length) const;

  OutputBuffer* out_;
  Version version_;
  int open_ = 0;  // Laters without their Finish
};

// The text of a double in replies, as Redis 7.0 prints it: printf's "%.17g" ("3", "0.5", "1e+20",
// "3.1000000000000001", "inf", "-inf", "nan", "-0"). It reads back as the same double.
// Writes at most 40 bytes and returns their count.
size_t FormatDouble(double value, char* out);

}  // namespace larder::protocol
