#include "server/commands/stream_ids.h"

#include <limits>
#include <string_view>

#include "server/commands/stream_access.h"
#include "server/errors.h"

namespace larder {
namespace {

constexpr std::string_view kIdCountNotPositive = "ERR Number of IDs must be a positive integer";
constexpr std::string_view kIdCountMismatch =
    "ERR The `numids` parameter must match the number of arguments";

}  // namespace

Status ParseIds(ArgReader& args, std::vector<storage::StreamId>* ids) {
  ids->reserve(args.remaining());
  while (args.HasMore()) {
    storage::StreamId id;
    if (Status parsed = ParseId(args.Next(), &id); !parsed.ok()) return parsed;
    ids->push_back(id);
  }
  return Ok();
}

Status ParseIdBlock(ArgReader& args, IdBlock* block) {
  bool references_given = false;
  while (args.HasMore()) {
    if (MatchReferences(args, &block->references)) {
      if (references_given) return Error(errors::kSyntax);
      references_given = true;
    } else if (block->ids.empty() && args.remaining() >= 2 && args.Match("IDS")) {
      const int64_t count =
          args.NextIntIn(1, std::numeric_limits<int64_t>::max(), kIdCountNotPositive);
      if (args.failed()) return args.status();
      if (static_cast<uint64_t>(count) > args.remaining()) return Error(kIdCountMismatch);
      for (int64_t i = 0; i < count; ++i) {
        storage::StreamId id;
        if (Status parsed = ParseId(args.Next(), &id); !parsed.ok()) return parsed;
        block->ids.push_back(id);
      }
    } else {
      return Error(errors::kSyntax);
    }
  }
  return block->ids.empty() ? Error(errors::kSyntax) : Ok();
}

IdOutcome DeleteWithReferences(storage::Stream* stream, storage::StreamId id,
                               storage::StreamReferences references) {
  using storage::StreamReferences;
  if (references == StreamReferences::kDelete) stream->DropReferences(id);
  // Whether or not it is there: a group may still hold one that was deleted.
  if (references == StreamReferences::kAcked && stream->IsReferenced(id)) {
    return IdOutcome::kLeft;
  }
  return stream->Delete(id) ? IdOutcome::kDeleted : IdOutcome::kMissing;
}

}  // namespace larder
