// Pending entries given back to their group: XNACK; and how long a stream remembers what its
// producers sent: XCFGSET.
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/stream_access.h"

namespace larder {
namespace {

using storage::PendingEntry;
using storage::Stream;
using storage::StreamGroup;
using storage::StreamId;

// ---- XNACK

constexpr std::string_view kBadMode = "ERR mode must be SILENT, FAIL, or FATAL";
constexpr std::string_view kIdCountNotPositive = "ERR numids must be a positive integer";
constexpr std::string_view kIdCountMismatch = "ERR number of IDs doesn't match numids";
constexpr std::string_view kNegativeRetryCount = "ERR Invalid RETRYCOUNT value, must be >= 0";
constexpr std::string_view kNoIds = "ERR syntax error, expected IDS keyword";

enum class NackMode : uint8_t {
  kSilent,  // as if it had not been delivered
  kFail,    // the delivery counts
  kFatal    // it counts as delivered as often as can be
};

struct NackOptions {
  NackMode mode = NackMode::kFail;
  std::optional<uint64_t> deliveries;
  bool force = false;  // also what is not pending
  std::vector<StreamId> ids;
};

Status ParseMode(ArgReader& args, NackMode* mode) {
  if (args.Match("SILENT")) return *mode = NackMode::kSilent, Ok();
  if (args.Match("FAIL")) return *mode = NackMode::kFail, Ok();
  if (args.Match("FATAL")) return *mode = NackMode::kFatal, Ok();
  return Error(kBadMode);
}

// Reads one option. `*ids`: where the ids are, which are read when all else is known to be right.
Status ParseNackOption(ArgReader& args, NackOptions* options,
                       std::span<const std::string_view>* ids) {
  const bool has_value = args.remaining() >= 2;
  if (has_value && args.Match("IDS")) {
    const int64_t count =
        args.NextIntIn(1, std::numeric_limits<int32_t>::max(), kIdCountNotPositive);
    if (args.failed()) return args.status();
    if (static_cast<uint64_t>(count) > args.remaining()) return Error(kIdCountMismatch);
    *ids = args.all().subspan(args.position(), static_cast<size_t>(count));
    args.Skip(static_cast<size_t>(count));
  } else if (args.Match("FORCE")) {
    options->force = true;
  } else if (has_value && args.Match("RETRYCOUNT")) {
    const int64_t count = args.NextInt();
    if (args.failed()) return args.status();
    if (count < 0) return Error(kNegativeRetryCount);
    options->deliveries = static_cast<uint64_t>(count);
  } else {
    std::string text = "ERR Unrecognized XNACK option '";
    text += errors::UpToZero(args.Peek());
    return Error(text += "'");
  }
  return Ok();
}

Status ParseNack(ArgReader& args, NackOptions* options) {
  if (Status parsed = ParseMode(args, &options->mode); !parsed.ok()) return parsed;
  std::span<const std::string_view> ids;
  while (args.HasMore()) {
    if (Status parsed = ParseNackOption(args, options, &ids); !parsed.ok()) return parsed;
  }
  if (ids.empty()) return Error(kNoIds);
  for (const std::string_view text : ids) {
    StreamId id;
    if (Status parsed = ParseId(text, &id); !parsed.ok()) return parsed;
    options->ids.push_back(id);
  }
  return Ok();
}

uint64_t DeliveriesAfter(const NackOptions& options, uint64_t before) {
  if (options.deliveries) return *options.deliveries;
  switch (options.mode) {
    case NackMode::kSilent:
      return before > 0 ? before - 1 : 0;
    case NackMode::kFail:
      return before;
    case NackMode::kFatal:
      return storage::kDeliveriesMax;
  }
  return before;
}

// False when there is nothing to give back.
bool GiveBack(const FoundGroup& found, StreamId id, const NackOptions& options) {
  const auto at = found.group->pending().find(id);
  const bool is_pending = at != found.group->pending().end();
  if (!is_pending && !(options.force && found.stream->Contains(id))) return false;
  const uint64_t before = is_pending ? at->second.deliveries : 0;
  found.group->GiveBack(id, DeliveriesAfter(options, before));
  return true;
}

// Who waits for such entries (XREADGROUP … BLOCK … CLAIM) gets them at once.
Status XNack(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  FoundGroup found;
  if (Status status = FindGroup(ctx, key, name, &found); !status.ok()) return status;
  if (found.missing) return Error(NoKeyOrGroup(key.bytes, name));
  NackOptions options;
  if (Status parsed = ParseNack(ctx.args, &options); !parsed.ok()) return parsed;
  if (found.group == nullptr) return Ok();  // a script that will start again
  int64_t given_back = 0;
  for (const StreamId id : options.ids) given_back += GiveBack(found, id, options) ? 1 : 0;
  if (given_back > 0) TouchForWaiters(ctx, key);
  ctx.reply.Integer(given_back);
  return Ok();
}

// ---- XCFGSET

constexpr int64_t kSecondsMax = 86'400;
constexpr int64_t kIdsMax = 10'000;
constexpr std::string_view kSecondsTwice = "ERR IDMP-DURATION specified multiple times";
constexpr std::string_view kIdsTwice = "ERR IDMP-MAXSIZE specified multiple times";
constexpr std::string_view kBadSeconds = "ERR IDMP-DURATION must be between 1 and 86400 seconds";
constexpr std::string_view kBadIds = "ERR IDMP-MAXSIZE must be between 1 and 10000 entries";
constexpr std::string_view kNothingToSet = "ERR At least one parameter must be specified";

struct StreamSettings {
  std::optional<int64_t> seconds, ids_max;
};

Status ParseSetting(ArgReader& args, int64_t most, std::string_view twice, std::string_view bad,
                    std::optional<int64_t>* setting) {
  if (*setting) return Error(twice);
  const int64_t value = args.NextInt();
  if (args.failed()) return args.status();
  if (value < 1 || value > most) return Error(bad);
  *setting = value;
  return Ok();
}

Status ParseSettings(ArgReader& args, StreamSettings* settings) {
  while (args.HasMore()) {
    const bool has_value = args.remaining() >= 2;
    Status parsed;
    if (has_value && args.Match("IDMP-DURATION")) {
      parsed = ParseSetting(args, kSecondsMax, kSecondsTwice, kBadSeconds, &settings->seconds);
    } else if (has_value && args.Match("IDMP-MAXSIZE")) {
      parsed = ParseSetting(args, kIdsMax, kIdsTwice, kBadIds, &settings->ids_max);
    } else {
      return Error(errors::kSyntax);
    }
    if (!parsed.ok()) return parsed;
  }
  return settings->seconds || settings->ids_max ? Ok() : Error(kNothingToSet);
}

// Another setting forgets all ids; the same one is no change, so that each producer may set it.
Status XCfgSet(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const Stream* before;
  if (Status found = FindStream(ctx, key, &before); !found.ok()) return found;
  if (before == nullptr) return Error(errors::kNoSuchKey);
  StreamSettings settings;
  if (Status parsed = ParseSettings(ctx.args, &settings); !parsed.ok()) return parsed;
  storage::StreamIdempotence wanted = before->idempotence();
  if (settings.seconds) wanted.seconds = static_cast<uint32_t>(*settings.seconds);
  if (settings.ids_max) wanted.ids_max = static_cast<uint32_t>(*settings.ids_max);
  if (wanted != before->idempotence()) {
    Stream* stream;
    bool missing = false;
    if (Status found = FindMutableStream(ctx, key, &stream, &missing); !found.ok()) return found;
    if (stream == nullptr) return Ok();  // a script that will start again
    stream->set_idempotence(wanted);
    if (stream->producers() != nullptr) stream->producers()->ForgetAll();
    ctx.session.MarkDirty();
  }
  ctx.reply.Ok();
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "xcfgset",
     .syntax = "key [IDMP-DURATION idmp-duration:int] [IDMP-MAXSIZE idmp-maxsize:int]",
     .summary = "Sets the IDMP configuration parameters for a stream.",
     .complexity = "O(1)",
     .since = "8.6.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = XCfgSet},
    {.name = "xnack",
     .syntax = "key group <mode: SILENT | FAIL | FATAL> <IDS numids:int id [id ...]> [RETRYCOUNT "
               "count:int] [FORCE]",
     .summary = "Releases claimed messages back to the group's PEL without acknowledging them, "
                "making them available for re-delivery.",
     .complexity = "O(1) for each message ID processed.",
     .since = "8.8.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = XNack},
};

}  // namespace

std::span<const CommandSpec> StreamReleaseCommands() { return kCommands; }

}  // namespace larder
