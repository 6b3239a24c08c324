#include "protocol/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/protocol/parse_transcript.h"

namespace larder::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::string_literals;

std::vector<std::string> Parse(std::string_view bytes, const ParserLimits& limits = {}) {
  return ParseInPieces(bytes, {}, limits).lines;
}

// The bytes one by one (of long inputs some at once), so that the careful path reads them.
std::vector<std::string> ParseByteByByte(std::string_view bytes, const ParserLimits& limits = {}) {
  std::vector<size_t> cuts;
  const size_t step = 1 + bytes.size() / 1000;
  for (size_t cut = 0; cut < bytes.size(); cut += step) cuts.push_back(cut);
  return ParseInPieces(bytes, cuts, limits).lines;
}

TEST(RequestParser, ReadsAnArrayOfBulkStrings) {
  EXPECT_THAT(Parse("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\na\r\nbc\r\n"),
              ElementsAre("0:[SET][k][a\r\nbc]"));
}

TEST(RequestParser, ReadsBinaryAndEmptyArguments) {
  EXPECT_THAT(Parse("*3\r\n$0\r\n\r\n$2\r\n\0\n\r\n$0\r\n\r\n"s), ElementsAre("0:[][\0\n][]"s));
}

TEST(RequestParser, ReadsEveryRequestOfAPipeline) {
  std::string bytes;
  std::vector<std::string> requests;
  for (int i = 0; i < 64; ++i) {
    requests.push_back(std::to_string(bytes.size()) + ":[GET][kk]");
    bytes += "*2\r\n$3\r\nGET\r\n$2\r\nkk\r\n";
  }
  EXPECT_EQ(Parse(bytes), requests);
}

TEST(RequestParser, KeepsTheViewsOfAPipelineValidTogether) {
  const std::string bytes = "PING 'a b'\r\nPING \"c\"\r\n*1\r\n$4\r\nPING\r\n";
  RequestParser parser;
  parser.Feed(bytes);
  std::vector<Request> requests(3);
  for (Request& request : requests) ASSERT_EQ(parser.Next(&request), ParseResult::kRequest);
  EXPECT_THAT(requests[0].args, ElementsAre("PING", "a b"));
  EXPECT_THAT(requests[1].args, ElementsAre("PING", "c"));
  EXPECT_THAT(requests[2].args, ElementsAre("PING"));
  EXPECT_EQ(parser.TakeConsumed(), bytes.size());
}

TEST(RequestParser, GivesTheSameRequestsForEverySplit) {
  const std::string bytes =
      "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
      "\r\n\n*0\r\n*-10\r\n"
      "PING  hello\r\n"
      "SET 'a b' \"\\x41\\n\"\n"
      "*12\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n$1\r\ne\r\n$1\r\nf\r\n$1\r\ng\r\n$"
      "1\r\nh\r\n"
      "$1\r\ni\r\n$0\r\n\r\n$10\r\n0123456789\r\n$2\r\n\r\n\r\n"
      "*1\r\n$4\r\nQUIT\r\n"
      "*1\r\n$x\r\n";
  const std::vector<std::string> whole = Parse(bytes);
  ASSERT_THAT(whole, ElementsAre("0:[GET][k]", "33:[PING][hello]", "46:[SET][a b][A\n]",
                                 "65:[a][b][c][d][e][f][g][h][i][][0123456789][\r\n]", "164:[QUIT]",
                                 "invalid bulk length"));
  EXPECT_EQ(ParseByteByByte(bytes), whole);
  for (size_t first = 0; first <= bytes.size(); ++first) {
    for (size_t second = first; second <= bytes.size(); ++second) {
      ASSERT_EQ(ParseInPieces(bytes, {first, second}, {}, second % 2 == 0).lines, whole)
          << first << ' ' << second;
    }
  }
}

struct BadInput {
  std::string bytes;
  std::string error;
};

class BadInputs : public ::testing::TestWithParam<BadInput> {};

TEST_P(BadInputs, AreRefusedWithRedissText) {
  EXPECT_THAT(Parse(GetParam().bytes), ElementsAre(GetParam().error));
  EXPECT_THAT(ParseByteByByte(GetParam().bytes), ElementsAre(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Hardening, BadInputs,
    ::testing::Values(BadInput{"*3000000000\r\n", "invalid multibulk length"},
                      BadInput{"*2147483648\r\n", "invalid multibulk length"},
                      BadInput{"*99999999999999999999\r\n", "invalid multibulk length"},
                      BadInput{"*\r\n", "invalid multibulk length"},
                      BadInput{"*-0\r\n", "invalid multibulk length"},
                      BadInput{"*01\r\n", "invalid multibulk length"},
                      BadInput{"*+1\r\n", "invalid multibulk length"},
                      BadInput{"* 1\r\n", "invalid multibulk length"},
                      BadInput{"*1x\r\n", "invalid multibulk length"},
                      BadInput{"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", "expected '$', got 'f'"},
                      BadInput{"*1\r\n\r\n", "expected '$', got '\r'"},
                      BadInput{"*1\r\n$-10\r\n", "invalid bulk length"},
                      BadInput{"*1\r\n$2000000000\r\n", "invalid bulk length"},
                      BadInput{"*1\r\n$536870913\r\n", "invalid bulk length"},
                      BadInput{"*1\r\n$blabla\r\n", "invalid bulk length"},
                      BadInput{"*1\r\n$\r\n", "invalid bulk length"},
                      BadInput{"*1\r\n$04\r\nPING\r\n", "invalid bulk length"},
                      BadInput{"*1\r\n$4\r\nPINGxx\r\n", "expected CRLF after bulk"},
                      BadInput{"*1\r\n$4\r\nPING\rx\r\n", "expected CRLF after bulk"},
                      BadInput{"*" + std::string(70000, '1'), "too big mbulk count string"},
                      BadInput{"*" + std::string(70000, '1') + "\r\n",
                               "too big mbulk count string"},
                      BadInput{"*1\r\n$" + std::string(70000, '1'), "too big bulk count string"},
                      BadInput{"*1\r\nf" + std::string(70000, '1'), "too big bulk count string"},
                      BadInput{std::string(70000, 'a'), "too big inline request"},
                      BadInput{std::string(70000, 'a') + "\n", "too big inline request"},
                      BadInput{"SET \"k v\r\n", "unbalanced quotes in request"},
                      BadInput{"SET 'k'v\r\n", "unbalanced quotes in request"},
                      BadInput{"POST / HTTP/1.1\r\nHost: x\r\n", "possible cross-protocol attack"},
                      BadInput{"host: localhost\r\n", "possible cross-protocol attack"},
                      BadInput{"*1\r\n$4\r\npOsT\r\n", "possible cross-protocol attack"}));

TEST(RequestParser, SkipsEmptyRequests) {
  EXPECT_THAT(Parse("\r\n\n   \r\n*0\r\n*-10\r\n*-1\r\nPING\r\n"), ElementsAre("23:[PING]"));
  EXPECT_EQ(ParseInPieces("\r\n*0\r\n*-10\r\n", {}).consumed, 12u);
}

TEST(RequestParser, TakesTheLongestInlineRequest) {
  const std::string word(kInlineRequestBytesMax, 'a');
  EXPECT_THAT(Parse(word + "\n"), ElementsAre("0:[" + word + "]"));
  EXPECT_THAT(Parse(word + "a\n"), ElementsAre("too big inline request"));
}

TEST(RequestParser, IgnoresTheByteAfterTheCarriageReturnOfALengthAsRedisDoes) {
  EXPECT_THAT(Parse("*1\rX$4\rYPING\r\n"), ElementsAre("0:[PING]"));
}

TEST(RequestParser, StaysInErrorOnceInError) {
  RequestParser parser;
  Request request;
  parser.Feed("*x\r\n*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(parser.Next(&request), ParseResult::kError);
  EXPECT_EQ(parser.Next(&request), ParseResult::kError);
  EXPECT_EQ(parser.error(), "invalid multibulk length");
  EXPECT_FALSE(parser.cross_protocol());
  EXPECT_EQ(parser.TakeConsumed(), 0u);
}

TEST(RequestParser, TellsTheSignsOfACrossProtocolAttack) {
  RequestParser parser;
  Request request;
  parser.Feed("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(parser.Next(&request), ParseResult::kRequest);
  EXPECT_EQ(parser.Next(&request), ParseResult::kError);
  EXPECT_TRUE(parser.cross_protocol());
}

TEST(RequestParser, LimitsClientsThatHaveNotLoggedIn) {
  const ParserLimits limits = {.authenticated = false};
  EXPECT_THAT(Parse("*11\r\n", limits), ElementsAre("unauthenticated multibulk length"));
  EXPECT_THAT(ParseByteByByte("*11\r\n", limits), ElementsAre("unauthenticated multibulk length"));
  EXPECT_THAT(Parse("*3000000000\r\n", limits), ElementsAre("invalid multibulk length"));
  EXPECT_THAT(Parse("*2\r\n$16385\r\n", limits), ElementsAre("unauthenticated bulk length"));
  EXPECT_THAT(Parse("*2\r\n$536870913\r\n", limits), ElementsAre("invalid bulk length"));
  EXPECT_THAT(Parse("*10\r\n$16384\r\n", limits), IsEmpty());
}

TEST(RequestParser, LiftsTheLimitsAtLoginInTheMiddleOfAPipeline) {
  RequestParser parser;
  parser.limits.authenticated = false;
  Request request;
  parser.Feed("AUTH x\r\n*11\r\n");
  EXPECT_EQ(parser.Next(&request), ParseResult::kRequest);
  parser.limits.authenticated = true;
  EXPECT_EQ(parser.Next(&request), ParseResult::kMore);
}

TEST(RequestParser, KeepsToTheConfiguredBulkLimit) {
  const ParserLimits limits = {.bulk_bytes_max = 1024 * 1024};
  EXPECT_THAT(Parse("*1\r\n$1048576\r\n", limits), IsEmpty());
  EXPECT_THAT(Parse("*1\r\n$1048577\r\n", limits), ElementsAre("invalid bulk length"));
}

TEST(RequestParser, SaysHowManyBytesAnArgumentStillNeeds) {
  std::string bytes = "*2\r\n$3\r\nGET\r\n$100000";
  RequestParser parser;
  Request request;
  const auto feed = [&](std::string_view more) {
    bytes += more;
    parser.Feed(bytes);
    return parser.Next(&request);
  };
  EXPECT_EQ(feed(""), ParseResult::kMore);
  EXPECT_EQ(parser.bytes_wanted(), 0u);
  EXPECT_EQ(feed("\r\n"), ParseResult::kMore);
  EXPECT_EQ(parser.bytes_wanted(), 100002u);
  EXPECT_EQ(feed(std::string(60000, 'x')), ParseResult::kMore);
  EXPECT_EQ(parser.bytes_wanted(), 40002u);
  EXPECT_EQ(feed(std::string(40001, '\r')), ParseResult::kMore);
  EXPECT_EQ(parser.bytes_wanted(), 1u);
  EXPECT_EQ(feed("\n"), ParseResult::kRequest);
  EXPECT_EQ(parser.bytes_wanted(), 0u);
  EXPECT_EQ(request.args[1].size(), 100000u);
}

TEST(RequestParser, AllocatesOnlyForArgumentsThatCame) {
  RequestParser parser;
  Request request;
  parser.Feed("*2147483647\r\n$1\r\na\r\n");
  EXPECT_EQ(parser.Next(&request), ParseResult::kMore);
  EXPECT_LT(parser.memory_bytes(), 4096u);
  EXPECT_LT(request.args.capacity(), 64u);
}

TEST(RequestParser, ReadsManyArgumentsInPieces) {
  constexpr int kArguments = 20000;
  std::string bytes = "*" + std::to_string(kArguments) + "\r\n";
  for (int i = 0; i < kArguments; ++i) bytes += "$1\r\n" + std::to_string(i % 10) + "\r\n";
  std::vector<size_t> cuts;
  for (size_t cut = 1000; cut < bytes.size(); cut += 1000) cuts.push_back(cut);
  EXPECT_EQ(ParseInPieces(bytes, cuts).lines, Parse(bytes));
}

}  // namespace
}  // namespace larder::protocol
