// SET's options: their grammar for the handler, and for those who ask about a request's rights
// before it runs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/arg_reader.h"
#include "server/commands/cache_options.h"
#include "server/commands/expiry_option.h"
#include "server/commands/string_condition.h"
#include "server/status.h"

namespace larder {

// NX and XX of SET and MSETEX.
enum class Existence : uint8_t { kAny, kMissing, kPresent };

// Consumes NX or XX if the next argument is one that does not contradict an earlier one.
bool MatchExistence(ArgReader& args, Existence* existence);

struct SetArguments {
  Existence existence = Existence::kAny;
  StringCondition condition;
  ExpiryOption expiry;
  bool get = false;
  std::span<const std::string_view> tags;
  CacheOptions cache;
};

Status ParseSetOptions(ArgReader& args, SetArguments* options);

// For the row: what SET does with its key (it reads the old value only when that is told, or
// compared), and where its tags are. What stands where a value or a tag is expected is never taken
// for an option. REQUIRES: the request's arity is right.
uint16_t KeyFlagsOfSet(std::span<const std::string_view> args);
void FindTagsOfSet(std::span<const std::string_view> args, std::vector<int>* positions);

}  // namespace larder
