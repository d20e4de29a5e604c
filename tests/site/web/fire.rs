//! The built program under fire: a log that cannot be written, catalogues changed underneath it, clients that do not
//! read.
//!
//! Each test is a fault that once killed or starved the server, in its smallest form, against the binary itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// `windowshop serve` on a free port.
pub struct Running {
    pub child: Child,
    pub address: SocketAddr,
    _dir: TempDir,
}

impl Running {
    /// With a private folder of the sample's catalogues, and standard error as given.
    pub fn start(args: &[&str], stderr: Stdio) -> Running {
        let dir = tempfile::tempdir().unwrap();
        let catalogues = dir.path().join("catalogues");
        std::fs::create_dir(&catalogues).unwrap();
        std::fs::copy(sample(), catalogues.join(sample().file_name().unwrap())).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_windowshop"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path()).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        let address = said.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect(&said);
        let address = address.parse().unwrap();
        Running { child, address, _dir: dir }
    }

    pub fn catalogue(&self) -> PathBuf {
        self._dir.path().join("catalogues").join(sample().file_name().unwrap())
    }

    pub fn get(&self, uri: &str) -> String {
        get(self.address, uri).unwrap_or_else(|error| panic!("{uri}: {error}"))
    }

    /// Sends SIGTERM and returns how it ended.
    pub fn stop(&mut self, within: Duration) -> ExitStatus {
        let id = rustix::process::Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let begun = Instant::now();
        loop {
            if let Some(ended) = self.child.try_wait().unwrap() {
                return ended;
            }
            assert!(begun.elapsed() < within, "still running {within:?} after SIGTERM");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Megabytes in memory.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // In most tests it has already ended.
        self.child.kill().unwrap_or_default();
        let _ = self.child.wait();
    }
}

/// The sample's catalogue, built once for this process.
pub fn sample() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fire-{}", std::process::id()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // On its own thread: a test may already be inside a runtime.
        let build = || runtime.block_on(windowshop::serve::build_sample_into(&dir)).unwrap();
        std::thread::scope(|scope| scope.spawn(build).join().unwrap());
        let mut files = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.extension().is_some_and(|extension| extension == "db")).unwrap()
    })
}

/// The whole answer, as text.
pub fn get(address: SocketAddr, uri: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(stream, "GET {uri} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

const LIST: &str = "/plans?year=2026&zip=45202&county=39061&people=40";

#[test]
fn a_log_that_cannot_be_written_costs_no_answer() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut server = Running::start(&[], Stdio::from(full));
    for _ in 0..20 {
        assert!(server.get(LIST).starts_with("HTTP/1.1 200"));
    }
    assert!(server.stop(Duration::from_secs(15)).success());
}

#[test]
fn a_log_whose_reader_is_gone_costs_no_answer() {
    let mut server = Running::start(&[], Stdio::piped());
    drop(server.child.stderr.take());
    for _ in 0..20 {
        assert!(server.get(LIST).starts_with("HTTP/1.1 200"));
    }
    assert!(server.stop(Duration::from_secs(15)).success());
}

/// The pipe holds 64 KB; about 400 lines fill it.
#[test]
fn a_log_whose_reader_hangs_holds_up_neither_answers_nor_the_end() {
    let mut server = Running::start(&["--log-format", "json"], Stdio::piped());
    for n in 0..600 {
        assert!(server.get("/healthz").starts_with("HTTP/1.1 200"), "request {n}");
    }
    assert!(server.stop(Duration::from_secs(15)).success());
}

#[test]
fn a_catalogue_changed_in_place_is_not_served_and_does_not_crash_the_server() {
    let mut server = Running::start(&["--reload-seconds", "1"], Stdio::null());
    let before = body(&server.get(LIST));
    let path = server.catalogue();
    let whole = std::fs::read(&path).unwrap();
    // `cp` overwrites the same file; here with one in which every price would be different.
    let mut other = whole.clone();
    other.iter_mut().skip(8192).for_each(|byte| *byte = byte.wrapping_add(1));
    for content in [&other[..], &whole[..whole.len() / 3], &[]] {
        std::fs::write(&path, content).unwrap();
        for people in 20..60 {
            let uri = format!("/plans?year=2026&zip=45202&county=39061&people={people}");
            assert!(server.get(&uri).starts_with("HTTP/1.1 200"));
        }
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!(body(&server.get(LIST)), before);
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(body(&server.get(LIST)), before);
    assert!(server.stop(Duration::from_secs(15)).success());
}

fn body(answer: &str) -> String {
    answer.split_once("\r\n\r\n").unwrap().1.to_string()
}

#[test]
fn a_damaged_or_emptied_catalogue_is_refused_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(sample().file_name().unwrap());
    let whole = std::fs::read(sample()).unwrap();
    let check = || {
        let args = ["check", "--listen", "127.0.0.1:0", "--data-dir"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_windowshop"));
        let output = command.args(args).arg(dir.path().join("data")).arg("--catalogues").arg(dir.path()).output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    std::fs::write(&path, &whole).unwrap();
    assert!(check().0, "{}", check().1);
    for at in (1..25).map(|n| n * whole.len() / 25) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&path, flipped).unwrap();
        let (passed, said) = check();
        assert!(!passed && said.contains("its content is not what its seal says"), "a bit at {at}: {said}");
    }
    std::fs::write(&path, &whole[..whole.len() - 8192]).unwrap();
    assert!(check().1.contains("it has no seal"), "{}", check().1);

    // Emptied, and sealed again by somebody who means well.
    std::fs::write(&path, &whole).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).foreign_keys(false);
        let mut db = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql("DELETE FROM sold; DELETE FROM rate").execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    });
    assert!(!check().0);
    windowshop::catalogue::seal::seal(&path).unwrap();
    let (passed, said) = check();
    assert!(!passed && said.contains("has no rows, or other ones"), "{said}");
}

/// HTTP/2 in its smallest form: a window of zero, lists requested, and a HEAD now and then to seem alive.
mod slow {
    use super::*;
    use bytes::Bytes;
    use h2::client::SendRequest;
    use http::{Method, Request};

    async fn connect(address: SocketAddr) -> (SendRequest<Bytes>, tokio::task::JoinHandle<()>) {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(0).max_concurrent_streams(1000);
        let (client, connection) = builder.handshake::<_, Bytes>(stream).await.unwrap();
        // Ends when the server closes it, with or without an error.
        let ended = tokio::spawn(async move { connection.await.unwrap_or(()) });
        (client, ended)
    }

    fn request(method: Method, address: SocketAddr, uri: &str) -> Request<()> {
        Request::builder().method(method).uri(format!("http://{address}{uri}")).body(()).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_kept_page_says_how_long_it_is_here_too() {
        let server = Running::start(&[], Stdio::null());
        let (client, ended) = connect(server.address).await;
        let mut lengths = std::collections::BTreeSet::new();
        // Made, made and kept, then from memory.
        for method in [Method::GET, Method::GET, Method::GET, Method::HEAD] {
            let mut client = client.clone().ready().await.unwrap();
            let (answer, _) = client.send_request(request(method, server.address, LIST), true).unwrap();
            let answer = answer.await.unwrap();
            assert!(answer.headers()["x-request-id"].len() == 16 && answer.headers()["vary"] == "accept-encoding");
            lengths.insert(answer.headers()["content-length"].to_str().unwrap().to_string());
        }
        assert!(lengths.len() == 1 && lengths.first().is_some_and(|length| length.len() == 5), "{lengths:?}");
        drop((client, ended));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_client_that_never_reads_is_disconnected_even_if_it_keeps_asking() {
        let server = Running::start(&["--read-timeout-seconds", "2"], Stdio::null());
        let (client, ended) = connect(server.address).await;
        let mut held = Vec::new();
        for _ in 0..8 {
            let mut client = client.clone().ready().await.unwrap();
            held.push(client.send_request(request(Method::GET, server.address, LIST), true).unwrap());
        }
        let address = server.address;
        let alive = tokio::spawn(async move {
            loop {
                let Ok(mut client) = client.clone().ready().await else { return };
                let head = request(Method::HEAD, address, "/healthz");
                let Ok((answer, _)) = client.send_request(head, true) else { return };
                if answer.await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        });
        tokio::time::timeout(Duration::from_secs(6), ended).await.expect("it is closed in time").unwrap();
        alive.await.unwrap();
        assert!(server.get(LIST).starts_with("HTTP/1.1 200"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn slow_readers_cannot_fill_the_memory_nor_hold_up_the_end() {
        let mut server = Running::start(&["--max-answer-bytes", "4194304"], Stdio::null());
        server.get(LIST);
        let before = server.resident();
        let mut held = Vec::new();
        for _ in 0..60 {
            let (client, ended) = connect(server.address).await;
            for _ in 0..16 {
                let Ok(mut client) = client.clone().ready().await else { break };
                held.extend(client.send_request(request(Method::GET, server.address, LIST), true).ok());
            }
            held.truncate(10_000);
            drop((client, ended));
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let after = server.resident();
        // 60 connections with 16 lists of 28 KB each would hold 27 MB and their buffers.
        assert!(after < before + 40, "{before} MB before, {after} MB after");
        let begun = Instant::now();
        while !server.get(LIST).starts_with("HTTP/1.1 200") {
            assert!(begun.elapsed() < Duration::from_secs(10), "people are answered again");
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(server.stop(Duration::from_secs(10)).success());
        drop(held);
    }
}
