// PING, ECHO, SELECT, HELLO, AUTH, QUIT, RESET.
#include <string>
#include <string_view>
#include <utility>

#include "server/acl/acl_check.h"
#include "server/command_context.h"
#include "server/commands/client_name.h"
#include "server/commands/families.h"
#include "server/version.h"

namespace larder {
namespace {

Status Ping(CommandContext& ctx) {
  if (ctx.args.remaining() > 1) return Error(errors::WrongArity(ctx.command.full_name));
  const bool has_text = ctx.args.HasMore();
  if (ctx.session.in_subscriber_mode()) {
    ctx.reply.Array(2);
    ctx.reply.Bulk("pong");
    ctx.reply.Bulk(has_text ? ctx.args.Next() : std::string_view());
  } else if (has_text) {
    ctx.reply.Bulk(ctx.args.Next());
  } else {
    ctx.reply.Simple("PONG");
  }
  return Ok();
}

Status Echo(CommandContext& ctx) {
  ctx.reply.Bulk(ctx.args.Next());
  return Ok();
}

Status Select(CommandContext& ctx) {
  const int64_t index = ctx.args.NextInt();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  if (index < INT32_MIN || index > INT32_MAX) return Error(errors::kIntOutOfRange);
  if (index < 0 || index >= ctx.engine.keyspace.database_count()) {
    return Error(errors::kDbOutOfRange);
  }
  ctx.session.SelectDatabase(static_cast<int>(index));
  ctx.reply.Ok();
  return Ok();
}

Status LogIn(CommandContext& ctx, std::string_view name, std::string_view password) {
  AclUserPointer user = ctx.engine.acl.LogIn(name, password);
  if (user == nullptr) {
    LogAclRefusal(ctx.engine, ctx.session, name, AclReason::kAuth,
                  ctx.in_exec() ? AclContext::kMulti : AclContext::kTopLevel, ctx.args.all()[0]);
    return Error(errors::kWrongPass);
  }
  ctx.session.LogIn(std::move(user));
  return Ok();
}

Status Auth(CommandContext& ctx) {
  if (ctx.args.remaining() > 2) return Error(errors::kSyntax);
  std::string_view user = "default";
  if (ctx.args.remaining() == 2) {
    user = ctx.args.Next();
  } else if (ctx.engine.acl.default_needs_no_password()) {
    return Error(errors::kNoPasswordSet);
  }
  if (Status login = LogIn(ctx, user, ctx.args.Next()); !login.ok()) return login;
  ctx.reply.Ok();
  return Ok();
}

void WriteHello(CommandContext& ctx) {
  ctx.reply.Map(7);
  ctx.reply.Bulk("server");
  ctx.reply.Bulk("redis");
  ctx.reply.Bulk("version");
  ctx.reply.Bulk(kRedisVersion);
  ctx.reply.Bulk("proto");
  ctx.reply.Integer(static_cast<int>(ctx.session.reply.version()));
  ctx.reply.Bulk("id");
  ctx.reply.Integer(static_cast<int64_t>(ctx.session.id()));
  ctx.reply.Bulk("mode");
  ctx.reply.Bulk("standalone");
  ctx.reply.Bulk("role");
  ctx.reply.Bulk("master");
  ctx.reply.Bulk("modules");
  ctx.reply.Array(0);
}

// Options take effect as they are read, as in Redis: one that follows may still be wrong.
Status Hello(CommandContext& ctx) {
  int64_t version = 0;
  if (ctx.args.HasMore()) {
    version = ctx.args.NextInt(errors::kProtoNotInteger);
    if (ctx.args.failed()) return ctx.args.status();
    if (version != 2 && version != 3) return Error(errors::kNoProto);
  }
  while (ctx.args.HasMore()) {
    const std::string_view option = ctx.args.Peek();
    if (ctx.args.remaining() >= 3 && ctx.args.Match("AUTH")) {
      const std::string_view user = ctx.args.Next();
      if (Status login = LogIn(ctx, user, ctx.args.Next()); !login.ok()) return login;
    } else if (ctx.args.remaining() >= 2 && ctx.args.Match("SETNAME")) {
      const std::string_view name = ctx.args.Next();
      if (!IsClientName(name)) return Error(errors::kBadClientName);
      SetClientName(ctx.session, name);
    } else {
      return Error("ERR Syntax error in HELLO option '" + std::string(errors::UpToZero(option)) +
                   "'");
    }
  }
  if (!ctx.session.authenticated && !ctx.engine.acl.default_is_open()) {
    return Error(errors::kHelloNoAuth);
  }
  if (version != 0) {
    ctx.session.SetProtocol(static_cast<protocol::Version>(version));
    ctx.reply.set_version(ctx.session.reply.version());
  }
  WriteHello(ctx);
  return Ok();
}

Status Quit(CommandContext& ctx) {
  ctx.reply.Ok();
  ctx.session.UnsubscribeAll();  // it is gone: nobody shall count it among the receivers
  ctx.session.close_after_reply = true;
  return Ok();
}

Status Reset(CommandContext& ctx) {
  ctx.session.Reset();
  ctx.reply.set_version(protocol::Version::kResp2);
  ctx.reply.Simple("RESET");
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "auth",
     .syntax = "[username] password",
     .summary = "Authenticates the connection.",
     .complexity = "O(N) where N is the number of passwords defined for the user",
     .since = "1.0.0",
     .group = Group::kConnection,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kFast | Flag::kNoAuth |
              Flag::kAllowBusy,
     .handler = Auth},
    {.name = "echo",
     .syntax = "message",
     .summary = "Returns the given string.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kConnection,
     .flags = Flag::kLoading | Flag::kStale | Flag::kFast,
     .handler = Echo},
    {.name = "hello",
     .syntax = "[protover:int [AUTH username password] [SETNAME clientname]]",
     .summary = "Handshakes with the Redis server.",
     .complexity = "O(1)",
     .since = "6.0.0",
     .group = Group::kConnection,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kFast | Flag::kNoAuth |
              Flag::kAllowBusy,
     .handler = Hello},
    {.name = "ping",
     .syntax = "[message]",
     .summary = "Returns the server's liveliness response.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kConnection,
     .flags = Flag::kFast | Flag::kSubscriberMode,
     .handler = Ping,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "quit",
     .syntax = "",
     .summary = "Closes the connection.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kConnection,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kFast | Flag::kNoAuth |
              Flag::kAllowBusy | Flag::kNotQueued | Flag::kSubscriberMode,
     .arity = -1,
     .handler = Quit},
    {.name = "reset",
     .syntax = "",
     .summary = "Resets the connection.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kConnection,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kFast | Flag::kNoAuth |
              Flag::kAllowBusy | Flag::kNotQueued | Flag::kSubscriberMode | Flag::kUnwatches,
     .handler = Reset},
    {.name = "select",
     .syntax = "index:int",
     .summary = "Changes the selected database.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kConnection,
     .flags = Flag::kLoading | Flag::kStale | Flag::kFast,
     .handler = Select},
};

}  // namespace

std::span<const CommandSpec> ConnectionCommands() { return kCommands; }

}  // namespace larder
