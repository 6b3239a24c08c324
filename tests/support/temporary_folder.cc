#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace larder {

TemporaryFolder::TemporaryFolder() {
  std::string name = ::testing::TempDir() + "larder-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot make " << name;
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::Write(const std::string& name, const std::string& content) const {
  const std::filesystem::path file = Path(name);
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << content;
  return file.string();
}

std::string TemporaryFolder::Read(const std::string& name) const {
  std::ifstream file(Path(name));
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace larder
