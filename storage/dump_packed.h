// The packed collections that a dump holds as strings: listpacks, and what older versions of Redis
// used in their place. They are only read here (a list's nodes are made of a listpack's elements;
// dump_writer.h writes one).
//
// Each function calls visit for every element in turn and answers false as soon as the bytes are
// not exactly such a collection, or visit answers false; what was visited before is to be thrown
// away then. Nothing beyond the bytes is read, whatever they are. O(bytes). Texts are good until
// visit returns.
//
//   listpack = bytes:4 count:2 element… 0xff                   element: packed_element.h
//   ziplist  = bytes:4 last:4 count:2 entry… 0xff              last: the offset of the last entry
//     entry  = length of the one before (1 byte, or 254 and 4), then a string or an integer:
//              00xxxxxx text | 01xxxxxx x:1 text | 0x80 x:4 text (lengths big-endian)
//              | 0xc0 int16 | 0xd0 int32 | 0xe0 int64 | 0xf0 int24 | 0xfe int8 | 0xf1…0xfd 0…12
//   zipmap   = count:1 (name value)… 0xff
//     name   = length text                                     length: 1 byte, or 254 and 4
//     value  = length unused:1 text, and as many bytes as are unused
//   intset   = width:4 count:4 integer…                        ascending, 2, 4 or 8 bytes wide
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace larder::storage {

using TextVisitor = absl::FunctionRef<bool(std::string_view)>;

bool VisitListpack(std::string_view bytes, TextVisitor visit);
bool VisitZiplist(std::string_view bytes, TextVisitor visit);
bool VisitZipmap(std::string_view bytes, TextVisitor visit);  // names and values in turn
bool VisitIntset(std::string_view bytes, absl::FunctionRef<bool(int64_t)> visit);

}  // namespace larder::storage
