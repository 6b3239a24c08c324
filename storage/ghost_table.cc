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
  const size_t wanted = std::max<size_t>(1, (objects + kGhostsPerCell - 1) / kGhostsPerCell);
  const size_t have = cells_.size();
  if (have > 0 && wanted <= have + have / 8 && wanted >= have - have / 4) return;
  std::vector<Cell, memory::Counted<Cell>> cells(wanted);
  // A cell's number is its share of the hash range, so the ghosts of a new cell are among those of
  // the old one or two that covered its place. It takes over the first one's: all are kept when the
  // size doubles, more than half at any other size. Copies that do not belong there die of age.
  for (size_t cell = 0; have > 0 && cell < wanted; ++cell) {
    cells[cell] = cells_[cell * have / wanted];
  }
  cells_ = std::move(cells);
}

void GhostTable::Add(uint64_t hash) {
  if (cells_.empty()) return;
  Cell& cell = CellOf(hash);
  cell.ghosts[cell.oldest] = Fingerprint(hash);
  cell.oldest = static_cast<uint16_t>((cell.oldest + 1) % kGhostsPerCell);
}

bool GhostTable::Take(uint64_t hash) {
  if (cells_.empty()) return false;
  Cell& cell = CellOf(hash);
  uint16_t* const end = cell.ghosts + kGhostsPerCell;
  uint16_t* const found = std::find(cell.ghosts, end, Fingerprint(hash));
  if (found == end) return false;
  *found = 0;
  return true;
}

void GhostTable::Clear() { cells_ = {}; }

GhostTable::Cell& GhostTable::CellOf(uint64_t hash) {
  return cells_[((Mix(hash) >> 32) * cells_.size()) >> 32];
}

uint16_t GhostTable::Fingerprint(uint64_t hash) {
  const auto bits = static_cast<uint16_t>(Mix(hash) >> 16);
  return bits == 0 ? 1 : bits;
}

}  // namespace larder::storage
