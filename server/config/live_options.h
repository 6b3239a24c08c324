#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace larder {

// One option's value while the server runs: read by every thread at any time, written by CONFIG
// SET. A read costs one plain load. Booleans are 0 or 1, enumerations their number.
class LiveValue {
 public:
  int64_t Get() const { return value_.load(std::memory_order_relaxed); }
  operator int64_t() const { return Get(); }  // NOLINT: reads as the number that it is
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

enum class MaxmemoryPolicy {
  kVolatileLru,
  kVolatileLfu,
  kVolatileLrm,
  kVolatileRandom,
  kVolatileTtl,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysLrm,
  kAllkeysRandom,
  kNoEviction,
};

enum class LogLevel { kDebug, kVerbose, kNotice, kWarning, kNothing };
enum class LogFormat { kText, kJson };

// Who may run DEBUG, or set a protected option.
enum class ProtectedAction { kNo, kYes, kLocal };

enum class SupervisedMode { kNo, kSystemd, kUpstart, kAuto };

// The bits of notify-keyspace-events; the letters are in notify_flags.cc.
enum KeyspaceEventFlag : int64_t {
  kNotifyKeyspace = 1 << 0,      // K
  kNotifyKeyevent = 1 << 1,      // E
  kNotifyGeneric = 1 << 2,       // g
  kNotifyString = 1 << 3,        // $
  kNotifyList = 1 << 4,          // l
  kNotifySet = 1 << 5,           // s
  kNotifyHash = 1 << 6,          // h
  kNotifySortedSet = 1 << 7,     // z
  kNotifyExpired = 1 << 8,       // x
  kNotifyEvicted = 1 << 9,       // e
  kNotifyStream = 1 << 10,       // t
  kNotifyKeyMiss = 1 << 11,      // m, not part of A
  kNotifyModule = 1 << 12,       // d
  kNotifyNew = 1 << 13,          // n, not part of A
  kNotifyOverwritten = 1 << 14,  // o, not part of A
  kNotifyTypeChanged = 1 << 15,  // c, not part of A
  kNotifyAll = kNotifyGeneric | kNotifyString | kNotifyList | kNotifySet | kNotifyHash |
               kNotifySortedSet | kNotifyExpired | kNotifyEvicted | kNotifyStream | kNotifyModule,
};

// The classes that client-output-buffer-limit knows.
enum class OutputClass { kNormal, kReplica, kPubSub };
inline constexpr size_t kOutputClasses = 3;

// Bytes that may wait for a client beyond the reply in progress: above `hard_bytes` it is closed,
// above `soft_bytes` when that lasts `soft_seconds`. Zero is no limit.
struct LiveOutputLimit {
  LiveValue hard_bytes;
  LiveValue soft_bytes;
  LiveValue soft_seconds;
};

// The values of the options that code reads while it serves. Each is named as its option, with
// underscores; the option's row in the table (option_table.h) points at it and holds its default,
// bounds and documentation. Filled by OptionStore.
struct LiveOptions {
  // Network and threads.
  LiveValue port;
  LiveValue tcp_backlog;
  LiveValue tcp_keepalive;   // seconds, 0: off
  LiveValue timeout;         // seconds of idleness, 0: never
  LiveValue unixsocketperm;  // 0: as umask has it
  LiveValue maxclients;
  LiveValue threads;
  LiveValue databases;
  LiveValue protected_mode;
  LiveValue socket_mark_id;
  LiveValue max_new_connections_per_cycle;

  // Memory and eviction.
  LiveValue maxmemory;         // bytes, 0: no limit ("auto" is resolved)
  LiveValue maxmemory_policy;  // MaxmemoryPolicy
  LiveValue maxmemory_samples;
  LiveValue maxmemory_eviction_tenacity;
  LiveValue maxmemory_clients;  // bytes, 0: no limit, negative: percent of maxmemory
  LiveValue lfu_log_factor;
  LiveValue lfu_decay_time;  // minutes
  LiveValue active_expire_effort;
  LiveValue lazyfree_lazy_eviction;
  LiveValue lazyfree_lazy_expire;
  LiveValue lazyfree_lazy_server_del;
  LiveValue lazyfree_lazy_user_del;
  LiveValue lazyfree_lazy_user_flush;
  LiveValue activedefrag;

  // Limits on clients.
  LiveValue proto_max_bulk_len;
  LiveValue client_query_buffer_limit;
  std::array<LiveOutputLimit, kOutputClasses> client_output_buffer_limit;
  LiveValue tracking_table_max_keys;
  LiveValue acllog_max_len;
  LiveValue acl_pubsub_default;  // 1: new users may use all channels

  // Scripts.
  LiveValue busy_reply_threshold;  // ms, 0: never
  LiveValue lua_memory_limit;      // bytes, for all scripts together

  // Observation.
  LiveValue slowlog_log_slower_than;  // microseconds, negative: off
  LiveValue slowlog_max_len;
  LiveValue commandlog_request_larger_than;  // bytes, negative: off
  LiveValue commandlog_reply_larger_than;    // likewise
  LiveValue commandlog_large_request_max_len;
  LiveValue commandlog_large_reply_max_len;
  LiveValue slowlog_entry_max_argc;
  LiveValue slowlog_entry_max_string_len;
  LiveValue latency_monitor_threshold;  // ms, 0: off
  LiveValue latency_tracking;
  LiveValue notify_keyspace_events;  // KeyspaceEventFlag bits
  LiveValue loglevel;                // LogLevel
  LiveValue log_format;              // LogFormat
  LiveValue log_rotate_bytes;        // 0: never
  LiveValue log_rotate_files;
  LiveValue hide_user_data_from_log;

  // Administration.
  LiveValue enable_debug_command;      // ProtectedAction
  LiveValue enable_protected_configs;  // ProtectedAction
  LiveValue supervised;                // SupervisedMode
  LiveValue shutdown_timeout;          // seconds
  LiveValue hz;

  // Cache.
  LiveValue cache_leases_max;
  LiveValue cache_stale_on_get;

  // Encodings.
  LiveValue hash_max_listpack_entries;
  LiveValue hash_max_listpack_value;
  LiveValue set_max_intset_entries;
  LiveValue set_max_listpack_entries;
  LiveValue set_max_listpack_value;
  LiveValue zset_max_listpack_entries;
  LiveValue zset_max_listpack_value;
  LiveValue list_max_listpack_size;
  LiveValue list_compress_depth;
  LiveValue stream_node_max_bytes;
  LiveValue stream_node_max_entries;
  LiveValue stream_idmp_duration;  // seconds
  LiveValue stream_idmp_maxsize;
  LiveValue hll_sparse_max_bytes;

  MaxmemoryPolicy policy() const { return static_cast<MaxmemoryPolicy>(maxmemory_policy.Get()); }
  const LiveOutputLimit& output_limit(OutputClass output_class) const {
    return client_output_buffer_limit[static_cast<size_t>(output_class)];
  }
  // The cap on all clients' buffers together in bytes; 0: no limit.
  int64_t maxmemory_clients_bytes() const {
    const int64_t limit = maxmemory_clients;
    if (limit >= 0) return limit;
    return static_cast<int64_t>(static_cast<double>(maxmemory.Get()) * static_cast<double>(-limit) /
                                100);
  }
};

}  // namespace larder
