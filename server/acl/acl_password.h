// Passwords as ACL keeps them: 64 lower-case hexadecimal digits of their SHA-256.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace larder {

inline constexpr size_t kPasswordHashDigits = 64;

std::string HashPassword(std::string_view password);

// Whether a text can be such a hash.
bool IsPasswordHash(std::string_view text);

// Whether `hash` is one of `known`, in a time that depends on how many there are alone.
bool IsKnownPassword(std::string_view hash, std::span<const std::string> known);

// `digits` random hexadecimal digits from the system's source for secrets; empty when it has none.
std::string RandomDigits(size_t digits);

}  // namespace larder
