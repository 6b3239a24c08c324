// Which key a request names: the numbers of keys by a distribution.
//
// Zipf follows W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from
// monotone discrete distributions", 1996; its numbers are drawn ahead, so that drawing one costs as
// little as with the others.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace larder::bench {

enum class Distribution : uint8_t { kUniform, kZipf, kHot, kSequence };

struct KeyOptions {
  Distribution distribution = Distribution::kUniform;
  uint64_t first = 0;
  uint64_t count = 1'000'000;
  double exponent = 0.99;  // of Zipf
  uint64_t seed = 1;
};

// Ranks 1 to `count` with a probability of rank^-exponent. REQUIRES: exponent > 0 and not 1.
class ZipfDistribution {
 public:
  ZipfDistribution(uint64_t count, double exponent)
      : count_(static_cast<double>(count)),
        exponent_(exponent),
        integral_first_(Integral(1.5) - 1),
        integral_last_(Integral(count_ + 0.5)),
        squeeze_(2 - InverseIntegral(Integral(2.5) - Density(2))) {}

  uint64_t operator()(std::mt19937_64& random) const {
    std::uniform_real_distribution<double> between(integral_last_, integral_first_);
    for (;;) {
      const double u = between(random);
      const double x = InverseIntegral(u);
      const double rank = std::fmin(std::fmax(std::floor(x + 0.5), 1), count_);
      if (rank - x <= squeeze_ || u >= Integral(rank + 0.5) - Density(rank)) {
        return static_cast<uint64_t>(rank);
      }
    }
  }

 private:
  double Density(double x) const { return std::pow(x, -exponent_); }
  double Integral(double x) const { return std::pow(x, 1 - exponent_) / (1 - exponent_); }
  double InverseIntegral(double y) const {
    return std::pow(y * (1 - exponent_), 1 / (1 - exponent_));
  }

  double count_;
  double exponent_;
  double integral_first_;
  double integral_last_;
  double squeeze_;
};

class KeySampler {
 public:
  explicit KeySampler(const KeyOptions& options) : options_(options), state_(options.seed | 1) {
    if (options.distribution != Distribution::kZipf) return;
    std::mt19937_64 random(options.seed);
    const ZipfDistribution zipf(options.count, options.exponent);
    drawn_.resize(kDrawnAhead);
    for (uint32_t& key : drawn_) key = static_cast<uint32_t>(Scatter(zipf(random) - 1));
  }

  uint64_t Next() {
    switch (options_.distribution) {
      case Distribution::kUniform:
        return options_.first + Random() % options_.count;
      case Distribution::kZipf:
        return options_.first + drawn_[next_++ % kDrawnAhead];
      case Distribution::kHot:
        return options_.first;
      case Distribution::kSequence:
        return options_.first + next_++ % options_.count;
    }
    return options_.first;
  }

 private:
  static constexpr size_t kDrawnAhead = size_t{1} << 22;

  // Popular keys are not to be neighbours in memory, where a fill in order would put them.
  uint64_t Scatter(uint64_t rank) const {
    constexpr uint64_t kPrime = 2'654'435'761;  // has no factor in common with a smaller count
    return rank * kPrime % options_.count;
  }
  uint64_t Random() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545f4914f6cdd1du >> 16;
  }

  const KeyOptions options_;
  uint64_t state_;
  uint64_t next_ = 0;
  std::vector<uint32_t> drawn_;
};

}  // namespace larder::bench
