#include "server/connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "server/engine.h"
#include "server/hash_fieldsets.h"
#include "server/logging.h"
#include "server/statistics.h"
#include "server/tls/tls_context.h"
#include "server/tls/tls_stream.h"
#include "server/worker.h"

namespace larder {
namespace {

using protocol::ParseResult;

constexpr int kReadsPerTurn = 4;  // then the other clients have theirs
constexpr int kVectorsPerWrite = 64;
constexpr size_t kReadAheadBytes =
    16 * 1024;  // room for the next read behind an incomplete request
constexpr size_t kReadBytesMax = 16 * 1024 * 1024;
// Before login nobody may make the server hold more than this.
constexpr size_t kUnauthenticatedInputBytesMax = 1024 * 1024;
constexpr size_t kUnauthenticatedOutputBytesMax = 64 * 1024;
// With more replies unsent a client's further requests are not run, until little is left: a long
// pipeline of large values needs no more memory than this, and never reaches the limit at which
// clients are closed.
constexpr size_t kHeldOutputBytes = 16 * 1024 * 1024;
constexpr size_t kResumedOutputBytes = 4 * 1024 * 1024;
// Arguments from this size on that fill their buffer become values where they are.
constexpr size_t kTakenArgumentBytesMin = 64 * 1024;
constexpr size_t kIdleOutputBytesMax = 1024;  // memory that an idle client may keep
constexpr int64_t kHandshakeUsMax = 10'000'000;

// Shortens a message to `bytes_max`.
void Clip(msghdr& message, size_t bytes_max) {
  for (size_t i = 0; i < message.msg_iovlen; ++i) {
    iovec& vector = message.msg_iov[i];
    if (vector.iov_len >= bytes_max) {
      vector.iov_len = bytes_max;
      message.msg_iovlen = i + 1;
      return;
    }
    bytes_max -= vector.iov_len;
  }
}

}  // namespace

Connection::Connection(Engine& engine, Mailbox& mailbox,
                       std::shared_ptr<ClientRecord> client_record, Worker& worker, int descriptor)
    : Session(engine, mailbox, std::move(client_record)),
      worker_(worker),
      descriptor_(descriptor),
      own_bytes_(sizeof(Connection)) {}

Connection::~Connection() { close(descriptor_); }

void Connection::Serve(Scratch& scratch) {
  if (running_ || closed_) return;
  // Behind QUIT nothing is run, however long its reply waits.
  bool go_on = !close_after_reply && (!parked() || Resume(scratch));
  for (int reads = 0; go_on && readable && reads < kReadsPerTurn; ++reads) {
    go_on = ReadAndRun(scratch) && !worker_.dispatcher().turn_was_over();
  }
  if (closed_) return;
  if (readable && !parked() && !close_after_reply) {
    bulky |= worker_.ServesForLong();
    worker_.ServeSoon(*this);
  }
  if (!output.empty() || close_after_reply || peer_gone_) worker_.FlushSoon(*this);
  CountMemory();
}

// Reads once and runs what that completed. False when the client has to wait for something.
bool Connection::ReadAndRun(Scratch& scratch) {
  char* into = scratch.read;
  size_t room = Scratch::kReadBytes;
  const bool own_buffer = !input_.empty();
  if (own_buffer) {
    const size_t wanted = std::max(parser_.bytes_wanted(), kReadAheadBytes);
    into = input_.Room(wanted);
    room = std::min(input_.room(), kReadBytesMax);
  }
  const ssize_t count = Receive(into, &room);
  if (count <= 0) {
    if (count < 0 && errno == EINTR) return true;
    readable = false;
    if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
      peer_gone_ = true;
      if (output.empty() || count < 0) Close();
    }
    return false;
  }
  NoteRead(static_cast<size_t>(count), room);
  if (own_buffer) input_.Filled(static_cast<size_t>(count));
  worker_.DeliverPosted();
  if (closed_) return false;
  const std::string_view bytes =
      own_buffer ? input_.view() : std::string_view(into, static_cast<size_t>(count));
  return Run(bytes, own_buffer, scratch);
}

void Connection::NoteRead(size_t count, size_t room) {
  // After a short read nothing is left, but the end if its event has come: there is no other.
  if (count < room && !hung_up) readable = false;
  worker_.statistics().input_bytes.Add(count);
  worker_.statistics().reads.Add();
  record->input_total.store(record->input_total.load(std::memory_order_relaxed) + count,
                            std::memory_order_relaxed);
  record->last_active_us.store(worker_.steady_us(), std::memory_order_relaxed);
}

// Takes in what has arrived and runs nothing of it, so that a client which sends all its requests
// before it reads a reply can do so. The end of the connection is left for when they are run.
void Connection::ReadAhead() {
  for (int reads = 0; readable; ++reads) {
    if (reads == kReadsPerTurn) return worker_.ServeSoon(*this);
    char* const into = input_.Room(kReadAheadBytes);
    size_t room = std::min(input_.room(), kReadBytesMax);
    const ssize_t count = Receive(into, &room);
    if (count == 0) return;
    if (count < 0) {
      if (errno == EINTR) continue;
      readable = false;
      if (errno != EAGAIN && errno != EWOULDBLOCK) Close();
      return;
    }
    NoteRead(static_cast<size_t>(count), room);
    input_.Filled(static_cast<size_t>(count));
    if (!WithinLimits()) return;
  }
}

// Runs the requests in `bytes` and keeps what is incomplete. False when the client has to wait.
bool Connection::Run(std::string_view bytes, bool own_buffer, Scratch& scratch) {
  Dispatcher& dispatcher = worker_.dispatcher();
  parser_.limits.bulk_bytes_max = worker_.engine().options.proto_max_bulk_len;
  size_t offset = 0;  // of the first request that was not run
  parser_.Feed(bytes);
  while (true) {
    parser_.limits.authenticated = authenticated;
    // Before login one at a time: the limits change with it.
    const size_t batch_max = authenticated ? Scratch::kBatchMax : 1;
    size_t count = 0;
    ParseResult result = ParseResult::kMore;
    while (count < batch_max && parser_.has_bytes() &&
           (result = parser_.Next(&scratch.requests[count])) == ParseResult::kRequest) {
      dispatcher.Prepare(scratch.requests[count].args, database, &scratch.commands[count]);
      ++count;
    }
    if (result == ParseResult::kRequest && !parser_.has_bytes()) result = ParseResult::kMore;
    if (count > 1) PrefetchEntries(count, scratch);
    size_t done = 0;
    const bool go_on = RunBatch(count, scratch, &done);
    record->commands.store(record->commands.load(std::memory_order_relaxed) + done,
                           std::memory_order_relaxed);
    const size_t consumed = parser_.TakeConsumed();  // after the run: it drops inline words
    if (std::exchange(input_taken_, false)) {
      // The bytes went away with the last argument, and nothing came after it.
      parser_ = protocol::RequestParser();
      return WithinLimits() && go_on;
    }
    if (closed_ || close_after_reply) return false;
    if (!go_on) {
      // Not by adding up lengths: empty requests may lie between those that were not run.
      const size_t done_bytes = done < count ? scratch.requests[done].start : consumed;
      parser_ = protocol::RequestParser();
      Keep(bytes, own_buffer, offset + done_bytes);
      return false;
    }
    offset += consumed;
    parser_.Feed(bytes.substr(offset));
    if (result == ParseResult::kError) {
      RefuseProtocol();
      return false;
    }
    if (result == ParseResult::kMore) break;
    if (dispatcher.turn_was_over()) {
      Yield();
      break;
    }
  }
  Keep(bytes, own_buffer, offset);
  return WithinLimits() && !parked();
}

// By now the buckets of the whole batch have arrived: fetches the entries that they point at.
void Connection::PrefetchEntries(size_t count, const Scratch& scratch) const {
  const storage::Keyspace& keyspace = worker_.engine().keyspace;
  for (size_t i = 0; i < count; ++i) {
    const PreparedCommand& command = scratch.commands[i];
    if (command.info != nullptr && command.info->single_key && command.args.size() > 1) {
      keyspace.PrefetchEntry(database, command.key);
    }
  }
}

// Runs prepared requests in order. False when one is parked or settling, or the turn is over;
// `*done` counts the finished ones.
bool Connection::RunBatch(size_t count, Scratch& scratch, size_t* done) {
  Dispatcher& dispatcher = worker_.dispatcher();
  dispatcher.StartBatch();
  for (size_t i = 0; i < count; ++i) {
    if (record->killed.load(std::memory_order_relaxed)) {
      Close();
      return false;
    }
    running_ = true;
    const Disposition disposition = dispatcher.Execute(*this, scratch.commands[i]);
    running_ = false;
    *done = i;
    if (disposition == Disposition::kParked) {
      state_ = State::kParked;
      worker_.statistics().parked_commands.Add();
      worker_.Park(*this);
      return false;
    }
    *done = i + 1;
    if (close_after_reply) return false;
    if (disposition == Disposition::kBlocked) {
      state_ = State::kBlocked;
      worker_.Wait(*this);
      return false;
    }
    if (disposition == Disposition::kSettling) {
      state_ = State::kSettling;
      worker_.Park(*this);
      return false;
    }
    if (output.size() > kUnauthenticatedOutputBytesMax) {
      if (!WithinLimits()) return false;
      if (output.waiting_bytes() > kHeldOutputBytes) {
        state_ = State::kHeld;
        if (readable) worker_.ServeSoon(*this);  // to read ahead: no event will say so again
        return false;
      }
      dispatcher.StartBatch();  // sending is no command's time
    }
    if (dispatcher.turn_was_over() && i + 1 < count) {
      Yield();
      return false;
    }
  }
  return true;
}

// Goes on in the next turn with what has been read: in front, where it was others who took that
// long.
void Connection::Yield() {
  state_ = State::kYielded;
  bulky |= worker_.ServesForLong();
  worker_.ServeSoon(*this);
}

// Keeps the bytes from `offset` on for later.
void Connection::Keep(std::string_view bytes, bool own_buffer, size_t offset) {
  if (own_buffer) {
    input_.DropFront(offset);
  } else {
    input_.Append(bytes.substr(offset));
  }
  parser_.Feed(input_.view());
}

// Continues what was parked. False when it has to wait on.
bool Connection::Resume(Scratch& scratch) {
  if (state_ == State::kBlocked || state_ == State::kHandshake) return false;
  if (record->killed.load(std::memory_order_relaxed)) {
    Close();
    return false;
  }
  if (state_ == State::kHeld && output.waiting_bytes() > kResumedOutputBytes) {
    ReadAhead();
    return false;
  }
  if (state_ == State::kSettling && !worker_.dispatcher().Settle()) {
    worker_.Park(*this);
    return false;
  }
  state_ = State::kReady;
  if (input_.empty()) return true;
  return Run(input_.view(), true, scratch);
}

bool Connection::StartTls(std::shared_ptr<TlsContext> context, std::string_view refusal) {
  tls_ = TlsStream::Make(std::move(context), descriptor_, worker_.tls_scratch());
  refusal_ = refusal;
  state_ = State::kHandshake;
  return tls_ != nullptr;
}

void Connection::ShakeHands() {
  if (closed_ || close_after_reply) return;
  const TlsStream::Handshake shaken = tls_->Shake(hung_up);
  if (shaken == TlsStream::Handshake::kFailed) return EndHandshake(tls_->failure());
  AfterTlsCall();
  if (shaken == TlsStream::Handshake::kWaiting) {
    if (tls_->more()) worker_.ShakeHandsSoon(*this);
    return;
  }
  if (!refusal_.empty()) {
    reply.Error(refusal_);  // and stays as it is, so that nothing of it is ever run
    close_after_reply = true;
    worker_.FlushSoon(*this);
    return;
  }
  state_ = State::kReady;
  readable = true;  // its first request may have come with the end of the handshake
  worker_.ServeSoon(*this);
}

void Connection::EndHandshake(std::string_view failure) {
  tls_->context().failures().Note(worker_.steady_us(), record->address, record->local_address,
                                  failure);
  Close();
}

// As recv; shortens `*room` to what was read where more may be left in spite of a short count.
ssize_t Connection::Receive(char* into, size_t* room) {
  if (tls_ == nullptr) return recv(descriptor_, into, *room, 0);
  *room = std::min(*room, TlsStream::kBytesPerCall);
  const ssize_t count = tls_->Read(into, *room, hung_up);
  AfterTlsCall();
  if (count > 0 && tls_->more()) *room = static_cast<size_t>(count);
  return count;
}

ssize_t Connection::Send(msghdr& message) {
  const ssize_t sent = tls_->Write({message.msg_iov, message.msg_iovlen});
  const int error = errno;
  AfterTlsCall();
  errno = error;
  return sent;
}

void Connection::AfterTlsCall() {
  holds_records = tls_->holds_records();
  own_bytes_ = static_cast<int64_t>(sizeof(Connection) + tls_->memory_bytes());
}

void Connection::SendHeldRecords() {
  const bool failed = !tls_->Push() && errno != EAGAIN;
  AfterTlsCall();
  if (failed) Close();
}

void Connection::RefuseProtocol() {
  if (parser_.cross_protocol()) {
    worker_.engine().log.Warning(
        fmt::format("Possible SECURITY ATTACK detected. It looks like somebody is sending POST or "
                    "Host: commands to Larder. Connection from {} aborted.",
                    record->address));
    Close();
    return;
  }
  worker_.engine().log.Verbose(
      fmt::format("Protocol error ({}) from client {}", parser_.error(), record->address));
  const std::string error = fmt::format("ERR Protocol error: {}", parser_.error());
  worker_.statistics().CountError(error);
  reply.Error(error);
  close_after_reply = true;
}

bool Connection::WithinLimits() {
  // So little is within every limit that makes sense.
  if (input_.empty() && output.size() <= kIdleOutputBytesMax && soft_limit_since_us_ == 0) {
    return true;
  }
  const LiveOptions& options = worker_.engine().options;
  const size_t input_max = authenticated ? static_cast<size_t>(options.client_query_buffer_limit)
                                         : kUnauthenticatedInputBytesMax;
  if (input_.size() > input_max) {
    worker_.statistics().query_limit_disconnections.Add();
    worker_.engine().log.Warning(
        fmt::format("Closing client {} that reached max query buffer length ({} bytes)",
                    record->address, input_.size()));
    Close();
    return false;
  }
  const bool pubsub = subscription_count() + shard_subscription_count() > 0;
  const LiveOutputLimit& limit =
      options.output_limit(pubsub ? OutputClass::kPubSub : OutputClass::kNormal);
  const size_t held = output.waiting_bytes();
  const size_t hard =
      authenticated ? static_cast<size_t>(limit.hard_bytes) : kUnauthenticatedOutputBytesMax;
  const bool over_hard = hard != 0 && held > hard;
  bool over_soft = false;
  const size_t soft = static_cast<size_t>(limit.soft_bytes);
  if (soft == 0 || held <= soft) {
    soft_limit_since_us_ = 0;
  } else if (soft_limit_since_us_ == 0) {
    soft_limit_since_us_ = worker_.steady_us();
  } else {
    over_soft = worker_.steady_us() - soft_limit_since_us_ > limit.soft_seconds * 1'000'000;
  }
  if (!over_hard && !over_soft) return true;
  // The client may just not have been given the chance to read yet.
  Flush(SIZE_MAX);
  if (closed_) return false;
  if (output.waiting_bytes() <= (over_hard ? hard : soft)) return true;
  worker_.statistics().output_limit_disconnections.Add();
  worker_.engine().log.Warning(
      fmt::format("Client {} scheduled to be closed ASAP for overcoming of output buffer "
                  "limits ({} bytes wait)",
                  record->address, output.size()));
  Close();
  return false;
}

void Connection::Flush(size_t bytes_max) {
  queued_to_flush = false;
  if (closed_ || state_ == State::kSettling) return;
  for (size_t sent_bytes = 0; !output.empty();) {
    if (sent_bytes >= bytes_max) {
      worker_.FlushSoon(*this);
      return;
    }
    iovec vectors[kVectorsPerWrite];
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = static_cast<size_t>(output.Gather(vectors, kVectorsPerWrite));
    if (output.size() > bytes_max) Clip(message, bytes_max);
    ssize_t sent;
    if (tls_ != nullptr) {
      sent = Send(message);
    } else if (message.msg_iovlen == 1) {
      sent = send(descriptor_, vectors[0].iov_base, vectors[0].iov_len, MSG_NOSIGNAL);
    } else {
      sent = sendmsg(descriptor_, &message, MSG_NOSIGNAL);
    }
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;  // an event says when it takes more
      Close();
      return;
    }
    worker_.statistics().output_bytes.Add(static_cast<uint64_t>(sent));
    worker_.statistics().writes.Add();
    record->output_total.store(
        record->output_total.load(std::memory_order_relaxed) + static_cast<uint64_t>(sent),
        std::memory_order_relaxed);
    output.Consume(static_cast<size_t>(sent));
    sent_bytes += static_cast<size_t>(sent);
  }
  if (state_ == State::kHeld && output.waiting_bytes() <= kResumedOutputBytes) {
    worker_.ServeSoon(*this);
  }
  FinishUnlessSending();
}

void Connection::FinishUnlessSending() {
  if (output.empty() && (close_after_reply || peer_gone_)) {
    Close();
    return;
  }
  CountMemory();
}

void Connection::OutputReady() {
  if (!closed_ && !running_) WithinLimits();
  if (!closed_) worker_.FlushSoon(*this);
}

void* Connection::TakeArgumentMemory(std::string_view argument) {
  const std::string_view all = input_.view();
  const bool is_last = argument.data() > all.data() &&
                       argument.data() + argument.size() + 2 == all.data() + all.size();
  if (!is_last || argument.size() < kTakenArgumentBytesMin ||
      argument.size() < input_.capacity() - input_.capacity() / 8) {
    return nullptr;
  }
  input_taken_ = true;
  return input_.Take();
}

void Connection::WaitEnded(const Waiter& ended) {
  worker_.ForgetWait(ended, id());
  if (closed_) return;
  state_ = State::kParked;  // what was sent after the blocking command is in input_
  worker_.Park(*this);
}

void Connection::EventWhileParked() {
  if (state_ == State::kBlocked) LookForEnd();
  if (state_ == State::kHandshake) worker_.ShakeHandsSoon(*this);
  if (state_ == State::kHeld) worker_.ServeSoon(*this);  // to read ahead
}

// Not by reading: requests may lie before the end, and wait with their client.
void Connection::LookForEnd() {
  pollfd events{.fd = descriptor_, .events = POLLRDHUP, .revents = 0};
  if (poll(&events, 1, 0) > 0) Close();
}

void Connection::Close() {
  if (closed_) return;
  closed_ = true;
  if (tls_ != nullptr) tls_->Finish();
  worker_.Bury(*this);
}

void Connection::Tend(int64_t now_us) {
  if (closed_) return;
  if (state_ == State::kHandshake) {
    if (now_us - record->connected_at_us >= kHandshakeUsMax)
      EndHandshake("TLS handshake timed out");
    return;
  }
  const int64_t timeout_s = worker_.engine().options.timeout;
  const int64_t idle_us = now_us - record->last_active_us.load(std::memory_order_relaxed);
  if (timeout_s > 0 && idle_us > timeout_s * 1'000'000 && !parked() &&
      subscription_count() + shard_subscription_count() == 0 && !monitor) {
    worker_.engine().log.Verbose(fmt::format("Closing idle client {}", record->address));
    Close();
    return;
  }
  if (idle_us > 1'000'000 && output.empty() && output.memory_bytes() > kIdleOutputBytesMax) {
    output.Trim();
  }
  if (idle_us > 1'000'000 && input_.empty()) input_.Release();
  WithinLimits();
  if (!closed_) CountMemory();
}

void Connection::CountMemory() {
  const auto bytes =
      own_bytes_ + static_cast<int64_t>(input_.capacity() + output.memory_bytes() +
                                        (transaction == nullptr ? 0 : transaction->bytes) +
                                        (fieldsets == nullptr ? 0 : fieldsets->bytes()));
  // These change while what the buffers could hold does not.
  record->query_bytes.store(static_cast<int64_t>(input_.size()), std::memory_order_relaxed);
  record->query_free_bytes.store(static_cast<int64_t>(input_.capacity() - input_.size()),
                                 std::memory_order_relaxed);
  record->output_bytes.store(static_cast<int64_t>(output.size()), std::memory_order_relaxed);
  if (bytes == counted_bytes_) return;
  if (closed_) return;
  counted_bytes_ = bytes;
  const auto reply_bytes = static_cast<int64_t>(output.memory_bytes());
  record->reply_buffer_bytes.store(reply_bytes, std::memory_order_relaxed);
  if (reply_bytes > record->reply_buffer_peak_bytes.load(std::memory_order_relaxed)) {
    record->reply_buffer_peak_bytes.store(reply_bytes, std::memory_order_relaxed);
  }
  worker_.engine().client_eviction.Update(record, bytes);
}

}  // namespace larder
