#include "server/config/notify_flags.h"

#include "server/config/live_options.h"

namespace larder {
namespace {

struct Letter {
  char letter;
  int64_t flag;
};

// Those that A stands for when all are set, then the others: the order of CONFIG GET.
constexpr Letter kLetters[] = {
    {'g', kNotifyGeneric},     {'$', kNotifyString},   {'l', kNotifyList},
    {'s', kNotifySet},         {'h', kNotifyHash},     {'z', kNotifySortedSet},
    {'x', kNotifyExpired},     {'e', kNotifyEvicted},  {'t', kNotifyStream},
    {'d', kNotifyModule},      {'n', kNotifyNew},      {'o', kNotifyOverwritten},
    {'c', kNotifyTypeChanged}, {'K', kNotifyKeyspace}, {'E', kNotifyKeyevent},
    {'m', kNotifyKeyMiss}};

}  // namespace

std::optional<int64_t> ParseNotifyFlags(std::string_view letters) {
  int64_t flags = 0;
  for (const char c : letters) {
    int64_t flag = c == 'A' ? int64_t{kNotifyAll} : 0;
    for (const Letter& row : kLetters) {
      if (row.letter == c) flag = row.flag;
    }
    if (flag == 0) return std::nullopt;
    flags |= flag;
  }
  return flags;
}

std::string FormatNotifyFlags(int64_t flags) {
  std::string letters;
  const bool all = (flags & kNotifyAll) == kNotifyAll;
  if (all) letters.push_back('A');
  for (const Letter& row : kLetters) {
    if (all && (row.flag & kNotifyAll) != 0) continue;
    if ((flags & row.flag) != 0) letters.push_back(row.letter);
  }
  return letters;
}

}  // namespace larder
