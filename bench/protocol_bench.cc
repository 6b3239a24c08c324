// What the protocol costs per request and per reply, warm, one thread. Items are requests or
// replies.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "protocol/output_buffer.h"
#include "protocol/reply_writer.h"
#include "protocol/request_parser.h"

namespace larder::protocol {
namespace {

constexpr int kDepth = 64;

std::string Encode(const std::vector<std::string_view>& args) {
  OutputBuffer out;
  ReplyWriter writer(out);
  writer.Array(static_cast<int64_t>(args.size()));
  for (const std::string_view arg : args) writer.Bulk(arg);
  return std::string(out.tail().view());
}

std::string Pipeline(const std::string& request) {
  std::string bytes;
  for (int i = 0; i < kDepth; ++i) bytes += request;
  return bytes;
}

void ParsePipeline(benchmark::State& state, const std::string& bytes, size_t piece) {
  RequestParser parser;
  std::vector<Request> requests(kDepth);
  for (auto _ : state) {
    size_t taken = 0;
    size_t read = 0;
    for (size_t end = piece; end < bytes.size() + piece; end += piece) {
      parser.Feed(std::string_view(bytes).substr(taken, end - taken));
      while (parser.Next(&requests[read % kDepth]) == ParseResult::kRequest) ++read;
      taken += parser.TakeConsumed();
    }
    benchmark::DoNotOptimize(requests.data());
    if (read != kDepth) state.SkipWithError("wrong count of requests");
  }
  state.SetItemsProcessed(state.iterations() * kDepth);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

void ParseGet(benchmark::State& state) {
  const std::string bytes = Pipeline(Encode({"GET", "key:000000123456"}));
  ParsePipeline(state, bytes, bytes.size());
}
BENCHMARK(ParseGet);

void ParseSet(benchmark::State& state) {
  const std::string bytes =
      Pipeline(Encode({"SET", "key:000000123456", std::string(state.range(0), 'v'), "EX", "300"}));
  ParsePipeline(state, bytes, bytes.size());
}
BENCHMARK(ParseSet)->Arg(3)->Arg(100)->Arg(1024);

void ParseInline(benchmark::State& state) {
  const std::string bytes = Pipeline("GET key:000000123456\r\n");
  ParsePipeline(state, bytes, bytes.size());
}
BENCHMARK(ParseInline);

// Reads that end within requests: the careful path.
void ParseSetInPieces(benchmark::State& state) {
  ParsePipeline(state, Pipeline(Encode({"SET", "key:000000123456", std::string(100, 'v')})),
                state.range(0));
}
BENCHMARK(ParseSetInPieces)->Arg(16)->Arg(100)->Arg(1000);

// Runs `write` kDepth times a round into a buffer that is then consumed.
template <typename Write>
void WriteReplies(benchmark::State& state, Write write) {
  OutputBuffer out;
  ReplyWriter writer(out);
  for (auto _ : state) {
    for (int i = 0; i < kDepth; ++i) write(writer);
    benchmark::DoNotOptimize(out.tail().data());
    out.Consume(out.size());
  }
  state.SetItemsProcessed(state.iterations() * kDepth);
}

void WriteOk(benchmark::State& state) {
  WriteReplies(state, [](ReplyWriter& writer) { writer.Ok(); });
}
BENCHMARK(WriteOk);

void WriteNull(benchmark::State& state) {
  WriteReplies(state, [](ReplyWriter& writer) { writer.Null(); });
}
BENCHMARK(WriteNull);

void WriteBulk(benchmark::State& state) {
  const std::string value(state.range(0), 'v');
  WriteReplies(state, [&](ReplyWriter& writer) { writer.Bulk(value); });
}
BENCHMARK(WriteBulk)->Arg(3)->Arg(32)->Arg(300)->Arg(600)->Arg(1024)->Arg(8192);

void WriteInteger(benchmark::State& state) {
  int64_t value = state.range(0);
  benchmark::DoNotOptimize(value);
  WriteReplies(state, [&](ReplyWriter& writer) { writer.Integer(value); });
}
BENCHMARK(WriteInteger)->Arg(1)->Arg(123456789);

void WriteDouble(benchmark::State& state) {
  WriteReplies(state, [](ReplyWriter& writer) { writer.Double(3.1); });
}
BENCHMARK(WriteDouble);

}  // namespace
}  // namespace larder::protocol
