// Lists of ids in arguments, and what becomes of the entries of one: XDEL, XDELEX, XACK, XACKDEL.
#pragma once

#include <cstdint>
#include <vector>

#include "server/arg_reader.h"
#include "server/status.h"
#include "storage/stream_value.h"

namespace larder {

// The rest of the arguments as ids.
Status ParseIds(ArgReader& args, std::vector<storage::StreamId>* ids);

// "[KEEPREF | DELREF | ACKED] IDS numids id [id ...]", in either order, up to the end.
struct IdBlock {
  storage::StreamReferences references = storage::StreamReferences::kKeep;
  std::vector<storage::StreamId> ids;
};
Status ParseIdBlock(ArgReader& args, IdBlock* block);

// As XDELEX and XACKDEL answer it.
enum class IdOutcome : int8_t { kMissing = -1, kDeleted = 1, kLeft = 2 };

// Deletes an entry, with the references that groups hold to it or only if there are none.
IdOutcome DeleteWithReferences(storage::Stream* stream, storage::StreamId id,
                               storage::StreamReferences references);

}  // namespace larder
