// How members are added to sorted sets: what ZADD, ZINCRBY and GEOADD share.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "server/command_context.h"

namespace larder {

struct AddOptions {
  bool nx = false, xx = false, gt = false, lt = false;
  bool changed = false;  // CH
  bool increment = false;
};

enum class AddForm : uint8_t { kScores, kPlaces };  // ZADD, GEOADD

// Reads the form's options until a word that is none: places know NX, XX and CH alone.
AddOptions ParseAddOptions(ArgReader& args, AddForm form = AddForm::kScores);
// Whether they go together, before so many words of scores and members.
Status CheckAddOptions(const AddOptions& options, size_t words);

struct ScoredMember {
  double score;  // no NaN
  std::string_view member;
};
using ScoredMembers = absl::InlinedVector<ScoredMember, 8>;

struct AddResult {
  int64_t added = 0, moved = 0;
  std::optional<double> score;  // of the last; nothing when an option kept it from being set
  bool nan = false;             // an increment would have made one

  int64_t Count(const AddOptions& options) const { return options.changed ? added + moved : added; }
};

// Adds to the sorted set at `key`, which is made when missing, and publishes the event. Nothing is
// done when there is nothing to do (XX) or a script must start again.
Status AddScored(CommandContext& ctx, const storage::Key& key, const ScoredMembers& pairs,
                 const AddOptions& options, AddResult* result);

}  // namespace larder
