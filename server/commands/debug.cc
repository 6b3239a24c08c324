// DEBUG: for tests and for people who look for a fault; off unless enable-debug-command allows it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "server/command_context.h"
#include "server/commands/debug_digest.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/config/units.h"
#ifdef LARDER_STRIPE_STATISTICS
#include "server/tick_clock.h"
#endif
#include "storage/glob.h"
#include "storage/numbers.h"

namespace larder {
namespace {

Status OkReply(CommandContext& ctx) {
  ctx.reply.Ok();
  return Ok();
}

Status Sleep(CommandContext& ctx) {
  const double seconds = storage::ParseDouble(ctx.args.Next()).value_or(0);
  constexpr double kSecondsMax = 24 * 3600;
  std::this_thread::sleep_for(std::chrono::duration<double>(std::clamp(seconds, 0.0, kSecondsMax)));
  return OkReply(ctx);
}

// ---- values

Status ShowObject(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const storage::Entry* entry = ctx.db.Find(key, storage::Access::kPeek);
  if (entry == nullptr) return Error(errors::kNoSuchKey);
  const void* address = entry->object() == nullptr ? static_cast<const void*>(entry)
                                                   : static_cast<const void*>(entry->object());
  const size_t length =
      entry->type() == storage::Type::kString ? entry->string().size() + 1 : entry->MemoryBytes();
  const std::string_view encoding = storage::EncodingName(entry->encoding());
  const int64_t idle_s = ctx.db.IdleSeconds(key).value_or(0);
  constexpr int64_t kLruMask = (1 << 24) - 1;
  ctx.reply.Simple(fmt::format(
      "Value at:{} refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{}", address,
      encoding, length, (ctx.db.now_ms() / 1000 - idle_s) & kLruMask, idle_s));
  return Ok();
}

Status Digest(CommandContext& ctx) {
  ctx.reply.Simple(DigestOf(ctx.engine.keyspace, ctx.db.now_ms()).Hex());
  return Ok();
}

Status DigestValue(CommandContext& ctx) {
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()));
  while (ctx.args.HasMore()) {
    DataDigest digest;
    const storage::Entry* entry = ctx.db.Find(ctx.args.NextKey(), storage::Access::kPeek);
    if (entry != nullptr) digest.AddValue(*entry);
    ctx.reply.Simple(digest.Hex());
  }
  return Ok();
}

Status Populate(CommandContext& ctx) {
  constexpr int64_t kCountMax = int64_t{1} << 32;
  const int64_t count = ctx.args.NextIntIn(0, kCountMax, errors::kNotPositive);
  const std::string_view prefix = ctx.args.HasMore() ? ctx.args.Next() : "key";
  const int64_t size_max = ctx.engine.options.proto_max_bulk_len;
  const bool sized = ctx.args.HasMore();
  const int64_t size = sized ? ctx.args.NextIntIn(0, size_max, errors::kNotPositive) : 0;
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  for (int64_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}:{}", prefix, i);
    const storage::Key key = ctx.args.HashedKey(name);
    if (ctx.db.Find(key, storage::Access::kPeek) != nullptr) continue;
    std::string value = fmt::format("value:{}", i);
    if (sized) value.resize(static_cast<size_t>(size));
    ctx.db.SetString(key, value);
    ctx.db.SignalModified(key);
    ctx.session.MarkDirty();
  }
  return OkReply(ctx);
}

// ---- replies

void WriteSequence(CommandContext& ctx) {
  for (int i = 0; i < 3; ++i) ctx.reply.Integer(i);
}

Status Protocol(CommandContext& ctx) {
  constexpr std::string_view kAfterAttribute = "Some real reply following the attribute";
  protocol::ReplyWriter& reply = ctx.reply;
  const bool resp3 = reply.version() == protocol::Version::kResp3;
  if (ctx.args.Match("STRING")) {
    reply.Bulk("Hello World");
  } else if (ctx.args.Match("INTEGER")) {
    reply.Integer(12345);
  } else if (ctx.args.Match("DOUBLE")) {
    reply.Double(3.141);
  } else if (ctx.args.Match("NULL")) {
    reply.Null();
  } else if (ctx.args.Match("ARRAY")) {
    reply.Array(3);
    WriteSequence(ctx);
  } else if (ctx.args.Match("SET")) {
    reply.Set(3);
    WriteSequence(ctx);
  } else if (ctx.args.Match("MAP")) {
    reply.Map(3);
    for (int i = 0; i < 3; ++i) {
      reply.Integer(i);
      reply.Boolean(i == 1);
    }
  } else if (ctx.args.Match("ATTRIB")) {
    if (resp3) {
      reply.Attribute(1);
      reply.Bulk("key-popularity");
      reply.Array(2);
      reply.Bulk("key:123");
      reply.Integer(90);
    }
    reply.Bulk(kAfterAttribute);
  } else if (ctx.args.Match("PUSH")) {
    if (!resp3) return Error("ERR RESP2 is not supported by this command");
    reply.Push(2);
    reply.Bulk("server-cpu-usage");
    reply.Integer(42);
    reply.Bulk(kAfterAttribute);
  } else if (ctx.args.Match("BIGNUM")) {
    reply.BigNumber("1234567999999999999999999999999999999");
  } else if (ctx.args.Match("TRUE")) {
    reply.Boolean(true);
  } else if (ctx.args.Match("FALSE")) {
    reply.Boolean(false);
  } else if (ctx.args.Match("VERBATIM")) {
    reply.Verbatim("txt", "This is a verbatim\nstring");
  } else {
    return Error(
        "ERR Wrong protocol type name. Please use one of the following: "
        "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
  }
  return Ok();
}

Status ShowError(CommandContext& ctx) { return Error(ctx.args.Next()); }

// ---- switches

Status SetActiveExpire(CommandContext& ctx) {
  ctx.engine.keyspace.set_active_expire(storage::ParseInteger(ctx.args.Next()).value_or(0) != 0);
  return OkReply(ctx);
}

Status PackedThreshold(CommandContext& ctx) {
  constexpr int64_t kThresholdMax = int64_t{4} << 30;
  const auto bytes = ParseMemory(ctx.args.Next());
  if (!bytes || *bytes < 0 || *bytes > kThresholdMax) {
    return Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb");
  }
  return OkReply(ctx);
}

Status Log(CommandContext& ctx) {
  ctx.engine.log.Warning(fmt::format("DEBUG LOG: {}", ctx.args.Next()));
  return OkReply(ctx);
}

Status StringMatch(CommandContext& ctx) {
  const std::string_view pattern = ctx.args.Next();
  ctx.reply.Integer(storage::GlobMatch(pattern, ctx.args.Next()) ? 1 : 0);
  return Ok();
}

Status TableStatistics(CommandContext& ctx) {
  const auto index = storage::ParseInteger(ctx.args.Next());
  if (!index || *index < 0 || *index >= ctx.engine.keyspace.database_count()) {
    return Error("ERR Out of range database");
  }
  const int database = static_cast<int>(*index);
  ctx.reply.Verbatim(
      "txt", fmt::format("[Dictionary HT]\n number of elements: {}\n[Expires HT]\n number of "
                         "elements: {}\n",
                         ctx.engine.keyspace.KeyCount(database),
                         ctx.engine.keyspace.ExpiryCount(database)));
  return Ok();
}

#ifdef LARDER_STRIPE_STATISTICS
// One line of JSON per stripe. What was held is counted by power of two: [n, count] is below 2^n.
Status StripeStatistics(CommandContext& ctx) {
  constexpr uint64_t kMany = 1'000'000;
  const double ns_per_tick = TickClock().ToMicrosDouble(kMany) * 1000 / kMany;
  storage::Keyspace& keyspace = ctx.engine.keyspace;
  ctx.reply.Array(static_cast<int64_t>(keyspace.stripe_count()));
  for (size_t i = 0; i < keyspace.stripe_count(); ++i) {
    const storage::StripeLock& lock = keyspace.lock(i);
    const storage::StripeLockStatistics& seen = lock.statistics();
    std::string held;
    for (size_t power = 0; power < seen.held_by_power.size(); ++power) {
      held +=
          fmt::format("{}[{},{}]", power == 0 ? "" : ",", power, seen.held_by_power[power].Get());
    }
    ctx.reply.Bulk(
        fmt::format(R"({{"locks":{},"held_ticks":{},"held_below":[{}],"contended":{},"waits":{},)"
                    R"("waited_ticks":{},"ns_per_tick":{}}})",
                    seen.locks.Get(), seen.held_ticks.Get(), held, lock.contentions(),
                    seen.waits.Get(), seen.waited_ticks.Get(), ns_per_tick));
  }
  return Ok();
}
#endif

// ---- DEBUG TURNS

void ShowTurns(CommandContext& ctx, const TurnStatistics& turns) {
  const TickClock& ticks = ctx.dispatcher.ticks();
  LatencySum sum;
  sum.Add(turns.cpu_ns);
  const auto cpu_us = [&](double percentile) {
    constexpr double kNanosPerMicro = 1000;
    return sum.total() == 0 ? 0 : static_cast<double>(sum.Percentile(percentile)) / kNanosPerMicro;
  };
  constexpr int64_t kFields = 9;
  constexpr uint64_t kLongTurnNs = 1'000'000;
  ctx.reply.Map(kFields);
  const auto field = [&](std::string_view name, double value) {
    ctx.reply.Bulk(name);
    ctx.reply.Bulk(fmt::format("{:.1f}", value));
  };
  field("turns", static_cast<double>(turns.turns.Get()));
  field("longest_wall_us", ticks.ToMicrosDouble(turns.longest_ticks.Get()));
  field("cpu_us_p50", cpu_us(50));
  field("cpu_us_p99", cpu_us(99));
  field("cpu_us_p99.9", cpu_us(99.9));
  field("cpu_us_p99.99", cpu_us(99.99));
  field("longer_than_1ms", static_cast<double>(sum.total() - sum.CountUpTo(kLongTurnNs)));
  field("cpu_us_longest", static_cast<double>(turns.longest_cpu_ns.Get()) / 1000);
  field("cpu_us_longest_maintenance",
        static_cast<double>(turns.longest_maintenance_cpu_ns.Get()) / 1000);
}

// Without an argument: what was measured, a map for each worker and one of the tables' work.
Status Turns(CommandContext& ctx) {
  Engine& engine = ctx.engine;
  storage::WorkMeter& table_work = engine.keyspace.table_work();
  if (!ctx.args.HasMore()) {
    ctx.reply.Array(static_cast<int64_t>(engine.statistics.size()) + 1);
    for (const auto& worker : engine.statistics) ShowTurns(ctx, worker->turns);
    ctx.reply.Map(3);
    ctx.reply.Bulk("table_changes_longer_than_50us");
    ctx.reply.Integer(static_cast<int64_t>(table_work.too_long()));
    ctx.reply.Bulk("table_changes");
    ctx.reply.Integer(static_cast<int64_t>(table_work.pieces()));
    ctx.reply.Bulk("cpu_us_longest_table_change");
    ctx.reply.Bulk(fmt::format("{:.1f}", static_cast<double>(table_work.longest_ns()) / 1000));
    return Ok();
  }
  if (ctx.args.Match("BUDGET")) {
    const int64_t budget_us = ctx.args.NextIntIn(0, 1'000'000, errors::kNotPositive);
    if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
    engine.turns.budget_us.store(budget_us, std::memory_order_relaxed);
    return OkReply(ctx);
  }
  const bool on = ctx.args.Match("ON");
  if (!on && !ctx.args.Match("OFF")) return Error(errors::kSyntax);
  engine.turns.measure_cpu.store(on, std::memory_order_relaxed);
  table_work.set_on(on);
  if (on) {
    table_work.Reset();
    for (const auto& worker : engine.statistics) worker->turns.Reset();
  }
  return OkReply(ctx);
}

Status Help(CommandContext& ctx);

// A form of DEBUG, and how many arguments it takes behind its name.
struct Form {
  std::string_view name;
  size_t least, most;
  Handler handler;
};

constexpr size_t kAny = SIZE_MAX;
constexpr Form kForms[] = {
    {"CHANGE-REPL-ID", 0, 0, OkReply},  // there are no replicas that could notice
    {"CONFIG-REWRITE-FORCE-ALL", 0, 0, OkReply},
    {"DICT-RESIZING", 1, 1, OkReply},
    {"DIGEST", 0, 0, Digest},
    {"DIGEST-VALUE", 0, kAny, DigestValue},
    {"DROP-CLUSTER-PACKET-FILTER", 1, 1, OkReply},
    {"ERROR", 1, 1, ShowError},
    {"HELP", 0, 0, Help},
    {"HTSTATS", 1, 2, TableStatistics},
    {"LOADAOF", 0, 0, OkReply},  // as RELOAD
    {"LOG", 1, 1, Log},
    {"OBJECT", 1, 2, ShowObject},
    {"PAUSE-CRON", 1, 1, OkReply},
    {"POPULATE", 1, 3, Populate},
    {"PROTOCOL", 1, 1, Protocol},
    {"QUICKLIST-PACKED-THRESHOLD", 1, 1, PackedThreshold},
    {"RELOAD", 0, kAny, OkReply},  // nothing is saved, so what is in memory is what would come back
    {"REPLYBUFFER", 2, 2, OkReply},
    {"SET-ACTIVE-EXPIRE", 1, 1, SetActiveExpire},
    {"SET-DISABLE-DENY-SCRIPTS", 1, 1, OkReply},
    {"SET-SKIP-CHECKSUM-VALIDATION", 1, 1, OkReply},
    {"SLEEP", 1, 1, Sleep},
    {"STRINGMATCH-LEN", 2, 2, StringMatch},
#ifdef LARDER_STRIPE_STATISTICS
    {"STRIPES", 0, 0, StripeStatistics},
#endif
    {"TURNS", 0, 2, Turns},
};

bool MayDebug(const CommandContext& ctx) {
  const auto allowed = static_cast<ProtectedAction>(ctx.engine.options.enable_debug_command.Get());
  return allowed == ProtectedAction::kYes ||
         (allowed == ProtectedAction::kLocal && ctx.session.from_loopback);
}

Status Debug(CommandContext& ctx) {
  if (!MayDebug(ctx)) return Error(errors::kDebugNotAllowed);
  const std::string_view name = ctx.args.Next();
  for (const Form& form : kForms) {
    if (!EqualsIgnoreCase(name, form.name)) continue;
    if (ctx.args.remaining() < form.least || ctx.args.remaining() > form.most) break;
    return form.handler(ctx);
  }
  return Error(errors::BadSubcommand("debug", name));
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CHANGE-REPL-ID",
      "    Change the replication IDs of the instance.",
      "    Dangerous: should be used only for testing the replication subsystem.",
      "DIGEST",
      "    Output a hex signature representing the current DB content.",
      "DIGEST-VALUE <key> [<key> ...]",
      "    Output a hex signature of the values of all the specified keys.",
      "ERROR <string>",
      "    Return a Redis protocol error with <string> as message. Useful for clients",
      "    unit tests to simulate Redis errors.",
      "LOG <message>",
      "    Write <message> to the server log.",
      "HTSTATS <dbid>",
      "    Return hash table statistics of the specified Redis database.",
      "OBJECT <key>",
      "    Show low level info about `key` and associated value.",
      "POPULATE <count> [<prefix>] [<size>]",
      "    Create <count> string keys named key:<num>. If <prefix> is specified then",
      "    it is used instead of the 'key' prefix.",
      "PROTOCOL <type>",
      "    Reply with a test value of the specified type. <type> can be: string,",
      "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
      "    true, false.",
      "RELOAD [option ...]",
      "    Does nothing: no data is saved.",
      "SET-ACTIVE-EXPIRE <0|1>",
      "    Setting it to 0 disables expiring keys in background when they are not",
      "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
      "    default.",
      "QUICKLIST-PACKED-THRESHOLD <size>",
      "    Sets the threshold for elements to be inserted as plain vs packed nodes",
      "    Default value is 1GB, allows values up to 4GB. Setting to 0 restores to default.",
      "SLEEP <seconds>",
      "    Stop the server for <seconds>. Decimals allowed.",
      "STRINGMATCH-LEN <pattern> <string>",
      "    Whether <string> matches <pattern>.",
      "TURNS [ON|OFF|BUDGET <microseconds>]",
      "    ON measures the CPU time of every turn of the workers' loops and of every change",
      "    of the tables' structure, from now on; without an argument the results are shown.",
      "    BUDGET sets how long a turn serves clients before others have theirs.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr CommandSpec kCommands[] = {
    {.name = "debug",
     .syntax = "subcommand [argument [argument ...]]",
     .summary = "A container for debugging commands.",
     .complexity = "Depends on subcommand.",
     .since = "1.0.0",
     .group = Group::kServer,
     // All stripes: several forms look at all data, and SLEEP is to stop the server as a whole.
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kAllStripes,
     .handler = Debug},
};

}  // namespace

std::span<const CommandSpec> DebugCommands() { return kCommands; }

}  // namespace larder
