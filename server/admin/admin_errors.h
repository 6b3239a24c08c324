// What the admin port answers where it refuses a request itself, and with which status.
#pragma once

#include <string_view>

namespace larder::admin::errors {

inline constexpr std::string_view kBadHost =
    "the Host header names none of this server's: use its IP address or localhost, or add the name "
    "to admin-hosts";
inline constexpr std::string_view kCrossSite = "requests from other sites are refused";
inline constexpr std::string_view kNeedsHeader =
    "a POST needs the header X-Larder-Request: 1, so that no other site can send it";
inline constexpr std::string_view kNeedsJson = "a POST needs Content-Type: application/json";
inline constexpr std::string_view kBadMethod = "only GET, HEAD and POST are answered";
inline constexpr std::string_view kStopping = "the server is stopping";
inline constexpr std::string_view kStalled = "a worker has not turned for too long";
inline constexpr std::string_view kBadLogin = "the Authorization header is no Basic login";
inline constexpr std::string_view kTooManyLogins =
    "too many wrong logins from this address: try again in a second";
inline constexpr std::string_view kNoAnswer = "the server did not answer in time";
inline constexpr std::string_view kBadJson = "the body is no JSON object";
inline constexpr std::string_view kPurgeWhat =
    "name what to purge by exactly one of: \"keys\", \"tags\" (lists of texts), \"match\", "
    "\"namespace\" (a text), \"all\": true";
inline constexpr std::string_view kBadSoft =
    "\"soft\" is the seconds for which purged entries may be served stale: an integer from 1 on";
inline constexpr std::string_view kNoSoft =
    "\"soft\" goes with \"keys\", \"tags\" and \"match\" alone";
inline constexpr std::string_view kBadDatabase = "\"database\" is an integer from 0 on";
inline constexpr std::string_view kTooMany = "at most 10000 keys or tags at once";
inline constexpr std::string_view kBadSeconds = "\"seconds\" is an integer from 1 to 600";

}  // namespace larder::admin::errors
