import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.csc.CacheConfig;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.XReadGroupParams;

/** Jedis: pooled clients, pipelines, transactions, scripts, pub/sub, its client-side cache, TLS. */
class JedisTest extends ServerTest {
  private static final int TIMEOUT_MS = Server.DEADLINE_S * 1000;
  private RedisClient client;

  @BeforeEach
  void connect() {
    client = builder(RedisProtocol.RESP3).build();
  }

  @AfterEach
  void disconnect() {
    client.close();
  }

  private redis.clients.jedis.builders.StandaloneClientBuilder<RedisClient> builder(
      RedisProtocol protocol) {
    return RedisClient.builder().hostAndPort(Server.HOST, server.port).clientConfig(
        config().protocol(protocol).build());
  }

  private static DefaultJedisClientConfig.Builder config() {
    return DefaultJedisClientConfig.builder().timeoutMillis(TIMEOUT_MS);
  }

  @Test
  void theHandshakeNamesLibraryProtocolAndDatabase() {
    var config = config().protocol(RedisProtocol.RESP3).clientName("shop").database(3).build();
    try (Jedis jedis = new Jedis(new HostAndPort(Server.HOST, server.port), config)) {
      String info = jedis.clientInfo();
      assertTrue(info.contains(" name=shop ") && info.contains(" db=3 "), info);
      assertEquals("shop", jedis.clientGetname());
    }
  }

  @Test
  void aPipelineOfTenThousandKeepsItsOrder() {
    for (RedisProtocol protocol : List.of(RedisProtocol.RESP2, RedisProtocol.RESP3)) {
      try (RedisClient each = builder(protocol).build(); var pipeline = each.pipelined()) {
        each.flushAll();
        List<Response<Long>> counts = new java.util.ArrayList<>();
        for (int number = 0; number < 10_000; number++) counts.add(pipeline.incr("count"));
        pipeline.sync();
        for (int number = 0; number < 10_000; number++) {
          assertEquals(number + 1, counts.get(number).get());
        }
      }
    }
  }

  @Test
  void anErrorInAPipelineIsThatOfItsCommandAlone() {
    try (var pipeline = client.pipelined()) {
      Response<String> set = pipeline.set("text", "a");
      Response<Long> wrong = pipeline.lpush("text", "b");
      Response<String> get = pipeline.get("text");
      pipeline.sync();
      assertEquals("OK", set.get());
      assertEquals("WRONGTYPE Operation against a key holding the wrong kind of value",
          assertThrows(JedisDataException.class, wrong::get).getMessage());
      assertEquals("a", get.get());
    }
  }

  @Test
  void aTransactionFailsWhenAWatchedKeyChanged() {
    client.set("total", "1");
    try (var transaction = client.transaction(false)) {
      transaction.watch("total");
      client.incr("total");
      transaction.multi();
      transaction.set("total", "100");
      assertNull(transaction.exec());
    }
    try (var transaction = client.transaction(true)) {
      Response<Long> total = transaction.incr("total");
      Response<Map<String, String>> all = transaction.hgetAll("missing");
      assertEquals(2, transaction.exec().size());
      assertEquals(3, total.get());
      assertTrue(all.get().isEmpty());
    }
  }

  @Test
  void scriptsReleaseALockOnlyForItsOwner() {
    String release = "if redis.call('get', KEYS[1]) == ARGV[1] then"
        + " return redis.call('del', KEYS[1]) else return 0 end";
    assertThrows(JedisNoScriptException.class, () -> client.evalsha("0".repeat(40)));
    String sha = client.scriptLoad(release);
    assertEquals("OK", client.set("lock", "owner", SetParams.setParams().nx().px(600_000)));
    assertNull(client.set("lock", "other", SetParams.setParams().nx().px(600_000)));
    assertEquals(0L, client.evalsha(sha, List.of("lock"), List.of("other")));
    assertEquals(1L, client.evalsha(sha, List.of("lock"), List.of("owner")));
  }

  @Test
  void scansFindEveryKey() {
    try (var pipeline = client.pipelined()) {
      for (int number = 0; number < 5_000; number++) {
        pipeline.set("page:" + number, "x");
        pipeline.hset("hash", "field:" + number, "x");
      }
      pipeline.sync();
    }
    Set<String> keys = new HashSet<>();
    var iteration = client.scanIteration(100, "page:*");
    while (!iteration.isIterationCompleted()) keys.addAll(iteration.nextBatch().getResult());
    assertEquals(5_000, keys.size());
    Set<String> fields = new HashSet<>();
    String cursor = ScanParams.SCAN_POINTER_START;
    do {
      var batch = client.hscan("hash", cursor, new ScanParams().count(200));
      batch.getResult().forEach(field -> fields.add(field.getKey()));
      cursor = batch.getCursor();
    } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
    assertEquals(5_000, fields.size());
  }

  @Test
  void blockedPopsAreServedInTheOrderOfArrival() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      Future<List<String>> first = threads.submit(() -> client.blpop(600, "jobs", "more"));
      waitForBlocked(1);
      Future<List<String>> second = threads.submit(() -> client.brpop(600, "jobs"));
      waitForBlocked(2);
      client.rpush("jobs", "one", "two", "three");
      assertEquals(List.of("jobs", "one"), first.get());
      assertEquals(List.of("jobs", "three"), second.get());
      var lowest = threads.submit(() -> client.bzpopmin(600, "scores"));
      waitForBlocked(1);
      client.zadd("scores", Map.of("a", 2.5, "b", 1.5));
      assertEquals("b", lowest.get().getValue().getElement());
      assertEquals(1.5, lowest.get().getValue().getScore());
    } finally {
      threads.shutdownNow();
    }
  }

  private void waitForBlocked(int count) throws Exception {
    Server.waitUntil("clients wait",
        () -> client.info("clients").contains("blocked_clients:" + count + "\r\n"));
  }

  @Test
  void subscribersHearMessagesInOrder() throws Exception {
    for (RedisProtocol protocol : List.of(RedisProtocol.RESP2, RedisProtocol.RESP3)) {
      BlockingQueue<String> heard = new LinkedBlockingQueue<>();
      CountDownLatch subscribed = new CountDownLatch(1);
      JedisPubSub listener = new JedisPubSub() {
        @Override
        public void onPSubscribe(String pattern, int channels) {
          subscribed.countDown();
        }

        @Override
        public void onPMessage(String pattern, String channel, String message) {
          heard.add(channel + "=" + message);
        }
      };
      try (RedisClient subscriber = builder(protocol).build()) {
        Thread listening = new Thread(() -> subscriber.psubscribe(listener, "news.*"));
        listening.start();
        assertTrue(subscribed.await(Server.DEADLINE_S, TimeUnit.SECONDS));
        for (int number = 0; number < 100; number++) {
          assertEquals(1, client.publish("news." + number, "m" + number));
        }
        for (int number = 0; number < 100; number++) {
          assertEquals("news." + number + "=m" + number,
              heard.poll(Server.DEADLINE_S, TimeUnit.SECONDS));
        }
        listener.punsubscribe();
        listening.join();
      }
    }
  }

  @Test
  void theClientSideCacheFollowsOthersWrites() throws Exception {
    String version = client.info("server").replaceAll("(?s).*redis_version:(\\d+).*", "$1");
    assumeTrue(Integer.parseInt(version) >= 8, "Jedis caches only with a server >= 7.4");
    try (RedisClient caching = builder(RedisProtocol.RESP3)
        .cacheConfig(CacheConfig.builder().maxSize(100).build()).build()) {
      client.set("product", "1");
      assertEquals("1", caching.get("product"));
      assertEquals("1", caching.get("product"));
      assertEquals(1, caching.getCache().getStats().getHitCount());
      client.set("product", "2");
      Server.waitUntil("the new value is seen", () -> "2".equals(caching.get("product")));
      client.flushAll();
      Server.waitUntil("the flush is seen", () -> caching.get("product") == null);
      assertTrue(caching.getCache().getStats().getInvalidationCount() > 0);
    }
  }

  @Test
  void aGroupOfConsumersReadsAStreamOnce() {
    client.xgroupCreate("orders", "workers", new StreamEntryID(), true);
    for (int number = 0; number < 10; number++) {
      client.xadd("orders", StreamEntryID.NEW_ENTRY, Map.of("n", Integer.toString(number)));
    }
    int seen = 0;
    for (int turn = 0; turn < 5; turn++) {
      var read = client.xreadGroup("workers", "w" + turn % 2, new XReadGroupParams().count(2),
          Map.of("orders", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
      for (var entry : read.get(0).getValue()) {
        assertEquals(Integer.toString(seen++), entry.getFields().get("n"));
        assertEquals(1, client.xack("orders", "workers", entry.getID()));
      }
    }
    assertEquals(10, seen);
    assertEquals(0, client.xpending("orders", "workers").getTotal());
  }

  @Test
  void bytesAreSpokenOverTlsWithCertificates(@TempDir Path folder) throws Exception {
    Certificates certificates = new Certificates(folder);
    int port = Server.freePort();
    SslOptions trusting = SslOptions.builder().trustStoreType("PKCS12")
        .truststore(certificates.trustStore().toFile(), Certificates.PASSWORD).build();
    SslOptions full = SslOptions.builder().trustStoreType("PKCS12").keyStoreType("PKCS12")
        .truststore(certificates.trustStore().toFile(), Certificates.PASSWORD)
        .keystore(certificates.keyStore().toFile(), Certificates.PASSWORD).build();
    HostAndPort address = new HostAndPort(Server.HOST, port);
    try (Server secured = new Server(certificates.serverOptions(port))) {
      try (Jedis jedis = new Jedis(address, config().sslOptions(full).build())) {
        byte[] key = "k".getBytes(StandardCharsets.US_ASCII);
        byte[] value = new byte[1 << 20];
        new Random(1).nextBytes(value);
        jedis.set(key, value);
        assertArrayEquals(value, jedis.get(key));
      }
      assertThrows(JedisConnectionException.class, () -> {
        try (Jedis jedis = new Jedis(address, config().sslOptions(trusting).build())) {
          jedis.ping();
        }
      });
    }
  }
}
