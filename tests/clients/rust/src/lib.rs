//! Small applications of a cache server on the redis crate.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::{Commands, Connection, ExistenceCheck, RedisResult, Script, SetExpiry, SetOptions};

static TOKENS: AtomicU64 = AtomicU64::new(0);

/// A lock on one server: SET NX EX takes it, only its owner can release or extend it.
pub struct LeaseLock {
    name: String,
    ttl_s: u64,
    token: String,
    release: Script,
    extend: Script,
}

impl LeaseLock {
    pub fn new(name: &str, ttl_s: u64) -> Self {
        let number = TOKENS.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            name: name.to_string(),
            ttl_s,
            token: format!("{}-{number}-{}", std::process::id(), now.as_nanos()),
            release: Script::new(
                "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) \
                 else return 0 end",
            ),
            extend: Script::new(
                "if redis.call('get', KEYS[1]) == ARGV[1] then \
                 return redis.call('expire', KEYS[1], ARGV[2]) else return 0 end",
            ),
        }
    }

    pub fn try_acquire(&self, connection: &mut Connection) -> RedisResult<bool> {
        let options = SetOptions::default()
            .conditional_set(ExistenceCheck::NX)
            .with_expiration(SetExpiry::EX(self.ttl_s));
        let reply: Option<String> = connection.set_options(&self.name, &self.token, options)?;
        Ok(reply.is_some())
    }

    pub fn acquire(&self, connection: &mut Connection) -> RedisResult<()> {
        while !self.try_acquire(connection)? {
            sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    pub fn release(&self, connection: &mut Connection) -> RedisResult<bool> {
        self.release.key(&self.name).arg(&self.token).invoke(connection)
    }

    pub fn extend(&self, connection: &mut Connection, ttl_s: u64) -> RedisResult<bool> {
        self.extend.key(&self.name).arg(&self.token).arg(ttl_s).invoke(connection)
    }
}

/// Reads the cache; on a miss one caller loads while the others wait for its value.
pub fn get_or_set(
    connection: &mut Connection,
    key: &str,
    ttl_s: u64,
    load: impl Fn() -> String,
) -> RedisResult<String> {
    let lock = LeaseLock::new(&format!("lock:{key}"), 600);
    loop {
        if let Some(held) = connection.get::<_, Option<String>>(key)? {
            return Ok(held);
        }
        if lock.try_acquire(connection)? {
            // Another owner may have stored the value between our GET and our SET.
            let value = match connection.get::<_, Option<String>>(key)? {
                Some(held) => held,
                None => {
                    let value = load();
                    let () = connection.set_ex(key, &value, ttl_s)?;
                    value
                }
            };
            lock.release(connection)?;
            return Ok(value);
        }
        sleep(Duration::from_millis(20));
    }
}

/// Deletes what matches the pattern in chunks; returns how many keys went.
pub fn invalidate_pattern(connection: &mut Connection, pattern: &str) -> RedisResult<u64> {
    let (mut cursor, mut deleted) = (0u64, 0u64);
    loop {
        let (next, keys): (u64, Vec<String>) = redis::cmd("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(pattern)
            .arg("COUNT")
            .arg(1000)
            .query(connection)?;
        if !keys.is_empty() {
            deleted += connection.unlink::<_, u64>(keys)?;
        }
        if next == 0 {
            return Ok(deleted);
        }
        cursor = next;
    }
}

/// Stores an entry and adds its key to the set of each of its tags, in one pipeline.
pub fn put_tagged(
    connection: &mut Connection,
    key: &str,
    value: &[u8],
    ttl_s: u64,
    tags: &[&str],
) -> RedisResult<()> {
    let mut pipeline = redis::pipe();
    pipeline.set_ex(key, value, ttl_s).ignore();
    for tag in tags {
        let set = format!("tag:{tag}");
        pipeline.sadd(&set, key).ignore().expire(&set, ttl_s as i64 + 60).ignore();
    }
    pipeline.query(connection)
}

/// Drops the entries that carry the tag; returns how many there were.
pub fn invalidate_tag(connection: &mut Connection, tag: &str) -> RedisResult<u64> {
    let set = format!("tag:{tag}");
    let keys: Vec<String> = connection.smembers(&set)?;
    let (dropped, _): (u64, u64) = if keys.is_empty() {
        (0, 0)
    } else {
        redis::pipe().atomic().del(&keys).del(&set).query(connection)?
    };
    Ok(dropped)
}
