#include "server/waiting.h"

#include <memory>

#include "server/acl/acl_check.h"
#include "server/errors.h"
#include "server/session.h"

namespace larder {

void LeaveLines(Engine& engine, const WaiterPointer& waiter) {
  bool left_over = false;
  for (const std::string& name : waiter->keys) {
    const size_t stripe = engine.keyspace.StripeOf(engine.keyspace.hasher().Hash(name));
    storage::StripeLock& lock = engine.keyspace.lock(stripe);
    if (!lock.TryLock()) {
      left_over = true;
      continue;
    }
    engine.waiters.Remove(stripe, waiter->database, name, waiter.get());
    lock.Unlock();
  }
  if (left_over) engine.waiters.RemoveLater(waiter);
}

void SweepLeftOver(Engine& engine) {
  if (!engine.waiters.has_left_over()) return;
  for (const WaiterPointer& waiter : engine.waiters.TakeLeftOver()) LeaveLines(engine, waiter);
}

void EndIfOverdue(Engine& engine, Session& session, int64_t now_us) {
  const WaiterPointer waiter = session.waiter;
  if (waiter == nullptr || waiter->deadline_us == 0 || waiter->deadline_us > now_us) return;
  if (!waiter->End(Waiter::State::kTimedOut)) return;  // its reply is under way
  engine.waiters.Ended();
  session.EndWait(TimeoutReply(*waiter));
}

void PostReply(const Waiter& waiter, std::string encoded_reply) {
  PushMessage message{PushMessage::Kind::kReply, {}, {}, std::move(encoded_reply)};
  waiter.mailbox->Push(waiter.session_id, std::make_shared<const PushMessage>(std::move(message)));
}

std::string RefusalToServe(Engine& engine, const Waiter& waiter) {
  if (waiter.user == nullptr || engine.acl.version() == waiter.acl_version) return {};
  const AclUserPointer user = engine.acl.Latest(*waiter.user);
  if (user == nullptr) return std::string(errors::kNoAuth);  // deleted: its client is being closed
  const std::vector<std::string_view> args(waiter.args.begin(), waiter.args.end());
  const AclDecision rights = CheckAcl(*user, *waiter.command, args);
  if (rights.allowed()) return {};
  if (const auto record = engine.clients.Find(waiter.session_id)) {
    LogAclRefusal(engine, *record, user->name, *waiter.command, args, rights,
                  AclContext::kTopLevel);
  }
  return "NOPERM " + AclRefusal(*user, *waiter.command, args, rights);
}

void EndWaitersOfGoneKey(WaiterRegistry& waiters, size_t stripe, int database,
                         std::string_view key) {
  for (size_t index = 0; const WaiterPointer waiter = waiters.At(stripe, database, key, index);
       ++index) {
    if (waiter->error_when_gone == nullptr || !waiter->End(Waiter::State::kServed)) continue;
    waiters.Ended();
    PostReply(*waiter, "-" + waiter->error_when_gone(key) + "\r\n");
  }
}

std::string TimeoutReply(const Waiter& waiter) {
  if (!waiter.timeout_reply.empty()) return waiter.timeout_reply;
  protocol::OutputBuffer output;
  protocol::ReplyWriter reply(output, waiter.version);
  waiter.null_array ? reply.NullArray() : reply.Null();
  return std::string(output.tail().view());
}

bool Unblock(Engine& engine, const WaiterPointer& waiter, bool with_error) {
  if (waiter == nullptr || !waiter->can_be_unblocked) return false;
  if (!waiter->End(Waiter::State::kUnblocked)) return false;
  engine.waiters.Ended();
  const std::string error = "-" + std::string(errors::kUnblocked) + "\r\n";
  PostReply(*waiter, with_error ? error : TimeoutReply(*waiter));
  return true;
}

}  // namespace larder
