// The rule for the names that clients give themselves (CLIENT SETNAME, HELLO SETNAME, CLIENT
// SETINFO).
#pragma once

#include <string_view>

#include "server/session.h"

namespace larder {

// Printable ASCII without blanks, so that CLIENT LIST can be split.
bool IsClientName(std::string_view name);

void SetClientName(Session& session, std::string_view name);

}  // namespace larder
