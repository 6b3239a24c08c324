#include "protocol/reply_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace larder::protocol {
namespace {

using namespace std::string_literals;

std::string Write(Version version, const std::function<void(ReplyWriter&)>& fill) {
  OutputBuffer out;
  ReplyWriter writer(out, version);
  fill(writer);
  return std::string(out.tail().view());
}

// Expects `resp2` and `resp3` of the same calls.
void ExpectBoth(std::string_view resp2, std::string_view resp3,
                const std::function<void(ReplyWriter&)>& fill) {
  EXPECT_EQ(Write(Version::kResp2, fill), resp2);
  EXPECT_EQ(Write(Version::kResp3, fill), resp3);
}

void ExpectSame(std::string_view bytes, const std::function<void(ReplyWriter&)>& fill) {
  ExpectBoth(bytes, bytes, fill);
}

TEST(ReplyWriter, WritesWhatIsTheSameInBothVersions) {
  ExpectSame("+OK\r\n", [](ReplyWriter& w) { w.Ok(); });
  ExpectSame("+PONG\r\n", [](ReplyWriter& w) { w.Simple("PONG"); });
  ExpectSame("-ERR no\r\n", [](ReplyWriter& w) { w.Error("ERR no"); });
  ExpectSame(":0\r\n", [](ReplyWriter& w) { w.Integer(0); });
  ExpectSame(":10\r\n", [](ReplyWriter& w) { w.Integer(10); });
  ExpectSame(":-9223372036854775808\r\n", [](ReplyWriter& w) { w.Integer(INT64_MIN); });
  ExpectSame(":9223372036854775807\r\n", [](ReplyWriter& w) { w.Integer(INT64_MAX); });
  ExpectSame("$0\r\n\r\n", [](ReplyWriter& w) { w.Bulk(""); });
  ExpectSame("$3\r\na\0\n\r\n"s, [](ReplyWriter& w) { w.Bulk("a\0\n"s); });
  ExpectSame("$2\r\n-7\r\n", [](ReplyWriter& w) { w.BulkInteger(-7); });
  ExpectSame("*0\r\n", [](ReplyWriter& w) { w.Array(0); });
  ExpectSame("*12\r\n", [](ReplyWriter& w) { w.Array(12); });
}

TEST(ReplyWriter, WritesBulksOfEveryLength) {
  for (const size_t bytes : {1, 9, 10, 99, 100, 511, 512, 513, 1000, 16384, 100000}) {
    const std::string text(bytes, 'x');
    ExpectSame("$" + std::to_string(bytes) + "\r\n" + text + "\r\n",
               [&](ReplyWriter& w) { w.Bulk(text); });
  }
}

TEST(ReplyWriter, WritesWhatDiffersBetweenTheVersions) {
  ExpectBoth("$-1\r\n", "_\r\n", [](ReplyWriter& w) { w.Null(); });
  ExpectBoth("*-1\r\n", "_\r\n", [](ReplyWriter& w) { w.NullArray(); });
  ExpectBoth("*3\r\n", "~3\r\n", [](ReplyWriter& w) { w.Set(3); });
  ExpectBoth("*6\r\n", "%3\r\n", [](ReplyWriter& w) { w.Map(3); });
  ExpectBoth("*3\r\n", ">3\r\n", [](ReplyWriter& w) { w.Push(3); });
  ExpectBoth("*2\r\n", "|1\r\n", [](ReplyWriter& w) { w.Attribute(1); });
  ExpectBoth(":1\r\n", "#t\r\n", [](ReplyWriter& w) { w.Boolean(true); });
  ExpectBoth(":0\r\n", "#f\r\n", [](ReplyWriter& w) { w.Boolean(false); });
  ExpectBoth("$3\r\n1.5\r\n", ",1.5\r\n", [](ReplyWriter& w) { w.Double(1.5); });
  ExpectBoth("$4\r\n-inf\r\n", ",-inf\r\n", [](ReplyWriter& w) { w.Double(-INFINITY); });
  ExpectBoth("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n", [](ReplyWriter& w) { w.Verbatim("txt", "hi"); });
  ExpectBoth("$2\r\nhi\r\n", "=6\r\nm  :hi\r\n", [](ReplyWriter& w) { w.Verbatim("m", "hi"); });
  ExpectBoth("$3\r\n-12\r\n", "(-12\r\n", [](ReplyWriter& w) { w.BigNumber("-12"); });
}

TEST(ReplyWriter, KeepsErrorsAndStatusesOnOneLine) {
  ExpectSame("-ERR a  b c\r\n", [](ReplyWriter& w) { w.Error("ERR a\r\nb\0c"s); });
  ExpectSame("-ERR a\r\n", [](ReplyWriter& w) { w.Error("\r\nERR a\r\n"); });
  ExpectSame("-\r\n", [](ReplyWriter& w) { w.Error("\r\n"); });
  ExpectSame("-\r\n", [](ReplyWriter& w) { w.Error(""); });
  ExpectSame("+a  b\r\n", [](ReplyWriter& w) { w.Simple("a\r\nb"); });
}

TEST(ReplyWriter, FillsInLengthsAfterwards) {
  ExpectBoth("*2\r\n:1\r\n:2\r\n", "*2\r\n:1\r\n:2\r\n", [](ReplyWriter& w) {
    const auto mark = w.ArrayLater();
    w.Integer(1);
    w.Integer(2);
    w.Finish(mark, 2);
  });
  ExpectBoth("*0\r\n", "~0\r\n", [](ReplyWriter& w) { w.Finish(w.SetLater(), 0); });
  ExpectBoth("*10\r\n", "%5\r\n", [](ReplyWriter& w) { w.Finish(w.MapLater(), 5); });
}

TEST(ReplyWriter, NestsLaterLengths) {
  const auto fill = [](ReplyWriter& w) {
    w.Simple("before");
    const auto outer = w.ArrayLater();
    for (int i = 0; i < 11; ++i) {
      const auto inner = w.MapLater();
      for (int pair = 0; pair < i; ++pair) {
        w.Integer(pair);
        w.Bulk("v");
      }
      w.Finish(inner, i);
    }
    w.Finish(outer, 11);
    w.Simple("after");
  };
  std::string resp3 = "+before\r\n*11\r\n";
  for (int i = 0; i < 11; ++i) {
    resp3 += "%" + std::to_string(i) + "\r\n";
    for (int pair = 0; pair < i; ++pair) resp3 += ":" + std::to_string(pair) + "\r\n$1\r\nv\r\n";
  }
  EXPECT_EQ(Write(Version::kResp3, fill), resp3 + "+after\r\n");
}

class PinnedBulk : public ::testing::Test {
 protected:
  Pin pin() {
    return {&released_, [](void* released) { ++*static_cast<int*>(released); }};
  }

  OutputBuffer out_;
  ReplyWriter writer_{out_};
  int released_ = 0;
};

TEST_F(PinnedBulk, IsSentFromWhereItIsWhenLarge) {
  const std::string large(kPinnedBytesMin, 'x');
  writer_.BulkPinned(large, pin());
  EXPECT_EQ(released_, 0);
  EXPECT_LT(out_.memory_bytes(), 1024u);
  EXPECT_EQ(out_.size(), large.size() + std::strlen("$16384\r\n\r\n"));
  iovec vectors[4];
  ASSERT_EQ(out_.Gather(vectors, 4), 3);
  EXPECT_EQ(vectors[1].iov_base, large.data());
  out_.Consume(out_.size());
  EXPECT_EQ(released_, 1);
}

TEST_F(PinnedBulk, IsCopiedWhenSmall) {
  writer_.BulkPinned("small", pin());
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(out_.tail().view(), "$5\r\nsmall\r\n");
}

TEST_F(PinnedBulk, IsCopiedWithinAnOpenAggregate) {
  const std::string large(kPinnedBytesMin, 'x');
  const auto mark = writer_.ArrayLater();
  writer_.BulkPinned(large, pin());
  writer_.Finish(mark, 1);
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(out_.tail().view(), "*1\r\n$16384\r\n" + large + "\r\n");
}

std::string Format(double value) {
  char text[40];
  return {text, FormatDouble(value, text)};
}

TEST(FormatDouble, PrintsAsRedis7Does) {
  EXPECT_EQ(Format(0), "0");
  EXPECT_EQ(Format(-0.0), "-0");
  EXPECT_EQ(Format(3), "3");
  EXPECT_EQ(Format(-17), "-17");
  EXPECT_EQ(Format(3.1), "3.1000000000000001");
  EXPECT_EQ(Format(0.5), "0.5");
  EXPECT_EQ(Format(1e16), "10000000000000000");
  EXPECT_EQ(Format(1e17), "1e+17");
  EXPECT_EQ(Format(99999999999999984.0), "99999999999999984");
  EXPECT_EQ(Format(1e20), "1e+20");
  EXPECT_EQ(Format(1e-5), "1.0000000000000001e-05");
  EXPECT_EQ(Format(5e-324), "4.9406564584124654e-324");
  EXPECT_EQ(Format(-1.7976931348623157e308), "-1.7976931348623157e+308");
  EXPECT_EQ(Format(INFINITY), "inf");
  EXPECT_EQ(Format(-INFINITY), "-inf");
  EXPECT_EQ(Format(NAN), "nan");
  EXPECT_EQ(Format(-NAN), "nan");
}

TEST(FormatDouble, EqualsPrintfForRandomValues) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    const uint64_t bits = random();
    double value;
    if (i % 2 == 0) {
      std::memcpy(&value, &bits, sizeof(value));
      if (std::isnan(value)) continue;
    } else {
      value =
          static_cast<double>(static_cast<int64_t>(bits) >> (bits % 64)) / (i % 3 == 0 ? 1 : 100);
    }
    char expected[64];
    std::snprintf(expected, sizeof(expected), "%.17g", value);
    ASSERT_EQ(Format(value), expected);
  }
}

}  // namespace
}  // namespace larder::protocol
