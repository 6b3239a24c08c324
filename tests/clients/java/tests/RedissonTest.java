import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.redisson.Redisson;
import org.redisson.api.BatchOptions;
import org.redisson.api.RLock;
import org.redisson.api.RateType;
import org.redisson.api.RedissonClient;
import org.redisson.api.options.LocalCachedMapOptions;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;

/** Redisson: its locks, limiters, queues, maps and topics are scripts, pub/sub and blocking pops. */
class RedissonTest extends ServerTest {
  private RedissonClient redisson;
  private RedissonClient other;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @BeforeEach
  void connect() {
    redisson = open();
    other = open();
  }

  @AfterEach
  void disconnect() {
    threads.shutdownNow();
    redisson.shutdown(0, Server.DEADLINE_S, TimeUnit.SECONDS);
    other.shutdown(0, Server.DEADLINE_S, TimeUnit.SECONDS);
  }

  private RedissonClient open() {
    Config config = new Config().setThreads(4).setNettyThreads(4).setCodec(StringCodec.INSTANCE);
    config.useSingleServer().setAddress("redis://127.0.0.1:" + server.port)
        .setConnectionMinimumIdleSize(2).setConnectionPoolSize(32)
        .setSubscriptionConnectionMinimumIdleSize(1).setTimeout(Server.DEADLINE_S * 1000);
    return Redisson.create(config);
  }

  @Test
  void aLockExcludesAndIsReentrant() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    List<Future<?>> workers = new ArrayList<>();
    for (int worker = 0; worker < 8; worker++) {
      RedissonClient mine = worker % 2 == 0 ? redisson : other;
      workers.add(threads.submit(() -> {
        RLock lock = mine.getLock("lock");
        for (int turn = 0; turn < 10; turn++) {
          lock.lock();
          lock.lock();
          assertEquals(2, lock.getHoldCount());
          assertEquals(1, inside.incrementAndGet());
          var count = mine.<String>getBucket("count");
          count.set(Integer.toString(Integer.parseInt(count.isExists() ? count.get() : "0") + 1));
          inside.decrementAndGet();
          lock.unlock();
          lock.unlock();
        }
      }));
    }
    for (Future<?> worker : workers) worker.get(Server.DEADLINE_S, TimeUnit.SECONDS);
    assertEquals("80", redisson.getBucket("count").get());
    assertFalse(redisson.getLock("lock").isLocked());
  }

  @Test
  void anUnlockWakesWhoWaitsAndALeaseRunsOut() throws Exception {
    RLock held = redisson.getLock("lock");
    held.lock(600, TimeUnit.SECONDS);
    Future<Boolean> waiting =
        threads.submit(() -> other.getLock("lock").tryLock(600, 1, TimeUnit.SECONDS));
    Server.waitUntil("the other subscribes to the lock's channel",
        () -> redisson.getTopic("redisson_lock__channel:{lock}").countSubscribers() == 1);
    held.unlock();
    assertTrue(waiting.get(Server.DEADLINE_S, TimeUnit.SECONDS));
    // The other's lease of a second runs out by itself.
    assertTrue(held.tryLock(Server.DEADLINE_S, 600, TimeUnit.SECONDS));
    assertTrue(held.forceUnlock());
  }

  @Test
  void fairReadWriteAndMultiLocks() throws Exception {
    var readWrite = redisson.getReadWriteLock("rw");
    readWrite.readLock().lock();
    assertTrue(threads.submit(() -> other.getReadWriteLock("rw").readLock().tryLock()).get());
    assertFalse(threads.submit(() -> other.getReadWriteLock("rw").writeLock().tryLock()).get());
    RLock fair = redisson.getFairLock("fair");
    fair.lock();
    assertFalse(threads.submit(() -> other.getFairLock("fair").tryLock()).get());
    fair.unlock();
    RLock all = redisson.getMultiLock(redisson.getLock("a"), redisson.getLock("b"));
    all.lock();
    assertTrue(other.getLock("a").isLocked() && other.getLock("b").isLocked());
    all.unlock();
    assertFalse(other.getLock("a").isLocked());
  }

  @Test
  void aRateLimiterSharesItsPermits() {
    var limiter = redisson.getRateLimiter("limiter");
    assertTrue(limiter.trySetRate(RateType.OVERALL, 5, Duration.ofMinutes(10)));
    int granted = 0;
    for (int attempt = 0; attempt < 10; attempt++) {
      if ((attempt % 2 == 0 ? limiter : other.getRateLimiter("limiter")).tryAcquire()) granted++;
    }
    assertEquals(5, granted);
    assertEquals(0, limiter.availablePermits());
  }

  @Test
  void entriesOfAMapExpireOneByOne() throws Exception {
    var map = redisson.<String, String>getMapCache("map");
    map.put("short", "1", 50, TimeUnit.MILLISECONDS);
    map.put("long", "2", 600, TimeUnit.SECONDS);
    map.put("forever", "3");
    Server.waitUntil("the short entry expires", () -> map.get("short") == null);
    assertEquals("2", map.get("long"));
    assertTrue(map.remainTimeToLive("long") > 0);
    assertEquals(-1, map.remainTimeToLive("forever"));
    var bounded = redisson.<String, String>getMapCache("bounded");
    bounded.setMaxSize(2);
    for (String key : List.of("a", "b", "c")) bounded.put(key, "x");
    assertEquals(2, bounded.size());
  }

  @Test
  void localCopiesOfAMapAreInvalidated() throws Exception {
    var options = LocalCachedMapOptions.<String, String>name("catalogue");
    var mine = redisson.getLocalCachedMap(options);
    var theirs = other.getLocalCachedMap(options);
    mine.put("product", "1");
    assertEquals("1", theirs.get("product"));
    assertEquals(1, theirs.cachedKeySet().size());
    mine.put("product", "2");
    Server.waitUntil("the copy is dropped", () -> "2".equals(theirs.get("product")));
    mine.destroy();
    theirs.destroy();
  }

  @Test
  void queuesBlockAndDelay() throws Exception {
    var queue = redisson.<String>getBlockingQueue("queue");
    Future<String> taken = threads.submit(() -> other.<String>getBlockingQueue("queue").take());
    queue.put("job");
    assertEquals("job", taken.get(Server.DEADLINE_S, TimeUnit.SECONDS));
    var delayed = redisson.getDelayedQueue(queue);
    delayed.offer("later", 50, TimeUnit.MILLISECONDS);
    assertEquals("later", queue.poll(Server.DEADLINE_S, TimeUnit.SECONDS));
    delayed.destroy();
  }

  @Test
  void topicsSemaphoresAndLatches() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    other.getTopic("news").addListener(String.class, (channel, message) -> heard.add(message));
    other.getPatternTopic("n?ws").addListener(
        String.class, (pattern, channel, message) -> heard.add(message));
    assertEquals(2, redisson.getTopic("news").publish("hello"));
    for (int receiver = 0; receiver < 2; receiver++) {
      assertEquals("hello", heard.poll(Server.DEADLINE_S, TimeUnit.SECONDS));
    }
    var semaphore = redisson.getSemaphore("permits");
    assertTrue(semaphore.trySetPermits(1));
    semaphore.acquire();
    Future<Boolean> waiting =
        threads.submit(() -> other.getSemaphore("permits").tryAcquire(Duration.ofMinutes(10)));
    semaphore.release();
    assertTrue(waiting.get(Server.DEADLINE_S, TimeUnit.SECONDS));
    var latch = redisson.getCountDownLatch("latch");
    assertTrue(latch.trySetCount(2));
    Future<Boolean> opened =
        threads.submit(() -> other.getCountDownLatch("latch").await(600, TimeUnit.SECONDS));
    latch.countDown();
    latch.countDown();
    assertTrue(opened.get(Server.DEADLINE_S, TimeUnit.SECONDS));
  }

  @Test
  void batchesAreAtomicAndScoresAreRanked() {
    var batch = redisson.createBatch(BatchOptions.defaults()
        .executionMode(BatchOptions.ExecutionMode.IN_MEMORY_ATOMIC));
    var scores = batch.<String>getScoredSortedSet("scores");
    for (int number = 0; number < 100; number++) scores.addAsync(number, "m" + number);
    batch.getAtomicLong("count").addAndGetAsync(100);
    assertEquals(101, batch.execute().getResponses().size());
    assertEquals(42, redisson.<String>getScoredSortedSet("scores").rank("m42"));
    assertEquals("m99", redisson.<String>getScoredSortedSet("scores").last());
    assertTrue(redisson.getAtomicLong("count").compareAndSet(100, 7));
    var filter = redisson.<String>getBloomFilter("seen");
    assertTrue(filter.tryInit(1_000, 0.01));
    assertTrue(filter.add("a"));
    assertTrue(filter.contains("a"));
    assertNull(redisson.getBucket("missing").get());
  }

  @Test
  void keysAreFoundAndDeletedByPattern() {
    for (int number = 0; number < 500; number++) redisson.getBucket("page:" + number).set("x");
    redisson.getBucket("kept").set("x");
    assertEquals(500, redisson.getKeys().deleteByPattern("page:*"));
    assertEquals(1, redisson.getKeys().count());
  }
}
