// The scripts that clients have loaded or run, by SHA-1: one cache that all workers share.
//
// Scripts known through EVAL alone are kept only while they are among the kEvalScriptsMax most
// recently used of their kind; those of SCRIPT LOAD stay until a flush.
//
// Thread-safe: every operation holds one mutex for a moment.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/scripting/script.h"

namespace larder {

enum class ScriptOrigin : uint8_t { kEval, kLoad };

class ScriptCache {
 public:
  static constexpr size_t kEvalScriptsMax = 500;

  // Adds `script` and returns the one that is now cached under its SHA-1: an earlier one stays, so
  // that what was learnt of it is kept. kLoad makes it permanent.
  std::shared_ptr<const Script> Add(std::shared_ptr<const Script> script, ScriptOrigin origin);

  // The script of that SHA-1 (in either case), or null.
  std::shared_ptr<const Script> Find(std::string_view sha);
  bool Exists(std::string_view sha) const;

  // Forgets every script. Engines drop what they have compiled when epoch() changes.
  void Flush();
  uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

  size_t count() const;
  size_t bytes() const;  // of memory that the cached scripts take, about
  size_t evicted_count() const;

 private:
  struct Entry {
    std::shared_ptr<const Script> script;
    bool permanent = false;
    std::list<std::string>::iterator recent;  // valid while not permanent
  };

  void EvictOldest();

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> recent_;  // not permanent, least recently used first
  size_t bytes_ = 0;
  size_t evicted_ = 0;
  std::atomic<uint64_t> epoch_{1};
};

}  // namespace larder
