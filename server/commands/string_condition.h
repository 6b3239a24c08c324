// The conditions on a string's present value that SET and DELEX share: IFEQ, IFNE, IFDEQ, IFDNE.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/arg_reader.h"
#include "server/status.h"

namespace larder {

struct StringCondition {
  enum class Kind : uint8_t { kNone, kEqual, kNotEqual, kDigestEqual, kDigestNotEqual };
  Kind kind = Kind::kNone;
  std::string_view operand;

  // Whether a missing key fulfils it, in SET.
  bool negated() const { return kind == Kind::kNotEqual || kind == Kind::kDigestNotEqual; }

  // Consumes the condition if the next two arguments are one.
  bool Match(ArgReader& args);

  // Whether it holds for `value`; an error when the digest is none. REQUIRES: kind is not kNone.
  Status Holds(std::string_view value, bool* holds) const;
};

}  // namespace larder
