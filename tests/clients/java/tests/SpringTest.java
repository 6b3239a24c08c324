import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.cache.CacheManager;
import org.springframework.cache.annotation.CacheEvict;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.cache.BatchStrategies;
import org.springframework.data.redis.cache.RedisCacheConfiguration;
import org.springframework.data.redis.cache.RedisCacheManager;
import org.springframework.data.redis.cache.RedisCacheWriter;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.RedisOperations;
import org.springframework.data.redis.core.ScanOptions;
import org.springframework.data.redis.core.SessionCallback;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.data.redis.listener.PatternTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;

/** Spring Data Redis on Lettuce and on Jedis, and Spring's cache on top of it. */
class SpringTest extends ServerTest {
  private LettuceConnectionFactory factory;
  private StringRedisTemplate template;

  @BeforeEach
  void connect() {
    factory = new LettuceConnectionFactory(Server.HOST, server.port);
    start(factory);
    template = new StringRedisTemplate(factory);
  }

  @AfterEach
  void disconnect() {
    factory.destroy();
  }

  private static void start(LettuceConnectionFactory factory) {
    factory.afterPropertiesSet();
    factory.start();
  }

  /** A slow lookup behind Spring's annotations. */
  public static class Prices {
    private final AtomicInteger lookups = new AtomicInteger();

    @Cacheable(cacheNames = "prices", sync = true)
    public String of(String product) {
      lookups.incrementAndGet();
      return "price of " + product;
    }

    public int lookups() {
      return lookups.get();
    }

    @CacheEvict("prices")
    public void changed(String product) {}

    @CacheEvict(cacheNames = "prices", allEntries = true)
    public void allChanged() {}
  }

  @Configuration
  @EnableCaching
  public static class Caching {}

  private AnnotationConfigApplicationContext application(RedisConnectionFactory connections) {
    var writer = RedisCacheWriter.nonLockingRedisCacheWriter(connections, BatchStrategies.scan(100));
    var context = new AnnotationConfigApplicationContext();
    context.register(Caching.class, Prices.class);
    context.registerBean(CacheManager.class, () -> RedisCacheManager.builder(writer)
        .cacheDefaults(RedisCacheConfiguration.defaultCacheConfig().entryTtl(Duration.ofMinutes(10)))
        .enableStatistics().build());
    context.refresh();
    return context;
  }

  @Test
  void methodsAreCachedAndEvicted() throws Exception {
    var jedis = new JedisConnectionFactory(
        new RedisStandaloneConfiguration(Server.HOST, server.port));
    jedis.afterPropertiesSet();
    jedis.start();
    for (RedisConnectionFactory connections : List.of(factory, jedis)) {
      try (var context = application(connections)) {
        Prices prices = context.getBean(Prices.class);
        for (int turn = 0; turn < 3; turn++) assertEquals("price of tea", prices.of("tea"));
        assertEquals(1, prices.lookups());
        assertTrue(template.getExpire("prices::tea", TimeUnit.MILLISECONDS) > 0);
        for (int number = 0; number < 1_000; number++) prices.of("p" + number);
        assertEquals(1_001, template.keys("prices::*").size());
        prices.changed("tea");
        assertFalse(template.hasKey("prices::tea"));
        template.opsForValue().set("kept", "x");
        prices.allChanged();
        // Without waiting for it, where the driver can.
        Server.waitUntil("all prices are gone", () -> template.keys("*").equals(Set.of("kept")));
      }
    }
    jedis.destroy();
  }

  @Test
  void aSessionCallbackIsATransaction() {
    List<Object> replies = template.execute(new SessionCallback<>() {
      @Override
      @SuppressWarnings("unchecked")
      public <K, V> List<Object> execute(RedisOperations<K, V> each) throws DataAccessException {
        var operations = (RedisOperations<String, String>) each;
        operations.watch("total");
        operations.multi();
        operations.opsForValue().increment("total");
        operations.opsForHash().put("hash", "field", "value");
        operations.expire("hash", Duration.ofMinutes(10));
        return operations.exec();
      }
    });
    assertEquals(List.of(1L, true, true), replies);
  }

  @Test
  void pipelinesScriptsAndScans() {
    var replies = template.executePipelined((org.springframework.data.redis.connection
        .RedisConnection connection) -> {
      for (int number = 0; number < 1_000; number++) {
        connection.stringCommands().set(("page:" + number).getBytes(), "x".getBytes());
      }
      return null;
    });
    assertEquals(1_000, replies.size());
    Set<String> keys = new HashSet<>();
    try (var cursor = template.scan(ScanOptions.scanOptions().match("page:*").count(50).build())) {
      cursor.forEachRemaining(keys::add);
    }
    assertEquals(1_000, keys.size());
    var increment = RedisScript.of("return redis.call('INCRBY', KEYS[1], ARGV[1])", Long.class);
    assertEquals(5, template.execute(increment, List.of("total"), "5"));
    assertEquals(10, template.execute(increment, List.of("total"), "5"));
  }

  @Test
  void listenersHearMessagesAndExpiredKeys() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    var container = new RedisMessageListenerContainer();
    container.setConnectionFactory(factory);
    container.addMessageListener((message, pattern) -> heard.add(new String(message.getBody())),
        List.of(new PatternTopic("news.*"), new PatternTopic("__keyevent@*__:expired")));
    container.afterPropertiesSet();
    container.start();
    try {
      template.getConnectionFactory().getConnection().serverCommands()
          .setConfig("notify-keyspace-events", "Ex");
      template.convertAndSend("news.today", "hello");
      assertEquals("hello", heard.poll(Server.DEADLINE_S, TimeUnit.SECONDS));
      template.opsForValue().set("session", "x", Duration.ofMillis(20));
      assertEquals("session", heard.poll(Server.DEADLINE_S, TimeUnit.SECONDS));
    } finally {
      container.destroy();
    }
  }

  @Test
  void aBlockingPopWaitsOnAConnectionOfItsOwn() throws Exception {
    var popped = new LinkedBlockingQueue<String>();
    Thread worker = new Thread(() -> popped.add(
        template.opsForList().leftPop("jobs", Duration.ofSeconds(Server.DEADLINE_S))));
    worker.start();
    template.opsForList().rightPush("jobs", "job");
    assertEquals("job", popped.poll(Server.DEADLINE_S, TimeUnit.SECONDS));
    worker.join();
    assertNull(template.opsForList().leftPop("jobs"));
    assertNotNull(template.opsForStream().add("orders", java.util.Map.of("n", "1")));
  }
}
