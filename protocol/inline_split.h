// Splits one line into words after Redis's rules: for inline commands, redis.conf and the like.
//
// Words are separated by blanks. "double quotes" keep blanks and know \n \r \t \b \a, \xHH and
// \<any byte>; 'single quotes' know only \'. A closing quote must end its word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace larder::protocol {

// Sets *words to the words of `line`. False when quotes are unbalanced. O(bytes).
// Unlike Redis's function, a NUL is a byte like any other.
bool SplitWords(std::string_view line, std::vector<std::string>* words);

// A blank between words, as C's isspace has it: space, \t, \n, \v, \f, \r.
constexpr bool IsBlank(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

// What ends a word without quotes: \v and \f separate words but do not end one (as in Redis).
constexpr bool EndsWord(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

}  // namespace larder::protocol
