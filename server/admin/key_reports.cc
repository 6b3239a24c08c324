#include "server/admin/key_reports.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace larder::admin {
namespace {

using protocol::Reply;

struct BigKey {
  int database;
  std::string key;
  int64_t bytes;
};

// Keys and weights by turns.
Json Weights(const Reply& pairs, const char* unit) {
  Json list = Json::array();
  for (size_t i = 0; i + 1 < pairs.items.size(); i += 2) {
    list.push_back({{"key", JsonText(pairs.items[i].text)}, {unit, pairs.items[i + 1].integer}});
  }
  return list;
}

std::set<std::string> DrawKeys(CommandSession& session, int database, int count) {
  std::vector<CommandSession::Command> commands = {{"SELECT", std::to_string(database)}};
  commands.resize(static_cast<size_t>(count) + 1, {"RANDOMKEY"});
  std::set<std::string> keys;
  const std::vector<Reply> replies = session.RunAll(commands);
  if (replies.front().type == Reply::Type::kError) return keys;
  for (const Reply& reply : replies) {
    if (reply.type == Reply::Type::kBulk) keys.insert(reply.text);
  }
  return keys;
}

void AddSizes(CommandSession& session, int database, const std::set<std::string>& keys,
              std::vector<BigKey>* sizes) {
  if (keys.empty()) return;
  std::vector<CommandSession::Command> commands;
  for (const std::string& key : keys) commands.push_back({"MEMORY", "USAGE", key});
  const std::vector<Reply> replies = session.RunAll(commands);
  size_t i = 0;
  for (const std::string& key : keys) {
    const Reply& reply = replies[i++];
    if (reply.type == Reply::Type::kInteger) sizes->push_back({database, key, reply.integer});
  }
}

}  // namespace

Json HotKeysOf(const Reply& reply) {
  if (reply.items.empty()) return nullptr;
  const std::vector<Reply>& fields = reply.items.front().items;
  Json report = Json::object();
  for (size_t i = 0; i + 1 < fields.size(); i += 2) {
    const std::string& name = fields[i].text;
    const Reply& value = fields[i + 1];
    if (name == "tracking-active") report["active"] = value.integer != 0;
    if (name == "collection-duration-ms") {
      report["seconds"] = static_cast<double>(value.integer) / 1000;
    }
    if (name == "all-commands-all-slots-us") report["all_microseconds"] = value.integer;
    if (name == "net-bytes-all-commands-all-slots") report["all_bytes"] = value.integer;
    if (name == "by-cpu-time-us") report["by_cpu"] = Weights(value, "microseconds");
    if (name == "by-net-bytes") report["by_network"] = Weights(value, "bytes");
  }
  return report;
}

Json RecentKeysOf(const Reply& reply) {
  return reply.type == Reply::Type::kError ? Json(nullptr) : Weights(reply, "per_second");
}

Json BigKeys(CommandSession& session, const std::vector<int>& databases) {
  std::vector<BigKey> sizes;
  if (!databases.empty()) {
    const int each = std::max(1, kKeysDrawn / static_cast<int>(databases.size()));
    for (const int database : databases) {
      AddSizes(session, database, DrawKeys(session, database, each), &sizes);
    }
  }
  std::sort(sizes.begin(), sizes.end(),
            [](const BigKey& a, const BigKey& b) { return a.bytes > b.bytes; });
  const size_t drawn = sizes.size();
  if (sizes.size() > kBigKeysMax) sizes.resize(kBigKeysMax);
  Json list = Json::array();
  for (const BigKey& key : sizes) {
    const auto replies =
        session.RunAll({{"SELECT", std::to_string(key.database)}, {"TYPE", key.key}});
    const bool known = replies.back().type == Reply::Type::kSimple;
    list.push_back({{"key", JsonText(key.key)},
                    {"database", key.database},
                    {"type", known ? replies.back().text : ""},
                    {"bytes", key.bytes}});
  }
  return {{"looked_at", drawn}, {"keys", list}};
}

}  // namespace larder::admin
