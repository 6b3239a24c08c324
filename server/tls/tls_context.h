// What TLS connections are made from: the server's certificate and key, whom it trusts, and which
// protocols and ciphers it speaks, as the options tls-* say.
//
// A context never changes and is shared by all workers. When an option is set another one takes its
// place; connections that are there keep what they were made from.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "server/config/outcome.h"
#include "server/tls/tls_failures.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace larder {

class Logger;
class OptionStore;

class TlsContext {
 public:
  // Reads the files that the options name. Null, and the reason in `*error`, where they make none.
  static std::shared_ptr<TlsContext> Make(const OptionStore& options, TlsFailures& failures,
                                          std::string* error);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* get() const { return context_; }
  TlsFailures& failures() const { return failures_; }

 private:
  TlsContext(ssl_ctx_st* context, TlsFailures& failures) : context_(context), failures_(failures) {}

  ssl_ctx_st* const context_;
  TlsFailures& failures_;
};

// The context for the next connection. Thread-safe, but for its construction.
class TlsContexts {
 public:
  // Has every change of an option tls-* make a new context; one that fails is refused, and the old
  // one stays in use.
  TlsContexts(OptionStore& options, Logger& log);

  // Makes a context, where the options ask for TLS at all. The error is what CONFIG SET answers;
  // the log has the reason.
  Outcome Load();

  // Null before the first Load.
  std::shared_ptr<TlsContext> Current() const;

 private:
  OptionStore& options_;
  Logger& log_;
  TlsFailures failures_;
  mutable std::mutex mutex_;
  std::shared_ptr<TlsContext> current_;  // under `mutex_`
};

}  // namespace larder
