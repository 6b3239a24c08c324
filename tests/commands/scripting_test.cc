#include <atomic>
#include <climits>
#include <memory>
#include <string>
#include <thread>

#include "server/scripting/running_scripts.h"
#include "server/scripting/script_cache.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using testing::Field;
using testing::HasSubstr;
using testing::StartsWith;

class ScriptingCommands : public CommandFixture {
 protected:
  protocol::Reply Eval(std::string_view body, std::vector<std::string> keys = {},
                       std::vector<std::string> argv = {}) {
    return EvalAs(client(), "EVAL", body, std::move(keys), std::move(argv));
  }
  static protocol::Reply EvalAs(TestClient& who, std::string command, std::string_view script,
                                std::vector<std::string> keys = {},
                                std::vector<std::string> argv = {}) {
    std::vector<std::string> args{std::move(command), std::string(script),
                                  std::to_string(keys.size())};
    args.insert(args.end(), keys.begin(), keys.end());
    args.insert(args.end(), argv.begin(), argv.end());
    return who.RunArgs(args);
  }
  // A key that is not in the stripe of `key`.
  std::string KeyApartFrom(const std::string& key) {
    const auto stripe = [&](const std::string& name) {
      return engine.keyspace.StripeOf(engine.keyspace.hasher().Hash(name));
    };
    for (int i = 0;; ++i) {
      std::string other = "other" + std::to_string(i);
      if (stripe(other) != stripe(key)) return other;
    }
  }
};

testing::Matcher<const protocol::Reply&> ErrorThat(testing::Matcher<std::string> text) {
  return testing::AllOf(Field(&protocol::Reply::type, protocol::Reply::Type::kError),
                        Field(&protocol::Reply::text, text));
}

constexpr const char* kOneSha = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";  // of "return 1"

TEST_F(ScriptingCommands, EvalRunsCommands) {
  EXPECT_THAT(
      Eval("redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])", {"k"}, {"v"}),
      IsBulk("v"));
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
  EXPECT_THAT(Eval("return redis.call('set', KEYS[1], 'x')", {"k"}), IsOk());
  EXPECT_THAT(Eval("return redis.call('get', KEYS[1])", {"missing"}), IsNull());
}

TEST_F(ScriptingCommands, CountsOfKeysAreChecked) {
  EXPECT_THAT(Run("EVAL x 5"), IsError("ERR Number of keys can't be greater than number of args"));
  EXPECT_THAT(Run("EVAL x -1"), IsError("ERR Number of keys can't be negative"));
  EXPECT_THAT(Run("EVAL x y"), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("EVAL x"), IsError("ERR wrong number of arguments for 'eval' command"));
  EXPECT_THAT(Run(std::string("EVALSHA ") + kOneSha + " 5"),
              IsError("ERR Number of keys can't be greater than number of args"));
  EXPECT_THAT(Run("EVALSHA x 5"), IsError("NOSCRIPT No matching script. Please use EVAL."));
}

TEST_F(ScriptingCommands, EvalShaKnowsWhatEvalOrLoadHasSeen) {
  EXPECT_THAT(Run(std::string("EVALSHA ") + kOneSha + " 0"),
              IsError("NOSCRIPT No matching script. Please use EVAL."));
  EXPECT_THAT(Eval("return 1"), IsInteger(1));
  EXPECT_THAT(Run(std::string("EVALSHA ") + kOneSha + " 0"), IsInteger(1));
  EXPECT_THAT(Run("EVALSHA E0E1F9FABFC9D4800C877A703B823AC0578FF8DB 0"), IsInteger(1));
  EXPECT_THAT(Run("SCRIPT FLUSH"), IsOk());
  EXPECT_THAT(Run(std::string("EVALSHA_RO ") + kOneSha + " 0"),
              IsError("NOSCRIPT No matching script. Please use EVAL."));
  EXPECT_THAT(RunArgs({"SCRIPT", "LOAD", "return 1"}), IsBulk(kOneSha));
  EXPECT_THAT(Run(std::string("EVALSHA_RO ") + kOneSha + " 0"), IsInteger(1));
}

TEST_F(ScriptingCommands, ScriptSubcommands) {
  EXPECT_THAT(RunArgs({"SCRIPT", "LOAD", "return 1"}), IsBulk(kOneSha));
  EXPECT_THAT(Run(std::string("SCRIPT EXISTS x ") + kOneSha),
              IsArray({IsInteger(0), IsInteger(1)}));
  EXPECT_THAT(Run(std::string("SCRIPT SHOW ") + kOneSha), IsBulk("return 1"));
  EXPECT_THAT(Run("SCRIPT SHOW x"), IsError("NOSCRIPT No matching script. Please use EVAL."));
  EXPECT_THAT(Run("SCRIPT FLUSH ASYNC"), IsOk());
  EXPECT_THAT(Run("SCRIPT FLUSH SYNC"), IsOk());
  EXPECT_THAT(Run("SCRIPT FLUSH x"), IsError("ERR SCRIPT FLUSH only support SYNC|ASYNC option"));
  EXPECT_THAT(Run("SCRIPT KILL"), IsError("NOTBUSY No scripts in execution right now."));
  EXPECT_THAT(Run("SCRIPT DEBUG NO"), IsOk());
  EXPECT_THAT(Run("SCRIPT nosuch"), ErrorThat(StartsWith("ERR unknown subcommand 'nosuch'")));
  EXPECT_THAT(RunArgs({"SCRIPT", "LOAD", "return +"}),
              ErrorThat(StartsWith("ERR Error compiling script (new function): user_script:1:")));
}

TEST_F(ScriptingCommands, RefusalsHaveRedisTexts) {
  EXPECT_THAT(Eval("redis.call('nosuch')"),
              ErrorThat(StartsWith("ERR Unknown Redis command called from script script: ")));
  EXPECT_THAT(Eval("redis.call('get')"),
              ErrorThat(StartsWith("ERR Wrong number of args calling Redis command from script")));
  for (const char* command :
       {"multi", "exec", "watch', 'k", "subscribe', 'c", "eval', 'return 1', '0"}) {
    EXPECT_THAT(Eval("redis.call('" + std::string(command) + "')"),
                ErrorThat(StartsWith("ERR This Redis command is not allowed from script")))
        << command;
  }
}

TEST_F(ScriptingCommands, ReadOnlyScriptsMayNotWrite) {
  const char* refused = "ERR Write commands are not allowed from read-only scripts.";
  EXPECT_THAT(EvalAs(client(), "EVAL_RO", "return redis.call('set', KEYS[1], 1)", {"k"}),
              ErrorThat(StartsWith(refused)));
  EXPECT_THAT(Eval("#!lua flags=no-writes\nreturn redis.call('set', KEYS[1], 1)", {"k"}),
              ErrorThat(StartsWith(refused)));
  EXPECT_THAT(Run("GET k"), IsNull());
  EXPECT_THAT(EvalAs(client(), "EVAL_RO", "#!lua\nreturn 1"),
              IsError("ERR Can not execute a script with write flag using *_ro command."));
  EXPECT_THAT(EvalAs(client(), "EVAL_RO", "return redis.call('get', KEYS[1])", {"k"}), IsNull());
}

TEST_F(ScriptingCommands, UndeclaredKeysWork) {  // clone failure 1
  const std::string other = KeyApartFrom("k");
  EXPECT_THAT(Eval("redis.call('incr', KEYS[1]) redis.call('incr', ARGV[1]) "
                   "return redis.call('get', KEYS[1]) .. redis.call('get', ARGV[1])",
                   {"k"}, {other}),
              IsBulk("11"));
  EXPECT_THAT(Run("GET k"), IsBulk("1"));
  EXPECT_THAT(Run("GET " + other), IsBulk("1"));
  EXPECT_THAT(Eval("return redis.call('keys', '*')"),
              Field(&protocol::Reply::items, testing::SizeIs(2)));
}

TEST_F(ScriptingCommands, AScriptThatStartsAgainLeavesNoTraceOfItsFirstStart) {
  const std::string other = KeyApartFrom("k");
  TestClient& subscriber = NewClient();
  subscriber.Run("SUBSCRIBE channel");
  subscriber.TakePushes();
  Run("SET k old PX 100000");
  EXPECT_THAT(Eval("redis.call('append', KEYS[1], 'x') redis.call('publish', 'channel', 'm') "
                   "redis.call('del', KEYS[1]) redis.call('set', KEYS[1], 'new') "
                   "return redis.call('get', ARGV[1])",
                   {"k"}, {other}),
              IsNull());
  Settle();
  EXPECT_EQ(subscriber.TakePushes().size(), 1u);
  EXPECT_THAT(Run("GET k"), IsBulk("new"));
}

TEST_F(ScriptingCommands, AScriptThatReachedAnUndeclaredKeyIsRemembered) {
  const std::string other = KeyApartFrom("k");
  const std::string body = "return redis.call('get', ARGV[1])";
  Eval(body, {"k"}, {other});
  const auto script = engine.scripts->Find(Sha1Hex(body));
  ASSERT_NE(script, nullptr);
  EXPECT_TRUE(script->takes_all_stripes);
  Eval("return redis.call('get', KEYS[1])", {"k"});
  EXPECT_FALSE(
      engine.scripts->Find(Sha1Hex("return redis.call('get', KEYS[1])"))->takes_all_stripes);
}

TEST_F(ScriptingCommands, NoKeysDeclaredAtAllWorks) {  // fastapi-cache
  Run("SET a 1");
  EXPECT_THAT(Eval("for _, k in ipairs(redis.call('KEYS', 'a*')) do redis.call('DEL', k) end"),
              IsNull());
  EXPECT_THAT(Run("EXISTS a"), IsInteger(0));
}

TEST_F(ScriptingCommands, ScriptsRunInTransactions) {  // clone failure 9
  Run("MULTI");
  EXPECT_THAT(Eval("return redis.call('incr', ARGV[1])", {}, {"n"}), IsSimple("QUEUED"));
  EXPECT_THAT(RunArgs({"SCRIPT", "LOAD", "return 1"}), IsSimple("QUEUED"));
  EXPECT_THAT(Run(std::string("EVALSHA ") + kOneSha + " 0"), IsSimple("QUEUED"));
  EXPECT_THAT(Run("EXEC"), IsArray({IsInteger(1), IsBulk(kOneSha), IsInteger(1)}));
  EXPECT_THAT(Run("GET n"), IsBulk("1"));
}

TEST_F(ScriptingCommands, TimeInAScriptIsTheTime) {  // clone failure 7
  EXPECT_THAT(
      Eval("local t = redis.call('TIME') redis.call('set', KEYS[1], t[1]) return t[1]", {"k"}),
      IsBulk("1700000000"));
}

TEST_F(ScriptingCommands, SelectHoldsForTheScriptAlone) {
  Eval("redis.call('select', 3) redis.call('set', KEYS[1], 'three')", {"k"});
  EXPECT_THAT(Run("GET k"), IsNull());
  Run("SELECT 3");
  EXPECT_THAT(Run("GET k"), IsBulk("three"));
}

TEST_F(ScriptingCommands, RepliesFollowSetrespNotTheClient) {
  Run("HELLO 3");
  EXPECT_THAT(Eval("return tostring(redis.call('get', KEYS[1]))", {"missing"}), IsBulk("false"));
  EXPECT_THAT(Eval("redis.setresp(3) return tostring(redis.call('get', KEYS[1]))", {"missing"}),
              IsBulk("nil"));
}

TEST_F(ScriptingCommands, LargeValuesPassThroughScripts) {
  const std::string large(100'000, 'x');
  RunArgs({"SET", "k", large});
  EXPECT_THAT(Eval("return redis.call('get', KEYS[1])", {"k"}), IsBulk(large));
  EXPECT_THAT(Eval("return #redis.call('get', KEYS[1])", {"k"}), IsInteger(100'000));
}

TEST_F(ScriptingCommands, ErrorsOfCommandsEndTheScriptUnlessCaught) {
  Run("SET k text");
  EXPECT_THAT(Eval("redis.call('incr', KEYS[1]) return 1", {"k"}),
              ErrorThat(StartsWith("ERR value is not an integer or out of range script: ")));
  EXPECT_THAT(Eval("return redis.pcall('incr', KEYS[1])", {"k"}),
              IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Eval("local ok, e = pcall(redis.call, 'incr', KEYS[1]) return e", {"k"}),
              IsBulk("ERR value is not an integer or out of range"));
}

TEST_F(ScriptingCommands, TheLockOfRedisPyWorks) {
  const std::string release =
      "local token = redis.call('get', KEYS[1]) if not token or token ~= ARGV[1] then return 0 end "
      "redis.call('del', KEYS[1]) return 1";
  Run("SET lock mine PX 10000");
  EXPECT_THAT(Eval(release, {"lock"}, {"other"}), IsInteger(0));
  EXPECT_THAT(Eval(release, {"lock"}, {"mine"}), IsInteger(1));
  EXPECT_THAT(Run("EXISTS lock"), IsInteger(0));
}

TEST_F(ScriptingCommands, ALongScriptIsKilledFromAnotherThread) {
  std::atomic<bool> done{false};
  std::thread killer([&] {
    while (!done &&
           engine.running_scripts.Kill(INT64_MAX) != RunningScripts::KillOutcome::kKilled) {
      std::this_thread::yield();
    }
  });
  const protocol::Reply reply = Eval("while true do end");
  done = true;
  killer.join();
  EXPECT_THAT(reply,
              ErrorThat(StartsWith("ERR Script killed by user with SCRIPT KILL... script: ")));
  EXPECT_THAT(Eval("return 1"), IsInteger(1));
}

// A clock that moves a little whenever it is asked, so that scripts take time.
class TickingClock : public Clock {
 public:
  int64_t UnixMicros() const override { return 1'700'000'000'000'000 + SteadyMicros(); }
  int64_t SteadyMicros() const override { return now_us_ += 500; }

 private:
  mutable std::atomic<int64_t> now_us_{1'000'000};
};

class BusyScripts : public testing::Test {
 protected:
  BusyScripts() {
    mine_ = MakeClient();
    other_ = MakeClient();
  }
  ~BusyScripts() override {
    engine_.clients.Remove(mine_->id());
    engine_.clients.Remove(other_->id());
  }

  std::unique_ptr<TestClient> MakeClient() {
    auto record = std::make_shared<ClientRecord>();
    record->id = engine_.clients.NextId();
    record->mailbox = &mailbox_;
    engine_.clients.Add(record);
    auto client = std::make_unique<TestClient>(engine_, dispatcher_, mailbox_, record);
    return client;
  }

  TickingClock clock_;
  OptionStore options_;
  Logger log_;
  Engine engine_{clock_, options_, log_, 1};
  Dispatcher dispatcher_{engine_, 0};
  Mailbox mailbox_{[] {}};
  std::unique_ptr<TestClient> mine_, other_;
};

TEST_F(BusyScripts, OthersAreServedUntilTheyNeedWhatTheScriptHolds) {
  bool was_busy = false;
  dispatcher_.take_turn = [&] {
    EXPECT_THAT(other_->Run("PING"), IsSimple("PONG"));
    if (!engine_.ScriptIsBusy()) {
      other_->Run("GET k");
      EXPECT_TRUE(other_->parked());
      other_->Run("EVAL \"return 1\" 0");
      EXPECT_TRUE(other_->parked());
      return;
    }
    was_busy = true;
    const char* busy =
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
    EXPECT_THAT(other_->Run("GET k"), IsError(busy));
    EXPECT_THAT(other_->Run("EVAL \"return 1\" 0"), IsError(busy));
    EXPECT_THAT(other_->Run("SCRIPT KILL"), IsOk());
  };
  EXPECT_THAT(mine_->RunArgs({"EVAL", "while true do end", "1", "k"}),
              ErrorThat(StartsWith("ERR Script killed by user with SCRIPT KILL...")));
  EXPECT_TRUE(was_busy);
  EXPECT_FALSE(engine_.ScriptIsBusy());
  EXPECT_THAT(other_->Run("GET k"), IsNull());
}

TEST_F(BusyScripts, AScriptThatWroteIsNotKilled) {
  int turns = 0;
  dispatcher_.take_turn = [&] {
    if (++turns < 30) return;
    EXPECT_THAT(other_->Run("SCRIPT KILL"), ErrorThat(StartsWith("UNKILLABLE Sorry the script")));
    dispatcher_.take_turn = nullptr;
  };
  EXPECT_THAT(
      mine_->RunArgs(
          {"EVAL", "redis.call('set', KEYS[1], 1) for i = 1, 1e6 do end return 7", "1", "k"}),
      IsInteger(7));
  EXPECT_GE(turns, 30);
}

}  // namespace
}  // namespace larder
