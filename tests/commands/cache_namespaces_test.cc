// CACHE.NS.
#include <chrono>
#include <string>
#include <vector>

#include "server/config/option_store.h"
#include "server/errors.h"
#include "server/namespace_rules.h"
#include "tests/commands/event_fixture.h"

namespace larder {
namespace {

using protocol::Reply;

class CacheNamespaces : public EventFixture {
 protected:
  void Count() {
    using std::chrono::steady_clock;
    for (size_t stripe = 0; stripe < engine.keyspace.stripe_count(); ++stripe) {
      while (engine.keyspace.CountSlice(stripe, steady_clock::time_point::max())) {
      }
    }
  }
  // One figure of CACHE.NS STATS.
  int64_t StatOf(const std::string& name, std::string_view figure) {
    const Reply reply = Run("CACHE.NS STATS " + name);
    for (size_t i = 0; i + 1 < reply.items.size(); i += 2) {
      if (reply.items[i].text == figure) return reply.items[i + 1].integer;
    }
    ADD_FAILURE() << figure << " is missing";
    return -1;
  }
};

TEST_F(CacheNamespaces, SetDefinesAndListTells) {
  EXPECT_THAT(Run("CACHE.NS LIST"), IsArray({}));
  EXPECT_THAT(
      Run("CACHE.NS SET shop PREFIX shop: MAXMEMORY 64kb DEFAULTTTL 60 MAXTTL 600 JITTER 10 "
          "NOEVICT"),
      IsOk());
  EXPECT_THAT(Run("cache.ns set all prefix \"\""), IsOk());
  EXPECT_THAT(Run("CACHE.NS LIST"),
              IsArray({IsArray({IsBulk("name"), IsBulk("all"), IsBulk("prefix"), IsBulk(""),
                                IsBulk("maxmemory"), IsInteger(0), IsBulk("defaultttl"),
                                IsInteger(0), IsBulk("maxttl"), IsInteger(0), IsBulk("jitter"),
                                IsInteger(0), IsBulk("noevict"), IsInteger(0)}),
                       IsArray({IsBulk("name"), IsBulk("shop"), IsBulk("prefix"), IsBulk("shop:"),
                                IsBulk("maxmemory"), IsInteger(65536), IsBulk("defaultttl"),
                                IsInteger(60), IsBulk("maxttl"), IsInteger(600), IsBulk("jitter"),
                                IsInteger(10), IsBulk("noevict"), IsInteger(1)})}));
  EXPECT_THAT(Run("CACHE.NS DEL shop"), IsInteger(1));
  EXPECT_THAT(Run("CACHE.NS DEL shop"), IsInteger(0));
  EXPECT_EQ(Run("CACHE.NS LIST").items.size(), 1u);
}

TEST_F(CacheNamespaces, SetRefusesWhatMakesNoSense) {
  EXPECT_THAT(Run("CACHE.NS SET shop PREFIX"), IsError(errors::WrongArity("cache.ns|set")));
  EXPECT_THAT(Run("CACHE.NS SET shop SUFFIX x"), IsError(std::string(errors::kSyntax)));
  EXPECT_THAT(Run("CACHE.NS SET shop PREFIX x MAXMEMORY"), IsError(std::string(errors::kSyntax)));
  EXPECT_THAT(Run("CACHE.NS SET shop PREFIX x OTHER 1"), IsError(std::string(errors::kSyntax)));
  EXPECT_THAT(Run("CACHE.NS SET \"a shop\" PREFIX x"),
              IsError(std::string(errors::kBadNamespaceName)));
  EXPECT_THAT(Run("CACHE.NS SET \"\" PREFIX x"), IsError(std::string(errors::kBadNamespaceName)));
  EXPECT_THAT(Run("CACHE.NS SET " + std::string(65, 'n') + " PREFIX x"),
              IsError(std::string(errors::kBadNamespaceName)));
  EXPECT_THAT(Run("CACHE.NS SET shop PREFIX " + std::string(257, 'p')),
              IsError(std::string(errors::kNamespacePrefixTooLong)));
  for (const char* const bytes : {"0", "-1", "many", "1xb"}) {
    EXPECT_THAT(Run(std::string("CACHE.NS SET shop PREFIX x MAXMEMORY ") + bytes),
                IsError(std::string(errors::kBadNamespaceMemory)));
  }
  for (const char* const ttl : {"0", "-1", "1.5", "3153600001"}) {
    EXPECT_THAT(Run(std::string("CACHE.NS SET shop PREFIX x MAXTTL ") + ttl),
                IsError(std::string(errors::kBadNamespaceTtl)));
    EXPECT_THAT(Run(std::string("CACHE.NS SET shop PREFIX x DEFAULTTTL ") + ttl),
                IsError(std::string(errors::kBadNamespaceTtl)));
  }
  EXPECT_THAT(Run("CACHE.NS SET shop PREFIX x JITTER 91"),
              IsError(std::string(errors::kBadNamespaceJitter)));
  Run("CACHE.NS SET shop PREFIX x");
  EXPECT_THAT(Run("CACHE.NS SET other PREFIX x"),
              IsError(std::string(errors::kNamespacePrefixTaken)));
  EXPECT_THAT(Run("CACHE.NS STATS nosuch"), IsError(std::string(errors::kNoSuchNamespace)));
  EXPECT_THAT(Run("CACHE.NS STATS shop more"), IsError(std::string(errors::kSyntax)));
  EXPECT_THAT(Run("CACHE.NS FLUSH nosuch"), IsError(std::string(errors::kNoSuchNamespace)));
}

TEST_F(CacheNamespaces, StatsCountWhatHappens) {
  Run("CACHE.NS SET shop PREFIX shop:");
  Run("SET shop:1 value");
  Run("GET shop:1");
  Run("GET shop:2");
  Run("HSET shop:h f v");
  Run("HSET shop:h g v");
  Run("SET other value");
  EXPECT_EQ(StatOf("shop", "items"), 2);
  EXPECT_EQ(StatOf("shop", "hits"), 1);
  EXPECT_EQ(StatOf("shop", "misses"), 1);
  EXPECT_EQ(StatOf("shop", "complete"), 1);
  EXPECT_GE(StatOf("shop", "writes"), 3);
  EXPECT_GT(StatOf("shop", "bytes"), 20);
  client().Run("HELLO 3");
  EXPECT_EQ(Run("CACHE.NS STATS shop").type, Reply::Type::kMap);
  EXPECT_EQ(Run("CACHE.NS STATS").items.size(), 1u);
}

TEST_F(CacheNamespaces, StatsCountStaleHitsApart) {
  Run("CACHE.NS SET shop PREFIX shop:");
  Run("SET shop:1 value EX 1 SWR 60");
  clock.Advance(std::chrono::milliseconds(1500));
  Run("CACHE.GET shop:1");
  EXPECT_EQ(StatOf("shop", "stale_hits"), 1);
  EXPECT_EQ(StatOf("shop", "misses"), 1);
  EXPECT_EQ(StatOf("shop", "hits"), 0);
}

TEST_F(CacheNamespaces, KeysOfBeforeAreCountedInTheBackground) {
  Run("SET shop:1 value");
  Run("CACHE.NS SET shop PREFIX shop:");
  EXPECT_EQ(StatOf("shop", "complete"), 0);
  Count();
  EXPECT_EQ(StatOf("shop", "complete"), 1);
  EXPECT_EQ(StatOf("shop", "items"), 1);
}

TEST_F(CacheNamespaces, CommandsOfEveryKindKeepTheCountsExact) {
  Run("CACHE.NS SET a PREFIX a:");
  Run("CACHE.NS SET b PREFIX b:");
  for (const char* const line :
       {"SET a:s 1",
        "APPEND a:s 2222",
        "SETRANGE a:s 100 x",
        "SETBIT a:bits 10000 1",
        "INCR a:n",
        "RPUSH a:l 1 2 3",
        "LMOVE a:l b:l LEFT LEFT",
        "LPOP a:l 5",
        "SADD a:set x y z",
        "SMOVE a:set b:set x",
        "SUNIONSTORE b:union a:set b:set",
        "ZADD a:z 1 a 2 b",
        "ZRANGESTORE b:z a:z 0 -1",
        "ZPOPMIN a:z 2",
        "HSET a:h f v",
        "HINCRBY a:h n 5",
        "HPEXPIRE a:h 100 FIELDS 1 f",
        "XADD a:x * f v",
        "XGROUP CREATE a:x g 0",
        "XREADGROUP GROUP g c STREAMS a:x >",
        "PFADD a:p x y z",
        "GEOADD a:geo 1 1 x",
        "COPY a:s b:s",
        "RENAME a:s b:renamed",
        "MOVE a:n 1",
        "EXPIRE b:s 100",
        "PERSIST b:s",
        "SORT b:set ALPHA STORE a:sorted",
        "BITOP NOT b:bits a:bits",
        "EVAL \"redis.call('SADD',KEYS[1],'q') redis.call('DEL',KEYS[2]) return 1\" 2 b:set a:bits",
        "MSET a:1 1 a:2 2 b:1 1",
        "DEL a:1",
        "UNLINK a:2",
        "GETDEL b:1"}) {
    EXPECT_NE(Run(line).type, Reply::Type::kError) << line;
    for (const std::string name : {"a", "b"}) {
      int64_t items = 0, bytes = 0;
      for (int database = 0; database < 2; ++database) {
        uint64_t cursor = 0;
        do {
          cursor = engine.keyspace.Scan(database, cursor, 1000, dispatcher.now_ms(), false,
                                        [&](const storage::Entry& entry) {
                                          if (!entry.key().starts_with(name + ":")) return;
                                          ++items;
                                          bytes += static_cast<int64_t>(entry.MemoryBytes());
                                        });
        } while (cursor != 0);
      }
      EXPECT_EQ(StatOf(name, "items"), items) << line;
      EXPECT_EQ(StatOf(name, "bytes"), bytes) << line;
    }
  }
  Run("MULTI");
  Run("SADD a:m 1 2 3");
  Run("CACHE.NS STATS a");
  const Reply replies = Run("EXEC");
  ASSERT_EQ(replies.items.size(), 2u);
  const Reply outside = Run("CACHE.NS STATS a");  // the transaction saw its own change
  EXPECT_EQ(replies.items[1].items[5].integer, outside.items[5].integer);
}

TEST_F(CacheNamespaces, AWriteThatLeavesItOverItsQuotaEvictsInsideFirst) {
  Run("CONFIG SET maxmemory-policy allkeys-lru");
  for (int i = 0; i < 100; ++i) Run("SET other:" + std::to_string(i) + " " + std::string(100, 'v'));
  Run("CACHE.NS SET shop PREFIX shop: MAXMEMORY 5000");
  Count();
  for (int i = 0; i < 200; ++i) {
    EXPECT_THAT(Run("SET shop:" + std::to_string(i) + " " + std::string(100, 'v')), IsOk());
    ASSERT_LE(StatOf("shop", "bytes"), 5000);
  }
  EXPECT_GT(StatOf("shop", "evictions"), 100);
  EXPECT_GT(StatOf("shop", "items"), 20);
  EXPECT_THAT(Run("DBSIZE"), IsInteger(100 + StatOf("shop", "items")));
}

TEST_F(CacheNamespaces, WithoutEvictionAFullNamespaceRefusesWritesThatMayGrow) {
  const std::string full = errors::NamespaceFull("shop");
  EXPECT_EQ(full, "OOM namespace 'shop' is over its MAXMEMORY");
  Run("CONFIG SET maxmemory-policy noeviction");
  Run("CACHE.NS SET shop PREFIX shop: MAXMEMORY 500");
  for (int i = 0; i < 5; ++i) Run("SET shop:" + std::to_string(i) + " " + std::string(100, 'v'));
  EXPECT_THAT(Run("SET shop:new v"), IsError(full));
  EXPECT_THAT(Run("MSET other v shop:new v"), IsError(full));
  EXPECT_THAT(Run("EXISTS other shop:new"), IsInteger(0));
  EXPECT_THAT(Run("SET other v"), IsOk());
  EXPECT_THAT(Run("GET shop:1"), IsBulk(std::string(100, 'v')));
  EXPECT_THAT(Run("SUNIONSTORE other shop:nosuch"), IsInteger(0));  // read there alone
  EXPECT_EQ(Run("EVAL \"return redis.call('SET', KEYS[1], 'v')\" 1 shop:new").text.find("OOM"), 0u);
  EXPECT_THAT(Run("EVAL \"return redis.call('SET', KEYS[1], 'v')\" 1 other"), IsOk());
  Run("MULTI");
  EXPECT_THAT(Run("SET shop:new v"), IsError(full));
  EXPECT_THAT(Run("EXEC"), IsError(std::string(errors::kExecAbort)));
  EXPECT_THAT(Run("DEL shop:1 shop:2"), IsInteger(2));
  EXPECT_THAT(Run("SET shop:new v"), IsOk());
}

TEST_F(CacheNamespaces, NoEvictKeepsItsKeysAndIsRefusedItsOwnGrowth) {
  Run("CONFIG SET maxmemory-policy allkeys-lru");
  Run("CACHE.NS SET locks PREFIX lock: NOEVICT MAXMEMORY 500");
  for (int i = 0; i < 5; ++i) Run("SET lock:" + std::to_string(i) + " " + std::string(100, 'v'));
  EXPECT_THAT(Run("SET lock:new v"), IsError(errors::NamespaceFull("locks")));
  EXPECT_EQ(StatOf("locks", "evictions"), 0);
  EXPECT_EQ(StatOf("locks", "items"), 5);
}

TEST_F(CacheNamespaces, TimesToLive) {
  Run("CACHE.NS SET shop PREFIX shop: DEFAULTTTL 100 MAXTTL 1000");
  Run("SET shop:1 v");
  EXPECT_THAT(Run("TTL shop:1"), IsInteger(100));
  Run("HSET shop:h f v");
  EXPECT_THAT(Run("TTL shop:h"), IsInteger(100));
  Run("SET shop:1 v EX 5000");
  EXPECT_THAT(Run("TTL shop:1"), IsInteger(1000));
  Run("EXPIRE shop:h 5000");
  EXPECT_THAT(Run("TTL shop:h"), IsInteger(1000));
  Run("PERSIST shop:h");
  EXPECT_THAT(Run("TTL shop:h"), IsInteger(1000));
  Run("SET shop:1 v EX 10");
  Run("SET shop:1 w KEEPTTL");
  EXPECT_THAT(Run("TTL shop:1"), IsInteger(10));
  Run("SET shop:2 v");
  clock.Advance(100s);
  EXPECT_THAT(Run("GET shop:2"), IsNull());
  EXPECT_EQ(StatOf("shop", "expirations"), 1);
}

TEST_F(CacheNamespaces, FlushRemovesItsKeysInAllDatabases) {
  Run("CACHE.NS SET shop PREFIX shop:");
  Run("CACHE.NS SET eu PREFIX shop:eu:");
  Run("SET shop:1 v");
  Run("SET shop:eu:1 v");
  Run("SET other v");
  Run("SELECT 5");
  Run("SET shop:2 v");
  Run("SELECT 0");
  Run("CLIENT TRACKING ON");
  const std::string events = EventsOf("CACHE.NS FLUSH shop");
  EXPECT_NE(events.find("del shop:1\n"), std::string::npos) << events;
  EXPECT_NE(events.find("del shop:2\n"), std::string::npos) << events;
  EXPECT_THAT(Run("EXISTS shop:1 shop:eu:1 other"), IsInteger(2));
  EXPECT_EQ(StatOf("shop", "items"), 0);
  EXPECT_EQ(StatOf("eu", "items"), 1);
  EXPECT_THAT(Run("CACHE.NS FLUSH eu"), IsInteger(1));
  Run("SET shop:1 v");
  Run("MULTI");
  Run("CACHE.NS FLUSH shop");
  EXPECT_THAT(Run("EXEC"), IsArray({IsInteger(1)}));
}

TEST_F(CacheNamespaces, FlushRemovesOnlyWhatTheUserMayWrite) {
  Run("ACL SETUSER limited on nopass +@all ~shop:mine:*");
  Run("CACHE.NS SET shop PREFIX shop:");
  Run("SET shop:mine:1 v");
  Run("SET shop:yours:1 v");
  TestClient& limited = NewClient();
  limited.Run("AUTH limited x");
  EXPECT_THAT(limited.Run("CACHE.NS FLUSH shop"), IsInteger(1));
  EXPECT_THAT(Run("EXISTS shop:mine:1 shop:yours:1"), IsInteger(1));
  Run("ACL SETUSER limited -@dangerous");
  for (const char* const line :
       {"CACHE.NS FLUSH shop", "CACHE.NS SET a PREFIX b", "CACHE.NS DEL a"}) {
    EXPECT_EQ(limited.Run(line).text.substr(0, 6), "NOPERM") << line;
  }
  EXPECT_EQ(limited.Run("CACHE.NS STATS").items.size(), 1u);
  Run("ACL SETUSER limited -@cache");
  EXPECT_EQ(limited.Run("CACHE.NS STATS").text.substr(0, 6), "NOPERM");
}

TEST_F(CacheNamespaces, HelpTellsAllSubcommands) {
  EXPECT_GT(Run("CACHE.NS HELP").items.size(), 10u);
}

TEST_F(CacheNamespaces, DefinitionsAreKeptInTheConfigurationFile) {
  Run("CACHE.NS SET shop PREFIX \"shop: \" MAXMEMORY 64kb DEFAULTTTL 60 MAXTTL 600 JITTER 10 "
      "NOEVICT");
  Run("CACHE.NS SET all PREFIX \"\"");
  const auto specs = engine.keyspace.namespaces().Specs();
  ASSERT_EQ(specs.size(), 2u);
  const std::string line = WriteNamespace(specs[1]);
  EXPECT_EQ(line,
            "shop prefix \"shop: \" maxmemory 64kb defaultttl 60 maxttl 600 jitter 10 noevict");
  OptionStore again;
  ASSERT_TRUE(again
                  .LoadText("cache-namespace " + line + "\ncache-namespace " +
                                WriteNamespace(specs[0]) + "\n",
                            "test.conf")
                  .ok());
  Engine other(clock, again, log, 1);
  ASSERT_TRUE(LoadNamespacesAtStart(other).ok());
  const auto loaded = other.keyspace.namespaces().Specs();
  ASSERT_EQ(loaded.size(), 2u);
  EXPECT_EQ(WriteNamespace(loaded[1]), line);
  EXPECT_EQ(loaded[0].prefix, "");
}

TEST_F(CacheNamespaces, AConfigurationFileThatMakesNoSenseIsRefused) {
  const auto load = [this](const std::string& text) {
    OptionStore store;
    EXPECT_TRUE(store.LoadText(text, "test.conf").ok());
    Engine other(clock, store, log, 1);
    return LoadNamespacesAtStart(other).error();
  };
  EXPECT_EQ(load("cache-namespace a prefix a:\ncache-namespace a prefix b:\n"),
            "cache-namespace a: ERR it is defined twice");
  EXPECT_EQ(load("cache-namespace a prefix a: maxttl x\n"),
            "cache-namespace a: " + std::string(errors::kBadNamespaceTtl));
  EXPECT_EQ(load("cache-namespace a\n"), "cache-namespace a: ERR syntax error");
}

}  // namespace
}  // namespace larder
