// The admin port over TLS.
#include <openssl/ssl.h>

#include <filesystem>

#include "tests/admin/admin_fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/reply_matchers.h"

namespace larder::admin {
namespace {

class AdminTls : public AdminFixture {
 protected:
  void StartTls(RunningServer::Options more = {}) {
    RunningServer::Options options = {{"tls-port", std::to_string(tls_port_.number())},
                                      {"bind", "127.0.0.1"},
                                      {"tls-cert-file", pair_.certificate},
                                      {"tls-key-file", pair_.key},
                                      {"tls-ca-cert-file", authority_.certificate()}};
    options.insert(options.end(), more.begin(), more.end());
    Start(options);
  }
  std::unique_ptr<httplib::SSLClient> Https() const {
    auto client = std::make_unique<httplib::SSLClient>("127.0.0.1", port_.number());
    client->enable_server_certificate_verification(false);
    return client;
  }

  HeldPort tls_port_;
  TemporaryFolder folder_;
  Authority authority_{folder_, "authority"};
  KeyPairFiles pair_ = authority_.Sign("server");
};

TEST_F(AdminTls, IsSpokenWhereTheServerHasIt) {
  StartTls();
  const auto client = Https();
  const auto result = client->Get("/livez");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->body, "live\n");
  EXPECT_EQ(client->Get("/metrics")->status, 200);
  EXPECT_FALSE(client_->Get("/livez"));  // plain
}

TEST_F(AdminTls, PurgesFromItsOwnOrigin) {
  StartTls();
  const auto client = Https();
  const std::string own = "https://127.0.0.1:" + std::to_string(port_.number());
  const auto post = [&](const std::string& origin) {
    return client
        ->Post("/api/v1/purge", {{"X-Larder-Request", "1"}, {"Origin", origin}}, R"({"all":true})",
               "application/json")
        ->status;
  };
  EXPECT_EQ(post(own), 200);
  EXPECT_EQ(post("http" + own.substr(5)), 403);
}

TEST_F(AdminTls, TakesCertificatesThatWereRenewed) {
  StartTls({{"tls-auth-clients", "no"}});
  const TlsClient before(port_.number());
  const KeyPairFiles renewed = authority_.Sign("renewed");
  EXPECT_THAT(
      Run({"CONFIG", "SET", "tls-cert-file", renewed.certificate, "tls-key-file", renewed.key}),
      IsSimple("OK"));
  const TlsClient after(port_.number());
  EXPECT_NE(before.ServerSerial(), after.ServerSerial());
}

TEST_F(AdminTls, AsksForCertificatesWhereItIsTold) {
  StartTls({{"admin-tls-auth-clients", "yes"}});
  EXPECT_FALSE(Https()->Get("/livez"));
  const KeyPairFiles mine = authority_.Sign("mine");
  httplib::SSLClient client("127.0.0.1", port_.number(), mine.certificate, mine.key);
  client.enable_server_certificate_verification(false);
  const auto result = client.Get("/livez");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
}

// Whoever needed no certificate here must show one on tls-port.
TEST_F(AdminTls, GivesNoSessionThatTheOtherPortResumes) {
  StartTls();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient first(port_.number(), {.version = version});
    first.Send("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_NE(first.ReadToEnd().find("live"), std::string::npos);
    SSL_SESSION* const session = SSL_get1_session(first.ssl());
    ASSERT_NE(session, nullptr);
    EXPECT_TRUE(SSL_SESSION_is_resumable(session));
    TlsClient second(tls_port_.number(), {.version = version, .session = session});
    EXPECT_FALSE(second.connected() && second.IsServed()) << version;
    SSL_SESSION_free(session);
  }
}

TEST_F(AdminTls, ClosesHandshakesThatStall) {
  StartTls();
  SocketClient silent("127.0.0.1", port_.number());
  EXPECT_TRUE(silent.WaitForClose());
}

}  // namespace
}  // namespace larder::admin
