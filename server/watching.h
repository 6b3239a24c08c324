// WATCH and UNWATCH: a session's entries in the stripes' registries.
//
// Removal locks each stripe by itself, waiting where it must: a watch that is left behind would be
// a dangling pointer.
#pragma once

#include "server/engine.h"
#include "server/session.h"
#include "storage/key.h"

namespace larder {

// REQUIRES: the stripe of `key` is locked. A key that is watched already is left as it is.
void WatchKey(Engine& engine, Session& session, const storage::Key& key);

// REQUIRES: no stripe is locked by this thread, or those of all that is watched are
// (`stripes_held`).
void UnwatchAll(Engine& engine, Session& session, bool stripes_held = false);

}  // namespace larder
