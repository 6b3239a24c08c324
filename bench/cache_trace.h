// Traces for the hit-ratio replayer: who asked for what, how large, for how long it is good.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace larder::bench {

struct Request {
  uint32_t object;  // an index into CacheTrace::keys
  uint32_t size;    // bytes of key and value; 1 in a trace that counts objects
  int64_t time_ms;
  int64_t ttl_ms;  // 0: for ever
};

struct CacheTrace {
  std::string name;
  std::vector<Request> requests;
  std::vector<std::string> keys;
  std::vector<uint32_t> size_max;  // of each object

  bool CountsObjects() const {
    return std::all_of(size_max.begin(), size_max.end(), [](uint32_t size) { return size <= 1; });
  }
  uint64_t TotalBytes() const {
    uint64_t total = 0;
    for (const uint32_t size : size_max) total += size;
    return total;
  }
};

class TraceBuilder {
 public:
  explicit TraceBuilder(std::string name) { trace_.name = std::move(name); }

  void Add(const std::string& key, uint32_t size, int64_t time_ms, int64_t ttl_ms) {
    const auto [found, added] =
        objects_.try_emplace(key, static_cast<uint32_t>(trace_.keys.size()));
    if (added) {
      trace_.keys.push_back(key);
      trace_.size_max.push_back(0);
    }
    uint32_t& size_max = trace_.size_max[found->second];
    size_max = std::max(size_max, size);
    trace_.requests.push_back({found->second, size, time_ms, ttl_ms});
  }
  size_t request_count() const { return trace_.requests.size(); }
  CacheTrace Finish() { return std::move(trace_); }

 private:
  CacheTrace trace_;
  std::unordered_map<std::string, uint32_t> objects_;
};

// Reads rows `key,size`, `key,size,ttl_s` or `time_s,key,size,ttl_s`; a name that ends in .xz goes
// through `xz -dc`. Where rows have no time, a thousand of them make a second. nullopt when the
// file cannot be read.
inline std::optional<CacheTrace> ReadTrace(const std::string& path) {
  const bool packed = path.ends_with(".xz");
  if (packed && path.find('\'') != std::string::npos) return std::nullopt;
  const std::string command = "xz -dc '" + path + "'";
  std::FILE* file = packed ? popen(command.c_str(), "r") : std::fopen(path.c_str(), "r");
  if (file == nullptr) return std::nullopt;
  TraceBuilder builder(path.substr(path.find_last_of('/') + 1));
  char line[4096];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    std::vector<std::string> fields(1);
    for (const char* c = line; *c != '\0' && *c != '\n'; ++c) {
      if (*c == ',') {
        fields.emplace_back();
      } else {
        fields.back() += *c;
      }
    }
    const bool timed = fields.size() >= 4;
    const size_t first = timed ? 1 : 0;
    if (fields.size() < 2) continue;
    const auto size = static_cast<uint32_t>(std::strtoul(fields[first + 1].c_str(), nullptr, 10));
    if (size == 0) continue;
    const int64_t time_ms = timed ? std::llround(std::strtod(fields[0].c_str(), nullptr) * 1000)
                                  : static_cast<int64_t>(builder.request_count());
    const int64_t ttl_ms =
        fields.size() >= 3 ? std::strtoll(fields[first + 2].c_str(), nullptr, 10) * 1000 : 0;
    builder.Add(fields[first], size, time_ms, ttl_ms);
  }
  const bool failed = (packed ? pclose(file) : std::fclose(file)) != 0;
  if (failed || builder.request_count() == 0) return std::nullopt;
  return builder.Finish();
}

// A trace for where none is given: Zipf 0.9 over 100,000 objects, beside one-time keys.
inline CacheTrace GenerateTrace() {
  constexpr int kObjects = 100'000;
  constexpr int kRequests = 1'000'000;
  TraceBuilder builder("generated");
  std::vector<double> cumulative(kObjects);
  double sum = 0;
  for (int i = 0; i < kObjects; ++i) cumulative[i] = sum += std::pow(i + 1, -0.9);
  std::mt19937_64 random(42);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int i = 0; i < kRequests; ++i) {
    const bool once = uniform(random) < 0.1;
    const auto rank = std::lower_bound(cumulative.begin(), cumulative.end(), uniform(random) * sum);
    builder.Add(once ? "once:" + std::to_string(i) : std::to_string(rank - cumulative.begin()), 1,
                i, 0);
  }
  return builder.Finish();
}

}  // namespace larder::bench
