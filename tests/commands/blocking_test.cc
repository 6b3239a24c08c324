#include <string>
#include <vector>

#include "tests/commands/blocking_fixture.h"
#include "tests/commands/event_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";

class BlockingCommands : public BlockingFixture {};

TEST_F(BlockingCommands, WhatIsThereIsPoppedAtOnce) {
  Run("RPUSH b 1 2 3");
  EXPECT_THAT(Run("BLPOP a b c 0"), IsBulks({"b", "1"}));
  EXPECT_THAT(Run("BRPOP a b c 0"), IsBulks({"b", "3"}));
  EXPECT_THAT(Run("BLMPOP 0 2 a b LEFT COUNT 5"), IsArray({IsBulk("b"), IsBulks({"2"})}));
  Run("RPUSH a x y");
  EXPECT_THAT(Run("BLMOVE a b LEFT RIGHT 0"), IsBulk("x"));
  EXPECT_THAT(Run("BRPOPLPUSH a b 0"), IsBulk("y"));
  EXPECT_THAT(Run("LRANGE b 0 -1"), IsBulks({"y", "x"}));
  EXPECT_THAT(Run("INFO clients").text, testing::HasSubstr("blocked_clients:0"));
}

TEST_F(BlockingCommands, APushServesWhoWaits) {
  TestClient& waiting = Waiting("BLPOP q 0");
  EXPECT_THAT(Run("INFO clients").text, testing::HasSubstr("blocked_clients:1"));
  EXPECT_THAT(Run("INFO clients").text, testing::HasSubstr("total_blocking_keys:1"));
  EXPECT_THAT(Run("RPUSH q a b"), IsInteger(2));
  EXPECT_THAT(Run("LRANGE q 0 -1"), IsBulks({"b"}));
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"q", "a"}));
  EXPECT_THAT(Run("INFO clients").text, testing::HasSubstr("blocked_clients:0"));
  EXPECT_THAT(Run("INFO clients").text, testing::HasSubstr("total_blocking_keys:0"));
  EXPECT_THAT(waiting.Run("BRPOP q 0"), IsBulks({"q", "b"}));
}

TEST_F(BlockingCommands, FirstComeFirstServed) {
  TestClient& first = Waiting("BLPOP q 0");
  TestClient& second = Waiting("BRPOP other q 0");
  TestClient& third = Waiting("BLMPOP 0 1 q LEFT COUNT 10");
  TestClient& fourth = Waiting("BLPOP q 0");
  EXPECT_THAT(Run("RPUSH q a b c d"), IsInteger(4));
  EXPECT_THAT(ReplyOf(first), IsBulks({"q", "a"}));
  EXPECT_THAT(ReplyOf(second), IsBulks({"q", "d"}));
  EXPECT_THAT(ReplyOf(third), IsArray({IsBulk("q"), IsBulks({"b", "c"})}));
  EXPECT_TRUE(StillWaits(fourth));
  EXPECT_THAT(Run("EXISTS q"), IsInteger(0));
  Run("LPUSH q e");
  EXPECT_THAT(ReplyOf(fourth), IsBulks({"q", "e"}));
}

TEST_F(BlockingCommands, APushIsAnsweredBeforeItsElementsGo) {
  TestClient& waiting = Waiting("BLPOP q 0");
  EXPECT_THAT(Run("LPUSH q a"), IsInteger(1));
  EXPECT_THAT(Run("LLEN q"), IsInteger(0));
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"q", "a"}));
}

TEST_F(BlockingCommands, TheFirstKeyOfTheCommandComesFirst) {
  Run("RPUSH b 1");
  Run("RPUSH a 2");
  EXPECT_THAT(Run("BLPOP a b 0"), IsBulks({"a", "2"}));
  TestClient& waiting = Waiting("BLPOP x y 0");
  Run("RPUSH y 1");
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"y", "1"}));
}

TEST_F(BlockingCommands, ATransactionServesAtItsEndByTheFirstKeyWritten) {
  TestClient& waiting = Waiting("BLPOP a b 0");
  Run("MULTI");
  Run("RPUSH b 1 2");
  Run("RPUSH a 3");
  Run("LLEN b");
  EXPECT_TRUE(StillWaits(waiting));
  EXPECT_THAT(Run("EXEC"), IsArray({IsInteger(2), IsInteger(1), IsInteger(2)}));
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"b", "1"}));
  EXPECT_THAT(Run("LLEN a"), IsInteger(1));
}

TEST_F(BlockingCommands, AListThatIsGoneAtTheEndOfATransactionServesNobody) {
  TestClient& waiting = Waiting("BLPOP q 0");
  Run("MULTI");
  Run("RPUSH q 1");
  Run("DEL q");
  Run("EXEC");
  EXPECT_TRUE(StillWaits(waiting));
  Run("RPUSH q 2");
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"q", "2"}));
}

TEST_F(BlockingCommands, AScriptServesAtItsEnd) {
  TestClient& waiting = Waiting("BLPOP q 0");
  EXPECT_THAT(Run("EVAL \"redis.call('RPUSH', KEYS[1], 'a', 'b'); "
                  "return redis.call('LLEN', KEYS[1])\" 1 q"),
              IsInteger(2));
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"q", "a"}));
  TestClient& again = Waiting("BLPOP r 0");
  EXPECT_THAT(Run("EVAL \"redis.call('RPUSH', KEYS[1], 'a'); redis.call('GET', 'undeclared'); "
                  "return redis.call('LLEN', KEYS[1])\" 1 r"),
              IsInteger(1));
  EXPECT_THAT(ReplyOf(again), IsBulks({"r", "a"}));
  EXPECT_THAT(Run("EXISTS r"), IsInteger(0));
}

// ---- where it must not wait

TEST_F(BlockingCommands, TransactionsDoNotWait) {
  Run("MULTI");
  for (const char* line : {"BLPOP q 0", "BRPOP q 0", "BLMPOP 0 1 q LEFT", "BLMOVE q r LEFT LEFT 0",
                           "BRPOPLPUSH q r 0"}) {
    EXPECT_THAT(Run(line), IsSimple("QUEUED"));
  }
  EXPECT_EQ(client().RunRaw({"EXEC"}), "*5\r\n*-1\r\n*-1\r\n*-1\r\n$-1\r\n$-1\r\n");
}

TEST_F(BlockingCommands, ScriptsDoNotWait) {
  EXPECT_THAT(Run("EVAL \"return redis.pcall('BLPOP', KEYS[1], 0).err\" 1 q").text,
              testing::HasSubstr("This Redis command is not allowed from script"));
  EXPECT_THAT(Run("EVAL \"return redis.call('BLMPOP', 0, 1, KEYS[1], 'LEFT')\" 1 q"), IsNull());
  Run("RPUSH q a");
  EXPECT_THAT(Run("EVAL \"return redis.call('BLMPOP', 0, 1, KEYS[1], 'LEFT')[2]\" 1 q"),
              IsBulks({"a"}));
}

// ---- how it ends otherwise

TEST_F(BlockingCommands, TheTimeoutEndsIt) {
  TestClient& waiting = Waiting("BLPOP q 0.5");
  TestClient& moving = Waiting("BLMOVE q r LEFT LEFT 0.0001");
  EXPECT_TRUE(StillWaits(moving));
  clock.Advance(1ms);
  Settle();
  EXPECT_FALSE(moving.blocked());
  EXPECT_EQ(moving.TakeReply().type, protocol::Reply::Type::kNullArray);  // as Redis has it
  clock.Advance(498ms);
  EXPECT_TRUE(StillWaits(waiting));
  clock.Advance(1ms);
  EXPECT_THAT(ReplyOf(waiting), IsNull());
  EXPECT_THAT(Run("RPUSH q a"), IsInteger(1));
  EXPECT_THAT(Run("LLEN q"), IsInteger(1));
  EXPECT_THAT(Run("INFO clients").text, testing::HasSubstr("blocked_clients:0"));
  EXPECT_THAT(Run("INFO clients").text, testing::HasSubstr("total_blocking_keys:0"));
}

TEST_F(BlockingCommands, Resp3AnswersATimeoutWithItsNull) {
  TestClient& waiting = NewClient();
  waiting.Run("HELLO 3");
  EXPECT_EQ(waiting.RunRaw({"BLPOP", "q", "0.001"}), "");
  clock.Advance(1ms);
  EXPECT_THAT(ReplyOf(waiting), IsNull());
}

TEST_F(BlockingCommands, TimeoutsAreChecked) {
  EXPECT_THAT(Run("BLPOP q -1"), IsError("ERR timeout is negative"));
  EXPECT_THAT(Run("BRPOP q x"), IsError("ERR timeout is not a float or out of range"));
  EXPECT_THAT(Run("BLMOVE q r LEFT LEFT nan"),
              IsError("ERR timeout is not a float or out of range"));
  EXPECT_THAT(Run("BRPOPLPUSH q r 1e300"), IsError("ERR timeout is out of range"));
  EXPECT_THAT(Run("BLPOP q inf"), IsError("ERR timeout is out of range"));
  EXPECT_THAT(Run("BLMPOP -1 1 q LEFT"), IsError("ERR timeout is negative"));
  EXPECT_THAT(Run("BLMPOP x 0 q LEFT"), IsError("ERR numkeys should be greater than 0"));
  EXPECT_THAT(Run("BLMOVE q r LEFT UP x"), IsError("ERR syntax error"));
  Waiting("BLPOP q 9223372036854775");
}

TEST_F(BlockingCommands, ClientUnblockEndsIt) {
  TestClient& with_timeout = Waiting("BLPOP q 0");
  TestClient& with_error = Waiting("BLPOP q 0");
  TestClient& third = Waiting("BLPOP q 0");
  EXPECT_THAT(Run("CLIENT UNBLOCK " + std::to_string(with_timeout.id())), IsInteger(1));
  EXPECT_THAT(Run("CLIENT UNBLOCK " + std::to_string(with_error.id()) + " ERROR"), IsInteger(1));
  EXPECT_THAT(Run("CLIENT UNBLOCK " + std::to_string(with_error.id())), IsInteger(0));
  EXPECT_THAT(ReplyOf(with_timeout), IsNull());
  EXPECT_THAT(ReplyOf(with_error), IsError("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
  EXPECT_THAT(Run("CLIENT UNBLOCK " + std::to_string(client().id()) + " TIMEOUT"), IsInteger(0));
  EXPECT_THAT(Run("CLIENT UNBLOCK 999999"), IsInteger(0));
  Run("RPUSH q a");
  EXPECT_THAT(ReplyOf(third), IsBulks({"q", "a"}));
}

TEST_F(BlockingCommands, OneWhoseConnectionEndsIsNotServed) {
  TestClient& gone = Waiting("BLPOP q 0");
  TestClient& second = Waiting("BLPOP q 0");
  gone.CancelWait();
  Run("RPUSH q a");
  EXPECT_THAT(ReplyOf(second), IsBulks({"q", "a"}));
  EXPECT_FALSE(engine.waiters.any());
}

TEST_F(BlockingCommands, ALineIsLeftLaterWhileItsStripeIsTaken) {
  Waiting("BLPOP q 1");
  clock.Advance(1s);
  const size_t stripe = engine.keyspace.StripeOf(engine.keyspace.hasher().Hash("q"));
  engine.keyspace.lock(stripe).Lock();
  Settle();
  EXPECT_EQ(engine.waiters.keys(), 1);
  EXPECT_EQ(engine.waiters.waiters(), 0);
  engine.keyspace.lock(stripe).Unlock();
  Settle();
  EXPECT_EQ(engine.waiters.keys(), 0);
}

TEST_F(BlockingCommands, ASilencedClientGetsNoReply) {
  TestClient& waiting = NewClient();
  waiting.Run("CLIENT REPLY OFF");
  waiting.Run("BLPOP q 0");
  EXPECT_TRUE(waiting.blocked());
  Run("RPUSH q a");
  Settle();
  EXPECT_FALSE(waiting.blocked());
  EXPECT_TRUE(waiting.TakePushes().empty());
  EXPECT_THAT(Run("EXISTS q"), IsInteger(0));
}

// ---- types

TEST_F(BlockingCommands, WrongTypesAreRefusedBeforeWaiting) {
  Run("SET s v");
  for (const char* line : {"BLPOP missing s 0", "BRPOP s 0", "BLMPOP 0 1 s LEFT",
                           "BLMOVE s r LEFT LEFT 0", "BRPOPLPUSH s r 0"}) {
    EXPECT_THAT(Run(line), IsError(kWrongType)) << line;
  }
}

TEST_F(BlockingCommands, AnotherTypeLeavesThemWaiting) {
  TestClient& waiting = Waiting("BLPOP q 0");
  Run("SET q string");
  EXPECT_TRUE(StillWaits(waiting));
  Run("DEL q");
  Run("SADD q member");
  EXPECT_TRUE(StillWaits(waiting));
  Run("DEL q");
  Run("RPUSH q a");
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"q", "a"}));
}

// ---- moving

TEST_F(BlockingCommands, AMoveThatWaitedFillsItsTarget) {
  TestClient& moving = Waiting("BLMOVE a b RIGHT LEFT 0");
  TestClient& older = Waiting("BRPOPLPUSH a b 0");
  Run("RPUSH a 1 2 3");
  EXPECT_THAT(ReplyOf(moving), IsBulk("3"));
  EXPECT_THAT(ReplyOf(older), IsBulk("2"));
  EXPECT_THAT(Run("LRANGE b 0 -1"), IsBulks({"2", "3"}));
  EXPECT_THAT(Run("LRANGE a 0 -1"), IsBulks({"1"}));
}

TEST_F(BlockingCommands, MovesThatWaitFormAChain) {
  TestClient& last = Waiting("BLPOP d 0");
  TestClient& third = Waiting("BLMOVE c d LEFT LEFT 0");
  TestClient& second = Waiting("BLMOVE b c LEFT LEFT 0");
  TestClient& first = Waiting("BLMOVE a b LEFT LEFT 0");
  EXPECT_THAT(Run("RPUSH a x"), IsInteger(1));
  EXPECT_THAT(ReplyOf(first), IsBulk("x"));
  EXPECT_THAT(ReplyOf(second), IsBulk("x"));
  EXPECT_THAT(ReplyOf(third), IsBulk("x"));
  EXPECT_THAT(ReplyOf(last), IsBulks({"d", "x"}));
  EXPECT_THAT(Run("DBSIZE"), IsInteger(0));
}

TEST_F(BlockingCommands, AMoveOntoItselfEndsToo) {
  TestClient& rotating = Waiting("BLMOVE a a LEFT RIGHT 0");
  TestClient& popping = Waiting("BLPOP a 0");
  Run("RPUSH a 1 2");
  EXPECT_THAT(ReplyOf(rotating), IsBulk("1"));
  EXPECT_THAT(ReplyOf(popping), IsBulks({"a", "2"}));
  EXPECT_THAT(Run("LRANGE a 0 -1"), IsBulks({"1"}));
}

TEST_F(BlockingCommands, AMoveToAnotherTypeFailsAndLeavesTheElement) {
  Run("SET target v");
  TestClient& moving = Waiting("BLMOVE a target LEFT LEFT 0");
  TestClient& popping = Waiting("BLPOP a 0");
  Run("RPUSH a 1");
  EXPECT_THAT(ReplyOf(moving), IsError(kWrongType));
  EXPECT_THAT(ReplyOf(popping), IsBulks({"a", "1"}));
}

// ---- other ways for a list to appear

TEST_F(BlockingCommands, ListsThatComeFromElsewhereServeToo) {
  Run("RPUSH source 1 2 3 4 5");
  TestClient& renamed = Waiting("BLPOP q 0");
  Run("RENAME source q");
  EXPECT_THAT(ReplyOf(renamed), IsBulks({"q", "1"}));
  TestClient& copied = Waiting("BLPOP r 0");
  Run("COPY q r");
  EXPECT_THAT(ReplyOf(copied), IsBulks({"r", "2"}));
  TestClient& moved = NewClient();
  moved.Run("SELECT 1");
  moved.Run("BLPOP q 0");
  Run("MOVE q 1");
  EXPECT_THAT(ReplyOf(moved), IsBulks({"q", "2"}));
  TestClient& swapped = Waiting("BLPOP q 0");
  Run("SWAPDB 0 1");
  EXPECT_THAT(ReplyOf(swapped), IsBulks({"q", "3"}));
}

TEST_F(BlockingCommands, DatabasesAreApart) {
  TestClient& waiting = Waiting("BLPOP q 0");
  Run("SELECT 3");
  Run("RPUSH q a");
  EXPECT_TRUE(StillWaits(waiting));
  Run("SELECT 0");
  Run("RPUSH q b");
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"q", "b"}));
}

TEST_F(BlockingCommands, WatchersSeeWhatIsServed) {
  TestClient& watching = NewClient();
  TestClient& waiting = Waiting("BLMOVE a b LEFT LEFT 0");
  watching.Run("WATCH b");
  watching.Run("MULTI");
  watching.Run("PING");
  Run("RPUSH a 1");
  EXPECT_THAT(ReplyOf(waiting), IsBulk("1"));
  EXPECT_THAT(watching.Run("EXEC"), IsNull());
}

class BlockingEvents : public EventFixture {};

TEST_F(BlockingEvents, FollowThePush) {
  TestClient& waiting = NewClient();
  waiting.Run("BLMOVE a b LEFT RIGHT 0");
  EXPECT_EQ(EventsOf("RPUSH a 1"), "new a\nrpush a\nnew b\nrpush b\nlpop a\ndel a\n");
  waiting.TakePushes();
  waiting.Run("BLPOP q 0");
  EXPECT_EQ(EventsOf("RPUSH q 1 2"), "new q\nrpush q\nlpop q\n");
}

}  // namespace
}  // namespace larder
