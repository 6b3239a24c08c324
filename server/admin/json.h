// JSON for the API. Texts come from clients and may be any bytes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "server/admin/http.h"

namespace larder::admin {

using Json = nlohmann::ordered_json;

// Text that JSON can hold: bytes that are no UTF-8 become \xff, as redis-cli shows them.
std::string JsonText(std::string_view bytes);

inline HttpResponse JsonResponse(const Json& body) { return {.body = body.dump() + "\n"}; }

}  // namespace larder::admin
