#include "storage/int_set.h"

#include <cstring>
#include <limits>

namespace larder::storage {
namespace {

template <class T>
bool Fits(int64_t value) {
  return value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max();
}

uint8_t WidthOf(int64_t value) { return Fits<int16_t>(value) ? 2 : Fits<int32_t>(value) ? 4 : 8; }

template <class T>
int64_t Load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <class T>
void Store(uint8_t* to, int64_t value) {
  const T narrow = static_cast<T>(value);
  std::memcpy(to, &narrow, sizeof(narrow));
}

}  // namespace

int64_t IntSet::At(size_t index) const {
  const uint8_t* const from = bytes_.data() + index * width_;
  return width_ == 2   ? Load<int16_t>(from)
         : width_ == 4 ? Load<int32_t>(from)
                       : Load<int64_t>(from);
}

void IntSet::Write(size_t index, int64_t value) {
  uint8_t* const to = bytes_.data() + index * width_;
  if (width_ == 2) {
    Store<int16_t>(to, value);
  } else if (width_ == 4) {
    Store<int32_t>(to, value);
  } else {
    Store<int64_t>(to, value);
  }
}

size_t IntSet::LowerBound(int64_t value) const {
  size_t first = 0, last = size();
  while (first < last) {
    const size_t middle = (first + last) / 2;
    if (At(middle) < value) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

void IntSet::Widen(uint8_t width) {
  IntSet wider;
  wider.width_ = width;
  wider.bytes_.reserve((size() + 1) * width);
  wider.bytes_.resize(size() * width);
  for (size_t i = 0; i < size(); ++i) wider.Write(i, At(i));
  *this = std::move(wider);
}

bool IntSet::Contains(int64_t value) const {
  const size_t at = LowerBound(value);
  return at < size() && At(at) == value;
}

bool IntSet::Insert(int64_t value) {
  const size_t at = LowerBound(value);
  if (at < size() && At(at) == value) return false;
  if (WidthOf(value) > width_) Widen(WidthOf(value));
  bytes_.insert(bytes_.begin() + at * width_, width_, 0);
  Write(at, value);
  return true;
}

bool IntSet::Erase(int64_t value) {
  const size_t at = LowerBound(value);
  if (at == size() || At(at) != value) return false;
  bytes_.erase(bytes_.begin() + at * width_, bytes_.begin() + (at + 1) * width_);
  return true;
}

}  // namespace larder::storage
