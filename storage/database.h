// One database as one command sees it: the stripes of its keys are locked, and the time stands
// still.
//
// Cheap to make (a few words). Not thread-safe: it belongs to the command that holds the stripes.
// Every call that takes a key REQUIRES the lock of the key's stripe. Set…, Put, Delete, Take and
// SetExpiry and SetExtra mark the watchers of their key; after a change through FindMutable or
// ResizeString call SignalModified. With an UndoLog the old value is saved before the first change
// of a key.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "storage/entry.h"
#include "storage/entry_extra.h"
#include "storage/key.h"
#include "storage/keyspace.h"
#include "storage/value.h"

namespace larder::storage {

struct EntrySpec;
struct Lease;
struct StaleCopy;
class SlotRef;
class UndoLog;

enum class Access : uint8_t {
  kRead,   // counts a hit or a miss, and is a use for eviction's sake
  kPeek,   // neither (TYPE, TTL, OBJECT, EXISTS counts but NOTOUCH clients …)
  kCount,  // counts, but is no use (CLIENT NO-TOUCH)
  kWrite,  // is a use, but counts neither hit nor miss: the value is looked up to be changed
};

enum class FindError : uint8_t { kWrongType };

struct SetOptions {
  bool keep_expiry = false;
  bool keep_extra = false;
  bool raw = false;      // its encoding, as after a change in place (BITOP); not for objects
  bool carried = false;  // value and expiry were another key's, or this one's: a namespace's
                         // default does not apply; nor, when `undoes`, its limit
  bool undoes = false;
  int64_t expire_at_ms = kNoExpiry;
  const Extra* extra = nullptr;  // what the key is to have; ignored where the old one is kept
};

struct PutOptions {
  bool undoes = false;  // it was there before: its namespace leaves its expiry as it is
};

class Database {
 public:
  Database(Keyspace& keyspace, int index, int64_t now_ms, UndoLog* undo = nullptr)
      : keyspace_(&keyspace), index_(index), now_ms_(now_ms), undo_(undo) {}

  int index() const { return index_; }
  int64_t now_ms() const { return now_ms_; }
  Keyspace& keyspace() const { return *keyspace_; }
  Key HashedKey(std::string_view bytes) const { return keyspace_->hasher()(bytes); }

  // The live entry of a key, or nullptr. An entry whose time has passed is removed and reported to
  // the observer. O(1).
  const Entry* Find(const Key& key, Access access = Access::kRead);

  // To be called before a key is looked up whose value is to be moved or copied to another: where a
  // purge by names (match_purge.h) is under way and has yet to come to the key, it is purged here,
  // so that it cannot slip past.
  void AboutToMove(const Key& key) {
    if (keyspace_->match_purges_under_way()) [[unlikely]]
      PurgeIfAwaited(key);
  }

  // As Find, for changing the value in place: a shared object is cloned first, and the old value
  // goes to the undo log when a script runs. nullptr also when an undo would cost too much: see
  // UndoLog::refused(). A use, but neither hit nor miss.
  Entry* FindMutable(const Key& key);

  // The object of a key as a T, whose static `kType` names its Type: nullptr when missing,
  // *wrong_type set when the key holds another type.
  template <class T>
  const T* FindObject(const Key& key, bool* wrong_type, Access access = Access::kRead) {
    const Entry* entry = Find(key, access);
    if (entry == nullptr) return nullptr;
    if (entry->type() != T::kType) return *wrong_type = true, nullptr;
    return static_cast<const T*>(entry->object());
  }
  template <class T>
  T* FindMutableObject(const Key& key, bool* wrong_type) {
    const Entry* found = Find(key, Access::kPeek);
    if (found == nullptr) return nullptr;
    if (found->type() != T::kType) return *wrong_type = true, nullptr;
    Entry* entry = FindMutable(key);
    return entry == nullptr ? nullptr : static_cast<T*>(entry->object());
  }

  // Sets a key to a string, replacing whatever it held. O(size); no copy beyond the one into the
  // entry or its Blob.
  void SetString(const Key& key, std::string_view value, const SetOptions& options = {});

  // Makes the string at `key` (created when missing) `size` bytes long, new bytes zero, and returns
  // them for writing. Keeps the expiry; its encoding becomes raw. Amortised O(growth). Empty also
  // when an undo would cost too much.
  // REQUIRES: the key is missing or a string.
  std::span<char> ResizeString(const Key& key, size_t size);

  // Sets a key to a collection, which may still be filled, replacing whatever it held.
  void SetObject(const Key& key, Ref<Object> object, const SetOptions& options = {});
  template <class T>
  T* Create(const Key& key) {
    T* object = new T();
    SetObject(key, Ref<Object>(object));
    return object;
  }

  // Removes a live key; a large value is freed in slices. False when missing.
  bool Delete(const Key& key);

  // Sets or (kNoExpiry) removes the expiry of a live key. False when missing.
  bool SetExpiry(const Key& key, int64_t expire_at_ms);

  // What an entry has of extras; empty when nothing.
  Extra ExtraOf(const Entry& entry) const;
  // Replaces what a live key has of them and nothing else. Tags count as written now. False when
  // missing.
  bool SetExtra(const Key& key, const Extra& extra);

  // ---- what CACHE.GET sees beside the entries (stale_copies.h, leases.h)
  // The copy of a key without a live entry that may still be served: while somebody refreshes it
  // or, with `on_error`, where the origin has failed. Valid until the next change of its stripe.
  const StaleCopy* FindStale(const Key& key, bool on_error);
  void CountStaleHit(const Key& key);  // in its namespace
  // Removes a live string and serves it stale until then. False when missing or no string.
  bool MakeStale(const Key& key, int64_t until_ms);
  // The lease that somebody has on the key, or nullptr.
  const Lease* FindLease(const Key& key);
  // Gives one, in the place of another. False when there are too many (set_leases_max).
  bool GrantLease(const Key& key, uint64_t token, int64_t until_ms);
  // Whether one of these tags was purged after the purge clock stood at `clock`.
  bool PurgedSince(const Extra& extra, uint64_t clock) const;
  // Ends the lease with this token: false when the key has another or none.
  bool EndLease(const Key& key, uint64_t token);

  // To be called after the expiry of a hash's fields was changed through FindMutable.
  void FileFieldExpiry(const Key& key);

  // Takes a live key's value out, copies it (sharing a Blob, cloning a collection), or puts one in.
  std::optional<Value> Take(const Key& key);
  std::optional<Value> CopyOf(const Key& key);
  void Put(const Key& key, Value value, const PutOptions& options = {});

  // Marks the watchers of a key that was changed.
  void SignalModified(const Key& key);

  // In Redis's terms, estimated from the slot's eviction bits.
  std::optional<int64_t> IdleSeconds(const Key& key);
  std::optional<int> Frequency(const Key& key);  // 0 to 255
  // As nearly as the bits allow, for a key that was used elsewhere (RESTORE). REQUIRES: it is live.
  void SetIdleSeconds(const Key& key, int64_t seconds);
  void SetFrequency(const Key& key, int64_t frequency);

 private:
  Stripe& stripe(const Key& key) const { return keyspace_->stripe(key.hash); }
  Value SharedValue(const Entry& entry) const;
  void PurgeIfAwaited(const Key& key);
  void SaveForUndo(const Key& key, SlotRef ref);
  bool RefusesUndo(const Key& key, const Object& object);
  void Store(const Key& key, EntrySpec spec, const SetOptions& options);
  void OpenChange(const Key& key);
  void StoreInNamespace(const Key& key, SlotRef ref, EntrySpec spec, const SetOptions& options);
  void StoreWithExtra(const Key& key, EntrySpec spec, const SetOptions& options);

  Keyspace* keyspace_;
  int index_;
  int64_t now_ms_;
  UndoLog* undo_;
};

}  // namespace larder::storage
