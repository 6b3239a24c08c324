#include "protocol/inline_split.h"

#include <utility>

namespace larder::protocol {
namespace {

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

char Unescape(char escaped) {
  switch (escaped) {
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
      return escaped;
  }
}

// Reads to the end of a quoted part that began before `*at`. False when it does not close, or not
// at the end of a word.
bool ReadQuoted(std::string_view line, char quote, size_t* at, std::string* word) {
  while (*at < line.size()) {
    const std::string_view rest = line.substr(*at);
    if (rest[0] == quote) {
      *at += 1;
      return rest.size() == 1 || IsBlank(rest[1]);
    }
    if (rest[0] == '\\' && quote == '"' && rest.size() >= 4 && rest[1] == 'x' &&
        HexValue(rest[2]) >= 0 && HexValue(rest[3]) >= 0) {
      word->push_back(static_cast<char>(HexValue(rest[2]) * 16 + HexValue(rest[3])));
      *at += 4;
    } else if (rest[0] == '\\' && rest.size() >= 2 && (quote == '"' || rest[1] == '\'')) {
      word->push_back(Unescape(rest[1]));
      *at += 2;
    } else {
      word->push_back(rest[0]);
      *at += 1;
    }
  }
  return false;
}

}  // namespace

bool SplitWords(std::string_view line, std::vector<std::string>* words) {
  words->clear();
  size_t at = 0;
  while (true) {
    while (at < line.size() && IsBlank(line[at])) ++at;
    if (at == line.size()) return true;
    std::string word;
    while (at < line.size() && !EndsWord(line[at])) {
      const char byte = line[at++];
      if (byte == '"' || byte == '\'') {
        if (!ReadQuoted(line, byte, &at, &word)) return false;
        break;
      }
      word.push_back(byte);
    }
    words->push_back(std::move(word));
  }
}

}  // namespace larder::protocol
