#include "server/admin/login.h"

#include <algorithm>
#include <cstdint>

#include "server/admin/admin_errors.h"
#include "server/admin/request_guard.h"
#include "server/letter_case.h"

namespace larder::admin {
namespace {

constexpr std::string_view kScheme = "basic ";

int SextetOf(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// A browser that gets this header asks for the login itself and keeps it; the page has a form.
HttpResponse AskForLogin(const HttpRequest& request, std::string_view error) {
  HttpResponse answer = ErrorResponse(401, error);
  if (request.Header("x-larder-request").empty()) {
    answer.headers["WWW-Authenticate"] = "Basic realm=\"larder\", charset=\"UTF-8\"";
  }
  return answer;
}

std::string HostOf(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace

bool WrongLogins::MayTry(const std::string& host, int64_t now_s) {
  const std::lock_guard lock(mutex_);
  Forget(now_s);
  const auto found = wrong_.find(host);
  return found == wrong_.end() ? wrong_.size() < kAddressesMax : found->second < kPerSecondMax;
}

void WrongLogins::Note(const std::string& host, int64_t now_s) {
  const std::lock_guard lock(mutex_);
  Forget(now_s);
  ++wrong_[host];
}

void WrongLogins::Forget(int64_t now_s) {
  if (now_s != second_) wrong_.clear();
  second_ = now_s;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int sextet = SextetOf(c);
    if (sextet < 0) return {};
    bits = bits << 6 | static_cast<uint32_t>(sextet);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

std::unique_ptr<CommandSession> LogIn(const CommandPort& port, const HttpRequest& request,
                                      WrongLogins& wrong, int64_t now_s, HttpResponse* answer) {
  const std::string_view header = request.Header("authorization");
  if (header.empty()) return std::make_unique<CommandSession>(port, request.peer);
  const bool basic = LowerCase(header.substr(0, kScheme.size())) == kScheme;
  const auto decoded =
      basic ? DecodeBase64(header.substr(kScheme.size())) : std::optional<std::string>();
  const size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    *answer = AskForLogin(request, errors::kBadLogin);
    return nullptr;
  }
  const std::string host = HostOf(request.peer);
  if (!wrong.MayTry(host, now_s)) {
    *answer = ErrorResponse(429, errors::kTooManyLogins);
    answer->headers["Retry-After"] = "1";
    return nullptr;
  }
  auto session = std::make_unique<CommandSession>(port, request.peer);
  const std::string user = colon == 0 ? "default" : decoded->substr(0, colon);
  const protocol::Reply reply = session->Run({"AUTH", user, decoded->substr(colon + 1)});
  session->user = user;
  if (reply.type != protocol::Reply::Type::kError) return session;
  if (reply.text.starts_with("WRONGPASS")) wrong.Note(host, now_s);
  *answer = AnswerOfError(request, reply.text);
  return nullptr;
}

HttpResponse AnswerOfError(const HttpRequest& request, std::string_view error) {
  const std::string_view code = error.substr(0, error.find(' '));
  if (code == "NOAUTH" || code == "WRONGPASS") return AskForLogin(request, error);
  if (code == "NOPERM") return ErrorResponse(403, error);
  if (error.starts_with("ERR unknown command") || error.starts_with("ERR unknown subcommand")) {
    return ErrorResponse(501, error);
  }
  const bool passing =
      code == "BUSY" || code == "LOADING" || code == "OOM" || error.ends_with(errors::kNoAnswer);
  return ErrorResponse(passing ? 503 : 400, error);
}

}  // namespace larder::admin
