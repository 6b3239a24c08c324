// HTTP itself: from the bytes of a whole request to the bytes of its response.
//
// cpp-httplib parses, routes and writes, over memory instead of its own sockets: its server keeps a
// thread for each connection, so that four idle browsers would hold four threads, and it waits with
// select(), which cannot take descriptors above 1023, of which a server of caches has ten thousand.
//
// Serve is thread-safe once all handlers are set.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/admin/http.h"

namespace larder::admin {

class HttpRouter {
 public:
  HttpRouter();
  ~HttpRouter();

  void Get(const std::string& path, HttpHandler handler);  // HEAD, too
  void Post(const std::string& path, HttpHandler handler);
  // Called before all others; an answer ends the request.
  using Guard = std::function<bool(const HttpRequest&, HttpResponse*)>;
  void SetGuard(Guard guard);

  struct Served {
    std::string bytes;
    bool close = false;  // the connection, once they are sent
  };
  // REQUIRES: `request` is one request, whole. `last`: the connection shall end with it.
  Served Serve(std::string_view request, const std::string& peer, bool last) const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

// A response without a request: for what is refused before it is parsed.
std::string PlainResponse(int status, std::string_view reason);

}  // namespace larder::admin
