#include "server/tls/tls_context.h"

#include <fmt/format.h>
#include <openssl/dh.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "server/config/option_lookup.h"
#include "server/config/option_store.h"
#include "server/logging.h"

namespace larder {
namespace {

constexpr unsigned char kSessionContext[] = "larder";

// Every option that a context is made from. tls-auth-clients too, which Redis asks for at each
// accept: what was agreed with a client that showed no certificate must not be resumed once it has
// to, and a new context knows nothing of the old one's sessions.
constexpr const char* kOptionNames[] = {"tls-cert-file",          "tls-key-file",
                                        "tls-key-file-pass",      "tls-ca-cert-file",
                                        "tls-ca-cert-dir",        "tls-auth-clients",
                                        "tls-protocols",          "tls-ciphers",
                                        "tls-ciphersuites",       "tls-prefer-server-ciphers",
                                        "tls-dh-params-file",     "tls-session-caching",
                                        "tls-session-cache-size", "tls-session-cache-timeout"};

enum class AuthClients : int64_t { kNo, kYes, kOptional };  // the numbers of tls-auth-clients

struct Protocol {
  std::string_view name;
  uint64_t without;  // the option that switches it off
  bool by_default;
};

constexpr Protocol kProtocols[] = {{"tlsv1", SSL_OP_NO_TLSv1, false},
                                   {"tlsv1.1", SSL_OP_NO_TLSv1_1, false},
                                   {"tlsv1.2", SSL_OP_NO_TLSv1_2, true},
                                   {"tlsv1.3", SSL_OP_NO_TLSv1_3, true}};

// The newest of OpenSSL's errors of this thread; forgets all of them.
std::string TakeError() {
  const unsigned long code = ERR_peek_last_error();
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return code == 0 ? "unknown error" : text;
}

// Without it OpenSSL would ask on the terminal.
int GivePassword(char* into, int room, int, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  if (text.empty() || text.size() > static_cast<size_t>(room)) return -1;
  std::memcpy(into, text.data(), text.size());
  return static_cast<int>(text.size());
}

// Makes a context step by step; each step answers why it failed, or nothing.
class ContextBuilder {
 public:
  ContextBuilder(const OptionStore& options, SSL_CTX* context)
      : options_(options), context_(context) {}

  std::string Build() {
    using Step = std::string (ContextBuilder::*)();
    constexpr Step kSteps[] = {&ContextBuilder::LimitProtocols, &ContextBuilder::UseCertificate,
                               &ContextBuilder::UseAuthorities, &ContextBuilder::LimitCiphers,
                               &ContextBuilder::UseDhParameters};
    SSL_CTX_set_options(context_, SSL_OP_NO_SSLv3 | SSL_OP_NO_RENEGOTIATION |
                                      SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Idle clients give their 34 KB of buffers back; a whole flight is read by one system call.
    SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context_, 1);
    for (const Step step : kSteps) {
      if (std::string error = (this->*step)(); !error.empty()) return error;
    }
    CacheSessions();
    return {};
  }

 private:
  std::string LimitProtocols() {
    uint64_t without = 0;
    const std::vector<std::string> words = options_.Words("tls-protocols");
    for (const Protocol& protocol : kProtocols) {
      const bool named = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return LowerCase(word) == protocol.name;
      });
      if (words.empty() ? !protocol.by_default : !named) without |= protocol.without;
    }
    for (const std::string& word : words) {
      const bool known =
          std::any_of(std::begin(kProtocols), std::end(kProtocols),
                      [&](const Protocol& protocol) { return LowerCase(word) == protocol.name; });
      if (!known) {
        return "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', "
               "'TLSv1.2' and 'TLSv1.3'.";
      }
    }
    SSL_CTX_set_options(context_, without);
    return {};
  }

  std::string UseCertificate() {
    const std::string certificate = options_.Text("tls-cert-file");
    const std::string key = options_.Text("tls-key-file");
    if (certificate.empty()) return "No tls-cert-file configured!";
    if (key.empty()) return "No tls-key-file configured!";
    std::string password = options_.Text("tls-key-file-pass");
    SSL_CTX_set_default_passwd_cb(context_, GivePassword);
    SSL_CTX_set_default_passwd_cb_userdata(context_, &password);
    std::string error;
    if (SSL_CTX_use_certificate_chain_file(context_, certificate.c_str()) <= 0) {
      error = fmt::format("Failed to load certificate: {}: {}", certificate, TakeError());
    } else if (SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) <= 0 ||
               SSL_CTX_check_private_key(context_) <= 0) {
      error = fmt::format("Failed to load private key: {}: {}", key, TakeError());
    }
    SSL_CTX_set_default_passwd_cb(context_, nullptr);
    SSL_CTX_set_default_passwd_cb_userdata(context_, nullptr);
    return error;
  }

  std::string UseAuthorities() {
    const auto wanted = static_cast<AuthClients>(options_.Number("tls-auth-clients"));
    const std::string file = options_.Text("tls-ca-cert-file");
    const std::string folder = options_.Text("tls-ca-cert-dir");
    if (wanted != AuthClients::kNo && file.empty() && folder.empty()) {
      return "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-auth-clients "
             "is enabled!";
    }
    const auto path = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    if ((!file.empty() || !folder.empty()) &&
        SSL_CTX_load_verify_locations(context_, path(file), path(folder)) <= 0) {
      return "Failed to configure CA certificate(s) file/directory: " + TakeError();
    }
    int mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    if (wanted == AuthClients::kOptional) mode = SSL_VERIFY_PEER;
    if (wanted == AuthClients::kNo) mode = SSL_VERIFY_NONE;
    SSL_CTX_set_verify(context_, mode, nullptr);
    return {};
  }

  std::string LimitCiphers() {
    const std::string ciphers = options_.Text("tls-ciphers");
    const std::string suites = options_.Text("tls-ciphersuites");
    if (!ciphers.empty() && SSL_CTX_set_cipher_list(context_, ciphers.c_str()) != 1) {
      return "Failed to configure ciphers: " + ciphers;
    }
    if (!suites.empty() && SSL_CTX_set_ciphersuites(context_, suites.c_str()) != 1) {
      return "Failed to configure ciphersuites: " + suites;
    }
    if (options_.Number("tls-prefer-server-ciphers") != 0) {
      SSL_CTX_set_options(context_, SSL_OP_CIPHER_SERVER_PREFERENCE);
    }
    return {};
  }

  std::string UseDhParameters() {
    const std::string path = options_.Text("tls-dh-params-file");
    if (path.empty()) {
      SSL_CTX_set_dh_auto(context_, 1);
      return {};
    }
    BIO* const file = BIO_new_file(path.c_str(), "r");
    EVP_PKEY* const parameters = file == nullptr ? nullptr : PEM_read_bio_Parameters(file, nullptr);
    BIO_free(file);
    // Takes the parameters over where it succeeds.
    if (parameters == nullptr || SSL_CTX_set0_tmp_dh_pkey(context_, parameters) <= 0) {
      EVP_PKEY_free(parameters);
      return fmt::format("Failed to load DH params file: {}: {}", path, TakeError());
    }
    return {};
  }

  void CacheSessions() {
    SSL_CTX_set_session_id_context(context_, kSessionContext, sizeof kSessionContext - 1);
    if (options_.Number("tls-session-caching") == 0) {
      SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
      SSL_CTX_set_options(context_, SSL_OP_NO_TICKET);
      SSL_CTX_set_num_tickets(context_, 0);
      return;
    }
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(context_, options_.Number("tls-session-cache-size"));
    SSL_CTX_set_timeout(context_, options_.Number("tls-session-cache-timeout"));
  }

  const OptionStore& options_;
  SSL_CTX* const context_;
};

}  // namespace

std::shared_ptr<TlsContext> TlsContext::Make(const OptionStore& options, TlsFailures& failures,
                                             std::string* error) {
  ERR_clear_error();
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) {
    *error = TakeError();
    return nullptr;
  }
  // Owned from here on.
  std::shared_ptr<TlsContext> made(new TlsContext(context, failures));
  *error = ContextBuilder(options, context).Build();
  ERR_clear_error();
  return error->empty() ? made : nullptr;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsContexts::TlsContexts(OptionStore& options, Logger& log)
    : options_(options), log_(log), failures_(log) {
  for (const char* name : kOptionNames) {
    options.OnChange(name, [this](const std::string&) { return Load(); });
  }
}

Outcome TlsContexts::Load() {
  if (options_.Number("tls-port") == 0) return Outcome::Ok();
  std::string error;
  std::shared_ptr<TlsContext> made = TlsContext::Make(options_, failures_, &error);
  if (made == nullptr) {
    log_.Warning(error);
    return Outcome::Failed("Unable to update TLS configuration. Check server logs.");
  }
  const std::lock_guard lock(mutex_);
  current_ = std::move(made);
  return Outcome::Ok();
}

std::shared_ptr<TlsContext> TlsContexts::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace larder
