#include "storage/slab.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <vector>

namespace larder::storage {
namespace {

class SlabTest : public testing::Test {
 protected:
  SlabPages pages;
  Slab slab{&pages};
};

TEST_F(SlabTest, SizesAreCloseToEachOther) {
  EXPECT_EQ(Slab::RoundedBytes(1), 8u);
  for (size_t size = 1; size <= Slab::kBytesMax; ++size) {
    const size_t rounded = Slab::RoundedBytes(size);
    ASSERT_GE(rounded, size);
    const size_t percent_max = size <= 3072 ? 107 : 109;
    ASSERT_LE(rounded, std::max(size + 7, size * percent_max / 100)) << size;
  }
}

TEST_F(SlabTest, PiecesDoNotOverlap) {
  std::mt19937 random(1);
  struct Piece {
    unsigned char* memory;
    size_t bytes;
    unsigned char fill;
  };
  std::vector<Piece> pieces;
  size_t used = 0;
  for (int step = 0; step < 60000; ++step) {
    if (random() % 5 < (step < 40000 ? 3u : 1u) || pieces.empty()) {
      const size_t bytes = 1 + (random() % 10 == 0 ? random() % Slab::kBytesMax : random() % 300);
      auto* memory = static_cast<unsigned char*>(slab.Allocate(bytes));
      const auto fill = static_cast<unsigned char>(step);
      std::memset(memory, fill, bytes);
      pieces.push_back({memory, bytes, fill});
      used += Slab::RoundedBytes(bytes);
    } else {
      std::swap(pieces[random() % pieces.size()], pieces.back());
      const Piece& piece = pieces.back();
      for (size_t i = 0; i < piece.bytes; ++i) ASSERT_EQ(piece.memory[i], piece.fill);
      slab.Free(piece.memory, piece.bytes);
      used -= Slab::RoundedBytes(piece.bytes);
      pieces.pop_back();
    }
    ASSERT_EQ(slab.used_bytes(), used);
  }
  for (const Piece& piece : pieces) slab.Free(piece.memory, piece.bytes);
  EXPECT_EQ(slab.used_bytes(), 0u);
  EXPECT_EQ(slab.reserved_bytes(), 0u);
}

TEST_F(SlabTest, MovingPiecesEmptiesSparsePages) {
  constexpr size_t kBytes = 100;
  std::mt19937 random(2);
  std::map<void*, int> live;
  for (int i = 0; i < 200000; ++i) {
    void* piece = slab.Allocate(kBytes);
    std::memcpy(piece, &i, sizeof(i));
    live[piece] = i;
  }
  for (auto it = live.begin(); it != live.end();) {
    if (random() % 4 == 0) {
      ++it;
      continue;
    }
    slab.Free(it->first, kBytes);
    it = live.erase(it);
  }
  EXPECT_TRUE(slab.sparse());
  while (slab.sparse()) {
    ASSERT_TRUE(slab.EmptySparsestPage([&](void* piece) {
      const auto old = live.find(piece);
      if (old == live.end()) return ADD_FAILURE() << "a free piece", false;
      void* moved = slab.Allocate(kBytes);
      std::memcpy(moved, piece, kBytes);
      live[moved] = old->second;
      live.erase(old);
      slab.Free(piece, kBytes);
      return true;
    }));
  }
  for (const auto& [piece, number] : live) {
    int found;
    std::memcpy(&found, piece, sizeof(found));
    ASSERT_EQ(found, number);
    slab.Free(piece, kBytes);
  }
  EXPECT_EQ(slab.reserved_bytes(), 0u);
}

}  // namespace
}  // namespace larder::storage
