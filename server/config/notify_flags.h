#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder {

// The bits (KeyspaceEventFlag) of a text such as "KEA"; nothing if a letter is unknown.
std::optional<int64_t> ParseNotifyFlags(std::string_view letters);

// The letters in Redis's order: "AKE", "gxE".
std::string FormatNotifyFlags(int64_t flags);

}  // namespace larder
