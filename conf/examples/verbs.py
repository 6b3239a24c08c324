"""Every verb of the cache with redis-py: its generic call is all that it takes.

    python3 verbs.py redis://127.0.0.1:6379
"""
import sys

import redis

FIELDS = ("state", "value", "etag", "fresh_ms", "stale_ms", "token")


def cache_get(r, key, *options):
    """CACHE.GET as a dict: what RESP3 answers; RESP2 answers the values alone, in this order."""
    reply = r.execute_command("CACHE.GET", key, *options)
    return reply if isinstance(reply, dict) else dict(zip(FIELDS, reply))


def write_and_read(r):
    # Fresh for 60 s, then stale for 30 s while somebody refreshes; 120 ms to make; two tags.
    r.execute_command("SET", "page:7", "<h1>Boots</h1>", "EX", 60, "SWR", 30, "SIE", 600, "COST", 120,
                      "TAGS", 2, "shop", "product:7")
    got = cache_get(r, "page:7")
    assert (got["state"], got["value"], got["token"]) == ("HIT", "<h1>Boots</h1>", None)
    assert got["fresh_ms"] <= 60_000 and got["stale_ms"] == 30_000
    assert cache_get(r, "page:7", "IFNE", got["etag"])["state"] == "NOTMODIFIED"


def fill_with_a_lease(r, key="page:8", make=lambda: "<h1>Hats</h1>"):
    """What a caller does who wants a value: at most one of all callers makes it."""
    got = cache_get(r, key, "LEASE", 5000, "WAIT", 1000, "EARLY", 1.0)
    token = got["token"]
    if token is None:
        return got["value"]  # HIT, STALE, NEGATIVE, PASS; or a MISS where nobody has filled it in time
    try:
        value = make()
    except Exception:
        r.execute_command("CACHE.RELEASE", key, token)  # whoever waits longest tries next
        raise
    # nil where the key was purged or written meanwhile: then this value is too old to be kept.
    r.execute_command("SET", key, value, "EX", 60, "SWR", 30, "LEASE", token)
    return value


def no_value(r):
    r.execute_command("CACHE.PASS", "page:9", "EX", 10)  # an answer that must not be cached
    assert cache_get(r, "page:9", "LEASE", 5000, "WAIT", 1000)["state"] == "PASS"
    r.execute_command("SET", "page:404", "", "EX", 10, "NEG", 404)
    got = cache_get(r, "page:404")
    assert (got["state"], got["value"]) == ("NEGATIVE", "404")


def tags_and_purges(r):
    r.hset("user:1", "name", "Ada")
    assert r.execute_command("CACHE.TAG", "user:1", 2, "team:blue", "shop") == 2
    assert r.execute_command("CACHE.UNTAG", "user:1", 1, "shop") == 1
    assert list(r.execute_command("CACHE.TAGS", "user:1")) == ["team:blue"]
    assert r.execute_command("CACHE.PURGETAG", "product:7", "SOFT", 30) == 1
    assert r.get("page:7") is None
    assert cache_get(r, "page:7")["state"] == "STALE"
    assert r.execute_command("CACHE.PURGE", "page:404", "user:1") == 2
    assert r.execute_command("CACHE.PURGEMATCH", "page:*") >= 1


def caches_of_their_own(r):
    # Pages have 64 MB and five minutes, give or take 30 s; limiters are never evicted.
    r.execute_command("CACHE.NS", "SET", "pages", "PREFIX", "page:", "MAXMEMORY", "64mb",
                      "DEFAULTTTL", 300, "JITTER", 10)
    r.execute_command("CACHE.NS", "SET", "limits", "PREFIX", "limit:", "NOEVICT")
    r.set("page:1", "Welcome")
    assert 270 <= r.ttl("page:1") <= 330
    stats = r.execute_command("CACHE.NS", "STATS", "pages")
    stats = stats if isinstance(stats, dict) else dict(zip(stats[::2], stats[1::2]))
    assert stats["name"] == "pages" and stats["writes"] >= 1
    assert r.execute_command("CACHE.NS", "FLUSH", "pages") >= 1
    hot = r.execute_command("CACHE.HOT", "COUNT", 5)  # keys, each with its commands a second
    assert len(hot) <= 10
    assert r.execute_command("CACHE.NS", "DEL", "pages") == 1  # its keys would stay


def word_of_purges(r, url):
    """A push for each purge of a tag: for what a process keeps itself (RESP3)."""
    kept = {"product:7": "Boots"}
    listening = redis.Redis.from_url(url, protocol=3, decode_responses=True)
    connection = listening.connection_pool.get_connection()
    connection._parser.set_pubsub_push_handler(lambda push: kept.pop(push[1], None))
    connection.send_command("CACHE.TRACKTAG", "product:7", "product:8")
    assert connection.read_response() == 2
    r.execute_command("CACHE.PURGETAG", "product:7")
    connection.send_command("PING")
    assert connection.read_response() == "PONG"  # pushes are read with replies
    assert kept == {}
    listening.close()


def main(url):
    with redis.Redis.from_url(url, decode_responses=True) as r:
        write_and_read(r)
        assert fill_with_a_lease(r) == fill_with_a_lease(r) == "<h1>Hats</h1>"
        no_value(r)
        tags_and_purges(r)
        caches_of_their_own(r)
        word_of_purges(r, url)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "redis://127.0.0.1:6379")
