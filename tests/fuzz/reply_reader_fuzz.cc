// The reply reader takes any bytes: it reads, asks for more or refuses, and more bytes never change
// what a prefix said.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "protocol/reply_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using larder::protocol::ReadReply;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  std::string_view rest = all;
  larder::protocol::Reply reply;
  bool malformed = false;
  if (ReadReply(&rest, &reply, &malformed)) {
    // Without its last byte the same reply is incomplete, and not malformed.
    std::string_view shorter = all.substr(0, all.size() - rest.size() - 1);
    if (ReadReply(&shorter, &reply, &malformed) || malformed) std::abort();
  } else if (rest.size() != size) {
    std::abort();
  }
  return 0;
}
