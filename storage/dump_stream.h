// Streams in Redis's serialised form (dump_format.h has the parts it is made of).
//
//   stream    = nodes length last-id [2: first-id max-deleted-id added:length]
//               groups [4: producers]
//   nodes     = length (string(first id, 16 bytes) string(listpack))…
//               stream_node.h, behind two counts: of live and of deleted entries
//   groups    = length (string last-id [2: read:length] pending consumers [5: given-back])…
//   pending   = length (id:16 delivered-ms:8 deliveries:length)…        in the order of their ids
//   consumers = length (string seen-ms:8 [3: active-ms:8] length id:16…)…
//   given-back = length id:16…                                          pending for no consumer
//   producers = seconds:length ids-max:length length (string length (string id)…)…
//               added:length duplicates:length
//
//   [n: …]: from kStreamN on. id, last-id …: two lengths, but id:16 is big-endian; times are
//   little-endian.
#pragma once

#include <cstdint>

#include "storage/dump.h"
#include "storage/dump_format.h"
#include "storage/dump_reader.h"
#include "storage/dump_writer.h"
#include "storage/stream_value.h"

namespace larder::storage {

// Writes its type and all else; returns the version that it needs. O(N).
uint16_t SaveStream(const Stream& stream, DumpWriter& out);

// Null when the bytes are no such stream: all that its invariants ask for is looked at. O(N).
Ref<Stream> LoadStream(DumpReader& in, DumpType type, const RestoreLimits& limits);

}  // namespace larder::storage
