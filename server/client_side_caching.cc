#include "server/client_side_caching.h"

#include <memory>
#include <utility>
#include <vector>

namespace larder {
namespace {

constexpr std::string_view kChannel = "__redis__:invalidate";
// Changes of one command that wait for its end; more are told in between.
constexpr size_t kChangedKeysMax = 4096;

void SetFlags(Session& session) {
  const ClientTracking* const tracking = session.tracking.get();
  ClientRecord& record = *session.record;
  record.SetFlag(ClientFlag::kTracking, tracking != nullptr);
  record.SetFlag(ClientFlag::kTrackingBroadcast, tracking != nullptr && tracking->broadcast);
  record.SetFlag(ClientFlag::kTrackingBroken, tracking != nullptr && tracking->redirect_broken);
  record.tracking_redirect.store(
      tracking == nullptr ? -1 : static_cast<int64_t>(tracking->redirect),
      std::memory_order_relaxed);
}

// An encoded array of keys; empty: everything.
void WriteKeys(Session& session, std::string_view encoded_keys) {
  if (encoded_keys.empty()) {
    session.reply.Null();
  } else {
    session.reply.Raw(encoded_keys);
  }
}

bool WriteInvalidation(Session& session, std::string_view encoded_keys) {
  if (session.reply.version() != protocol::Version::kResp3) return false;
  session.reply.Push(2);
  session.reply.Bulk("invalidate");
  WriteKeys(session, encoded_keys);
  return true;
}

// To a client that others redirect to: in RESP2 it has to be a subscriber, of whatever.
bool WriteRedirected(Session& session, std::string_view encoded_keys) {
  if (WriteInvalidation(session, encoded_keys)) return true;
  if (!session.in_subscriber_mode()) return false;
  session.reply.Push(3);
  session.reply.Bulk("message");
  session.reply.Bulk(kChannel);
  WriteKeys(session, encoded_keys);
  return true;
}

bool BreakRedirect(Session& session) {
  session.tracking->redirect_broken = true;
  SetFlags(session);
  if (session.reply.version() != protocol::Version::kResp3) return false;
  session.reply.Push(2);
  session.reply.Bulk("tracking-redir-broken");
  session.reply.Integer(static_cast<int64_t>(session.tracking->redirect));
  return true;
}

}  // namespace

void StartTracking(Engine& engine, Session& session, const ClientTracking& wanted) {
  const bool caching_given = session.tracking != nullptr && session.tracking->caching_given;
  storage::StringSet prefixes;
  if (session.tracking != nullptr) prefixes = std::move(session.tracking->prefixes);
  session.tracking = std::make_unique<ClientTracking>(wanted);
  session.tracking->caching_given = caching_given;
  engine.tracking.Start(session.id(), session.mailbox(), wanted.no_loop);
  for (const std::string& prefix : wanted.prefixes) {
    if (prefixes.insert(prefix).second) engine.tracking.AddPrefix(session.id(), prefix);
  }
  session.tracking->prefixes = std::move(prefixes);
  session.tracking_duties |= TrackingDuty::kReads;
  SetFlags(session);
}

void StopTracking(Engine& engine, Session& session) {
  if (session.tracking == nullptr) return;
  engine.tracking.Stop(session.id(), session.tracking->prefixes);
  session.tracking.reset();
  session.tracking_duties &= static_cast<uint8_t>(~TrackingDuty::kReads);
  SetFlags(session);
}

void RememberReads(Engine& engine, Session& session, const PreparedCommand& command) {
  const CommandInfo& info = *command.info;
  // Of a script it is the commands that it calls that read.
  if ((info.flags & Flag::kReadOnly) == 0 || (info.flags & Flag::kRunsScript) != 0) return;
  if (!session.tracking->RemembersReads()) return;
  const TrackedReader reader{session.id(), &session.mailbox()};
  const auto remember = [&](const storage::Key& key) {
    engine.tracking.Remember(engine.keyspace.StripeOf(key.hash), key.bytes, reader);
  };
  if (info.single_key) return remember(command.key);
  if (!command.keys.empty()) {
    for (const KnownKey& known : command.keys) remember(known.key);
    return;
  }
  std::vector<int> positions;
  if (!CommandTable::KeyPositions(info, command.args, &positions)) return;
  for (const int position : positions) {
    remember(engine.keyspace.hasher()(command.args[static_cast<size_t>(position)]));
  }
}

void EndCaching(Session& session, const CommandInfo* info) {
  if (session.tracking == nullptr || session.in_multi()) return;
  const bool is_client_command =
      info != nullptr && info->container != nullptr && info->container->name == "client";
  if (!is_client_command) session.tracking->caching_given = false;
}

void FinishTracking(Engine& engine, Session& session, const PreparedCommand& command) {
  if (session.tracking != nullptr) {
    RememberReads(engine, session, command);
    EndCaching(session, command.info);
  }
  if ((session.tracking_duties & TrackingDuty::kChanges) == 0) return;
  engine.tracking.Broadcast(&session.changed_keys, session.id());
  DropChangedKeys(session);
}

void DropChangedKeys(Session& session) {
  session.changed_keys.clear();
  session.tracking_duties &= static_cast<uint8_t>(~TrackingDuty::kChanges);
}

void NoteChangedKey(Engine& engine, Session& session, const storage::Key& key) {
  const bool silent = session.tracking != nullptr && session.tracking->no_loop;
  engine.tracking.Invalidate(engine.keyspace.StripeOf(key.hash), key.bytes,
                             silent ? session.id() : 0);
  if (!engine.tracking.broadcasts()) return;
  if (session.changed_keys.size() >= kChangedKeysMax) {
    engine.tracking.Broadcast(&session.changed_keys, session.id());
  }
  session.changed_keys.emplace_back(key.bytes);
  session.tracking_duties |= TrackingDuty::kChanges;
}

void NoteLostKey(Engine& engine, std::string_view key) {
  engine.tracking.Invalidate(engine.keyspace.StripeOf(engine.keyspace.hasher().Hash(key)), key, 0);
  if (!engine.tracking.broadcasts()) return;
  std::vector<std::string> keys{std::string(key)};
  engine.tracking.Broadcast(&keys, 0);
}

bool ReceiveInvalidation(Engine& engine, Session& session, const PushMessage& message) {
  using Kind = PushMessage::Kind;
  if (message.kind == Kind::kRedirectedInvalidation) {
    return WriteRedirected(session, message.payload);
  }
  if (session.tracking == nullptr) return false;
  // What was remembered before it changed its mode is of no interest any more.
  const bool broadcast = message.kind == Kind::kInvalidateBroadcast;
  if (message.kind != Kind::kInvalidateAll && broadcast != session.tracking->broadcast) {
    return false;
  }
  const uint64_t redirect = session.tracking->redirect;
  if (redirect == 0) return WriteInvalidation(session, message.payload);
  const auto target = engine.clients.Find(redirect);
  if (target == nullptr || target->killed.load(std::memory_order_relaxed)) {
    return BreakRedirect(session);
  }
  target->mailbox->Push(redirect, std::make_shared<const PushMessage>(PushMessage{
                                      Kind::kRedirectedInvalidation, {}, {}, message.payload}));
  return false;
}

}  // namespace larder
