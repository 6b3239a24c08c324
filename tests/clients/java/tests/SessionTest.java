import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.RedisTemplate;
import org.springframework.data.redis.listener.PatternTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.session.FindByIndexNameSessionRepository;
import org.springframework.session.Session;
import org.springframework.session.data.redis.RedisIndexedSessionRepository;
import org.springframework.session.data.redis.config.ConfigureNotifyKeyspaceEventsAction;
import org.springframework.session.events.SessionDestroyedEvent;
import org.springframework.session.events.SessionExpiredEvent;

/** Spring Session: hashes with a shadow key whose expiry is an event, an index by user. */
class SessionTest extends ServerTest {
  private final BlockingQueue<SessionDestroyedEvent> ended = new LinkedBlockingQueue<>();
  private LettuceConnectionFactory factory;
  private RedisMessageListenerContainer container;
  private RedisIndexedSessionRepository sessions;

  @BeforeEach
  void connect() {
    factory = new LettuceConnectionFactory(Server.HOST, server.port);
    factory.afterPropertiesSet();
    factory.start();
    new ConfigureNotifyKeyspaceEventsAction().configure(factory.getConnection());
    var template = new RedisTemplate<String, Object>();
    template.setConnectionFactory(factory);
    template.setKeySerializer(RedisSerializer.string());
    template.setHashKeySerializer(RedisSerializer.string());
    template.afterPropertiesSet();
    sessions = new RedisIndexedSessionRepository(template);
    sessions.setApplicationEventPublisher(event -> {
      if (event instanceof SessionDestroyedEvent destroyed) ended.add(destroyed);
    });
    sessions.afterPropertiesSet();
    container = new RedisMessageListenerContainer();
    container.setConnectionFactory(factory);
    container.addMessageListener(sessions, new PatternTopic("__keyevent@0__:expired"));
    container.addMessageListener(sessions, new PatternTopic("__keyevent@0__:del"));
    container.afterPropertiesSet();
    container.start();
  }

  @AfterEach
  void disconnect() throws Exception {
    sessions.destroy();
    container.destroy();
    factory.destroy();
  }

  private String open(String user, Duration idle) {
    return open(sessions, user, idle);
  }

  private static <S extends Session> String open(
      FindByIndexNameSessionRepository<S> repository, String user, Duration idle) {
    S session = repository.createSession();
    session.setMaxInactiveInterval(idle);
    session.setAttribute(FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME, user);
    session.setAttribute("cart", Map.of("tea", 2));
    repository.save(session);
    return session.getId();
  }

  @Test
  void aSessionIsKeptAndFoundByItsUser() {
    String id = open("ann", Duration.ofMinutes(30));
    open("bob", Duration.ofMinutes(30));
    assertEquals(Map.of("tea", 2), sessions.findById(id).getAttribute("cart"));
    assertEquals(1, sessions.findByPrincipalName("ann").size());
  }

  @Test
  void theEndOfASessionIsAnEvent() throws Exception {
    String id = open("ann", Duration.ofMinutes(30));
    sessions.deleteById(id);
    var deleted = ended.poll(Server.DEADLINE_S, TimeUnit.SECONDS);
    assertNotNull(deleted);
    assertEquals(id, deleted.getSessionId());
    assertNull(sessions.findById(id));

    String brief = open("bob", Duration.ofSeconds(1));
    var expired = ended.poll(Server.DEADLINE_S, TimeUnit.SECONDS);
    assertInstanceOf(SessionExpiredEvent.class, expired);
    assertEquals(brief, expired.getSessionId());
    assertEquals(Map.of("tea", 2), expired.getSession().getAttribute("cart"));
  }
}
