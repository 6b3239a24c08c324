#include "server/scripting/script.h"

#include <openssl/sha.h>

#include <vector>

#include "protocol/inline_split.h"

namespace larder {
namespace {

bool ReadFlags(std::string_view list, ScriptFlags* flags, std::string* error) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view name = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    bool known = false;
    for (const ScriptFlagName& flag : kScriptFlagNames) {
      if (flag.name != name) continue;
      flags->*flag.member = true;
      known = true;
    }
    if (!known) {
      *error = "ERR Unexpected flag in script shebang: " + std::string(name);
      return false;
    }
  }
  return true;
}

bool ReadShebang(std::string_view line, ScriptFlags* flags, std::string* error) {
  std::vector<std::string> words;
  if (!protocol::SplitWords(line, &words) || words.empty()) {
    *error = "ERR Invalid engine in script shebang";
    return false;
  }
  if (words.front() != "#!lua") {
    *error = "ERR Unexpected engine in script shebang: " + words.front();
    return false;
  }
  flags->declared = true;
  for (size_t i = 1; i < words.size(); ++i) {
    constexpr std::string_view kFlags = "flags=";
    const std::string& word = words[i];
    if (!word.starts_with(kFlags)) {
      *error = "ERR Unknown lua shebang option: " + word;
      return false;
    }
    if (!ReadFlags(std::string_view(word).substr(kFlags.size()), flags, error)) return false;
  }
  return true;
}

}  // namespace

std::string Sha1Hex(std::string_view bytes) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * SHA_DIGEST_LENGTH);
  for (const unsigned char byte : digest) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

std::shared_ptr<const Script> ParseScript(std::string_view body, std::string* error) {
  auto script = std::make_shared<Script>();
  if (body.starts_with("#!")) {
    const size_t newline = body.find('\n');
    if (newline == std::string_view::npos) {
      *error = "ERR Invalid script shebang";
      return nullptr;
    }
    if (!ReadShebang(body.substr(0, newline), &script->flags, error)) return nullptr;
    script->code_offset = newline;  // keeps the newline, so that errors name the right line
  }
  script->sha = Sha1Hex(body);
  script->body = body;
  return script;
}

}  // namespace larder
