#include "server/errors.h"

#include "absl/strings/str_cat.h"

namespace larder::errors {

std::string WrongArity(std::string_view command) {
  return absl::StrCat("ERR wrong number of arguments for '", command, "' command");
}

std::string InvalidExpire(std::string_view command) {
  return absl::StrCat("ERR invalid expire time in '", command, "' command");
}

std::string OnlyInSubscriberContext(std::string_view command) {
  return absl::StrCat("ERR Can't execute '", command,
                      "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
                      "this context");
}

std::string UnknownSubcommand(std::string_view command, std::string_view subcommand) {
  std::string upper(command);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return absl::StrCat("ERR unknown subcommand '", subcommand.substr(0, 128), "'. Try ", upper,
                      " HELP.");
}

std::string NoPermissionToRun(std::string_view user, std::string_view command) {
  return absl::StrCat("NOPERM User ", user, " has no permissions to run the '", command,
                      "' command");
}

}  // namespace larder::errors
