#include "server/admin/purge.h"

#include <string>

#include "server/admin/admin_errors.h"

namespace larder::admin {
namespace {

bool IsListOfTexts(const Json& value) {
  if (!value.is_array() || value.empty()) return false;
  for (const Json& item : value) {
    if (!item.is_string()) return false;
  }
  return true;
}

bool IsText(const Json& value) {
  return value.is_string() && !value.get_ref<const std::string&>().empty();
}

void Append(const Json& list, CommandSession::Command* command) {
  for (const Json& item : list) command->push_back(item.get<std::string>());
}

// The command without SOFT; false where the body does not name exactly one thing.
bool ReadWhat(const Json& body, bool soft, PurgePlan* plan) {
  int named = 0;
  bool valid = true;
  for (const auto& [name, value] : body.items()) {
    if (name == "soft" || name == "database") continue;
    ++named;
    if (name == "keys") {
      valid &= IsListOfTexts(value);
      plan->command = {soft ? "CACHE.PURGE" : "UNLINK"};
      if (valid) Append(value, &plan->command);
    } else if (name == "tags") {
      valid &= IsListOfTexts(value);
      plan->command = {"CACHE.PURGETAG"};
      if (valid) Append(value, &plan->command);
    } else if (name == "match") {
      valid &= IsText(value);
      if (valid) plan->command = {"CACHE.PURGEMATCH", value.get<std::string>()};
    } else if (name == "namespace") {
      valid &= IsText(value);
      if (valid) plan->command = {"CACHE.NS", "FLUSH", value.get<std::string>()};
    } else if (name == "all") {
      valid &= value == true;
      plan->command = {"FLUSHALL"};
      plan->everything = true;
    } else {
      valid = false;
    }
  }
  return valid && named == 1;
}

}  // namespace

std::string_view ReadPurge(const Json& body, PurgePlan* plan) {
  if (!body.is_object()) return errors::kBadJson;
  const Json soft = body.value("soft", Json());
  const Json database = body.value("database", Json(0));
  if (!soft.is_null() && (!soft.is_number_integer() || soft < 1)) return errors::kBadSoft;
  if (!database.is_number_integer() || database < 0) return errors::kBadDatabase;
  if (!ReadWhat(body, !soft.is_null(), plan)) return errors::kPurgeWhat;
  if (plan->command.size() > kPurgedTogetherMax + 1) return errors::kTooMany;
  const std::string& name = plan->command.front();
  if (!soft.is_null()) {
    if (name == "CACHE.NS" || plan->everything) return errors::kNoSoft;
    plan->command.push_back("SOFT");
    plan->command.push_back(std::to_string(soft.get<int64_t>()));
  }
  if (database != 0) plan->before.push_back({"SELECT", std::to_string(database.get<int64_t>())});
  return {};
}

}  // namespace larder::admin
