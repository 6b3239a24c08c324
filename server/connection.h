// One client's socket: reads requests, has them run, sends the replies. Owned by a worker, used on
// its thread only.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "protocol/request_parser.h"
#include "server/dispatcher.h"
#include "server/input_buffer.h"
#include "server/poller.h"
#include "server/session.h"

namespace larder {

class TlsContext;
class TlsStream;
class Worker;

// Buffers of a worker that its connections share, one at a time.
struct Scratch {
  static constexpr size_t kReadBytes = 64 * 1024;
  static constexpr size_t kBatchMax = 64;

  epoll_event events[256];
  char read[kReadBytes];
  protocol::Request requests[kBatchMax];
  PreparedCommand commands[kBatchMax];
};

class Connection final : public Session {
 public:
  Connection(Engine& engine, Mailbox& mailbox, std::shared_ptr<ClientRecord> record, Worker& worker,
             int descriptor);
  ~Connection() override;

  int descriptor() const { return descriptor_; }

  // Has what goes over the socket be TLS; called first if at all. It begins with the handshake,
  // after which a client that has a `refusal` hears it and is closed. False without memory for it.
  bool StartTls(std::shared_ptr<TlsContext> context, std::string_view refusal);
  // Goes on with the handshake. Until it is done nothing else happens to the client.
  // REQUIRES: shaking_hands(), or closed().
  void ShakeHands();
  bool shaking_hands() const { return state_ == State::kHandshake; }

  // Reads and runs what has arrived, one command at least, until the worker's turn is over; replies
  // gather in `output` until Flush. Also continues what was parked.
  void Serve(Scratch& scratch);
  // Sends what waits, up to about `bytes_max`; asks for another turn when that was not all. Called
  // again when the socket takes more.
  static constexpr size_t kBytesPerFlush = 128 * 1024;
  void Flush(size_t bytes_max = kBytesPerFlush);

  void OutputReady() override;  // from Session: has Flush called soon
  void* TakeArgumentMemory(std::string_view argument) override;
  void WaitEnded(
      const Waiter& ended) override;  // from Session: goes on with what was sent meanwhile
  // Its socket has something while it is parked.
  void EventWhileParked();
  // While it waits for a key nothing is read, but its end must be seen.
  void LookForEnd();
  // Sends what TLS holds back although `output` is empty.
  void SendHeldRecords();

  // Marks for closing; the worker destroys it when nothing uses it any more. Idempotent.
  void Close();
  bool closed() const { return closed_; }
  bool running() const { return running_; }                // a command of its is on the stack
  bool parked() const { return state_ != State::kReady; }  // what came first has to go first

  // What the events said.
  bool readable = true;
  bool hung_up = false;  // the end is to be read, behind what was sent
  bool queued_to_serve = false;
  // What it last sent took long: it waits behind those that ask for little.
  bool bulky = false;
  bool took_long = false;  // the last time
  bool queued_to_flush = false;
  bool holds_records = false;  // SendHeldRecords when the socket takes more

  // Once a second or so: timeouts, soft limits, memory that idle clients need not keep.
  void Tend(int64_t now_us);

  // Bytes of buffers counted against the budget.
  void CountMemory();

 private:
  // kYielded: the turn was over before its requests were; the rest is in input_.
  // kHeld: so much of its replies is unsent that its further requests wait in input_.
  enum class State : uint8_t { kReady, kYielded, kParked, kSettling, kBlocked, kHeld, kHandshake };

  bool ReadAndRun(Scratch& scratch);
  bool Run(std::string_view bytes, bool own_buffer, Scratch& scratch);
  void PrefetchEntries(size_t count, const Scratch& scratch) const;
  bool RunBatch(size_t count, Scratch& scratch, size_t* done);
  void Yield();
  void Keep(std::string_view rest, bool own_buffer, size_t offset);
  bool Resume(Scratch& scratch);
  void ReadAhead();
  void NoteRead(size_t count, size_t room);
  ssize_t Receive(char* into, size_t* room);
  ssize_t Send(msghdr& message);
  void AfterTlsCall();
  void EndHandshake(std::string_view failure);
  void RefuseProtocol();
  bool WithinLimits();
  void FinishUnlessSending();

  Worker& worker_;
  const int descriptor_;
  std::unique_ptr<TlsStream> tls_;  // null: plain
  protocol::RequestParser parser_;
  InputBuffer input_;
  State state_ = State::kReady;
  bool closed_ = false;
  bool running_ = false;
  bool peer_gone_ = false;
  bool input_taken_ = false;  // by TakeArgumentMemory, in the running batch
  int64_t soft_limit_since_us_ = 0;
  int64_t own_bytes_;  // of this object and of TLS, for CountMemory
  int64_t counted_bytes_ = 0;
  std::string_view refusal_;  // see StartTls
};

}  // namespace larder
