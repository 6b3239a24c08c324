#include "tests/support/certificates.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace larder {
namespace {

constexpr long kValidSeconds = 24 * 60 * 60;

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (extension == nullptr) ADD_FAILURE() << "extension " << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// A certificate for `key`, with no signature yet.
X509* MakeCertificate(const std::string& name, EVP_PKEY* key) {
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kValidSeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kValidSeconds);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

void WriteCertificate(const std::string& path, X509* certificate) {
  FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr || PEM_write_X509(file, certificate) != 1) ADD_FAILURE() << path;
  if (file != nullptr) std::fclose(file);
}

void WriteKey(const std::string& path, EVP_PKEY* key, const std::string& password) {
  FILE* const file = std::fopen(path.c_str(), "w");
  std::string secret = password;
  const EVP_CIPHER* const cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
  if (file == nullptr ||
      PEM_write_PrivateKey(file, key, cipher, reinterpret_cast<unsigned char*>(secret.data()),
                           static_cast<int>(secret.size()), nullptr, nullptr) != 1) {
    ADD_FAILURE() << path;
  }
  if (file != nullptr) std::fclose(file);
}

}  // namespace

Authority::Authority(const TemporaryFolder& folder, const std::string& name)
    : folder_(folder),
      path_(folder.Path(name + ".pem")),
      key_(EVP_EC_gen("P-256")),
      certificate_(MakeCertificate(name, key_)) {
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  AddExtension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_, certificate_, NID_subject_key_identifier, "hash");
  if (X509_sign(certificate_, key_, EVP_sha256()) == 0) ADD_FAILURE() << "signing " << name;
  WriteCertificate(path_, certificate_);
}

Authority::~Authority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

std::string Authority::HashedName() const {
  char name[16];
  std::snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(certificate_));
  return name;
}

KeyPairFiles Authority::Sign(const std::string& name, const std::string& password) const {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = MakeCertificate(name, key);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  AddExtension(certificate, certificate_, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  if (X509_sign(certificate, key_, EVP_sha256()) == 0) ADD_FAILURE() << "signing " << name;
  const KeyPairFiles files{folder_.Path(name + ".pem"), folder_.Path(name + ".key")};
  WriteCertificate(files.certificate, certificate);
  WriteKey(files.key, key, password);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace larder
