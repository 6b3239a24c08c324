#include <cmath>
#include <string>
#include <vector>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

class HyperLogLogCommands : public CommandFixture {
 protected:
  void AddMany(const std::string& key, int first, int last) {
    std::vector<std::string> request = {"PFADD", key};
    for (int i = first; i <= last; ++i) request.push_back("element:" + std::to_string(i));
    client().RunArgs(request);
  }
  static void ExpectAbout(const protocol::Reply& reply, double expected) {
    EXPECT_NEAR(static_cast<double>(reply.integer), expected, expected * 0.04);
  }
};

TEST_F(HyperLogLogCommands, AddCountAndMerge) {
  EXPECT_THAT(Run("PFADD a x y z x"), IsInteger(1));
  EXPECT_THAT(Run("PFADD a x"), IsInteger(0));
  EXPECT_THAT(Run("PFCOUNT a"), IsInteger(3));
  EXPECT_THAT(Run("PFADD b z w"), IsInteger(1));
  EXPECT_THAT(Run("PFCOUNT a b none"), IsInteger(4));
  EXPECT_THAT(Run("PFMERGE c a b"), IsOk());
  EXPECT_THAT(Run("PFCOUNT c"), IsInteger(4));
  EXPECT_THAT(Run("PFADD empty"), IsInteger(1));
  EXPECT_THAT(Run("PFADD empty"), IsInteger(0));
  EXPECT_THAT(Run("PFCOUNT empty"), IsInteger(0));
  EXPECT_THAT(Run("PFCOUNT none"), IsInteger(0));
  EXPECT_THAT(Run("TYPE a"), IsSimple("string"));
}

TEST_F(HyperLogLogCommands, TheRepresentationIsThatOfRedis) {
  Run("PFADD k");
  EXPECT_EQ(Run("GET k").text, std::string("HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff", 18));
  Run("PFADD k a b c");
  EXPECT_THAT(Run("PFDEBUG DECODE k"), IsBulk("Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603"));
  Run("PFCOUNT k");
  EXPECT_EQ(Run("GETRANGE k 8 15").text, std::string("\x03\0\0\0\0\0\0\0", 8));
}

TEST_F(HyperLogLogCommands, EstimatesManyElements) {
  for (const int count : {100, 1000, 20000}) {
    const std::string key = "k" + std::to_string(count);
    AddMany(key, 1, count);
    ExpectAbout(Run("PFCOUNT " + key), count);
  }
  EXPECT_THAT(Run("PFDEBUG ENCODING k100"), IsSimple("sparse"));
  EXPECT_THAT(Run("PFDEBUG ENCODING k20000"), IsSimple("dense"));
  EXPECT_THAT(Run("STRLEN k20000"), IsInteger(12304));
  ExpectAbout(Run("PFCOUNT k100 k1000 k20000"), 20000);
  Run("PFMERGE merged k100 k20000");
  EXPECT_EQ(Run("PFCOUNT merged").integer, Run("PFCOUNT k20000").integer);
}

TEST_F(HyperLogLogCommands, SparseAndDenseAgree) {
  AddMany("sparse", 1, 500);
  Run("COPY sparse dense");
  EXPECT_THAT(Run("PFDEBUG TODENSE dense"), IsInteger(1));
  EXPECT_THAT(Run("PFDEBUG TODENSE dense"), IsInteger(0));
  AddMany("sparse", 400, 700);
  AddMany("dense", 400, 700);
  EXPECT_EQ(Run("PFCOUNT sparse").integer, Run("PFCOUNT dense").integer);
  EXPECT_THAT(Run("PFDEBUG DECODE dense"), IsError("ERR HLL encoding is not sparse"));
  EXPECT_EQ(Run("PFDEBUG GETREG sparse").items.size(), 16384u);
}

TEST_F(HyperLogLogCommands, TheSparseSizeIsAnOption) {
  Run("CONFIG SET hll-sparse-max-bytes 0");
  Run("PFADD k a");
  EXPECT_THAT(Run("PFDEBUG ENCODING k"), IsSimple("dense"));
}

TEST_F(HyperLogLogCommands, OtherStringsAreRefused) {
  const char kNotOne[] = "WRONGTYPE Key is not a valid HyperLogLog string value.";
  Run("SET k hello");
  RunArgs({"SET", "odd", std::string("HYLL\x02", 5) + std::string(11, '\0')});
  RunArgs({"SET", "short", std::string("HYLL\0", 5) + std::string(100, '\0')});
  for (const char* key : {"k", "odd", "short"}) {
    for (const char* line : {"PFADD $ x", "PFCOUNT $", "PFCOUNT none $", "PFMERGE d $",
                             "PFMERGE $ none", "PFDEBUG ENCODING $"}) {
      std::string command = line;
      command.replace(command.find('$'), 1, key);
      EXPECT_THAT(Run(command), IsError(kNotOne)) << command;
    }
  }
  EXPECT_THAT(Run("PFDEBUG ENCODING none"), IsError("ERR The specified key does not exist"));
}

TEST_F(HyperLogLogCommands, CorruptOnesAreNoticed) {
  const char kCorrupt[] = "INVALIDOBJ Corrupted HLL object detected";
  const std::string header("HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80", 16);
  const std::vector<std::string> bodies = {"",
                                           "\x7f",
                                           std::string("\x00", 1),
                                           "\x7f\xff\x7f\xff",
                                           std::string(3000, '\xff'),
                                           std::string("\x7f\xfe", 2)};
  for (const std::string& body : bodies) {
    RunArgs({"SET", "k", header + body});
    EXPECT_THAT(Run("PFCOUNT k"), IsError(kCorrupt));
    EXPECT_THAT(Run("PFCOUNT k none"), IsError(kCorrupt));
    EXPECT_THAT(Run("PFMERGE d k"), IsError(kCorrupt));
    EXPECT_THAT(Run("PFDEBUG TODENSE k"), IsError(kCorrupt));
    Run("PFADD k a b c d e f g h i j k l m n o p");  // whatever it answers, nothing breaks
    Run("PFDEBUG DECODE k");
  }
}

TEST_F(HyperLogLogCommands, PfselftestPasses) { EXPECT_THAT(Run("PFSELFTEST"), IsOk()); }

using HyperLogLogEvents = EventFixture;

TEST_F(HyperLogLogEvents, FollowTheChange) {
  EXPECT_EQ(EventsOf("PFADD k a"), "new k\npfadd k\n");
  EXPECT_EQ(EventsOf("PFADD k a"), "");
  EXPECT_EQ(EventsOf("PFMERGE d k"), "keymiss d\nnew d\npfadd d\n");
}

}  // namespace
}  // namespace larder
