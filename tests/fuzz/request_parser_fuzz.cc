// Any split of the bytes gives the same requests and the same error, before and after login.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include "tests/protocol/parse_transcript.h"

namespace larder::protocol {
namespace {

// At most 64 cuts: the work stays linear in the input.
std::vector<size_t> RandomCuts(std::mt19937& random, size_t size) {
  std::vector<size_t> cuts;
  size_t at = 0;
  const size_t step_max = size / 32 + 2;
  while (true) {
    at += random() % step_max;
    if (at >= size || cuts.size() == 64) return cuts;
    cuts.push_back(at);
  }
}

void Check(std::string_view bytes, uint32_t seed) {
  std::mt19937 random(seed);
  // A small limit, so that both sides of it are within reach of small inputs.
  const ParserLimits limits = {.bulk_bytes_max = seed % 2 == 0 ? 512LL * 1024 * 1024 : 20,
                               .authenticated = seed % 3 != 0};
  const Transcript whole = ParseInPieces(bytes, {}, limits);
  for (int round = 0; round < 3; ++round) {
    const auto cuts = RandomCuts(random, bytes.size());
    if (ParseInPieces(bytes, cuts, limits, round == 1) != whole) std::abort();
  }
}

}  // namespace
}  // namespace larder::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  larder::protocol::Check(bytes.substr(1), data[0]);
  return 0;
}
