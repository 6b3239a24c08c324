// CRC-64 as Redis appends it to what DUMP answers: Jones' polynomial, reflected, beginning with 0.
//
// Pure and thread-safe. About a byte a cycle: eight tables ("slicing by 8", Kounavis and Berry, "A
// Systematic Approach to Building High Performance Software-based CRC Generators", 2005).
#pragma once

#include <cstdint>
#include <string_view>

namespace larder::storage {

uint64_t Crc64(std::string_view bytes);

}  // namespace larder::storage
