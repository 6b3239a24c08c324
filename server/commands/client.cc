// CLIENT: who is connected, what they are called, and how to be rid of them.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/client_name.h"
#include "server/commands/client_tracking.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/waiting.h"
#include "storage/numbers.h"

namespace larder {
namespace {

using Records = std::vector<std::shared_ptr<ClientRecord>>;

Status Id(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.session.id()));
  return Ok();
}

Status Info(CommandContext& ctx) {
  const std::string line = ClientLine(*ctx.session.record, ctx.engine.clock.SteadyMicros());
  ctx.reply.Verbatim("txt", line + "\n");
  return Ok();
}

// The kind of client that CLIENT LIST TYPE and CLIENT KILL TYPE ask for; there are no replicas
// here.
enum class ClientType : uint8_t { kNormal, kPubSub, kNone };

Status ReadType(std::string_view word, ClientType* type) {
  if (EqualsIgnoreCase(word, "normal")) {
    *type = ClientType::kNormal;
  } else if (EqualsIgnoreCase(word, "pubsub")) {
    *type = ClientType::kPubSub;
  } else if (EqualsIgnoreCase(word, "master") || EqualsIgnoreCase(word, "replica") ||
             EqualsIgnoreCase(word, "slave")) {
    *type = ClientType::kNone;
  } else {
    return Error(fmt::format("ERR Unknown client type '{}'", errors::UpToZero(word)));
  }
  return Ok();
}

bool IsOfType(const ClientRecord& record, ClientType type) {
  if (type == ClientType::kNone) return false;
  return record.Has(ClientFlag::kPubSub) == (type == ClientType::kPubSub);
}

Status List(CommandContext& ctx) {
  Records records = ctx.engine.clients.All();
  if (ctx.args.HasMore()) {
    if (ctx.args.remaining() == 2 && ctx.args.Match("TYPE")) {
      ClientType type;
      if (Status read = ReadType(ctx.args.Next(), &type); !read.ok()) return read;
      std::erase_if(records, [type](const auto& record) { return !IsOfType(*record, type); });
    } else if (ctx.args.remaining() >= 2 && ctx.args.Match("ID")) {
      Records wanted;
      while (ctx.args.HasMore()) {
        const auto id = storage::ParseInteger(ctx.args.Next());
        if (!id) return Error("ERR Invalid client ID");
        if (auto record = ctx.engine.clients.Find(static_cast<uint64_t>(*id))) {
          wanted.push_back(std::move(record));
        }
      }
      records = std::move(wanted);
    } else {
      return Error(errors::kSyntax);
    }
  }
  const int64_t now_us = ctx.engine.clock.SteadyMicros();
  std::string lines;
  for (const auto& record : records) lines += ClientLine(*record, now_us) + "\n";
  ctx.reply.Verbatim("txt", lines);
  return Ok();
}

Status GetName(CommandContext& ctx) {
  std::lock_guard lock(ctx.session.record->mutex);
  const std::string& name = ctx.session.record->name;
  if (name.empty()) {
    ctx.reply.Null();
  } else {
    ctx.reply.Bulk(name);
  }
  return Ok();
}

Status SetName(CommandContext& ctx) {
  const std::string_view name = ctx.args.Next();
  if (!IsClientName(name)) return Error(errors::kBadClientName);
  SetClientName(ctx.session, name);
  ctx.reply.Ok();
  return Ok();
}

Status SetInfo(CommandContext& ctx) {
  const std::string_view attribute = ctx.args.Next();
  const std::string_view value = ctx.args.Next();
  const bool is_name = EqualsIgnoreCase(attribute, "lib-name");
  if (!is_name && !EqualsIgnoreCase(attribute, "lib-ver")) {
    return Error(fmt::format("ERR Unrecognized option '{}'", attribute));
  }
  if (!IsClientName(value)) {
    return Error(fmt::format("ERR {} cannot contain spaces, newlines or special characters.",
                             is_name ? "lib-name" : "lib-ver"));
  }
  std::lock_guard lock(ctx.session.record->mutex);
  (is_name ? ctx.session.record->library_name : ctx.session.record->library_version) = value;
  ctx.reply.Ok();
  return Ok();
}

// ---- KILL

// What a client must be like to be killed.
struct KillFilter {
  std::vector<std::function<bool(ClientRecord&)>> conditions;
  bool skip_self = true;
};

Status ReadKillFilter(CommandContext& ctx, KillFilter* filter) {
  const int64_t now_us = ctx.engine.clock.SteadyMicros();
  while (ctx.args.HasMore()) {
    if (ctx.args.remaining() < 2) return Error(errors::kSyntax);
    if (ctx.args.Match("ID")) {
      const auto id = storage::ParseInteger(ctx.args.Next());
      if (!id || *id <= 0) return Error("ERR client-id should be greater than 0");
      filter->conditions.push_back(
          [id](ClientRecord& record) { return record.id == static_cast<uint64_t>(*id); });
    } else if (ctx.args.Match("TYPE")) {
      ClientType type;
      if (Status read = ReadType(ctx.args.Next(), &type); !read.ok()) return read;
      filter->conditions.push_back([type](ClientRecord& record) { return IsOfType(record, type); });
    } else if (ctx.args.Match("ADDR")) {
      filter->conditions.push_back([address = std::string(ctx.args.Next())](ClientRecord& record) {
        return record.address == address;
      });
    } else if (ctx.args.Match("LADDR")) {
      filter->conditions.push_back([address = std::string(ctx.args.Next())](ClientRecord& record) {
        return record.local_address == address;
      });
    } else if (ctx.args.Match("USER")) {
      const std::string user(ctx.args.Next());
      if (ctx.engine.acl.Find(user) == nullptr) return Error(errors::NoSuchUser(user));
      filter->conditions.push_back([user](ClientRecord& record) {
        std::lock_guard lock(record.mutex);
        return record.user == user;
      });
    } else if (ctx.args.Match("SKIPME")) {
      if (ctx.args.Match("yes")) {
        filter->skip_self = true;
      } else if (ctx.args.Match("no")) {
        filter->skip_self = false;
      } else {
        return Error(errors::kSyntax);
      }
    } else if (ctx.args.Match("MAXAGE")) {
      const auto seconds = storage::ParseInteger(ctx.args.Next());
      if (!seconds || *seconds <= 0) return Error("ERR maxage should be greater than 0");
      filter->conditions.push_back([now_us, seconds](ClientRecord& record) {
        return (now_us - record.connected_at_us) / 1'000'000 >= *seconds;
      });
    } else {
      return Error(errors::kSyntax);
    }
  }
  return Ok();
}

int64_t KillMatching(CommandContext& ctx, const KillFilter& filter) {
  int64_t killed = 0;
  for (const auto& record : ctx.engine.clients.All()) {
    const bool self = record->id == ctx.session.id();
    if (self && filter.skip_self) continue;
    if (!std::all_of(filter.conditions.begin(), filter.conditions.end(),
                     [&](const auto& condition) { return condition(*record); })) {
      continue;
    }
    ++killed;
    if (self) {
      ctx.session.close_after_reply = true;  // it still gets its answer
    } else {
      ClientRegistry::Kill(record);
    }
  }
  return killed;
}

Status Kill(CommandContext& ctx) {
  KillFilter filter;
  if (ctx.args.remaining() == 1) {
    filter.skip_self = false;
    filter.conditions.push_back([address = std::string(ctx.args.Next())](ClientRecord& record) {
      return record.address == address;
    });
    if (KillMatching(ctx, filter) == 0) return Error(errors::kNoSuchClient);
    ctx.reply.Ok();
    return Ok();
  }
  if (Status read = ReadKillFilter(ctx, &filter); !read.ok()) return read;
  ctx.reply.Integer(KillMatching(ctx, filter));
  return Ok();
}

// ---- the rest

Status Pause(CommandContext& ctx) {
  const std::string_view text = ctx.args.Next();
  bool writes_only = false;
  if (ctx.args.HasMore() && !ctx.args.Match("ALL")) {
    if (!ctx.args.Match("WRITE")) return Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    writes_only = true;
  }
  if (ctx.args.HasMore()) return Error(errors::BadSubcommand("client", ctx.args.all()[1]));
  const auto timeout_ms = storage::ParseInteger(text);
  if (!timeout_ms) return Error("ERR timeout is not an integer or out of range");
  if (*timeout_ms < 0) return Error("ERR timeout is negative");
  constexpr int64_t kPauseMsMax = int64_t{1} << 50;
  const int64_t now_us = ctx.engine.clock.SteadyMicros();
  ctx.engine.pause.Set(now_us + std::min(*timeout_ms, kPauseMsMax) * 1000, writes_only);
  ctx.reply.Ok();
  return Ok();
}

Status Unpause(CommandContext& ctx) {
  ctx.engine.pause.Clear();
  ctx.reply.Ok();
  return Ok();
}

Status Reply(CommandContext& ctx) {
  if (ctx.args.Match("ON")) {
    ctx.session.reply_mode = ReplyMode::kOn;
    ctx.session.reply.Ok();  // this one is heard, whatever held before
  } else if (ctx.args.Match("OFF")) {
    ctx.session.reply_mode = ReplyMode::kOff;
  } else if (ctx.args.Match("SKIP")) {
    if (ctx.session.reply_mode == ReplyMode::kOn) ctx.session.reply_mode = ReplyMode::kSkipNext;
  } else {
    return Error(errors::kSyntax);
  }
  return Ok();
}

Status UnblockClient(CommandContext& ctx) {
  if (ctx.args.remaining() > 2) return Error(errors::BadSubcommand("client", ctx.args.all()[1]));
  const int64_t id = ctx.args.NextInt();
  bool with_error = false;
  if (ctx.args.failed()) return ctx.args.status();
  if (ctx.args.HasMore() && !ctx.args.Match("TIMEOUT")) {
    if (!ctx.args.Match("ERROR")) {
      return Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
    with_error = true;
  }
  WaiterPointer waiter;
  if (const auto record = ctx.engine.clients.Find(static_cast<uint64_t>(id))) {
    std::lock_guard lock(record->mutex);
    waiter = record->waiter;
  }
  ctx.reply.Integer(Unblock(ctx.engine, waiter, with_error) ? 1 : 0);
  return Ok();
}

// ON or OFF, or a syntax error.
Status ReadSwitch(CommandContext& ctx, bool* on) {
  *on = ctx.args.Match("ON");
  if (!*on && !ctx.args.Match("OFF")) return Error(errors::kSyntax);
  return Ok();
}

Status NoEvict(CommandContext& ctx) {
  bool on;
  if (Status read = ReadSwitch(ctx, &on); !read.ok()) return read;
  ctx.session.record->SetFlag(ClientFlag::kNoEvict, on);
  ctx.reply.Ok();
  return Ok();
}

Status NoTouch(CommandContext& ctx) {
  bool on;
  if (Status read = ReadSwitch(ctx, &on); !read.ok()) return read;
  ctx.session.no_touch = on;
  ctx.session.record->SetFlag(ClientFlag::kNoTouch, on);
  ctx.reply.Ok();
  return Ok();
}

// Redirection is for replicas, and there is none: any capability is noted by doing nothing.
Status Capa(CommandContext& ctx) {
  ctx.reply.Ok();
  return Ok();
}

// For imports that must see expired keys; there is no import mode here.
Status ImportSource(CommandContext& ctx) {
  if (!ctx.args.Match("OFF")) return Error("ERR Server is not in import mode");
  ctx.reply.Ok();
  return Ok();
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CACHING (YES|NO)",
      "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
      "CAPA <option> [options...]",
      "    Claim capabilities of the client. Options are:",
      "    * REDIRECT: the client follows redirections of replicas.",
      "GETREDIR",
      "    Return the client ID we are redirecting to when tracking is enabled.",
      "GETNAME",
      "    Return the name of the current connection.",
      "ID",
      "    Return the ID of the current connection.",
      "IMPORT-SOURCE (ON|OFF)",
      "    Mark this connection as an import source (in import mode alone).",
      "INFO",
      "    Return information about the current client connection.",
      "KILL <ip:port>",
      "    Kill connection made from <ip:port>.",
      "KILL <option> <value> [<option> <value> [...]]",
      "    Kill connections. Options are:",
      "    * ADDR (<ip:port>|<unixsocket>:0)",
      "      Kill connections made from the specified address",
      "    * LADDR (<ip:port>|<unixsocket>:0)",
      "      Kill connections made to specified local address",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      Kill connections by type.",
      "    * USER <username>",
      "      Kill connections authenticated by <username>.",
      "    * SKIPME (YES|NO)",
      "      Skip killing current connection (default: yes).",
      "    * ID <client-id>",
      "      Kill connections by client id.",
      "    * MAXAGE <maxage>",
      "      Kill connections older than the specified age.",
      "LIST [options ...]",
      "    Return information about client connections. Options:",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      Return clients of specified type.",
      "    * ID <client-id> [<client-id> ...]",
      "      Return clients of specified IDs only.",
      "NO-EVICT (ON|OFF)",
      "    Protect current client connection from eviction.",
      "NO-TOUCH (ON|OFF)",
      "    Will not touch LRU/LFU stats when this mode is on.",
      "PAUSE <timeout> [WRITE|ALL]",
      "    Suspend all, or just write, clients for <timeout> milliseconds.",
      "REPLY (ON|OFF|SKIP)",
      "    Control the replies sent to the current connection.",
      "SETINFO <option> <value>",
      "    Set client meta attr. Options are:",
      "    * LIB-NAME: the client lib name.",
      "    * LIB-VER: the client lib version.",
      "SETNAME <name>",
      "    Assign the name <name> to the current connection.",
      "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
      "         [OPTIN] [OPTOUT] [NOLOOP]",
      "    Control server assisted client side caching.",
      "TRACKINGINFO",
      "    Report tracking status for the current connection.",
      "UNBLOCK <clientid> [TIMEOUT|ERROR]",
      "    Unblock the specified blocked client.",
      "UNPAUSE",
      "    Stop the current client pause, resuming traffic.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kAny = Flag::kNoScript | Flag::kLoading | Flag::kStale;

constexpr CommandSpec kSubcommands[] = {
    {.name = "caching",
     .syntax = "<YES | NO>",
     .summary = "Instructs the server whether to track the keys in the next request.",
     .complexity = "O(1)",
     .since = "6.0.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = Caching},
    {.name = "capa",
     .syntax = "capability [capability ...]",
     .summary = "A client claims its capability.",
     .complexity = "O(1)",
     .since = "8.0.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = Capa},
    {.name = "getname",
     .syntax = "",
     .summary = "Returns the name of the connection.",
     .complexity = "O(1)",
     .since = "2.6.9",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = GetName},
    {.name = "getredir",
     .syntax = "",
     .summary =
         "Returns the client ID to which the connection's tracking notifications are redirected.",
     .complexity = "O(1)",
     .since = "6.0.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = GetRedirect},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kConnection,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "id",
     .syntax = "",
     .summary = "Returns the unique client ID of the connection.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = Id},
    {.name = "import-source",
     .syntax = "<ON | OFF>",
     .summary = "Mark this client as an import source when server is in import mode.",
     .complexity = "O(1)",
     .since = "8.1.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = ImportSource},
    {.name = "info",
     .syntax = "",
     .summary = "Returns information about the connection.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = Info,
     .tips = "nondeterministic_output"},
    {.name = "kill",
     .syntax = "<ip:port | [ID client-id:int] [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] "
               "[USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME <YES | NO>] "
               "[MAXAGE maxage:int]>",
     .summary = "Terminates open connections.",
     .complexity = "O(N) where N is the number of client connections",
     .since = "2.4.0",
     .group = Group::kConnection,
     .flags = kAny | Flag::kAdmin,
     .arity = -3,
     .handler = Kill},
    {.name = "list",
     .syntax = "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id:int [client-id:int ...]]",
     .summary = "Lists open connections.",
     .complexity = "O(N) where N is the number of client connections",
     .since = "2.4.0",
     .group = Group::kConnection,
     .flags = kAny | Flag::kAdmin,
     .handler = List,
     .tips = "nondeterministic_output"},
    {.name = "no-evict",
     .syntax = "<ON | OFF>",
     .summary = "Sets the client eviction mode of the connection.",
     .complexity = "O(1)",
     .since = "7.0.0",
     .group = Group::kConnection,
     .flags = kAny | Flag::kAdmin,
     .handler = NoEvict},
    {.name = "no-touch",
     .syntax = "<ON | OFF>",
     .summary = "Controls whether commands sent by the client affect the LRU/LFU of accessed keys.",
     .complexity = "O(1)",
     .since = "7.2.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = NoTouch},
    {.name = "pause",
     .syntax = "timeout:int [WRITE | ALL]",
     .summary = "Suspends commands processing.",
     .complexity = "O(1)",
     .since = "3.0.0",
     .group = Group::kConnection,
     .flags = kAny | Flag::kAdmin,
     .handler = Pause},
    {.name = "reply",
     .syntax = "<ON | OFF | SKIP>",
     .summary = "Instructs the server whether to reply to commands.",
     .complexity = "O(1)",
     .since = "3.2.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = Reply},
    {.name = "setinfo",
     .syntax = "<LIB-NAME libname | LIB-VER libver>",
     .summary = "Sets information specific to the client or connection.",
     .complexity = "O(1)",
     .since = "7.2.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = SetInfo},
    {.name = "setname",
     .syntax = "connection-name",
     .summary = "Sets the connection name.",
     .complexity = "O(1)",
     .since = "2.6.9",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = SetName},
    {.name = "tracking",
     .syntax = "<ON | OFF> [REDIRECT client-id:int] [PREFIX prefix [PREFIX prefix ...]] [BCAST] "
               "[OPTIN] [OPTOUT] [NOLOOP]",
     .summary = "Controls server-assisted client-side caching for the connection.",
     .complexity = "O(1). Some options may introduce additional complexity.",
     .since = "6.0.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = Track},
    {.name = "trackinginfo",
     .syntax = "",
     .summary = "Returns information about server-assisted client-side caching for the connection.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kConnection,
     .flags = kAny,
     .handler = TrackingInfo},
    {.name = "unblock",
     .syntax = "client-id:int [TIMEOUT | ERROR]",
     .summary = "Unblocks a client blocked by a blocking command from a different connection.",
     .complexity = "O(log N) where N is the number of client connections",
     .since = "5.0.0",
     .group = Group::kConnection,
     .flags = kAny | Flag::kAdmin,
     .handler = UnblockClient},
    {.name = "unpause",
     .syntax = "",
     .summary = "Resumes processing commands from paused clients.",
     .complexity = "O(N) Where N is the number of paused clients",
     .since = "6.2.0",
     .group = Group::kConnection,
     .flags = kAny | Flag::kAdmin,
     .handler = Unpause},
};

constexpr CommandSpec kCommands[] = {
    {.name = "client",
     .syntax = "",
     .summary = "A container for client connection commands.",
     .complexity = "Depends on subcommand.",
     .since = "2.4.0",
     .group = Group::kConnection,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> ClientCommands() { return kCommands; }

}  // namespace larder
