#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/scripting/function_registry.h"
#include "server/scripting/lua_engine.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using protocol::Reply;
using testing::Field;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

testing::Matcher<const Reply&> ErrorThat(testing::Matcher<std::string> text) {
  return testing::AllOf(Field(&Reply::type, Reply::Type::kError), Field(&Reply::text, text));
}

std::string Library(std::string_view name, std::string_view code) {
  return "#!lua name=" + std::string(name) + "\n" + std::string(code);
}

// One function `name`, which returns what `expression` says.
std::string Returning(std::string_view library, std::string_view name,
                      std::string_view expression) {
  return Library(library, "redis.register_function('" + std::string(name) +
                              "', function(keys, args) return " + std::string(expression) +
                              " end)");
}

class FunctionCommands : public CommandFixture {
 protected:
  Reply Load(const std::string& source) { return RunArgs({"FUNCTION", "LOAD", source}); }
  std::string KeyApartFrom(const std::string& key) {
    const auto stripe = [&](const std::string& name) {
      return engine.keyspace.StripeOf(engine.keyspace.hasher().Hash(name));
    };
    for (int i = 0;; ++i) {
      std::string other = "other" + std::to_string(i);
      if (stripe(other) != stripe(key)) return other;
    }
  }
  std::string Info(const std::string& field) {
    const std::string text = Run("INFO memory").text;
    const size_t at = text.find("\n" + field + ":");
    if (at == std::string::npos) return "(none)";
    const size_t begin = at + field.size() + 2;
    return text.substr(begin, text.find('\r', begin) - begin);
  }
};

// ---- calling

TEST_F(FunctionCommands, AFunctionIsLoadedAndCalled) {
  EXPECT_THAT(Load(Returning("lib", "echo", "{keys[1], args[1]}")), IsBulk("lib"));
  EXPECT_THAT(Run("FCALL echo 1 k v"), IsBulks({"k", "v"}));
  EXPECT_THAT(Run("fcall ECHO 1 k v"), IsBulks({"k", "v"})) << "in any case";
  EXPECT_THAT(Run("FCALL nosuch 0"), IsError("ERR Function not found"));
  EXPECT_THAT(Run("FCALL echo x"), IsError("ERR Bad number of keys provided"));
  EXPECT_THAT(Run("FCALL echo 1.5"), IsError("ERR Bad number of keys provided"));
  EXPECT_THAT(Run("FCALL echo -1"), IsError("ERR Number of keys can't be negative"));
  EXPECT_THAT(Run("FCALL echo 2 a"),
              IsError("ERR Number of keys can't be greater than number of args"));
}

TEST_F(FunctionCommands, ReadOnlyCallsTakeFunctionsThatSayTheyDoNotWrite) {
  Load(Library("lib",
               "redis.register_function('plain', function() return 1 end)\n"
               "redis.register_function{function_name='reads', flags={'no-writes'},\n"
               "  callback=function(keys) return redis.call('GET', keys[1]) end}\n"
               "redis.register_function{function_name='lies', flags={'no-writes'},\n"
               "  callback=function(keys) return redis.call('SET', keys[1], 1) end}"));
  Run("SET k v");
  EXPECT_THAT(Run("FCALL_RO plain 0"),
              IsError("ERR Can not execute a script with write flag using *_ro command."));
  EXPECT_THAT(Run("FCALL_RO reads 1 k"), IsBulk("v"));
  for (const char* command : {"FCALL_RO lies 1 k", "FCALL lies 1 k"}) {
    EXPECT_THAT(Run(command), IsError("ERR Write commands are not allowed from read-only scripts. "
                                      "script: lies, on @user_function:6."));
  }
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
}

TEST_F(FunctionCommands, UndeclaredKeysWorkAndAreRemembered) {
  Load(Library("lib",
               "local calls = 0\n"
               "redis.register_function('f', function(keys, args)\n"
               "  calls = calls + 1\n"
               "  redis.call('INCR', keys[1]) redis.call('INCR', args[1]) return calls end)"));
  const std::string other = KeyApartFrom("k");
  EXPECT_THAT(Run("FCALL f 1 k " + other), IsInteger(1)) << "the unwound start left no trace";
  EXPECT_THAT(Run("GET k"), IsBulk("1"));
  EXPECT_THAT(Run("GET " + other), IsBulk("1"));
  EXPECT_TRUE(engine.functions->Find("f").function->takes_all_stripes);
  EXPECT_THAT(Run("FCALL f 1 k " + other), IsInteger(2));
}

TEST_F(FunctionCommands, FunctionsMayNotManageFunctions) {
  Load(Library("lib",
               "redis.register_function('f', function(keys, args)\n"
               "  return redis.call(unpack(args)) end)"));
  for (const char* command : {"FCALL f 0", "FCALL_RO f 0", "EVAL x 0", "FUNCTION LIST",
                              "FUNCTION FLUSH", "FUNCTION KILL", "FUNCTION LOAD x"}) {
    EXPECT_THAT(Run(std::string("FCALL f 0 ") + command),
                ErrorThat(StartsWith("ERR This Redis command is not allowed from script")))
        << command;
  }
}

TEST_F(FunctionCommands, SetrespAndSelectHoldForOneCall) {
  Load(Library("lib",
               "redis.register_function('f', function()\n"
               "  redis.setresp(3) redis.call('SELECT', 2)\n"
               "  return redis.call('HGETALL', 'nokey') end)\n"
               "redis.register_function('g', function()\n"
               "  return tostring(redis.call('GET', 'nokey')) end)"));
  EXPECT_THAT(Run("FCALL f 0"), IsEmptyArray());
  EXPECT_EQ(client().database, 0);
  EXPECT_THAT(Run("FCALL g 0"), IsBulk("false"));
  Run("HELLO 3");
  EXPECT_THAT(Run("FCALL f 0"), Field(&Reply::type, Reply::Type::kMap));
}

TEST_F(FunctionCommands, MemoryThatIsFullStopsThoseThatMayGrowIt) {
  Load(Library("lib",
               "redis.register_function('plain', function() return 1 end)\n"
               "redis.register_function{function_name='oom', flags={'allow-oom'},\n"
               "  callback=function() return redis.call('SET', 'a', 1) end}\n"
               "redis.register_function{function_name='ro', flags={'no-writes'},\n"
               "  callback=function() return 3 end}"));
  RunArgs({"SET", "large", std::string(1'000'000, 'x')});
  Run("CONFIG SET maxmemory-policy noeviction");
  Run("CONFIG SET maxmemory 500000");
  const char* refused = "OOM command not allowed when used memory > 'maxmemory'.";
  EXPECT_THAT(Run("FCALL plain 0"), IsError(refused));
  EXPECT_THAT(Run("FCALL ro 0"), IsInteger(3));
  EXPECT_THAT(Run("FCALL oom 0"), IsOk());
  EXPECT_THAT(Load(Returning("other", "o", "1")), IsError(refused));
  EXPECT_THAT(Run("FUNCTION DELETE lib"), IsOk());
  Run("CONFIG SET maxmemory 0");
}

TEST_F(FunctionCommands, RightsToKeysAreAskedForAsForAnyCommand) {
  Load(Returning("lib", "get", "redis.call('GET', args[1])"));
  Run("ACL SETUSER app on nopass ~a* +fcall +get +auth");
  TestClient& app = NewClient();
  app.Run("AUTH app x");
  EXPECT_THAT(app.Run("FCALL get 1 a a"), IsNull());
  EXPECT_THAT(app.Run("FCALL get 1 b a"), ErrorThat(StartsWith("NOPERM ")));
  EXPECT_THAT(app.Run("FCALL get 0 b"), ErrorThat(StartsWith("ERR ACL failure in script: ")));
  EXPECT_THAT(app.Run("FCALL_RO get 1 a a"), ErrorThat(StartsWith("NOPERM ")));
  EXPECT_THAT(app.Run("FUNCTION LIST"), ErrorThat(StartsWith("NOPERM ")));
}

TEST_F(FunctionCommands, KeysAreFoundInTheRequest) {
  EXPECT_THAT(Run("COMMAND GETKEYS FCALL f 2 a b c"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("COMMAND GETKEYS FCALL_RO f 1 a b"), IsBulks({"a"}));
}

TEST_F(FunctionCommands, MonitorsSeeTheCallBeforeWhatItCalls) {
  Load(Returning("lib", "get", "redis.call('GET', args[1])"));
  TestClient& monitor = NewClient();
  monitor.Run("MONITOR");
  Run("FCALL get 1 k k");
  Settle();
  std::vector<Reply> lines = monitor.TakePushes();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0].text, HasSubstr("\"FCALL\" \"get\" \"1\" \"k\" \"k\""));
  EXPECT_THAT(lines[1].text, HasSubstr("[0 lua] \"GET\" \"k\""));
  Run("FCALL nosuch 0");
  Run("FCALL get 1 k " + KeyApartFrom("k"));  // starts twice
  Settle();
  lines = monitor.TakePushes();
  int shown = 0;
  for (const Reply& line : lines) shown += line.text.find("\"FCALL\"") != std::string::npos;
  EXPECT_EQ(shown, 2);
}

TEST_F(FunctionCommands, TheyRunInTransactions) {
  Run("MULTI");
  EXPECT_THAT(Load(Returning("lib", "f", "redis.call('INCR', 'n')")), IsSimple("QUEUED"));
  EXPECT_THAT(Run("FCALL f 0"), IsSimple("QUEUED"));
  Run("FUNCTION DELETE lib");
  Run("FCALL f 0");
  EXPECT_THAT(Run("EXEC"),
              IsArray({IsBulk("lib"), IsInteger(1), IsOk(), IsError("ERR Function not found")}));
}

TEST_F(FunctionCommands, APauseOfWritesHoldsThemBack) {
  Load(Returning("lib", "f", "1"));
  NewClient().Run("CLIENT PAUSE 100000 WRITE");
  Run("FCALL f 0");
  EXPECT_TRUE(client().parked());
  Run("FUNCTION LIST");
  EXPECT_FALSE(client().parked());
  NewClient().Run("CLIENT UNPAUSE");
  EXPECT_THAT(Run("FCALL f 0"), IsInteger(1));
}

// ---- managing

TEST_F(FunctionCommands, LoadTakesReplaceAndNothingElse) {
  EXPECT_THAT(Load(Returning("lib", "f", "1")), IsBulk("lib"));
  EXPECT_THAT(Load(Returning("lib", "f", "2")), IsError("ERR Library 'lib' already exists"));
  EXPECT_THAT(RunArgs({"FUNCTION", "LOAD", "replace", Returning("lib", "f", "2")}), IsBulk("lib"));
  EXPECT_THAT(Run("FCALL f 0"), IsInteger(2));
  EXPECT_THAT(RunArgs({"FUNCTION", "LOAD", "NX", Returning("lib", "f", "2")}),
              IsError("ERR Unknown option given: NX"));
  EXPECT_THAT(Load(Returning("other", "F", "3")), IsError("ERR Function F already exists"));
  EXPECT_THAT(Run("FUNCTION LOAD REPLACE"), IsError("ERR Missing library metadata"));
}

TEST_F(FunctionCommands, AFailedLoadChangesNothing) {
  Load(Returning("lib", "f", "1"));
  const std::string before = Info("used_memory_functions");
  const auto replace = [&](const std::string& source) {
    return RunArgs({"FUNCTION", "LOAD", "REPLACE", source});
  };
  EXPECT_THAT(replace(Library("lib", "syntax error")),
              ErrorThat(StartsWith("ERR Error compiling function: user_function:2:")));
  EXPECT_THAT(replace(Library("lib", "redis.register_function('g', function() end) nosuch()")),
              ErrorThat(StartsWith("ERR Error registering functions: ERR user_function:2:")));
  EXPECT_THAT(replace(Library("lib", "")), IsError("ERR No functions registered"));
  EXPECT_THAT(replace(Library("a-b", "")), ErrorThat(StartsWith("ERR Library names can only")));
  EXPECT_THAT(Run("FCALL f 0"), IsInteger(1));
  EXPECT_THAT(Run("FCALL g 0"), IsError("ERR Function not found"));
  EXPECT_EQ(Info("used_memory_functions"), before);
}

TEST_F(FunctionCommands, DeleteAndFlush) {
  Load(Returning("one", "f", "1"));
  Load(Returning("two", "g", "2"));
  EXPECT_THAT(Run("FUNCTION DELETE ONE"), IsError("ERR Library not found"));
  EXPECT_THAT(Run("FUNCTION DELETE one"), IsOk());
  EXPECT_THAT(Run("FCALL f 0"), IsError("ERR Function not found"));
  EXPECT_THAT(Run("FCALL g 0"), IsInteger(2));
  EXPECT_THAT(Run("FLUSHALL"), IsOk());
  EXPECT_THAT(Run("FCALL g 0"), IsInteger(2)) << "FLUSHALL keeps them";
  EXPECT_THAT(Run("FUNCTION FLUSH x"),
              IsError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option"));
  EXPECT_THAT(Run("FUNCTION FLUSH sync x"),
              IsError("ERR unknown subcommand or wrong number of arguments for 'FLUSH'. Try "
                      "FUNCTION HELP."));
  for (const char* mode : {"", " ASYNC", " sync"}) {
    Load(Returning("lib", "f", "1"));
    EXPECT_THAT(Run(std::string("FUNCTION FLUSH") + mode), IsOk());
    EXPECT_THAT(Run("FCALL f 0"), IsError("ERR Function not found"));
  }
}

TEST_F(FunctionCommands, ListShowsLibraries) {
  EXPECT_THAT(Run("FUNCTION LIST"), IsEmptyArray());
  const std::string source =
      Library("lib",
              "redis.register_function{function_name='f', description='what it does',\n"
              "  flags={'allow-cross-slot-keys', 'no-writes'}, callback=function() end}");
  Load(source);
  Load(Returning("Other", "g", "1"));
  const auto function = IsArray(
      {IsBulk("name"), IsBulk("f"), IsBulk("description"), IsBulk("what it does"), IsBulk("flags"),
       IsArray({IsSimple("no-writes"), IsSimple("allow-cross-slot-keys")})});
  EXPECT_THAT(Run("FUNCTION LIST LIBRARYNAME l?b WITHCODE"),
              IsArray({IsArray({IsBulk("library_name"), IsBulk("lib"), IsBulk("engine"),
                                IsBulk("LUA"), IsBulk("functions"), IsArray({function}),
                                IsBulk("library_code"), IsBulk(source)})}));
  EXPECT_THAT(
      Run("FUNCTION LIST libraryname OTHER"),
      IsArray({IsArray({IsBulk("library_name"), IsBulk("Other"), IsBulk("engine"), IsBulk("LUA"),
                        IsBulk("functions"),
                        IsArray({IsArray({IsBulk("name"), IsBulk("g"), IsBulk("description"),
                                          IsNull(), IsBulk("flags"), IsEmptyArray()})})})}));
  EXPECT_THAT(Run("FUNCTION LIST"), Field(&Reply::items, SizeIs(2)));
  Run("HELLO 3");
  const Reply list = Run("FUNCTION LIST LIBRARYNAME lib");
  ASSERT_EQ(list.items.size(), 1u);
  EXPECT_EQ(list.items[0].type, Reply::Type::kMap);
  EXPECT_EQ(list.items[0].items[5].items[0].type, Reply::Type::kMap);
  EXPECT_EQ(list.items[0].items[5].items[0].items[5].type, Reply::Type::kSet);
}

TEST_F(FunctionCommands, ListRefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Run("FUNCTION LIST LIBRARYNAME"), IsError("ERR library name argument was not given"));
  EXPECT_THAT(Run("FUNCTION LIST x"), IsError("ERR Unknown argument x"));
  EXPECT_THAT(Run("FUNCTION LIST WITHCODE withcode"), IsError("ERR Unknown argument withcode"));
}

TEST_F(FunctionCommands, ADumpIsRestored) {
  Load(Returning("one", "f", "'one'"));
  Load(Returning("two", "g", "'two'"));
  const std::string dump = Run("FUNCTION DUMP").text;
  const auto restore = [&](std::string_view policy) {
    return policy.empty() ? RunArgs({"FUNCTION", "RESTORE", dump})
                          : RunArgs({"FUNCTION", "RESTORE", dump, policy});
  };
  EXPECT_THAT(restore(""), IsError("ERR Library one already exists"));
  EXPECT_THAT(restore("APPEND"), IsError("ERR Library one already exists"));
  EXPECT_THAT(restore("x"), IsError("ERR Wrong restore policy given, value should be either "
                                    "FLUSH, APPEND or REPLACE."));
  EXPECT_THAT(RunArgs({"FUNCTION", "RESTORE", dump, "FLUSH", "x"}),
              IsError("ERR unknown subcommand or wrong number of arguments for 'RESTORE'. Try "
                      "FUNCTION HELP."));
  EXPECT_THAT(Run("FUNCTION RESTORE x"), IsError("ERR DUMP payload version or checksum are wrong"));
  RunArgs({"FUNCTION", "LOAD", "REPLACE", Returning("one", "f", "'changed'")});
  Load(Returning("three", "h", "3"));
  EXPECT_THAT(restore("replace"), IsOk());
  EXPECT_THAT(Run("FCALL f 0"), IsBulk("one"));
  EXPECT_THAT(Run("FCALL h 0"), IsInteger(3));
  EXPECT_THAT(restore("FLUSH"), IsOk());
  EXPECT_THAT(Run("FCALL h 0"), IsError("ERR Function not found"));
  Run("FUNCTION FLUSH");
  EXPECT_THAT(restore(""), IsOk());
  EXPECT_THAT(Run("FCALL g 0"), IsBulk("two"));
  EXPECT_EQ(Run("FUNCTION DUMP").text, dump);
}

TEST_F(FunctionCommands, ARestoreThatFailsChangesNothing) {
  Load(Returning("one", "f", "1"));
  Load(Returning("two", "g", "2"));
  const std::string dump = Run("FUNCTION DUMP").text;
  Run("FUNCTION FLUSH");
  Load(Returning("other", "g", "'other'"));
  for (const char* policy : {"APPEND", "REPLACE"}) {
    EXPECT_THAT(RunArgs({"FUNCTION", "RESTORE", dump, policy}),
                IsError("ERR Function g already exists"));
  }
  EXPECT_THAT(Run("FCALL f 0"), IsError("ERR Function not found"));
  EXPECT_THAT(Run("FCALL g 0"), IsBulk("other"));
  EXPECT_THAT(Run("FUNCTION LIST"), Field(&Reply::items, SizeIs(1)));
}

TEST_F(FunctionCommands, StatsCountThem) {
  Load(Library("lib",
               "redis.register_function('f', function() end)\n"
               "redis.register_function('g', function() end)"));
  EXPECT_THAT(
      Run("FUNCTION STATS"),
      IsArray({IsBulk("running_script"), IsNull(), IsBulk("engines"),
               IsArray({IsBulk("LUA"), IsArray({IsBulk("libraries_count"), IsInteger(1),
                                                IsBulk("functions_count"), IsInteger(2)})})}));
  EXPECT_EQ(Info("number_of_functions"), "2");
  EXPECT_EQ(Info("number_of_libraries"), "1");
  EXPECT_NE(Info("used_memory_functions"), "0");
  Run("HELLO 3");
  EXPECT_EQ(Run("FUNCTION STATS").type, Reply::Type::kMap);
}

TEST_F(FunctionCommands, KillAndHelp) {
  EXPECT_THAT(Run("FUNCTION KILL"), IsError("NOTBUSY No scripts in execution right now."));
  EXPECT_THAT(Run("FUNCTION HELP"), Field(&Reply::items, SizeIs(40)));
  EXPECT_THAT(Run("FUNCTION nosuch"), ErrorThat(StartsWith("ERR unknown subcommand 'nosuch'.")));
}

// ---- several workers

// A clock that moves a little whenever it is asked, so that scripts take time.
class TickingClock : public Clock {
 public:
  int64_t UnixMicros() const override { return 1'700'000'000'000'000 + SteadyMicros(); }
  int64_t SteadyMicros() const override { return now_us_ += 500; }

 private:
  mutable std::atomic<int64_t> now_us_{1'000'000};
};

class FunctionsOfTwoWorkers : public testing::Test {
 protected:
  FunctionsOfTwoWorkers() {
    first_ = MakeClient(dispatchers_[0]);
    second_ = MakeClient(dispatchers_[1]);
  }
  ~FunctionsOfTwoWorkers() override {
    engine_.clients.Remove(first_->id());
    engine_.clients.Remove(second_->id());
  }
  std::unique_ptr<TestClient> MakeClient(Dispatcher& dispatcher) {
    auto record = std::make_shared<ClientRecord>();
    record->id = engine_.clients.NextId();
    record->mailbox = &mailbox_;
    engine_.clients.Add(record);
    return std::make_unique<TestClient>(engine_, dispatcher, mailbox_, record);
  }

  TickingClock clock_;
  OptionStore options_;
  Logger log_;
  Engine engine_{clock_, options_, log_, 2};
  Dispatcher dispatchers_[2]{{engine_, 0}, {engine_, 1}};
  Mailbox mailbox_{[] {}};
  std::unique_ptr<TestClient> first_, second_;
};

TEST_F(FunctionsOfTwoWorkers, EachLoadsWhatItCalls) {
  first_->RunArgs({"FUNCTION", "LOAD", Returning("lib", "f", "1")});
  EXPECT_THAT(second_->Run("FCALL f 0"), IsInteger(1));
  second_->RunArgs({"FUNCTION", "LOAD", "REPLACE", Returning("lib", "f", "2")});
  EXPECT_THAT(first_->Run("FCALL f 0"), IsInteger(2));
  EXPECT_THAT(second_->Run("FCALL f 0"), IsInteger(2));
  const std::weak_ptr<const FunctionLibrary> library = engine_.functions->Find("f").library;
  first_->Run("FUNCTION FLUSH");
  EXPECT_THAT(second_->Run("FCALL f 0"), IsError("ERR Function not found"));
  EXPECT_FALSE(library.expired()) << "their VMs hold it still";
  first_->Run("EVAL \"return 1\" 0");
  second_->Run("EVAL \"return 1\" 0");
  EXPECT_TRUE(library.expired());
}

TEST_F(FunctionsOfTwoWorkers, ARunningFunctionGoesOnWithWhatItBeganWith) {
  first_->RunArgs({"FUNCTION", "LOAD",
                   Library("lib",
                           "local function value() return 'old' end\n"
                           "redis.register_function('f', function()\n"
                           "  for i = 1, 1e5 do end return value() end)")});
  int turns = 0;
  dispatchers_[0].take_turn = [&] {
    if (++turns > 1) return;
    second_->RunArgs({"FUNCTION", "LOAD", "REPLACE", Returning("lib", "f", "'new'")});
    EXPECT_THAT(second_->Run("FCALL f 0"), IsBulk("new"));
  };
  EXPECT_THAT(first_->Run("FCALL f 0"), IsBulk("old"));
  EXPECT_GT(turns, 0);
  EXPECT_THAT(first_->Run("FCALL f 0"), IsBulk("new"));
}

TEST_F(FunctionsOfTwoWorkers, ABusyFunctionIsShownAndKilled) {
  first_->RunArgs({"FUNCTION", "LOAD",
                   Library("lib",
                           "redis.register_function('spin', function()\n"
                           "  while true do end end)")});
  auto neighbour = MakeClient(dispatchers_[0]);
  const char* busy =
      "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
  bool was_busy = false;
  dispatchers_[0].take_turn = [&] {
    neighbour->Run("FUNCTION STATS");
    if (!engine_.ScriptIsBusy()) {
      neighbour->RunArgs({"FUNCTION", "LOAD", Returning("other", "o", "1")});
      EXPECT_TRUE(neighbour->parked());
      EXPECT_THAT(second_->Run("SCRIPT KILL"),
                  IsError("NOTBUSY No scripts in execution right now."));
      return;
    }
    was_busy = true;
    for (TestClient* client : {neighbour.get(), second_.get()}) {
      EXPECT_THAT(client->Run("GET k"), IsError(busy));
      EXPECT_THAT(client->Run("SCRIPT KILL"), IsError(busy));
      const Reply stats = client->Run("FUNCTION STATS");
      ASSERT_EQ(stats.items.size(), 4u);
      const Reply& running = stats.items[1];
      ASSERT_EQ(running.items.size(), 6u);
      EXPECT_THAT(running.items[1], IsBulk("spin"));
      EXPECT_THAT(running.items[3], IsBulks({"FCALL", "spin", "1", "k"}));
      EXPECT_GT(running.items[5].integer, 0);
    }
    EXPECT_THAT(neighbour->Run("FCALL spin 0"), IsError(busy));
    EXPECT_THAT(second_->Run("FUNCTION KILL"), IsOk());
  };
  EXPECT_THAT(first_->Run("FCALL spin 1 k"),
              IsError("ERR Script killed by user with SCRIPT KILL... script: spin, on "
                      "@user_function:3."));
  EXPECT_TRUE(was_busy);
  EXPECT_FALSE(engine_.ScriptIsBusy());
  EXPECT_THAT(second_->Run("GET k"), IsNull());
  EXPECT_THAT(second_->Run("FUNCTION KILL"), IsError("NOTBUSY No scripts in execution right now."));
  engine_.clients.Remove(neighbour->id());
}

TEST_F(FunctionsOfTwoWorkers, AFunctionThatWroteIsNotKilled) {
  first_->RunArgs({"FUNCTION", "LOAD",
                   Library("lib",
                           "redis.register_function('f', function(keys)\n"
                           "  redis.call('SET', keys[1], 1) for i = 1, 1e6 do end\n"
                           "  return 7 end)")});
  int turns = 0;
  dispatchers_[0].take_turn = [&] {
    if (++turns != 30) return;
    EXPECT_THAT(second_->Run("FUNCTION KILL"), ErrorThat(StartsWith("UNKILLABLE Sorry")));
  };
  EXPECT_THAT(first_->Run("FCALL f 1 k"), IsInteger(7));
  EXPECT_GE(turns, 30);
}

TEST_F(FunctionsOfTwoWorkers, AnEvalIsNotKilledAsAFunction) {
  dispatchers_[0].take_turn = [&] {
    if (!engine_.ScriptIsBusy()) return;
    const char* busy =
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
    EXPECT_THAT(second_->Run("FUNCTION KILL"), IsError(busy));
    EXPECT_THAT(second_->Run("FUNCTION STATS"), IsError(busy));
    EXPECT_THAT(second_->Run("SCRIPT KILL"), IsOk());
  };
  EXPECT_THAT(first_->RunArgs({"EVAL", "while true do end", "0"}),
              ErrorThat(StartsWith("ERR Script killed by user")));
}

TEST_F(FunctionsOfTwoWorkers, AnEndlessLoadTimesOut) {
  int turns = 0;
  dispatchers_[0].take_turn = [&] {
    ++turns;
    EXPECT_THAT(second_->Run("PING"), IsSimple("PONG"));
    EXPECT_THAT(second_->Run("FUNCTION LIST"), IsEmptyArray());
  };
  EXPECT_THAT(first_->RunArgs({"FUNCTION", "LOAD", Library("lib", "while true do end")}),
              IsError("ERR Error registering functions: ERR FUNCTION LOAD timeout"));
  EXPECT_GT(turns, 10);
  EXPECT_THAT(first_->Run("FUNCTION LIST"), IsEmptyArray());
  EXPECT_THAT(first_->Run("EVAL \"return 1\" 0"), IsInteger(1));
}

TEST_F(FunctionsOfTwoWorkers, AnEndlessLoadIsKilled) {
  bool killed = false;
  dispatchers_[0].take_turn = [&] {
    if (!killed) killed = second_->Run("FUNCTION KILL").text == "OK";
  };
  EXPECT_THAT(first_->RunArgs({"FUNCTION", "LOAD", Library("lib", "while true do end")}),
              ErrorThat(HasSubstr("Script killed by user")));
  EXPECT_TRUE(killed);
}

}  // namespace
}  // namespace larder
