#include "server/scripting/function_dump.h"

#include <algorithm>

#include "server/errors.h"
#include "storage/dump.h"
#include "storage/dump_format.h"
#include "storage/dump_writer.h"

namespace larder {
namespace {

constexpr uint8_t kLibraryOpcode = 245;

std::string_view WithoutFooter(std::string_view dump) {
  return dump.substr(0, dump.size() - std::min(dump.size(), storage::kDumpFooterBytes));
}

}  // namespace

std::string DumpLibraries(std::span<const FunctionLibraryPointer> libraries) {
  std::string dump;
  storage::DumpWriter out(&dump);
  for (const FunctionLibraryPointer& library : libraries) {
    out.Byte(kLibraryOpcode);
    out.String(library->source);
  }
  storage::AppendFooter(storage::kDumpVersionOf70, &dump);
  return dump;
}

LibraryDumpReader::LibraryDumpReader(std::string_view dump, size_t sources_bytes_max)
    : in_(WithoutFooter(dump), sources_bytes_max), bytes_left_(sources_bytes_max) {}

std::string_view LibraryDumpReader::Next(std::string* error) {
  if (in_.Byte() != kLibraryOpcode) {
    *error = errors::kNotAFunction;
    return {};
  }
  const std::string_view source = in_.String(&text_);
  if (in_.failed() || source.size() > bytes_left_) {
    *error = errors::kBadLibraryPayload;
    return {};
  }
  bytes_left_ -= source.size();
  return source;
}

}  // namespace larder
