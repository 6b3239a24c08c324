#include "server/commands/scan_options.h"

#include "server/errors.h"
#include "storage/glob.h"

namespace larder {

static constexpr std::string_view kNoValuesOutsideHscan =
    "ERR NOVALUES option can only be used in HSCAN";

bool ScanOptions::Matches(std::string_view text) const {
  // A star alone matches the empty key too, as no other pattern does.
  return !pattern || *pattern == "*" || storage::GlobMatch(*pattern, text);
}

std::optional<uint64_t> ParseCursor(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
  }
  uint64_t cursor = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    if (__builtin_mul_overflow(cursor, uint64_t{10}, &cursor) ||
        __builtin_add_overflow(cursor, static_cast<uint64_t>(digit - '0'), &cursor)) {
      return std::nullopt;
    }
  }
  return negative ? -cursor : cursor;
}

Status ParseScanOptions(ArgReader& args, bool with_type, ScanOptions* options) {
  while (args.HasMore()) {
    if (args.Match("NOVALUES")) {
      if (!options->takes_novalues) return Error(kNoValuesOutsideHscan);
      options->no_values = true;
      continue;
    }
    if (args.remaining() < 2) return Error(errors::kSyntax);
    if (args.Match("COUNT")) {
      options->count = args.NextInt();
      if (args.failed()) return args.status();
      if (options->count < 1) return Error(errors::kSyntax);
    } else if (args.Match("MATCH")) {
      options->pattern = args.Next();
    } else if (with_type && args.Match("TYPE")) {
      options->type = args.Next();
    } else {
      return Error(errors::kSyntax);
    }
  }
  return Ok();
}

}  // namespace larder
