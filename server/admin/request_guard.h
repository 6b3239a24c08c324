// Keeps other sites' pages away from the admin port, which a browser of somebody who is logged in,
// or who sits on the server's machine, would reach for them.
//
//   - The Host header must name this server (a name that its owner points here is DNS rebinding).
//   - A POST needs JSON, a header that forms cannot send, and no sign of another site.
//   - So do reads of /api/, but for the header.
#pragma once

#include <string_view>

#include "server/admin/http.h"
#include "server/config/option_store.h"

namespace larder::admin {

class RequestGuard {
 public:
  // `tls`: whether the port speaks HTTPS.
  RequestGuard(const OptionStore& options, bool tls) : options_(options), tls_(tls) {}

  // True where the request is refused, by `*answer`. Thread-safe.
  bool Refuses(const HttpRequest& request, HttpResponse* answer) const;

 private:
  bool IsOurs(std::string_view host) const;
  bool IsSameSite(const HttpRequest& request) const;

  const OptionStore& options_;
  const bool tls_;
};

// {"error": "..."}.
HttpResponse ErrorResponse(int status, std::string_view error);

}  // namespace larder::admin
