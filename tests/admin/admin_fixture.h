// A server with an admin port, and an HTTP client for it.
#pragma once

#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "server/server.h"
#include "tests/support/running_server.h"
#include "tests/support/tls_client.h"

namespace larder::admin {

using Json = nlohmann::json;

class AdminFixture : public ::testing::Test {
 protected:
  void Start(RunningServer::Options more = {}) {
    RunningServer::Options options = {{"admin-port", std::to_string(port_.number())},
                                      {"admin-bind", "127.0.0.1"}};
    options.insert(options.end(), more.begin(), more.end());
    server_ = std::make_unique<RunningServer>(options);
    client_ = std::make_unique<httplib::Client>("127.0.0.1", port_.number());
    client_->set_read_timeout(20);
    redis_ = server_->Connect();
  }

  static httplib::Headers Login(const std::string& user, const std::string& password) {
    return {httplib::make_basic_authentication_header(user, password)};
  }

  httplib::Result Get(const std::string& path, httplib::Headers headers = {}) {
    auto result = client_->Get(path, headers);
    EXPECT_TRUE(result) << path << ": " << httplib::to_string(result.error());
    return result;
  }
  Json GetJson(const std::string& path, httplib::Headers headers = {}) {
    const auto result = Get(path, headers);
    if (!result) return {};
    EXPECT_EQ(result->status, 200) << path << ": " << result->body;
    return Json::parse(result->body, nullptr, false);
  }
  int Status(const std::string& path, httplib::Headers headers = {}) {
    const auto result = Get(path, headers);
    return result ? result->status : 0;
  }
  httplib::Result Post(const std::string& path, const Json& body, httplib::Headers headers = {}) {
    headers.emplace("X-Larder-Request", "1");
    auto result = client_->Post(path, headers, body.dump(), "application/json");
    EXPECT_TRUE(result) << path << ": " << httplib::to_string(result.error());
    return result;
  }
  // What the server answers to raw bytes, to the end of the connection.
  std::string Raw(const std::string& bytes) const {
    SocketClient client("127.0.0.1", port_.number());
    client.Send(bytes);
    return client.ReadToEnd();
  }
  protocol::Reply Run(const std::vector<std::string>& args) {
    return redis_->Run(args).value_or(protocol::Reply());
  }

  HeldPort port_;
  std::unique_ptr<RunningServer> server_;
  std::unique_ptr<httplib::Client> client_;
  std::unique_ptr<SocketClient> redis_;
};

}  // namespace larder::admin
