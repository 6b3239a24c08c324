#include "server/admin/request_frame.h"

#include <gtest/gtest.h>

#include <string>

namespace larder::admin {
namespace {

using State = RequestFrame::State;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

int StatusOf(const std::string& bytes) {
  const RequestFrame frame = FindRequest(bytes);
  EXPECT_EQ(frame.state, State::kRefused);
  return frame.status;
}

std::string WithHeader(const std::string& header) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + header + "\r\n\r\n";
}

TEST(RequestFrame, EndsAfterTheBlankLine) {
  const RequestFrame frame = FindRequest(kGet + "GET /next");
  EXPECT_EQ(frame.state, State::kComplete);
  EXPECT_EQ(frame.bytes, kGet.size());
}

TEST(RequestFrame, IsIncompleteAtEveryEarlierByte) {
  const std::string request = WithHeader("Content-Length: 3") + "abc";
  for (size_t i = 0; i < request.size(); ++i) {
    EXPECT_EQ(FindRequest(request.substr(0, i)).state, State::kIncomplete) << i;
  }
  EXPECT_EQ(FindRequest(request).bytes, request.size());
}

TEST(RequestFrame, NeedsNoHeaders) {
  EXPECT_EQ(FindRequest("GET / HTTP/1.0\r\n\r\n").state, State::kComplete);
  EXPECT_EQ(FindRequest("\r\n\r\n").state, State::kComplete);
}

TEST(RequestFrame, RefusesWhatItCannotMeasure) {
  EXPECT_EQ(StatusOf(WithHeader("Transfer-Encoding: chunked")), 411);
  EXPECT_EQ(StatusOf(WithHeader("content-encoding: gzip")), 415);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length: 1\r\nContent-Length: 2")), 400);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length: -1")), 400);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length: 1x")), 400);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length:")), 400);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length: 99999999999999999999")), 400);
  EXPECT_EQ(StatusOf(WithHeader("Host: b")), 400);
  EXPECT_EQ(StatusOf(WithHeader("no colon")), 400);
  EXPECT_EQ(StatusOf(WithHeader(" folded: x")), 400);
}

TEST(RequestFrame, HoldsToItsLimits) {
  EXPECT_EQ(StatusOf(std::string(kHeaderBytesMax + 1, 'a')), 431);
  EXPECT_EQ(StatusOf(WithHeader("Long: " + std::string(kHeaderBytesMax, 'a'))), 431);
  EXPECT_EQ(StatusOf("GET /" + std::string(kRequestLineBytesMax, 'a') + "\r\n\r\n"), 414);
  std::string many;
  for (size_t i = 0; i < kHeaderCountMax; ++i) many += "A: b\r\n";
  EXPECT_EQ(StatusOf(WithHeader(many + "A: b")), 431);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length: " + std::to_string(kBodyBytesMax + 1))), 413);
  EXPECT_EQ(FindRequest(WithHeader("Content-Length: " + std::to_string(kBodyBytesMax))).state,
            State::kIncomplete);
}

}  // namespace
}  // namespace larder::admin
