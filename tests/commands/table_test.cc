// What follows from the table for every command: nothing here names one, but for exceptions.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "server/command_syntax.h"
#include "server/commands/command_info.h"
#include "server/commands/debug_digest.h"
#include "server/errors.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

class CommandTableTest : public CommandFixture {
 protected:
  // Words that start a request for the command: one, or two for a subcommand.
  static std::vector<std::string> NameOf(const CommandInfo& info) {
    if (info.container == nullptr) return {std::string(info.spec->name)};
    return {std::string(info.container->name), std::string(info.spec->name)};
  }
  static bool IsContainer(const CommandInfo& info) {
    return info.spec->handler == nullptr && !info.spec->subcommands.empty();
  }

  // The least request that the syntax allows, with `key` wherever a key stands.
  static std::vector<std::string> LeastRequest(const CommandInfo& info, const std::string& key) {
    std::vector<std::string> request = NameOf(info);
    const int words = static_cast<int>(request.size());
    for (const SyntaxArgument& argument : ArgumentsOf(*info.spec, words)) {
      Append(argument, key, &request);
    }
    return request;
  }

 private:
  static void Append(const SyntaxArgument& argument, const std::string& key,
                     std::vector<std::string>* request) {
    if (argument.optional) return;
    if (!argument.token.empty()) request->push_back(argument.token);
    switch (argument.type) {
      case ArgumentType::kPureToken:
        return;
      case ArgumentType::kOneOf: {
        std::vector<std::string> shortest;
        for (const SyntaxArgument& child : argument.children) {
          std::vector<std::string> words;
          Append(child, key, &words);
          if (shortest.empty() || words.size() < shortest.size()) shortest = std::move(words);
        }
        request->insert(request->end(), shortest.begin(), shortest.end());
        return;
      }
      case ArgumentType::kBlock:
        for (const SyntaxArgument& child : argument.children) Append(child, key, request);
        return;
      case ArgumentType::kKey:
        request->push_back(key);
        return;
      case ArgumentType::kInteger:
      case ArgumentType::kDouble:
      case ArgumentType::kUnixTime:
        request->push_back("1");
        return;
      default:
        request->push_back("1");  // a value that most commands take
    }
  }
};

TEST_F(CommandTableTest, NamesAreUniqueAndLowerCase) {
  std::set<std::string> names;
  for (const CommandInfo& info : engine.commands.all()) {
    EXPECT_TRUE(names.insert(info.full_name).second) << info.full_name;
    EXPECT_TRUE(std::none_of(info.full_name.begin(), info.full_name.end(), [](unsigned char c) {
      return std::isupper(c);
    })) << info.full_name;
  }
}

TEST_F(CommandTableTest, EveryRowIsComplete) {
  for (const CommandInfo& info : engine.commands.all()) {
    const CommandSpec& spec = *info.spec;
    EXPECT_TRUE(spec.handler != nullptr || !spec.subcommands.empty()) << info.full_name;
    EXPECT_NE(spec.summary, "") << info.full_name;
    EXPECT_NE(spec.since, "") << info.full_name;
    EXPECT_FALSE((spec.flags & Flag::kWrite) && (spec.flags & Flag::kReadOnly)) << info.full_name;
    EXPECT_TRUE((spec.flags & Flag::kWrite) || !(spec.flags & Flag::kDenyOom)) << info.full_name;
  }
}

TEST_F(CommandTableTest, EveryRowCanBeFoundInAnyCase) {
  for (const CommandInfo& info : engine.commands.all()) {
    std::string upper = info.full_name;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(engine.commands.FindByName(upper), &info) << upper;
  }
}

TEST_F(CommandTableTest, OneArgumentTooFewIsRefused) {
  int refused = 0;
  for (const CommandInfo& info : engine.commands.all()) {
    std::vector<std::string> request = NameOf(info);
    const size_t least = static_cast<size_t>(std::abs(info.arity));
    if (least <= request.size()) continue;  // the name alone is enough
    request.resize(least - 1, "1");
    EXPECT_THAT(client().RunArgs(request), IsError(errors::WrongArity(info.full_name)))
        << info.full_name;
    ++refused;
  }
  EXPECT_GT(refused, 50);
}

TEST_F(CommandTableTest, OneArgumentTooManyIsRefused) {
  for (const CommandInfo& info : engine.commands.all()) {
    if (info.arity < 0 || IsContainer(info)) continue;
    if ((info.flags & Flag::kRunsQueued) != 0) continue;  // EXEC has a text of its own
    std::vector<std::string> request = NameOf(info);
    request.resize(static_cast<size_t>(info.arity) + 1, "1");
    EXPECT_THAT(client().RunArgs(request), IsError(errors::WrongArity(info.full_name)))
        << info.full_name;
  }
}

TEST_F(CommandTableTest, TheLeastRequestHasTheLeastNumberOfArguments) {
  for (const CommandInfo& info : engine.commands.all()) {
    if (info.spec->arity != 0 || IsContainer(info)) continue;  // an exception gives its own
    EXPECT_EQ(LeastRequest(info, "k").size(), static_cast<size_t>(std::abs(info.arity)))
        << info.full_name;
  }
}

TEST_F(CommandTableTest, KeysOfTheWrongTypeAreRefused) {
  Run("SET string 1");
  Run("SADD set 1");
  // What replaces or counts a key whatever it holds, or passes over those of other types.
  const std::set<std::string> any_type = {"lcs",   "delex", "set",    "setex",  "psetex",
                                          "setnx", "mset",  "msetnx", "msetex", "mget"};
  // Their least request makes no sense otherwise, or has no key.
  const std::set<std::string> exempt = {"zlexcount",       "zrangebylex",       "zrevrangebylex",
                                        "zremrangebylex",  "bitfield",          "pfdebug",
                                        "pfselftest",      "himport",           "himport|prepare",
                                        "himport|discard", "himport|discardall"};
  int refused = 0;
  for (const CommandInfo& info : engine.commands.all()) {
    const CommandSpec& spec = *info.spec;
    const bool is_string = spec.group == Group::kString || spec.group == Group::kBitmap ||
                           spec.group == Group::kHyperLogLog;
    if (!is_string && spec.group != Group::kSet && spec.group != Group::kHash &&
        spec.group != Group::kList && spec.group != Group::kSortedSet &&
        spec.group != Group::kGeo) {
      continue;
    }
    if (any_type.contains(info.full_name) || exempt.contains(info.full_name)) continue;
    const auto request = LeastRequest(info, is_string ? "set" : "string");
    EXPECT_THAT(client().RunArgs(request), IsError(std::string(errors::kWrongType)))
        << info.full_name;
    ++refused;
  }
  EXPECT_GT(refused, 25);
  EXPECT_THAT(Run("TYPE string"), IsSimple("string"));
  EXPECT_THAT(Run("TYPE set"), IsSimple("set"));
}

TEST_F(CommandTableTest, ReadOnlyCommandsLeaveTheDataAsItWas) {
  Run("SET string 1");
  Run("SET expiring 1 EX 1000");
  Run("SADD set 1 2 three");
  Run("HSET hash 1 2 three 3");
  Run("RPUSH list 1 2 three");
  Run("ZADD sorted 1 a 2 b");
  const std::string before = DigestOf(engine.keyspace, dispatcher.now_ms()).Hex();
  for (const CommandInfo& info : engine.commands.all()) {
    if ((info.spec->flags & Flag::kReadOnly) == 0) continue;
    for (const char* key : {"string", "set", "hash", "list", "sorted", "nosuch"}) {
      client().RunArgs(LeastRequest(info, key));
      EXPECT_EQ(DigestOf(engine.keyspace, dispatcher.now_ms()).Hex(), before)
          << info.full_name << " " << key;
    }
  }
}

// ---- as redis-server has them

struct RedisRow {
  std::string_view name;
  int arity;
  std::string_view flags;
  int first, last, step;
  std::string_view categories;
};

constexpr RedisRow kRedisRows[] = {
#include "tests/commands/redis_7_commands.inc"
};

std::string Sorted(std::vector<std::string_view> words) {
  std::sort(words.begin(), words.end());
  std::string joined;
  for (const std::string_view word : words)
    joined += (joined.empty() ? "" : " ") + std::string(word);
  return joined;
}

TEST_F(CommandTableTest, ArityFlagsAndCategoriesAreThoseOfRedis) {
  // They take more arguments since.
  const std::set<std::string_view> extended = {"zrank", "zrevrank"};
  int known = 0;
  for (const RedisRow& row : kRedisRows) {
    const CommandInfo* info = engine.commands.FindByName(row.name);
    if (info == nullptr) continue;
    ++known;
    if (!extended.contains(row.name)) {
      EXPECT_EQ(info->arity, row.arity) << row.name;
    }
    EXPECT_EQ(Sorted(CategoryNames(*info->spec)), row.categories) << row.name;
    auto flags = FlagNames(*info->spec);
    std::erase(flags, "script_runner");  // since 8.10
    EXPECT_EQ(Sorted(flags), row.flags) << row.name;
  }
  EXPECT_GT(known, 150);
}

// ---- tests name every command

std::string TestSources() {
  std::string text;
  for (const char* folder : {"commands", "server"}) {
    const auto path = std::filesystem::path(LARDER_SOURCE_DIR) / "tests" / folder;
    for (const auto& file : std::filesystem::directory_iterator(path)) {
      if (file.path().extension() != ".cc") continue;
      std::ifstream stream(file.path());
      std::stringstream content;
      content << stream.rdbuf();
      text += content.str();
    }
  }
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

TEST_F(CommandTableTest, EveryCommandIsNamedByATest) {
  const std::string sources = TestSources();
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  for (const CommandInfo& info : engine.commands.all()) {
    if (IsContainer(info)) continue;
    std::string name;
    for (const std::string& word : NameOf(info)) name += (name.empty() ? "" : " ") + word;
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    std::string as_arguments = name;  // RunArgs({"CLIENT", "ID"})
    const size_t blank = as_arguments.find(' ');
    if (blank != std::string::npos) as_arguments.replace(blank, 1, "\", \"");
    bool named = false;
    for (const std::string& wanted : {name, as_arguments}) {
      for (size_t at = sources.find(wanted); at != std::string::npos && !named;
           at = sources.find(wanted, at + 1)) {
        named = at > 0 && !is_word(sources[at - 1]) && at + wanted.size() < sources.size() &&
                !is_word(sources[at + wanted.size()]);
      }
    }
    EXPECT_TRUE(named) << info.full_name;
  }
}

}  // namespace
}  // namespace larder
