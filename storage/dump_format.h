// The serialised form of a value, as DUMP answers it and RESTORE takes it: that of Redis's RDB
// files (its rdb.h and rdb.c name the parts), one value at a time.
//
//   dump     = type:1 value version:2 crc64:8        numbers little-endian; the CRC covers all
//   before length   = 00xxxxxx | 01xxxxxx x:1 | 0x80 x:4 | 0x81 x:8 big-endian string   = length
//   bytes | 0xc0 int8 | 0xc1 int16 | 0xc2 int32                     little-endian
//            | 0xc3 length(compressed) length(whole) bytes                                      LZF
//   kString  = string                       kList     = length string…
//   kSet     = length string…               kHash     = length (string string)…
//   kSortedSet  = length (string text)…     text: its length in a byte, 253 NaN, 254 inf, 255 -inf
//   kSortedSet2 = length (string double)…
//   kQuicklist  = length string(ziplist)…   kQuicklist2 = length (length(node) string)…
//   kHashMetadata = ms:8 length (length(expiry) string string)…  expiry: 0 none, else ms from the
//                   first 8 bytes on, plus 1
//   kHashListpackEx = ms:8 string(listpack of name, value, ms or 0)
//   kStream…    = in dump_stream.h
//   the others  = string that is a ziplist, listpack, intset or zipmap (dump_packed.h)
//
// Modules' values are not read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace larder::storage {

enum class DumpType : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kSortedSet = 3,
  kHash = 4,
  kSortedSet2 = 5,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kSortedSetZiplist = 12,
  kHashZiplist = 13,
  kQuicklist = 14,
  kStream1 = 15,
  kHashListpack = 16,
  kSortedSetListpack = 17,
  kQuicklist2 = 18,
  kStream2 = 19,
  kSetListpack = 20,
  kStream3 = 21,
  kHashMetadataBefore74 = 22,    // of 7.4's release candidates; Valkey 9's hash with expiries
  kHashListpackExBefore74 = 23,  // of 7.4's release candidates
  kHashMetadata = 24,
  kHashListpackEx = 25,
  kStream4 = 26,
  kStream5 = 27,
};

inline constexpr uint16_t kDumpVersionOf70 = 10;  // Redis 7.0: what is written where it suffices
inline constexpr uint16_t kDumpVersionOf74 = 12;  // Redis 7.4 to 8.4: fields with expiries
inline constexpr uint16_t kDumpVersionOf86 = 13;  // streams with producers' ids
inline constexpr uint16_t kDumpVersionOf88 = 14;  // streams with pending entries given back
inline constexpr uint16_t kDumpVersionMax = 15;   // Redis 8.10; only further types since
inline constexpr uint16_t kDumpVersionOfValkey = 80;  // Valkey 9
inline constexpr size_t kDumpFooterBytes = 10;        // version and CRC

inline constexpr uint8_t kDumpLength14 = 0x40;
inline constexpr uint8_t kDumpLength32 = 0x80;
inline constexpr uint8_t kDumpLength64 = 0x81;
inline constexpr uint8_t kDumpInt8 = 0xc0;
inline constexpr uint8_t kDumpInt16 = 0xc1;
inline constexpr uint8_t kDumpInt32 = 0xc2;
inline constexpr uint8_t kDumpLzf = 0xc3;

enum class DumpNode : uint8_t { kPlain = 1, kPacked = 2 };  // of kQuicklist2

}  // namespace larder::storage
