// Strings as arrays of bits: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP. Integers in them are in
// bit_fields.cc.
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "server/command_context.h"
#include "server/commands/bit_offset.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "storage/bits.h"

namespace larder {
namespace {

using storage::BitOperation;
using storage::BitRange;
using storage::Entry;
using storage::Type;

constexpr std::string_view kBadBit = "ERR bit is not an integer or out of range";

Status SetBit(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const auto bit = ParseBitOffset(ctx, ctx.args.Next());
  if (!bit) return Error(kBadBitOffset);
  const bool on = ctx.args.NextIntIn(0, 1, kBadBit) == 1;
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const Entry* entry;
  if (Status found = FindToWrite(ctx, key, Type::kString, &entry); !found.ok()) return found;
  const size_t old_size = entry == nullptr ? 0 : entry->string().size();
  const size_t size = std::max(old_size, static_cast<size_t>(*bit / 8 + 1));
  if (entry == nullptr) ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  const std::span<char> bytes = ctx.db.ResizeString(key, size);
  if (bytes.size() != size) return Ok();  // a script that will start again
  const bool old = storage::GetBit({bytes.data(), bytes.size()}, *bit);
  storage::PutBit(bytes, *bit, on);
  if (size != old_size || old != on) ctx.Changed(key, NotifyClass::kString, "setbit");
  ctx.reply.Integer(old ? 1 : 0);
  return Ok();
}

Status GetBit(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const auto bit = ParseBitOffset(ctx, ctx.args.Next());
  if (!bit) return Error(kBadBitOffset);
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, Type::kString, &entry); !found.ok()) return found;
  ctx.reply.Integer(entry != nullptr && storage::GetBit(entry->string(), *bit) ? 1 : 0);
  return Ok();
}

// The end of a range as clients give it, in bytes or bits, and what came of it.
struct RangeWords {
  int64_t start = 0;
  std::optional<int64_t> end;
  bool in_bits = false;
};

// Reads BYTE or BIT.
Status ParseUnit(ArgReader& args, bool* in_bits) {
  *in_bits = args.Match("BIT");
  if (!*in_bits && !args.Match("BYTE")) return Error(errors::kSyntax);
  return Ok();
}

// The bits that a range of a string of `size` bytes means; nothing when it is empty. Negative ends
// count from the end of the string.
std::optional<BitRange> Resolve(const RangeWords& words, size_t size) {
  const auto units = static_cast<int64_t>(words.in_bits ? size * 8 : size);
  int64_t start = words.start, end = words.end.value_or(-1);
  if (start < 0) start = std::max<int64_t>(start + units, 0);
  if (end < 0) end = std::max<int64_t>(end + units, 0);
  end = std::min(end, units - 1);
  if (start > end) return std::nullopt;
  const auto first = static_cast<uint64_t>(start), last = static_cast<uint64_t>(end);
  return words.in_bits ? BitRange{first, last} : BitRange{first * 8, last * 8 + 7};
}

Status BitCount(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, Type::kString, &entry); !found.ok()) return found;
  if (entry == nullptr) {
    ctx.reply.Integer(0);
    return Ok();
  }
  if (ctx.args.remaining() == 1 || ctx.args.remaining() > 3) return Error(errors::kSyntax);
  RangeWords words;
  if (ctx.args.HasMore()) {
    words.start = ctx.args.NextInt();
    words.end = ctx.args.NextInt();
    if (ctx.args.failed()) return ctx.args.status();
    // Both before the beginning and in reverse: they would meet at the first byte.
    const bool reversed = words.start < 0 && *words.end < 0 && words.start > *words.end;
    if (!reversed && ctx.args.HasMore()) {
      if (Status parsed = ParseUnit(ctx.args, &words.in_bits); !parsed.ok()) return parsed;
    }
    if (reversed) {
      ctx.reply.Integer(0);
      return Ok();
    }
  }
  const auto range = Resolve(words, entry->string().size());
  ctx.reply.Integer(range ? static_cast<int64_t>(storage::CountBits(entry->string(), *range)) : 0);
  return Ok();
}

Status ParsePositionRange(ArgReader& args, RangeWords* words) {
  if (args.remaining() > 3) return Error(errors::kSyntax);
  if (!args.HasMore()) return Ok();
  words->start = args.NextInt();
  if (args.failed()) return args.status();
  if (!args.HasMore()) return Ok();
  // Redis looks at the unit before the end.
  if (args.remaining() == 2) {
    ArgReader unit = args;
    unit.Skip(1);
    if (Status parsed = ParseUnit(unit, &words->in_bits); !parsed.ok()) return parsed;
  }
  words->end = args.NextInt();
  return args.status();
}

Status BitPos(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const int64_t bit = ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  if (bit != 0 && bit != 1) return Error("ERR The bit argument must be 1 or 0.");
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, Type::kString, &entry); !found.ok()) return found;
  if (entry == nullptr) {  // zeros without end
    ctx.reply.Integer(bit == 1 ? -1 : 0);
    return Ok();
  }
  RangeWords words;
  if (Status parsed = ParsePositionRange(ctx.args, &words); !parsed.ok()) return parsed;
  const std::string_view bytes = entry->string();
  const auto range = Resolve(words, bytes.size());
  const auto position = range ? storage::FindBit(bytes, bit == 1, *range) : std::nullopt;
  if (position) {
    ctx.reply.Integer(static_cast<int64_t>(*position));
  } else if (range && bit == 0 && !words.end) {
    ctx.reply.Integer(static_cast<int64_t>(bytes.size() * 8));  // the zeros behind the end
  } else {
    ctx.reply.Integer(-1);
  }
  return Ok();
}

struct OperationName {
  std::string_view name;
  BitOperation operation;
  size_t sources_min;
};
constexpr OperationName kOperations[] = {
    {"AND", BitOperation::kAnd, 1},     {"OR", BitOperation::kOr, 1},
    {"XOR", BitOperation::kXor, 1},     {"NOT", BitOperation::kNot, 1},
    {"DIFF", BitOperation::kDiff, 2},   {"DIFF1", BitOperation::kDiff1, 2},
    {"ANDOR", BitOperation::kAndOr, 2}, {"ONE", BitOperation::kOne, 1},
};

Status ParseOperation(ArgReader& args, BitOperation* operation) {
  const std::string_view word = args.Next();
  for (const OperationName& each : kOperations) {
    if (!EqualsIgnoreCase(word, each.name)) continue;
    *operation = each.operation;
    const size_t sources = args.remaining() - 1;
    if (each.operation == BitOperation::kNot && sources != 1) {
      return Error("ERR BITOP NOT must be called with a single source key.");
    }
    if (sources < each.sources_min) {
      return Error(
          fmt::format("ERR BITOP {} must be called with at least two source keys.", each.name));
    }
    return Ok();
  }
  return Error(errors::kSyntax);
}

Status BitOp(CommandContext& ctx) {
  BitOperation operation;
  if (Status parsed = ParseOperation(ctx.args, &operation); !parsed.ok()) return parsed;
  const storage::Key target = ctx.args.NextKey();
  std::vector<std::string_view> sources;
  size_t longest = 0;
  while (ctx.args.HasMore()) {
    const Entry* entry;
    Status found = FindToRead(ctx, ctx.args.NextKey(), Type::kString, &entry);
    if (!found.ok()) return found;
    sources.push_back(entry == nullptr ? std::string_view() : entry->string());
    longest = std::max(longest, sources.back().size());
  }
  if (longest == 0) {
    DeleteKey(ctx, target);
  } else {
    std::string result(longest, '\0');
    storage::CombineBits(operation, sources, result);
    WriteString(ctx, target, result, {.raw = true}, "set");
  }
  ctx.reply.Integer(static_cast<int64_t>(longest));
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "bitcount",
     .syntax = "key [start:int end:int [BYTE | BIT]]",
     .summary = "Counts the number of set bits (population counting) in a string.",
     .complexity = "O(N).",
     .since = "2.6.0",
     .group = Group::kBitmap,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = BitCount},
    {.name = "bitop",
     .syntax = "<AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]",
     .summary = "Performs bitwise operations on multiple strings, and stores the result.",
     .complexity = "O(N).",
     .since = "2.6.0",
     .group = Group::kBitmap,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(2, KeyFlag::kOW | KeyFlag::kUpdate),
              Keys(3, -1, 1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = BitOp},
    {.name = "bitpos",
     .syntax = "key bit:int [start:int [end:int [BYTE | BIT]]]",
     .summary = "Finds the first set (1) or clear (0) bit in a string.",
     .complexity = "O(N).",
     .since = "2.8.7",
     .group = Group::kBitmap,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = BitPos},
    {.name = "getbit",
     .syntax = "key offset:int",
     .summary = "Returns a bit value by offset.",
     .complexity = "O(1).",
     .since = "2.2.0",
     .group = Group::kBitmap,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = GetBit},
    {.name = "setbit",
     .syntax = "key offset:int value:int",
     .summary = "Sets or clears the bit at offset of the string value. Creates the key if it "
                "doesn't exist.",
     .complexity = "O(1).",
     .since = "2.2.0",
     .group = Group::kBitmap,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate)},
     .handler = SetBit},
};

}  // namespace

std::span<const CommandSpec> BitmapCommands() { return kCommands; }

}  // namespace larder
