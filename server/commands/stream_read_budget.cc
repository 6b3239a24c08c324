#include "server/commands/stream_read_budget.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

namespace larder {
namespace {

constexpr std::string_view kBadEntriesMax = "ERR MAXCOUNT must be a positive integer";
constexpr std::string_view kBadBytesMax = "ERR MAXSIZE must be a positive integer";
constexpr std::string_view kEntriesMaxBelowCount =
    "ERR MAXCOUNT must be greater than or equal to COUNT";

size_t NextPositive(ArgReader& args, std::string_view error) {
  const int64_t value = args.NextInt();
  if (value < 1) args.Fail(error);
  return static_cast<size_t>(value);
}

}  // namespace

bool MatchReadLimit(ArgReader& args, ReadLimits* limits) {
  if (args.Match("COUNT")) {
    limits->key_entries_max = static_cast<size_t>(std::max<int64_t>(args.NextInt(), 0));
  } else if (args.Match("MAXCOUNT")) {
    limits->entries_max = NextPositive(args, kBadEntriesMax);
  } else if (args.Match("MAXSIZE")) {
    limits->reply_bytes_max = NextPositive(args, kBadBytesMax);
  } else {
    return false;
  }
  return true;
}

Status CheckReadLimits(const ReadLimits& limits) {
  const bool agree = !limits.entries_max || *limits.entries_max >= limits.key_entries_max;
  return agree ? Ok() : Error(kEntriesMaxBelowCount);
}

ReadBudget::ReadBudget(const ReadLimits& limits, const protocol::ReplyWriter& reply)
    : limits_(limits), reply_(reply), bytes_before_(reply.output_bytes()) {}

bool ReadBudget::has_bytes() const {
  return !limits_.reply_bytes_max ||
         reply_.output_bytes() - bytes_before_ < *limits_.reply_bytes_max;
}

bool ReadBudget::BeginKey() {
  const size_t all = std::numeric_limits<size_t>::max();
  const size_t left = limits_.entries_max.value_or(all) - entries_;
  key_entries_ = 0;
  key_entries_left_ = std::min(limits_.key_entries_max == 0 ? all : limits_.key_entries_max, left);
  return key_entries_left_ > 0 && (entries_ == 0 || has_bytes());
}

bool ReadBudget::HasRoom() const {
  return key_entries_left_ > 0 && (key_entries_ == 0 || has_bytes());
}

void ReadBudget::Spend() {
  ++entries_;
  ++key_entries_;
  --key_entries_left_;
}

}  // namespace larder
