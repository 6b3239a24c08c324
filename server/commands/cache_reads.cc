// CACHE.GET and what belongs to it: reads that know how fresh a value is, leases on what is
// missing, and word that an answer is not to be cached.
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/cache_options.h"
#include "server/commands/expiry_option.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "storage/blob.h"
#include "storage/digest.h"
#include "storage/entry_extra.h"
#include "storage/leases.h"
#include "storage/stale_copies.h"
#include "storage/tag_table.h"

namespace larder {
namespace {

using storage::Access;
using storage::Entry;
using storage::Type;

// Purges are remembered for as long as a lease may live: what was purged since is never filled.
constexpr int64_t kLeaseMsMax = storage::kPurgesRememberedMs;
constexpr int64_t kLeaseWaitMsMax = 10'000;
// A key without an entry is held by its lease alone, outside of maxmemory's eviction.
constexpr size_t kLeaseKeyBytesMax = 4096;

struct GetOptions {
  int64_t lease_ms = 0;  // 0: wants none
  int64_t wait_ms = 0;
  double early = 0;        // XFetch's beta; 0: no
  std::string known_etag;  // NOTMODIFIED when the value has this one
  bool on_error = false;   // its origin has failed
};

Status ParseGetOptions(ArgReader& args, GetOptions* options) {
  while (args.HasMore()) {
    if (args.Match("LEASE")) {
      options->lease_ms = args.NextIntIn(1, kLeaseMsMax, errors::kBadLeaseTime);
      if (args.Match("WAIT")) {
        options->wait_ms = args.NextIntIn(1, kLeaseWaitMsMax, errors::kBadLeaseWait);
      }
    } else if (args.Match("EARLY")) {
      options->early = args.NextDouble();
      if (!args.failed() && !(options->early > 0)) args.Fail(errors::kBadEarly);
    } else if (args.Match("IFNE")) {
      options->known_etag = args.Next();
    } else if (args.Match("ONERROR")) {
      options->on_error = true;
    } else {
      return Error(errors::kSyntax);
    }
    if (args.failed()) return args.status();
  }
  // Whoever is told to refresh early gets a token, and that is a lease.
  if (options->early > 0 && options->lease_ms == 0) return Error(errors::kEarlyNeedsLease);
  return Ok();
}

// ---- what is answered

struct Answer {
  std::string_view state;
  std::optional<std::string_view> value = {};
  storage::Object* object = nullptr;  // that the value lies in, if it does
  std::optional<int64_t> fresh_ms = {};
  std::optional<int64_t> stale_ms = {};
  uint64_t token = 0;
};

void Reply(CommandContext& ctx, const GetOptions& options, Answer answer) {
  std::array<char, storage::kDigestDigits> digest;
  std::string_view etag;
  if (answer.value) {
    digest = storage::FormatDigest(storage::DigestOf(*answer.value, answer.object));
    etag = {digest.data(), digest.size()};
    // Who has the value needs nothing but its times; who is to refresh it is told so.
    if (etag == options.known_etag && answer.state == "HIT") {
      answer.state = "NOTMODIFIED";
      answer.value.reset();
    }
  }
  protocol::ReplyWriter& reply = ctx.reply;
  const auto number = [&](std::string_view name, const std::optional<int64_t>& value) {
    reply.Field(name);
    value ? reply.Integer(*value) : reply.Null();
  };
  reply.Record(6);
  reply.Field("state");
  reply.Bulk(answer.state);
  reply.Field("value");
  answer.value ? ReplyBytes(ctx, *answer.value, answer.object) : reply.Null();
  reply.Field("etag");
  etag.empty() ? reply.Null() : reply.Bulk(etag);
  number("fresh_ms", answer.fresh_ms);
  number("stale_ms", answer.stale_ms);
  reply.Field("token");
  answer.token == 0 ? reply.Null() : reply.BulkInteger(static_cast<int64_t>(answer.token));
}

// ---- leases

// A token for the caller; 0 when there is a lease already, or too many.
uint64_t TryLease(CommandContext& ctx, const storage::Key& key, const GetOptions& options) {
  if (options.lease_ms == 0 || key.bytes.size() > kLeaseKeyBytesMax) return 0;
  if (ctx.db.FindLease(key) != nullptr || ctx.MustStartAgain()) return 0;
  const uint64_t token = (DrawRandom(ctx) >> 1) | 1;
  return ctx.db.GrantLease(key, token, ctx.db.now_ms() + options.lease_ms) ? token : 0;
}

// Whether this caller is to refresh a value before its time, so that not all come when it is over:
// the more likely the nearer that is and the longer the refresh takes (Vattani, Chierichetti and
// Lowenstein, Optimal Probabilistic Cache Stampede Prevention, VLDB 2015).
bool IsEarly(CommandContext& ctx, double beta, uint32_t cost_ms, int64_t fresh_ms) {
  constexpr double kRange = 18446744073709551616.0;  // 2^64
  const double random = (static_cast<double>(DrawRandom(ctx)) + 1) / kRange;
  return static_cast<double>(cost_ms) * beta * -std::log(random) >= static_cast<double>(fresh_ms);
}

// ---- CACHE.GET

void AnswerLive(CommandContext& ctx, const storage::Key& key, const Entry& entry,
                const GetOptions& options) {
  Answer answer{.state = "HIT", .value = entry.string(), .object = entry.object()};
  if (entry.has_expiry()) answer.fresh_ms = entry.expire_at_ms() - ctx.db.now_ms();
  if (entry.has_extra()) {
    const storage::ExtraView extra(entry.extra_block());
    if (extra.stale_seconds() > 0) answer.stale_ms = int64_t{extra.stale_seconds()} * 1000;
    if (extra.negative_code() != 0) answer.state = "NEGATIVE";
    if (options.early > 0 && extra.cost_ms() > 0 && answer.fresh_ms &&
        IsEarly(ctx, options.early, extra.cost_ms(), *answer.fresh_ms)) {
      answer.token = TryLease(ctx, key, options);
      if (answer.token != 0) answer.state = "REFRESH";
    }
    const std::string code = std::to_string(extra.negative_code());
    if (answer.state == "NEGATIVE" && answer.value->empty()) answer.value = code;
    return Reply(ctx, options, answer);
  }
  Reply(ctx, options, answer);
}

// Answers with what there is. `*must_wait` instead where the key is missing and somebody else has
// the lease on it that the caller asks for.
Status AnswerNow(CommandContext& ctx, const storage::Key& key, const GetOptions& options,
                 bool* must_wait) {
  *must_wait = false;
  const Entry* const entry = ctx.db.Find(key, ctx.read_access());
  if (entry != nullptr) {
    if (entry->type() == Type::kPass) return Reply(ctx, options, {.state = "PASS"}), Ok();
    if (entry->type() != Type::kString) return Error(errors::kWrongType);
    AnswerLive(ctx, key, *entry, options);
    return Ok();
  }
  if (const storage::StaleCopy* const copy = FindStaleToRead(ctx, key, options.on_error)) {
    const int64_t until_ms = options.on_error ? copy->until_ms() : copy->stale_until_ms;
    Answer answer{.state = "STALE",
                  .value = copy->bytes(),
                  .object = copy->value.get(),
                  .fresh_ms = 0,
                  .stale_ms = until_ms - ctx.db.now_ms()};
    answer.token = TryLease(ctx, key, options);
    return Reply(ctx, options, answer), Ok();
  }
  ctx.Notify(NotifyClass::kKeyMiss, "keymiss", key.bytes);
  *must_wait = options.lease_ms > 0 && ctx.db.FindLease(key) != nullptr;
  if (*must_wait) return Ok();
  return Reply(ctx, options, {.state = "MISS", .token = TryLease(ctx, key, options)}), Ok();
}

// When the lease on a key ends, on the steady clock; 0 when there is none.
int64_t LeaseEndUs(CommandContext& ctx, const storage::Key& key) {
  const storage::Lease* const lease = ctx.db.FindLease(key);
  if (lease == nullptr) return 0;
  const int64_t left_us = lease->until_ms * 1000 - ctx.dispatcher.now_us();
  return ctx.engine.clock.SteadyMicros() + left_us;
}

// A waiter for the value or, when the lease ends without one, for the next lease.
WaiterPointer NewWaiter(CommandContext& ctx, const storage::Key& key, const GetOptions& options) {
  auto waiter = std::make_shared<Waiter>();
  waiter->keys = {std::string(key.bytes)};
  waiter->wants_missing = true;
  waiter->ready = [](CommandContext& then, const storage::Key& of) {
    return then.db.Find(of, Access::kPeek) != nullptr || then.db.FindLease(of) == nullptr;
  };
  // The fill has just told its client that what it read (nothing) has changed.
  std::optional<TrackedReader> reader;
  if (ctx.session.tracking != nullptr && ctx.session.tracking->RemembersReads()) {
    reader = {ctx.session.id(), &ctx.session.mailbox()};
  }
  waiter->serve = [options, reader](CommandContext& then, const storage::Key& of) {
    Engine& engine = then.engine;
    if (reader) engine.tracking.Remember(engine.keyspace.StripeOf(of.hash), of.bytes, *reader);
    bool must_wait;  // not any more
    if (Status served = AnswerNow(then, of, options, &must_wait); !served.ok()) {
      then.reply.Error(served.error());
    }
  };
  waiter->look_again_us = LeaseEndUs(ctx, key);
  waiter->next_look_us = [name = std::string(key.bytes)](CommandContext& then) {
    return LeaseEndUs(then, then.db.HashedKey(name));
  };
  protocol::OutputBuffer output;
  protocol::ReplyWriter reply(output, ctx.reply.version());
  CommandContext timeout{ctx.engine, ctx.dispatcher, ctx.session, ctx.command,
                         ctx.args,   reply,          ctx.db,      ctx.scope};
  Reply(timeout, options, {.state = "MISS"});
  waiter->timeout_reply = output.tail().view();
  return waiter;
}

Status Get(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  GetOptions options;
  if (Status parsed = ParseGetOptions(ctx.args, &options); !parsed.ok()) return parsed;
  bool must_wait;
  if (Status answered = AnswerNow(ctx, key, options, &must_wait); !answered.ok()) return answered;
  if (!must_wait) return Ok();
  if (options.wait_ms == 0 || ctx.in_exec() || ctx.in_script()) {
    return Reply(ctx, options, {.state = "MISS"}), Ok();
  }
  ctx.Block(NewWaiter(ctx, key, options), options.wait_ms * 1000);
  return Ok();
}

// ---- CACHE.RELEASE, CACHE.PASS

Status Release(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const auto token = ParseToken(ctx.args.Next());
  if (!token) return Error(errors::kBadToken);
  if (ctx.MustStartAgain()) return Ok();
  const bool ended = ctx.db.EndLease(key, *token);
  if (ended) ctx.WakeWaiters(key);
  ctx.reply.Integer(ended ? 1 : 0);
  return Ok();
}

Status Pass(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  ExpiryOption expiry;
  if (!expiry.Match(ctx.args, ExpiryOption::Kind::kNone) || ctx.args.HasMore()) {
    return Error(errors::kSyntax);
  }
  storage::Value value{.type = Type::kPass};
  Status resolved = expiry.Resolve(ctx.db.now_ms(), ctx.command.full_name, &value.expire_at_ms);
  if (!resolved.ok()) return resolved;
  ctx.db.Put(key, std::move(value));
  ctx.Changed(key, NotifyClass::kGeneric, "pass");
  ctx.reply.Ok();
  return Ok();
}

// A lease is a right to write.
uint16_t KeyFlagsOfGet(std::span<const std::string_view> args) {
  constexpr size_t kFirstOption = 2;
  for (size_t i = kFirstOption; i < args.size(); ++i) {
    if (EqualsIgnoreCase(args[i], "LEASE"))
      return KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate;
    if (EqualsIgnoreCase(args[i], "IFNE")) ++i;  // whose etag says nothing
  }
  return KeyFlag::kRO | KeyFlag::kAccess;
}

constexpr CommandSpec kCommands[] = {
    {.name = "cache.get",
     .syntax = "key [lease: LEASE milliseconds:int [WAIT milliseconds:int]] [EARLY beta:double] "
               "[IFNE etag] [ONERROR]",
     .summary = "Returns a string with its state as a cache's entry, stale copies included, and a "
                "lease to one of those who miss it.",
     .complexity = "O(N) where N is the length of the value, for its etag the first time.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kReadOnly | Flag::kBlocking,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate | KeyFlag::kVariable)},
     .handler = Get,
     .find_key_flags = KeyFlagsOfGet},
    {.name = "cache.pass",
     .syntax = "key <EX seconds:int | PX milliseconds:int | EXAT unix-time-seconds:unix | "
               "PXAT unix-time-milliseconds:unix>",
     .summary = "Says that the answer for a key is not to be cached: nobody waits for it.",
     .complexity = "O(1)",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kOW | KeyFlag::kUpdate)},
     .handler = Pass},
    {.name = "cache.release",
     .syntax = "key token",
     .summary = "Gives a lease back without a value: whoever waits longest gets the next.",
     .complexity = "O(1)",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = Release},
};

}  // namespace

std::span<const CommandSpec> CacheReadCommands() { return kCommands; }

}  // namespace larder
