#include "server/errors.h"

#include <fmt/format.h>

namespace larder::errors {

std::string WrongArity(std::string_view command) {
  return fmt::format("ERR wrong number of arguments for '{}' command", command);
}

std::string InvalidExpire(std::string_view command) {
  return fmt::format("ERR invalid expire time in '{}' command", command);
}

std::string NamespaceFull(std::string_view name) {
  return fmt::format("OOM namespace '{}' is over its MAXMEMORY", name);
}

std::string OnlyInSubscriberContext(std::string_view command) {
  return fmt::format(
      "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
      "allowed in this context",
      command);
}

std::string AclDeniesCommand(std::string_view user, std::string_view command) {
  return fmt::format("User {} has no permissions to run the '{}' command", user, command);
}

std::string AclDeniesKey(std::string_view user, std::string_view key) {
  return fmt::format("User {} has no permissions to access the '{}' key", user, key);
}

std::string AclDeniesChannel(std::string_view user, std::string_view channel) {
  return fmt::format("User {} has no permissions to access the '{}' channel", user, channel);
}

std::string AclDeniesInExec(std::string_view reason) {
  return fmt::format(
      "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
      "call. This command is no longer allowed for the following reason: {}",
      reason);
}

std::string TrackingOverlap(std::string_view prefix, std::string_view kind,
                            std::string_view other) {
  return fmt::format(
      "ERR Prefix '{}' overlaps with {} prefix '{}'. Prefixes for a single client must not "
      "overlap.",
      UpToZero(prefix), kind, UpToZero(other));
}

std::string NoSuchUser(std::string_view user) { return fmt::format("ERR No such user '{}'", user); }

std::string TargetReplied(std::string_view error) {
  return fmt::format("ERR Target instance replied with error: {}", error);
}

namespace {

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

}  // namespace

std::string UnknownLibraryMetadata(std::string_view word) {
  return fmt::format("ERR Invalid metadata value given: {}", UpToZero(word));
}

std::string NoSuchFunctionEngine(std::string_view engine) {
  return fmt::format("ERR Engine '{}' not found", engine);
}

std::string LibraryExists(std::string_view library) {
  return fmt::format("ERR Library '{}' already exists", library);
}

std::string RestoredLibraryExists(std::string_view library) {
  return fmt::format("ERR Library {} already exists", library);
}

std::string FunctionExists(std::string_view function) {
  return fmt::format("ERR Function {} already exists", function);
}

std::string UnknownFunctionOption(std::string_view option) {
  return fmt::format("ERR Unknown option given: {}", UpToZero(option));
}

std::string UnknownFunctionArgument(std::string_view argument) {
  return fmt::format("ERR Unknown argument {}", UpToZero(argument));
}

std::string UnknownSubcommand(std::string_view command, std::string_view subcommand) {
  return fmt::format("ERR unknown subcommand '{}'. Try {} HELP.",
                     UpToZero(subcommand.substr(0, 128)), Upper(command));
}

std::string BadSubcommand(std::string_view command, std::string_view subcommand) {
  return fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try {} HELP.",
                     UpToZero(subcommand.substr(0, 128)), Upper(command));
}

}  // namespace larder::errors
