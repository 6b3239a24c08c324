#include "server/commands/type_waiter.h"

#include <memory>

#include "server/command_context.h"

namespace larder {

WaiterPointer NewTypeWaiter(std::span<const std::string_view> keys, storage::Type type) {
  auto waiter = std::make_shared<Waiter>();
  waiter->keys.assign(keys.begin(), keys.end());
  waiter->ready = [type](CommandContext& ctx, const storage::Key& key) {
    const storage::Entry* const entry = ctx.db.Find(key, storage::Access::kPeek);
    return entry != nullptr && entry->type() == type;
  };
  return waiter;
}

}  // namespace larder
