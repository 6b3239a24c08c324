#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/config/option.h"

// The values of several words, each with a syntax of its own. All have the signature of
// Option::parse or Option::publish.

namespace larder {

// Pairs of seconds and changes; empty for none.
OptionValue ParseSave(std::span<const std::string> words, std::string_view current);

// Groups of class, hard limit, soft limit, seconds; classes that are not named keep theirs.
OptionValue ParseOutputLimits(std::span<const std::string> words, std::string_view current);
void PublishOutputLimits(LiveOptions& live, const OptionValue& value);

// At most 16 addresses; one that begins with a minus sign may be unavailable; * is every one.
OptionValue ParseBind(std::span<const std::string> words, std::string_view current);

// Letters of keyspace events.
OptionValue ParseNotifyEvents(std::span<const std::string> words, std::string_view current);

// Three numbers from -2000 to 2000.
OptionValue ParseOomScores(std::span<const std::string> words, std::string_view current);

// Numbers from 0 to 100.
OptionValue ParsePercentiles(std::span<const std::string> words, std::string_view current);

// Nothing, "no one", or a host and a port.
OptionValue ParseReplicaOf(std::span<const std::string> words, std::string_view current);

// How often a second; held within 1 to 500.
OptionValue ParseHz(std::span<const std::string> words, std::string_view current);

// Any words, joined by blanks.
OptionValue ParseAnyWords(std::span<const std::string> words, std::string_view current);

// An existing folder, made absolute.
OptionValue ParseFolder(std::span<const std::string> words, std::string_view current);

// A file name without a folder.
OptionValue ParseFileName(std::span<const std::string> words, std::string_view current);

}  // namespace larder
