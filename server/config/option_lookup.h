#pragma once

#include <string>
#include <string_view>

#include "server/config/option.h"
#include "server/letter_case.h"

namespace larder {

// The row of a name or alias, in any case; null if there is none. O(number of options).
const Option* FindOption(std::string_view name);

// The name nearest to a misspelt one; empty if none is near.
std::string NearestOptionName(std::string_view name);

// Whether `text` matches a pattern of CONFIG GET (* ? [a-z] and backslash), in any case.
// O(pattern * text): stars do not multiply.
bool MatchesOptionPattern(std::string_view pattern, std::string_view text);

}  // namespace larder
