// Certificates that a test makes for itself: an authority and what it has signed, as PEM files in a
// temporary folder. Keys on the curve P-256: quick to make.
#pragma once

#include <memory>
#include <string>

#include "tests/support/temporary_folder.h"

struct evp_pkey_st;
struct x509_st;

namespace larder {

struct KeyPairFiles {
  std::string certificate;  // paths
  std::string key;
};

class Authority {
 public:
  // Writes its certificate to `name`.pem in `folder`.
  Authority(const TemporaryFolder& folder, const std::string& name);
  ~Authority();

  const std::string& certificate() const { return path_; }
  // What OpenSSL looks for in a folder of authorities: a name made of a hash.
  std::string HashedName() const;

  // Makes a key and signs a certificate for it; files `name`.pem and `name`.key. With a password
  // the key is encrypted. An earlier pair of that name is overwritten.
  KeyPairFiles Sign(const std::string& name, const std::string& password = {}) const;

 private:
  const TemporaryFolder& folder_;
  const std::string path_;
  evp_pkey_st* key_;
  x509_st* certificate_;
};

}  // namespace larder
