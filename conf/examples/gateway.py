"""A gateway's response cache on Larder with redis-py: named caches with lifetimes for each operation,
keys from what the answer depends on, purges by API and version, negative answers, answers that must
not be cached, rate limits beside them, and a second layer in the process.

Users and their rights: gateway.acl. What each verb does: verbs.py.
"""
import hashlib
import json

import redis

from verbs import cache_get

# Names of caches, and how long what lies in them lives: fresh, then stale while somebody refreshes,
# then stale only when the backend fails.
CACHES = {
    "catalogue": {"fresh": 300, "stale": 60, "error": 3600},
    "search": {"fresh": 20, "stale": 10, "error": 300},
}
# By operation: which cache, which parts of the request its answer depends on, and a lifetime of its
# own where the cache's does not fit.
OPERATIONS = {
    "GET /products/{id}": {"cache": "catalogue", "headers": ["accept-language"], "query": []},
    "GET /search": {"cache": "search", "headers": [], "query": ["q", "page"], "fresh": 5},
    "GET /basket": {"cache": "catalogue", "headers": [], "query": [], "user": True, "fresh": 10},
}
NEGATIVE_S = 10  # "not found" is kept for so long
PASS_S = 5       # an answer that must not be cached is remembered as such for so long
LEASE_MS, WAIT_MS = 5000, 2000


class BackendError(Exception):
    pass


def key_of(operation, path, query, headers, user):
    """From what the answer depends on and nothing else, so that the same answer has one key."""
    rule = OPERATIONS[operation]
    parts = [path, [[name, query.get(name)] for name in rule["query"]],
             [[name, headers.get(name)] for name in rule["headers"]], user if rule.get("user") else None]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    return f"cache:{rule['cache']}:{digest}"


class Gateway:
    """`backend(path, query, headers, user)` answers (status, body, may be cached). The client decodes
    replies (decode_responses=True)."""

    def __init__(self, client, backend):
        self.redis, self.backend = client, backend

    def get(self, api, version, operation, path, query=None, headers=None, user=None):
        query, headers = query or {}, headers or {}
        rule = OPERATIONS[operation]
        key = key_of(operation, path, query, headers, user)
        got = cache_get(self.redis, key, "LEASE", LEASE_MS, "WAIT", WAIT_MS, "EARLY", 1.0)
        token = got["token"]
        if got["state"] == "NEGATIVE":
            return 404, ""
        if got["value"] is not None and token is None:
            return 200, got["value"]
        try:
            status, body, cacheable = self.backend(path, query, headers, user)
        except BackendError:
            return self.when_the_backend_fails(key, token)
        if token is not None:
            self.keep(key, token, status, body, cacheable, rule, [f"api:{api}", f"api:{api}:{version}"])
        return status, body

    def keep(self, key, token, status, body, cacheable, rule, tags):
        cache = CACHES[rule["cache"]]
        if status == 404:
            self.redis.execute_command("SET", key, "", "EX", NEGATIVE_S, "NEG", 404,
                                       "TAGS", len(tags), *tags, "LEASE", token)
        elif status == 200 and cacheable:
            self.redis.execute_command("SET", key, body, "EX", rule.get("fresh", cache["fresh"]),
                                       "SWR", cache["stale"], "SIE", cache["error"],
                                       "TAGS", len(tags), *tags, "LEASE", token)
        elif status == 200:
            self.redis.execute_command("CACHE.PASS", key, "EX", PASS_S)
        else:
            self.redis.execute_command("CACHE.RELEASE", key, token)

    def when_the_backend_fails(self, key, token):
        got = cache_get(self.redis, key, "ONERROR")
        if token is not None:
            self.redis.execute_command("CACHE.RELEASE", key, token)
        return (200, got["value"]) if got["state"] in ("STALE", "HIT") else (502, "")

    def purge_api(self, api, version=None, soft_s=None):
        """Everything of an API, or of one version of it: at once, however much that is."""
        tag = f"api:{api}" if version is None else f"api:{api}:{version}"
        soft = () if soft_s is None else ("SOFT", soft_s)
        return self.redis.execute_command("CACHE.PURGETAG", tag, *soft)

    def allow(self, user, most, seconds):
        """A fixed window: whether the user may call once more."""
        key = f"limit:{user}"
        count, _ = self.redis.pipeline(transaction=True).incr(key).expire(key, seconds, nx=True).execute()
        return count <= most


def define_caches(admin, quota="64mb"):
    """What an administrator does once (CONFIG REWRITE keeps it): every cache has a quota and figures
    of its own, and its button on the admin page; rate limits are never evicted."""
    for name in CACHES:
        admin.execute_command("CACHE.NS", "SET", name, "PREFIX", f"cache:{name}:", "MAXMEMORY", quota)
    admin.execute_command("CACHE.NS", "SET", "limits", "PREFIX", "limit:", "NOEVICT")


def routes_with_a_second_layer(url):
    """Routes are read by every request: redis-py keeps them in the process, and Larder tells it when
    one changes (client-side caching)."""
    from redis.cache import CacheConfig
    return redis.Redis.from_url(url, protocol=3, decode_responses=True, cache_config=CacheConfig())
