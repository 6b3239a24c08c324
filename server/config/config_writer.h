#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "server/config/option.h"

namespace larder {

// The content of a configuration file with the values of today: comments, blank lines, includes
// and order stay, a line whose option has another value now is replaced, and options that differ
// from their defaults and had no line are appended.
std::string RewriteConfig(std::string_view content,
                          const std::function<OptionValue(const Option&)>& current);

// conf/larder.conf: every option with its documentation and its default.
std::string DefaultConfig();

}  // namespace larder
