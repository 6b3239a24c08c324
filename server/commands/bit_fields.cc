// Integers of any width within strings: BITFIELD and BITFIELD_RO.
#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/bit_offset.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "storage/bits.h"
#include "storage/numbers.h"

namespace larder {

std::optional<uint64_t> ParseBitOffset(const CommandContext& ctx, std::string_view text,
                                       int field_bits) {
  const bool counts_fields = field_bits > 0 && text.starts_with('#');
  auto offset = storage::ParseInteger(counts_fields ? text.substr(1) : text);
  if (offset && counts_fields) offset = storage::CheckedMultiply(*offset, field_bits);
  if (!offset || *offset < 0) return std::nullopt;
  if (*offset / 8 >= ctx.engine.options.proto_max_bulk_len.Get()) return std::nullopt;
  return static_cast<uint64_t>(*offset);
}

namespace {

using storage::BitField;
using storage::Entry;
using storage::Overflow;
using storage::Type;

constexpr std::string_view kBadFieldType =
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 "
    "is.";

struct FieldOperation {
  enum class Kind { kGet, kSet, kIncrement };
  Kind kind;
  BitField field;
  int64_t value = 0;
  Overflow overflow = Overflow::kWrap;
};
using FieldOperations = std::vector<FieldOperation>;

Status ParseOverflow(ArgReader& args, Overflow* overflow) {
  if (args.Match("WRAP")) {
    *overflow = Overflow::kWrap;
  } else if (args.Match("SAT")) {
    *overflow = Overflow::kSaturate;
  } else if (args.Match("FAIL")) {
    *overflow = Overflow::kFail;
  } else {
    return Error("ERR Invalid OVERFLOW type specified");
  }
  return Ok();
}

Status ParseFieldType(std::string_view text, BitField* field) {
  constexpr int64_t kUnsignedBitsMax = 63, kSignedBitsMax = 64;
  if (!text.starts_with('i') && !text.starts_with('u')) return Error(kBadFieldType);
  field->is_signed = text[0] == 'i';
  const auto bits = storage::ParseInteger(errors::UpToZero(text.substr(1)));
  const int64_t most = field->is_signed ? kSignedBitsMax : kUnsignedBitsMax;
  if (!bits || *bits < 1 || *bits > most) return Error(kBadFieldType);
  field->bits = static_cast<int>(*bits);
  return Ok();
}

// Reads one GET, SET or INCRBY.
Status ParseFieldOperation(CommandContext& ctx, FieldOperation* operation) {
  using Kind = FieldOperation::Kind;
  ArgReader& args = ctx.args;
  if (args.remaining() >= 3 && args.Match("GET")) {
    operation->kind = Kind::kGet;
  } else if (args.remaining() >= 4 && args.Match("SET")) {
    operation->kind = Kind::kSet;
  } else if (args.remaining() >= 4 && args.Match("INCRBY")) {
    operation->kind = Kind::kIncrement;
  } else {
    return Error(errors::kSyntax);
  }
  Status parsed = ParseFieldType(args.Next(), &operation->field);
  if (!parsed.ok()) return parsed;
  const auto offset = ParseBitOffset(ctx, args.Next(), operation->field.bits);
  if (!offset) return Error(kBadBitOffset);
  operation->field.offset = *offset;
  if (operation->kind != Kind::kGet) operation->value = args.NextInt();
  return args.status();
}

Status ParseFieldOperations(CommandContext& ctx, FieldOperations* operations) {
  Overflow overflow = Overflow::kWrap;
  while (ctx.args.HasMore()) {
    if (ctx.args.remaining() >= 2 && ctx.args.Match("OVERFLOW")) {
      if (Status parsed = ParseOverflow(ctx.args, &overflow); !parsed.ok()) return parsed;
      continue;
    }
    FieldOperation operation{.overflow = overflow};
    if (Status parsed = ParseFieldOperation(ctx, &operation); !parsed.ok()) return parsed;
    operations->push_back(operation);
  }
  return Ok();
}

Status ReadFields(CommandContext& ctx, const storage::Key& key, const FieldOperations& operations) {
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, Type::kString, &entry); !found.ok()) return found;
  const std::string_view bytes = entry == nullptr ? std::string_view() : entry->string();
  ctx.reply.Array(static_cast<int64_t>(operations.size()));
  for (const FieldOperation& operation : operations) {
    ctx.reply.Integer(operation.field.Read(bytes));
  }
  return Ok();
}

// Carries one operation out and replies. True when it changed something.
bool Apply(CommandContext& ctx, const FieldOperation& operation, std::span<char> bytes) {
  using Kind = FieldOperation::Kind;
  const BitField& field = operation.field;
  const int64_t old = field.Read({bytes.data(), bytes.size()});
  if (operation.kind == Kind::kGet) {
    ctx.reply.Integer(old);
    return false;
  }
  // An unsigned field takes a negative value to set as the large number with the same bits.
  const bool as_unsigned = operation.kind == Kind::kSet && !field.is_signed;
  const auto value = as_unsigned ? static_cast<__int128>(static_cast<uint64_t>(operation.value))
                                 : static_cast<__int128>(operation.value);
  const auto fitted = storage::FitField(field, operation.kind == Kind::kSet ? value : old + value,
                                        operation.overflow);
  if (!fitted) {
    ctx.reply.Null();
    return false;
  }
  ctx.reply.Integer(operation.kind == Kind::kSet ? old : *fitted);
  field.Write(bytes, *fitted);
  return *fitted != old;
}

Status WriteFields(CommandContext& ctx, const storage::Key& key,
                   const FieldOperations& operations) {
  const Entry* entry;
  if (Status found = FindToWrite(ctx, key, Type::kString, &entry); !found.ok()) return found;
  const size_t old_size = entry == nullptr ? 0 : entry->string().size();
  size_t size = old_size;
  for (const FieldOperation& operation : operations) {
    if (operation.kind == FieldOperation::Kind::kGet) continue;
    const uint64_t last = operation.field.offset + static_cast<uint64_t>(operation.field.bits) - 1;
    size = std::max(size, static_cast<size_t>(last / 8 + 1));
  }
  if (entry == nullptr) ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  const std::span<char> bytes = ctx.db.ResizeString(key, size);
  if (bytes.size() != size) return Ok();  // a script that will start again
  bool changed = size != old_size;
  ctx.reply.Array(static_cast<int64_t>(operations.size()));
  for (const FieldOperation& operation : operations) {
    if (Apply(ctx, operation, bytes)) changed = true;
  }
  if (changed) ctx.Changed(key, NotifyClass::kString, "setbit");
  return Ok();
}

bool OnlyReads(const FieldOperations& operations) {
  return std::all_of(operations.begin(), operations.end(), [](const FieldOperation& operation) {
    return operation.kind == FieldOperation::Kind::kGet;
  });
}

Status BitFieldAll(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  FieldOperations operations;
  if (Status parsed = ParseFieldOperations(ctx, &operations); !parsed.ok()) return parsed;
  return OnlyReads(operations) ? ReadFields(ctx, key, operations)
                               : WriteFields(ctx, key, operations);
}

Status BitFieldRo(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  FieldOperations operations;
  if (Status parsed = ParseFieldOperations(ctx, &operations); !parsed.ok()) return parsed;
  if (!OnlyReads(operations)) return Error("ERR BITFIELD_RO only supports the GET subcommand");
  return ReadFields(ctx, key, operations);
}

// Only reads with GETs alone; what cannot be understood counts as a write.
uint16_t KeyFlagsOfBitField(std::span<const std::string_view> args) {
  for (size_t i = 2; i < args.size();) {
    const size_t left = args.size() - i - 1;
    if (EqualsIgnoreCase(args[i], "GET") && left >= 2) {
      i += 3;
    } else if (EqualsIgnoreCase(args[i], "OVERFLOW") && left >= 1) {
      i += 2;
    } else {
      return KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate;
    }
  }
  return KeyFlag::kRO | KeyFlag::kAccess;
}

constexpr CommandSpec kCommands[] = {
    {.name = "bitfield",
     .syntax = "key [GET encoding offset:int | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding "
               "offset:int value:int | INCRBY encoding offset:int increment:int> ...]",
     .summary = "Performs arbitrary bitfield integer operations on strings.",
     .complexity = "O(1) for each subcommand specified.",
     .since = "3.2.0",
     .group = Group::kBitmap,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate | KeyFlag::kVariable)},
     .handler = BitFieldAll,
     .find_key_flags = KeyFlagsOfBitField},
    {.name = "bitfield_ro",
     .syntax = "key [GET encoding offset:int [GET encoding offset ...]]",
     .summary = "Performs arbitrary read-only bitfield integer operations on strings.",
     .complexity = "O(1) for each subcommand specified.",
     .since = "6.0.0",
     .group = Group::kBitmap,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = BitFieldRo},
};

}  // namespace

std::span<const CommandSpec> BitFieldCommands() { return kCommands; }

}  // namespace larder
