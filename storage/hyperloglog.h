// HyperLogLog: estimates how many different elements were added, in at most 12 KB with a standard
// error of 0.81 %. Kept in a string in Redis's representation, byte for byte, so that GET, SET and
// DUMP carry one between servers.
//
// Sources: the representation is documented in Redis's hyperloglog.c: a header of 16 bytes ("HYLL",
// the encoding, three zero bytes, the cached cardinality in little endian with its top bit set when
// it is stale), then either 16,384 registers of six bits ("dense") or run-length opcodes
// ("sparse"). The estimator is Otmar Ertl's (arXiv:1702.01284).
//
// Pure functions on bytes, thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::storage::hyperloglog {

inline constexpr size_t kRegisters = 16384;
inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kDenseBytes = kHeaderBytes + kRegisters * 6 / 8;

using Registers = std::array<uint8_t, kRegisters>;

enum class Encoding : uint8_t { kDense = 0, kSparse = 1 };
enum class Change : uint8_t { kNone, kDone, kCorrupt };

// One without elements, sparse.
std::string Empty();

// Whether the header is one, and the size right for it. The opcodes are checked where they are
// read: kCorrupt and nullopt below.
bool IsValid(std::string_view bytes);

// REQUIRES for all that follow: IsValid(bytes).
Encoding EncodingOf(std::string_view bytes);

// The register that an element sets, and to what at least.
struct Hit {
  size_t index;
  uint8_t count;
};
Hit HitOf(std::string_view element);  // O(size)

// Raises a register; a sparse one that would outgrow `sparse_bytes_max` becomes dense. Does not
// touch the cached cardinality of a dense one. O(1), or O(bytes) of a sparse one.
Change Raise(std::string* bytes, Hit hit, size_t sparse_bytes_max);
// The same within the bytes of a dense one. True when it changed.
bool RaiseDense(char* bytes, Hit hit);

void InvalidateCache(char* bytes);
std::optional<uint64_t> CachedCount(std::string_view bytes);  // nothing when it is stale
void StoreCount(char* bytes, uint64_t count);

// Raises `registers` to those of another. False when that is corrupt.
bool MergeInto(std::string_view bytes, Registers* registers);
uint64_t Count(const Registers& registers);

bool ToDense(std::string* bytes);  // false when it is corrupt
// The opcodes of a sparse one: "Z:100 v:3,1 z:20".
std::string Opcodes(std::string_view bytes);

}  // namespace larder::storage::hyperloglog
