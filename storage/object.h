// Values that live outside their entry: large strings and all collections. Reference-counted, so
// that RENAME moves a pointer and a reply can be sent from a value without its stripe's lock.
//
// The count is atomic. Everything else is guarded by the lock of the stripe whose entry holds the
// object; an object that is shared (count above one) is never changed: Database::FindMutable gives
// the entry a clone first.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace larder::storage {

enum class Type : uint8_t {
  kString,
  kList,
  kSet,
  kZSet,
  kHash,
  kStream,
  kPass  // CACHE.PASS: a key whose value is not to be cached; an empty short string
};
std::string_view TypeName(Type type);  // "string", "list", "set", "zset", "hash", "stream", "pass"

enum class Encoding : uint8_t {
  kInt,
  kEmbstr,
  kRaw,
  kIntset,
  kListpack,
  kListpackEx,
  kHashtable,
  kQuicklist,
  kSkiplist,
  kStream
};
std::string_view EncodingName(Encoding encoding);  // as OBJECT ENCODING answers

template <class T>
class Ref;

class Object {
 public:
  explicit Object(Type type) : type_(type) {}
  virtual ~Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  Type type() const { return type_; }
  virtual Encoding encoding() const = 0;
  virtual size_t MemoryBytes() const = 0;   // O(1)
  virtual size_t ElementCount() const = 0;  // O(1); a collection without elements is deleted
  virtual Ref<Object> Clone() const = 0;    // O(N)

  // Frees up to `elements` elements; true when little enough is left for the destructor. How values
  // of millions of elements are freed in slices.
  virtual bool FreeSome(size_t elements) { return (void)elements, true; }

  bool shared() const { return references_.load(std::memory_order_acquire) > 1; }
  void AddReference() { references_.fetch_add(1, std::memory_order_relaxed); }
  void DropReference() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  std::atomic<uint32_t> references_{0};
  const Type type_;
};

// A counted pointer to an Object.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) {
    if (object_ != nullptr) object_->AddReference();
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
  Ref(Ref<U>&& other) noexcept : object_(other.Release()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->DropReference();
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  T* Release() { return std::exchange(object_, nullptr); }  // the caller now owns one reference

  // Takes over a reference that Release gave away.
  static Ref Adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }

 private:
  T* object_ = nullptr;
};

}  // namespace larder::storage
