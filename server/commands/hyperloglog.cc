// HyperLogLog: PFADD, PFCOUNT, PFMERGE, PFDEBUG, PFSELFTEST.
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "storage/hyperloglog.h"

namespace larder {
namespace {

namespace hyperloglog = storage::hyperloglog;
using hyperloglog::Change;
using hyperloglog::Encoding;
using hyperloglog::Registers;
using storage::Entry;
using storage::Type;

constexpr std::string_view kNotOne = "WRONGTYPE Key is not a valid HyperLogLog string value.";
constexpr std::string_view kCorrupt = "INVALIDOBJ Corrupted HLL object detected";

Status Check(const Entry* entry) {
  if (entry == nullptr) return Ok();
  if (entry->type() != Type::kString) return Error(errors::kWrongType);
  return hyperloglog::IsValid(entry->string()) ? Ok() : Error(kNotOne);
}

Status FindToRead(CommandContext& ctx, const storage::Key& key, const Entry** entry) {
  *entry = larder::FindToRead(ctx, key);
  return Check(*entry);
}

Status FindToWrite(CommandContext& ctx, const storage::Key& key, const Entry** entry) {
  *entry = ctx.db.Find(key, storage::Access::kWrite);
  return Check(*entry);
}

// Puts changed bytes back. False when a script must start again.
bool Store(CommandContext& ctx, const storage::Key& key, std::string_view bytes) {
  const std::span<char> stored = ctx.db.ResizeString(key, bytes.size());
  if (stored.size() != bytes.size()) return false;
  std::memcpy(stored.data(), bytes.data(), bytes.size());
  return true;
}

size_t SparseBytesMax(const CommandContext& ctx) {
  return static_cast<size_t>(ctx.engine.options.hll_sparse_max_bytes.Get());
}

Status PfAdd(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const Entry* entry;
  if (Status found = FindToWrite(ctx, key, &entry); !found.ok()) return found;
  const bool created = entry == nullptr;
  if (created) ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  std::string bytes = created ? hyperloglog::Empty() : std::string(entry->string());
  const size_t sparse_bytes_max = SparseBytesMax(ctx);
  bool changed = created, corrupt = false;
  while (ctx.args.HasMore() && !corrupt) {
    const auto hit = hyperloglog::HitOf(ctx.args.Next());
    const Change change = hyperloglog::Raise(&bytes, hit, sparse_bytes_max);
    if (change == Change::kDone) changed = true;
    corrupt = change == Change::kCorrupt;
  }
  if (changed) {
    hyperloglog::InvalidateCache(bytes.data());
    if (!Store(ctx, key, bytes)) return Ok();
    ctx.Changed(key, NotifyClass::kString, "pfadd");
  }
  if (corrupt) return Error(kCorrupt);
  ctx.reply.Integer(changed ? 1 : 0);
  return Ok();
}

// Raises `registers` to those of all keys that are left, and tells whether one is dense.
Status MergeKeys(CommandContext& ctx, Registers* registers, bool* dense) {
  while (ctx.args.HasMore()) {
    const Entry* entry;
    if (Status found = FindToRead(ctx, ctx.args.NextKey(), &entry); !found.ok()) return found;
    if (entry == nullptr) continue;
    if (hyperloglog::EncodingOf(entry->string()) == Encoding::kDense) *dense = true;
    if (!hyperloglog::MergeInto(entry->string(), registers)) return Error(kCorrupt);
  }
  return Ok();
}

// The count of one key, which is kept in its value, as Redis does it.
Status CountOne(CommandContext& ctx, const storage::Key& key) {
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, &entry); !found.ok()) return found;
  if (entry == nullptr) {
    ctx.reply.Integer(0);
    return Ok();
  }
  const std::string_view bytes = entry->string();
  auto count = hyperloglog::CachedCount(bytes);
  if (!count) {
    Registers registers{};
    if (!hyperloglog::MergeInto(bytes, &registers)) return Error(kCorrupt);
    count = hyperloglog::Count(registers);
    const std::span<char> stored = ctx.db.ResizeString(key, bytes.size());
    if (!stored.empty()) {
      hyperloglog::StoreCount(stored.data(), *count);
      ctx.db.SignalModified(key);
    }
  }
  ctx.reply.Integer(static_cast<int64_t>(*count));
  return Ok();
}

Status PfCount(CommandContext& ctx) {
  if (ctx.args.remaining() == 1) return CountOne(ctx, ctx.args.NextKey());
  Registers registers{};
  bool dense = false;
  if (Status merged = MergeKeys(ctx, &registers, &dense); !merged.ok()) return merged;
  ctx.reply.Integer(static_cast<int64_t>(hyperloglog::Count(registers)));
  return Ok();
}

Status PfMerge(CommandContext& ctx) {
  ArgReader target_reader = ctx.args;
  const storage::Key target = target_reader.NextKey();
  Registers registers{};
  bool dense = false;
  if (Status merged = MergeKeys(ctx, &registers, &dense); !merged.ok()) return merged;
  const Entry* entry;
  if (Status found = FindToWrite(ctx, target, &entry); !found.ok()) return found;
  if (entry == nullptr) ctx.Notify(NotifyClass::kNew, "new", target.bytes);
  std::string bytes = entry == nullptr ? hyperloglog::Empty() : std::string(entry->string());
  if (dense && !hyperloglog::ToDense(&bytes)) return Error(kCorrupt);
  const size_t sparse_bytes_max = SparseBytesMax(ctx);
  for (size_t i = 0; i < registers.size(); ++i) {
    if (registers[i] != 0) hyperloglog::Raise(&bytes, {i, registers[i]}, sparse_bytes_max);
  }
  hyperloglog::InvalidateCache(bytes.data());
  if (!Store(ctx, target, bytes)) return Ok();
  ctx.Changed(target, NotifyClass::kString, "pfadd");
  ctx.reply.Ok();
  return Ok();
}

// Makes the value at a key dense; *converted tells whether it was not.
Status MakeDense(CommandContext& ctx, const storage::Key& key, std::string* bytes,
                 bool* converted) {
  *converted = hyperloglog::EncodingOf(*bytes) == Encoding::kSparse;
  if (!*converted) return Ok();
  if (!hyperloglog::ToDense(bytes)) return Error(kCorrupt);
  if (Store(ctx, key, *bytes)) ctx.db.SignalModified(key);
  return Ok();
}

Status DebugRegisters(CommandContext& ctx, const storage::Key& key, std::string bytes) {
  bool converted;
  if (Status made = MakeDense(ctx, key, &bytes, &converted); !made.ok()) return made;
  Registers registers{};
  hyperloglog::MergeInto(bytes, &registers);
  ctx.reply.Array(hyperloglog::kRegisters);
  for (const uint8_t value : registers) ctx.reply.Integer(value);
  return Ok();
}

Status DebugToDense(CommandContext& ctx, const storage::Key& key, std::string bytes) {
  bool converted;
  if (Status made = MakeDense(ctx, key, &bytes, &converted); !made.ok()) return made;
  ctx.reply.Integer(converted ? 1 : 0);
  return Ok();
}

Status PfDebug(CommandContext& ctx) {
  const std::string_view name = ctx.args.Next();
  const storage::Key key = ctx.args.NextKey();
  const Entry* const entry = ctx.db.Find(key, storage::Access::kWrite);
  if (entry == nullptr) return Error("ERR The specified key does not exist");
  if (Status checked = Check(entry); !checked.ok()) return checked;
  const std::string bytes(entry->string());
  const bool sparse = hyperloglog::EncodingOf(bytes) == Encoding::kSparse;
  const bool known = EqualsIgnoreCase(name, "GETREG") || EqualsIgnoreCase(name, "DECODE") ||
                     EqualsIgnoreCase(name, "ENCODING") || EqualsIgnoreCase(name, "TODENSE");
  if (!known) {
    return Error(fmt::format("ERR Unknown PFDEBUG subcommand '{}'", errors::UpToZero(name)));
  }
  if (EqualsIgnoreCase(name, "GETREG")) return DebugRegisters(ctx, key, bytes);
  if (EqualsIgnoreCase(name, "TODENSE")) return DebugToDense(ctx, key, bytes);
  if (EqualsIgnoreCase(name, "ENCODING")) {
    ctx.reply.Simple(sparse ? "sparse" : "dense");
    return Ok();
  }
  if (!sparse) return Error("ERR HLL encoding is not sparse");
  ctx.reply.Bulk(hyperloglog::Opcodes(bytes));
  return Ok();
}

// Adds numbers to a sparse and a dense one and compares their counts.
Status PfSelfTest(CommandContext& ctx) {
  constexpr int kElements = 1000;
  constexpr double kErrorMax = 0.05;
  std::string sparse = hyperloglog::Empty(), dense = hyperloglog::Empty();
  hyperloglog::ToDense(&dense);
  for (int i = 0; i < kElements; ++i) {
    const auto hit = hyperloglog::HitOf(std::to_string(i));
    hyperloglog::Raise(&sparse, hit, hyperloglog::kDenseBytes);
    hyperloglog::Raise(&dense, hit, hyperloglog::kDenseBytes);
  }
  Registers from_sparse{}, from_dense{};
  hyperloglog::MergeInto(sparse, &from_sparse);
  hyperloglog::MergeInto(dense, &from_dense);
  const auto count = static_cast<double>(hyperloglog::Count(from_sparse));
  if (from_sparse != from_dense || std::abs(count - kElements) > kErrorMax * kElements) {
    return Error("TESTFAILED sparse and dense registers differ, or the estimate is too far off");
  }
  ctx.reply.Ok();
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "pfadd",
     .syntax = "key [element [element ...]]",
     .summary = "Adds elements to a HyperLogLog key. Creates the key if it doesn't exist.",
     .complexity = "O(1) to add every element.",
     .since = "2.8.9",
     .group = Group::kHyperLogLog,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kInsert)},
     .handler = PfAdd},
    {.name = "pfcount",
     .syntax = "key [key ...]",
     .summary = "Returns the approximated cardinality of the set(s) observed by the HyperLogLog "
                "key(s).",
     .complexity = "O(1) with a very small average constant time when called with a single key. "
                   "O(N) with N being the number of keys, and much bigger constant times, when "
                   "called with multiple keys.",
     .since = "2.8.9",
     .group = Group::kHyperLogLog,
     .flags = Flag::kReadOnly,
     .keys = {Keys(1, -1, 1, KeyFlag::kRW | KeyFlag::kAccess)},
     .handler = PfCount},
    {.name = "pfdebug",
     .syntax = "subcommand key",
     .summary = "Internal commands for debugging HyperLogLog values.",
     .complexity = "N/A",
     .since = "2.8.9",
     .group = Group::kHyperLogLog,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kAdmin,
     .keys = {Key(2, KeyFlag::kRW | KeyFlag::kAccess)},
     .handler = PfDebug},
    {.name = "pfmerge",
     .syntax = "destkey [sourcekey [sourcekey ...]]",
     .summary = "Merges one or more HyperLogLog values into a single key.",
     .complexity = "O(N) to merge N HyperLogLogs, but with high constant times.",
     .since = "2.8.9",
     .group = Group::kHyperLogLog,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kInsert),
              Keys(2, -1, 1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = PfMerge},
    {.name = "pfselftest",
     .syntax = "",
     .summary = "An internal command for testing HyperLogLog values.",
     .complexity = "N/A",
     .since = "2.8.9",
     .group = Group::kHyperLogLog,
     .flags = Flag::kAdmin,
     .handler = PfSelfTest},
};

}  // namespace

std::span<const CommandSpec> HyperLogLogCommands() { return kCommands; }

}  // namespace larder
