#include "server/command_line.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <vector>

#include "server/config/config_writer.h"
#include "server/config/option.h"
#include "server/version.h"

namespace larder {
namespace {

constexpr size_t kHelpColumn = 44;

std::string TypeName(const Option& option) {
  switch (option.type) {
    case OptionType::kBool:
      return "yes|no";
    case OptionType::kInteger:
      return option.unit.empty() ? "N" : std::string(option.unit);
    case OptionType::kOctal:
      return "MODE";
    case OptionType::kMemory:
      return "SIZE";
    case OptionType::kMemoryOrPercent:
      return "SIZE|PERCENT";
    case OptionType::kEnum:
    case OptionType::kFlags:
      return "NAME";
    case OptionType::kString:
      return "TEXT";
    case OptionType::kWords:
      return "WORD...";
  }
  return {};
}

std::string Description(const Option& option) {
  std::string text(option.documentation);
  if (!option.alias.empty()) text += " Also --" + std::string(option.alias) + ".";
  if (!option.names.empty()) text += " Allowed: " + AllowedValues(option) + ".";
  if (!option.refused.empty()) text += " Refused: " + std::string(option.refused) + ".";
  if (option.Has(kNoEffect)) text += " (No effect here.)";
  return text;
}

// Splits arguments as redis-server does into lines of an option and its values.
std::vector<ConfigLine> OptionLines(const std::vector<std::string>& arguments) {
  std::vector<ConfigLine> lines;
  for (const std::string& argument : arguments) {
    if (!argument.starts_with("--") || argument.size() == 2) {
      if (!lines.empty()) lines.back().words.push_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    ConfigLine line{.origin = "command line", .words = {}};
    line.words.push_back(argument.substr(2, equals == std::string::npos ? equals : equals - 2));
    if (equals != std::string::npos) line.words.push_back(argument.substr(equals + 1));
    lines.push_back(std::move(line));
  }
  return lines;
}

CommandLine Usage(const std::string& error) {
  return {.exit_code = kExitCodeUsage, .output = "larder: " + error + "\nTry larder --help.\n"};
}

// Answers --help and its like; false if there is none.
bool AnswerQuestion(const std::vector<std::string>& arguments, CommandLine& command_line) {
  for (const std::string& argument : arguments) {
    if (argument == "-h" || argument == "--help") command_line.output = HelpText(false);
    if (argument == "--help-all") command_line.output = HelpText(true);
    if (argument == "-v" || argument == "--version") command_line.output = VersionText();
    if (argument == "--print-default-config") command_line.output = DefaultConfig();
    if (!command_line.output.empty()) return true;
  }
  return false;
}

Outcome LoadConfiguration(const std::string& path, OptionStore& options) {
  if (path != "-") return options.LoadFile(path);
  const std::string text((std::istreambuf_iterator<char>(std::cin)),
                         std::istreambuf_iterator<char>());
  return options.LoadText(text, "standard input");
}

}  // namespace

Outcome EnterFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::current_path(folder, error);
  if (error) return Outcome::Failed("dir '" + folder + "': " + error.message());
  return Outcome::Ok();
}

std::string VersionText() {
  return "Larder server v=" LARDER_VERSION " redis=" + std::string(kRedisVersion) + " bits=64\n";
}

std::string HelpText(bool all) {
  CLI::App app("A cache server that speaks Redis's protocol.", "larder");
  app.set_help_flag("-h,--help", "Print this help and exit");
  std::string file;
  app.add_option("FILE", file, "Configuration in redis.conf's syntax; - reads standard input");
  bool flag = false;
  app.add_flag("--help-all", flag, "Print all options, those without effect too, and exit");
  app.add_flag("-v,--version", flag, "Print the version and exit");
  app.add_flag("--print-default-config", flag,
               "Print a configuration file with all defaults and exit");
  std::vector<std::string> values;
  for (const OptionGroup& group : OptionGroups()) {
    for (const Option& option : group.options) {
      if (!all && (option.Has(kNoEffect) || option.Has(kHidden) || !option.refused.empty())) {
        continue;
      }
      app.add_option("--" + std::string(option.name), values, Description(option))
          ->type_name(TypeName(option))
          ->type_size(1)
          ->expected(1)
          ->default_str(std::string(option.value))
          ->group(std::string(group.title));
    }
  }
  app.get_formatter()->column_width(kHelpColumn);
  app.footer("Options override the file. Several values follow one another: --bind 127.0.0.1 ::1");
  return app.help();
}

CommandLine ParseCommandLine(int argc, const char* const* argv, OptionStore& options) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  CommandLine command_line;
  if (AnswerQuestion(arguments, command_line)) return command_line;
  if (!arguments.empty() && !arguments[0].starts_with("--")) {
    const std::string path = arguments[0];
    if (path.size() > 1 && path[0] == '-') return Usage("unknown option '" + path + "'");
    Outcome loaded = LoadConfiguration(path, options);
    if (!loaded.ok()) return Usage(loaded.error());
    arguments.erase(arguments.begin());
    if (!arguments.empty() && !arguments[0].starts_with("--")) {
      return Usage("'" + arguments[0] + "' is no option; options begin with two dashes");
    }
  }
  Outcome set = options.LoadLines(OptionLines(arguments));
  if (!set.ok()) return Usage(set.error());
  Outcome entered = EnterFolder(options.Text("dir"));
  if (!entered.ok()) return Usage(entered.error());
  command_line.run = true;
  return command_line;
}

}  // namespace larder
