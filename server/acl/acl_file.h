// Users as text: one line "user NAME RULES" each, in the file of the option aclfile and in the
// configuration file.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/acl/acl_rules.h"
#include "server/config/outcome.h"

namespace larder {

// Reads a whole ACL file. All of it must be right: the error names every wrong line of `path`.
Outcome ParseAclFile(std::string_view text, const std::string& path, const AclRules& rules,
                     AclRules::Defaults defaults, std::vector<AclUser>* users);

std::string WriteAclFile(std::span<const AclUserPointer> users);

// One user of the configuration file: `words` are a name and rules. A user that is there already
// (`default`) starts anew.
Outcome ParseUserLine(std::span<const std::string> words, const AclRules& rules,
                      AclRules::Defaults defaults, AclUser* user);

}  // namespace larder
