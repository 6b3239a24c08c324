"""Certificates that a test makes for itself with the openssl command. Standard library only."""

import pathlib
import shutil
import subprocess


def openssl_is_here():
    return shutil.which("openssl") is not None


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """An authority, and what it signs, as PEM files in a folder of the caller's."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder)
        self.certificate, self._key = self._paths(name)
        _openssl("req", "-x509", *self._new_key(self._key), "-subj", f"/CN={name}", "-days", "1",
                 "-out", self.certificate)

    def sign(self, name):
        """Makes a key and a certificate for this machine's loopback; returns their paths."""
        certificate, key = self._paths(name)
        request, extensions = f"{certificate}.csr", f"{certificate}.ext"
        pathlib.Path(extensions).write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        _openssl("req", *self._new_key(key), "-subj", f"/CN={name}", "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                 "-CAcreateserial", "-days", "1", "-extfile", extensions, "-out", certificate)
        return certificate, key

    def server_options(self, port, name="server"):
        """Options for a server that speaks TLS on a port and demands certificates of clients."""
        certificate, key = self.sign(name)
        return ["--tls-port", str(port), "--tls-cert-file", certificate, "--tls-key-file", key,
                "--tls-ca-cert-file", self.certificate]

    def _paths(self, name):
        return str(self.folder / f"{name}.crt"), str(self.folder / f"{name}.key")

    @staticmethod
    def _new_key(path):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]
