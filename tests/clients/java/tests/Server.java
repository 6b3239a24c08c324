import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One server process on a private port, ended by pid. The binary is named by LARDER_SERVER. */
final class Server implements AutoCloseable {
  static final String HOST = "127.0.0.1";
  static final int DEADLINE_S = 60;

  private static final int STARTS_MAX = 8;
  // Below the range from which the kernel draws the ports of outgoing connections; see README.md.
  private static final int FIRST_PORT = 20000;
  private static final int LAST_PORT = 31999;
  private static final Pattern PROCESS_ID = Pattern.compile("process_id:(\\d+)");

  final int port;
  private final Path log;
  private final Process process;

  Server(String... options) throws Exception {
    log = Files.createTempFile("larder-client-test-", ".log");
    for (int start = 0; start < STARTS_MAX; start++) {
      int candidate = freePort();
      Process started = startAndWait(candidate, options);
      if (started != null) {
        port = candidate;
        process = started;
        return;
      }
    }
    throw new IOException("server did not start: " + Files.readString(log));
  }

  /** Ends the process by SIGTERM. A crash before, or an exit code other than 0, is an error. */
  @Override
  public void close() throws Exception {
    boolean crashed = !process.isAlive();
    process.destroy();
    boolean ended = process.waitFor(DEADLINE_S, TimeUnit.SECONDS);
    process.destroyForcibly();
    String text = Files.readString(log);
    Files.delete(log);
    if (crashed || !ended || process.exitValue() != 0) {
      fail("server ended badly (" + (ended ? process.exitValue() : "ignored SIGTERM") + "): " + text);
    }
  }

  /** Polls until the condition holds; fails after a generous deadline. */
  static void waitUntil(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (!condition.call()) {
      if (System.nanoTime() > end) fail("not within " + DEADLINE_S + " s: " + what);
      Thread.sleep(10);
    }
  }

  static int freePort() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT + 1);
      try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getByName(HOST))) {
        return probe.getLocalPort();
      } catch (IOException taken) {
        continue;
      }
    }
  }

  /** Returns null if the process ended before it answered (its port was taken, say). */
  private Process startAndWait(int candidate, String... options) throws Exception {
    String binary = System.getenv("LARDER_SERVER");
    List<String> command = new ArrayList<>();
    // The server must not outlive a test runner that is killed.
    if (new File("/usr/bin/setpriv").canExecute()) {
      command.addAll(List.of("setpriv", "--pdeathsig", "KILL", "--"));
    }
    command.addAll(List.of(binary, "--port", Integer.toString(candidate)));
    command.addAll(Arrays.asList(options));
    if (new File(binary).getName().equals("redis-server")) command.addAll(List.of("--save", ""));
    Process started = new ProcessBuilder(command).redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (System.nanoTime() < end && started.isAlive()) {
      if (answersAs(candidate, started.pid())) return started;
      Thread.sleep(10);
    }
    started.destroyForcibly().waitFor();
    return null;
  }

  private static boolean answersAs(int port, long pid) {
    String reply;
    try (Socket socket = new Socket(HOST, port)) {
      socket.setSoTimeout(DEADLINE_S * 1000);
      OutputStream requests = socket.getOutputStream();
      requests.write("PING\r\nINFO server\r\nQUIT\r\n".getBytes(StandardCharsets.US_ASCII));
      reply = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException notYet) {
      return false;
    }
    // Two tests may have drawn the same port: trust only the process started here.
    Matcher found = PROCESS_ID.matcher(reply);
    return reply.startsWith("+PONG") && (!found.find() || Long.parseLong(found.group(1)) == pid);
  }
}
