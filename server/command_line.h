#pragma once

#include <string>

#include "server/config/option_store.h"

namespace larder {

// What main does next.
struct CommandLine {
  bool run = false;  // start the server; else write `output` and exit
  int exit_code = 0;
  std::string output;  // to standard error where exit_code is not 0
};

inline constexpr int kExitCodeUsage = 2;

// Understands `larder [FILE | -] [--option value...]...` as redis-server does: the file (or
// standard input) is read first, then the command line overrides it, then the folder of the option
// `dir` becomes the working folder. An option's values go up to
// the next argument that begins with two dashes; --option=value is one value, whatever it looks
// like. Also -h, --help, --help-all, -v, --version, --print-default-config.
CommandLine ParseCommandLine(int argc, const char* const* argv, OptionStore& options);

// Makes it the working folder: relative paths (logfile, unixsocket) begin there.
Outcome EnterFolder(const std::string& folder);

// What --help prints, from the option table: the options with effect, or all.
std::string HelpText(bool all);

std::string VersionText();

}  // namespace larder
