#include "server/commands/debug_digest.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/sorted_set.h"
#include "storage/stream_value.h"

namespace larder {
namespace {

constexpr size_t kBucketsPerStep = 1024;

// As Redis numbers the types; a four-byte number in network order.
std::string_view TypeNumber(storage::Type type) {
  static constexpr char kNumbers[][4] = {{0, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 0, 2},
                                         {0, 0, 0, 3}, {0, 0, 0, 4}, {0, 0, 0, 6}};
  return {kNumbers[static_cast<size_t>(type)], 4};
}

}  // namespace

void DataDigest::Combine(std::string_view bytes) {
  std::array<uint8_t, 20> hash;
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
  for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] ^= hash[i];
}

void DataDigest::Mix(std::string_view bytes) {
  Combine(bytes);
  std::array<uint8_t, 20> hash;
  SHA1(bytes_.data(), bytes_.size(), hash.data());
  bytes_ = hash;
}

std::string DataDigest::Hex() const {
  std::string hex;
  for (const uint8_t byte : bytes_) hex += fmt::format("{:02x}", byte);
  return hex;
}

void DataDigest::AddValue(const storage::Entry& entry) {
  Mix(TypeNumber(entry.type()));
  if (entry.type() == storage::Type::kString) {
    Mix(entry.string());
  } else if (entry.type() == storage::Type::kSet) {
    static_cast<const storage::Set*>(entry.object())->ForEach([this](std::string_view member) {
      Combine(member);
    });
  } else if (entry.type() == storage::Type::kList) {
    const auto& list = *static_cast<const storage::List*>(entry.object());
    list.ForRange(0, list.size(), [this](std::string_view element) { Mix(element); });
  } else if (entry.type() == storage::Type::kHash) {
    const auto& hash = *static_cast<const storage::Hash*>(entry.object());
    hash.ForEach([this](const storage::HashField& field) {
      DataDigest one;
      one.Mix(field.name);
      one.Mix(field.value);
      Combine(one.bytes());
    });
  } else if (entry.type() == storage::Type::kZSet) {
    static_cast<const storage::SortedSet*>(entry.object())
        ->ForEach([this](std::string_view member, double score) {
          DataDigest one;
          one.Mix(member);
          one.Mix(fmt::format("{:.17g}", score));
          Combine(one.bytes());
        });
  } else if (entry.type() == storage::Type::kStream) {
    static_cast<const storage::Stream*>(entry.object())
        ->ForRange(storage::kStreamIdMin, storage::kStreamIdMax, /*reverse=*/false,
                   [this](const storage::StreamEntry& one) {
                     Mix(storage::FormatStreamId(one.id, '.'));
                     one.ForEachText([this](std::string_view text) { Mix(text); });
                     return true;
                   });
  }
  if (entry.has_expiry()) Combine("!!expire!!");
}

DataDigest DigestOf(storage::Keyspace& keyspace, int64_t now_ms) {
  DataDigest whole;
  for (int database = 0; database < keyspace.database_count(); ++database) {
    if (keyspace.KeyCount(database) == 0) continue;
    const char number[4] = {0, 0, static_cast<char>(database >> 8), static_cast<char>(database)};
    whole.Mix({number, sizeof(number)});
    uint64_t cursor = 0;
    do {
      cursor = keyspace.Scan(database, cursor, kBucketsPerStep, now_ms, true,
                             [&whole](const storage::Entry& entry) {
                               DataDigest one;
                               one.Mix(entry.key());
                               one.AddValue(entry);
                               whole.Combine(one.bytes());
                             });
    } while (cursor != 0);
  }
  return whole;
}

}  // namespace larder
