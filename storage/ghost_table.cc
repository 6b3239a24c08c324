#include "storage/ghost_table.h"

#include <algorithm>
#include <utility>

namespace larder::storage {
namespace {

// The hash's upper bits choose stripe, segment and bucket, and are alike within a stripe: all of
// them take part in the choice of the cell and of the fingerprint.
uint64_t Mix(uint64_t hash) { return hash * 0x9e3779b97f4a7c15u; }

}  // namespace

void GhostTable::Resize(size_t objects) {
  if (moved_ < cells_.count) return;
  const size_t wanted = std::max<size_t>(1, (objects + kGhostsPerCell - 1) / kGhostsPerCell);
  const size_t have = cells_.count;
  if (have > 0 && wanted <= have + have / 8 && wanted >= have - have / 4) return;
  old_ = Cells();
  std::swap(old_, cells_);
  cells_ = Cells(wanted);
  moved_ = 0;
}

bool GhostTable::MoveSome(size_t cells) {
  const size_t end = std::min(moved_ + cells, cells_.count);
  // A cell's number is its share of the hash range, so the ghosts of a new cell are among those of
  // the old one or two that covered its place. It takes over the first one's: all are kept when the
  // size doubles, more than half at any other size. Copies that do not belong there die of age.
  for (; moved_ < end; ++moved_) {
    cells_.at[moved_] = old_.count == 0 ? Cell() : old_.at[moved_ * old_.count / cells_.count];
  }
  if (moved_ < cells_.count) return false;
  if (old_.count > 0) old_ = Cells();
  return true;
}

void GhostTable::Add(uint64_t hash) {
  Cell* cell = CellOf(hash);
  if (cell == nullptr) return;
  cell->ghosts[cell->oldest] = Fingerprint(hash);
  cell->oldest = static_cast<uint16_t>((cell->oldest + 1) % kGhostsPerCell);
}

bool GhostTable::Take(uint64_t hash) {
  Cell* cell = CellOf(hash);
  if (cell == nullptr) return false;
  uint16_t* const end = cell->ghosts + kGhostsPerCell;
  uint16_t* const found = std::find(cell->ghosts, end, Fingerprint(hash));
  if (found == end) return false;
  *found = 0;
  return true;
}

void GhostTable::Clear() {
  cells_ = Cells();
  old_ = Cells();
  moved_ = 0;
}

GhostTable::Cell* GhostTable::CellOf(uint64_t hash) {
  const uint64_t share = Mix(hash) >> 32;
  const size_t index = (share * cells_.count) >> 32;
  if (index < moved_) return &cells_.at[index];
  return old_.count == 0 ? nullptr : &old_.at[(share * old_.count) >> 32];
}

uint16_t GhostTable::Fingerprint(uint64_t hash) {
  const auto bits = static_cast<uint16_t>(Mix(hash) >> 16);
  return bits == 0 ? 1 : bits;
}

}  // namespace larder::storage
