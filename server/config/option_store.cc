#include "server/config/option_store.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "server/config/config_writer.h"
#include "server/config/option_lookup.h"

namespace larder {
namespace {

constexpr std::string_view kHiddenValue = "(not shown)";

std::string Join(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

// Values of several words may come quoted as one: save "60 1".
std::vector<std::string> Normalise(const Option& option, std::span<const std::string> words) {
  if (option.TakesWords()) return SplitWords(Join(words));
  return {words.begin(), words.end()};
}

std::string UnknownOption(std::string_view name) {
  std::string error = "unknown option '" + std::string(name) + "'";
  const std::string nearest = NearestOptionName(name);
  if (!nearest.empty()) error += "; did you mean '" + nearest + "'?";
  return error;
}

std::string WrongValue(const Option& option, std::span<const std::string> words,
                       const std::string& why) {
  const std::string shown =
      option.Has(kSecret) ? std::string(kHiddenValue) : "'" + Join(words) + "'";
  return std::string(option.name) + " " + shown + ": " + why +
         " (allowed: " + AllowedValues(option) + ")";
}

std::string SetFailed(std::string_view name, std::string_view why) {
  return "ERR CONFIG SET failed (possibly related to argument '" + std::string(name) + "') - " +
         std::string(why);
}

bool IsPattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace

OptionStore::OptionStore() {
  for (const OptionGroup& group : OptionGroups()) {
    for (const Option& option : group.options) Store(option, DefaultValue(option));
  }
}

void OptionStore::Store(const Option& option, const OptionValue& value) {
  if (option.live != nullptr) (live_.*option.live).Set(value.number);
  if (option.publish != nullptr) option.publish(live_, value);
  const std::lock_guard lock(mutex_);
  values_[&option] = value;
}

OptionValue OptionStore::Current(const Option& option) const {
  const std::lock_guard lock(mutex_);
  return values_.at(&option);
}

void OptionStore::Adjust(std::string_view name, int64_t number) {
  Store(*FindOption(name), {.text = std::to_string(number), .number = number});
}

std::string OptionStore::Text(std::string_view name) const {
  const Option* const option = FindOption(name);
  return option == nullptr ? std::string() : Current(*option).text;
}

int64_t OptionStore::Number(std::string_view name) const {
  const Option* const option = FindOption(name);
  return option == nullptr ? 0 : Current(*option).number;
}

std::vector<std::string> OptionStore::Words(std::string_view name) const {
  return SplitWords(Text(name));
}

std::vector<OptionStore::Pair> OptionStore::Get(std::span<const std::string_view> patterns) const {
  std::vector<Pair> found;
  std::set<std::string, std::less<>> seen;
  const auto add = [&](const Option& option, std::string_view name, std::string_view as) {
    if (seen.insert(std::string(name)).second) found.emplace_back(as, Current(option).text);
  };
  for (const std::string_view pattern : patterns) {
    if (!IsPattern(pattern)) {
      const Option* const option = FindOption(pattern);
      if (option == nullptr || option->Has(kNotListed)) continue;
      add(*option, LowerCase(pattern), pattern);
      continue;
    }
    for (const OptionGroup& group : OptionGroups()) {
      for (const Option& option : group.options) {
        if (option.Has(kNotListed) || option.Has(kHidden)) continue;
        for (const std::string_view name : {option.name, option.alias}) {
          if (!name.empty() && MatchesOptionPattern(pattern, name)) add(option, name, name);
        }
      }
    }
  }
  return found;
}

Outcome OptionStore::Check(std::string_view name, std::string_view text, SetOptions set_options,
                           std::vector<Change>& changes) const {
  const Option* const option = FindOption(name);
  if (option == nullptr || option->Has(kNotListed)) {
    return Outcome::Failed("ERR Unknown option or number of arguments for CONFIG SET - '" +
                           std::string(name) + "'");
  }
  if (option->Has(kImmutable))
    return Outcome::Failed(SetFailed(name, "can't set immutable config"));
  if (option->Has(kProtected) && !set_options.allow_protected) {
    return Outcome::Failed(SetFailed(name, "can't set protected config"));
  }
  OptionValue before = Current(*option);
  for (const Change& change : changes) {
    if (change.option == option) return Outcome::Failed(SetFailed(name, "duplicate parameter"));
  }
  const std::vector<std::string> words = OptionWords(*option, text);
  OptionValue after = ParseOption(*option, words, before.text);
  if (after.error.empty() && !option->refused.empty() && !SameValue(after, DefaultValue(*option))) {
    after.error = option->refused;
  }
  if (!after.error.empty()) return Outcome::Failed(SetFailed(LowerCase(name), after.error));
  changes.push_back({option, std::move(before), std::move(after)});
  return Outcome::Ok();
}

Outcome OptionStore::Set(std::span<const std::pair<std::string_view, std::string_view>> pairs,
                         SetOptions set_options) {
  const std::lock_guard lock(set_mutex_);
  std::vector<Change> changes;
  for (const auto& [name, text] : pairs) {
    Outcome checked = Check(name, text, set_options, changes);
    if (!checked.ok()) return checked;
  }
  for (const Change& change : changes) Store(*change.option, change.after);
  return Apply(changes);
}

Outcome OptionStore::Apply(std::span<const Change> changes) {
  for (size_t i = 0; i < changes.size(); ++i) {
    const bool same = SameValue(changes[i].before, changes[i].after);
    if (same && !changes[i].option->Has(kNamesFile)) continue;
    Outcome applied = RunHooks(*changes[i].option, changes[i].after.text);
    if (applied.ok()) {
      WarnIfWithoutEffect(*changes[i].option, changes[i].after);
      continue;
    }
    for (const Change& change : changes) Store(*change.option, change.before);
    // What was applied goes back too; that it failed would have no one to tell.
    for (size_t j = 0; j <= i; ++j) {
      (void)RunHooks(*changes[j].option, changes[j].before.text);
    }
    return Outcome::Failed(SetFailed(changes[i].option->name, applied.error()));
  }
  return Outcome::Ok();
}

Outcome OptionStore::RunHooks(const Option& option, const std::string& text) {
  const auto hooks = hooks_.find(&option);
  if (hooks == hooks_.end()) return Outcome::Ok();
  for (const ChangeHook& hook : hooks->second) {
    Outcome applied = hook(text);
    if (!applied.ok()) return applied;
  }
  return Outcome::Ok();
}

void OptionStore::OnChange(std::string_view name, ChangeHook hook) {
  hooks_[FindOption(name)].push_back(std::move(hook));
}

Outcome OptionStore::SetAtStart(std::string_view name, std::span<const std::string> words) {
  const Option* const option = FindOption(name);
  if (option == nullptr) return Outcome::Failed(UnknownOption(name));
  if (option->Has(kKeepLines)) {
    const std::lock_guard lock(mutex_);
    kept_lines_[option].emplace_back(words.begin(), words.end());
    return Outcome::Ok();
  }
  const OptionValue value = ParseOption(*option, Normalise(*option, words), Current(*option).text);
  if (!value.error.empty()) return Outcome::Failed(WrongValue(*option, words, value.error));
  if (!option->refused.empty() && !SameValue(value, DefaultValue(*option))) {
    return Outcome::Failed(WrongValue(*option, words, std::string(option->refused)));
  }
  Store(*option, value);
  WarnIfWithoutEffect(*option, value);
  return Outcome::Ok();
}

Outcome OptionStore::LoadLines(const std::vector<ConfigLine>& lines) {
  std::set<const Option*> seen;
  for (const ConfigLine& line : lines) {
    const Option* const option = FindOption(line.words[0]);
    std::vector<std::string> words(line.words.begin() + 1, line.words.end());
    // A second "save" adds to the first; an empty one forgets them.
    if (option != nullptr && option->words_per_line > 0 && !seen.insert(option).second &&
        !Normalise(*option, words).empty()) {
      const std::vector<std::string> earlier = SplitWords(Current(*option).text);
      words.insert(words.begin(), earlier.begin(), earlier.end());
    }
    Outcome set = SetAtStart(line.words[0], words);
    if (!set.ok()) return Outcome::Failed(line.origin + ": " + set.error());
  }
  return Outcome::Ok();
}

Outcome OptionStore::LoadText(const std::string& text, const std::string& origin) {
  std::vector<ConfigLine> lines;
  Outcome read = ReadConfigText(text, origin, lines);
  return read.ok() ? LoadLines(lines) : read;
}

Outcome OptionStore::LoadFile(const std::string& path) {
  std::vector<ConfigLine> lines;
  Outcome read = ReadConfigFile(path, lines);
  if (!read.ok()) return read;
  std::error_code ignored;
  const std::string absolute = std::filesystem::absolute(path, ignored).string();
  {
    const std::lock_guard lock(mutex_);
    config_file_ = absolute;
  }
  return LoadLines(lines);
}

std::vector<std::vector<std::string>> OptionStore::KeptLines(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_lines_.find(FindOption(name));
  return found == kept_lines_.end() ? std::vector<std::vector<std::string>>() : found->second;
}

void OptionStore::SetLineSource(std::string_view name, LineSource source) {
  line_sources_[FindOption(name)] = std::move(source);
}

std::string OptionStore::config_file() const {
  const std::lock_guard lock(mutex_);
  return config_file_;
}

Outcome OptionStore::Rewrite() {
  const std::lock_guard lock(set_mutex_);
  const std::string path = config_file();
  if (path.empty()) return Outcome::Failed("ERR The server is running without a config file");
  std::string content;
  Outcome done = ReadWholeFile(path, content);
  if (done.ok()) {
    KeptConfigLines kept;
    for (const auto& [option, source] : line_sources_) kept.emplace(option, source());
    content = RewriteConfig(
        content, [this](const Option& option) { return Current(option); }, kept);
    done = ReplaceFile(path, content);
  }
  if (!done.ok()) return Outcome::Failed("ERR Rewriting config file: " + done.error());
  return done;
}

void OptionStore::SetWarningSink(WarningSink sink) {
  const std::lock_guard lock(warning_mutex_);
  warning_sink_ = std::move(sink);
  for (const std::string& text : pending_warnings_) warning_sink_(text);
  pending_warnings_.clear();
}

void OptionStore::Warn(const std::string& text) {
  const std::lock_guard lock(warning_mutex_);
  if (warning_sink_) {
    warning_sink_(text);
  } else {
    pending_warnings_.push_back(text);
  }
}

void OptionStore::WarnIfWithoutEffect(const Option& option, const OptionValue& value) {
  if (!option.Has(kNoEffect) || SameValue(value, DefaultValue(option))) return;
  const std::string shown = option.Has(kSecret) ? std::string(kHiddenValue) : value.text;
  Warn("'" + std::string(option.name) + " " + shown +
       "' is kept but has no effect here: " + std::string(option.documentation));
}

}  // namespace larder
