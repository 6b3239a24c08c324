#include "server/tls/tls_stream.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "server/tls/tls_context.h"

namespace larder {
namespace {

constexpr size_t kRecordOverheadMax = 512;  // of one record, generously

}  // namespace

// The way of OpenSSL's bytes from and to the stream's socket. What it writes is gathered: it never
// has to wait, so that no call of SSL_write has to be repeated.
struct TlsSocket {
  static TlsStream& StreamOf(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* into, size_t room, size_t* count) {
    TlsStream& stream = StreamOf(bio);
    BIO_clear_retry_flags(bio);
    *count = 0;
    if (stream.ended_) return 0;
    if (stream.drained_ || stream.socket_bytes_left_ == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t wanted = std::min(room, stream.socket_bytes_left_);
    ssize_t received;
    do {
      received = recv(stream.descriptor_, into, wanted, 0);
    } while (received < 0 && errno == EINTR);
    if (received > 0) {
      *count = static_cast<size_t>(received);
      stream.socket_bytes_left_ -= *count;
      stream.drained_ = *count < wanted && !stream.hung_up_;
      return 1;
    }
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      stream.drained_ = true;
      BIO_set_retry_read(bio);
      return -1;
    }
    stream.ended_ = true;
    return 0;
  }

  static int Write(BIO* bio, const char* bytes, size_t size, size_t* count) {
    BIO_clear_retry_flags(bio);
    StreamOf(bio).scratch_.records.Append({bytes, size});
    *count = size;
    return 1;
  }

  static long Control(BIO* bio, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH:
        return 1;
      case BIO_CTRL_EOF:
        return StreamOf(bio).ended_ ? 1 : 0;
      default:
        return 0;
    }
  }

  static const BIO_METHOD* Method() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "larder socket");
      BIO_meth_set_read_ex(made, Read);
      BIO_meth_set_write_ex(made, Write);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    return method;
  }
};

std::unique_ptr<TlsStream> TlsStream::Make(std::shared_ptr<TlsContext> context, int descriptor,
                                           TlsScratch& scratch) {
  SSL* const ssl = SSL_new(context->get());
  BIO* const bio = BIO_new(TlsSocket::Method());
  if (ssl == nullptr || bio == nullptr) {
    SSL_free(ssl);
    BIO_free(bio);
    ERR_clear_error();
    return nullptr;
  }
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(context), descriptor, scratch, ssl));
  BIO_set_data(bio, stream.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);  // takes it over
  SSL_set_accept_state(ssl);
  return stream;
}

TlsStream::TlsStream(std::shared_ptr<TlsContext> context, int descriptor, TlsScratch& scratch,
                     SSL* ssl)
    : context_(std::move(context)), scratch_(scratch), ssl_(ssl), descriptor_(descriptor) {}

TlsStream::~TlsStream() { SSL_free(ssl_); }

void TlsStream::BeginReading(bool hung_up) {
  ERR_clear_error();
  drained_ = false;
  hung_up_ = hung_up;
  socket_bytes_left_ = kSocketBytesPerCall;
}

TlsStream::Handshake TlsStream::Shake(bool hung_up) {
  BeginReading(hung_up);
  const int done = SSL_do_handshake(ssl_);
  const int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, done);
  if (done == 1) {
    established_ = true;
  } else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
    failed_ = true;
    failure_ = WhyHandshakeFailed(error);
    (void)Push();  // the alert says why
    return Handshake::kFailed;
  }
  if (!Push() && errno != EAGAIN) {
    failed_ = true;
    failure_ = std::strerror(errno);
    return Handshake::kFailed;
  }
  more_ = !drained_;
  return done == 1 ? Handshake::kDone : Handshake::kWaiting;
}

std::string TlsStream::WhyHandshakeFailed(int error) const {
  const unsigned long code = ERR_peek_last_error();
  if (error == SSL_ERROR_ZERO_RETURN || code == 0) return "Connection closed in the TLS handshake";
  const char* const reason = ERR_reason_error_string(code);
  std::string text = reason == nullptr ? "TLS handshake failed" : reason;
  const long verified = SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK) {
    text += fmt::format(" ({})", X509_verify_cert_error_string(verified));
  }
  return text;
}

ssize_t TlsStream::Read(char* into, size_t room, bool hung_up) {
  BeginReading(hung_up);
  more_ = false;
  size_t count = 0;
  int error = failed_ ? SSL_ERROR_SSL : SSL_ERROR_NONE;
  while (count < room && error == SSL_ERROR_NONE) {
    size_t decrypted = 0;
    const int done = SSL_read_ex(ssl_, into + count, room - count, &decrypted);
    count += decrypted;
    if (done != 1) {
      error = SSL_get_error(ssl_, done);
    } else if (drained_ && SSL_has_pending(ssl_) == 0) {
      error = SSL_ERROR_WANT_READ;  // as it would say
    }
  }
  failed_ |= error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
  // Where the peer asked for new keys, or has to hear of an error.
  if (!scratch_.records.empty() && !Push() &&
      (errno != EAGAIN || unsent_.size() > kUnsentBytesMax)) {
    failed_ = true;
  }
  const bool waiting = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  // The room was too small, the end comes next, or this call has had its share of the socket.
  more_ = !waiting || !drained_ || failed_;
  if (count > 0) return static_cast<ssize_t>(count);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  // Interrupted: what was read were not its bytes, but there may be more.
  errno = failed_ ? EPROTO : more_ ? EINTR : EAGAIN;
  return -1;
}

ssize_t TlsStream::Write(std::span<const iovec> pieces) {
  if (!unsent_.empty() && !Push()) return -1;
  if (encrypted_bytes_ > 0) return static_cast<ssize_t>(std::exchange(encrypted_bytes_, 0));
  size_t taken = 0;
  if (failed_ || !EncryptAll(pieces, &taken)) {
    failed_ = true;
    scratch_.records.DropFront(scratch_.records.size());
    errno = EPROTO;
    return -1;
  }
  if (Push()) return static_cast<ssize_t>(taken);
  encrypted_bytes_ = taken;
  return -1;
}

bool TlsStream::EncryptAll(std::span<const iovec> pieces, size_t* taken) {
  ERR_clear_error();
  size_t bytes = 0;
  for (const iovec& piece : pieces) bytes += piece.iov_len;
  bytes = std::min(bytes, kBytesPerCall);
  scratch_.records.Room(bytes + bytes / 16 + kRecordOverheadMax);
  size_t staged = 0;
  for (size_t i = 0; i < pieces.size() && *taken < kBytesPerCall; ++i) {
    const char* at = static_cast<const char*>(pieces[i].iov_base);
    size_t left = std::min(pieces[i].iov_len, kBytesPerCall - *taken);
    *taken += left;
    const bool last = i + 1 == pieces.size() || *taken == kBytesPerCall;
    while (left > 0) {
      size_t count = left;
      if (staged == 0 && (last || left >= TlsScratch::kRecordBytes)) {
        if (!last) count -= left % TlsScratch::kRecordBytes;
        if (!Encrypt(at, count)) return false;
      } else {
        count = std::min(left, TlsScratch::kRecordBytes - staged);
        std::memcpy(scratch_.plain + staged, at, count);
        staged += count;
        if (staged == TlsScratch::kRecordBytes &&
            !Encrypt(scratch_.plain, std::exchange(staged, 0))) {
          return false;
        }
      }
      at += count;
      left -= count;
    }
  }
  return staged == 0 || Encrypt(scratch_.plain, staged);
}

bool TlsStream::Encrypt(const char* bytes, size_t count) {
  while (count > 0) {
    size_t written = 0;
    if (SSL_write_ex(ssl_, bytes, count, &written) != 1) return false;
    bytes += written;
    count -= written;
  }
  return true;
}

bool TlsStream::Push() {
  InputBuffer& records = scratch_.records;
  if (!unsent_.empty()) {
    unsent_.Append(records.view());
    records.DropFront(records.size());
    if (!SendRecords(unsent_)) return false;
    unsent_.Release();
    return true;
  }
  if (SendRecords(records)) return true;
  const int error = errno;
  unsent_.Append(records.view());
  records.DropFront(records.size());
  errno = error;
  return false;
}

// False where not all has gone (errno).
bool TlsStream::SendRecords(InputBuffer& records) {
  size_t sent_bytes = 0;
  bool open = true;
  while (open && sent_bytes < records.size()) {
    const std::string_view left = records.view().substr(sent_bytes);
    const ssize_t sent = send(descriptor_, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      sent_bytes += static_cast<size_t>(sent);
    } else {
      open = errno == EINTR;
    }
  }
  const int error = errno;
  records.DropFront(sent_bytes);
  errno = error == EWOULDBLOCK ? EAGAIN : error;
  return open;
}

void TlsStream::Finish() {
  if (!established_ || failed_ || !unsent_.empty()) return;
  failed_ = true;  // nothing comes after it
  ERR_clear_error();
  SSL_shutdown(ssl_);
  (void)Push();
}

}  // namespace larder
