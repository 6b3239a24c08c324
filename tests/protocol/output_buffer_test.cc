#include "protocol/output_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace larder::protocol {
namespace {

// A pinned value that counts how often it was let go of.
struct Value {
  std::string bytes;
  int released = 0;

  Pin pin() {
    return {this, [](void* owner) { ++static_cast<Value*>(owner)->released; }};
  }
};

std::string Unsent(const OutputBuffer& buffer, int vectors_max = 64) {
  std::vector<iovec> vectors(vectors_max);
  std::string bytes;
  const int used = buffer.Gather(vectors.data(), vectors_max);
  for (int i = 0; i < used; ++i) {
    EXPECT_GT(vectors[i].iov_len, 0u);
    bytes.append(static_cast<const char*>(vectors[i].iov_base), vectors[i].iov_len);
  }
  return bytes;
}

TEST(OutputBuffer, StartsEmpty) {
  const OutputBuffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(Unsent(buffer), "");
}

TEST(OutputBuffer, GathersCopiedAndPinnedBytesInOrder) {
  Value first{"FIRST"};
  Value second{"SECOND"};
  OutputBuffer buffer;
  buffer.Append("a");
  buffer.AppendPinned(first.bytes, first.pin());
  buffer.Append('b');
  buffer.AppendPinned(second.bytes, second.pin());
  buffer.Append("c");
  EXPECT_EQ(buffer.size(), 14u);
  EXPECT_EQ(Unsent(buffer), "aFIRSTbSECONDc");
  EXPECT_EQ(Unsent(buffer, 1), "a");
  EXPECT_EQ(Unsent(buffer, 2), "aFIRST");
}

TEST(OutputBuffer, PinsWithoutCopying) {
  Value value{"pinned"};
  OutputBuffer buffer;
  buffer.AppendPinned(value.bytes, value.pin());
  iovec vector;
  ASSERT_EQ(buffer.Gather(&vector, 1), 1);
  EXPECT_EQ(vector.iov_base, value.bytes.data());
}

TEST(OutputBuffer, ConsumesAnyCountOfBytes) {
  const std::string all = "aaaFIRSTbbSECONDcccc";
  for (size_t step = 1; step <= all.size(); ++step) {
    Value first{"FIRST"};
    Value second{"SECOND"};
    OutputBuffer buffer;
    buffer.Append("aaa");
    buffer.AppendPinned(first.bytes, first.pin());
    buffer.Append("bb");
    buffer.AppendPinned(second.bytes, second.pin());
    buffer.Append("cccc");
    for (size_t sent = 0; sent < all.size();) {
      const size_t now = std::min(step, all.size() - sent);
      buffer.Consume(now);
      sent += now;
      ASSERT_EQ(buffer.size(), all.size() - sent);
      ASSERT_EQ(Unsent(buffer), all.substr(sent));
      ASSERT_EQ(first.released, sent >= 8 ? 1 : 0);
      ASSERT_EQ(second.released, sent >= 16 ? 1 : 0);
    }
    EXPECT_TRUE(buffer.empty());
  }
}

TEST(OutputBuffer, PinsAfterAPartOfTheTailWasSent) {
  Value value{"PINNED"};
  OutputBuffer buffer;
  buffer.Append("abcdef");
  buffer.Consume(4);
  buffer.AppendPinned(value.bytes, value.pin());
  buffer.Append("gh");
  EXPECT_EQ(buffer.size(), 10u);
  EXPECT_EQ(Unsent(buffer), "efPINNEDgh");
  buffer.Consume(3);
  EXPECT_EQ(Unsent(buffer), "INNEDgh");
  buffer.Consume(6);
  EXPECT_EQ(Unsent(buffer), "h");
  buffer.Append("i");
  EXPECT_EQ(Unsent(buffer), "hi");
}

TEST(OutputBuffer, LetsGoOfPinsWhenClearedOrDestroyed) {
  Value value{"v"};
  {
    OutputBuffer buffer;
    buffer.AppendPinned(value.bytes, value.pin());
    buffer.Clear();
    EXPECT_EQ(value.released, 1);
    EXPECT_TRUE(buffer.empty());
    buffer.AppendPinned(value.bytes, value.pin());
  }
  EXPECT_EQ(value.released, 2);
}

TEST(OutputBuffer, LetsGoOfThePinOfAnEmptyValueAtOnce) {
  Value value;
  OutputBuffer buffer;
  buffer.AppendPinned(value.bytes, value.pin());
  EXPECT_EQ(value.released, 1);
  EXPECT_TRUE(buffer.empty());
}

TEST(OutputBuffer, GivesBackTheMemoryOfALargeReply) {
  OutputBuffer buffer;
  buffer.Append(std::string(2 * kTailBytesKeptBusy, 'x'));
  EXPECT_GE(buffer.memory_bytes(), 2 * kTailBytesKeptBusy);
  buffer.Consume(buffer.size());
  EXPECT_EQ(buffer.memory_bytes(), 0u);
}

TEST(OutputBuffer, KeepsMemoryOnlyWhileItIsUsed) {
  OutputBuffer buffer;
  const std::string batch(kTailBytesKeptBusy / 2, 'x');
  for (int round = 0; round < 3; ++round) {
    buffer.Append(batch);
    buffer.Consume(batch.size());
    EXPECT_GE(buffer.memory_bytes(), batch.size());
  }
  buffer.Append("small");
  buffer.Consume(5);
  EXPECT_EQ(buffer.memory_bytes(), 0u);
}

TEST(OutputBuffer, GivesBackTheMemoryOfAnIdleConnection) {
  OutputBuffer buffer;
  buffer.Append(std::string(1000, 'x'));
  buffer.Trim();
  EXPECT_EQ(buffer.size(), 1000u);
  buffer.Consume(1000);
  EXPECT_GE(buffer.memory_bytes(), 1000u);
  buffer.Trim();
  EXPECT_EQ(buffer.memory_bytes(), 0u);
}

TEST(OutputBuffer, DropsTheSentBytesOfASlowReader) {
  OutputBuffer buffer;
  std::string expected;
  for (int round = 0; round < 100; ++round) {
    const std::string reply(kTailBytesKept, static_cast<char>('a' + round % 26));
    buffer.Append(reply);
    expected += reply;
    const size_t sent = buffer.size() > 2 * kTailBytesKept ? kTailBytesKept : 100;
    buffer.Consume(sent);
    expected.erase(0, sent);
  }
  EXPECT_EQ(Unsent(buffer), expected);
  EXPECT_LE(buffer.memory_bytes(), 16 * kTailBytesKept);
}

ByteBlock Block(std::string_view bytes) {
  ByteBlock block;
  block.append(bytes);
  return block;
}

TEST(OutputBuffer, TakesWholeBlocksOver) {
  Value value{"PINNED"};
  OutputBuffer buffer;
  buffer.AppendBlock(Block("first"));
  buffer.Append('a');
  ByteBlock second = Block("second");
  const char* const at = second.data();
  buffer.AppendBlock(std::move(second));
  buffer.AppendBlock(ByteBlock());
  buffer.AppendPinned(value.bytes, value.pin());
  buffer.Append("end");
  EXPECT_EQ(Unsent(buffer), "firstasecondPINNEDend");
  EXPECT_EQ(buffer.size(), 21u);
  iovec vectors[3];
  ASSERT_EQ(buffer.Gather(vectors, 3), 3);
  EXPECT_EQ(vectors[2].iov_base, at);
  buffer.Consume(8);
  EXPECT_EQ(Unsent(buffer), "condPINNEDend");
  buffer.Consume(buffer.size());
  EXPECT_TRUE(buffer.empty());
}

TEST(OutputBuffer, ABlockMayFollowWhatIsPartlySent) {
  OutputBuffer buffer;
  buffer.Append("abcdef");
  buffer.Consume(4);
  buffer.AppendBlock(Block("block"));
  EXPECT_EQ(buffer.size(), 7u);
  EXPECT_EQ(Unsent(buffer), "efblock");
}

TEST(OutputBuffer, CountsTheMemoryOfItsBlocks) {
  OutputBuffer buffer;
  for (int i = 0; i < 10; ++i) buffer.AppendBlock(Block(std::string(1000, 'x')));
  EXPECT_GE(buffer.memory_bytes(), 10'000u);
  buffer.Consume(9'500);
  EXPECT_GE(buffer.memory_bytes(), 1'000u);
  EXPECT_LT(buffer.memory_bytes(), 3'000u);
  buffer.Consume(500);
  EXPECT_EQ(buffer.memory_bytes(), 0u);
}

}  // namespace
}  // namespace larder::protocol
