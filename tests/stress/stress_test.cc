// Everything at once: four workers, a dozen clients on real sockets, a memory cap that evicts,
// short expiries, transactions, scripts, functions, pub/sub, scans and kills. Under TSan it must
// report nothing; everywhere each request must get exactly one well-formed reply, in order.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/stress/stress_fixture.h"

namespace larder {
namespace {

using protocol::Reply;
using std::chrono::steady_clock;

constexpr int kKeys = 400;

std::string RandomKey(std::mt19937& random) { return "k" + std::to_string(random() % kKeys); }

// Functions come and go while others call them.
std::vector<std::string> FunctionCommand(std::mt19937& random) {
  const std::string version = std::to_string(random() % 100);
  switch (random() % 8) {
    case 0:
      return {"FUNCTION", "FLUSH"};
    case 1:
      return {"FUNCTION", "DELETE", "reads"};
    case 2:
      return {"FUNCTION", "STATS"};
    case 3:
      return {"FUNCTION", "LIST", "WITHCODE"};
    case 4:
      return {"FUNCTION", "LOAD", "REPLACE",
              "#!lua name=reads\nredis.register_function{function_name = 'get', "
              "flags = {'no-writes'}, callback = function(keys) return "
              "{redis.call('GET', keys[1]), " +
                  version + "} end}"};
    default:
      return {"FUNCTION", "LOAD", "REPLACE",
              "#!lua name=writes\nlocal n = " + version +
                  "\nredis.register_function('put', function(keys, args)\n"
                  "  redis.call('INCR', keys[1]) return redis.call('SET', args[1], n) end)\n"
                  "redis.register_function('count', function() n = n + 1 return n end)"};
  }
}

std::vector<std::string> RandomCommand(std::mt19937& random) {
  const std::string key = RandomKey(random);
  const std::string other = RandomKey(random);
  switch (random() % 19) {
    case 0:
      return {"GET", key};
    case 1:
      return {"SET", key, std::string(random() % 3000, 'v'), "PX",
              std::to_string(1 + random() % 50)};
    case 2:
      return {"SET", key, std::string(random() % 200, 'w')};
    case 3:
      return {"DEL", key, other};
    case 4:
      return {"PEXPIRE", key, std::to_string(random() % 30)};
    case 5:
      return {"SADD", "s" + key, std::to_string(random() % 1000), other};
    case 6:
      return {"SPOP", "s" + key, "3"};
    case 7:
      return {"MSET", key, "1", other, "2"};
    case 8:
      return {"MGET", key, other, "absent"};
    case 9:
      return {"SUNIONSTORE", "s" + other, "s" + key, "s" + other};
    case 10:
      return {"RENAME", key, other};
    case 11:
      return {"SCAN", "0", "COUNT", "50"};
    case 12:
      return {"EVAL", "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])", "1",
              key, other};
    case 13:  // an undeclared key: starts again with every stripe
      return {"EVAL", "redis.call('INCR', KEYS[1]) return redis.call('SET', ARGV[1], 'x')", "1",
              "n" + key, other};
    case 14:
      return {"APPEND", "a" + key, "0123456789"};
    case 15:
      return {"FCALL", random() % 2 == 0 ? "put" : "count", "1", "n" + key, other};
    case 16:
      return {"FCALL_RO", "get", "1", key};
    case 17:
      return FunctionCommand(random);
    default:
      return {"PUBLISH", "channel", key};
  }
}

TEST_F(StressTest, EveryRequestGetsOneReply) {
  const std::pair<std::string_view, std::string_view> capped[] = {
      {"maxmemory", "4mb"}, {"notify-keyspace-events", "KEA"}};
  ASSERT_TRUE(options_.Set(capped).ok());
  const auto end = steady_clock::now() + std::chrono::seconds(StressSeconds());
  std::atomic<uint64_t> replies_read{0};
  std::vector<std::thread> clients;
  for (uint32_t seed = 0; seed < 6; ++seed) {
    clients.emplace_back([&, seed] {
      std::mt19937 random(seed);
      auto client = Connect();
      std::vector<Reply> replies;
      while (steady_clock::now() < end) {
        const size_t depth = 1 + random() % 40;
        for (size_t i = 0; i < depth; ++i) client->Queue(RandomCommand(random));
        ASSERT_TRUE(client->Exchange(&replies));
        ASSERT_EQ(replies.size(), depth);
        replies_read += depth;
      }
    });
  }
  // Transfers between two counters in EXEC and in a script: the sum that anyone sees is always 0.
  for (uint32_t seed = 0; seed < 3; ++seed) {
    clients.emplace_back([&, seed] {
      auto client = Connect();
      std::vector<Reply> replies;
      while (steady_clock::now() < end) {
        if (seed == 0) {
          client->Queue({"MULTI"});
          client->Queue({"INCRBY", "{sum}a", "5"});
          client->Queue({"DECRBY", "{sum}b", "5"});
          client->Queue({"EXEC"});
          ASSERT_TRUE(client->Exchange(&replies));
        } else if (seed == 1) {
          client->Queue({"EVAL", "redis.call('DECR', KEYS[1]) redis.call('INCR', KEYS[2])", "2",
                         "{sum}a", "{sum}b"});
          ASSERT_TRUE(client->Exchange(&replies));
        } else {
          client->Queue({"MGET", "{sum}a", "{sum}b"});
          ASSERT_TRUE(client->Exchange(&replies));
          int64_t sum = 0;
          bool both = replies[0].items.size() == 2;
          for (const Reply& item : replies[0].items) {
            both &= item.type == Reply::Type::kBulk;
            sum += std::atoll(item.text.c_str());
          }
          // Eviction may have taken one of them.
          if (both && engine_.keyspace.Stats().evicted == 0) {
            ASSERT_EQ(sum, 0);
          }
        }
        ++replies_read;
      }
    });
  }
  clients.emplace_back([&] {  // a subscriber that comes and goes, and others that are killed
    while (steady_clock::now() < end) {
      auto subscriber = Connect();
      auto victim = Connect();
      auto killer = Connect();
      Reply reply;
      ASSERT_TRUE(subscriber->Run({"SUBSCRIBE", "channel"}, &reply));
      ASSERT_TRUE(victim->Run({"CLIENT", "ID"}, &reply));
      const std::string id = std::to_string(reply.integer);
      ASSERT_TRUE(killer->Run({"CLIENT", "KILL", "ID", id}, &reply));
      ASSERT_TRUE(killer->Run({"CLIENT", "LIST"}, &reply));
      ASSERT_TRUE(killer->Run({"INFO"}, &reply));
      while (victim->Run({"PING"}, &reply)) {
      }
    }
  });
  clients.emplace_back([&] {  // optimistic locking
    auto client = Connect();
    Reply reply;
    std::vector<Reply> replies;
    while (steady_clock::now() < end) {
      ASSERT_TRUE(client->Run({"WATCH", "k1", "k2"}, &reply));
      client->Queue({"MULTI"});
      client->Queue({"GET", "k1"});
      client->Queue({"SET", "k2", "watched"});
      client->Queue({"EXEC"});
      ASSERT_TRUE(client->Exchange(&replies));
    }
  });
  clients.emplace_back([&] {  // the whole keyspace, rarely
    auto client = Connect();
    Reply reply;
    while (steady_clock::now() < end) {
      ASSERT_TRUE(client->Run({"KEYS", "*1*"}, &reply));
      ASSERT_TRUE(client->Run({"DBSIZE"}, &reply));
      ASSERT_TRUE(client->Run({"SWAPDB", "3", "4"}, &reply));
      ASSERT_TRUE(client->Run({"RANDOMKEY"}, &reply));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ASSERT_TRUE(client->Run({"FLUSHALL", "ASYNC"}, &reply));
  });
  for (std::thread& client : clients) client.join();
  RecordProperty("replies", std::to_string(replies_read.load()));
  EXPECT_GT(replies_read.load(), 0u);
}

}  // namespace
}  // namespace larder
