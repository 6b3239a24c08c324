// Writes requests of one shape. A key is "key:" and twelve digits, as redis-benchmark's are, so
// that either may fill what the other reads.
#pragma once

#include <cstdint>
#include <string>

#include "bench/load/key_sampler.h"
#include "bench/load/options.h"

namespace larder::bench {

class RequestWriter {
 public:
  explicit RequestWriter(const LoadOptions& options)
      : options_(options),
        keys_(options.keys),
        mget_("*" + std::to_string(options.keys_per_request + 1) + "\r\n$4\r\nMGET\r\n"),
        value_("\r\n$" + std::to_string(options.value_bytes) + "\r\n" +
               std::string(options.value_bytes, 'x') + "\r\n") {}

  void AppendTo(std::string& out) {
    switch (options_.shape) {
      case Shape::kGet:
      case Shape::kChurn:
        return AppendGet(out);
      case Shape::kSet:
        return AppendSet(out);
      case Shape::kMix:
        return ++written_ % kGetsPerSetAndOne == 0 ? AppendSet(out) : AppendGet(out);
      case Shape::kMget:
        out += mget_;
        for (size_t i = 0; i < options_.keys_per_request; ++i) {
          AppendKey(out);
          out += "\r\n";
        }
    }
  }

 private:
  static constexpr size_t kGetsPerSetAndOne = 11;

  void AppendGet(std::string& out) {
    out += "*2\r\n$3\r\nGET\r\n";
    AppendKey(out);
    out += "\r\n";
  }
  void AppendSet(std::string& out) {
    out += "*3\r\n$3\r\nSET\r\n";
    AppendKey(out);
    out += value_;
  }
  void AppendKey(std::string& out) {
    char key[] = "$16\r\nkey:000000000000";
    char* digit = key + sizeof key - 1;
    for (uint64_t number = keys_.Next(); number != 0; number /= 10) *--digit = '0' + number % 10;
    out.append(key, sizeof key - 1);
  }

  const LoadOptions& options_;
  KeySampler keys_;
  const std::string mget_;
  const std::string value_;  // with what goes before and behind it
  size_t written_ = 0;
};

}  // namespace larder::bench
