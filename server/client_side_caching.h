// What client-side caching (tracking.h) means for a session: what its commands read is remembered,
// what they change is told to others, and what it is told reaches its client.
//
// Everything here is called on the session's thread.
#pragma once

#include "server/dispatcher.h"
#include "server/engine.h"
#include "server/session.h"
#include "storage/key.h"

namespace larder {

// CLIENT TRACKING ON and OFF. Options given before are forgotten, but for prefixes, which add up.
void StartTracking(Engine& engine, Session& session, const ClientTracking& wanted);
void StopTracking(Engine& engine, Session& session);

// After a command ran, before its stripes are unlocked. REQUIRES: session.tracking_duties != 0.
// RememberReads is the part for a command inside of EXEC or a script.
void FinishTracking(Engine& engine, Session& session, const PreparedCommand& command);
void RememberReads(Engine& engine, Session& session, const PreparedCommand& command);
// What the command changed was undone: nobody need hear of it.
void DropChangedKeys(Session& session);
// What CLIENT CACHING asked for ends with this command, if it does.
void EndCaching(Session& session, const CommandInfo* info);

// A key was changed by the session's command. REQUIRES: the key's stripe is locked.
void NoteChangedKey(Engine& engine, Session& session, const storage::Key& key);
// A key was changed by nobody's command: it expired, or was evicted. Likewise.
void NoteLostKey(Engine& engine, std::string_view key);

// Word that what its client has read, or listens for, changed: writes it, or hands it on to the
// client that is to be told instead. True when something was written.
bool ReceiveInvalidation(Engine& engine, Session& session, const PushMessage& message);

}  // namespace larder
