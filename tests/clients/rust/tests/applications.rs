mod support;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use larder_client_tests::{LeaseLock, get_or_set, invalidate_pattern, invalidate_tag, put_tagged};
use redis::{Commands, ErrorKind, RedisResult, Script, ServerErrorKind};
use support::{Server, wait_until};

#[test]
fn two_hundred_callers_load_once() {
    let server = Server::start(&[]);
    let loads = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(|| {
                let load = || {
                    loads.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(50));
                    "value".to_string()
                };
                let value = get_or_set(&mut server.connect(), "product:1", 600, load);
                assert_eq!(value.expect("a value"), "value");
            });
        }
    });
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    let mut connection = server.connect();
    let ttl: i64 = connection.ttl("product:1").unwrap();
    assert!(ttl > 0 && ttl <= 600);
    assert!(!connection.exists::<_, bool>("lock:product:1").unwrap());
}

#[test]
fn sixty_four_workers_exclude_each_other() {
    let server = Server::start(&[]);
    let (inside, violations) = (AtomicI64::new(0), AtomicI64::new(0));
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                let (mut connection, lock) = (server.connect(), LeaseLock::new("lock", 600));
                for _ in 0..5 {
                    lock.acquire(&mut connection).unwrap();
                    if inside.fetch_add(1, Ordering::SeqCst) != 0 {
                        violations.fetch_add(1, Ordering::SeqCst);
                    }
                    // A read-modify-write that two holders at once would tear.
                    let count: Option<u64> = connection.get("count").unwrap();
                    let () = connection.set("count", count.unwrap_or(0) + 1).unwrap();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    assert!(lock.release(&mut connection).unwrap());
                }
            });
        }
    });
    assert_eq!(violations.load(Ordering::SeqCst), 0);
    assert_eq!(server.connect().get::<_, u64>("count").unwrap(), 320);
}

#[test]
fn only_the_owner_releases_and_extends() {
    let server = Server::start(&[]);
    let mut connection = server.connect();
    let (owner, other) = (LeaseLock::new("lock", 600), LeaseLock::new("lock", 600));
    assert!(owner.try_acquire(&mut connection).unwrap());
    assert!(!other.try_acquire(&mut connection).unwrap());
    assert!(!other.release(&mut connection).unwrap());
    assert!(!other.extend(&mut connection, 5000).unwrap());
    assert!(owner.extend(&mut connection, 5000).unwrap());
    assert!(connection.ttl::<_, i64>("lock").unwrap() > 600);
    assert!(owner.release(&mut connection).unwrap());
    let short = LeaseLock::new("lock", 1);
    assert!(short.try_acquire(&mut connection).unwrap());
    wait_until("the owner runs out of time", || other.try_acquire(&mut connection).unwrap());
    assert!(!short.release(&mut connection).unwrap());
}

#[test]
fn invalidation_by_pattern_and_by_tag() {
    let server = Server::start(&[]);
    let mut connection = server.connect();
    for chunk in 0..10 {
        let mut pipeline = redis::pipe();
        for number in 0..10_000 {
            pipeline.set_ex(format!("page:{chunk}:{number}"), number, 3600).ignore();
        }
        let () = pipeline.query(&mut connection).unwrap();
    }
    let () = connection.set("kept", 1).unwrap();
    assert_eq!(invalidate_pattern(&mut connection, "page:[0-4]:*").unwrap(), 50_000);
    assert_eq!(invalidate_pattern(&mut connection, "page:*").unwrap(), 50_000);
    assert_eq!(redis::cmd("DBSIZE").query::<u64>(&mut connection).unwrap(), 1);

    for number in 0..400 {
        let (key, shop) = (format!("p{number}"), format!("shop{}", number % 4));
        put_tagged(&mut connection, &key, b"\x00\xff", 600, &["all", &shop]).unwrap();
    }
    assert!(connection.ttl::<_, i64>("tag:all").unwrap() > 600);
    assert_eq!(invalidate_tag(&mut connection, "shop1").unwrap(), 100);
    assert_eq!(invalidate_tag(&mut connection, "shop1").unwrap(), 0);
    assert_eq!(connection.get::<_, Vec<u8>>("p2").unwrap(), b"\x00\xff");
    assert_eq!(invalidate_tag(&mut connection, "all").unwrap(), 300);
}

#[test]
fn invalidation_by_event() {
    let server = Server::start(&[]);
    for parameters in ["?protocol=resp2", "?protocol=resp3"] {
        let mut listening = server.client(parameters).get_connection().unwrap();
        let mut subscriber = listening.as_pubsub();
        subscriber.subscribe("invalidate").unwrap();
        let mut connection = server.client(parameters).get_connection().unwrap();
        for key in ["a", "b\r\n"] {
            assert_eq!(connection.publish::<_, _, u64>("invalidate", key).unwrap(), 1);
            assert_eq!(subscriber.get_message().unwrap().get_payload::<String>().unwrap(), key);
        }
    }
}

#[test]
fn optimistic_transactions_lose_nothing() {
    let server = Server::start(&[]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = server.connect();
                for _ in 0..25 {
                    let (_,): (String,) =
                        redis::transaction(&mut connection, &["total"], |connection, pipeline| {
                            let held: Option<u64> = connection.get("total")?;
                            pipeline.set("total", held.unwrap_or(0) + 1).query(connection)
                        })
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(server.connect().get::<_, u64>("total").unwrap(), 200);
}

#[test]
fn values_of_a_megabyte_come_back_whole() {
    let server = Server::start(&[]);
    let mut connection = server.connect();
    // A generator of unpredictable bytes (xorshift).
    let mut state = 88_172_645_463_325_252u64;
    let mut value = Vec::with_capacity(1 << 20);
    while value.len() < 1 << 20 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        value.extend_from_slice(&state.to_le_bytes());
    }
    for number in 0..16 {
        let () = connection.set_ex(format!("document:{number}"), &value, 600).unwrap();
    }
    let keys: Vec<String> = (0..16).map(|number| format!("document:{number}")).collect();
    let held: Vec<Vec<u8>> = connection.mget(keys).unwrap();
    assert!(held.iter().all(|each| *each == value));
}

#[test]
fn connections_come_and_go() {
    let server = Server::start(&[]);
    let () = server.connect().set("key", "value").unwrap();
    for _ in 0..2000 {
        assert_eq!(server.connect().get::<_, String>("key").unwrap(), "value");
    }
    let mut fleet: Vec<_> = (0..1000).map(|_| server.connect()).collect();
    for connection in &mut fleet {
        assert_eq!(connection.get::<_, String>("key").unwrap(), "value");
    }
}

#[test]
fn client_falls_back_while_the_server_is_down() {
    let mut server = Server::start(&[]);
    let client = server.client("");
    let fetch = |key: &str| -> RedisResult<String> {
        get_or_set(&mut client.get_connection()?, key, 600, || "value".to_string())
    };
    assert_eq!(fetch("a").unwrap(), "value");
    let mut old = client.get_connection().unwrap();
    for _ in 0..3 {
        server.kill();
        assert!(fetch("a").unwrap_err().is_io_error());
        assert!(old.get::<_, Option<String>>("a").is_err());
        server.start_again();
        assert_eq!(fetch("a").unwrap(), "value");
    }
}

#[test]
fn handshake_and_errors() {
    let server = Server::start(&["--requirepass", "s3cret"]);
    assert!(
        server.client("").get_connection().map(|mut c| c.ping::<String>().is_err()).unwrap_or(true)
    );
    let url = format!("redis://:s3cret@127.0.0.1:{}/3?protocol=resp3", server.port);
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let info: String = redis::cmd("CLIENT").arg("INFO").query(&mut connection).unwrap();
    assert!(info.contains(" db=3 ") && info.contains(" resp=3"), "{info}");
    let () = connection.sadd("set", "a").unwrap();
    let wrong = connection.get::<_, String>("set").unwrap_err();
    assert!(
        wrong.to_string().contains("WRONGTYPE") || wrong.code() == Some("WRONGTYPE"),
        "{wrong}"
    );
    let missing = redis::cmd("EVALSHA").arg("0".repeat(40)).arg(0).query::<()>(&mut connection);
    let no_script = ErrorKind::Server(ServerErrorKind::NoScript);
    assert_eq!(missing.unwrap_err().kind(), no_script);
    let script = Script::new("return {KEYS[1], tonumber(ARGV[1]) * 2}");
    for _ in 0..2 {
        let reply: (String, i64) = script.key("k").arg(21).invoke(&mut connection).unwrap();
        assert_eq!(reply, ("k".to_string(), 42));
        let () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut connection).unwrap();
    }
}
