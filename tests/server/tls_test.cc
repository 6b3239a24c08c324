// TLS as clients see it, over real sockets, with certificates made by each test.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "server/server.h"
#include "server/tls/tls_failures.h"
#include "tests/support/certificates.h"
#include "tests/support/reply_matchers.h"
#include "tests/support/tls_client.h"

namespace larder {
namespace {

using ::testing::AllOf;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::StartsWith;

constexpr int kRenegotiationRounds = 3;

class Tls : public ::testing::Test {
 protected:
  // A server on a TLS port of its own, beside the unix socket that it has for plain clients.
  std::unique_ptr<RunningServer> Start(RunningServer::Options more = {}) {
    RunningServer::Options options = {
        {"tls-port", std::to_string(port_.number())},   {"bind", "127.0.0.1"},
        {"tls-cert-file", server_.certificate},         {"tls-key-file", server_.key},
        {"tls-ca-cert-file", authority_.certificate()}, {"tls-auth-clients", "no"}};
    options.insert(options.end(), more.begin(), more.end());
    return std::make_unique<RunningServer>(options);
  }

  TlsClientOptions Trusting() const { return {.authority = authority_.certificate()}; }
  TlsClientOptions Showing(const KeyPairFiles& files) const {
    return {
        .authority = authority_.certificate(), .certificate = files.certificate, .key = files.key};
  }
  std::unique_ptr<TlsClient> Connect(const TlsClientOptions& options) const {
    return std::make_unique<TlsClient>(port_.number(), options);
  }
  std::unique_ptr<TlsClient> Connect() const { return Connect(Trusting()); }
  std::string LogPath() const { return folder_.Path("log"); }

  // What CONFIG SET answers.
  static protocol::Reply Set(RunningServer& server, const std::vector<std::string>& pairs) {
    std::vector<std::string> args = {"CONFIG", "SET"};
    args.insert(args.end(), pairs.begin(), pairs.end());
    return server.Connect()->Run(args).value_or(protocol::Reply());
  }

  HeldPort port_;
  TemporaryFolder folder_;
  Authority authority_{folder_, "authority"};
  Authority stranger_{folder_, "stranger"};
  KeyPairFiles server_ = authority_.Sign("server");
};

std::string Numbers(int count) {
  std::string requests;
  for (int i = 0; i < count; ++i) requests += Encode({"ECHO", std::to_string(i)});
  return requests;
}

void ExpectNumbers(SocketClient& client, int count) {
  for (int i = 0; i < count; ++i) {
    ASSERT_THAT(client.Read(), Optional(IsBulk(std::to_string(i))));
  }
}

TEST_F(Tls, StandsBesidePlainOnTheSameData) {
  const auto server = Start();
  const auto client = Connect();
  ASSERT_TRUE(client->connected());
  EXPECT_THAT(client->Run({"SET", "k", "v"}), Optional(IsOk()));
  const auto plain = server->Connect();
  EXPECT_THAT(plain->Run({"GET", "k"}), Optional(IsBulk("v")));
  EXPECT_THAT(client->Run({"CLIENT", "INFO"})->text,
              AllOf(HasSubstr(fmt::format("laddr=127.0.0.1:{} ", port_.number())),
                    HasSubstr("addr=127.0.0.1:")));
  EXPECT_THAT(
      plain->Run({"INFO", "server"})->text,
      AllOf(HasSubstr(fmt::format("tcp_port:{}\r\n", port_.number())),
            HasSubstr(fmt::format("listener2:name=tls,bind=127.0.0.1,port={}", port_.number()))));
}

TEST_F(Tls, ACertificateIsRequiredOfClientsByDefault) {
  const auto server = Start({{"tls-auth-clients", "yes"}});
  EXPECT_FALSE(Connect()->IsServed());
  EXPECT_FALSE(Connect(Showing(stranger_.Sign("foreign")))->IsServed());
  EXPECT_TRUE(Connect(Showing(authority_.Sign("client")))->IsServed());
}

TEST_F(Tls, AnOptionalCertificateMustBeAGoodOne) {
  const auto server = Start({{"tls-auth-clients", "optional"}});
  EXPECT_TRUE(Connect()->IsServed());
  EXPECT_FALSE(Connect(Showing(stranger_.Sign("foreign")))->IsServed());
  EXPECT_TRUE(Connect(Showing(authority_.Sign("client")))->IsServed());
}

TEST_F(Tls, AClientThatDistrustsTheServerGoesAway) {
  const auto server = Start({{"logfile", LogPath()}});
  EXPECT_FALSE(Connect({.authority = stranger_.certificate()})->connected());
  EXPECT_TRUE(Connect()->IsServed());
}

TEST_F(Tls, AuthoritiesMayLieInAFolder) {
  std::filesystem::create_directory(folder_.Path("authorities"));
  std::filesystem::copy_file(authority_.certificate(),
                             folder_.Path("authorities/" + authority_.HashedName()));
  const auto server = Start();
  EXPECT_THAT(Set(*server, {"tls-ca-cert-file", "", "tls-ca-cert-dir", folder_.Path("authorities"),
                            "tls-auth-clients", "yes"}),
              IsOk());
  EXPECT_FALSE(Connect(Showing(stranger_.Sign("foreign")))->IsServed());
  EXPECT_TRUE(Connect(Showing(authority_.Sign("client")))->IsServed());
}

TEST_F(Tls, AnEncryptedKeyNeedsItsPassword) {
  server_ = authority_.Sign("server", "secret");
  const auto server = Start({{"tls-key-file-pass", "secret"}});
  EXPECT_TRUE(Connect()->IsServed());
  EXPECT_THAT(Set(*server, {"tls-key-file-pass", "wrong"}),
              IsError("ERR CONFIG SET failed (possibly related to argument 'tls-key-file-pass') - "
                      "Unable to update TLS configuration. Check server logs."));
  EXPECT_TRUE(Connect()->IsServed());
}

TEST_F(Tls, FilesThatChangedAreReadAnewWithoutARestart) {
  const auto server = Start();
  const auto before = Connect();
  authority_.Sign("server");  // under the same name
  EXPECT_EQ(Connect()->ServerSerial(), before->ServerSerial());
  EXPECT_THAT(Set(*server, {"tls-cert-file", server_.certificate, "tls-key-file", server_.key}),
              IsOk());
  const auto after = Connect();
  EXPECT_NE(after->ServerSerial(), before->ServerSerial());
  EXPECT_TRUE(after->IsServed());
  EXPECT_TRUE(before->IsServed());
}

TEST_F(Tls, AFailingChangeIsRefusedAndTheOldOneStays) {
  const auto server = Start({{"logfile", LogPath()}});
  const std::string serial = Connect()->ServerSerial();
  const std::string garbage = folder_.Write("garbage.pem", "no certificate");
  const auto other = stranger_.Sign("other");
  for (const std::vector<std::string>& pairs :
       std::vector<std::vector<std::string>>{{"tls-cert-file", garbage},
                                             {"tls-cert-file", "/nonexistent"},
                                             {"tls-key-file", other.key},  // of another certificate
                                             {"tls-ca-cert-file", garbage},
                                             {"tls-protocols", "SSLv2"},
                                             {"tls-ciphers", "nonsense"},
                                             {"tls-ciphersuites", "nonsense"},
                                             {"tls-dh-params-file", garbage},
                                             {"tls-cert-file", ""}}) {
    EXPECT_THAT(Set(*server, pairs),
                IsError(fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - "
                                    "Unable to update TLS configuration. Check server logs.",
                                    pairs[0])));
    const auto client = Connect();
    EXPECT_TRUE(client->IsServed()) << pairs[0];
    EXPECT_EQ(client->ServerSerial(), serial) << pairs[0];
  }
  EXPECT_THAT(folder_.Read("log"), AllOf(HasSubstr("Failed to load certificate: " + garbage),
                                         HasSubstr("Failed to load private key: " + other.key),
                                         HasSubstr("Invalid tls-protocols specified")));
  EXPECT_THAT(server->Connect()->Run({"CONFIG", "GET", "tls-cert-file"}),
              Optional(IsBulks({"tls-cert-file", server_.certificate})));
}

TEST_F(Tls, AFileThatWentBadDoesNotTakeTheOldOneAway) {
  const auto server = Start();
  folder_.Write("server.pem", "half a certifica");
  EXPECT_THAT(Set(*server, {"tls-cert-file", server_.certificate}),
              Field(&protocol::Reply::text, StartsWith("ERR CONFIG SET failed")));
  EXPECT_TRUE(Connect()->IsServed());
}

TEST_F(Tls, CertificatesCanBeDemandedLater) {
  const auto server = Start();
  const auto first = Connect();
  ASSERT_TRUE(first->IsServed());
  SSL_SESSION* const session = SSL_get1_session(first->ssl());
  EXPECT_THAT(Set(*server, {"tls-auth-clients", "yes"}), IsOk());
  EXPECT_FALSE(Connect()->IsServed());
  // Nor by what was agreed before.
  TlsClientOptions resuming = Trusting();
  resuming.session = session;
  EXPECT_FALSE(Connect(resuming)->IsServed());
  SSL_SESSION_free(session);
  EXPECT_TRUE(Connect(Showing(authority_.Sign("client")))->IsServed());
  EXPECT_TRUE(first->IsServed());
}

TEST_F(Tls, ProtocolsAreLimited) {
  const auto server = Start({{"tls-protocols", "TLSv1.3"}});
  TlsClientOptions options = Trusting();
  options.version = TLS1_2_VERSION;
  EXPECT_FALSE(Connect(options)->connected());
  options.version = TLS1_3_VERSION;
  EXPECT_TRUE(Connect(options)->IsServed());
  EXPECT_THAT(Set(*server, {"tls-protocols", "tlsv1.2"}), IsOk());
  EXPECT_FALSE(Connect(options)->connected());
  options.version = TLS1_2_VERSION;
  EXPECT_TRUE(Connect(options)->IsServed());
}

TEST_F(Tls, CiphersAreLimited) {
  const auto server = Start({{"tls-ciphersuites", "TLS_AES_256_GCM_SHA384"}});
  TlsClientOptions options = Trusting();
  options.version = TLS1_3_VERSION;
  options.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256";
  EXPECT_FALSE(Connect(options)->connected());
  options.ciphersuites = "TLS_AES_256_GCM_SHA384";
  EXPECT_TRUE(Connect(options)->IsServed());
}

TEST_F(Tls, SessionsAreResumedUnlessThatIsOff) {
  const auto server = Start();
  for (const bool resumed : {true, false}) {
    const auto first = Connect();
    ASSERT_TRUE(first->IsServed());  // by then its ticket has come
    SSL_SESSION* const session = SSL_get1_session(first->ssl());
    TlsClientOptions options = Trusting();
    options.session = session;
    const auto second = Connect(options);
    EXPECT_TRUE(second->IsServed());
    EXPECT_EQ(SSL_session_reused(second->ssl()) == 1, resumed);
    SSL_SESSION_free(session);
    EXPECT_THAT(Set(*server, {"tls-session-caching", "no"}), IsOk());
  }
}

TEST_F(Tls, RenegotiationIsRefused) {
  const auto server = Start();
  TlsClientOptions options = Trusting();
  options.version = TLS1_2_VERSION;
  const auto client = Connect(options);
  ASSERT_TRUE(client->IsServed());
  SSL_renegotiate(client->ssl());
  bool renegotiated = true;
  for (int round = 0; round < kRenegotiationRounds && renegotiated; ++round) {
    renegotiated = SSL_do_handshake(client->ssl()) == 1;
  }
  EXPECT_FALSE(renegotiated);
  EXPECT_TRUE(Connect(options)->IsServed());
}

TEST_F(Tls, KeysMayBeUpdatedInBetween) {
  const auto server = Start();
  TlsClientOptions options = Trusting();
  options.version = TLS1_3_VERSION;
  const auto client = Connect(options);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(SSL_key_update(client->ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_TRUE(client->IsServed());
  }
}

TEST_F(Tls, RequestsMayComeInRecordsOfOneByte) {
  const auto server = Start();
  const auto client = Connect();
  for (int i = 0; i < 10'000; ++i) {
    for (const char byte : fmt::format("ECHO {}\r\n", i)) ASSERT_TRUE(client->Send({&byte, 1}));
  }
  ExpectNumbers(*client, 10'000);
}

TEST_F(Tls, APipelineIsAnsweredInOrder) {
  const auto server = Start();
  const auto client = Connect();
  ASSERT_TRUE(client->Send(Numbers(10'000)));
  ExpectNumbers(*client, 10'000);
}

TEST_F(Tls, LargeValuesPassBothWays) {
  const auto server = Start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClientOptions options = Trusting();
    options.version = version;
    const auto client = Connect(options);
    for (const size_t size : {size_t{1}, size_t{16 * 1024}, size_t{16 * 1024 + 1}, size_t{100'000},
                              size_t{1024 * 1024}, size_t{32 * 1024 * 1024 + 7}}) {
      std::string value(size, 'x');
      for (size_t i = 0; i < size; i += 97) value[i] = static_cast<char>(i / 97);
      ASSERT_THAT(client->Run({"SET", "k", value}), Optional(IsOk()));
      const auto reply = client->Run({"GET", "k"});
      ASSERT_TRUE(reply.has_value());
      EXPECT_TRUE(reply->text == value) << size;
    }
  }
}

TEST_F(Tls, RepliesOfManyPiecesArriveWhole) {
  const auto server = Start();
  const auto client = Connect();
  std::vector<std::string> pairs = {"MSET"};
  std::vector<std::string> names = {"MGET"};
  for (int i = 0; i < 200; ++i) {
    names.push_back(fmt::format("k{}", i));
    pairs.push_back(names.back());
    // Below and above the size from which values are sent from where they lie.
    pairs.push_back(std::string(static_cast<size_t>(i % 3 == 0 ? 20'000 + i : i), 'v'));
  }
  ASSERT_THAT(client->Run(pairs), Optional(IsOk()));
  const auto reply = client->Run(names);
  ASSERT_TRUE(reply.has_value());
  ASSERT_EQ(reply->items.size(), 200u);
  for (size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(reply->items[i].text.size(), pairs[2 * i + 2].size());
  }
}

TEST_F(Tls, AReaderThatPausesGetsEverything) {
  constexpr int kReplies = 60;  // megabytes: more than sockets hold
  const auto server = Start();
  const auto client = Connect();
  std::string value(1024 * 1024, 'x');
  for (size_t i = 0; i < value.size(); i += 101) value[i] = static_cast<char>(i / 101);
  ASSERT_THAT(client->Run({"SET", "k", value}), Optional(IsOk()));
  const std::string id = std::to_string(client->Run({"CLIENT", "ID"})->integer);
  std::string requests;
  for (int i = 0; i < kReplies; ++i) requests += Encode({"GET", "k"}) + Encode({"ECHO", "next"});
  ASSERT_TRUE(client->Send(requests));
  // Until the server has more for the client than the sockets take.
  const auto plain = server->Connect();
  while (plain->Run({"CLIENT", "LIST", "ID", id})->text.find(" omem=0 ") != std::string::npos) {
  }
  for (int i = 0; i < kReplies; ++i) {
    const auto reply = client->Read();
    ASSERT_TRUE(reply.has_value());
    ASSERT_TRUE(reply->text == value) << i;
    ASSERT_THAT(client->Read(), Optional(IsBulk("next")));
  }
}

TEST_F(Tls, ASlowReaderIsClosedAtItsLimit) {
  const auto server = Start({{"client-output-buffer-limit", "normal 1mb 0 0"}});
  const auto slow = Connect();
  EXPECT_THAT(slow->Run({"SET", "key", std::string(1500, 'x')}), Optional(IsOk()));
  std::string requests;
  for (int i = 0; i < 50'000; ++i) requests += Encode({"GET", "key"});
  slow->Send(requests);  // refused once the server has closed
  EXPECT_TRUE(slow->WaitForClose());
  EXPECT_THAT(server->Connect()->Run({"INFO", "stats"})->text,
              HasSubstr("client_output_buffer_limit_disconnections:1"));
  EXPECT_TRUE(Connect()->IsServed());
}

TEST_F(Tls, SubscribersHearOfEverythingInOrder) {
  const auto server = Start();
  std::vector<std::unique_ptr<TlsClient>> subscribers;
  for (int i = 0; i < 8; ++i) {
    subscribers.push_back(Connect());
    ASSERT_THAT(subscribers.back()->Run({"SUBSCRIBE", "news"}),
                Optional(IsArray({IsBulk("subscribe"), IsBulk("news"), IsInteger(1)})));
  }
  const auto publisher = Connect();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_THAT(publisher->Run({"PUBLISH", "news", std::to_string(i)}), Optional(IsInteger(8)));
  }
  for (const auto& subscriber : subscribers) {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_THAT(subscriber->Read(), Optional(IsBulks({"message", "news", std::to_string(i)})));
    }
  }
}

TEST_F(Tls, AWaitingClientIsServedAndItsEndIsSeen) {
  const auto server = Start();
  const auto plain = server->Connect();
  const auto wait_for_blocked = [&](int count) {
    const std::string field = fmt::format("blocked_clients:{}\r\n", count);
    while (plain->Run({"INFO", "clients"})->text.find(field) == std::string::npos) {
    }
  };
  const auto waiting = Connect();
  ASSERT_TRUE(waiting->Send(Encode({"BLPOP", "k", "0"}) + Encode({"PING"})));
  {
    const auto leaving = Connect();
    ASSERT_TRUE(leaving->Send(Encode({"BLPOP", "other", "0"})));
    wait_for_blocked(2);
  }
  wait_for_blocked(1);
  EXPECT_THAT(plain->Run({"RPUSH", "k", "v"}), Optional(IsInteger(1)));
  EXPECT_THAT(waiting->Read(), Optional(IsBulks({"k", "v"})));
  EXPECT_THAT(waiting->Read(), Optional(IsSimple("PONG")));
}

TEST_F(Tls, AHalfClosedClientIsStillAnswered) {
  const auto server = Start();
  const auto client = Connect();
  ASSERT_TRUE(client->Send(Numbers(1000)));
  client->CloseNotify();
  ExpectNumbers(*client, 1000);
  EXPECT_EQ(client->ReadToEnd(), "");
  EXPECT_TRUE(client->server_said_goodbye());
}

TEST_F(Tls, QuitIsAnsweredAndClosedProperly) {
  const auto server = Start();
  const auto client = Connect();
  ASSERT_TRUE(client->Send("PING\r\nQUIT\r\nPING\r\n"));
  EXPECT_EQ(client->ReadToEnd(), "+PONG\r\n+OK\r\n");
  EXPECT_TRUE(client->server_said_goodbye());
}

TEST_F(Tls, StoppingAnswersEveryCompleteRequest) {
  const auto server = Start({{"shutdown-timeout", "60"}});
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(Connect());
    ASSERT_TRUE(clients.back()->IsServed());
    ASSERT_TRUE(clients.back()->Send(Numbers(1000) + "*2\r\n$4\r\nECHO\r\n$100\r\nincomplete"));
  }
  server->RequestStop();
  for (const auto& client : clients) {
    ExpectNumbers(*client, 1000);
    EXPECT_EQ(client->ReadToEnd(), "");
  }
  EXPECT_EQ(server->Join(), 0);
}

TEST_F(Tls, WhoIsOneTooManyIsClosed) {
  const auto server = Start({{"maxclients", "2"}});
  std::vector<std::unique_ptr<TlsClient>> clients;
  int served = 0;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(Connect());
    served += clients.back()->IsServed() ? 1 : 0;
  }
  // The connection with which the server's start was awaited may have counted for a moment.
  EXPECT_GE(served, 1);
  EXPECT_LE(served, 2);
  clients.clear();
}

TEST_F(Tls, PlainBytesAreRefusedAndLogged) {
  const auto server = Start({{"logfile", LogPath()}});
  SocketClient plain("127.0.0.1", port_.number());
  plain.Send("PING\r\n");
  plain.ReadToEnd();
  SocketClient browser("127.0.0.1", port_.number());
  browser.Send("GET / HTTP/1.1\r\n\r\n");
  browser.ReadToEnd();
  SocketClient hello("127.0.0.1", port_.number());
  hello.Send(std::string("\x16\x03\x01\x02\x00\x01", 6));  // half a first record
  hello.FinishSending();
  hello.ReadToEnd();
  EXPECT_TRUE(Connect()->IsServed());
  const std::string laddr = fmt::format("laddr=127.0.0.1:{}", port_.number());
  EXPECT_THAT(folder_.Read("log"),
              AllOf(HasSubstr("Error accepting a client connection: wrong version number (addr="),
                    HasSubstr("Error accepting a client connection: http request (addr="),
                    HasSubstr("Connection closed in the TLS handshake"), HasSubstr(laddr)));
}

TEST_F(Tls, GarbageAfterTheHandshakeEndsTheConnection) {
  const auto server = Start();
  const auto client = Connect();
  ASSERT_TRUE(client->IsServed());
  const std::string record("\x17\x03\x03\x00\x40" + std::string(64, 'x'));
  ASSERT_EQ(send(SSL_get_fd(client->ssl()), record.data(), record.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(record.size()));
  client->ReadToEnd();
  EXPECT_TRUE(Connect()->IsServed());
}

// Takes the ten seconds that a handshake may last.
TEST_F(Tls, AStalledHandshakeIsClosed) {
  const auto server = Start({{"logfile", LogPath()}});
  SocketClient silent("127.0.0.1", port_.number());
  SocketClient half("127.0.0.1", port_.number());
  half.Send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(Connect()->IsServed());
  EXPECT_EQ(silent.ReadToEnd(), "");
  EXPECT_EQ(half.ReadToEnd(), "");
  EXPECT_THAT(folder_.Read("log"), HasSubstr("TLS handshake timed out (addr=127.0.0.1:"));
  EXPECT_TRUE(Connect()->IsServed());
}

TEST_F(Tls, ManyComeAtOnce) {
  const auto server = Start();
  std::vector<std::thread> threads;
  std::atomic<int> served{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) {
        const auto client = Connect();
        if (!client->connected() || !client->Send(Numbers(20))) continue;
        bool all = true;
        for (int k = 0; k < 20; ++k) {
          const auto reply = client->Read();
          all &= reply.has_value() && reply->text == std::to_string(k);
        }
        served += all ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, 160);
}

TEST_F(Tls, WithoutACertificateTheServerDoesNotStart) {
  for (const RunningServer::Options& without :
       {RunningServer::Options{{"tls-key-file", server_.key}},
        RunningServer::Options{{"tls-cert-file", server_.certificate}},
        RunningServer::Options{{"tls-cert-file", server_.certificate},
                               {"tls-key-file", server_.key}}}) {
    OptionStore options;
    Logger log;
    ASSERT_TRUE(log.Open({.file = LogPath()}).ok());
    const std::vector<std::string> port = {std::to_string(port_.number())};
    ASSERT_TRUE(options.SetAtStart("tls-port", port).ok());
    ASSERT_TRUE(options.SetAtStart("port", std::vector<std::string>{"0"}).ok());
    for (const auto& [name, value] : without) {
      ASSERT_TRUE(options.SetAtStart(name, std::vector<std::string>{value}).ok());
    }
    EXPECT_EQ(Server(options, log).Run(), 1);
  }
  EXPECT_THAT(
      folder_.Read("log"),
      AllOf(HasSubstr("No tls-cert-file configured!"), HasSubstr("No tls-key-file configured!"),
            HasSubstr("Either tls-ca-cert-file or tls-ca-cert-dir must be specified"),
            HasSubstr("Failed to configure TLS. Check logs for more info.")));
}

TEST(TlsFailuresTest, AFewLinesASecondAreLoggedAndTheOthersCounted) {
  TemporaryFolder folder;
  Logger log;
  ASSERT_TRUE(log.Open({.file = folder.Path("log")}).ok());
  TlsFailures failures(log);
  int lines = 0;
  for (int i = 0; i < 100; ++i) lines += failures.Note(5'000'000 + i, "a:1", "b:2", "why") ? 1 : 0;
  EXPECT_EQ(lines, TlsFailures::kLinesPerSecondMax);
  EXPECT_TRUE(failures.Note(6'000'000, "a:1", "b:2", "late"));
  EXPECT_THAT(folder.Read("log"), HasSubstr("Error accepting a client connection: late (addr=a:1 "
                                            "laddr=b:2); 90 more before were not logged"));
}

}  // namespace
}  // namespace larder
