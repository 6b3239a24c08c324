// Tags among the arguments of a command: how many there are, then the tags.
#pragma once

#include <span>
#include <string_view>

#include "server/arg_reader.h"
#include "storage/tag_set.h"

namespace larder {

// Reads "numtags tag [tag ...]". What is wrong with them is kept by `args`.
std::span<const std::string_view> NextTags(ArgReader& args);

// The tags with these names, each once.
storage::TagSet TagsNamed(storage::TagTable& table, std::span<const std::string_view> names);

}  // namespace larder
