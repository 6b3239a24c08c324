#pragma once

#include <string>

namespace larder {

// A folder that exists as long as this object. Not thread-safe.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file, with the folders above it; returns its path.
  std::string Write(const std::string& name, const std::string& content) const;
  // A file's content; empty if there is none.
  std::string Read(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace larder
