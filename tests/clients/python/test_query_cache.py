import pytest

from apps.query_cache import QueryCache


class Database:
    def __init__(self):
        self.rows = list(range(100))
        self.runs = 0

    def run(self, query):
        self.runs += 1
        chosen = [row for row in self.rows if row >= query.get("least", 0)]
        if query.get("order") == "desc":
            chosen.reverse()
        start = query.get("page", 0) * 10
        return chosen[start:start + 10]


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def cache(client):
    return QueryCache(client, ttl_s=300)


VARIANTS = [{"page": page, "order": order, "least": least}
            for page in range(5) for order in ("asc", "desc") for least in (0, 30)]


def test_each_variant_is_run_once(cache, database, client):
    first = [cache.fetch("items", query, database.run) for query in VARIANTS]
    second = [cache.fetch("items", dict(reversed(query.items())), database.run)
              for query in VARIANTS]
    assert second == first
    assert database.runs == len(VARIANTS)
    assert client.scard("variants:items") == len(VARIANTS)


def test_write_invalidates_all_variants_of_its_table_only(cache, database, client):
    for query in VARIANTS:
        cache.fetch("items", query, database.run)
        cache.fetch("users", query, database.run)
    database.rows.insert(0, -1)
    assert cache.invalidate("items") == len(VARIANTS)
    database.runs = 0
    assert cache.fetch("items", {"least": -5}, database.run)[0] == -1
    for query in VARIANTS:
        cache.fetch("users", query, database.run)
    assert database.runs == 1


def test_thousands_of_variants_go_in_one_step(cache, client):
    for number in range(3500):
        cache.fetch("items", {"page": number}, lambda query: [query["page"]])
    assert cache.invalidate("items") == 3500
    assert client.keys("query:items:*") == []
    assert cache.invalidate("items") == 0


def test_result_computed_before_an_invalidation_is_not_kept(cache, client):
    def run_while_somebody_writes(query):
        cache.invalidate("items")
        return ["old"]

    assert cache.fetch("items", {}, run_while_somebody_writes) == ["old"]
    assert client.exists(cache.key_of("items", {})) == 0
    assert cache.fetch("items", {}, lambda query: ["new"]) == ["new"]
    assert cache.fetch("items", {}, lambda query: ["unused"]) == ["new"]


def test_scripts_survive_script_flush(cache, client):
    cache.fetch("items", {"page": 1}, lambda query: [1])
    client.script_flush()
    assert cache.invalidate("items") == 1
