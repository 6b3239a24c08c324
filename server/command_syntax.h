// The arguments of a command, parsed from its row's syntax. COMMAND DOCS shows them and the arity
// follows from them, so that neither is stated twice.
//
// The syntax is what the public documentation prints, with types:
//   key  source  pattern     a word: a string (which words are keys, the row's key specs say)
//   seconds:int              with its type: int, double, unix (a Unix time), pattern, key
//   NX  EX seconds:int       an upper-case word is a token, by itself or before its argument
//   [NX | XX]                may be left out; one of several
//   <numkeys:int | ALL>      one of several is required; <ID id:int> also groups
//   key [key ...]            repeats; a group repeats when its words are repeated before the dots
//   [EX seconds:int ...]     a group that ends in dots may also repeat as a whole
//   [condition: NX | XX]     a group's name, where COMMAND DOCS should show another than its words
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/command.h"

namespace larder {

enum class ArgumentType : uint8_t {
  kString,
  kKey,
  kInteger,
  kDouble,
  kUnixTime,
  kPattern,
  kPureToken,
  kOneOf,  // one of `children`
  kBlock   // all of `children`
};
std::string_view ArgumentTypeName(ArgumentType type);  // as COMMAND DOCS prints it: "pure-token"

struct SyntaxArgument {
  std::string name;   // lower case
  std::string token;  // the upper-case word before it
  ArgumentType type = ArgumentType::kString;
  bool optional = false;
  bool multiple = false;
  int key_spec = -1;  // of a key: which of the row's
  std::vector<SyntaxArgument> children;
};

// REQUIRES: `syntax` is well-formed (tests check every row's).
std::vector<SyntaxArgument> ParseSyntax(std::string_view syntax);

// As ParseSyntax of the row's, with its keys found. `prefix_words` as below.
std::vector<SyntaxArgument> ArgumentsOf(const CommandSpec& spec, int prefix_words);

// The least number of arguments with the name, negative when more are allowed, as COMMAND INFO has
// it. `prefix_words` is 1 for a command, 2 for a subcommand.
int ArityOf(std::string_view syntax, int prefix_words);

}  // namespace larder
