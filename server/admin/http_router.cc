#include "server/admin/http_router.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/admin/http_listener.h"
#include "server/letter_case.h"

namespace larder::admin {
namespace {

// The page is its own files and nothing else; nobody may frame it, and nothing is kept.
const httplib::Headers kHeaders = {
    {"Content-Security-Policy",
     "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src "
     "'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"}};

class MemoryStream final : public httplib::Stream {
 public:
  MemoryStream(std::string_view request, const std::string& peer)
      : request_(request), peer_(peer) {}

  bool is_readable() const override { return !request_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* into, size_t room) override {
    const size_t count = std::min(room, request_.size());
    std::memcpy(into, request_.data(), count);
    request_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* bytes, size_t count) override {
    written_.append(bytes, count);
    return static_cast<ssize_t>(count);
  }
  void get_remote_ip_and_port(std::string& ip, int&) const override { ip = peer_; }
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return 0; }  // there is none; compared with FD_SETSIZE only

  std::string TakeWritten() { return std::move(written_); }

 private:
  std::string_view request_;
  const std::string& peer_;
  std::string written_;
};

HttpRequest RequestOf(const httplib::Request& request) {
  HttpRequest copy{.method = request.method,
                   .path = request.path,
                   .body = request.body,
                   .peer = request.remote_addr};
  for (const auto& [name, value] : request.headers) copy.headers.emplace(LowerCase(name), value);
  return copy;
}

void Answer(const HttpResponse& from, httplib::Response& to) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  to.set_content(from.body, from.type);
}

std::string ErrorBody(std::string_view reason) {
  return fmt::format("{{\"error\":\"{}\"}}\n", reason);
}

}  // namespace

class HttpRouter::Server final : public httplib::Server {
 public:
  Server() {
    set_default_headers(kHeaders);
    // What responses say; HttpListener sees to it.
    set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(kIdleMax).count());
    set_keep_alive_max_count(kRequestsPerConnectionMax);
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!response.body.empty()) return;
      const std::string_view reason =
          response.status == 404 ? "there is no such page" : "bad request";
      response.set_content(ErrorBody(reason), "application/json");
    });
    set_exception_handler([](const httplib::Request&, httplib::Response& response,
                             std::exception_ptr) { response.status = 500; });
  }

  std::string Process(MemoryStream& stream, bool last, bool* closed) {
    // Parts of an answer are of no use here, and many of them could be asked for at once; to
    // compress it would take processor time from the workers.
    const auto plain = [](httplib::Request& request) {
      request.ranges.clear();
      request.headers.erase("Accept-Encoding");
    };
    if (!process_request(stream, last, *closed, plain)) *closed = true;
    return stream.TakeWritten();
  }
};

HttpRouter::HttpRouter() : server_(std::make_unique<Server>()) {}
HttpRouter::~HttpRouter() = default;

void HttpRouter::Get(const std::string& path, HttpHandler handler) {
  server_->Get(path, [handler = std::move(handler)](const auto& request, auto& response) {
    Answer(handler(RequestOf(request)), response);
  });
}

void HttpRouter::Post(const std::string& path, HttpHandler handler) {
  server_->Post(path, [handler = std::move(handler)](const httplib::Request& request,
                                                     httplib::Response& response) {
    Answer(handler(RequestOf(request)), response);
  });
}

void HttpRouter::SetGuard(Guard guard) {
  server_->set_pre_routing_handler(
      [guard = std::move(guard)](const httplib::Request& request, httplib::Response& response) {
        HttpResponse answer;
        if (!guard(RequestOf(request), &answer)) return httplib::Server::HandlerResponse::Unhandled;
        Answer(answer, response);
        return httplib::Server::HandlerResponse::Handled;
      });
}

HttpRouter::Served HttpRouter::Serve(std::string_view request, const std::string& peer,
                                     bool last) const {
  MemoryStream stream(request, peer);
  Served served{.close = last};
  bool closed = false;
  served.bytes = server_->Process(stream, last, &closed);
  if (served.bytes.empty()) return {PlainResponse(400, "bad request"), true};
  served.close |= closed;
  return served;
}

std::string PlainResponse(int status, std::string_view reason) {
  const std::string body = ErrorBody(reason);
  std::string response = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "Connection: close\r\n",
      status, reason, body.size());
  for (const auto& [name, value] : kHeaders) response += name + ": " + value + "\r\n";
  return response + "\r\n" + body;
}

}  // namespace larder::admin
