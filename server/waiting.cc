#include "server/waiting.h"

#include <memory>

#include "server/errors.h"
#include "server/session.h"

namespace larder {

void LeaveLines(Engine& engine, const Waiter& waiter) {
  for (const std::string& name : waiter.keys) {
    const size_t stripe = engine.keyspace.StripeOf(engine.keyspace.hasher().Hash(name));
    engine.keyspace.lock(stripe).Lock();
    engine.waiters.Remove(stripe, waiter.database, name, &waiter);
    engine.keyspace.lock(stripe).Unlock();
  }
}

void PostReply(const Waiter& waiter, std::string encoded_reply) {
  PushMessage message{PushMessage::Kind::kReply, {}, {}, std::move(encoded_reply)};
  waiter.mailbox->Push(waiter.session_id, std::make_shared<const PushMessage>(std::move(message)));
}

std::string TimeoutReply(const Waiter& waiter) {
  protocol::OutputBuffer output;
  protocol::ReplyWriter reply(output, waiter.version);
  waiter.null_array ? reply.NullArray() : reply.Null();
  return std::string(output.tail().view());
}

bool Unblock(Engine& engine, const WaiterPointer& waiter, bool with_error) {
  if (waiter == nullptr || !waiter->End(Waiter::State::kUnblocked)) return false;
  engine.waiters.Ended();
  const std::string error = "-" + std::string(errors::kUnblocked) + "\r\n";
  PostReply(*waiter, with_error ? error : TimeoutReply(*waiter));
  return true;
}

}  // namespace larder
