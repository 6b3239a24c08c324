#include "server/scripting/script.h"

#include <openssl/sha.h>

#include <cctype>
#include <optional>
#include <utility>
#include <vector>

namespace larder {
namespace {

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(digit)));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// Reads one escape of a double-quoted word, `*position` at the backslash.
char ReadEscape(std::string_view line, size_t* position) {
  const size_t at = *position;
  if (at + 3 < line.size() && line[at + 1] == 'x' && HexDigit(line[at + 2]) >= 0 &&
      HexDigit(line[at + 3]) >= 0) {
    *position = at + 4;
    return static_cast<char>(HexDigit(line[at + 2]) * 16 + HexDigit(line[at + 3]));
  }
  *position = at + 2;
  switch (line[at + 1]) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return line[at + 1];
  }
}

// Splits a line into words as redis-cli does, quotes included. Nothing when quotes are unbalanced.
std::optional<std::vector<std::string>> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  size_t at = 0;
  while (true) {
    while (at < line.size() && IsSpace(line[at])) ++at;
    if (at == line.size()) return words;
    std::string word;
    char quote = 0;
    while (at < line.size() && (quote != 0 || !IsSpace(line[at]))) {
      const char c = line[at];
      if (quote == '"' && c == '\\' && at + 1 < line.size()) {
        word.push_back(ReadEscape(line, &at));
        continue;
      }
      if (quote == '\'' && c == '\\' && at + 1 < line.size() && line[at + 1] == '\'') {
        word.push_back('\'');
        at += 2;
        continue;
      }
      ++at;
      if (quote != 0 && c == quote) {
        if (at < line.size() && !IsSpace(line[at])) return std::nullopt;
        quote = 0;
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else {
        word.push_back(c);
      }
    }
    if (quote != 0) return std::nullopt;
    words.push_back(std::move(word));
  }
}

struct FlagName {
  std::string_view name;
  bool ScriptFlags::*member;
};

constexpr FlagName kFlagNames[] = {
    {"no-writes", &ScriptFlags::no_writes},
    {"allow-oom", &ScriptFlags::allow_oom},
    {"allow-stale", &ScriptFlags::allow_stale},
    {"no-cluster", &ScriptFlags::no_cluster},
    {"allow-cross-slot-keys", &ScriptFlags::allow_cross_slot_keys},
};

bool ReadFlags(std::string_view list, ScriptFlags* flags, std::string* error) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view name = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    bool known = false;
    for (const FlagName& flag : kFlagNames) {
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
  const auto words = SplitWords(line);
  if (!words || words->empty()) {
    *error = "ERR Invalid engine in script shebang";
    return false;
  }
  if (words->front() != "#!lua") {
    *error = "ERR Unexpected engine in script shebang: " + words->front();
    return false;
  }
  flags->declared = true;
  for (size_t i = 1; i < words->size(); ++i) {
    constexpr std::string_view kFlags = "flags=";
    const std::string& word = (*words)[i];
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
