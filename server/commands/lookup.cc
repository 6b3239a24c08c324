#include "server/commands/lookup.h"

#include <utility>

#include "server/tick_clock.h"
#include "storage/blob.h"
#include "storage/object.h"

namespace larder {

using storage::Entry;

void ReplyString(CommandContext& ctx, const Entry& entry) {
  ReplyBytes(ctx, entry.string(), entry.object());
}

const storage::StaleCopy* FindStaleToRead(CommandContext& ctx, const storage::Key& key,
                                          bool on_error) {
  const storage::StaleCopy* const copy = ctx.db.FindStale(key, on_error);
  if (copy == nullptr) return nullptr;
  ctx.dispatcher.statistics().stale_hits.Add();
  ctx.db.CountStaleHit(key);
  return copy;
}

void ReplyBytes(CommandContext& ctx, std::string_view bytes, storage::Object* object) {
  if (object == nullptr || bytes.size() < protocol::kPinnedBytesMin) {
    ctx.reply.Bulk(bytes);
    return;
  }
  object->AddReference();
  ctx.reply.BulkPinned(bytes, protocol::Pin(object, [](void* owner) {
                         static_cast<storage::Object*>(owner)->DropReference();
                       }));
}

// Sets the key, keeping a large argument where it lies instead of copying it.
static void StoreString(CommandContext& ctx, const storage::Key& key, std::string_view value,
                        const storage::SetOptions& options) {
  void* const memory = value.size() > storage::kInlineStringBytesMax
                           ? ctx.session.TakeArgumentMemory(value)
                           : nullptr;
  if (memory == nullptr) {
    ctx.db.SetString(key, value, options);
    return;
  }
  storage::Ref<storage::Object> blob(new storage::Blob(memory, value));
  ctx.session.kept_argument = blob;
  ctx.db.SetObject(key, std::move(blob), options);
}

void WriteString(CommandContext& ctx, const storage::Key& key, std::string_view value,
                 const storage::SetOptions& options, std::string_view event) {
  if (ctx.engine.notifications.enabled()) {
    const Entry* const old = ctx.db.Find(key, storage::Access::kPeek);
    if (old == nullptr) {
      ctx.Notify(NotifyClass::kNew, "new", key.bytes);
    } else {
      ctx.Notify(NotifyClass::kOverwritten, "overwritten", key.bytes);
      if (old->type() != storage::Type::kString) {
        ctx.Notify(NotifyClass::kTypeChanged, "type_changed", key.bytes);
      }
    }
  }
  StoreString(ctx, key, value, options);
  ctx.Changed(key, NotifyClass::kString, event);
}

void SetCollection(CommandContext& ctx, const storage::Key& key,
                   storage::Ref<storage::Object> collection, NotifyClass event_class,
                   std::string_view event) {
  if (ctx.engine.notifications.enabled() && ctx.db.Find(key, storage::Access::kPeek) == nullptr) {
    ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  }
  ctx.db.SetObject(key, std::move(collection));
  ctx.Changed(key, event_class, event);
}

void StoreCollection(CommandContext& ctx, const storage::Key& target,
                     storage::Ref<storage::Object> result, NotifyClass event_class,
                     std::string_view event) {
  const auto size = static_cast<int64_t>(result->ElementCount());
  if (size == 0) {
    DeleteKey(ctx, target);
  } else {
    SetCollection(ctx, target, std::move(result), event_class, event);
  }
  ctx.reply.Integer(size);
}

bool DeleteKey(CommandContext& ctx, const storage::Key& key) {
  if (!ctx.db.Delete(key)) {
    ctx.WakeWaiters(key);  // it may have had a lease
    return false;
  }
  ctx.Changed(key, NotifyClass::kGeneric, "del");
  return true;
}

uint64_t DrawRandom(const CommandContext& ctx) {
  const uint64_t seeds[] = {TickClock::Now(), ctx.session.id(), ctx.session.changes};
  return ctx.engine.keyspace.hasher().Hash({reinterpret_cast<const char*>(seeds), sizeof(seeds)});
}

}  // namespace larder
