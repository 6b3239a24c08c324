#include "server/heavy_hitters.h"

#include <algorithm>

namespace larder {

HeavyHitters::HeavyHitters(size_t capacity) : capacity_(capacity) {
  keys_.reserve(capacity);
  weights_.reserve(capacity);
  inherited_.reserve(capacity);
  index_.reserve(capacity);
}

size_t HeavyHitters::Lightest() const {
  return static_cast<size_t>(std::min_element(weights_.begin(), weights_.end()) - weights_.begin());
}

void HeavyHitters::Add(std::string_view key, uint64_t weight) {
  if (const auto found = index_.find(key); found != index_.end()) {
    weights_[found->second] += weight;
    return;
  }
  size_t place = keys_.size();
  if (place < capacity_) {
    keys_.emplace_back(key);
    weights_.push_back(weight);
    inherited_.push_back(0);
  } else {
    place = Lightest();
    index_.erase(keys_[place]);
    keys_[place] = std::string(key);  // of its size: a long key's memory is not kept
    inherited_[place] = weights_[place];
    weights_[place] += weight;
  }
  index_.emplace(keys_[place], place);
}

}  // namespace larder
