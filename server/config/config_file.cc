#include "server/config/config_file.h"

#include <fcntl.h>
#include <glob.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "protocol/inline_split.h"

namespace larder {
namespace {

Outcome IncludePattern(const std::string& pattern, const std::string& origin,
                       std::vector<ConfigLine>& lines, int depth) {
  if (depth >= kConfigIncludeDepthMax) {
    return Outcome::Failed(origin + ": include '" + pattern + "': more than " +
                           std::to_string(kConfigIncludeDepthMax) + " files include each other");
  }
  std::vector<std::string> paths;
  if (pattern.find_first_of("*?[") == std::string::npos) {
    paths.push_back(pattern);
  } else {
    glob_t found{};
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
      paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    globfree(&found);
  }
  for (const std::string& path : paths) {
    Outcome read = ReadConfigFile(path, lines, depth + 1);
    if (!read.ok()) return Outcome::Failed(origin + ": include: " + read.error());
  }
  return Outcome::Ok();
}

std::string SystemError(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

bool WriteAll(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file) == 0;
}

// Makes the renaming last; a file system that cannot is no failure.
void SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int handle = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return;
  (void)fsync(handle);
  close(handle);
}

}  // namespace

std::optional<std::vector<std::string>> SplitConfigLine(std::string_view line) {
  std::vector<std::string> words;
  if (!protocol::SplitWords(line, &words)) return std::nullopt;
  return words;
}

std::string QuoteConfigWord(std::string_view word) {
  bool plain = !word.empty() && word[0] != '#';
  for (const char c : word) {
    if (protocol::IsBlank(c) || c == '"' || c == '\'' || c == '\\' ||
        !std::isprint(static_cast<unsigned char>(c))) {
      plain = false;
    }
  }
  if (plain) return std::string(word);
  constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (std::isprint(byte)) {
      quoted += c;
    } else {
      quoted += "\\x";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    }
  }
  return quoted + '"';
}

Outcome ReadConfigText(const std::string& text, const std::string& origin,
                       std::vector<ConfigLine>& lines, int depth) {
  std::istringstream stream(text);
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    const std::string place = origin + ":" + std::to_string(number);
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') continue;
    auto words = SplitConfigLine(line);
    if (!words) return Outcome::Failed(place + ": unbalanced quotes");
    if (words->empty()) continue;
    if (strcasecmp((*words)[0].c_str(), "include") == 0) {
      if (words->size() != 2) return Outcome::Failed(place + ": include takes one path");
      Outcome included = IncludePattern((*words)[1], place, lines, depth);
      if (!included.ok()) return included;
      continue;
    }
    lines.push_back({place, std::move(*words)});
  }
  return Outcome::Ok();
}

Outcome ReadWholeFile(const std::string& path, std::string& content) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Outcome::Failed(SystemError(path, "cannot be read"));
  std::ostringstream buffer;
  char block[64 * 1024];
  size_t total = 0;
  while (file.read(block, sizeof(block)) || file.gcount() > 0) {
    total += static_cast<size_t>(file.gcount());
    if (total > kConfigFileBytesMax) return Outcome::Failed(path + ": is too large");
    buffer.write(block, file.gcount());
  }
  if (file.bad()) return Outcome::Failed(SystemError(path, "cannot be read"));
  content = buffer.str();
  return Outcome::Ok();
}

Outcome ReadConfigFile(const std::string& path, std::vector<ConfigLine>& lines, int depth) {
  std::string text;
  Outcome read = ReadWholeFile(path, text);
  if (!read.ok()) return read;
  return ReadConfigText(text, path, lines, depth);
}

Outcome ReplaceFile(const std::string& path, const std::string& content) {
  struct stat old {};
  const mode_t mode = stat(path.c_str(), &old) == 0 ? old.st_mode & 07777 : 0640;
  std::string temporary = path + ".XXXXXX";
  const int file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return Outcome::Failed(SystemError(temporary, "cannot be created"));
  if (!WriteAll(file, content) || fchmod(file, mode) != 0 ||
      rename(temporary.c_str(), path.c_str()) != 0) {
    Outcome failed = Outcome::Failed(SystemError(path, "cannot be written"));
    unlink(temporary.c_str());
    close(file);
    return failed;
  }
  close(file);
  SyncFolderOf(path);
  return Outcome::Ok();
}

}  // namespace larder
