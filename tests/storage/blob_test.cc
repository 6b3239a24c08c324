#include "storage/blob.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "storage/digest.h"

namespace larder::storage {
namespace {

TEST(Blob, ItsDigestIsThatOfItsBytesWhateverWasAskedBefore) {
  const Ref<Blob> blob(new Blob(std::string_view("some value")));
  EXPECT_EQ(blob->Digest(), Digest("some value"));
  EXPECT_EQ(blob->Digest(), Digest("some value"));
  blob->data()[0] = 'S';
  EXPECT_EQ(blob->Digest(), Digest("Some value"));
  blob->Resize(4);
  EXPECT_EQ(blob->Digest(), Digest("Some"));
}

class TakenBlob : public ::testing::TestWithParam<size_t> {};

TEST_P(TakenBlob, HasTheBytesThatLieBehindOthers) {
  const std::string value(100'000, 'v');
  char* const memory = static_cast<char*>(std::malloc(GetParam() + value.size()));
  std::memset(memory, 'k', GetParam());
  std::memcpy(memory + GetParam(), value.data(), value.size());
  const Ref<Blob> blob(new Blob(memory, {memory + GetParam(), value.size()}));
  EXPECT_EQ(blob->bytes(), value);
  blob->Resize(value.size() * 3);
  EXPECT_EQ(blob->bytes(), value + std::string(value.size() * 2, '\0'));
}

INSTANTIATE_TEST_SUITE_P(AtAnyOffset, TakenBlob, ::testing::Values(0, 30, 65'535, 65'536, 200'000));

}  // namespace
}  // namespace larder::storage
