import urllib.request

import pytest
from prometheus_client import generate_latest, start_http_server
from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import RedisError

from apps.metered_cache import MeteredCache


def samples(text):
    """Maps (name, values of the labels by the order of the labels' names) to the value."""
    return {(sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def load(key):
    return f"value of {key}".encode()


def use(cache):
    """20 misses, then 60 hits, in each of two named caches."""
    for name in ("products", "prices"):
        for _ in range(4):
            for number in range(20):
                assert cache.get_or_load(name, number, load) == load(number)


def test_hits_misses_and_latencies_are_exported(client):
    cache = MeteredCache(client, ttl_s=600)
    use(cache)
    found = samples(generate_latest(cache.registry).decode())
    for name in ("products", "prices"):
        assert found["cache_requests_total", name, "hit"] == 60
        assert found["cache_requests_total", name, "miss"] == 20
        assert found["cache_latency_seconds_count", name, "get"] == 80
        assert found["cache_latency_seconds_count", name, "set"] == 20
        assert found["cache_latency_seconds_bucket", name, "get", "+Inf"] == 80
        assert found["cache_latency_seconds_sum", name, "get"] > 0
    assert found["cache_server_memory_bytes",] > 0


def test_server_counts_the_same_hits_and_misses(client):
    cache = MeteredCache(client, ttl_s=600)
    client.config_resetstat()
    use(cache)
    stats = client.info("stats")
    assert stats["keyspace_hits"] == 120
    assert stats["keyspace_misses"] == 40
    assert cache.server_hit_ratio() == 0.75
    # The pool may have to open connections again, so commands of handshakes may come on top.
    commands = client.info("commandstats")
    assert commands["cmdstat_get"]["calls"] == 160
    assert commands["cmdstat_set"]["calls"] == 40


def test_failed_calls_are_counted(client):
    cache = MeteredCache(client, ttl_s=600)
    client.sadd("products:1", "of another type")
    with pytest.raises(RedisError, match="WRONGTYPE"):
        cache.get_or_load("products", 1, load)
    found = samples(generate_latest(cache.registry).decode())
    assert found["cache_errors_total", "products"] == 1


def test_metrics_are_served_over_http(client):
    cache = MeteredCache(client, ttl_s=600)
    use(cache)
    http_server, thread = start_http_server(0, addr="127.0.0.1", registry=cache.registry)
    try:
        url = f"http://127.0.0.1:{http_server.server_port}/metrics"
        with urllib.request.urlopen(url, timeout=60) as reply:
            found = samples(reply.read().decode())
    finally:
        http_server.shutdown()
        http_server.server_close()
        thread.join()
    assert found["cache_requests_total", "products", "hit"] == 60
    assert found["cache_server_hit_ratio",] == 0.75


def test_fields_that_exporters_read(client):
    client.set("a", 1, ex=1000)
    client.set("b", 2)
    info = client.info()
    for field in ("redis_version", "redis_mode", "run_id", "os", "uptime_in_seconds",
                  "connected_clients", "used_memory", "used_memory_human", "used_memory_rss",
                  "used_memory_peak", "maxmemory", "maxmemory_policy", "keyspace_hits",
                  "keyspace_misses", "evicted_keys", "expired_keys", "instantaneous_ops_per_sec",
                  "total_net_input_bytes", "total_net_output_bytes", "total_commands_processed",
                  "total_connections_received", "role", "master_repl_offset", "loading"):
        assert field in info, field
    assert info["db0"]["keys"] == 2
    assert info["db0"]["expires"] == 1
    assert info["loading"] == 0
    assert info["role"] == "master"
