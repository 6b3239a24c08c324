// Restore with any payload, the checksum not looked at: no crash, nothing read beyond the bytes, no
// more memory than the limits allow; and what was restored is a value that can be read. Seeds:
// corpus/restore_fuzz, made by make_restore_corpus.py.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "storage/dump.h"

namespace {

constexpr size_t kBytesMax = 1 << 20;
constexpr int64_t kNowMs = 1'700'000'000'000;

using larder::storage::Type;
using larder::storage::Value;

size_t TextBytes(const Value& value) {
  size_t bytes = value.inline_bytes.size();
  const auto add = [&bytes](std::string_view text) { bytes += text.size(); };
  const larder::storage::Object* const object = value.object.get();
  if (value.type == Type::kList) {
    const auto& list = static_cast<const larder::storage::List&>(*object);
    list.ForRange(0, list.size(), add);
  } else if (value.type == Type::kSet) {
    static_cast<const larder::storage::Set&>(*object).ForEach(add);
  } else if (value.type == Type::kZSet) {
    static_cast<const larder::storage::SortedSet&>(*object).ForEach(
        [&](std::string_view member, double) { add(member); });
  } else if (value.type == Type::kHash) {
    static_cast<const larder::storage::Hash&>(*object).ForEach(
        [&](const larder::storage::HashField& field) { add(field.name), add(field.value); });
  } else if (value.type == Type::kStream) {
    using larder::storage::kStreamIdMax, larder::storage::kStreamIdMin;
    const auto& stream = static_cast<const larder::storage::Stream&>(*object);
    // From both ends: that reads all that a node says of itself.
    for (const bool reverse : {true, false}) {
      bytes = 0;
      stream.ForRange(kStreamIdMin, kStreamIdMax, reverse,
                      [&add](const larder::storage::StreamEntry& entry) {
                        return entry.ForEachText(add), true;
                      });
    }
    for (const auto& [name, group] : stream.groups()) stream.LagOf(group);
    stream.Clone();
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  larder::storage::RestoreLimits limits;
  limits.now_ms = kNowMs;
  limits.string_bytes_max = limits.value_bytes_max = kBytesMax;
  const auto restored =
      larder::storage::Restore({reinterpret_cast<const char*>(data), size}, limits);
  if (restored.value && TextBytes(*restored.value) > kBytesMax) std::abort();
  return 0;
}
