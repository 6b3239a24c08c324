// Libraries of functions in Redis's serialised form: what FUNCTION DUMP answers and FUNCTION
// RESTORE takes.
//
//   dump = (245 string(source))… version:2 crc64:8        strings and footer as in dump_format.h
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "server/scripting/function_library.h"
#include "storage/dump_reader.h"

namespace larder {

// O(bytes of all sources).
std::string DumpLibraries(std::span<const FunctionLibraryPointer> libraries);

// Reads the sources of a dump one by one, and believes nothing of it: whatever the bytes, it takes
// no more memory than the limit.
class LibraryDumpReader {
 public:
  // `dump` outlives the reader and ends in a footer, which storage::HasGoodFooter has looked at.
  // The limit is that of all sources together.
  LibraryDumpReader(std::string_view dump, size_t sources_bytes_max);

  bool HasMore() const { return in_.left() > 0; }
  // The next source, good until the next call. When there is none as the dump is wrong *error is
  // set. REQUIRES: HasMore().
  std::string_view Next(std::string* error);

 private:
  storage::DumpReader in_;
  storage::DumpText text_;
  size_t bytes_left_;
};

}  // namespace larder
