// Runs a fuzz target without libFuzzer: over the files of its corpus, and over seeded mutants of
// each. So every build's compiler and sanitizers meet the corpus, clang or not.
//
// usage: <target>_replay [--mutants N] [--seed N] [FILE OR FOLDER...]
// Without files: tests/fuzz/corpus/<target>.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kMutants = 2000;  // of each file
constexpr int kChangesMax = 8;  // of a mutant

std::vector<std::string> Load(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry);
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

// Flips, boundary bytes, cuts, doublings, and pieces of other inputs.
void Change(std::string* input, const std::vector<std::string>& others, std::mt19937& random) {
  constexpr unsigned char kBoundaries[] = {0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80,
                                           0x81, 0xbf, 0xc0, 0xc3, 0xfe, 0xff};
  const size_t at = input->empty() ? 0 : random() % input->size();
  const std::string& other = others[random() % others.size()];
  switch (random() % 6) {
    case 0:
      if (!input->empty()) (*input)[at] = static_cast<char>((*input)[at] ^ (1 << random() % 8));
      break;
    case 1:
      if (!input->empty()) {
        (*input)[at] = static_cast<char>(kBoundaries[random() % std::size(kBoundaries)]);
      }
      break;
    case 2:
      input->erase(at, 1 + random() % 8);
      break;
    case 3:
      input->insert(at, input->substr(at, 1 + random() % 16));
      break;
    case 4:
      input->insert(at, 1, static_cast<char>(random()));
      break;
    default:
      if (!other.empty()) input->insert(at, other.substr(random() % other.size(), random() % 32));
  }
}

// A copy of exactly the input's size, so that a sanitizer sees a read beyond it.
void Run(const std::string& input) {
  const std::vector<uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  int mutants = kMutants;
  uint32_t seed = 1;
  std::vector<std::filesystem::path> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--mutants" && i + 1 < argc) {
      mutants = std::atoi(argv[++i]);
    } else if (argument == "--seed" && i + 1 < argc) {
      seed = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10));
    } else if (!argument.starts_with("--")) {
      paths.emplace_back(argument);
    }
  }
  if (paths.empty()) paths.emplace_back(LARDER_CORPUS);
  const std::vector<std::string> inputs = Load(paths);
  if (inputs.empty()) {
    std::fprintf(stderr, "no inputs in %s\n", paths.front().c_str());
    return 1;
  }
  for (const std::string& input : inputs) Run(input);
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::mt19937 random(seed + static_cast<uint32_t>(i));
    for (int n = 0; n < mutants; ++n) {
      std::string mutant = inputs[i];
      for (size_t left = 1 + random() % kChangesMax; left > 0; --left) {
        Change(&mutant, inputs, random);
      }
      Run(mutant);
    }
  }
  std::printf("%zu inputs and %d mutants of each (seed %u) replayed\n", inputs.size(), mutants,
              seed);
  return 0;
}
