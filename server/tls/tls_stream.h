// TLS on one accepted, non-blocking socket: what Read and Write give and take is the plain text of
// what goes over the wire. They answer as recv and send do, errno included.
//
// Readiness. Read goes on until it has filled the room or taken all that the socket had: after a
// short count nothing is left, neither in the socket nor in here, unless more() says otherwise. So
// an edge-triggered poller serves a TLS client as any other. A read costs one recv as a plain one
// does: after a short one the socket is not asked again until the next Read.
//
// Writing. Records gather in a buffer that all streams of a thread share and go out by one send.
// What the socket does not take stays here, and Write says EAGAIN until it has gone; only then it
// says how much plain text that was. So the caller keeps what it has not sent as with a plain
// socket, and what it gives to the next Write must begin with the same bytes.
//
// Not thread-safe. Never blocks.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/input_buffer.h"

struct ssl_st;  // OpenSSL's SSL

namespace larder {

class TlsContext;

// What the streams of one thread share, one at a time.
struct TlsScratch {
  static constexpr size_t kRecordBytes = 16 * 1024;  // the most that TLS allows

  InputBuffer records;  // encrypted, on their way to the socket
  char plain[kRecordBytes];
};

class TlsStream {
 public:
  // Plain text that one Read or Write takes: encrypting it stays well below a turn's budget.
  static constexpr size_t kBytesPerCall = 128 * 1024;
  // What an SSL object of an established connection without buffers takes, about.
  static constexpr size_t kIdleBytes = 12 * 1024;

  // Null where there is no memory for one. The descriptor stays the caller's.
  static std::unique_ptr<TlsStream> Make(std::shared_ptr<TlsContext> context, int descriptor,
                                         TlsScratch& scratch);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  enum class Handshake { kWaiting, kDone, kFailed };
  // Goes on with the handshake; kWaiting until the socket says more, or at once where more(). The
  // costly step (a signature, up to a millisecond with RSA) is one call. `hung_up`: the poller has
  // told of the peer's end, so that a short count from the socket is not the last.
  Handshake Shake(bool hung_up);
  // After kFailed: why.
  const std::string& failure() const { return failure_; }

  // REQUIRES: the handshake is done.
  ssize_t Read(char* into, size_t room, bool hung_up);
  // Whether calling Read again may give something without the socket saying so.
  bool more() const { return more_; }

  // Encrypts and sends the beginning of `pieces`, at most kBytesPerCall of it. Pieces of whole
  // records are encrypted where they lie, smaller ones share a record.
  ssize_t Write(std::span<const iovec> pieces);

  // Sends what the socket did not take before. False where it still does not, or never will
  // (errno).
  bool Push();
  bool holds_records() const { return !unsent_.empty(); }

  // Says goodbye, if there is anybody to hear it.
  void Finish();

  size_t memory_bytes() const { return kIdleBytes + unsent_.capacity(); }
  TlsContext& context() const { return *context_; }

 private:
  friend struct TlsSocket;  // OpenSSL's view of the descriptor
  // Beyond this a peer that makes the server answer, and does not read, is closed.
  static constexpr size_t kUnsentBytesMax = 512 * 1024;
  // Encrypted bytes that one Read or Shake takes from the socket.
  static constexpr size_t kSocketBytesPerCall = 2 * kBytesPerCall;

  TlsStream(std::shared_ptr<TlsContext> context, int descriptor, TlsScratch& scratch, ssl_st* ssl);
  void BeginReading(bool hung_up);
  bool Encrypt(const char* bytes, size_t count);
  bool EncryptAll(std::span<const iovec> pieces, size_t* taken);
  bool SendRecords(InputBuffer& records);
  std::string WhyHandshakeFailed(int error) const;

  const std::shared_ptr<TlsContext> context_;
  TlsScratch& scratch_;
  ssl_st* const ssl_;
  const int descriptor_;
  bool drained_ = false;  // the socket has nothing more until its next event
  bool ended_ = false;    // the peer's
  bool hung_up_ = false;
  bool more_ = false;
  bool established_ = false;
  bool failed_ = false;           // for good
  size_t socket_bytes_left_ = 0;  // of kSocketBytesPerCall
  size_t encrypted_bytes_ = 0;    // plain text whose records are in unsent_
  InputBuffer unsent_;
  std::string failure_;
};

}  // namespace larder
