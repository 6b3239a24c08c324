#include "storage/entry_extra.h"

namespace larder::storage {

ExtraBlock::ExtraBlock(const Extra& extra, uint64_t purge_clock) {
  uint64_t word = extra.tags.size();
  size_t end = ExtraView::kWordBytes + (extra.tags.empty() ? 0 : ExtraView::kClockBytes);
  const auto append = [&](uint16_t bit, auto value) {
    if (value == 0) return;
    word |= bit;
    std::memcpy(bytes_ + end, &value, sizeof(value));
    end += sizeof(value);
  };
  append(ExtraView::kStale, extra.stale_seconds);
  append(ExtraView::kError, extra.error_seconds);
  append(ExtraView::kCost, extra.cost_ms);
  append(ExtraView::kNegative, extra.negative_code);
  for (const uint32_t tag : extra.tags) {
    std::memcpy(bytes_ + end, &tag, sizeof(tag));
    end += sizeof(tag);
  }
  word |= purge_clock << 16;
  std::memcpy(bytes_, &word,
              ExtraView::kWordBytes + (extra.tags.empty() ? 0 : ExtraView::kClockBytes));
}

}  // namespace larder::storage
