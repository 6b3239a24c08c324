// The definition of a namespace in words, as CACHE.NS SET and the configuration file
// (cache-namespace) have it: name PREFIX prefix [MAXMEMORY bytes] [DEFAULTTTL seconds]
// [MAXTTL seconds] [JITTER percent] [NOEVICT].
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/outcome.h"
#include "storage/namespaces.h"

namespace larder {

struct Engine;

// Nothing when it is understood, else the whole error reply without the dash.
std::string ParseNamespace(std::span<const std::string_view> words, storage::NamespaceSpec* spec);

// The words of a definition, quoted as a configuration file has them.
std::string WriteNamespace(const storage::NamespaceSpec& spec);

// Why the keyspace would not have it; nothing when it did.
std::string_view RefusalText(storage::Namespaces::Refusal refusal);

// Has CONFIG REWRITE write the definitions of today.
void KeepNamespacesInConfig(Engine& engine);
// Defines those of the configuration file. REQUIRES: no other thread uses the keyspace yet.
Outcome LoadNamespacesAtStart(Engine& engine);

}  // namespace larder
