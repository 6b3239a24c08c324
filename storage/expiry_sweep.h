// Which keys of a table have a reference in its expiry wheel: those that expire before a horizon.
//
// A key whose expiry lies beyond takes no reference, and so leaves none behind when it is evicted,
// deleted or put off before. A sweep over the table files the others in time: it passes over the
// whole range of hashes once every kPassMs, and the horizon of a pass is three passes after its
// start. So a key is filed at least one pass before its expiry, however long ago it was set.
//
// The horizon of a place in the table is that of the pass which came by last: a key there has a
// reference exactly when its expiry lies before it, so nothing needs to be noted in the key. After
// a leap of the clock the whole table is swept at once, in slices, and what is due is filed as due.
//
// A position is a hash without the bits of its stripe, a share of 2^64. The caller visits the keys;
// this keeps the time and the place. Not thread-safe: use only under the lock of the stripe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "storage/expiry_wheel.h"

namespace larder::storage {

class ExpirySweep {
 public:
  static constexpr int64_t kPassMs = 256'000;

  // Runs from the first key with an expiry on until there is none. All keys are filed, however far
  // their expiry, where `files_all`: as eviction that draws from the wheel needs it.
  bool running() const { return running_; }
  void Start(int64_t now_ms, bool files_all) {
    running_ = true;
    position_ = 0;
    pass_began_ms_ = now_ms;
    horizon_ms_ = files_all ? kNeverDue : HorizonOfPass();
    passed_horizon_ms_ = files_all ? kNeverDue : HorizonOfPass() - kPassMs;
  }
  void Stop() { running_ = false; }

  // Expiries from here on have no reference in the wheel. REQUIRES: running().
  int64_t HorizonAt(uint64_t position) const {
    return position < position_ ? horizon_ms_ : passed_horizon_ms_;
  }

  // From when on there is something to visit; kNeverDue when not running.
  int64_t next_due_ms() const {
    return running_ ? pass_began_ms_ + static_cast<int64_t>(step() + 1) * kStepMs : kNeverDue;
  }
  // Where to visit next. The keys there whose expiry lies from HorizonAt() on and before
  // new_horizon_ms() are to be filed; then comes VisitedUpTo().
  uint64_t position() const { return position_; }
  int64_t new_horizon_ms() const { return horizon_ms_; }
  // The keys up to a position, 0 for the end of the table, have been visited.
  void VisitedUpTo(uint64_t position, int64_t now_ms, bool files_all) {
    position_ = position;
    if (position != 0) return;
    passed_horizon_ms_ = horizon_ms_;
    // Never more than a whole pass behind, which is then swept at once.
    pass_began_ms_ = std::max(pass_began_ms_ + kPassMs, now_ms - kPassMs);
    horizon_ms_ = files_all ? kNeverDue : HorizonOfPass();
  }

  // Whether all keys are filed. If not, a pass that files them begins, all of it due at once.
  bool FilesAll() const { return passed_horizon_ms_ == kNeverDue && horizon_ms_ == kNeverDue; }
  void FileAll(int64_t now_ms) {
    if (horizon_ms_ == kNeverDue) return;
    position_ = 0;  // what this pass has filed already is filed again: stale references, once
    pass_began_ms_ = now_ms - kPassMs;
    horizon_ms_ = kNeverDue;
  }

 private:
  static constexpr int kStepBits = 8;  // a pass goes in so many steps
  static constexpr int64_t kStepMs = kPassMs >> kStepBits;

  uint64_t step() const { return position_ >> (64 - kStepBits); }
  int64_t HorizonOfPass() const { return pass_began_ms_ + 3 * kPassMs; }

  bool running_ = false;
  uint64_t position_ = 0;  // of this pass
  int64_t pass_began_ms_ = 0;
  int64_t horizon_ms_ = 0;         // of this pass, behind the position
  int64_t passed_horizon_ms_ = 0;  // of the pass before, from the position on
};

}  // namespace larder::storage
