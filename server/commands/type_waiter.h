// Waiters for a key of one type, whatever it holds: what BLPOP and BZPOPMIN need.
#pragma once

#include <span>
#include <string_view>

#include "server/blocking.h"
#include "storage/object.h"

namespace larder {

// A waiter for any of `keys` to hold a value of `type`; the caller sets `serve`. A collection
// without elements is never a key, so that there is something for it then.
WaiterPointer NewTypeWaiter(std::span<const std::string_view> keys, storage::Type type);

}  // namespace larder
