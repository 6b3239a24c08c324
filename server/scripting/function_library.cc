#include "server/scripting/function_library.h"

#include <algorithm>
#include <vector>

#include "protocol/inline_split.h"
#include "server/errors.h"

namespace larder {
namespace {

constexpr std::string_view kShebang = "#!";
constexpr std::string_view kEngine = "lua";
constexpr std::string_view kNameOption = "name=";

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool StartsWithInAnyCase(std::string_view text, std::string_view lower_prefix) {
  return text.size() >= lower_prefix.size() &&
         std::equal(lower_prefix.begin(), lower_prefix.end(), text.begin(),
                    [](char a, char b) { return a == Lower(b); });
}

// Reads the words behind "#!". Returns the error, or nothing.
std::string ReadMetadata(std::string_view line, std::string* name) {
  std::vector<std::string> words;
  // As in Redis the whole is a C string: a zero byte before the line's end ends it.
  if (line.find('\0') != std::string_view::npos || !protocol::SplitWords(line, &words) ||
      words.empty()) {
    return std::string(errors::kInvalidLibraryMetadata);
  }
  bool named = false;
  for (size_t i = 1; i < words.size(); ++i) {
    if (!StartsWithInAnyCase(words[i], kNameOption)) {
      return errors::UnknownLibraryMetadata(words[i]);
    }
    if (named) return std::string(errors::kLibraryNamedTwice);
    named = true;
    *name = words[i].substr(kNameOption.size());
  }
  if (!named) return std::string(errors::kLibraryWithoutName);
  if (!IsFunctionName(*name)) return std::string(errors::kBadFunctionName);
  const std::string_view engine = std::string_view(words.front()).substr(kShebang.size());
  if (engine.size() != kEngine.size() || !StartsWithInAnyCase(engine, kEngine)) {
    return errors::NoSuchFunctionEngine(engine);
  }
  return {};
}

}  // namespace

bool IsFunctionName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z') || c == '_';
  });
}

size_t FunctionLibrary::MemoryBytes() const {
  constexpr size_t kOverheadBytes = 192;  // control block, and the library's nodes in the registry
  size_t bytes = sizeof(FunctionLibrary) + kOverheadBytes + source.capacity() + name.size();
  for (const Function& function : functions) {
    bytes += sizeof(Function) + kOverheadBytes + 2 * function.declaration.name.size();
    if (function.declaration.description) bytes += function.declaration.description->size();
  }
  return bytes;
}

std::shared_ptr<FunctionLibrary> ParseLibrary(std::string_view source, std::string* error) {
  if (!source.starts_with(kShebang)) {
    *error = errors::kMissingLibraryMetadata;
    return nullptr;
  }
  const size_t newline = source.find('\n');
  if (newline == std::string_view::npos) {
    *error = errors::kInvalidLibraryMetadata;
    return nullptr;
  }
  auto library = std::make_shared<FunctionLibrary>();
  *error = ReadMetadata(source.substr(0, newline), &library->name);
  if (!error->empty()) return nullptr;
  library->source = source;
  library->code_offset = newline;  // keeps the newline, so that errors name the right line
  return library;
}

}  // namespace larder
