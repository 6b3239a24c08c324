#include "server/scripting/lua_pattern.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

constexpr int kCapturesMax = LUA_MAXCAPTURES;
constexpr int kMatchDepthMax = 200;
constexpr ptrdiff_t kUnfinished = -1;
constexpr ptrdiff_t kPosition = -2;
constexpr char kEscape = '%';
constexpr char kSpecials[] = "^$*+?.([%-";

int Unsigned(char c) { return static_cast<unsigned char>(c); }

// Matches one subject against one pattern. Patterns end at their first NUL, as in 5.1; a subject
// may hold any byte.
class Matcher {
 public:
  Matcher(lua_State* L, std::string_view subject)
      : L_(L), vm_(VmOf(L)), begin_(subject.data()), end_(subject.data() + subject.size()) {}

  const char* end() const { return end_; }

  // The end of the match that starts at `subject`, or null.
  const char* MatchAt(const char* subject, const char* pattern) {
    captures_ = 0;
    depth_ = 0;
    return Match(subject, pattern);
  }

  // Pushes the captures of a match; the whole of it when there are none and `whole`.
  int PushCaptures(const char* from, const char* to, bool whole) {
    const int count = captures_ == 0 && whole ? 1 : captures_;
    luaL_checkstack(L_, count, "too many captures");
    for (int i = 0; i < count; ++i) PushCapture(i, from, to);
    return count;
  }

  void PushCapture(int index, const char* from, const char* to) {
    if (index >= captures_) {
      if (index != 0) luaL_error(L_, "invalid capture index");
      lua_pushlstring(L_, from, static_cast<size_t>(to - from));
      return;
    }
    const Capture& capture = capture_[index];
    if (capture.size == kUnfinished) luaL_error(L_, "unfinished capture");
    if (capture.size == kPosition) {
      lua_pushinteger(L_, capture.start - begin_ + 1);
    } else {
      lua_pushlstring(L_, capture.start, static_cast<size_t>(capture.size));
    }
  }

 private:
  struct Capture {
    const char* start;
    ptrdiff_t size;
  };

  // Counts its depth, so that patterns cannot overflow the native stack.
  class Level {
   public:
    explicit Level(Matcher& matcher) : depth_(matcher.depth_) {
      if (++depth_ > kMatchDepthMax) luaL_error(matcher.L_, "pattern too complex");
    }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    int& depth_;
  };

  void Step(size_t steps = 1) {
    constexpr size_t kBatch = 512;
    steps_ += steps;
    if (steps_ < kBatch) return;
    Charge(L_, vm_, 4 * steps_);
    steps_ = 0;
  }

  int CheckCapture(int c) {
    c -= '1';
    if (c < 0 || c >= captures_ || capture_[c].size == kUnfinished) {
      luaL_error(L_, "invalid capture index");
    }
    return c;
  }

  int CaptureToClose() {
    for (int level = captures_ - 1; level >= 0; --level) {
      if (capture_[level].size == kUnfinished) return level;
    }
    return luaL_error(L_, "invalid pattern capture");
  }

  // Where the single-character class that starts at `pattern` ends.
  const char* ClassEnd(const char* pattern) {
    const char* start = pattern;
    const char first = *pattern++;
    if (first == kEscape) {
      if (*pattern == '\0') luaL_error(L_, "malformed pattern (ends with '%%')");
      return pattern + 1;
    }
    if (first != '[') return pattern;
    if (*pattern == '^') ++pattern;
    do {
      if (*pattern == '\0') luaL_error(L_, "malformed pattern (missing ']')");
      const char c = *pattern++;
      if (c == kEscape && *pattern != '\0') ++pattern;
    } while (*pattern != ']');
    Step(static_cast<size_t>(pattern - start));
    return pattern + 1;
  }

  static bool MatchClass(int c, int cl) {
    bool matches = false;
    switch (std::tolower(cl)) {
      case 'a':
        matches = std::isalpha(c) != 0;
        break;
      case 'c':
        matches = std::iscntrl(c) != 0;
        break;
      case 'd':
        matches = std::isdigit(c) != 0;
        break;
      case 'l':
        matches = std::islower(c) != 0;
        break;
      case 'p':
        matches = std::ispunct(c) != 0;
        break;
      case 's':
        matches = std::isspace(c) != 0;
        break;
      case 'u':
        matches = std::isupper(c) != 0;
        break;
      case 'w':
        matches = std::isalnum(c) != 0;
        break;
      case 'x':
        matches = std::isxdigit(c) != 0;
        break;
      case 'z':
        matches = c == 0;
        break;
      default:
        return cl == c;
    }
    return std::isupper(cl) != 0 ? !matches : matches;
  }

  // Whether `c` is in the set from its '[' at `pattern` to its ']' at `last`.
  bool MatchSet(int c, const char* pattern, const char* last) {
    Step(static_cast<size_t>(last - pattern));
    bool result = true;
    if (pattern[1] == '^') {
      result = false;
      ++pattern;
    }
    while (++pattern < last) {
      if (*pattern == kEscape) {
        ++pattern;
        if (MatchClass(c, Unsigned(*pattern))) return result;
      } else if (pattern[1] == '-' && pattern + 2 < last) {
        pattern += 2;
        if (Unsigned(pattern[-2]) <= c && c <= Unsigned(*pattern)) return result;
      } else if (Unsigned(*pattern) == c) {
        return result;
      }
    }
    return !result;
  }

  bool MatchSingle(const char* subject, const char* pattern, const char* class_end) {
    Step();
    if (subject >= end_) return false;
    const int c = Unsigned(*subject);
    switch (*pattern) {
      case '.':
        return true;
      case kEscape:
        return MatchClass(c, Unsigned(pattern[1]));
      case '[':
        return MatchSet(c, pattern, class_end - 1);
      default:
        return Unsigned(*pattern) == c;
    }
  }

  const char* MatchBalance(const char* subject, const char* pattern) {
    if (pattern[0] == '\0' || pattern[1] == '\0') luaL_error(L_, "unbalanced pattern");
    if (subject >= end_ || *subject != pattern[0]) return nullptr;
    const char open = pattern[0];
    const char close = pattern[1];
    int nested = 1;
    while (++subject < end_) {
      Step();
      if (*subject == close) {
        if (--nested == 0) return subject + 1;
      } else if (*subject == open) {
        ++nested;
      }
    }
    return nullptr;
  }

  const char* MaxExpand(const char* subject, const char* pattern, const char* class_end) {
    ptrdiff_t count = 0;
    while (MatchSingle(subject + count, pattern, class_end)) ++count;
    for (; count >= 0; --count) {
      if (const char* result = Match(subject + count, class_end + 1)) return result;
    }
    return nullptr;
  }

  const char* MinExpand(const char* subject, const char* pattern, const char* class_end) {
    while (true) {
      if (const char* result = Match(subject, class_end + 1)) return result;
      if (!MatchSingle(subject, pattern, class_end)) return nullptr;
      ++subject;
    }
  }

  const char* StartCapture(const char* subject, const char* pattern, ptrdiff_t kind) {
    if (captures_ >= kCapturesMax) luaL_error(L_, "too many captures");
    capture_[captures_] = {subject, kind};
    ++captures_;
    const char* result = Match(subject, pattern);
    if (result == nullptr) --captures_;
    return result;
  }

  const char* EndCapture(const char* subject, const char* pattern) {
    const int level = CaptureToClose();
    capture_[level].size = subject - capture_[level].start;
    const char* result = Match(subject, pattern);
    if (result == nullptr) capture_[level].size = kUnfinished;
    return result;
  }

  const char* MatchCapture(const char* subject, int index) {
    const Capture& capture = capture_[CheckCapture(index)];
    // A position capture has no size: as in 5.1 it never matches.
    const auto size = static_cast<size_t>(capture.size);
    if (capture.size < 0 || static_cast<size_t>(end_ - subject) < size) return nullptr;
    Step(size);
    if (std::memcmp(capture.start, subject, size) != 0) return nullptr;
    return subject + size;
  }

  bool MatchFrontier(const char* subject, const char* pattern, const char* class_end) {
    const int previous = subject == begin_ ? 0 : Unsigned(subject[-1]);
    const int next = subject == end_ ? 0 : Unsigned(*subject);
    return !MatchSet(previous, pattern, class_end - 1) && MatchSet(next, pattern, class_end - 1);
  }

  const char* Match(const char* subject, const char* pattern) {
    const Level level(*this);
    while (true) {
      Step();
      switch (*pattern) {
        case '\0':
          return subject;
        case '(':
          return pattern[1] == ')' ? StartCapture(subject, pattern + 2, kPosition)
                                   : StartCapture(subject, pattern + 1, kUnfinished);
        case ')':
          return EndCapture(subject, pattern + 1);
        case '$':
          if (pattern[1] == '\0') return subject == end_ ? subject : nullptr;
          break;
        case kEscape:
          if (pattern[1] == 'b') {
            subject = MatchBalance(subject, pattern + 2);
            if (subject == nullptr) return nullptr;
            pattern += 4;
            continue;
          }
          if (pattern[1] == 'f') {
            pattern += 2;
            if (*pattern != '[') luaL_error(L_, "missing '[' after '%%f' in pattern");
            const char* class_end = ClassEnd(pattern);
            if (!MatchFrontier(subject, pattern, class_end)) return nullptr;
            pattern = class_end;
            continue;
          }
          if (std::isdigit(Unsigned(pattern[1])) != 0) {
            subject = MatchCapture(subject, Unsigned(pattern[1]));
            if (subject == nullptr) return nullptr;
            pattern += 2;
            continue;
          }
          break;
        default:
          break;
      }
      const char* class_end = ClassEnd(pattern);
      switch (*class_end) {
        case '?':
          if (MatchSingle(subject, pattern, class_end)) {
            if (const char* result = Match(subject + 1, class_end + 1)) return result;
          }
          pattern = class_end + 1;
          continue;
        case '*':
          return MaxExpand(subject, pattern, class_end);
        case '+':
          return MatchSingle(subject, pattern, class_end)
                     ? MaxExpand(subject + 1, pattern, class_end)
                     : nullptr;
        case '-':
          return MinExpand(subject, pattern, class_end);
        default:
          if (!MatchSingle(subject, pattern, class_end)) return nullptr;
          ++subject;
          pattern = class_end;
          continue;
      }
    }
  }

  lua_State* L_;
  LuaVm& vm_;
  const char* begin_;
  const char* end_;
  int captures_ = 0;
  int depth_ = 0;
  size_t steps_ = 0;
  Capture capture_[kCapturesMax];
};

// The offset of `pattern` in `subject` from `start` on, or npos.
size_t SearchPlain(lua_State* L, std::string_view subject, std::string_view pattern, size_t start) {
  constexpr size_t kWindowBytes = 1024 * 1024;
  if (pattern.empty()) return start;
  // memmem is linear, whatever the two hold; window by window, so that a long search can be killed.
  for (size_t at = start; at < subject.size(); at += kWindowBytes) {
    const std::string_view window = subject.substr(at, kWindowBytes + pattern.size() - 1);
    Charge(L, window.size());
    const void* found = memmem(window.data(), window.size(), pattern.data(), pattern.size());
    if (found != nullptr) {
      return static_cast<size_t>(static_cast<const char*>(found) - subject.data());
    }
  }
  return std::string_view::npos;
}

int FindPlain(lua_State* L, std::string_view subject, std::string_view pattern, size_t start) {
  const size_t offset = SearchPlain(L, subject, pattern, start);
  if (offset == std::string_view::npos) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, static_cast<lua_Integer>(offset + 1));
  lua_pushinteger(L, static_cast<lua_Integer>(offset + pattern.size()));
  return 2;
}

int FindOrMatch(lua_State* L, bool find) {
  const std::string_view subject = CheckBytes(L, 1);
  const std::string_view pattern_bytes = CheckBytes(L, 2);
  const int64_t init = FromStart(ToInteger(luaL_optnumber(L, 3, 1)), subject.size()) - 1;
  const size_t start = init < 0 ? 0 : std::min(static_cast<size_t>(init), subject.size());
  const char* pattern = pattern_bytes.data();
  Charge(L, pattern_bytes.size());
  if (find && (lua_toboolean(L, 4) != 0 || std::strpbrk(pattern, kSpecials) == nullptr)) {
    return FindPlain(L, subject, pattern_bytes, start);
  }
  const bool anchored = *pattern == '^';
  if (anchored) ++pattern;
  Matcher matcher(L, subject);
  const char* from = subject.data() + start;
  do {
    const char* to = matcher.MatchAt(from, pattern);
    if (to == nullptr) continue;
    if (!find) return matcher.PushCaptures(from, to, true);
    lua_pushinteger(L, from - subject.data() + 1);
    lua_pushinteger(L, to - subject.data());
    return matcher.PushCaptures(nullptr, nullptr, false) + 2;
  } while (from++ < matcher.end() && !anchored);
  lua_pushnil(L);
  return 1;
}

int NextGlobalMatch(lua_State* L) {
  const std::string_view subject = CheckBytes(L, lua_upvalueindex(1));
  const char* pattern = lua_tostring(L, lua_upvalueindex(2));
  Matcher matcher(L, subject);
  const char* from = subject.data() + lua_tointeger(L, lua_upvalueindex(3));
  for (; from <= matcher.end(); ++from) {
    const char* to = matcher.MatchAt(from, pattern);
    if (to == nullptr) continue;
    ptrdiff_t next = to - subject.data();
    if (to == from) ++next;  // an empty match: go on at least one
    lua_pushinteger(L, next);
    lua_replace(L, lua_upvalueindex(3));
    return matcher.PushCaptures(from, to, true);
  }
  return 0;
}

// Appends what gsub puts in the place of a match: a string with %0 to %9.
void AppendTemplate(lua_State* L, Matcher& matcher, LuaBuffer& result, const char* from,
                    const char* to) {
  const std::string_view text = CheckBytes(L, 3);
  Charge(L, text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t escape = std::min(text.find(kEscape, i), text.size());
    result.Append(text.substr(i, escape - i));
    if (escape == text.size()) return;
    i = escape + 1;
    const char c = i < text.size() ? text[i] : '\0';
    if (std::isdigit(Unsigned(c)) == 0) {
      result.Append(c);
    } else if (c == '0') {
      result.Append({from, static_cast<size_t>(to - from)});
    } else {
      matcher.PushCapture(c - '1', from, to);
      result.Append(CheckBytes(L, -1));
      lua_pop(L, 1);
    }
  }
}

void AppendReplacement(lua_State* L, Matcher& matcher, LuaBuffer& result, const char* from,
                       const char* to) {
  switch (lua_type(L, 3)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
      AppendTemplate(L, matcher, result, from, to);
      return;
    case LUA_TFUNCTION: {
      lua_pushvalue(L, 3);
      const int captures = matcher.PushCaptures(from, to, true);
      lua_call(L, captures, 1);
      break;
    }
    default:
      matcher.PushCapture(0, from, to);
      lua_gettable(L, 3);
      break;
  }
  if (lua_toboolean(L, -1) == 0) {
    result.Append({from, static_cast<size_t>(to - from)});
  } else if (lua_isstring(L, -1) == 0) {
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  } else {
    const std::string_view text = CheckBytes(L, -1);
    Charge(L, text.size());
    result.Append(text);
  }
  lua_pop(L, 1);
}

}  // namespace

int64_t FromStart(int64_t position, size_t size) {
  if (position < 0) position += static_cast<int64_t>(size) + 1;
  return position >= 0 ? position : 0;
}

int StringFind(lua_State* L) { return FindOrMatch(L, true); }
int StringMatch(lua_State* L) { return FindOrMatch(L, false); }

int StringGlobalMatch(lua_State* L) {
  CheckBytes(L, 1);
  CheckBytes(L, 2);
  lua_settop(L, 2);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, NextGlobalMatch, 3);
  return 1;
}

int StringGlobalSubstitute(lua_State* L) {
  const std::string_view subject = CheckBytes(L, 1);
  const char* pattern = luaL_checkstring(L, 2);
  const int type = lua_type(L, 3);
  const int64_t count_max = lua_isnoneornil(L, 4) ? static_cast<int64_t>(subject.size()) + 1
                                                  : ToInteger(luaL_checknumber(L, 4));
  luaL_argcheck(
      L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
      3, "string/function/table expected");
  GuardStack(L);
  const bool anchored = *pattern == '^';
  if (anchored) ++pattern;
  Matcher matcher(L, subject);
  LuaBuffer result(L);
  const char* from = subject.data();
  int64_t count = 0;
  while (count < count_max) {
    const char* to = matcher.MatchAt(from, pattern);
    if (to != nullptr) {
      ++count;
      AppendReplacement(L, matcher, result, from, to);
    }
    if (to != nullptr && to > from) {
      from = to;
    } else if (from < matcher.end()) {
      result.Append(*from++);
    } else {
      break;
    }
    if (anchored) break;
  }
  result.Append({from, static_cast<size_t>(matcher.end() - from)});
  result.Push();
  lua_pushinteger(L, static_cast<lua_Integer>(count));
  return 2;
}

}  // namespace larder
