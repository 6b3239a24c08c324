// Whether a user may run a request, and what is said and noted when not.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/acl/acl_log.h"
#include "server/acl/acl_user.h"
#include "server/command_table.h"

namespace larder {

struct Engine;
class Session;
struct ClientRecord;

// REQUIRES: the request's arity is right, or its keys are not looked at.
AclDecision CheckAcl(const AclUser& user, const CommandInfo& info,
                     std::span<const std::string_view> args);

// Whether the user may run a command on a key that it writes, and that its arguments do not name.
bool MayWriteKey(const AclUser& user, const CommandInfo& info, std::string_view key);

// Whether the user may read every key with this request: SORT's BY and GET ask.
bool MayReadEveryKey(const AclUser& user, const CommandInfo& info,
                     std::span<const std::string_view> args);

// Why not, without a code: "User x has no permissions to run the 'get' command". `verbose` names
// the key or channel, as ACL DRYRUN does.
std::string AclRefusal(const AclUser& user, const CommandInfo& info,
                       std::span<const std::string_view> args, const AclDecision& decision,
                       bool verbose = false);

// Puts a refusal into ACL LOG. `user` is a name.
void LogAclRefusal(Engine& engine, Session& session, std::string_view user, AclReason reason,
                   AclContext context, std::string_view object);
void LogAclRefusal(Engine& engine, ClientRecord& client, std::string_view user,
                   const CommandInfo& info, std::span<const std::string_view> args,
                   const AclDecision& decision, AclContext context);
void LogAclRefusal(Engine& engine, Session& session, const CommandInfo& info,
                   std::span<const std::string_view> args, const AclDecision& decision,
                   AclContext context);

}  // namespace larder
