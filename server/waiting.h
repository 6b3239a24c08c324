// How a wait ends, wherever that is decided.
#pragma once

#include <string>

#include "server/blocking.h"
#include "server/engine.h"

namespace larder {

// Takes a waiter that ended out of the lines of its keys. Locks each stripe by itself. REQUIRES: no
// stripe is locked by this thread.
void LeaveLines(Engine& engine, const Waiter& waiter);

// Posts the finished reply of a waiter that ended to its worker.
void PostReply(const Waiter& waiter, std::string encoded_reply);

// The reply of one whose time is over.
std::string TimeoutReply(const Waiter& waiter);

// CLIENT UNBLOCK: ends the wait of a client with a timeout's reply or with an error. False when it
// does not wait (any more).
bool Unblock(Engine& engine, const WaiterPointer& waiter, bool with_error);

}  // namespace larder
