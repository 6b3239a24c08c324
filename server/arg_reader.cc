#include "server/arg_reader.h"

#include "server/errors.h"
#include "storage/numbers.h"

namespace larder {

std::string_view ArgReader::NextMissing() {
  Fail(errors::kSyntax);
  return {};
}

int64_t ArgReader::NextInt(std::string_view error) {
  const std::string_view text = Next();
  if (failed()) return 0;
  if (const auto value = storage::ParseInteger(text)) return *value;
  Fail(error.empty() ? errors::kNotInteger : error);
  return 0;
}

int64_t ArgReader::NextIntIn(int64_t least, int64_t most, std::string_view error) {
  const int64_t value = NextInt(error);
  if (failed() || (value >= least && value <= most)) return value;
  Fail(error);
  return least;
}

double ArgReader::NextDouble(std::string_view error) {
  const std::string_view text = Next();
  if (failed()) return 0;
  if (const auto value = storage::ParseDouble(text)) return *value;
  Fail(error.empty() ? errors::kNotFloat : error);
  return 0;
}

bool ArgReader::Match(std::string_view word) {
  if (!HasMore() || !EqualsIgnoreCase(args_[position_], word)) return false;
  ++position_;
  return true;
}

void ArgReader::Fail(std::string_view error) {
  if (error_.ok()) error_ = Status(error);
}

Status ArgReader::Finish() {
  if (HasMore()) Fail(errors::kSyntax);
  return error_;
}

}  // namespace larder
