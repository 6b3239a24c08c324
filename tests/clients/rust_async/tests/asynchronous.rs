//! The asynchronous clients of Rust: fred, which keeps many commands in flight on one connection, and
//! deadpool-redis, a pool of the redis crate's connections.

// Of what the helper offers the blocking suite uses more.
#[allow(dead_code)]
#[path = "../../rust/tests/support/mod.rs"]
mod support;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use deadpool_redis::redis::{self as redis_crate, AsyncCommands};
use fred::prelude::*;
use fred::types::RespVersion;
use fred::types::config::UnresponsiveConfig;
use fred::types::scripts::Script;
use futures::TryStreamExt;
use futures::future::try_join_all;
use support::{DEADLINE, Server};

async fn fred_client(server: &Server, version: RespVersion) -> Client {
    let client = builder(server, version).build().expect("a client");
    client.init().await.expect("a connection");
    client
}

fn builder(server: &Server, version: RespVersion) -> Builder {
    let url = format!("redis://127.0.0.1:{}", server.port);
    let mut builder = Builder::from_config(Config::from_url(&url).expect("a URL"));
    builder.with_config(|config| config.version = version.clone());
    builder.with_connection_config(|config| {
        config.connection_timeout = DEADLINE;
        config.unresponsive = UnresponsiveConfig::default();
    });
    builder
}

/// Polls until the condition holds; fails after a generous deadline.
async fn wait_until<Answer: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> Answer) {
    let poll = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, poll).await.unwrap_or_else(|_| panic!("{what}"));
}

async fn blocked_clients(client: &Client) -> String {
    let info: String = client.info(Some(fred::types::InfoKind::Clients)).await.unwrap();
    info.lines().find_map(|line| line.strip_prefix("blocked_clients:")).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn fred_keeps_the_order_of_ten_thousand_in_flight() {
    let server = Server::start(&[]);
    for version in [RespVersion::RESP2, RespVersion::RESP3] {
        let client = fred_client(&server, version).await;
        let () = client.flushall(false).await.unwrap();
        let counts: Vec<u64> =
            try_join_all((0..10_000).map(|_| client.incr::<u64, _>("count"))).await.unwrap();
        assert!(counts.iter().copied().eq(1..=10_000));
        let pipeline = client.pipeline();
        let () = pipeline.hset("hash", [("a", 1), ("b", 2)]).await.unwrap();
        let () = pipeline.hgetall("hash").await.unwrap();
        let (added, all): (u64, HashMap<String, u64>) = pipeline.all().await.unwrap();
        assert_eq!((added, all["b"]), (2, 2));
        client.quit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fred_runs_a_transaction_whole_or_not_at_all() {
    let server = Server::start(&[]);
    let client = fred_client(&server, RespVersion::RESP3).await;
    let transaction = client.multi();
    let () = transaction.incr_by("total", 10).await.unwrap();
    let () = transaction.get("total").await.unwrap();
    let (total, text): (i64, String) = transaction.exec(true).await.unwrap();
    assert_eq!((total, text.as_str()), (10, "10"));
    let transaction = client.multi();
    let () = transaction.incr_by("total", 10).await.unwrap();
    let unknown = fred::types::CustomCommand::new_static("NOSUCH", None, false);
    let () = transaction.custom(unknown, Vec::<String>::new()).await.unwrap_or_default();
    assert!(transaction.exec::<Vec<Value>>(true).await.is_err());
    assert_eq!(client.get::<i64, _>("total").await.unwrap(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn fred_loads_a_script_again_after_a_flush() {
    let server = Server::start(&[]);
    let client = fred_client(&server, RespVersion::RESP3).await;
    let release = Script::from_lua(
        "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0",
    );
    let () = client
        .set("lock", "owner", Some(Expiration::EX(600)), Some(SetOptions::NX), false)
        .await
        .unwrap();
    for (token, deleted) in [("other", 0), ("owner", 1)] {
        let () = client.script_flush(false).await.unwrap();
        let reply: i64 = release.evalsha_with_reload(&client, "lock", token).await.unwrap();
        assert_eq!(reply, deleted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fred_scans_every_key() {
    let server = Server::start(&[]);
    let client = fred_client(&server, RespVersion::RESP3).await;
    let values: Vec<_> = (0..5_000).map(|number| (format!("page:{number}"), number)).collect();
    let () = client.mset(values).await.unwrap();
    let keys: Vec<Key> = client.scan_buffered("page:*", Some(100), None).try_collect().await.unwrap();
    assert_eq!(keys.into_iter().collect::<HashSet<_>>().len(), 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn fred_hears_messages_in_order() {
    let server = Server::start(&[]);
    for version in [RespVersion::RESP2, RespVersion::RESP3] {
        let subscriber = builder(&server, version.clone()).build_subscriber_client().unwrap();
        subscriber.init().await.unwrap();
        let mut messages = subscriber.message_rx();
        subscriber.psubscribe("news.*").await.unwrap();
        let client = fred_client(&server, version).await;
        for number in 0..100 {
            let receivers: u64 = client.publish(format!("news.{number}"), number).await.unwrap();
            assert_eq!(receivers, 1);
            let message = tokio::time::timeout(DEADLINE, messages.recv()).await.unwrap().unwrap();
            assert_eq!(message.value.convert::<i64>().unwrap(), number);
        }
        subscriber.quit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fred_is_told_which_keys_others_changed() {
    let server = Server::start(&[]);
    let client = fred_client(&server, RespVersion::RESP3).await;
    let other = fred_client(&server, RespVersion::RESP3).await;
    let mut invalidations = client.invalidation_rx();
    client.start_tracking(None, false, false, false, false).await.unwrap();
    let missing: Option<String> = client.get("product").await.unwrap();
    assert_eq!(missing, None);
    let () = other.set("product", 1, None, None, false).await.unwrap();
    let told = tokio::time::timeout(DEADLINE, invalidations.recv()).await.unwrap().unwrap();
    assert_eq!(told.keys, vec![Key::from("product")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fred_waits_in_a_blocking_pop() {
    let server = Server::start(&[]);
    let worker = fred_client(&server, RespVersion::RESP3).await;
    let client = fred_client(&server, RespVersion::RESP3).await;
    let popped = tokio::spawn(async move {
        worker.blpop::<(String, String), _>(vec!["none", "jobs"], 600.0).await.unwrap()
    });
    wait_until("a client waits", || async { blocked_clients(&client).await == "1" }).await;
    let () = client.rpush("jobs", "job").await.unwrap();
    let job = tokio::time::timeout(DEADLINE, popped).await.unwrap().unwrap();
    assert_eq!(job, ("jobs".to_string(), "job".to_string()));
}

fn pool(server: &Server, connections: usize) -> deadpool_redis::Pool {
    let url = format!("redis://127.0.0.1:{}", server.port);
    deadpool_redis::Config::from_url(url)
        .builder()
        .expect("a URL")
        .max_size(connections)
        .runtime(deadpool_redis::Runtime::Tokio1)
        .build()
        .expect("a pool")
}

#[tokio::test(flavor = "multi_thread")]
async fn deadpool_shares_few_connections_among_many_tasks() {
    let server = Server::start(&[]);
    let pool = pool(&server, 8);
    let tasks = (0..200).map(|task| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let mut connection = pool.get().await.unwrap();
            let key = format!("key:{task}");
            let () = connection.set_ex(&key, task, 600).await.unwrap();
            let (held, count): (u64, u64) = redis_crate::pipe()
                .atomic()
                .get(&key)
                .incr("count", 1)
                .query_async(&mut connection)
                .await
                .unwrap();
            assert_eq!(held, task);
            count
        })
    });
    let counts: HashSet<u64> = try_join_all(tasks).await.unwrap().into_iter().collect();
    assert_eq!(counts, (1..=200).collect());
    assert!(pool.status().size <= 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn deadpool_replaces_connections_of_a_server_that_was_away() {
    let mut server = Server::start(&[]);
    let pool = pool(&server, 4);
    for _ in 0..3 {
        let mut connections = try_join_all((0..4).map(|_| pool.get())).await.unwrap();
        for connection in &mut connections {
            let () = connection.set("key", "value").await.unwrap();
        }
        drop(connections);
        server.kill();
        let failed = match pool.get().await {
            Ok(mut connection) => connection.get::<_, String>("key").await.is_err(),
            Err(_) => true,
        };
        assert!(failed);
        server.start_again();
        let script = redis_crate::Script::new("return redis.call('INCR', KEYS[1])");
        let mut connection = pool.get().await.unwrap();
        let count: u64 = script.key("count").invoke_async(&mut connection).await.unwrap();
        assert_eq!(count, 1);
    }
}
