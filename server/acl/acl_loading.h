// Where the users come from and go to: the option aclfile's file, or the configuration file.
#pragma once

#include <string>

#include "server/config/outcome.h"

namespace larder {

struct Engine;

// Before the first client: the users of the aclfile, or those of the configuration file's lines.
// Both at once are an error, as in Redis.
Outcome LoadUsersAtStart(Engine& engine);

// ACL LOAD and ACL SAVE. REQUIRES: there is an aclfile.
Outcome LoadAclFile(Engine& engine, const std::string& path);
Outcome SaveAclFile(Engine& engine, const std::string& path);

}  // namespace larder
