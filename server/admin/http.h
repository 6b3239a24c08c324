// A request and its response as the admin port's handlers see them: no sockets, no library.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace larder::admin {

struct HttpRequest {
  std::string method;                                       // "GET", "POST"
  std::string path;                                         // decoded, without the query
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;
  std::string peer;  // "127.0.0.1:50000"

  // The header of that name (in lower case); empty where there is none.
  std::string_view Header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : found->second;
  }
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

}  // namespace larder::admin
