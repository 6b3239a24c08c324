#include "server/acl/acl_password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <vector>

namespace larder {
namespace {

std::string Hex(std::span<const unsigned char> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace

std::string HashPassword(std::string_view password) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(password.data(), password.size(), digest, &size, EVP_sha256(), nullptr);
  return Hex({digest, size});
}

bool IsPasswordHash(std::string_view text) {
  if (text.size() != kPasswordHashDigits) return false;
  for (const char c : text) {
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return false;
  }
  return true;
}

bool IsKnownPassword(std::string_view hash, std::span<const std::string> known) {
  bool found = false;
  for (const std::string& one : known) {
    const bool same =
        one.size() == hash.size() && CRYPTO_memcmp(one.data(), hash.data(), hash.size()) == 0;
    found |= same;
  }
  return found;
}

std::string RandomDigits(size_t digits) {
  std::vector<unsigned char> bytes((digits + 1) / 2);
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return {};
  return Hex(bytes).substr(0, digits);
}

}  // namespace larder
