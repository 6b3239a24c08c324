#include "server/commands/string_condition.h"

#include "server/errors.h"
#include "storage/digest.h"

namespace larder {

bool StringCondition::Match(ArgReader& args) {
  constexpr struct {
    std::string_view word;
    Kind kind;
  } kWords[] = {{"IFEQ", Kind::kEqual},
                {"IFNE", Kind::kNotEqual},
                {"IFDEQ", Kind::kDigestEqual},
                {"IFDNE", Kind::kDigestNotEqual}};
  if (args.remaining() < 2) return false;
  for (const auto& [word, condition] : kWords) {
    if (!args.Match(word)) continue;
    kind = condition;
    operand = args.Next();
    return true;
  }
  return false;
}

Status StringCondition::Holds(std::string_view value, bool* holds) const {
  if (kind == Kind::kEqual || kind == Kind::kNotEqual) {
    *holds = (value == operand) != negated();
    return Ok();
  }
  const auto digest = storage::ParseDigest(operand);
  if (!digest) return Error(errors::kBadDigest);
  *holds = (storage::Digest(value) == *digest) != negated();
  return Ok();
}

}  // namespace larder
