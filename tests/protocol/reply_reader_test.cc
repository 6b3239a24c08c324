#include "protocol/reply_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <string_view>

#include "protocol/reply_writer.h"

namespace larder::protocol {
namespace {

using Type = Reply::Type;

// Reads the only reply of `bytes`.
Reply Read(std::string_view bytes) {
  Reply reply;
  bool malformed = false;
  EXPECT_TRUE(ReadReply(&bytes, &reply, &malformed));
  EXPECT_FALSE(malformed);
  EXPECT_EQ(bytes, "");
  return reply;
}

TEST(ReplyReader, ReadsTheTypesOfResp2) {
  EXPECT_EQ(Read("+OK\r\n").type, Type::kSimple);
  EXPECT_EQ(Read("+OK\r\n").text, "OK");
  EXPECT_EQ(Read("-ERR x\r\n").type, Type::kError);
  EXPECT_EQ(Read("-ERR x\r\n").text, "ERR x");
  EXPECT_EQ(Read(":-12\r\n").type, Type::kInteger);
  EXPECT_EQ(Read(":-12\r\n").integer, -12);
  EXPECT_EQ(Read("$4\r\na\r\nb\r\n").type, Type::kBulk);
  EXPECT_EQ(Read("$4\r\na\r\nb\r\n").text, "a\r\nb");
  EXPECT_EQ(Read("$0\r\n\r\n").text, "");
  EXPECT_EQ(Read("$-1\r\n").type, Type::kNull);
  EXPECT_EQ(Read("*-1\r\n").type, Type::kNullArray);
  EXPECT_EQ(Read("*0\r\n").type, Type::kArray);
  const Reply array = Read("*3\r\n:1\r\n*1\r\n$1\r\nx\r\n$-1\r\n");
  ASSERT_EQ(array.items.size(), 3u);
  EXPECT_EQ(array.items[0].integer, 1);
  EXPECT_EQ(array.items[1].items.at(0).text, "x");
  EXPECT_EQ(array.items[2].type, Type::kNull);
}

TEST(ReplyReader, ReadsTheTypesOfResp3) {
  EXPECT_EQ(Read("_\r\n").type, Type::kNull);
  EXPECT_EQ(Read(",1.5\r\n").type, Type::kDouble);
  EXPECT_EQ(Read(",1e+20\r\n").number, 1e20);
  EXPECT_EQ(Read(",1.5\r\n").text, "1.5");
  EXPECT_EQ(Read(",-inf\r\n").number, -INFINITY);
  EXPECT_TRUE(std::isnan(Read(",nan\r\n").number));
  EXPECT_EQ(Read("#t\r\n").type, Type::kBoolean);
  EXPECT_EQ(Read("#t\r\n").integer, 1);
  EXPECT_EQ(Read("#f\r\n").integer, 0);
  EXPECT_EQ(Read("=6\r\ntxt:hi\r\n").type, Type::kVerbatim);
  EXPECT_EQ(Read("=6\r\ntxt:hi\r\n").text, "hi");
  EXPECT_EQ(Read("!5\r\nERR x\r\n").type, Type::kError);
  EXPECT_EQ(Read("(-123456789012345678901234567890\r\n").type, Type::kBigNumber);
  EXPECT_EQ(Read("~1\r\n:1\r\n").type, Type::kSet);
  EXPECT_EQ(Read(">1\r\n:1\r\n").type, Type::kPush);
  const Reply map = Read("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n");
  EXPECT_EQ(map.type, Type::kMap);
  EXPECT_EQ(map.items.size(), 4u);
}

TEST(ReplyReader, DoesNotCountAttributesAsItems) {
  EXPECT_EQ(Read("|1\r\n+ttl\r\n:1\r\n").type, Type::kAttribute);
  const Reply array = Read("*2\r\n:1\r\n|1\r\n+ttl\r\n:3600\r\n:2\r\n");
  ASSERT_EQ(array.items.size(), 3u);
  EXPECT_EQ(array.items[1].type, Type::kAttribute);
  EXPECT_EQ(array.items[2].integer, 2);
}

void FillWithEverything(ReplyWriter& w) {
  w.Array(12);
  w.Simple("OK");
  w.Error("ERR x");
  w.Integer(-5);
  w.Bulk("bulk");
  w.Null();
  w.NullArray();
  w.Double(0.1);
  w.Boolean(true);
  w.Verbatim("txt", "text");
  w.BigNumber("123");
  w.Map(1);
  w.Bulk("key");
  w.Set(1);
  w.Integer(1);
  w.Push(0);
}

class RoundTrip : public ::testing::TestWithParam<Version> {};

TEST_P(RoundTrip, ReadsWhatTheWriterWrote) {
  OutputBuffer out;
  ReplyWriter writer(out, GetParam());
  FillWithEverything(writer);
  const Reply reply = Read(out.tail().view());
  ASSERT_EQ(reply.items.size(), 12u);
  const bool resp3 = GetParam() == Version::kResp3;
  EXPECT_EQ(reply.items[1].text, "ERR x");
  EXPECT_EQ(reply.items[2].integer, -5);
  EXPECT_EQ(reply.items[4].type, Type::kNull);
  EXPECT_EQ(reply.items[5].type, resp3 ? Type::kNull : Type::kNullArray);
  EXPECT_EQ(reply.items[6].type, resp3 ? Type::kDouble : Type::kBulk);
  EXPECT_EQ(reply.items[6].text, "0.10000000000000001");
  EXPECT_EQ(reply.items[7].type, resp3 ? Type::kBoolean : Type::kInteger);
  EXPECT_EQ(reply.items[8].text, "text");
  EXPECT_EQ(reply.items[9].type, resp3 ? Type::kBigNumber : Type::kBulk);
  EXPECT_EQ(reply.items[10].type, resp3 ? Type::kMap : Type::kArray);
  EXPECT_EQ(reply.items[11].type, resp3 ? Type::kPush : Type::kArray);
}

TEST_P(RoundTrip, LeavesTheBytesOfAnIncompleteReply) {
  OutputBuffer out;
  ReplyWriter writer(out, GetParam());
  FillWithEverything(writer);
  const std::string_view all = out.tail().view();
  for (size_t length = 0; length < all.size(); ++length) {
    std::string_view bytes = all.substr(0, length);
    Reply reply;
    bool malformed = true;
    EXPECT_FALSE(ReadReply(&bytes, &reply, &malformed));
    EXPECT_FALSE(malformed) << length;
    EXPECT_EQ(bytes.size(), length);
  }
}

INSTANTIATE_TEST_SUITE_P(BothVersions, RoundTrip,
                         ::testing::Values(Version::kResp2, Version::kResp3));

TEST(ReplyReader, ReadsOneReplyAtATime) {
  std::string_view bytes = "+a\r\n+b\r\n+";
  Reply reply;
  bool malformed = false;
  EXPECT_TRUE(ReadReply(&bytes, &reply, &malformed));
  EXPECT_EQ(reply.text, "a");
  EXPECT_TRUE(ReadReply(&bytes, &reply, &malformed));
  EXPECT_EQ(reply.text, "b");
  EXPECT_FALSE(ReadReply(&bytes, &reply, &malformed));
  EXPECT_EQ(bytes, "+");
}

TEST(ReplyReader, RefusesMalformedReplies) {
  for (const std::string_view text : {"x",
                                      "\r\n",
                                      "+a\n",
                                      "\n",
                                      ":\r\n",
                                      ":1x\r\n",
                                      ":9223372036854775808\r\n",
                                      "$x\r\n",
                                      "$-2\r\n",
                                      "$1\r\nabc",
                                      "$1\r\na\n\r",
                                      "*-2\r\n",
                                      "*x\r\n",
                                      "%-1\r\n",
                                      "~-1\r\n",
                                      "%9223372036854775807\r\n",
                                      "*1\r\nx",
                                      "_x\r\n",
                                      "#x\r\n",
                                      "#\r\n",
                                      ",\r\n",
                                      ",1.5x\r\n",
                                      "(\r\n",
                                      "(1.5\r\n",
                                      "=3\r\nabc\r\n",
                                      "=5\r\nabcde\r\n",
                                      "=-1\r\n",
                                      "!-1\r\n"}) {
    std::string_view bytes = text;
    Reply reply;
    bool malformed = false;
    EXPECT_FALSE(ReadReply(&bytes, &reply, &malformed)) << text;
    EXPECT_TRUE(malformed) << text;
    EXPECT_EQ(bytes, text);
  }
}

TEST(ReplyReader, RefusesDeepNesting) {
  const auto nested = [](int depth) {
    std::string bytes;
    for (int i = 1; i < depth; ++i) bytes += "*1\r\n";
    return bytes + ":1\r\n";
  };
  Read(nested(kReplyDepthMax));
  const std::string deep = nested(kReplyDepthMax + 1);
  std::string_view bytes = deep;
  Reply reply;
  bool malformed = false;
  EXPECT_FALSE(ReadReply(&bytes, &reply, &malformed));
  EXPECT_TRUE(malformed);
}

TEST(ReplyReader, TrustsNoClaimedLength) {
  std::string_view bytes = "*1000000000000\r\n:1\r\n";
  Reply reply;
  bool malformed = false;
  EXPECT_FALSE(ReadReply(&bytes, &reply, &malformed));
  EXPECT_FALSE(malformed);
}

}  // namespace
}  // namespace larder::protocol
