import asyncio
import threading

from apps.write_policies import AsyncWriteBehind, Table, WriteBehind, WriteThrough
from connecting import connect_async


def test_write_through_reaches_the_table_and_the_cache(client):
    store = WriteThrough(client, Table(), ttl_s=100)
    store.put("a", b"1")
    assert store.table.get("a") == b"1"
    assert client.get("item:a") == b"1"
    store.put("a", b"2")
    assert store.get("a") == b"2"
    assert store.table.get("a") == b"2"


def test_write_through_reads_the_table_after_a_flush(client):
    store = WriteThrough(client, Table(), ttl_s=100)
    store.put("a", b"1")
    client.flushall()
    assert store.get("a") == b"1"
    assert client.get("item:a") == b"1"
    assert store.get("missing") is None


def test_write_through_read_renews_the_ttl(client):
    store = WriteThrough(client, Table(), ttl_s=1000)
    store.put("a", b"1")
    client.expire("item:a", 100)
    store.get("a")
    assert client.ttl("item:a") > 100


def test_write_behind_reaches_the_table_on_flush(client):
    store = WriteBehind(client, Table())
    for number in range(1000):
        store.put(f"n{number}", b"%d" % number)
    assert store.table.count() == 0
    batches = 0
    while store.flush():
        batches += 1
    assert batches == 10
    assert store.table.count() == 1000
    assert store.table.get("n999") == b"999"
    assert client.exists(WriteBehind.DIRTY) == 0


def test_write_behind_loses_no_update_while_flushing(client):
    store = WriteBehind(client, Table())
    writers_done = threading.Event()

    def write(writer):
        for number in range(200):
            store.put(f"w{writer}:{number % 20}", b"%d" % number)
            store.add("total", 1)

    def flush():
        while True:
            last_round = writers_done.is_set()
            if store.flush(batch=7) == 0 and last_round:
                return

    writers = [threading.Thread(target=write, args=[writer]) for writer in range(4)]
    flusher = threading.Thread(target=flush)
    for thread in [*writers, flusher]:
        thread.start()
    for writer in writers:
        writer.join()
    writers_done.set()
    flusher.join()
    assert store.table.get("total") == b"800"
    for writer in range(4):
        for slot in range(20):
            assert store.table.get(f"w{writer}:{slot}") == b"%d" % (180 + slot)


def test_write_behind_with_asyncio(server):
    async def scenario():
        async with connect_async(server) as client:
            store = AsyncWriteBehind(client, Table())
            await asyncio.gather(*(store.put(f"n{n}", b"%d" % n) for n in range(300)))
            assert store.table.count() == 0
            while await store.flush():
                pass
            assert store.table.count() == 300
            assert store.table.get("n123") == b"123"

    asyncio.run(scenario())
