#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/option.h"

namespace larder {

// What stands after the option's name in the lines of options that keep them (user).
using KeptConfigLines = std::map<const Option*, std::vector<std::string>>;

// The content of a configuration file with the values of today: comments, blank lines, includes
// and order stay, a line whose option has another value now is replaced, and options that differ
// from their defaults and had no line are appended. The lines of the options in `kept` are
// replaced by those in it.
std::string RewriteConfig(std::string_view content,
                          const std::function<OptionValue(const Option&)>& current,
                          const KeptConfigLines& kept = {});

// conf/larder.conf: every option with its documentation and its default.
std::string DefaultConfig();

}  // namespace larder
