// The admin port over real sockets.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "server/admin/admin_errors.h"
#include "server/admin/http_listener.h"
#include "server/admin/request_frame.h"
#include "tests/admin/admin_fixture.h"
#include "tests/support/reply_matchers.h"

namespace larder::admin {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class AdminPort : public AdminFixture {
 protected:
  // The value of one line of /metrics.
  double Metric(const std::string& name) {
    const auto result = Get("/metrics");
    const std::string text = result ? "\n" + result->body : "";
    const size_t at = text.find("\n" + name + " ");
    EXPECT_NE(at, std::string::npos) << name;
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }
};

TEST_F(AdminPort, SaysThatItLivesAndIsReady) {
  Start();
  EXPECT_EQ(Get("/livez")->body, "live\n");
  EXPECT_EQ(Get("/readyz")->body, "ready\n");
  EXPECT_EQ(client_->Head("/livez")->status, 200);
}

TEST_F(AdminPort, CountsInMetrics) {
  Start();
  Run({"SET", "k", "v"});
  Run({"GET", "k"});
  Run({"GET", "nothing"});
  const auto result = Get("/metrics");
  EXPECT_THAT(result->get_header_value("Content-Type"), StartsWith("text/plain; version=0.0.4"));
  EXPECT_EQ(Metric("larder_keyspace_hits_total"), 1);
  EXPECT_EQ(Metric("larder_keyspace_misses_total"), 1);
  EXPECT_EQ(Metric("larder_keyspace_keys{database=\"0\"}"), 1);
  EXPECT_EQ(Metric("larder_commands_total{family=\"string\"}"), 3);
  EXPECT_EQ(Metric("larder_command_duration_seconds_count{family=\"string\"}"), 3);
  EXPECT_GT(Metric("larder_memory_used_bytes"), 0);
  EXPECT_GE(Metric("larder_clients"), 1);
}

TEST_F(AdminPort, AnswersStats) {
  Start();
  Run({"SET", "k", "v"});
  Run({"GET", "k"});
  const Json stats = GetJson("/api/v1/stats");
  EXPECT_EQ(stats["keyspace"]["keys"], 1);
  EXPECT_EQ(stats["keyspace"]["hit_ratio"], 1.0);
  EXPECT_EQ(stats["login_needed"], false);
  EXPECT_GT(stats["memory"]["used_bytes"], 0);
  EXPECT_EQ(stats["memory"]["policy"], "allkeys-lfu");
}

TEST_F(AdminPort, KeepsAHistory) {
  Start();
  Json samples;
  for (int tries = 0; tries < 200 && samples.empty(); ++tries) {
    Run({"PING"});
    samples = GetJson("/api/v1/history")["samples"];
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ASSERT_FALSE(samples.empty());
  EXPECT_GT(samples[0]["commands"], 0);
  EXPECT_TRUE(samples[0]["p99_us"].is_number());
}

TEST_F(AdminPort, ShowsSlowCommandsWhateverTheirBytes) {
  Start({{"slowlog-log-slower-than", "0"}});
  Run({"SET", "<b>\xff", "v"});
  const Json log = GetJson("/api/v1/slowlog");
  const Json& words = log["commands"][0]["words"];
  EXPECT_EQ(words[0], "SET");
  EXPECT_EQ(words[1], "<b>\\xff");
}

TEST_F(AdminPort, ShowsClients) {
  Start();
  Run({"CLIENT", "SETNAME", "mine"});
  const Json clients = GetJson("/api/v1/clients");
  EXPECT_EQ(clients["count"], 1);  // without the one that asks
  EXPECT_EQ(clients["clients"][0]["name"], "mine");
  Run({"CLIENT", "SETNAME", "laddr=admin-port"});
  EXPECT_EQ(GetJson("/api/v1/clients")["count"], 1);
}

TEST_F(AdminPort, ShowsSettingsWithoutSecrets) {
  Start({{"requirepass", "geheim"}});
  const auto result = Get("/api/v1/config", Login("", "geheim"));
  EXPECT_THAT(result->body, Not(HasSubstr("geheim")));
  const Json settings = Json::parse(result->body)["settings"];
  const auto find = [&](const std::string& name) {
    for (const Json& setting : settings) {
      if (setting["name"] == name) return setting;
    }
    return Json();
  };
  EXPECT_EQ(find("requirepass")["value"], "(set)");
  EXPECT_EQ(find("admin-port")["changed"], true);
  EXPECT_EQ(find("databases")["changed"], false);
}

TEST_F(AdminPort, ShowsBigKeysAndHotOnesWhereTheyAreMeasured) {
  Start();
  Run({"SET", "small", "v"});
  Run({"SET", "big", std::string(100'000, 'x')});
  Json keys = GetJson("/api/v1/hot");
  EXPECT_EQ(keys["hot"], nullptr);
  EXPECT_EQ(keys["big"]["keys"][0]["key"], "big");
  EXPECT_EQ(keys["big"]["keys"][0]["type"], "string");
  EXPECT_GT(keys["big"]["keys"][0]["bytes"], 100'000);
  EXPECT_EQ(Post("/api/v1/hot", {{"seconds", 60}})->status, 200);
  for (int i = 0; i < 100; ++i) Run({"GET", "big"});
  keys = GetJson("/api/v1/hot");
  EXPECT_EQ(keys["hot"]["active"], true);
  EXPECT_EQ(keys["hot"]["by_cpu"][0]["key"], "big");
  EXPECT_GT(keys["hot"]["by_network"][0]["bytes"], 100 * 100'000);
  EXPECT_EQ(Post("/api/v1/hot", {{"seconds", 0}})->status, 400);
}

TEST_F(AdminPort, ShowsTheKeysThatAreAskedForMostOfLate) {
  Start();
  Run({"SET", "hot", "v"});
  std::string requests;
  for (int i = 0; i < 50'000; ++i) requests += Encode({"GET", "hot"});
  ASSERT_TRUE(redis_->Send(requests));
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(redis_->Read());
  const Json recent = GetJson("/api/v1/hot")["recent"];
  ASSERT_FALSE(recent.empty());
  EXPECT_EQ(recent[0]["key"], "hot");
  EXPECT_GT(recent[0]["per_second"], 0);
}

TEST_F(AdminPort, ShowsNamespaces) {
  Start();
  EXPECT_EQ(GetJson("/api/v1/namespaces")["namespaces"], Json::array());
  Run({"CACHE.NS", "SET", "shop", "PREFIX", "shop:", "MAXMEMORY", "1mb"});
  Run({"SET", "shop:1", "v"});
  Run({"GET", "shop:1"});
  Run({"GET", "shop:2"});
  const Json shop = GetJson("/api/v1/namespaces")["namespaces"][0];
  EXPECT_EQ(shop["name"], "shop");
  EXPECT_EQ(shop["prefix"], "shop:");
  EXPECT_EQ(shop["items"], 1);
  EXPECT_EQ(shop["limit_bytes"], 1 << 20);
  EXPECT_EQ(shop["hit_ratio"], 0.5);
  EXPECT_EQ(shop["stale_hits"], 0);
  EXPECT_TRUE(shop["p99_us"].is_number());
  const std::string metrics = Get("/metrics")->body;
  EXPECT_THAT(metrics, HasSubstr("larder_namespace_keys{namespace=\"shop\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("larder_namespace_command_duration_seconds_count"
                                 "{namespace=\"shop\"} 3\n"));
  Run({"CACHE.GET", "missing", "LEASE", "60000"});
  EXPECT_THAT(Get("/metrics")->body, HasSubstr("larder_leases 1\n"));
  EXPECT_EQ(GetJson("/api/v1/stats")["keyspace"]["leases"], 1);
  Run({"CACHE.NS", "DEL", "shop"});
  EXPECT_THAT(Get("/metrics")->body, Not(HasSubstr("larder_namespace")));
}

TEST_F(AdminPort, ServesThePageWithItsOwnFilesAlone) {
  Start();
  const auto page = Get("/");
  EXPECT_EQ(page->get_header_value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'self'"));
  EXPECT_EQ(page->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page->get_header_value("X-Frame-Options"), "DENY");
  EXPECT_EQ(page->get_header_value("Cache-Control"), "no-store");
  EXPECT_THAT(page->body,
              AllOf(Not(HasSubstr("http:")), Not(HasSubstr("https:")), Not(HasSubstr("style=")),
                    Not(::testing::ContainsRegex(" on[a-z]+="))));
  EXPECT_EQ(Get("/page.js")->get_header_value("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(Get("/page.css")->get_header_value("Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(Status("/nothing"), 404);
  EXPECT_EQ(Status("/../../etc/passwd"), 404);
}

// ---- purges

TEST_F(AdminPort, PurgesKeys) {
  Start();
  Run({"MSET", "a", "1", "b", "2", "c", "3"});
  const auto result = Post("/api/v1/purge", {{"keys", {"a", "b", "nothing"}}});
  EXPECT_EQ(result->body, "{\"purged\":2}\n");
  EXPECT_THAT(Run({"DBSIZE"}), IsInteger(1));
}

TEST_F(AdminPort, PurgesKeysOfAnotherDatabase) {
  Start();
  Run({"SELECT", "3"});
  Run({"SET", "a", "1"});
  EXPECT_EQ(Post("/api/v1/purge", {{"keys", {"a"}}})->body, "{\"purged\":0}\n");
  EXPECT_EQ(Post("/api/v1/purge", {{"keys", {"a"}}, {"database", 3}})->body, "{\"purged\":1}\n");
  EXPECT_EQ(Post("/api/v1/purge", {{"keys", {"a"}}, {"database", 99}})->status, 400);
}

TEST_F(AdminPort, PurgesEverything) {
  Start();
  Run({"MSET", "a", "1", "b", "2"});
  EXPECT_EQ(Post("/api/v1/purge", {{"all", true}})->body, "{\"purged\":2}\n");
  EXPECT_THAT(Run({"DBSIZE"}), IsInteger(0));
}

TEST_F(AdminPort, FlushesANamespace) {
  Start();
  Run({"CACHE.NS", "SET", "shop", "PREFIX", "shop:"});
  Run({"MSET", "shop:1", "v", "shop:2", "v", "stays", "v"});
  EXPECT_EQ(Post("/api/v1/purge", {{"namespace", "shop"}})->body, "{\"purged\":2}\n");
  EXPECT_THAT(Run({"DBSIZE"}), IsInteger(1));
}

TEST_F(AdminPort, RefusesToPurgeWhatThereIsNot) {
  Start();
  EXPECT_EQ(Post("/api/v1/purge", {{"namespace", "nothing"}})->status, 400);
  EXPECT_EQ(Post("/api/v1/purge", {{"nonsense", 1}})->status, 400);
}

// ---- logins

class AdminLogins : public AdminPort {
 protected:
  void StartWithUsers() {
    Start({{"requirepass", "geheim"}});
    Run({"AUTH", "geheim"});
    Run({"ACL", "SETUSER", "reader", "on", ">lesen", "+info", "+get"});
    Run({"ACL", "SETUSER", "purger", "on", ">purge", "+unlink", "~shop:*"});
    Run({"SET", "shop:1", "v"});
    Run({"SET", "other", "v"});
  }
  TemporaryFolder folder_;

  int PurgeStatus(const Json& what, const std::string& user, const std::string& password) {
    return Post("/api/v1/purge", what, Login(user, password))->status;
  }
};

TEST_F(AdminLogins, AreNeededForWhatShowsMoreThanFigures) {
  StartWithUsers();
  for (const char* path : {"/livez", "/readyz", "/metrics", "/", "/page.js"}) {
    EXPECT_EQ(Status(path), 200) << path;
  }
  for (const char* path :
       {"stats", "history", "namespaces", "hot", "slowlog", "clients", "config"}) {
    const std::string whole = std::string("/api/v1/") + path;
    EXPECT_EQ(Status(whole), 401) << path;
    EXPECT_EQ(Status(whole, Login("default", "geheim")), 200) << path;
  }
}

TEST_F(AdminLogins, LetInWhoeverMayRunTheSameCommand) {
  StartWithUsers();
  EXPECT_EQ(Status("/api/v1/stats", Login("reader", "lesen")), 200);
  EXPECT_EQ(Status("/api/v1/clients", Login("reader", "lesen")), 403);
  EXPECT_EQ(Status("/api/v1/config", Login("reader", "lesen")), 403);
  EXPECT_EQ(Status("/api/v1/stats", Login("purger", "purge")), 403);
}

TEST_F(AdminLogins, PurgeByTheRightsOfTheUser) {
  StartWithUsers();
  const Json shop = {{"keys", {"shop:1"}}};
  const Json other = {{"keys", {"other"}}};
  EXPECT_EQ(Post("/api/v1/purge", shop)->status, 401);
  EXPECT_EQ(PurgeStatus(shop, "reader", "lesen"), 403);
  EXPECT_EQ(PurgeStatus(other, "purger", "purge"), 403);
  EXPECT_EQ(PurgeStatus({{"all", true}}, "purger", "purge"), 403);
  EXPECT_THAT(Run({"DBSIZE"}), IsInteger(2));
  EXPECT_EQ(PurgeStatus(shop, "purger", "purge"), 200);
  EXPECT_THAT(Run({"DBSIZE"}), IsInteger(1));
  EXPECT_EQ(PurgeStatus({{"all", true}}, "default", "geheim"), 200);
  EXPECT_THAT(Run({"DBSIZE"}), IsInteger(0));
}

TEST_F(AdminLogins, ThatAreWrongAreRefusedAndLogged) {
  StartWithUsers();
  const auto result = Post("/api/v1/purge", {{"all", true}}, Login("default", "falsch"));
  EXPECT_EQ(result->status, 401);
  EXPECT_THAT(result->body, HasSubstr("WRONGPASS"));
  EXPECT_THAT(Run({"DBSIZE"}), IsInteger(2));
  const auto log = Run({"ACL", "LOG"});
  ASSERT_EQ(log.items.size(), 1u);
  std::string all;
  for (const auto& field : log.items[0].items) all += field.text + " ";
  EXPECT_THAT(all, AllOf(HasSubstr("reason auth"), HasSubstr("addr=127.0.0.1:")));
}

TEST_F(AdminLogins, ThatAreNoBasicLoginAreRefused) {
  StartWithUsers();
  for (const char* header : {"Bearer abc", "Basic", "Basic !!!!", "Basic Zm9v"}) {
    EXPECT_EQ(Status("/api/v1/stats", {{"Authorization", header}}), 401) << header;
  }
}

TEST_F(AdminLogins, AreAskedForByBrowsersButNotOfThePage) {
  StartWithUsers();
  EXPECT_THAT(Get("/api/v1/stats")->get_header_value("WWW-Authenticate"), StartsWith("Basic"));
  EXPECT_FALSE(Get("/api/v1/stats", {{"X-Larder-Request", "1"}})->has_header("WWW-Authenticate"));
}

TEST_F(AdminLogins, ThatAreGuessedAreSlowedDown) {
  StartWithUsers();
  int refused = 0;
  for (int i = 0; i < 40 && refused == 0; ++i) {
    refused += Status("/api/v1/stats", Login("default", std::to_string(i))) == 429 ? 1 : 0;
  }
  EXPECT_GT(refused, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_EQ(Status("/api/v1/stats", Login("default", "geheim")), 200);
}

// ---- other sites

class AdminGuard : public AdminPort {
 protected:
  int PostStatus(httplib::Headers headers, const std::string& type = "application/json") {
    return client_->Post("/api/v1/purge", headers, R"({"all":true})", type)->status;
  }
};

TEST_F(AdminGuard, RefusesPostsThatAnotherSiteCouldSend) {
  Start();
  Run({"SET", "k", "v"});
  const auto marked = [](httplib::Headers more) {
    more.emplace("X-Larder-Request", "1");
    return more;
  };
  EXPECT_EQ(PostStatus({}), 403);
  EXPECT_EQ(PostStatus(marked({}), "text/plain"), 415);
  EXPECT_EQ(PostStatus(marked({}), "application/x-www-form-urlencoded"), 415);
  EXPECT_EQ(PostStatus(marked({{"Origin", "http://evil.example"}})), 403);
  EXPECT_EQ(PostStatus(marked({{"Origin", "null"}})), 403);
  EXPECT_EQ(PostStatus(marked({{"Sec-Fetch-Site", "cross-site"}})), 403);
  EXPECT_EQ(PostStatus(marked({{"Sec-Fetch-Site", "same-site"}})), 403);
  EXPECT_THAT(Run({"DBSIZE"}), IsInteger(1));
  const std::string own = fmt::format("http://127.0.0.1:{}", port_.number());
  EXPECT_EQ(PostStatus(marked({{"Origin", own}, {"Sec-Fetch-Site", "same-origin"}})), 200);
  EXPECT_THAT(Run({"DBSIZE"}), IsInteger(0));
}

TEST_F(AdminGuard, RefusesReadsFromOtherSites) {
  Start();
  EXPECT_EQ(Status("/api/v1/stats", {{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(Status("/", {{"Sec-Fetch-Site", "cross-site"}}), 200);  // a link to the page
  EXPECT_FALSE(Get("/api/v1/stats")->has_header("Access-Control-Allow-Origin"));
}

TEST_F(AdminGuard, RefusesHostsThatAreNotItsOwn) {
  Start({{"admin-hosts", "cache.example other.example"}});
  const auto status = [&](const std::string& host) { return Status("/metrics", {{"Host", host}}); };
  EXPECT_EQ(status("evil.example"), 421);
  EXPECT_EQ(status("evil.example:" + std::to_string(port_.number())), 421);
  EXPECT_EQ(status("127.0.0.1.evil.example"), 421);
  EXPECT_EQ(status("localhost:80"), 200);
  EXPECT_EQ(status("[::1]:80"), 200);
  EXPECT_EQ(status("Cache.Example:443"), 200);
  EXPECT_EQ(Status("/livez", {{"Host", "evil.example"}}), 200);
  EXPECT_THAT(Raw("GET /metrics HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 421"));
}

TEST_F(AdminGuard, RefusesOtherMethods) {
  Start();
  for (const char* method : {"PUT", "DELETE", "OPTIONS", "PATCH"}) {
    EXPECT_THAT(
        Raw(fmt::format("{} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", method)),
        StartsWith("HTTP/1.1 405"))
        << method;
  }
  EXPECT_THAT(Raw("BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
}

// ---- limits

TEST_F(AdminGuard, RefusesWhatIsTooLong) {
  Start();
  EXPECT_THAT(Raw("GET / HTTP/1.1\r\nX: " + std::string(kHeaderBytesMax, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(Raw(std::string(kHeaderBytesMax + 1, 'a')), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(Raw("POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Raw("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 411"));
  EXPECT_THAT(Raw("GET /" + std::string(9000, 'a') +
                  " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 414"));
}

TEST_F(AdminGuard, AnswersPipelinedAndSplitRequests) {
  Start();
  const std::string request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string last = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  SocketClient client("127.0.0.1", port_.number());
  for (const char c : request + request + last) client.Send({&c, 1});
  const std::string all = client.ReadToEnd();
  EXPECT_NE(all.find("live\n", all.find("live\n") + 1), std::string::npos);
  EXPECT_THAT(all, HasSubstr("ready\n"));
}

TEST_F(AdminGuard, IsNotHeldUpBySlowClients) {
  Start();
  std::vector<std::unique_ptr<SocketClient>> slow;
  for (size_t i = 0; i < 2 * kThreads; ++i) {
    slow.push_back(std::make_unique<SocketClient>("127.0.0.1", port_.number()));
    slow.back()->Send("GET /livez HTTP/1.1\r\nHost: loc");
  }
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(Status("/livez"), 200);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_TRUE(slow[0]->WaitForClose());
  EXPECT_GE(std::chrono::steady_clock::now() - began, kRequestMax - std::chrono::seconds(1));
}

TEST_F(AdminGuard, ClosesConnectionsBeyondItsLimit) {
  Start();
  std::vector<std::unique_ptr<SocketClient>> clients;
  for (size_t i = 0; i < kConnectionsMax; ++i) {
    clients.push_back(std::make_unique<SocketClient>("127.0.0.1", port_.number()));
    clients.back()->Send("G");
  }
  SocketClient more("127.0.0.1", port_.number());
  EXPECT_TRUE(more.WaitForClose());
  clients.clear();
  for (int tries = 0; tries < 100; ++tries) {
    if (client_->Get("/livez")) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(Status("/livez"), 200);
}

TEST_F(AdminGuard, SurvivesClientsThatGoAway) {
  Start();
  for (int i = 0; i < 100; ++i) {
    SocketClient client("127.0.0.1", port_.number());
    client.Send("GET /api/v1/stats HTTP/1.1\r\nHost: localhost\r\n\r\nGET /");
  }
  EXPECT_EQ(Status("/livez"), 200);
}

TEST_F(AdminPort, SaysWhenAWorkerStalls) {
  Start({{"enable-debug-command", "yes"}, {"threads", "1"}});
  redis_->Send(Encode({"DEBUG", "SLEEP", "13"}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int status = 200;
  while (status == 200 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    status = Status("/livez");
  }
  EXPECT_EQ(status, 503);
  EXPECT_EQ(Status("/readyz"), 503);
  EXPECT_EQ(Status("/metrics"), 200);  // needs no worker
  redis_->Read();
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_EQ(Status("/livez"), 200);
}

TEST_F(AdminLogins, AreNamedInTheLogWhenTheyPurge) {
  const std::string log = folder_.Path("log");
  Start({{"requirepass", "geheim"}, {"logfile", log}});
  PurgeStatus({{"all", true}}, "default", "geheim");
  EXPECT_THAT(folder_.Read("log"), HasSubstr("FLUSHALL by user 'default' from 127.0.0.1:"));
}

// ---- start and end

// Runs a server that is refused; returns what it logs.
std::string Refusal(RunningServer::Options given) {
  TemporaryFolder folder;
  OptionStore options;
  given.emplace_back("port", "0");
  given.emplace_back("unixsocket", folder.Path("larder.sock"));
  for (const auto& [name, value] : given) {
    EXPECT_TRUE(options.SetAtStart(name, SplitWords(value)).ok()) << name;
  }
  Logger log;
  EXPECT_TRUE(log.Open({.file = folder.Path("log")}).ok());
  EXPECT_EQ(Server(options, log).Run(), 1);
  return folder.Read("log");
}

TEST(AdminStart, IsRefusedBeyondLoopbackWithoutAPassword) {
  HeldPort port;
  const std::string number = std::to_string(port.number());
  for (const char* address : {"0.0.0.0", "*", "127.0.0.1 192.0.2.1", "-::"}) {
    EXPECT_THAT(Refusal({{"admin-port", number}, {"admin-bind", address}}),
                AllOf(HasSubstr("admin-bind"), HasSubstr("requirepass"), HasSubstr("127.0.0.1")))
        << address;
  }
}

TEST_F(AdminPort, ServesBeyondLoopbackWithAPassword) {
  Start({{"admin-bind", "0.0.0.0"}, {"requirepass", "geheim"}});
  EXPECT_EQ(Status("/livez"), 200);
}

TEST(AdminStart, IsOffUnlessItIsAskedFor) {
  OptionStore options;
  EXPECT_EQ(options.Number("admin-port"), 0);
  EXPECT_EQ(options.Text("admin-bind"), "127.0.0.1 -::1");
}

TEST_F(AdminPort, EndsWithTheServerWhileClientsAreConnected) {
  Start();
  SocketClient idle("127.0.0.1", port_.number());
  idle.Send("GET /");
  EXPECT_EQ(Status("/livez"), 200);
  const auto began = std::chrono::steady_clock::now();
  server_->RequestStop();
  EXPECT_EQ(server_->Join(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_TRUE(idle.WaitForClose());
}

TEST_F(AdminPort, EndsWithTheServerUnderLoad) {
  Start();
  std::atomic<bool> done{false};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      httplib::Client client("127.0.0.1", port_.number());
      while (!done.load()) {
        client.Get("/api/v1/stats");
        client.Get("/metrics");
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  server_->RequestStop();
  EXPECT_EQ(server_->Join(), 0);
  done.store(true);
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace larder::admin
