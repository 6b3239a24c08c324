import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;

/** An authority and a certificate for loopback, made with the openssl command in a folder. */
final class Certificates {
  static final char[] PASSWORD = "password".toCharArray();

  final Path authority;
  final Path certificate;
  final Path key;
  private final Path folder;

  Certificates(Path folder) throws Exception {
    this.folder = folder;
    authority = folder.resolve("authority.crt");
    certificate = folder.resolve("loopback.crt");
    key = folder.resolve("loopback.key");
    Path request = folder.resolve("request.csr");
    Path extensions = Files.writeString(folder.resolve("extensions"), "subjectAltName=IP:127.0.0.1\n");
    Path authorityKey = folder.resolve("authority.key");
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", authorityKey, "-subj", "/CN=authority", "-days", "1", "-out", authority);
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
        "-subj", "/CN=loopback", "-out", request);
    openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authorityKey,
        "-CAcreateserial", "-days", "1", "-extfile", extensions, "-out", certificate);
  }

  /** Options for a server that speaks TLS on a port and demands certificates of clients. */
  String[] serverOptions(int port) {
    return new String[] {"--tls-port", Integer.toString(port), "--tls-cert-file",
        certificate.toString(), "--tls-key-file", key.toString(), "--tls-ca-cert-file",
        authority.toString()};
  }

  /** The client's certificate and key as a PKCS #12 file. */
  Path keyStore() throws Exception {
    Path file = folder.resolve("client.p12");
    openssl("pkcs12", "-export", "-in", certificate, "-inkey", key, "-passout",
        "pass:" + new String(PASSWORD), "-out", file);
    return file;
  }

  /** A PKCS #12 file that trusts the authority. */
  Path trustStore() throws Exception {
    Path file = folder.resolve("trusted.p12");
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (var input = Files.newInputStream(authority)) {
      store.setCertificateEntry("authority",
          CertificateFactory.getInstance("X.509").generateCertificate(input));
    }
    try (var output = Files.newOutputStream(file)) {
      store.store(output, PASSWORD);
    }
    return file;
  }

  private static void openssl(Object... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("openssl"));
    for (Object argument : arguments) command.add(argument.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), output);
  }
}
