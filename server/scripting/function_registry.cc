#include "server/scripting/function_registry.h"

#include <utility>

#include "server/errors.h"

namespace larder {
namespace {

std::string LowerCase(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

FunctionRegistry::Found FunctionRegistry::Find(std::string_view function) const {
  const std::string lower = LowerCase(function);
  const std::lock_guard lock(mutex_);
  const auto position = functions_.find(lower);
  return position == functions_.end() ? Found() : position->second;
}

bool FunctionRegistry::HasLibrary(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return libraries_.contains(name);
}

std::string FunctionRegistry::FindClash(const FunctionLibrary& library,
                                        const Libraries& replaced) const {
  for (const Function& function : library.functions) {
    const auto position = functions_.find(LowerCase(function.declaration.name));
    if (position == functions_.end()) continue;
    if (replaced.contains(position->second.library->name)) continue;
    return errors::FunctionExists(function.declaration.name);
  }
  return {};
}

void FunctionRegistry::Link(FunctionLibraryPointer library) {
  for (const Function& function : library->functions) {
    // Of two names that differ in case alone the first is found.
    functions_.try_emplace(LowerCase(function.declaration.name), Found{library, &function});
  }
  function_count_ += library->functions.size();
  bytes_ += library->MemoryBytes();
  std::string name = library->name;
  libraries_.emplace(std::move(name), std::move(library));
}

void FunctionRegistry::Unlink(Libraries::iterator position) {
  const FunctionLibraryPointer library = position->second;
  libraries_.erase(position);
  for (const Function& function : library->functions) {
    functions_.erase(LowerCase(function.declaration.name));
  }
  function_count_ -= library->functions.size();
  bytes_ -= library->MemoryBytes();
  library->dropped.store(true, std::memory_order_relaxed);
  ++epoch_;
}

std::string FunctionRegistry::Add(FunctionLibraryPointer library, bool replace) {
  const std::lock_guard lock(mutex_);
  const auto old = libraries_.find(library->name);
  if (old != libraries_.end() && !replace) return errors::LibraryExists(library->name);
  Libraries replaced;
  if (old != libraries_.end()) replaced.insert(*old);
  if (std::string clash = FindClash(*library, replaced); !clash.empty()) return clash;
  if (old != libraries_.end()) Unlink(old);
  Link(std::move(library));
  return {};
}

std::string FunctionRegistry::AddAll(const FunctionRegistry& other, RestorePolicy policy) {
  const std::vector<FunctionLibraryPointer> libraries = other.All();
  Libraries replaced;  // freed after the lock is let go: there may be many
  const std::lock_guard lock(mutex_);
  if (policy == RestorePolicy::kFlush) replaced = libraries_;
  for (const FunctionLibraryPointer& library : libraries) {
    const auto old = libraries_.find(library->name);
    if (old == libraries_.end()) continue;
    if (policy == RestorePolicy::kAppend) return errors::RestoredLibraryExists(library->name);
    replaced.insert(*old);
  }
  for (const FunctionLibraryPointer& library : libraries) {
    if (std::string clash = FindClash(*library, replaced); !clash.empty()) return clash;
  }
  for (const auto& [name, library] : replaced) Unlink(libraries_.find(name));
  for (const FunctionLibraryPointer& library : libraries) Link(library);
  return {};
}

bool FunctionRegistry::Delete(std::string_view library) {
  const std::lock_guard lock(mutex_);
  const auto position = libraries_.find(library);
  if (position == libraries_.end()) return false;
  Unlink(position);
  return true;
}

void FunctionRegistry::Flush() {
  // Freed after the lock is let go: there may be many.
  Libraries dropped;
  const std::lock_guard lock(mutex_);
  dropped = libraries_;
  while (!libraries_.empty()) Unlink(libraries_.begin());
}

std::vector<FunctionLibraryPointer> FunctionRegistry::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<FunctionLibraryPointer> all;
  all.reserve(libraries_.size());
  for (const auto& [name, library] : libraries_) all.push_back(library);
  return all;
}

size_t FunctionRegistry::library_count() const {
  const std::lock_guard lock(mutex_);
  return libraries_.size();
}

size_t FunctionRegistry::function_count() const {
  const std::lock_guard lock(mutex_);
  return function_count_;
}

}  // namespace larder
