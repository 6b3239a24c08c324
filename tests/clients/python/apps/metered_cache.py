"""A cache that counts its hits and misses and measures its latency for Prometheus."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class MeteredCache:
    BUCKETS_S = (0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 1)

    def __init__(self, client, ttl_s):
        self.client = client
        self.ttl_s = ttl_s
        self.registry = CollectorRegistry()
        self.requests = Counter("cache_requests", "Reads of the cache.", ["cache", "result"],
                                registry=self.registry)
        self.latency = Histogram("cache_latency_seconds", "Time of one call to the cache.",
                                 ["cache", "call"], buckets=self.BUCKETS_S, registry=self.registry)
        self.errors = Counter("cache_errors", "Calls that failed.", ["cache"],
                              registry=self.registry)
        hit_ratio = Gauge("cache_server_hit_ratio", "Hits among the server's reads.",
                          registry=self.registry)
        hit_ratio.set_function(self.server_hit_ratio)
        memory = Gauge("cache_server_memory_bytes", "Memory used by the server.",
                       registry=self.registry)
        memory.set_function(lambda: client.info("memory")["used_memory"])

    def get_or_load(self, cache, key, load):
        held = self._timed(cache, "get", lambda: self.client.get(f"{cache}:{key}"))
        self.requests.labels(cache, "miss" if held is None else "hit").inc()
        if held is not None:
            return held
        value = load(key)
        self._timed(cache, "set", lambda: self.client.set(f"{cache}:{key}", value, ex=self.ttl_s))
        return value

    def server_hit_ratio(self):
        stats = self.client.info("stats")
        hits, misses = stats["keyspace_hits"], stats["keyspace_misses"]
        return hits / (hits + misses) if hits + misses else 0

    def _timed(self, cache, call, function):
        begin = time.perf_counter()
        try:
            return function()
        except Exception:
            self.errors.labels(cache).inc()
            raise
        finally:
            self.latency.labels(cache, call).observe(time.perf_counter() - begin)
