#include "server/commands/command_info.h"

#include <algorithm>
#include <utility>

#include "server/acl/acl_categories.h"
#include "server/acl/command_categories.h"

namespace larder {
namespace {

using protocol::ReplyWriter;
using Names = std::vector<std::string_view>;

Names SplitWords(std::string_view text) {
  Names words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

void WriteNames(ReplyWriter& reply, const Names& names) {
  reply.Set(static_cast<int64_t>(names.size()));
  for (const std::string_view name : names) reply.Simple(name);
}

// Whether the keys cannot be found by first, last and step alone.
bool HasMovableKeys(const CommandSpec& spec) {
  return spec.find_keys != nullptr ||
         std::any_of(std::begin(spec.keys), std::end(spec.keys), [](const KeySpec& keys) {
           return keys.kind == KeySpec::Kind::kCounted || keys.kind == KeySpec::Kind::kKeyword ||
                  keys.kind == KeySpec::Kind::kUnknown || (keys.flags & KeyFlag::kIncomplete) != 0;
         });
}

// First, last and step as older clients read them; all 0 when the keys are elsewhere.
struct LegacyRange {
  int first = 0, last = 0, step = 0;
};

LegacyRange LegacyRangeOf(const CommandSpec& spec) {
  const auto is_range = [](const KeySpec& keys) { return keys.kind == KeySpec::Kind::kRange; };
  if (!is_range(spec.keys[0])) return {};
  const KeySpec& first = spec.keys[0];
  LegacyRange range{first.first, first.last, first.step};
  // Ranges side by side count as one.
  for (int i = 1; i < kKeySpecsMax && is_range(spec.keys[i]); ++i) {
    if (range.step != 1 || spec.keys[i].step != 1 || spec.keys[i].first != range.last + 1) break;
    range.last = spec.keys[i].last;
  }
  return range;
}

void WriteSpec(ReplyWriter& reply, std::string_view name, std::string_view type, int64_t fields) {
  reply.Bulk(name);
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk(type);
  reply.Bulk("spec");
  reply.Map(fields);
}

void WriteField(ReplyWriter& reply, std::string_view name, int64_t value) {
  reply.Bulk(name);
  reply.Integer(value);
}

void WriteKeySpec(ReplyWriter& reply, const KeySpec& keys) {
  using Kind = KeySpec::Kind;
  const bool unknown = keys.kind == Kind::kUnknown;
  reply.Map(unknown ? 4 : 3);
  if (unknown) {
    reply.Bulk("notes");
    reply.Bulk(keys.keyword);
  }
  reply.Bulk("flags");
  WriteNames(reply, KeyFlagNames(keys.flags));
  if (unknown) {
    WriteSpec(reply, "begin_search", "unknown", 0);
    WriteSpec(reply, "find_keys", "unknown", 0);
    return;
  }
  if (keys.kind == Kind::kKeyword) {
    WriteSpec(reply, "begin_search", "keyword", 2);
    reply.Bulk("keyword");
    reply.Bulk(keys.keyword);
    WriteField(reply, "startfrom", keys.first);
  } else {
    WriteSpec(reply, "begin_search", "index", 1);
    WriteField(reply, "index", keys.first);
  }
  if (keys.kind == Kind::kCounted) {
    WriteSpec(reply, "find_keys", "keynum", 3);
    WriteField(reply, "keynumidx", 0);
    WriteField(reply, "firstkey", 1);
    WriteField(reply, "keystep", keys.step);
    return;
  }
  int last = keys.last;  // from the first one on
  if (keys.kind == Kind::kRange && last >= 0) last -= keys.first;
  if (keys.kind == Kind::kKeyword && last >= 0) last -= 1;
  WriteSpec(reply, "find_keys", "range", 3);
  WriteField(reply, "lastkey", last);
  WriteField(reply, "keystep", keys.step);
  WriteField(reply, "limit", keys.limit);
}

}  // namespace

Names FlagNames(const CommandSpec& spec) {
  static constexpr std::pair<uint32_t, std::string_view> kFlags[] = {
      {Flag::kWrite, "write"},
      {Flag::kReadOnly, "readonly"},
      {Flag::kDenyOom, "denyoom"},
      {Flag::kAdmin, "admin"},
      {Flag::kPubSubCommand, "pubsub"},
      {Flag::kNoScript, "noscript"},
      {Flag::kBlocking, "blocking"},
      {Flag::kLoading, "loading"},
      {Flag::kStale, "stale"},
      {Flag::kSkipMonitor, "skip_monitor"},
      {Flag::kSkipSlowlog, "skip_slowlog"},
      {Flag::kFast, "fast"},
      {Flag::kNoAuth, "no_auth"},
      {Flag::kNoMandatoryKeys, "no_mandatory_keys"},
      {Flag::kNoAsyncLoading, "no_async_loading"},
      {Flag::kNoMulti, "no_multi"},
      {Flag::kAllowBusy, "allow_busy"},
  };
  Names names;
  for (const auto& [flag, name] : kFlags) {
    if ((spec.flags & flag) != 0) names.push_back(name);
  }
  if (HasMovableKeys(spec)) names.push_back("movablekeys");
  if ((spec.flags & Flag::kScriptRunner) != 0) names.push_back("script_runner");
  return names;
}

Names CategoryNames(const CommandSpec& spec) {
  const uint64_t categories = CategoriesOf(spec);
  const auto all = AclCategories();
  Names names;
  for (size_t i = 0; i < all.size(); ++i) {
    if ((categories >> i & 1) != 0) names.push_back(all[i]);
  }
  return names;
}

Names KeyFlagNames(int flags) {
  static constexpr std::pair<int, std::string_view> kFlags[] = {
      {KeyFlag::kOW, "OW"},
      {KeyFlag::kRO, "RO"},
      {KeyFlag::kRW, "RW"},
      {KeyFlag::kRM, "RM"},
      {KeyFlag::kAccess, "access"},
      {KeyFlag::kUpdate, "update"},
      {KeyFlag::kInsert, "insert"},
      {KeyFlag::kDelete, "delete"},
      {KeyFlag::kNotKey, "not_key"},
      {KeyFlag::kIncomplete, "incomplete"},
      {KeyFlag::kVariable, "variable_flags"},
  };
  Names names;
  for (const auto& [flag, name] : kFlags) {
    if ((flags & flag) != 0) names.push_back(name);
  }
  return names;
}

void WriteCommandInfo(const CommandTable& table, const CommandInfo& info, ReplyWriter& reply) {
  const CommandSpec& spec = *info.spec;
  const LegacyRange range = LegacyRangeOf(spec);
  reply.Array(10);
  reply.Bulk(info.full_name);
  reply.Integer(info.arity);
  WriteNames(reply, FlagNames(spec));
  reply.Integer(range.first);
  reply.Integer(range.last);
  reply.Integer(range.step);
  WriteNames(reply, CategoryNames(spec));
  const Names tips = SplitWords(spec.tips);
  reply.Set(static_cast<int64_t>(tips.size()));
  for (const std::string_view tip : tips) reply.Bulk(tip);
  const auto key_specs =
      std::count_if(std::begin(spec.keys), std::end(spec.keys),
                    [](const KeySpec& keys) { return keys.kind != KeySpec::Kind::kNone; });
  reply.Set(key_specs);
  for (const KeySpec& keys : spec.keys) {
    if (keys.kind != KeySpec::Kind::kNone) WriteKeySpec(reply, keys);
  }
  // As redis-server has it: an empty set without subcommands, an array with them.
  if (spec.subcommands.empty()) {
    reply.Set(0);
  } else {
    reply.Array(static_cast<int64_t>(spec.subcommands.size()));
  }
  for (const CommandSpec& subcommand : spec.subcommands) {
    WriteCommandInfo(table, table.InfoOf(subcommand), reply);
  }
}

}  // namespace larder
