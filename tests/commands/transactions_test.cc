#include "tests/support/command_fixture.h"

namespace larder {
namespace {

class Transactions : public CommandFixture {};

TEST_F(Transactions, ARefusedExecSaysSoEvenWhereThereIsNone) {
  EXPECT_THAT(Run("EXEC a"), IsError("EXECABORT Transaction discarded because of: wrong number of "
                                     "arguments for 'exec' command"));
  EXPECT_THAT(Run("EXEC"), IsError("ERR EXEC without MULTI"));
}

TEST_F(Transactions, ExecAnswersEachQueuedCommandInOrder) {
  EXPECT_THAT(Run("MULTI"), IsOk());
  EXPECT_THAT(Run("SET k 1"), IsSimple("QUEUED"));
  EXPECT_THAT(Run("GET k"), IsSimple("QUEUED"));
  EXPECT_THAT(Run("PING"), IsSimple("QUEUED"));
  EXPECT_THAT(Run("EXEC"), IsArray({IsOk(), IsBulk("1"), IsSimple("PONG")}));
  EXPECT_THAT(Run("GET k"), IsBulk("1"));
}

TEST_F(Transactions, QueuedCommandsDoNothingBeforeExec) {
  Run("MULTI");
  Run("SET k 1");
  EXPECT_THAT(NewClient().Run("GET k"), IsNull());
  Run("EXEC");
  EXPECT_THAT(NewClient().Run("GET k"), IsBulk("1"));
}

TEST_F(Transactions, AnEmptyTransactionAnswersAnEmptyArray) {
  Run("MULTI");
  EXPECT_THAT(Run("EXEC"), IsEmptyArray());
}

TEST_F(Transactions, MultiDoesNotNest) {
  Run("MULTI");
  EXPECT_THAT(Run("MULTI"), IsError("ERR MULTI calls can not be nested"));
  Run("PING");
  EXPECT_THAT(Run("EXEC"), IsArray({IsSimple("PONG")}));
}

TEST_F(Transactions, ExecAndDiscardNeedMulti) {
  EXPECT_THAT(Run("EXEC"), IsError("ERR EXEC without MULTI"));
  EXPECT_THAT(Run("DISCARD"), IsError("ERR DISCARD without MULTI"));
}

TEST_F(Transactions, DiscardForgetsWhatWasQueued) {
  Run("MULTI");
  Run("SET k 1");
  EXPECT_THAT(Run("DISCARD"), IsOk());
  EXPECT_THAT(Run("GET k"), IsNull());
  EXPECT_THAT(Run("EXEC"), IsError("ERR EXEC without MULTI"));
}

TEST_F(Transactions, AnUnknownCommandAbortsTheTransaction) {
  Run("MULTI");
  Run("SET k 1");
  EXPECT_THAT(Run("NOSUCH a"),
              IsError("ERR unknown command 'NOSUCH', with args beginning with: 'a' "));
  EXPECT_THAT(Run("EXEC"), IsError("EXECABORT Transaction discarded because of previous errors."));
  EXPECT_THAT(Run("GET k"), IsNull());
  EXPECT_THAT(Run("EXEC"), IsError("ERR EXEC without MULTI"));
}

TEST_F(Transactions, AWrongNumberOfArgumentsAbortsTheTransaction) {
  Run("MULTI");
  EXPECT_THAT(Run("GET"), IsError("ERR wrong number of arguments for 'get' command"));
  Run("SET k 1");
  EXPECT_THAT(Run("EXEC"), IsError("EXECABORT Transaction discarded because of previous errors."));
  EXPECT_THAT(Run("GET k"), IsNull());
}

TEST_F(Transactions, AnErrorWhileRunningDoesNotStopTheRest) {
  Run("SET text x");
  Run("MULTI");
  Run("INCR text");
  Run("SET k 1");
  EXPECT_THAT(Run("EXEC"),
              IsArray({IsError("ERR value is not an integer or out of range"), IsOk()}));
  EXPECT_THAT(Run("GET k"), IsBulk("1"));
}

TEST_F(Transactions, SomeCommandsAreRefusedInside) {
  Run("MULTI");
  EXPECT_THAT(Run("SAVE"), IsError("ERR Command not allowed inside a transaction"));
  EXPECT_THAT(Run("EXEC"), IsError("EXECABORT Transaction discarded because of previous errors."));
}

TEST_F(Transactions, ManyKeysOfManyStripesAreChangedTogether) {
  Run("MULTI");
  for (int i = 0; i < 200; ++i) Run("SET key:" + std::to_string(i) + " " + std::to_string(i));
  EXPECT_EQ(Run("EXEC").items.size(), 200u);
  EXPECT_THAT(Run("GET key:199"), IsBulk("199"));
}

TEST_F(Transactions, SelectInsideHoldsForTheRest) {
  Run("MULTI");
  Run("SELECT 3");
  Run("SET k three");
  EXPECT_THAT(Run("EXEC"), IsArray({IsOk(), IsOk()}));
  EXPECT_THAT(Run("GET k"), IsBulk("three"));
  Run("SELECT 0");
  EXPECT_THAT(Run("GET k"), IsNull());
}

TEST_F(Transactions, ResetEndsATransaction) {
  Run("WATCH k");
  Run("MULTI");
  Run("SET k 1");
  EXPECT_THAT(Run("RESET"), IsSimple("RESET"));
  EXPECT_THAT(Run("EXEC"), IsError("ERR EXEC without MULTI"));
  EXPECT_THAT(Run("GET k"), IsNull());
}

TEST_F(Transactions, QuitInsideRunsAtOnce) {
  Run("MULTI");
  EXPECT_THAT(Run("QUIT"), IsOk());
  EXPECT_TRUE(client().close_after_reply);
}

class Watch : public CommandFixture {};

TEST_F(Watch, AnUntouchedKeyLetsTheTransactionRun) {
  EXPECT_THAT(Run("WATCH k other"), IsOk());
  Run("MULTI");
  Run("SET k 1");
  EXPECT_THAT(Run("EXEC"), IsArray({IsOk()}));
}

TEST_F(Watch, AChangeByAnotherClientStopsTheTransaction) {
  Run("SET k 0");
  Run("WATCH k");
  NewClient().Run("SET k 1");
  Run("MULTI");
  Run("SET k 2");
  EXPECT_THAT(Run("EXEC"), IsNullArray());
  EXPECT_THAT(Run("GET k"), IsBulk("1"));
}

TEST_F(Watch, AChangeBetweenMultiAndExecCountsToo) {
  Run("WATCH k");
  Run("MULTI");
  Run("SET k 2");
  NewClient().Run("SET k 1");
  EXPECT_THAT(Run("EXEC"), IsNullArray());
}

TEST_F(Watch, AChangeByTheClientItselfCounts) {
  Run("WATCH k");
  Run("SET k 1");
  Run("MULTI");
  Run("PING");
  EXPECT_THAT(Run("EXEC"), IsNullArray());
}

TEST_F(Watch, ExecEndsTheWatchWhateverItAnswers) {
  Run("WATCH k");
  NewClient().Run("SET k 1");
  Run("MULTI");
  EXPECT_THAT(Run("EXEC"), IsNullArray());
  Run("MULTI");
  Run("PING");
  EXPECT_THAT(Run("EXEC"), IsArray({IsSimple("PONG")}));
}

TEST_F(Watch, UnwatchForgetsChanges) {
  Run("WATCH k");
  NewClient().Run("SET k 1");
  EXPECT_THAT(Run("UNWATCH"), IsOk());
  Run("MULTI");
  Run("PING");
  EXPECT_THAT(Run("EXEC"), IsArray({IsSimple("PONG")}));
}

TEST_F(Watch, DiscardForgetsChanges) {
  Run("WATCH k");
  NewClient().Run("SET k 1");
  Run("MULTI");
  Run("DISCARD");
  Run("MULTI");
  Run("PING");
  EXPECT_THAT(Run("EXEC"), IsArray({IsSimple("PONG")}));
}

TEST_F(Watch, TheSameNameInAnotherDatabaseIsAnotherKey) {
  Run("WATCH k");
  TestClient& other = NewClient();
  other.Run("SELECT 1");
  other.Run("SET k 1");
  Run("MULTI");
  Run("PING");
  EXPECT_THAT(Run("EXEC"), IsArray({IsSimple("PONG")}));
}

TEST_F(Watch, DeletionOfAKeyCounts) {
  Run("SET k 1");
  Run("WATCH k");
  NewClient().Run("DEL k");
  Run("MULTI");
  EXPECT_THAT(Run("EXEC"), IsNullArray());
}

TEST_F(Watch, DeletionOfAMissingKeyDoesNotCount) {
  Run("WATCH k");
  NewClient().Run("DEL k");
  Run("MULTI");
  EXPECT_THAT(Run("EXEC"), IsEmptyArray());
}

TEST_F(Watch, AKeyThatExpiresMeanwhileCountsAsChanged) {
  Run("SET k 1 PX 20");
  Run("WATCH k");
  clock.Advance(20ms);
  Run("MULTI");
  EXPECT_THAT(Run("EXEC"), IsNullArray());
}

TEST_F(Watch, AKeyThatHadExpiredAlreadyDoesNotCount) {
  Run("SET k 1 PX 20");
  clock.Advance(20ms);
  Run("WATCH k");
  NewClient().Run("GET k");
  Run("MULTI");
  EXPECT_THAT(Run("EXEC"), IsEmptyArray());
}

TEST_F(Watch, FlushingADatabaseTouchesItsKeys) {
  Run("SET k 1");
  Run("WATCH k");
  NewClient().Run("FLUSHALL");
  Run("MULTI");
  EXPECT_THAT(Run("EXEC"), IsNullArray());
}

TEST_F(Watch, IsRefusedInside) {
  Run("MULTI");
  EXPECT_THAT(Run("WATCH k"), IsError("ERR WATCH inside MULTI is not allowed"));
  Run("PING");
  EXPECT_THAT(Run("EXEC"), IsArray({IsSimple("PONG")}));
}

TEST_F(Watch, UnwatchInsideIsQueued) {
  Run("MULTI");
  EXPECT_THAT(Run("UNWATCH"), IsSimple("QUEUED"));
  EXPECT_THAT(Run("EXEC"), IsArray({IsOk()}));
}

TEST_F(Watch, ManyClientsMayWatchOneKey) {
  std::vector<TestClient*> watchers;
  for (int i = 0; i < 5; ++i) {
    watchers.push_back(&NewClient());
    watchers.back()->Run("WATCH k");
    watchers.back()->Run("MULTI");
    watchers.back()->Run("SET k " + std::to_string(i));
  }
  EXPECT_THAT(watchers[2]->Run("EXEC"), IsArray({IsOk()}));
  for (const int i : {0, 1, 3, 4}) EXPECT_THAT(watchers[i]->Run("EXEC"), IsNullArray()) << i;
  EXPECT_THAT(Run("GET k"), IsBulk("2"));
}

}  // namespace
}  // namespace larder
