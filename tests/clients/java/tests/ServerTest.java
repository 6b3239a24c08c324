import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test that has a server of its own. */
abstract class ServerTest {
  protected Server server;

  @BeforeEach
  void startServer() throws Exception {
    server = new Server();
  }

  @AfterEach
  void stopServer() throws Exception {
    server.close();
  }
}
