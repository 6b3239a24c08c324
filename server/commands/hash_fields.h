// What the commands for the expiry of hash fields share: "FIELDS numfields field …", and times.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "server/command_context.h"
#include "storage/hash_value.h"

namespace larder {

inline constexpr std::string_view kFieldCountNotPositive =
    "ERR Number of fields must be a positive integer";

enum class FieldTimeUnit : uint8_t { kSeconds, kMilliseconds };
enum class FieldTimeBase : uint8_t { kNow, kEpoch };

// Reads a time as Unix milliseconds. Unlike EXPIRE's it may not be negative, and ends in the year
// 4199.
Status ParseFieldTime(CommandContext& ctx, std::string_view time, FieldTimeUnit unit,
                      FieldTimeBase base, int64_t* expire_at_ms);

// Reads FIELDS, their number and them, which end the arguments. `bad_count` is the error for a
// number that is none, or not positive.
Status ParseFields(CommandContext& ctx, std::string_view bad_count,
                   std::span<const std::string_view>* fields);

// The same answer for each of the fields: the key is missing.
void ReplyForEach(CommandContext& ctx, std::span<const std::string_view> fields, int64_t answer);

// Gives a field an expiry, or deletes it when that time has passed. REQUIRES: the field is there.
enum class FieldExpiryOutcome : uint8_t { kSet, kDeleted };
FieldExpiryOutcome ExpireField(CommandContext& ctx, storage::Hash* hash, std::string_view name,
                               int64_t expire_at_ms);

}  // namespace larder
