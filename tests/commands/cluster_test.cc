// CLUSTER and replication, as a server alone answers.
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

class ClusterCommands : public CommandFixture {};

TEST_F(ClusterCommands, SayThatThereIsNoCluster) {
  for (const char* line : {"CLUSTER INFO",
                           "CLUSTER NODES",
                           "CLUSTER SLOTS",
                           "CLUSTER SHARDS",
                           "CLUSTER MYID",
                           "CLUSTER KEYSLOT a",
                           "CLUSTER COUNTKEYSINSLOT 1",
                           "CLUSTER GETKEYSINSLOT 1 1",
                           "CLUSTER LINKS",
                           "CLUSTER HELP",
                           "CLUSTER RESET",
                           "CLUSTER MEET 127.0.0.1 7000",
                           "CLUSTER ADDSLOTS 1",
                           "CLUSTER ADDSLOTSRANGE 1 2",
                           "CLUSTER DELSLOTS 1",
                           "CLUSTER DELSLOTSRANGE 1 2",
                           "CLUSTER FLUSHSLOTS",
                           "CLUSTER BUMPEPOCH",
                           "CLUSTER SET-CONFIG-EPOCH 1",
                           "CLUSTER FORGET a",
                           "CLUSTER REPLICATE a",
                           "CLUSTER REPLICAS a",
                           "CLUSTER SLAVES a",
                           "CLUSTER COUNT-FAILURE-REPORTS a",
                           "CLUSTER SAVECONFIG",
                           "CLUSTER FAILOVER",
                           "CLUSTER SETSLOT 1 STABLE",
                           "READONLY",
                           "READWRITE",
                           "ASKING"}) {
    EXPECT_THAT(Run(line), IsError("ERR This instance has cluster support disabled")) << line;
  }
}

TEST_F(ClusterCommands, UnknownOnesAreUnknown) {
  EXPECT_THAT(Run("CLUSTER FOO"), IsError("ERR unknown subcommand 'FOO'. Try CLUSTER HELP."));
  EXPECT_THAT(Run("CLUSTER KEYSLOT"),
              IsError("ERR wrong number of arguments for 'cluster|keyslot' command"));
  EXPECT_THAT(Run("SENTINEL MASTERS"),
              IsError("ERR unknown command 'SENTINEL', with args beginning with: 'MASTERS' "));
}

class ReplicationCommands : public CommandFixture {};

TEST_F(ReplicationCommands, NobodyHasToBeWaitedFor) {
  EXPECT_THAT(Run("WAIT 0 0"), IsInteger(0));
  EXPECT_THAT(Run("WAIT 3 1000"), IsInteger(0));
  EXPECT_THAT(Run("WAIT x 1"), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("WAIT 1 x"), IsError("ERR timeout is not an integer or out of range"));
  EXPECT_THAT(Run("WAIT 1 -1"), IsError("ERR timeout is negative"));
  EXPECT_THAT(Run("WAITAOF 0 1 0"), IsArray({IsInteger(0), IsInteger(0)}));
  EXPECT_THAT(Run("WAITAOF 1 0 0"),
              IsError("ERR WAITAOF cannot be used when numlocal is set but appendonly is "
                      "disabled."));
  EXPECT_THAT(Run("WAITAOF 2 0 0"),
              IsError("ERR value is out of range, value must between 0 and 1"));
}

TEST_F(ReplicationCommands, TheServerStaysAMaster) {
  EXPECT_THAT(Run("REPLICAOF NO ONE"), IsOk());
  EXPECT_THAT(Run("SLAVEOF no one"), IsOk());
  EXPECT_THAT(Run("REPLICAOF host x"), IsError("ERR Invalid master port"));
  EXPECT_EQ(Run("REPLICAOF 127.0.0.1 6379").type, protocol::Reply::Type::kError);
  EXPECT_THAT(Run("ROLE").items.at(0), IsBulk("master"));
}

TEST_F(ReplicationCommands, FailoverNeedsReplicas) {
  EXPECT_THAT(Run("FAILOVER"), IsError("ERR FAILOVER requires connected replicas."));
  EXPECT_THAT(Run("FAILOVER TO host 6379 FORCE TIMEOUT 100"),
              IsError("ERR FAILOVER requires connected replicas."));
  EXPECT_THAT(Run("FAILOVER ABORT"), IsError("ERR No failover in progress."));
  EXPECT_THAT(Run("FAILOVER TIMEOUT 0"), IsError("ERR FAILOVER timeout must be greater than 0"));
  EXPECT_THAT(Run("FAILOVER FOO"), IsError("ERR syntax error"));
}

TEST_F(ReplicationCommands, ReplicasAreTurnedAway) {
  EXPECT_THAT(Run("REPLCONF listening-port 6380"), IsOk());
  EXPECT_THAT(Run("REPLCONF capa psync2 ip-address 127.0.0.1"), IsOk());
  EXPECT_THAT(Run("REPLCONF foo bar"), IsError("ERR Unrecognized REPLCONF option: foo"));
  EXPECT_THAT(Run("REPLCONF foo"), IsError("ERR syntax error"));
  EXPECT_EQ(Run("PSYNC ? -1").type, protocol::Reply::Type::kError);
  EXPECT_EQ(Run("SYNC").type, protocol::Reply::Type::kError);
}

}  // namespace
}  // namespace larder
