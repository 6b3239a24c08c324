// A value away from its key: what RENAME, COPY, MOVE and a script's undo carry about.
#pragma once

#include <cstdint>
#include <string>

#include "storage/entry.h"
#include "storage/entry_extra.h"
#include "storage/object.h"

namespace larder::storage {

struct Value {
  Type type = Type::kString;
  bool raw = false;          // a string that was changed in place: its encoding stays "raw"
  std::string inline_bytes;  // of a short string
  Ref<Object> object;        // of everything else
  int64_t expire_at_ms = kNoExpiry;
  Extra extra;
};

}  // namespace larder::storage
