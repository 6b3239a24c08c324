#include "server/namespace_rules.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include <fmt/format.h>

#include "server/config/config_file.h"
#include "server/config/option_store.h"
#include "server/config/units.h"
#include "server/engine.h"
#include "server/errors.h"
#include "server/letter_case.h"

namespace larder {
namespace {

using storage::NamespaceSpec;
using Words = std::span<const std::string_view>;

constexpr const char* kOptionName = "cache-namespace";

// What the texts of errors say.
static_assert(storage::kNamespacesMax == 4096 && storage::kNamespaceNameBytesMax == 64 &&
              storage::kNamespacePrefixBytesMax == 256 &&
              storage::kNamespaceTtlSecondsMax == 3'153'600'000 &&
              storage::kNamespaceJitterPercentMax == 90);

// Names stand in configuration files and labels of metrics.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= storage::kNamespaceNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == ':' || c == '_' || c == '-';
         });
}

// A number from 1 to `most`; 0 when it is none.
int64_t NumberUpTo(std::string_view word, int64_t most) {
  const std::optional<int64_t> number = ParseInteger(word);
  return number && *number >= 1 && *number <= most ? *number : 0;
}

std::string_view ReadOption(std::string_view option, std::string_view value, NamespaceSpec* spec) {
  if (EqualsIgnoreCase(option, "maxmemory")) {
    spec->bytes_max = ParseMemory(value).value_or(0);
    return spec->bytes_max == 0 ? errors::kBadNamespaceMemory : std::string_view();
  }
  if (EqualsIgnoreCase(option, "jitter")) {
    spec->jitter_percent = static_cast<int>(NumberUpTo(value, storage::kNamespaceJitterPercentMax));
    return spec->jitter_percent == 0 ? errors::kBadNamespaceJitter : std::string_view();
  }
  const bool is_default = EqualsIgnoreCase(option, "defaultttl");
  if (!is_default && !EqualsIgnoreCase(option, "maxttl")) return errors::kSyntax;
  int64_t& ttl_s = is_default ? spec->default_ttl_s : spec->ttl_s_max;
  ttl_s = NumberUpTo(value, storage::kNamespaceTtlSecondsMax);
  return ttl_s == 0 ? errors::kBadNamespaceTtl : std::string_view();
}

}  // namespace

std::string ParseNamespace(Words words, NamespaceSpec* spec) {
  if (words.size() < 3 || !EqualsIgnoreCase(words[1], "prefix")) {
    return std::string(errors::kSyntax);
  }
  if (!IsName(words[0])) return std::string(errors::kBadNamespaceName);
  if (words[2].size() > storage::kNamespacePrefixBytesMax) {
    return std::string(errors::kNamespacePrefixTooLong);
  }
  *spec = {.name = std::string(words[0]), .prefix = std::string(words[2])};
  for (size_t i = 3; i < words.size(); ++i) {
    if (EqualsIgnoreCase(words[i], "noevict")) {
      spec->no_evict = true;
      continue;
    }
    if (i + 1 == words.size()) return std::string(errors::kSyntax);
    const std::string_view error = ReadOption(words[i], words[i + 1], spec);
    if (!error.empty()) return std::string(error);
    ++i;
  }
  return {};
}

std::string WriteNamespace(const NamespaceSpec& spec) {
  std::string line = spec.name + " prefix " + QuoteConfigWord(spec.prefix);
  if (spec.bytes_max > 0) line += " maxmemory " + FormatMemory(spec.bytes_max);
  if (spec.default_ttl_s > 0) line += fmt::format(" defaultttl {}", spec.default_ttl_s);
  if (spec.ttl_s_max > 0) line += fmt::format(" maxttl {}", spec.ttl_s_max);
  if (spec.jitter_percent > 0) line += fmt::format(" jitter {}", spec.jitter_percent);
  if (spec.no_evict) line += " noevict";
  return line;
}

std::string_view RefusalText(storage::Namespaces::Refusal refusal) {
  switch (refusal) {
    case storage::Namespaces::Refusal::kNone:
      return {};
    case storage::Namespaces::Refusal::kTooMany:
      return errors::kTooManyNamespaces;
    case storage::Namespaces::Refusal::kPrefixTaken:
      return errors::kNamespacePrefixTaken;
  }
  return {};
}

void KeepNamespacesInConfig(Engine& engine) {
  engine.option_store.SetLineSource(kOptionName, [&engine] {
    std::vector<std::string> lines;
    for (const NamespaceSpec& spec : engine.keyspace.namespaces().Specs()) {
      lines.push_back(WriteNamespace(spec));
    }
    return lines;
  });
}

Outcome LoadNamespacesAtStart(Engine& engine) {
  for (const std::vector<std::string>& line : engine.option_store.KeptLines(kOptionName)) {
    const std::vector<std::string_view> words(line.begin(), line.end());
    NamespaceSpec spec;
    std::string error = ParseNamespace(words, &spec);
    if (error.empty() && engine.keyspace.namespaces().ByName(spec.name) != nullptr) {
      error = errors::kNamespaceTwice;
    }
    if (error.empty()) error = RefusalText(engine.keyspace.DefineNamespace(spec));
    if (!error.empty()) {
      const std::string name = words.empty() ? std::string() : std::string(words[0]);
      return Outcome::Failed(fmt::format("{} {}: {}", kOptionName, name, error));
    }
  }
  return Outcome::Ok();
}

}  // namespace larder
