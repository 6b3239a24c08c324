#include "server/admin/metrics.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "server/version.h"

namespace larder::admin {
namespace {

// The histograms' upper bounds in seconds, as written after "le=".
struct Bound {
  std::string_view text;
  double micros;
};
constexpr Bound kBounds[] = {
    {"0.000001", 1},   {"0.0000025", 2.5}, {"0.000005", 5},  {"0.00001", 10},   {"0.000025", 25},
    {"0.00005", 50},   {"0.0001", 100},    {"0.00025", 250}, {"0.0005", 500},   {"0.001", 1'000},
    {"0.0025", 2'500}, {"0.005", 5'000},   {"0.01", 10'000}, {"0.025", 25'000}, {"0.05", 50'000},
    {"0.1", 100'000},  {"0.25", 250'000},  {"0.5", 500'000}, {"1", 1'000'000},  {"2.5", 2'500'000},
    {"5", 5'000'000},  {"10", 10'000'000}};

class MetricsWriter {
 public:
  void Family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    Append("# HELP larder_{} {}\n# TYPE larder_{} {}\n", name, help, name, type);
  }
  // `labels` as in 'database="0"'; names and values here need no escapes.
  template <class Number>
  void Value(Number value, std::string_view labels = {}, std::string_view suffix = {}) {
    Append("larder_{}{}", name_, suffix);
    if (!labels.empty()) Append("{{{}}}", labels);
    Append(" {}\n", value);
  }
  template <class Number>
  void Counter(std::string_view name, std::string_view help, Number value) {
    Family(name, "counter", help);
    Value(value);
  }
  template <class Number>
  void Gauge(std::string_view name, std::string_view help, Number value) {
    Family(name, "gauge", help);
    Value(value);
  }
  std::string Take() { return std::move(text_); }

 private:
  template <class... Args>
  void Append(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  std::string_view name_;
  std::string text_;
};

void WriteMemory(const Figures& figures, MetricsWriter& out) {
  out.Gauge("memory_used_bytes", "Data, metadata and clients' buffers, as the cap counts them.",
            figures.used_bytes);
  out.Gauge("memory_limit_bytes", "The cap (maxmemory); 0 is none.", figures.limit_bytes);
  out.Gauge("memory_peak_bytes", "Most that was used since the start.", figures.peak_bytes);
  out.Gauge("memory_resident_bytes", "Resident memory of the process.", figures.process.resident);
  out.Gauge("memory_clients_bytes", "Clients' buffers.", figures.client_bytes);
  out.Family("memory_keyspace_bytes", "gauge", "What the key space takes, by what for.");
  out.Value(figures.keyspace.entry_bytes, "part=\"entries\"");
  out.Value(figures.keyspace.table_bytes, "part=\"tables\"");
  out.Value(figures.keyspace.wheel_bytes, "part=\"expiry\"");
  out.Value(figures.keyspace.ghost_bytes, "part=\"ghosts\"");
}

void WriteKeys(const Figures& figures, MetricsWriter& out) {
  const storage::KeyspaceStats& keys = figures.keyspace;
  out.Counter("keyspace_hits_total", "Lookups of keys that were there.", keys.hits);
  out.Counter("keyspace_misses_total", "Lookups of keys that were not there.", keys.misses);
  out.Counter("stale_hits_total", "Lookups that were answered with a stale copy.",
              figures.stale_hits);
  out.Gauge("stale_copies", "Copies that may be served while somebody refreshes them.",
            keys.stale_copies);
  out.Gauge("leases", "Callers that are filling a key for the others.", figures.leases);
  out.Counter("keyspace_evicted_total", "Keys evicted to stay below the cap.", keys.evicted);
  out.Counter("keyspace_expired_total", "Keys removed at the end of their time.", keys.expired);
  out.Gauge("keyspace_expired_waiting", "Keys whose time is over and that are still there.",
            keys.expire_backlog);
  out.Family("keyspace_keys", "gauge", "Keys of a database.");
  for (const DatabaseFigures& database : figures.databases) {
    out.Value(database.keys, fmt::format("database=\"{}\"", database.database));
  }
  out.Family("keyspace_keys_expiring", "gauge", "Keys of a database that have a time to live.");
  for (const DatabaseFigures& database : figures.databases) {
    out.Value(database.expiring, fmt::format("database=\"{}\"", database.database));
  }
}

void WriteTraffic(const Figures& figures, MetricsWriter& out) {
  out.Gauge("clients", "Connected clients.", figures.clients);
  out.Gauge("clients_max", "Most clients that may be connected (maxclients).", figures.clients_max);
  out.Gauge("clients_blocked", "Clients that wait for a key.", figures.blocked);
  out.Counter("connections_total", "Connections accepted or rejected.", figures.connections);
  out.Counter("connections_rejected_total", "Connections turned away.",
              figures.connections_rejected);
  out.Counter("clients_evicted_total", "Clients closed because their buffers took too much.",
              figures.clients_evicted);
  out.Counter("network_receive_bytes_total", "Bytes received from clients.", figures.input_bytes);
  out.Counter("network_transmit_bytes_total", "Bytes sent to clients.", figures.output_bytes);
  out.Counter("error_replies_total", "Error replies.", figures.errors);
  out.Counter("commands_parked_total", "Commands that had to wait for a stripe of the key space.",
              figures.parked);
}

void WriteDurations(const std::string& label, const LatencySum& durations, uint64_t sum_ticks,
                    const TickClock& ticks, MetricsWriter& out) {
  for (const Bound& bound : kBounds) {
    const auto up_to = static_cast<uint64_t>(static_cast<double>(ticks.FromMicros(1'000'000)) *
                                             bound.micros / 1e6);
    out.Value(durations.CountUpTo(up_to), fmt::format("{},le=\"{}\"", label, bound.text),
              "_bucket");
  }
  out.Value(durations.total(), label + ",le=\"+Inf\"", "_bucket");
  out.Value(ticks.ToMicrosDouble(sum_ticks) / 1e6, label, "_sum");
  out.Value(durations.total(), label, "_count");
}

void WriteCommands(const Figures& figures, const TickClock& ticks, MetricsWriter& out) {
  const auto each = [&](uint64_t FamilyFigures::*counter) {
    for (const FamilyFigures& family : figures.families) {
      out.Value(family.*counter, fmt::format("family=\"{}\"", family.name));
    }
  };
  out.Family("commands_total", "counter", "Commands run, by the family that they belong to.");
  each(&FamilyFigures::calls);
  out.Family("commands_failed_total", "counter", "Commands that ran and answered an error.");
  each(&FamilyFigures::failed);
  out.Family("commands_rejected_total", "counter", "Commands refused before they ran.");
  each(&FamilyFigures::rejected);
  out.Family("command_duration_seconds", "histogram",
             "Time that commands took to run, without waiting and sending (latency-tracking).");
  for (const FamilyFigures& family : figures.families) {
    WriteDurations(fmt::format("family=\"{}\"", family.name), family.durations, family.ticks, ticks,
                   out);
  }
}

void WriteNamespaces(const std::vector<NamespaceFigures>& namespaces, const TickClock& ticks,
                     MetricsWriter& out) {
  using storage::NamespaceStats;
  if (namespaces.empty()) return;
  const auto label = [](const NamespaceFigures& of) {
    return fmt::format("namespace=\"{}\"", of.stats.spec.name);
  };
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                        uint64_t NamespaceStats::*figure) {
    out.Family(name, type, help);
    for (const NamespaceFigures& of : namespaces) out.Value(of.stats.*figure, label(of));
  };
  each("namespace_keys", "gauge", "Keys of a namespace.", &NamespaceStats::items);
  each("namespace_bytes", "gauge", "What its keys take.", &NamespaceStats::bytes);
  out.Family("namespace_limit_bytes", "gauge", "Its MAXMEMORY; 0 is none.");
  for (const NamespaceFigures& of : namespaces) {
    out.Value(of.stats.spec.bytes_max, label(of));
  }
  each("namespace_hits_total", "counter", "Lookups of its keys that were there.",
       &NamespaceStats::hits);
  each("namespace_misses_total", "counter", "Lookups of its keys that were not there.",
       &NamespaceStats::misses);
  each("namespace_stale_hits_total", "counter", "Misses answered with a stale copy.",
       &NamespaceStats::stale_hits);
  each("namespace_evicted_total", "counter", "Keys of it evicted.", &NamespaceStats::evicted);
  each("namespace_expired_total", "counter", "Keys of it removed at the end of their time.",
       &NamespaceStats::expired);
  each("namespace_writes_total", "counter", "Writes to its keys.", &NamespaceStats::writes);
  out.Family("namespace_command_duration_seconds", "histogram",
             "As command_duration_seconds, by the namespace of a command's first key.");
  for (const NamespaceFigures& of : namespaces) {
    WriteDurations(label(of), of.durations, of.ticks, ticks, out);
  }
}

}  // namespace

std::string MetricsText(const Figures& figures, const std::vector<NamespaceFigures>& namespaces,
                        const TickClock& ticks) {
  MetricsWriter out;
  out.Family("build_info", "gauge", "Always 1; the versions are its labels.");
  out.Value(1, fmt::format("version=\"{}\",redis_version=\"{}\"", kLarderVersion, kRedisVersion));
  out.Gauge("uptime_seconds", "Time since the start.",
            static_cast<double>(figures.uptime_ms) / 1000);
  WriteMemory(figures, out);
  WriteKeys(figures, out);
  WriteTraffic(figures, out);
  WriteCommands(figures, ticks, out);
  WriteNamespaces(namespaces, ticks, out);
  return out.Take();
}

}  // namespace larder::admin
