// How a wait ends, wherever that is decided.
#pragma once

#include <string>
#include <string_view>

#include "server/blocking.h"
#include "server/engine.h"
#include "server/session.h"

namespace larder {

// Takes a waiter that ended out of the lines of its keys. Tries each stripe's lock once: where it
// is taken (perhaps by this thread, in the middle of a script), SweepLeftOver does it later.
void LeaveLines(Engine& engine, const WaiterPointer& waiter);
// Tries again what LeaveLines had to leave. To be called now and then.
void SweepLeftOver(Engine& engine);

// Posts the finished reply of a waiter that ended to its worker.
void PostReply(const Waiter& waiter, std::string encoded_reply);

// Why a waiter may not be served although its key is ready: its user has lost the right to its
// command or keys since it began to wait. Empty when it may; ACL LOG hears of a refusal.
std::string RefusalToServe(Engine& engine, const Waiter& waiter);

// Ends the waits that a missing key ends (Waiter::error_when_gone). REQUIRES: the stripe is locked.
void EndWaitersOfGoneKey(WaiterRegistry& waiters, size_t stripe, int database,
                         std::string_view key);

// The reply of one whose time is over.
std::string TimeoutReply(const Waiter& waiter);

// Ends the wait of a client whose time is over by `now_us` (steady), with a timeout's reply. Called
// on the session's thread.
void EndIfOverdue(Engine& engine, Session& session, int64_t now_us);

// CLIENT UNBLOCK: ends the wait of a client with a timeout's reply or with an error. False when it
// does not wait (any more).
bool Unblock(Engine& engine, const WaiterPointer& waiter, bool with_error);

}  // namespace larder
