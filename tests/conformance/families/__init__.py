"""The command families of the differential test, in one list: add a family's module here."""
from families import (acl, bitmaps, connection, dumps, functions, geo, hashes, hyperloglogs, keys,
                      lists, pubsub, scripts, sets, sorted_sets, sorting, streams, strings, tracking,
                      transactions)
from families.base import Generator, mutate

FAMILIES = [strings, bitmaps, hyperloglogs, keys, dumps, sorting, sets, sorted_sets, geo, hashes,
            lists, streams, transactions, scripts, functions, pubsub, tracking, connection, acl]

# What must be seen to answer without an error, at least 200 times a run. Not from the generators'
# own tables, so that one that goes missing is noticed.
COVERED = """
append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset msetnx
psetex set setex setnx setrange strlen substr
copy dbsize del exists expire expireat expiretime flushall flushdb keys move object|encoding
object|help object|idletime object|refcount dump migrate persist pexpire pexpireat pexpiretime pttl randomkey
rename renamenx restore scan sort sort_ro swapdb touch ttl type unlink
sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove spop
srandmember srem sscan sunion sunionstore
hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hrandfield hscan hset hsetnx
hstrlen hvals
blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange
lrem lset ltrim rpop rpoplpush rpush rpushx
bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore
zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex
zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore
zunion zunionstore
xack xadd xautoclaim xclaim xdel xgroup|create xgroup|createconsumer xgroup|delconsumer
xgroup|destroy xgroup|help xgroup|setid xinfo|consumers xinfo|groups xinfo|help xinfo|stream xlen
xpending xrange xread xreadgroup xrevrange xsetid xtrim
geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch
geosearchstore
bitcount bitfield bitfield_ro bitop bitpos getbit setbit pfadd pfcount pfdebug pfmerge
discard exec multi unwatch watch
eval eval_ro evalsha evalsha_ro script|exists script|flush script|load
fcall fcall_ro function|delete function|dump function|flush function|help function|list function|load
function|restore function|stats
acl|cat acl|deluser acl|dryrun acl|genpass acl|getuser acl|help acl|list acl|log acl|setuser
acl|users acl|whoami
psubscribe publish pubsub|channels pubsub|numpat pubsub|numsub pubsub|shardchannels
pubsub|shardnumsub punsubscribe spublish ssubscribe subscribe sunsubscribe unsubscribe
auth client|caching client|getname client|getredir client|id client|info client|kill client|list client|no-evict client|pause
client|reply client|setname client|tracking client|trackinginfo client|unpause command|count command|docs command|getkeys
command|getkeysandflags command|info command|list config|get config|resetstat config|set
debug|object debug|set-active-expire debug|sleep echo hello info lastsave memory|purge memory|stats
memory|usage module|list monitor ping quit reset role save select slowlog|get slowlog|len
slowlog|reset time
""".split()

# Commands that cannot reach 200, and why.
UNCOVERED = {
    "acl|load": "answers an error where no file was given; tests/commands has the file",
    "acl|save": "answers an error where no file was given; tests/commands has the file",
    "object|freq": "Redis answers an error under every policy but LFU",
    "script|kill": "answers NOTBUSY while no script runs; tests/server has the busy case",
    "function|kill": "likewise; tests/commands has the busy case",
    "config|rewrite": "answers an error where no file was given",
    "command": "the whole table is large; its parts are compared by COMMAND INFO",
    "bgsave": "forks; two hundred would measure the machine",
    "pfselftest": "answers OK, or the server is broken; tests/commands calls it",
    "shutdown": "ends the server; only its refusal is compared",
}


# Keywords of redis-server's documentation that no reply without an error can show, and why.
UNSEEN = {
    # They would end the very connections that the comparison needs, or there are no such clients.
    "client|kill": ("NORMAL", "MASTER", "SLAVE", "REPLICA", "PUBSUB"),
}


def options():
    """Keywords by command that must be seen to work."""
    found = {}
    for family in FAMILIES:
        found.update(family.OPTIONS)
    return found


def units(seed, count, only=()):
    """Seeded units with `count` commands in all; of all families, or only of those named."""
    g = Generator(seed)
    table = [entry for family in FAMILIES
             if not only or family.__name__.removeprefix("families.") in only
             for entry in family.COMMANDS.values()]
    weights = [weight for weight, _ in table]
    builders = [builder for _, builder in table]
    yield keys.refill(g)
    while count > 0:
        unit = g.rng.choices(builders, weights)[0](g)
        for at, step in enumerate(unit):
            if getattr(step, "mutable", False) and g.chance(0.05):
                unit[at] = mutate(g, step)
        count -= sum(hasattr(step, "args") for step in unit)
        yield unit
