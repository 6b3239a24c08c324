#include "server/admin/request_guard.h"

#include <unistd.h>

#include <asio/ip/address.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "server/admin/admin_errors.h"
#include "server/letter_case.h"

namespace larder::admin {
namespace {

constexpr std::string_view kApi = "/api/";

// "[::1]:80" and "localhost:80" without the port; "::1" without the brackets.
std::string HostName(std::string_view header) {
  if (header.starts_with('[')) {
    const size_t end = header.find(']');
    return end == std::string_view::npos ? std::string() : std::string(header.substr(1, end - 1));
  }
  return LowerCase(header.substr(0, header.find(':')));
}

std::string MachineName() {
  char name[256] = "";
  return gethostname(name, sizeof name - 1) == 0 ? LowerCase(name) : std::string();
}

bool IsJson(std::string_view type) {
  return EqualsIgnoreCase(type.substr(0, type.find_first_of("; ")), "application/json");
}

}  // namespace

HttpResponse ErrorResponse(int status, std::string_view error) {
  const nlohmann::json body = {{"error", error}};
  using Json = nlohmann::json;
  return {.status = status,
          .body = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

bool RequestGuard::IsOurs(std::string_view header) const {
  const std::string host = HostName(header);
  if (host.empty()) return false;
  asio::error_code no_address;
  asio::ip::make_address(host, no_address);
  if (!no_address || host == "localhost" || host == MachineName()) return true;
  for (const std::string& name : options_.Words("admin-hosts")) {
    if (EqualsIgnoreCase(name, host)) return true;
  }
  return false;
}

bool RequestGuard::IsSameSite(const HttpRequest& request) const {
  const std::string_view site = request.Header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  const std::string_view origin = request.Header("origin");
  const std::string ours =
      std::string(tls_ ? "https://" : "http://") + std::string(request.Header("host"));
  return origin.empty() || EqualsIgnoreCase(origin, ours);
}

bool RequestGuard::Refuses(const HttpRequest& request, HttpResponse* answer) const {
  const auto refuse = [&](int status, std::string_view error) {
    *answer = ErrorResponse(status, error);
    return true;
  };
  const bool post = request.method == "POST";
  if (!post && request.method != "GET" && request.method != "HEAD") {
    return refuse(405, errors::kBadMethod);
  }
  // Whether the process lives is asked by whatever name, and tells nothing.
  if (request.path == "/livez" || request.path == "/readyz") return false;
  if (!IsOurs(request.Header("host"))) return refuse(421, errors::kBadHost);
  if ((post || request.path.starts_with(kApi)) && !IsSameSite(request)) {
    return refuse(403, errors::kCrossSite);
  }
  if (!post) return false;
  if (request.Header("x-larder-request").empty()) return refuse(403, errors::kNeedsHeader);
  if (!IsJson(request.Header("content-type"))) return refuse(415, errors::kNeedsJson);
  return false;
}

}  // namespace larder::admin
