#include "storage/database.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "storage/blob.h"
#include "storage/match_purge.h"
#include "storage/stripe.h"
#include "storage/undo_log.h"

namespace larder::storage {
namespace {

bool TooLargeToUndo(const Object& object) {
  return object.ElementCount() > kUndoCloneElementsMax || object.MemoryBytes() > kUndoCloneBytesMax;
}

}  // namespace

Extra Database::ExtraOf(const Entry& entry) const {
  Extra extra;
  if (!entry.has_extra()) return extra;
  const ExtraView view(entry.extra_block());
  extra.stale_seconds = view.stale_seconds();
  extra.error_seconds = view.error_seconds();
  extra.cost_ms = view.cost_ms();
  extra.negative_code = view.negative_code();
  for (size_t i = 0; i < view.tag_count(); ++i) extra.tags.Add(keyspace_->tags(), view.tag(i));
  return extra;
}

// The value of an entry, sharing its object.
Value Database::SharedValue(const Entry& entry) const {
  Value value{.type = entry.type(),
              .raw = entry.raw(),
              .expire_at_ms = entry.expire_at_ms(),
              .extra = ExtraOf(entry)};
  if (entry.object() != nullptr) {
    value.object = Ref<Object>(entry.object());
  } else {
    value.inline_bytes = entry.string();
  }
  return value;
}

const Entry* Database::Find(const Key& key, Access access) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (!ref) {
    if (access == Access::kRead || access == Access::kCount) {
      stripe.misses.Add(1);
      if (stripe.has_namespaces()) [[unlikely]]
        stripe.CountLookup(key.bytes, false);
    }
    return nullptr;
  }
  if (access == Access::kRead || access == Access::kCount) {
    stripe.hits.Add(1);
    if (stripe.has_namespaces()) [[unlikely]]
      stripe.CountLookup(key.bytes, true);
  }
  if (access == Access::kRead || access == Access::kWrite)
    stripe.Use(ref, now_ms_, access == Access::kWrite);
  return ref.entry();
}

void Database::PurgeIfAwaited(const Key& key) {
  Stripe& stripe = this->stripe(key);
  std::lock_guard lock(keyspace_->match_purges_mutex_);
  for (MatchPurge* purge : keyspace_->match_purges_) {
    if (!purge->Awaits(index_, key)) continue;
    const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
    if (!ref) return;
    purge->CountPurged(1);
    stripe.RemovePurged(index_, key.hash, ref, purge->soft_until_ms_);
    return;
  }
}

// Saves what a key holds before its first change; an empty ref: nothing. No clone: the shared
// object is cloned by whoever is about to change it, and not at all when the key is replaced.
void Database::SaveForUndo(const Key& key, SlotRef ref) {
  if (undo_ == nullptr || undo_->Saved(index_, key.bytes)) return;
  undo_->Save(index_, key.bytes, ref ? std::optional(SharedValue(*ref.entry())) : std::nullopt);
}

// Whether changing this object in place would first clone too much for the undo's sake.
bool Database::RefusesUndo(const Key& key, const Object& object) {
  if (undo_ == nullptr || !TooLargeToUndo(object)) return false;
  if (undo_->Saved(index_, key.bytes) && !object.shared()) return false;
  undo_->Refuse();
  return true;
}

Entry* Database::FindMutable(const Key& key) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (!ref) return nullptr;
  stripe.Invalidate(index_, key.bytes);
  Entry* entry = ref.entry();
  if (entry->object() != nullptr && RefusesUndo(key, *entry->object())) return nullptr;
  SaveForUndo(key, ref);
  stripe.Use(ref, now_ms_, true);
  if (stripe.has_namespaces()) [[unlikely]] {
    stripe.CountWrite(key.bytes);
    stripe.OpenChange(index_, key.hash, entry);
  }
  if (Object* object = entry->object(); object != nullptr && object->shared()) {
    stripe.UnfileFields(index_, key.hash, object);
    EntryLayout::SetObject(entry, object->Clone().Release());
    if (entry->type() == Type::kHash) {
      stripe.FileFields(index_, key.hash, static_cast<Hash&>(*entry->object()));
    }
    keyspace_->Discard(Ref<Object>::Adopt(object));
  }
  return entry;
}

void Database::StoreWithExtra(const Key& key, EntrySpec spec, const SetOptions& options) {
  if (options.extra->empty()) return Store(key, spec, options);
  const ExtraBlock block(*options.extra, keyspace_->tags().PurgeClock());
  spec.extra = block.data();
  Store(key, spec, options);
}

void Database::Store(const Key& key, EntrySpec spec, const SetOptions& options) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  SaveForUndo(key, ref);
  stripe.watches().Touch(index_, key.bytes);
  stripe.Invalidate(index_, key.bytes);
  spec.key = key.bytes;
  if (ref) {
    if (options.keep_expiry) spec.expire_at_ms = ref.entry()->expire_at_ms();
    if (options.keep_extra) spec.extra = ref.entry()->extra_block();
    stripe.Use(ref, now_ms_, true);
  }
  if (stripe.has_namespaces()) [[unlikely]]
    return StoreInNamespace(key, ref, spec, options);
  if (!ref) {
    stripe.AddUncounted(index_, key, spec, now_ms_);
  } else {
    stripe.ReplaceUncounted(index_, key, ref, spec, now_ms_);
  }
}

void Database::OpenChange(const Key& key) {
  Stripe& stripe = this->stripe(key);
  if (!stripe.has_namespaces()) return;
  stripe.OpenChange(index_, key.hash, stripe.FindLive(index_, key, now_ms_).entry());
}

void Database::StoreInNamespace(const Key& key, SlotRef ref, EntrySpec spec,
                                const SetOptions& options) {
  Stripe& stripe = this->stripe(key);
  stripe.CountWrite(key.bytes);
  if (!options.undoes) {
    const bool stays = options.carried || (ref && options.keep_expiry);
    spec.expire_at_ms = stripe.ExpiryInNamespace(key.bytes, spec.expire_at_ms, stays, now_ms_);
  }
  if (!ref) {
    stripe.Add(index_, key, spec, now_ms_);
  } else {
    stripe.Replace(index_, key, ref, spec, now_ms_);
  }
}

void Database::SetString(const Key& key, std::string_view value, const SetOptions& options) {
  EntrySpec spec{.string = value, .raw = options.raw, .expire_at_ms = options.expire_at_ms};
  if (value.size() > kInlineStringBytesMax) {
    spec.string = {};
    spec.object = Ref<Object>(new Blob(value)).Release();
  }
  if (options.extra != nullptr) return StoreWithExtra(key, spec, options);
  Store(key, spec, options);
}

void Database::SetObject(const Key& key, Ref<Object> object, const SetOptions& options) {
  EntrySpec spec{.type = object->type(), .expire_at_ms = options.expire_at_ms};
  spec.object = object.Release();
  if (options.extra != nullptr) {
    StoreWithExtra(key, spec, options);
  } else {
    Store(key, spec, options);
  }
  OpenChange(key);
}

std::span<char> Database::ResizeString(const Key& key, size_t size) {
  Stripe& stripe = this->stripe(key);
  SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (ref) {
    const Object* object = ref.entry()->object();
    if (object != nullptr && RefusesUndo(key, *object)) return {};
  }
  SaveForUndo(key, ref);
  stripe.Invalidate(index_, key.bytes);
  const bool in_namespaces = stripe.has_namespaces();
  if (!ref) {
    EntrySpec spec{.key = key.bytes, .raw = true};
    if (in_namespaces) [[unlikely]]
      spec.expire_at_ms = stripe.ExpiryInNamespace(key.bytes, kNoExpiry, false, now_ms_);
    ref = stripe.Add(index_, key, spec, now_ms_);
  }
  stripe.Use(ref, now_ms_, true);
  if (in_namespaces) [[unlikely]] {
    stripe.CountWrite(key.bytes);
    stripe.OpenChange(index_, key.hash, ref.entry());
  }
  Entry* entry = ref.entry();
  const size_t old_size = entry->string().size();
  if (entry->object() == nullptr && size <= kInlineStringBytesMax) {
    entry = stripe.ResizeInline(index_, key, ref, size);
    EntryLayout::SetRaw(entry);
    char* data = EntryLayout::StringData(entry);
    if (size > old_size) std::memset(data + old_size, 0, size - old_size);
    return {data, size};
  }
  auto* blob = static_cast<Blob*>(entry->object());
  if (blob == nullptr || blob->shared()) {
    // Made at its final size at once: a clone that is then grown would be copied twice.
    Ref<Blob> made(new Blob(size));
    const size_t kept = std::min(size, old_size);
    if (kept != 0) std::memcpy(made->data(), entry->string().data(), kept);
    blob = made.get();
    stripe.Replace(index_, key, ref,
                   {.object = made.Release(),
                    .raw = true,
                    .expire_at_ms = entry->expire_at_ms(),
                    .extra = entry->extra_block()},
                   now_ms_);
  } else {
    blob->Resize(size);
  }
  return {blob->data(), size};
}

bool Database::Delete(const Key& key) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  stripe.Invalidate(index_, key.bytes);  // also where only a stale copy is left
  if (!ref) return false;
  SaveForUndo(key, ref);
  stripe.watches().Touch(index_, key.bytes);
  stripe.Remove(index_, key.hash, ref);
  return true;
}

bool Database::SetExpiry(const Key& key, int64_t expire_at_ms) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (!ref) return false;
  SaveForUndo(key, ref);
  stripe.watches().Touch(index_, key.bytes);
  if (stripe.has_namespaces()) [[unlikely]]
    expire_at_ms = stripe.ExpiryInNamespace(key.bytes, expire_at_ms, true, now_ms_);
  stripe.SetExpiry(index_, key, ref, expire_at_ms, now_ms_);
  return true;
}

bool Database::SetExtra(const Key& key, const Extra& extra) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (!ref) return false;
  SaveForUndo(key, ref);
  stripe.watches().Touch(index_, key.bytes);
  if (extra.empty()) {
    stripe.SetExtra(index_, key, ref, nullptr, now_ms_);
  } else {
    const ExtraBlock block(extra, keyspace_->tags().PurgeClock());
    stripe.SetExtra(index_, key, ref, block.data(), now_ms_);
  }
  return true;
}

void Database::FileFieldExpiry(const Key& key) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.database(index_).table.Find(key);
  if (!ref || ref.entry()->type() != Type::kHash) return;
  stripe.FileFields(index_, key.hash, static_cast<Hash&>(*ref.entry()->object()));
}

std::optional<Value> Database::Take(const Key& key) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (!ref) return std::nullopt;
  SaveForUndo(key, ref);
  stripe.watches().Touch(index_, key.bytes);
  stripe.Invalidate(index_, key.bytes);
  Value value = SharedValue(*ref.entry());
  stripe.Remove(index_, key.hash, ref);
  return value;
}

std::optional<Value> Database::CopyOf(const Key& key) {
  const SlotRef ref = stripe(key).FindLive(index_, key, now_ms_);
  if (!ref) return std::nullopt;
  Value value = SharedValue(*ref.entry());
  if (value.object && value.type != Type::kString) value.object = value.object->Clone();
  return value;
}

void Database::Put(const Key& key, Value value, const PutOptions& options) {
  EntrySpec spec{.string = value.inline_bytes,
                 .type = value.type,
                 .raw = value.raw,
                 .expire_at_ms = value.expire_at_ms};
  if (value.object) {
    spec.object = value.object.Release();
  } else if (spec.string.size() > kInlineStringBytesMax) {
    spec.object = Ref<Object>(new Blob(spec.string)).Release();
  }
  StoreWithExtra(key, spec, {.carried = true, .undoes = options.undoes, .extra = &value.extra});
}

void Database::SignalModified(const Key& key) { stripe(key).watches().Touch(index_, key.bytes); }

std::optional<int64_t> Database::IdleSeconds(const Key& key) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (!ref) return std::nullopt;
  return stripe.IdleMs(ref.Get(), now_ms_) / 1000;
}

std::optional<int> Database::Frequency(const Key& key) {
  const SlotRef ref = stripe(key).FindLive(index_, key, now_ms_);
  if (!ref) return std::nullopt;
  return RedisFrequency(ref.Get().frequency());
}

void Database::SetIdleSeconds(const Key& key, int64_t seconds) {
  constexpr int64_t kSecondsMax = std::numeric_limits<int32_t>::max();
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (ref) stripe.SetIdleMs(ref, std::min(seconds, kSecondsMax) * 1000, now_ms_);
}

void Database::SetFrequency(const Key& key, int64_t frequency) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (ref) stripe.SetFrequency(ref, FrequencyNearest(frequency));
}

}  // namespace larder::storage
