// The libraries of functions that clients have loaded: one registry that all workers share. Each
// worker's VM loads a library when it first calls a function of it.
//
// A call that is running keeps the library that it began with; whoever asks after a change was
// answered finds the new one.
//
// Thread-safe: every operation holds one mutex for a moment, a change and All() for O(libraries).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/scripting/function_library.h"

namespace larder {

enum class RestorePolicy : uint8_t { kAppend, kReplace, kFlush };

class FunctionRegistry {
 public:
  struct Found {
    FunctionLibraryPointer library;      // null when there is no such function
    const Function* function = nullptr;  // of it
  };

  FunctionRegistry() = default;
  FunctionRegistry(const FunctionRegistry&) = delete;
  FunctionRegistry& operator=(const FunctionRegistry&) = delete;

  // The function of that name, in any case.
  Found Find(std::string_view function) const;
  bool HasLibrary(std::string_view name) const;

  // Adds a library, instead of one of its name when `replace`. Returns the error, and nothing has
  // changed then; or the empty string.
  std::string Add(FunctionLibraryPointer library, bool replace);
  // Adds those of `other`, all or none, and returns as Add.
  std::string AddAll(const FunctionRegistry& other, RestorePolicy policy);

  bool Delete(std::string_view library);
  void Flush();

  std::vector<FunctionLibraryPointer> All() const;  // in the order of their names

  // Another one after each change that dropped a library.
  uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

  size_t library_count() const;
  size_t function_count() const;
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }  // of memory, about

 private:
  using Libraries = std::map<std::string, FunctionLibraryPointer, std::less<>>;

  // What another library has of those functions: its error, or the empty string.
  std::string FindClash(const FunctionLibrary& library, const Libraries& replaced) const;
  void Link(FunctionLibraryPointer library);
  void Unlink(Libraries::iterator position);

  mutable std::mutex mutex_;
  Libraries libraries_;
  std::unordered_map<std::string, Found> functions_;  // by the name in lower case
  size_t function_count_ = 0;
  std::atomic<size_t> bytes_{0};
  std::atomic<uint64_t> epoch_{1};
};

}  // namespace larder
