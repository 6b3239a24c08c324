#include "server/admin/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "server/admin/admin_errors.h"
#include "server/admin/json.h"
#include "server/admin/key_reports.h"
#include "server/admin/purge.h"
#include "server/admin/request_guard.h"
#include "server/config/option_lookup.h"
#include "server/config/option_store.h"
#include "server/version.h"

namespace larder::admin {
namespace {

using protocol::Reply;

constexpr const char* kSlowCommands = "50";
constexpr size_t kClientsMax = 500;  // shown; how many there are is said
constexpr int64_t kHotSecondsMax = 600;

Json Number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

std::optional<double> HitRatio(uint64_t hits, uint64_t misses) {
  if (hits + misses == 0) return {};
  return static_cast<double>(hits) / static_cast<double>(hits + misses);
}

Json MemoryJson(const Figures& figures, const Engine& engine) {
  return {{"used_bytes", figures.used_bytes},
          {"limit_bytes", figures.limit_bytes},
          {"peak_bytes", figures.peak_bytes},
          {"resident_bytes", figures.process.resident},
          {"clients_bytes", figures.client_bytes},
          {"policy", engine.option_store.Text("maxmemory-policy")},
          {"entries_bytes", figures.keyspace.entry_bytes},
          {"tables_bytes", figures.keyspace.table_bytes},
          {"expiry_bytes", figures.keyspace.wheel_bytes},
          {"ghosts_bytes", figures.keyspace.ghost_bytes}};
}

Json KeyspaceJson(const Figures& figures) {
  Json databases = Json::array();
  for (const DatabaseFigures& database : figures.databases) {
    databases.push_back({{"database", database.database},
                         {"keys", database.keys},
                         {"expiring", database.expiring}});
  }
  const storage::KeyspaceStats& keys = figures.keyspace;
  return {{"keys", figures.keys()},
          {"hits", keys.hits},
          {"misses", keys.misses},
          {"hit_ratio", Number(HitRatio(keys.hits, keys.misses))},
          {"stale_hits", figures.stale_hits},
          {"stale_copies", keys.stale_copies},
          {"leases", figures.leases},
          {"evicted", keys.evicted},
          {"expired", keys.expired},
          {"databases", std::move(databases)}};
}

// Adds "p50_us", "p99_us" and "p999_us", null where nothing was measured.
void AddPercentiles(const LatencySum& durations, const TickClock& ticks, Json* json) {
  const auto percentile = [&](double which) -> Json {
    if (durations.total() == 0) return nullptr;
    return ticks.ToMicrosDouble(durations.Percentile(which));
  };
  (*json)["p50_us"] = percentile(50);
  (*json)["p99_us"] = percentile(99);
  (*json)["p999_us"] = percentile(99.9);
}

Json FamilyJson(const FamilyFigures& family, const TickClock& ticks) {
  Json json = {{"family", family.name},
               {"calls", family.calls},
               {"failed", family.failed},
               {"rejected", family.rejected}};
  AddPercentiles(family.durations, ticks, &json);
  return json;
}

Json NamespaceJson(const NamespaceFigures& of, const TickClock& ticks) {
  const storage::NamespaceStats& stats = of.stats;
  Json json = {{"name", stats.spec.name},
               {"prefix", JsonText(stats.spec.prefix)},
               {"limit_bytes", stats.spec.bytes_max},  // 0: none
               {"default_ttl_seconds", stats.spec.default_ttl_s},
               {"max_ttl_seconds", stats.spec.ttl_s_max},
               {"no_evict", stats.spec.no_evict},
               {"items", stats.items},
               {"bytes", stats.bytes},
               {"hits", stats.hits},
               {"misses", stats.misses},
               {"stale_hits", stats.stale_hits},
               {"hit_ratio", Number(HitRatio(stats.hits, stats.misses))},
               {"evictions", stats.evicted},
               {"expirations", stats.expired},
               {"writes", stats.writes},
               {"complete", stats.complete}};
  AddPercentiles(of.durations, ticks, &json);
  return json;
}

Json CommandsJson(const Figures& figures, const TickClock& ticks) {
  Json families = Json::array();
  for (const FamilyFigures& family : figures.families) {
    families.push_back(FamilyJson(family, ticks));
  }
  return {{"total", figures.commands},
          {"per_second", figures.commands_per_second},
          {"error_replies", figures.errors},
          {"parked", figures.parked},
          {"families", std::move(families)}};
}

Json SampleJson(const Sample& sample) {
  return {{"time", sample.unix_ms},
          {"commands", sample.commands},
          {"hits", sample.hits},
          {"misses", sample.misses},
          {"evicted", sample.evicted},
          {"expired", sample.expired},
          {"input_bytes", sample.input_bytes},
          {"output_bytes", sample.output_bytes},
          {"used_bytes", sample.used_bytes},
          {"limit_bytes", sample.limit_bytes},
          {"keys", sample.keys},
          {"clients", sample.clients},
          {"p50_us", Number(sample.p50_us)},
          {"p99_us", Number(sample.p99_us)},
          {"p999_us", Number(sample.p999_us)}};
}

// One line of CLIENT LIST: names and values with = between, separated by blanks.
Json ClientJson(std::string_view line) {
  Json client = Json::object();
  while (!line.empty()) {
    const std::string_view field = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(field.size() + 1, line.size()));
    const size_t equals = field.find('=');
    if (equals == std::string_view::npos) continue;
    client[std::string(field.substr(0, equals))] = JsonText(field.substr(equals + 1));
  }
  return client;
}

Json SlowCommandJson(const Reply& entry) {
  Json words = Json::array();
  for (const Reply& word : entry.items[3].items) words.push_back(JsonText(word.text));
  return {{"id", entry.items[0].integer},
          {"time", entry.items[1].integer * 1000},
          {"microseconds", entry.items[2].integer},
          {"words", std::move(words)},
          {"client", JsonText(entry.items[4].text)},
          {"name", JsonText(entry.items[5].text)}};
}

Json SettingJson(const std::string& name, const std::string& value) {
  const Option* option = FindOption(name);
  const bool secret = option != nullptr && option->Has(kSecret);
  Json setting = {{"name", name}, {"value", secret && !value.empty() ? "(set)" : JsonText(value)}};
  if (option != nullptr) {
    setting["documentation"] = option->documentation;
    setting["changed"] = value != DefaultValue(*option).text;
  }
  return setting;
}

}  // namespace

std::unique_ptr<CommandSession> Api::Enter(const HttpRequest& request, HttpResponse* answer) {
  if (port_.closed->load()) {
    *answer = ErrorResponse(503, errors::kStopping);
    return nullptr;
  }
  return LogIn(port_, request, wrong_logins_, engine_.clock.SteadyMicros() / 1'000'000, answer);
}

template <class Answer>
HttpResponse Api::As(const HttpRequest& request, const CommandSession::Command& command,
                     Answer answer) {
  HttpResponse refused;
  const auto session = Enter(request, &refused);
  if (session == nullptr) return refused;
  const Reply reply = session->Run(command);
  if (reply.type == Reply::Type::kError) return AnswerOfError(request, reply.text);
  return JsonResponse(answer(*session, reply));
}

HttpResponse Api::Stats(const HttpRequest& request) {
  return As(request, {"INFO", "server"}, [&](CommandSession&, const Reply&) -> Json {
    const Figures figures = ReadFigures(engine_);
    return {{"version", kLarderVersion},
            {"redis_version", kRedisVersion},
            {"time", figures.unix_ms},
            {"uptime_seconds", figures.uptime_ms / 1000},
            {"workers", engine_.workers},
            {"login_needed", !engine_.acl.default_is_open()},
            {"memory", MemoryJson(figures, engine_)},
            {"keyspace", KeyspaceJson(figures)},
            {"commands", CommandsJson(figures, ticks_)},
            {"clients",
             {{"connected", figures.clients},
              {"max", figures.clients_max},
              {"blocked", figures.blocked},
              {"accepted", figures.connections},
              {"rejected", figures.connections_rejected},
              {"evicted", figures.clients_evicted}}},
            {"network",
             {{"input_bytes", figures.input_bytes}, {"output_bytes", figures.output_bytes}}}};
  });
}

HttpResponse Api::HistoryOf(const HttpRequest& request) {
  return As(request, {"INFO", "server"}, [&](CommandSession&, const Reply&) -> Json {
    Json samples = Json::array();
    for (const Sample& sample : history_.Samples()) samples.push_back(SampleJson(sample));
    return {{"seconds", History::kSampleSeconds}, {"samples", std::move(samples)}};
  });
}

HttpResponse Api::Namespaces(const HttpRequest& request) {
  return As(request, {"CACHE.NS", "STATS"}, [&](CommandSession&, const Reply&) -> Json {
    Json namespaces = Json::array();
    for (const NamespaceFigures& of : ReadNamespaces(engine_)) {
      namespaces.push_back(NamespaceJson(of, ticks_));
    }
    return {{"namespaces", std::move(namespaces)}};
  });
}

HttpResponse Api::Hot(const HttpRequest& request) {
  return As(request, {"HOTKEYS", "GET"}, [&](CommandSession& session, const Reply& reply) -> Json {
    std::vector<int> databases;
    for (const DatabaseFigures& database : ReadFigures(engine_).databases) {
      if (database.keys > 0) databases.push_back(database.database);
    }
    return {{"recent", RecentKeysOf(session.Run({"CACHE.HOT", "COUNT", kRecentKeys}))},
            {"hot", HotKeysOf(reply)},
            {"big", BigKeys(session, databases)}};
  });
}

HttpResponse Api::StartHot(const HttpRequest& request) {
  const Json body = Json::parse(request.body, nullptr, false);
  if (!body.is_object()) return ErrorResponse(400, errors::kBadJson);
  const Json seconds = body.value("seconds", Json());
  if (!seconds.is_number_integer() || seconds < 1 || seconds > kHotSecondsMax) {
    return ErrorResponse(400, errors::kBadSeconds);
  }
  return As(request,
            {"HOTKEYS", "START", "METRICS", "2", "CPU", "NET", "COUNT", "15", "DURATION",
             std::to_string(seconds.get<int64_t>())},
            [](CommandSession&, const Reply&) -> Json {
              return {{"started", true}};
            });
}

HttpResponse Api::Slowlog(const HttpRequest& request) {
  return As(request, {"SLOWLOG", "GET", kSlowCommands},
            [&](CommandSession&, const Reply& reply) -> Json {
              Json commands = Json::array();
              for (const Reply& entry : reply.items) {
                if (entry.items.size() >= 6) commands.push_back(SlowCommandJson(entry));
              }
              return {{"slower_than_us", engine_.options.slowlog_log_slower_than.Get()},
                      {"commands", std::move(commands)}};
            });
}

HttpResponse Api::Clients(const HttpRequest& request) {
  return As(request, {"CLIENT", "LIST"}, [](CommandSession&, const Reply& reply) -> Json {
    Json clients = Json::array();
    size_t count = 0;
    for (std::string_view text = reply.text; !text.empty();) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      // Requests to this port are clients, too, for a moment: nobody wants to see their own.
      if (line.empty() || line.find(CommandSession::kLocalAddressField) != std::string_view::npos)
        continue;
      if (++count <= kClientsMax) clients.push_back(ClientJson(line));
    }
    return {{"count", count}, {"clients", std::move(clients)}};
  });
}

HttpResponse Api::Config(const HttpRequest& request) {
  return As(request, {"CONFIG", "GET", "*"}, [](CommandSession&, const Reply& reply) -> Json {
    Json settings = Json::array();
    for (size_t i = 0; i + 1 < reply.items.size(); i += 2) {
      settings.push_back(SettingJson(reply.items[i].text, reply.items[i + 1].text));
    }
    return {{"settings", std::move(settings)}};
  });
}

HttpResponse Api::Purge(const HttpRequest& request) {
  PurgePlan plan;
  const Json body = Json::parse(request.body, nullptr, false);
  if (const std::string_view error = ReadPurge(body, &plan); !error.empty()) {
    return ErrorResponse(400, error);
  }
  HttpResponse refused;
  const auto session = Enter(request, &refused);
  if (session == nullptr) return refused;
  const uint64_t keys_before = plan.everything ? ReadFigures(engine_).keys() : 0;
  for (const CommandSession::Command& command : plan.before) {
    const Reply reply = session->Run(command);
    if (reply.type == Reply::Type::kError) return AnswerOfError(request, reply.text);
  }
  const Reply reply = session->Run(plan.command);
  if (reply.type == Reply::Type::kError) return AnswerOfError(request, reply.text);
  engine_.log.Notice(fmt::format("{} by user '{}' from {} through the admin port",
                                 plan.command.front(), session->user, request.peer));
  const bool counted = reply.type == Reply::Type::kInteger;
  Json count = nullptr;
  if (counted) count = reply.integer;
  if (plan.everything) count = keys_before;
  return JsonResponse({{"purged", std::move(count)}});
}

}  // namespace larder::admin
