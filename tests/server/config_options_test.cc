#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "server/config/option_lookup.h"
#include "server/config/option_store.h"
#include "server/config/units.h"

namespace larder {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

std::string SetError(OptionStore& options, const Pairs& pairs) {
  return options.Set(pairs).error();
}

std::vector<OptionStore::Pair> Get(const OptionStore& options,
                                   const std::vector<std::string_view>& patterns) {
  return options.Get(patterns);
}

template <typename Visit>
void ForEachOption(Visit visit) {
  for (const OptionGroup& group : OptionGroups()) {
    for (const Option& option : group.options) visit(option);
  }
}

TEST(OptionTable, NamesAndAliasesAreUnique) {
  std::set<std::string_view> names;
  ForEachOption([&](const Option& option) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    if (!option.alias.empty()) {
      EXPECT_TRUE(names.insert(option.alias).second) << option.alias;
    }
  });
}

TEST(OptionTable, EveryRowIsDocumentedAndHasAValidDefault) {
  ForEachOption([](const Option& option) {
    EXPECT_FALSE(option.documentation.empty()) << option.name;
    EXPECT_EQ(option.documentation.find('\n'), std::string_view::npos) << option.name;
    EXPECT_EQ(DefaultValue(option).error, "") << option.name;
    EXPECT_EQ(option.type == OptionType::kWords, option.type == OptionType::kWords && option.parse)
        << option.name;
  });
}

TEST(OptionTable, NumbersWithEffectHaveALiveValueUnlessTheyAreReadByName) {
  ForEachOption([](const Option& option) {
    const bool number = option.type != OptionType::kWords && option.type != OptionType::kString;
    if (number && !option.Has(kNoEffect) && option.refused.empty()) {
      EXPECT_EQ(option.live == nullptr, option.Has(kReadByName)) << option.name;
    }
  });
}

TEST(OptionTable, KnowsEveryNameThatRedisSevenAnswers) {
  for (const std::string_view name : {
#include "tests/server/redis_7_option_names.inc"
       }) {
    EXPECT_NE(FindOption(name), nullptr) << name;
  }
}

TEST(OptionStoreTest, StartsWithTheDefaults) {
  OptionStore options;
  EXPECT_EQ(options.live().port, 6379);
  EXPECT_EQ(options.live().databases, 16);
  EXPECT_EQ(options.live().policy(), MaxmemoryPolicy::kAllkeysLfu);
  EXPECT_GT(options.live().maxmemory, 0);
  EXPECT_GE(options.live().threads, 1);
  EXPECT_EQ(options.live().maxmemory_clients, -10);
  EXPECT_EQ(options.live().output_limit(OutputClass::kNormal).hard_bytes, 256 << 20);
  EXPECT_EQ(options.live().output_limit(OutputClass::kPubSub).soft_bytes, 8 << 20);
  EXPECT_EQ(options.live().output_limit(OutputClass::kPubSub).soft_seconds, 60);
  EXPECT_EQ(options.Text("save"), "");
}

TEST(OptionStoreTest, ASetValueIsAnsweredAndLive) {
  OptionStore options;
  EXPECT_EQ(SetError(options, {{"maxmemory", "100mb"}, {"MaxMemory-Policy", "Volatile-TTL"}}), "");
  EXPECT_EQ(options.live().maxmemory, 100 << 20);
  EXPECT_EQ(options.live().policy(), MaxmemoryPolicy::kVolatileTtl);
  EXPECT_THAT(Get(options, {"maxmemory"}), ElementsAre(Pair("maxmemory", "104857600")));
  EXPECT_EQ(options.Text("maxmemory-policy"), "volatile-ttl");
}

TEST(OptionStoreTest, AnAliasIsTheSameValue) {
  OptionStore options;
  EXPECT_EQ(SetError(options, {{"hash-max-ziplist-entries", "3"}}), "");
  EXPECT_EQ(options.live().hash_max_listpack_entries, 3);
  EXPECT_THAT(
      Get(options, {"hash-max-*-entries"}),
      ElementsAre(Pair("hash-max-listpack-entries", "3"), Pair("hash-max-ziplist-entries", "3")));
}

TEST(OptionStoreTest, PatternsAnswerEachNameOnce) {
  OptionStore options;
  EXPECT_THAT(Get(options, {"por[t]", "p?rt", "port", "nothing"}),
              ElementsAre(Pair("port", "6379")));
  EXPECT_THAT(Get(options, {"PORT"}), ElementsAre(Pair("PORT", "6379")));
  EXPECT_THAT(Get(options, {"user", "loadmodule"}), IsEmpty());
  EXPECT_GT(Get(options, {"*"}).size(), 200u);
}

TEST(OptionStoreTest, ErrorsAreThoseOfRedis) {
  OptionStore options;
  const auto failed = [](const std::string& name, const std::string& why) {
    return "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + why;
  };
  EXPECT_EQ(SetError(options, {{"foo", "1"}}),
            "ERR Unknown option or number of arguments for CONFIG SET - 'foo'");
  EXPECT_EQ(SetError(options, {{"maxmemory", "1tb"}}),
            failed("maxmemory", "argument must be a memory value"));
  EXPECT_EQ(SetError(options, {{"databases", "4"}}),
            failed("databases", "can't set immutable config"));
  EXPECT_EQ(SetError(options, {{"dir", "/"}}), failed("dir", "can't set protected config"));
  EXPECT_EQ(SetError(options, {{"timeout", "1"}, {"timeout", "2"}}),
            failed("timeout", "duplicate parameter"));
  EXPECT_EQ(SetError(options, {{"timeout", "-1"}}),
            failed("timeout", "argument must be between 0 and 2147483647 inclusive"));
  EXPECT_EQ(SetError(options, {{"timeout", "abc"}}),
            failed("timeout", "argument couldn't be parsed into an integer"));
  EXPECT_EQ(SetError(options, {{"appendonly", "maybe"}}),
            failed("appendonly", "argument must be 'yes' or 'no'"));
  EXPECT_EQ(SetError(options, {{"sanitize-dump-payload", "foo"}}),
            failed("sanitize-dump-payload",
                   "argument(s) must be one of the following: no, yes, clients"));
  EXPECT_EQ(SetError(options, {{"maxmemory-clients", "101%"}}),
            failed("maxmemory-clients", "percentage argument must be less or equal to 100"));
  EXPECT_EQ(SetError(options, {{"save", "60"}}), failed("save", "Invalid save parameters"));
  EXPECT_EQ(SetError(options, {{"client-output-buffer-limit", "foo 1 2 3"}}),
            failed("client-output-buffer-limit",
                   "Invalid client class specified in buffer limit configuration."));
  EXPECT_EQ(SetError(options, {{"proto-max-bulk-len", "1"}}),
            failed("proto-max-bulk-len",
                   "argument must be between 1048576 and 9223372036854775807 inclusive"));
}

TEST(OptionStoreTest, OneWrongValueLeavesAllAsTheyWere) {
  OptionStore options;
  EXPECT_NE(SetError(options, {{"timeout", "7"}, {"maxclients", "0"}}), "");
  EXPECT_EQ(options.live().timeout, 0);
  EXPECT_EQ(options.Text("timeout"), "0");
}

TEST(OptionStoreTest, AHookThatFailsUndoesTheWholeSet) {
  OptionStore options;
  std::vector<std::string> seen;
  options.OnChange("timeout", [&](const std::string& value) {
    seen.push_back(value);
    return Outcome::Ok();
  });
  options.OnChange("maxclients", [](const std::string& value) {
    return value == "5" ? Outcome::Failed("too few") : Outcome::Ok();
  });
  EXPECT_EQ(SetError(options, {{"timeout", "7"}, {"maxclients", "5"}}),
            "ERR CONFIG SET failed (possibly related to argument 'maxclients') - too few");
  EXPECT_THAT(seen, ElementsAre("7", "0"));
  EXPECT_EQ(options.live().timeout, 0);
  EXPECT_EQ(options.live().maxclients, 10000);
}

TEST(OptionStoreTest, AHookIsNotCalledForAnUnchangedValue) {
  OptionStore options;
  int calls = 0;
  options.OnChange("timeout", [&](const std::string&) {
    ++calls;
    return Outcome::Ok();
  });
  EXPECT_EQ(SetError(options, {{"timeout", "0"}}), "");
  EXPECT_EQ(calls, 0);
}

TEST(OptionStoreTest, EveryListedOptionTakesItsOwnValue) {
  OptionStore options;
  ForEachOption([&](const Option& option) {
    if (option.Has(kImmutable) || option.Has(kNotListed)) return;
    const std::string value = options.Text(option.name);
    const std::pair<std::string_view, std::string_view> pair(option.name, value);
    EXPECT_EQ(options.Set({&pair, 1}, {.allow_protected = true}).error(), "") << option.name;
    EXPECT_EQ(options.Text(option.name), value) << option.name;
  });
}

TEST(OptionStoreTest, OutputLimitsOfOtherClassesStay) {
  OptionStore options;
  EXPECT_EQ(SetError(options, {{"client-output-buffer-limit", "normal 1mb 2mb 10"}}), "");
  EXPECT_EQ(options.Text("client-output-buffer-limit"),
            "normal 1048576 2097152 10 slave 268435456 67108864 60 pubsub 33554432 8388608 60");
  EXPECT_EQ(options.live().output_limit(OutputClass::kNormal).soft_bytes, 2 << 20);
}

TEST(OptionStoreTest, KeyspaceEventsAreAnsweredInRedissOrder) {
  OptionStore options;
  EXPECT_EQ(SetError(options, {{"notify-keyspace-events", "KEA"}}), "");
  EXPECT_EQ(options.Text("notify-keyspace-events"), "AKE");
  EXPECT_EQ(SetError(options, {{"notify-keyspace-events", "Exg"}}), "");
  EXPECT_EQ(options.Text("notify-keyspace-events"), "gxE");
  EXPECT_EQ(options.live().notify_keyspace_events,
            kNotifyGeneric | kNotifyExpired | kNotifyKeyevent);
  EXPECT_THAT(SetError(options, {{"notify-keyspace-events", "q"}}),
              HasSubstr("Invalid event class character"));
}

TEST(OptionStoreTest, SecurityThatIsNotThereIsRefused) {
  OptionStore options;
  EXPECT_EQ(SetError(options, {{"tls-cluster", "yes"}}),
            "ERR CONFIG SET failed (possibly related to argument 'tls-cluster') - there is no "
            "cluster mode");
  EXPECT_EQ(SetError(options, {{"tls-cluster", "no"}}), "");
  for (const std::string& line : std::vector<std::string>{
           "tls-replication yes", "tls-auth-clients-user CN", "rename-command CONFIG \"\"",
           "loadmodule x.so", "replicaof a 1", "cluster-enabled yes"}) {
    EXPECT_FALSE(OptionStore().LoadText(line, "t").ok()) << line;
  }
}

TEST(OptionStoreTest, AFileThatIsSetAgainIsReadAnew) {
  OptionStore options;
  int files = 0, others = 0;
  options.OnChange("tls-cert-file", [&](const std::string&) { return ++files, Outcome::Ok(); });
  options.OnChange("tls-protocols", [&](const std::string&) { return ++others, Outcome::Ok(); });
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(SetError(options, {{"tls-cert-file", "a.pem"}, {"tls-protocols", "TLSv1.3"}}), "");
  }
  EXPECT_EQ(files, 2);
  EXPECT_EQ(others, 1);
}

TEST(OptionStoreTest, LinesOfUsersAreKeptAsTheyAre) {
  OptionStore options;
  ASSERT_TRUE(options.LoadText("user a on ~x\nport 1\nUSER \"b c\" (+get ~y)\n", "t").ok());
  EXPECT_THAT(options.KeptLines("user"),
              ElementsAre(ElementsAre("a", "on", "~x"), ElementsAre("b c", "(+get", "~y)")));
  EXPECT_TRUE(OptionStore().KeptLines("user").empty());
}

TEST(OptionStoreTest, AnOptionWithoutEffectIsKeptAndWarnedAbout) {
  OptionStore options;
  std::vector<std::string> warnings;
  ASSERT_TRUE(options.LoadText("save 60 1\nappendfsync everysec\n", "t").ok());
  options.SetWarningSink([&](const std::string& text) { warnings.push_back(text); });
  EXPECT_EQ(SetError(options, {{"appendonly", "yes"}}), "");
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("'save 60 1' is kept but has no effect"),
                                    HasSubstr("'appendonly yes' is kept but has no effect")));
  EXPECT_EQ(options.Text("appendonly"), "yes");
}

TEST(OptionStoreTest, WrongLinesSayWhereWhatAndWhatIsAllowed) {
  OptionStore options;
  EXPECT_EQ(options.LoadText("\n# c\nport 99999\n", "a.conf").error(),
            "a.conf:3: port '99999': argument must be between 0 and 65535 inclusive (allowed: an "
            "integer from 0 to 65535)");
  EXPECT_EQ(options.LoadText("maxmemry 1\n", "a.conf").error(),
            "a.conf:1: unknown option 'maxmemry'; did you mean 'maxmemory'?");
  EXPECT_EQ(options.LoadText("bind \"1\n", "a.conf").error(), "a.conf:1: unbalanced quotes");
  EXPECT_THAT(options.LoadText("requirepass geheim more\n", "a.conf").error(),
              Not(HasSubstr("geheim")));
}

TEST(OptionStoreTest, LaterLinesOverrideAndSaveAddsUp) {
  OptionStore options;
  ASSERT_TRUE(options.LoadText("port 1\nsave 60 1\nPORT 2\nsave 5 9\nbind ::1 -x\n", "t").ok());
  EXPECT_EQ(options.live().port, 2);
  EXPECT_EQ(options.Text("save"), "60 1 5 9");
  EXPECT_THAT(options.Words("bind"), ElementsAre("::1", "-x"));
  ASSERT_TRUE(options.LoadText("save 60 1\nsave \"\"\n", "t").ok());
  EXPECT_EQ(options.Text("save"), "");
}

TEST(OptionStoreTest, ClientMemoryIsAPercentageOfMaxmemory) {
  OptionStore options;
  EXPECT_EQ(SetError(options, {{"maxmemory", "1000"}, {"maxmemory-clients", "5%"}}), "");
  EXPECT_EQ(options.live().maxmemory_clients_bytes(), 50);
  EXPECT_EQ(options.Text("maxmemory-clients"), "5%");
}

TEST(OptionPatterns, ManyStarsCostLittle) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(MatchesOptionPattern(pattern + "b", std::string(1000, 'a')));
  EXPECT_TRUE(MatchesOptionPattern("[^a-c]*\\*", "D*"));
}

TEST(Units, MemoryIsParsedAsRedisDoes) {
  EXPECT_EQ(ParseMemory("100mb"), 100 << 20);
  EXPECT_EQ(ParseMemory("1K"), 1000);
  EXPECT_EQ(ParseMemory("1Gb"), 1 << 30);
  EXPECT_EQ(ParseMemory("7b"), 7);
  for (const std::string_view wrong :
       {"", "-1", "1.5gb", "1tb", "mb", "1 mb", "9223372036854775807kb", "99999999999999999999"}) {
    EXPECT_EQ(ParseMemory(wrong), std::nullopt) << wrong;
  }
}

TEST(Units, MemoryIsPrintedAsInfoDoes) {
  EXPECT_EQ(FormatHuman(512), "512B");
  EXPECT_EQ(FormatHuman(1536 * 1024), "1.50M");
  EXPECT_EQ(FormatHuman(uint64_t{2} << 30), "2.00G");
  EXPECT_EQ(FormatMemory(64 << 20), "64mb");
  EXPECT_EQ(FormatMemory(1000), "1000");
}

}  // namespace
}  // namespace larder
