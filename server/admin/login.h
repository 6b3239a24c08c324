// Who asks: HTTP Basic, checked by the server's own AUTH.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "server/admin/command_session.h"
#include "server/admin/http.h"

namespace larder::admin {

// Wrong passwords by the address that sent them. Thread-safe.
class WrongLogins {
 public:
  static constexpr int kPerSecondMax = 5;  // from one address
  static constexpr size_t kAddressesMax = 1024;

  bool MayTry(const std::string& host, int64_t now_s);
  void Note(const std::string& host, int64_t now_s);

 private:
  void Forget(int64_t now_s);  // what was before this second

  std::mutex mutex_;
  int64_t second_ = 0;
  std::map<std::string, int> wrong_;
};

// Base64 as RFC 4648 writes it; nothing for anything else.
std::optional<std::string> DecodeBase64(std::string_view text);

// A session of whom the request names, or of nobody: then what user default may do without a
// password is all that it can. Null, and what to answer, where the login is wrong.
std::unique_ptr<CommandSession> LogIn(const CommandPort& port, const HttpRequest& request,
                                      WrongLogins& wrong, int64_t now_s, HttpResponse* answer);

// The HTTP answer for an error reply: 401 for NOAUTH and WRONGPASS, 403 for NOPERM, 501 for an
// unknown command, 503 for what goes by itself, else 400.
HttpResponse AnswerOfError(const HttpRequest& request, std::string_view error);

}  // namespace larder::admin
