#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/outcome.h"

// The syntax of redis.conf: one option per line, words separated by blanks, words in double
// quotes with backslash escapes (\n \r \t \b \a \xHH), words in single quotes; comments from #
// at the beginning of a line; "include path" for other files.

namespace larder {

inline constexpr int kConfigIncludeDepthMax = 16;
inline constexpr size_t kConfigFileBytesMax = 16 * 1024 * 1024;

struct ConfigLine {
  std::string origin;  // "larder.conf:12"
  std::vector<std::string> words;
};

// The words of a line; nothing if its quotes do not balance.
std::optional<std::vector<std::string>> SplitConfigLine(std::string_view line);

// A word as a file can have it: quoted where it needs to be.
std::string QuoteConfigWord(std::string_view word);

// Appends the options of `text`, and of the files that it includes, in order. A path to include
// may be a pattern, which may match nothing; relative ones begin at the working folder.
Outcome ReadConfigText(const std::string& text, const std::string& origin,
                       std::vector<ConfigLine>& lines, int depth = 0);

// The same for a file.
Outcome ReadConfigFile(const std::string& path, std::vector<ConfigLine>& lines, int depth = 0);

// A file's content; fails above kConfigFileBytesMax.
Outcome ReadWholeFile(const std::string& path, std::string& content);

// Replaces a file in one step: readers see the old or the new content, and so does a crash.
// Keeps the old file's mode.
Outcome ReplaceFile(const std::string& path, const std::string& content);

}  // namespace larder
