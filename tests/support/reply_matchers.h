// Matchers for replies: EXPECT_THAT(Run("GET k"), IsBulk("v")).
#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_reader.h"

namespace larder {

namespace protocol {
void PrintTo(const Reply& reply, std::ostream* out);  // how gtest shows one
}

using ReplyMatcher = ::testing::Matcher<const protocol::Reply&>;

ReplyMatcher IsOk();
ReplyMatcher IsNull();  // null or null array
ReplyMatcher IsNullArray();
ReplyMatcher IsInteger(int64_t value);
ReplyMatcher IsBulk(std::string bytes);
ReplyMatcher IsSimple(std::string text);
ReplyMatcher IsError(std::string text);  // the whole text, without the dash
ReplyMatcher IsDouble(double value);
ReplyMatcher IsArray(std::vector<ReplyMatcher> items);  // array, set or push, in order
ReplyMatcher IsUnordered(std::vector<ReplyMatcher> items);
ReplyMatcher IsBulks(std::vector<std::string> items);  // an array or set of bulk strings, in order
ReplyMatcher IsUnorderedBulks(std::vector<std::string> items);  // in any order
ReplyMatcher IsEmptyArray();

}  // namespace larder
