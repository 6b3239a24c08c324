import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.Consumer;
import io.lettuce.core.KeyValue;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.support.caching.CacheAccessor;
import io.lettuce.core.support.caching.ClientSideCaching;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/** Lettuce: many commands in flight on one connection, reactive, pub/sub as pushes, TLS. */
class LettuceTest extends ServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(Server.DEADLINE_S);
  private RedisClient client;
  private StatefulRedisConnection<String, String> connection;
  private RedisCommands<String, String> redis;

  @BeforeEach
  void connect() {
    client = RedisClient.create(RedisURI.builder().withHost(Server.HOST).withPort(server.port)
        .withTimeout(PATIENCE).withClientName("shop").withDatabase(2).build());
    connection = client.connect();
    redis = connection.sync();
  }

  @AfterEach
  void disconnect() {
    client.shutdown(0, Server.DEADLINE_S, TimeUnit.SECONDS);
  }

  @Test
  void theHandshakeSpeaksResp3AndNamesItself() {
    String info = redis.clientInfo();
    assertTrue(info.contains(" name=shop ") && info.contains(" db=2 "), info);
    assertTrue(info.contains(" resp=3"), info);
  }

  @Test
  void aFallBackToResp2SpeaksTheSameValues() {
    redis.hset("hash", Map.of("a", "1", "b", "2"));
    redis.zadd("scores", 1.5, "m");
    for (ProtocolVersion version : ProtocolVersion.values()) {
      client.setOptions(ClientOptions.builder().protocolVersion(version).build());
      try (var each = client.connect()) {
        assertEquals(Map.of("a", "1", "b", "2"), each.sync().hgetall("hash"));
        assertEquals(1.5, each.sync().zscore("scores", "m"));
        assertEquals(1.5, each.sync().zrangeWithScores("scores", 0, -1).get(0).getScore());
      }
    }
  }

  @Test
  void tenThousandCommandsInFlightKeepTheirOrder() {
    RedisAsyncCommands<String, String> async = connection.async();
    connection.setAutoFlushCommands(false);
    List<RedisFuture<Long>> counts = new ArrayList<>();
    for (int number = 0; number < 10_000; number++) counts.add(async.incr("count"));
    connection.flushCommands();
    connection.setAutoFlushCommands(true);
    assertTrue(LettuceFutures.awaitAll(PATIENCE, counts.toArray(new RedisFuture[0])));
    for (int number = 0; number < 10_000; number++) {
      assertEquals(number + 1L, counts.get(number).toCompletableFuture().join());
    }
  }

  @Test
  void aReactiveStreamOfReadsIsWhole() {
    Map<String, String> values = new HashMap<>();
    for (int number = 0; number < 1_000; number++) values.put("key:" + number, "v" + number);
    assertEquals("OK", redis.mset(values));
    Map<String, String> read = Flux.fromIterable(values.keySet()).buffer(100)
        .flatMap(keys -> connection.reactive().mget(keys.toArray(new String[0])))
        .collectMap(KeyValue::getKey, KeyValue::getValue).block(PATIENCE);
    assertEquals(values, read);
  }

  @Test
  void aTransactionIsDiscardedWhenAWatchedKeyChanged() {
    redis.set("total", "1");
    redis.watch("total");
    try (var other = client.connect()) {
      other.sync().incr("total");
    }
    redis.multi();
    redis.set("total", "100");
    assertTrue(redis.exec().wasDiscarded());
    redis.multi();
    redis.incr("total");
    redis.lpush("total", "wrong");
    TransactionResult result = redis.exec();
    assertEquals(3L, result.<Long>get(0));
    assertInstanceOf(RedisCommandExecutionException.class, result.get(1));
  }

  @Test
  void scriptsAreCachedBySha() {
    String script = "return {KEYS[1], ARGV[1] + 1, redis.call('INCR', KEYS[1])}";
    assertThrows(RedisNoScriptException.class,
        () -> redis.evalsha(redis.digest(script), ScriptOutputType.MULTI, "k"));
    assertEquals(redis.digest(script), redis.scriptLoad(script));
    List<Object> reply = redis.evalsha(
        redis.digest(script), ScriptOutputType.MULTI, new String[] {"k"}, "41");
    assertEquals(List.of("k", 42L, 1L), reply);
  }

  @Test
  void aLibraryOfFunctionsIsCalled() {
    redis.functionLoad("#!lua name=limits\n"
        + "redis.register_function('hit', function(keys, args)\n"
        + "  local count = redis.call('INCR', keys[1])\n"
        + "  if count == 1 then redis.call('PEXPIRE', keys[1], args[1]) end\n"
        + "  return count\nend)");
    for (long count = 1; count <= 3; count++) {
      Long reply = redis.fcall("hit", ScriptOutputType.INTEGER, new String[] {"user"}, "600000");
      assertEquals(count, reply);
    }
    assertTrue(redis.pttl("user") > 0);
  }

  @Test
  void scansFindEveryKey() {
    for (int chunk = 0; chunk < 10; chunk++) {
      Map<String, String> values = new HashMap<>();
      for (int number = 0; number < 500; number++) values.put("page:" + chunk + ":" + number, "x");
      redis.mset(values);
    }
    assertEquals(5_000,
        ScanIterator.scan(redis, ScanArgs.Builder.matches("page:*").limit(100)).stream()
            .collect(Collectors.toSet()).size());
  }

  @Test
  void pushesAndCommandsShareAConnection() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    try (var subscriber = client.connectPubSub()) {
      subscriber.addListener(new RedisPubSubAdapter<>() {
        @Override
        public void message(String channel, String message) {
          heard.add(message);
        }
      });
      subscriber.sync().subscribe("news");
      for (int number = 0; number < 100; number++) {
        assertEquals(1, redis.publish("news", "m" + number));
        // In RESP3 a subscriber may send any command.
        subscriber.sync().set("while", "subscribed");
      }
      for (int number = 0; number < 100; number++) {
        assertEquals("m" + number, heard.poll(Server.DEADLINE_S, TimeUnit.SECONDS));
      }
    }
  }

  @Test
  void theClientSideCacheDropsWhatChanged() throws Exception {
    Map<String, String> held = new ConcurrentHashMap<>();
    try (var caching = client.connect(); var frontend = ClientSideCaching.enable(
        CacheAccessor.forMap(held), caching, TrackingArgs.Builder.enabled())) {
      redis.set("product", "1");
      assertEquals("1", frontend.get("product"));
      assertEquals(Map.of("product", "1"), held);
      redis.set("product", "2");
      Server.waitUntil("the old value is dropped", held::isEmpty);
      assertEquals("2", frontend.get("product"));
    }
  }

  @Test
  void blockedPopsWait() throws Exception {
    try (var other = client.connect()) {
      RedisFuture<KeyValue<String, String>> popped = other.async().blpop(600, "first", "second");
      Server.waitUntil("a client waits",
          () -> redis.info("clients").contains("blocked_clients:1\r\n"));
      redis.rpush("second", "job");
      assertEquals(KeyValue.just("second", "job"),
          popped.toCompletableFuture().get(Server.DEADLINE_S, TimeUnit.SECONDS));
    }
  }

  @Test
  void aGroupClaimsWhatAConsumerLeft() {
    redis.xgroupCreate(XReadArgs.StreamOffset.from("orders", "0"), "workers",
        XGroupCreateArgs.Builder.mkstream());
    for (int number = 0; number < 10; number++) redis.xadd("orders", "n", "" + number);
    redis.xreadgroup(Consumer.from("workers", "lost"), XReadArgs.StreamOffset.lastConsumed("orders"));
    assertEquals(10, redis.xpending("orders", "workers").getCount());
    var claimed = redis.xautoclaim("orders", io.lettuce.core.XAutoClaimArgs.Builder.xautoclaim(
        Consumer.from("workers", "next"), Duration.ZERO, "0"));
    assertEquals(10, claimed.getMessages().size());
    claimed.getMessages().forEach(each -> redis.xack("orders", "workers", each.getId()));
    assertEquals(0, redis.xpending("orders", "workers").getCount());
  }

  @Test
  void conditionalSetsAndFieldExpiry() {
    assertEquals("OK", redis.set("lock", "a", SetArgs.Builder.nx().px(600_000)));
    assertEquals("a", redis.setGet("lock", "b", SetArgs.Builder.keepttl()));
    assertTrue(redis.pttl("lock") > 0);
  }

  @Test
  void bytesAreSpokenOverTlsWithCertificates(@TempDir Path folder) throws Exception {
    Certificates certificates = new Certificates(folder);
    int port = Server.freePort();
    RedisURI uri = RedisURI.builder().withHost(Server.HOST).withPort(port).withSsl(true)
        .withTimeout(PATIENCE).build();
    SslOptions trusting = SslOptions.builder().jdkSslProvider()
        .trustManager(certificates.authority.toFile()).build();
    SslOptions full = SslOptions.builder().jdkSslProvider()
        .trustManager(certificates.authority.toFile())
        .keyManager(certificates.certificate.toFile(), certificates.key.toFile(), null).build();
    try (Server secured = new Server(certificates.serverOptions(port))) {
      client.setOptions(ClientOptions.builder().sslOptions(full).build());
      try (var each = client.connect(ByteArrayCodec.INSTANCE, uri)) {
        byte[] value = new byte[1 << 20];
        new Random(1).nextBytes(value);
        each.sync().set(new byte[] {0}, value);
        assertArrayEquals(value, each.sync().get(new byte[] {0}));
      }
      client.setOptions(ClientOptions.builder().sslOptions(trusting).build());
      assertThrows(RedisConnectionException.class, () -> client.connect(uri));
    }
  }
}
