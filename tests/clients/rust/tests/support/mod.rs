//! Starts one server per test and ends it by pid. The binary is named by LARDER_SERVER.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use redis::{Client, Connection};

pub const DEADLINE: Duration = Duration::from_secs(60);
const STARTS_MAX: u32 = 8;
// Below the range from which the kernel draws the ports of outgoing connections; see README.md.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

pub struct Server {
    pub port: u16,
    options: Vec<String>,
    folder: PathBuf,
    child: Option<Child>,
}

impl Server {
    pub fn start(options: &[&str]) -> Self {
        let options = options.iter().map(|each| each.to_string()).collect();
        let mut server = Server { port: 0, options, folder: PathBuf::new(), child: None };
        for _ in 0..STARTS_MAX {
            server.port = free_port();
            let name = format!("larder-client-test-{}-{}", std::process::id(), server.port);
            server.folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&server.folder).expect("a folder for the server");
            if server.spawn_and_wait() {
                return server;
            }
        }
        panic!("server did not start: {}", server.log());
    }

    /// Starts the server on the port that it had before it was killed.
    pub fn start_again(&mut self) {
        for attempt in 0..STARTS_MAX {
            if self.spawn_and_wait() {
                return;
            }
            sleep(Duration::from_millis(200) * (attempt + 1));
        }
        panic!("server did not start again: {}", self.log());
    }

    /// Ends the process as a crash would.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("a running server");
        child.kill().expect("kill");
        child.wait().expect("wait");
    }

    pub fn client(&self, parameters: &str) -> Client {
        Client::open(format!("redis://127.0.0.1:{}/{parameters}", self.port)).expect("a URL")
    }

    pub fn connect(&self) -> Connection {
        self.client("").get_connection().expect("a connection")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Returns false if the process ended before it answered (its port was taken, say).
    fn spawn_and_wait(&mut self) -> bool {
        let binary = std::env::var("LARDER_SERVER").expect("LARDER_SERVER");
        let mut command = Command::new(&binary);
        command.arg("--port").arg(self.port.to_string()).args(&self.options);
        if Path::new(&binary).ends_with("redis-server") {
            command.args(["--save", ""]);
        }
        let path = self.folder.join("log");
        let log: File = OpenOptions::new().create(true).append(true).open(path).expect("a log");
        command.current_dir(&self.folder).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        let mut child = command.spawn().expect("the server starts");
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            if child.try_wait().expect("wait").is_some() {
                return false;
            }
            if answers_as(self.port, child.id()) {
                self.child = Some(child);
                return true;
            }
            sleep(Duration::from_millis(10));
        }
        child.kill().expect("kill");
        child.wait().expect("wait");
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let crashed = child.try_wait().expect("wait").is_some();
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let end = Instant::now() + DEADLINE;
            while child.try_wait().expect("wait").is_none() && Instant::now() < end {
                sleep(Duration::from_millis(5));
            }
            let ended = child.try_wait().expect("wait");
            let _ = child.kill();
            let _ = child.wait();
            let clean = !crashed && ended.is_some_and(|status| status.success());
            if !clean && !std::thread::panicking() {
                panic!("server ended badly ({ended:?}): {}", self.log());
            }
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn free_port() -> u16 {
    loop {
        // Tests of one process never draw the same port; those of others are told by process_id.
        let step = NEXT_PORT.fetch_add(1, Ordering::Relaxed).wrapping_mul(37);
        let start = (std::process::id() * 101 % u32::from(PORTS)) as u16;
        let port = FIRST_PORT + (start + step % PORTS) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn answers_as(port: u16, pid: u32) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let mut reply = Vec::new();
    let asked = stream
        .set_read_timeout(Some(DEADLINE))
        .and_then(|()| stream.write_all(b"PING\r\nINFO server\r\nQUIT\r\n"))
        .and_then(|()| stream.read_to_end(&mut reply));
    let text = String::from_utf8_lossy(&reply);
    let found = text.lines().find_map(|line| line.strip_prefix("process_id:"));
    asked.is_ok()
        && (text.starts_with("+PONG") || text.starts_with("-NOAUTH"))
        && found.is_none_or(|id| id.trim() == pid.to_string())
}

/// Polls until the condition holds; fails after a generous deadline.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "not within {DEADLINE:?}: {what}");
        sleep(Duration::from_millis(10));
    }
}
