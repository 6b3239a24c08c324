#include "server/command_syntax.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/letter_case.h"

namespace larder {
namespace {

using Arguments = std::vector<SyntaxArgument>;

bool IsToken(std::string_view word) {
  const auto is = [word](char low, char high) {
    return std::any_of(word.begin(), word.end(),
                       [low, high](char c) { return c >= low && c <= high; });
  };
  return is('A', 'Z') && !is('a', 'z');
}

std::optional<ArgumentType> TypeOf(std::string_view suffix) {
  if (suffix == "int") return ArgumentType::kInteger;
  if (suffix == "double") return ArgumentType::kDouble;
  if (suffix == "unix") return ArgumentType::kUnixTime;
  if (suffix == "pattern") return ArgumentType::kPattern;
  if (suffix == "key") return ArgumentType::kKey;
  return std::nullopt;
}

SyntaxArgument Word(std::string_view word) {
  SyntaxArgument argument;
  argument.type = word == "pattern" ? ArgumentType::kPattern : ArgumentType::kString;
  const size_t colon = word.rfind(':');
  if (colon != std::string_view::npos) {
    if (const auto type = TypeOf(word.substr(colon + 1))) {
      argument.type = *type;
      word = word.substr(0, colon);
    }
  }
  argument.name = word;
  return argument;
}

SyntaxArgument Token(std::string_view word) {
  SyntaxArgument argument;
  argument.name = LowerCase(word);
  argument.token = word;
  argument.type = ArgumentType::kPureToken;
  return argument;
}

std::string JoinedNames(const Arguments& arguments) {
  std::string joined;
  for (const SyntaxArgument& argument : arguments) {
    if (!joined.empty()) joined += '-';
    joined += argument.name;
  }
  return joined;
}

// Whether `group` says the same as the arguments that end at `before`'s end: "key value [key value
// ...]".
bool Repeats(const Arguments& before, const Arguments& group) {
  if (group.empty() || group.size() > before.size()) return false;
  return std::equal(group.begin(), group.end(), before.end() - std::ptrdiff_t(group.size()),
                    [](const SyntaxArgument& a, const SyntaxArgument& b) {
                      return a.name == b.name && a.token == b.token && a.type == b.type;
                    });
}

class SyntaxParser {
 public:
  explicit SyntaxParser(std::string_view syntax) : rest_(syntax) {}

  // One argument for all that stands up to `closing`.
  SyntaxArgument Group(char closing) {
    bool dots = false;
    std::string name;
    std::vector<Arguments> choices = Choices(closing, &dots, &name);
    SyntaxArgument group;
    if (choices.size() > 1) {
      group.type = ArgumentType::kOneOf;
      for (Arguments& choice : choices) group.children.push_back(Together(std::move(choice)));
      group.name = JoinedNames(group.children);
    } else {
      group = Together(std::move(choices.front()));
    }
    if (!name.empty()) group.name = name;
    group.multiple |= dots;
    return group;
  }

  // What the alternatives up to `closing` are.
  std::vector<Arguments> Choices(char closing, bool* dots, std::string* name) {
    std::vector<Arguments> choices(1);
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == closing) break;
      Arguments& sequence = choices.back();
      if (c == '[') {
        AddOptional(&sequence);
      } else if (c == '<') {
        sequence.push_back(Group('>'));
      } else if (c == '|') {
        choices.emplace_back();
      } else if (c != ' ') {
        rest_ = std::string_view(rest_.data() - 1, rest_.size() + 1);
        AddWord(&sequence, dots, name);
      }
    }
    return choices;
  }

 private:
  void AddWord(Arguments* sequence, bool* dots, std::string* name) {
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" ]>|"));
    rest_.remove_prefix(word.size());
    if (word == "...") {
      *dots = true;
    } else if (word.size() > 1 && word.back() == ':') {
      *name = word.substr(0, word.size() - 1);
    } else {
      sequence->push_back(IsToken(word) ? Token(word) : Word(word));
    }
  }

  void AddOptional(Arguments* sequence) {
    bool dots = false;
    std::string name;
    const std::string_view inside = rest_;
    std::vector<Arguments> choices = Choices(']', &dots, &name);
    if (dots && choices.size() == 1 && Repeats(*sequence, choices.front())) {
      const size_t count = choices.front().size();
      Arguments repeated(std::make_move_iterator(sequence->end() - std::ptrdiff_t(count)),
                         std::make_move_iterator(sequence->end()));
      sequence->resize(sequence->size() - count);
      sequence->push_back(Together(std::move(repeated)));
      sequence->back().multiple = true;
      return;
    }
    rest_ = inside;
    sequence->push_back(Group(']'));
    sequence->back().optional = true;
  }

  // A token takes the argument after it; what then are several become a block.
  static SyntaxArgument Together(Arguments arguments) {
    const bool block_token =
        arguments.size() > 2 && arguments.front().type == ArgumentType::kPureToken &&
        std::none_of(arguments.begin() + 1, arguments.end(), [](const SyntaxArgument& argument) {
          return argument.type == ArgumentType::kPureToken;
        });
    SyntaxArgument block;
    if (block_token) {
      block.name = arguments.front().name;
      block.token = arguments.front().token;
      arguments.erase(arguments.begin());
    } else {
      arguments = WithTokens(std::move(arguments));
      if (arguments.size() == 1) return std::move(arguments.front());
      block.name = JoinedNames(arguments);
    }
    block.type = ArgumentType::kBlock;
    block.children = std::move(arguments);
    return block;
  }

 public:
  // Gives each token before an argument that must follow it to that argument.
  static Arguments WithTokens(Arguments arguments) {
    Arguments joined;
    for (size_t i = 0; i < arguments.size(); ++i) {
      SyntaxArgument& argument = arguments[i];
      const bool takes_next = argument.type == ArgumentType::kPureToken && !argument.optional &&
                              i + 1 < arguments.size() && !arguments[i + 1].optional &&
                              arguments[i + 1].token.empty();
      if (takes_next) {
        arguments[i + 1].token = std::move(argument.token);
      } else {
        joined.push_back(std::move(argument));
      }
    }
    return joined;
  }

 private:
  std::string_view rest_;
};

// Least words of an argument, and whether there can be more.
int LeastWords(const SyntaxArgument& argument, bool* open_ended) {
  int words = 0;
  if (argument.type == ArgumentType::kOneOf) {
    int most = 0;
    words = -1;
    for (const SyntaxArgument& child : argument.children) {
      const int least = LeastWords(child, open_ended);
      words = words < 0 ? least : std::min(words, least);
      most = std::max(most, least);
    }
    *open_ended |= most != words;
  } else if (argument.type == ArgumentType::kBlock) {
    for (const SyntaxArgument& child : argument.children) words += LeastWords(child, open_ended);
  } else if (argument.type != ArgumentType::kPureToken) {
    words = 1;
  }
  if (!argument.token.empty()) ++words;
  *open_ended |= argument.optional || argument.multiple;
  return argument.optional ? 0 : words;
}

void MarkKey(SyntaxArgument* argument, int spec) {
  const bool has_parts =
      argument->type == ArgumentType::kBlock || argument->type == ArgumentType::kOneOf;
  if (has_parts && !argument->children.empty()) {
    MarkKey(&argument->children.front(), spec);
  } else if (argument->type == ArgumentType::kString || argument->type == ArgumentType::kKey) {
    argument->type = ArgumentType::kKey;
    argument->key_spec = spec;
  }
}

bool MarkKeyword(Arguments* arguments, std::string_view token, int spec) {
  for (SyntaxArgument& argument : *arguments) {
    if (argument.token == token) return MarkKey(&argument, spec), true;
    if (MarkKeyword(&argument.children, token, spec)) return true;
  }
  return false;
}

// The argument at a word's position; null behind one that may be left out.
SyntaxArgument* ArgumentAt(Arguments* arguments, int position) {
  for (SyntaxArgument& argument : *arguments) {
    if (argument.optional) return nullptr;
    bool open_ended = false;
    const int words = LeastWords(argument, &open_ended);
    if (position < words) return &argument;
    if (open_ended) return nullptr;
    position -= words;
  }
  return nullptr;
}

}  // namespace

std::string_view ArgumentTypeName(ArgumentType type) {
  constexpr std::string_view kNames[] = {"string",  "key",        "integer", "double", "unix-time",
                                         "pattern", "pure-token", "oneof",   "block"};
  return kNames[static_cast<size_t>(type)];
}

std::vector<SyntaxArgument> ParseSyntax(std::string_view syntax) {
  bool dots = false;
  std::string name;
  SyntaxParser parser(syntax);
  std::vector<Arguments> choices = parser.Choices('\0', &dots, &name);
  if (choices.size() == 1) return SyntaxParser::WithTokens(std::move(choices.front()));
  SyntaxParser whole(syntax);
  Arguments one;
  one.push_back(whole.Group('\0'));
  return one;
}

std::vector<SyntaxArgument> ArgumentsOf(const CommandSpec& spec, int prefix_words) {
  Arguments arguments = ParseSyntax(spec.syntax);
  for (int i = 0; i < kKeySpecsMax; ++i) {
    const KeySpec& keys = spec.keys[i];
    SyntaxArgument* argument = nullptr;
    switch (keys.kind) {
      case KeySpec::Kind::kNone:
      case KeySpec::Kind::kUnknown:
        break;
      case KeySpec::Kind::kRange:
        argument = ArgumentAt(&arguments, keys.first - prefix_words);
        for (int at = keys.first + keys.step; at <= keys.last; at += keys.step) {
          if (SyntaxArgument* further = ArgumentAt(&arguments, at - prefix_words)) {
            MarkKey(further, i);
          }
        }
        break;
      case KeySpec::Kind::kCounted: {
        argument = ArgumentAt(&arguments, keys.first - prefix_words);
        const bool has_next = argument != nullptr && argument != &arguments.back();
        argument = has_next ? argument + 1 : nullptr;
        break;
      }
      case KeySpec::Kind::kKeyword:
        MarkKeyword(&arguments, keys.keyword, i);
        break;
    }
    if (argument != nullptr) MarkKey(argument, i);
  }
  return arguments;
}

int ArityOf(std::string_view syntax, int prefix_words) {
  bool open_ended = false;
  int words = prefix_words;
  for (const SyntaxArgument& argument : ParseSyntax(syntax)) {
    words += LeastWords(argument, &open_ended);
  }
  return open_ended ? -words : words;
}

}  // namespace larder
