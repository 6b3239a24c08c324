// Whether transactions over lists that are only ever appended to were strictly serializable: as if
// run one after another, each between its request and its reply.
//
// As Elle does (Kingsbury and Alvaro, "Elle: inferring isolation anomalies from experimental
// observations", VLDB 2020): a list shows the whole order of its appends to whoever reads it, hence
// who wrote before whom, who read whose writes, and who read before whose writes; a cycle of these,
// and of who was answered before whom was sent, is an anomaly. Besides, found directly: lists that
// are no prefixes of each other, values from nowhere, twice, or of an aborted transaction (G1a), a
// half of a transaction's appends (G1b, torn), appends that were answered and are gone, and
// transactions that do not see their own.
//
// Cost: O(N log N) in actions and values read.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tests/history/transaction.h"

namespace larder::history {

struct Anomaly {
  std::string name;  // "G0", "G1a", "G1b", "G1c", "G-single", "G2", each perhaps with "-realtime";
                     // "incompatible", "nowhere", "twice", "torn", "lost", "internal", "length"
  std::string story;
};

struct AppendReport {
  size_t transactions = 0, lost = 0, aborted = 0, values = 0, edges = 0;
  std::vector<Anomaly> anomalies;
};

AppendReport CheckAppends(std::span<const Transaction> transactions);

}  // namespace larder::history
