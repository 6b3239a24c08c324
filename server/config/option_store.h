#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/config/config_file.h"
#include "server/config/live_options.h"
#include "server/config/option.h"
#include "server/config/outcome.h"

namespace larder {

struct SetOptions {
  bool allow_protected = false;  // the client may set options such as dir
};

// The values of all options: defaults, then the configuration file, then the command line, then
// CONFIG SET. Numbers that code reads while it serves are in live(); the texts are behind a lock.
//
// Thread-safe, except that hooks, line sources and the warning sink are set before threads start.
class OptionStore {
 public:
  using Pair = std::pair<std::string, std::string>;
  // Applies a new value (as CONFIG GET answers it). An error undoes the whole CONFIG SET.
  using ChangeHook = std::function<Outcome(const std::string& value)>;
  using WarningSink = std::function<void(const std::string& text)>;

  OptionStore();
  OptionStore(const OptionStore&) = delete;
  OptionStore& operator=(const OptionStore&) = delete;

  const LiveOptions& live() const { return live_; }
  // The server's own adjustments (maxclients lowered to the file descriptors there are): calls no
  // hook. REQUIRES: `name` is a number's.
  void Adjust(std::string_view name, int64_t number);

  // The value as CONFIG GET answers it; empty for an unknown name.
  std::string Text(std::string_view name) const;
  // A number's value; 0 for an unknown name. Behind the lock: what is read often is in live().
  int64_t Number(std::string_view name) const;
  // The value split at blanks (bind).
  std::vector<std::string> Words(std::string_view name) const;

  // CONFIG GET: the names that match any of the patterns, in order, each once, and their values.
  std::vector<Pair> Get(std::span<const std::string_view> patterns) const;

  // CONFIG SET: checks all pairs, then applies all or none. The error is the whole error reply
  // without the dash ("ERR CONFIG SET failed (possibly related to argument 'port') - ...").
  Outcome Set(std::span<const std::pair<std::string_view, std::string_view>> pairs,
              SetOptions set_options = {});

  // While starting: one option with its values. Refuses an unknown name, a wrong value, an option
  // that may not be ignored; the error names the option and the value and says what is allowed.
  Outcome SetAtStart(std::string_view name, std::span<const std::string> words);

  // Reads a file in redis.conf's syntax with its includes; errors name file, line, option, value
  // and what is allowed. The path, made absolute, is what CONFIG REWRITE rewrites.
  Outcome LoadFile(const std::string& path);
  Outcome LoadText(const std::string& text, const std::string& origin);
  // The same for lines from elsewhere. Later ones override earlier ones, but the lines of an
  // option that has several (save) add up; the first of them replaces what was before this call.
  Outcome LoadLines(const std::vector<ConfigLine>& lines);

  // The lines, without the option's name, of one that keeps them (user), in order.
  std::vector<std::vector<std::string>> KeptLines(std::string_view name) const;
  // Where CONFIG REWRITE takes such lines from, instead of those in the file.
  using LineSource = std::function<std::vector<std::string>()>;
  void SetLineSource(std::string_view name, LineSource source);

  // CONFIG REWRITE: writes the values back to the file, keeping its comments and order; the file
  // is replaced in one step. The error is the whole error reply without the dash.
  Outcome Rewrite();

  // The absolute path of the configuration file; empty without one.
  std::string config_file() const;

  // Calls `hook` after CONFIG SET changed this option.
  void OnChange(std::string_view name, ChangeHook hook);

  // Where warnings go ("save has no effect here ..."); delivers those that came up before.
  void SetWarningSink(WarningSink sink);

 private:
  void Store(const Option& option, const OptionValue& value);
  OptionValue Current(const Option& option) const;
  void Warn(const std::string& text);
  void WarnIfWithoutEffect(const Option& option, const OptionValue& value);

  struct Change {
    const Option* option;
    OptionValue before;
    OptionValue after;
  };
  Outcome Check(std::string_view name, std::string_view text, SetOptions set_options,
                std::vector<Change>& changes) const;
  Outcome Apply(std::span<const Change> changes);
  Outcome RunHooks(const Option& option, const std::string& text);

  LiveOptions live_;
  std::mutex set_mutex_;      // one CONFIG SET or REWRITE at a time
  mutable std::mutex mutex_;  // values_, config_file_
  std::map<const Option*, OptionValue> values_;
  std::string config_file_;
  std::map<const Option*, std::vector<ChangeHook>> hooks_;
  std::map<const Option*, std::vector<std::vector<std::string>>> kept_lines_;
  std::map<const Option*, LineSource> line_sources_;
  std::mutex warning_mutex_;
  WarningSink warning_sink_;
  std::vector<std::string> pending_warnings_;
};

}  // namespace larder
