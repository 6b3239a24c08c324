#include "tests/support/reply_matchers.h"

#include <utility>

namespace larder {

namespace protocol {

void PrintTo(const Reply& reply, std::ostream* out) {
  using Type = Reply::Type;
  switch (reply.type) {
    case Type::kSimple:
      *out << "+" << reply.text;
      return;
    case Type::kError:
      *out << "-" << reply.text;
      return;
    case Type::kInteger:
      *out << ":" << reply.integer;
      return;
    case Type::kBoolean:
      *out << "#" << reply.integer;
      return;
    case Type::kNull:
      *out << "null";
      return;
    case Type::kNullArray:
      *out << "null array";
      return;
    case Type::kDouble:
      *out << "," << reply.number;
      return;
    case Type::kArray:
    case Type::kSet:
    case Type::kMap:
    case Type::kPush:
    case Type::kAttribute: {
      *out << "[";
      const char* separator = "";
      for (const Reply& item : reply.items) {
        *out << std::exchange(separator, ", ");
        PrintTo(item, out);
      }
      *out << "]";
      return;
    }
    default:
      *out << "\"" << reply.text << "\"";
  }
}

}  // namespace protocol

namespace {

using protocol::Reply;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Field;
using ::testing::UnorderedElementsAreArray;

ReplyMatcher HasType(Reply::Type type) { return Field("type", &Reply::type, type); }

ReplyMatcher IsAggregate() {
  return AnyOf(HasType(Reply::Type::kArray), HasType(Reply::Type::kSet),
               HasType(Reply::Type::kPush), HasType(Reply::Type::kMap));
}

std::vector<ReplyMatcher> Bulks(const std::vector<std::string>& items) {
  std::vector<ReplyMatcher> matchers;
  for (const std::string& item : items) matchers.push_back(IsBulk(item));
  return matchers;
}

ReplyMatcher Text(Reply::Type type, std::string text) {
  return AllOf(HasType(type), Field("text", &Reply::text, std::move(text)));
}

}  // namespace

ReplyMatcher IsOk() { return IsSimple("OK"); }
ReplyMatcher IsNull() {
  return AnyOf(HasType(Reply::Type::kNull), HasType(Reply::Type::kNullArray));
}
ReplyMatcher IsNullArray() { return HasType(Reply::Type::kNullArray); }
ReplyMatcher IsInteger(int64_t value) {
  return AllOf(HasType(Reply::Type::kInteger), Field("integer", &Reply::integer, value));
}
ReplyMatcher IsBulk(std::string bytes) { return Text(Reply::Type::kBulk, std::move(bytes)); }
ReplyMatcher IsSimple(std::string text) { return Text(Reply::Type::kSimple, std::move(text)); }
ReplyMatcher IsError(std::string text) { return Text(Reply::Type::kError, std::move(text)); }
ReplyMatcher IsDouble(double value) {
  return AllOf(HasType(Reply::Type::kDouble), Field("number", &Reply::number, value));
}
ReplyMatcher IsArray(std::vector<ReplyMatcher> items) {
  return AllOf(IsAggregate(), Field("items", &Reply::items, ElementsAreArray(items)));
}
ReplyMatcher IsUnordered(std::vector<ReplyMatcher> items) {
  return AllOf(IsAggregate(), Field("items", &Reply::items, UnorderedElementsAreArray(items)));
}
ReplyMatcher IsBulks(std::vector<std::string> items) { return IsArray(Bulks(items)); }
ReplyMatcher IsUnorderedBulks(std::vector<std::string> items) { return IsUnordered(Bulks(items)); }
ReplyMatcher IsEmptyArray() {
  return AllOf(IsAggregate(), Field("items", &Reply::items, ::testing::IsEmpty()));
}

}  // namespace larder
