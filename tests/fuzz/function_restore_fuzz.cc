// What FUNCTION RESTORE takes, the checksum not looked at, up to the Lua: no crash, nothing read
// beyond the bytes, no more memory than the limit; and what was read is dumped and read again as
// the same. Seeds: corpus/function_restore_fuzz.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "server/scripting/function_dump.h"

namespace {

constexpr size_t kBytesMax = 1 << 20;

// The sources as far as they can be read.
std::vector<std::string> SourcesOf(std::string_view dump) {
  std::vector<std::string> sources;
  larder::LibraryDumpReader reader(dump, kBytesMax);
  while (reader.HasMore()) {
    std::string error;
    const std::string_view source = reader.Next(&error);
    if (!error.empty()) break;
    sources.emplace_back(source);
  }
  return sources;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto sources = SourcesOf({reinterpret_cast<const char*>(data), size});
  size_t bytes = 0;
  std::vector<larder::FunctionLibraryPointer> libraries;
  std::vector<std::string> parsed;
  for (const std::string& source : sources) {
    bytes += source.size();
    std::string error;
    const auto library = larder::ParseLibrary(source, &error);
    if ((library == nullptr) == error.empty()) std::abort();
    if (library == nullptr) continue;
    if (!larder::IsFunctionName(library->name) || library->source != source) std::abort();
    libraries.push_back(library);
    parsed.push_back(source);
  }
  if (bytes > kBytesMax) std::abort();
  if (SourcesOf(larder::DumpLibraries(libraries)) != parsed) std::abort();
  return 0;
}
