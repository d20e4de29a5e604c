//! The asking side: kept connections that send prepared requests and time the answers.
//!
//! Called by the cases and the overload runs of `serve`. It shares the machine with the server, so it does as little
//! as it can: requests are written out before the clock starts, and of an answer's headers it looks for the two that say
//! where it ends and whether the connection stays.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use memchr::{memchr_iter, memmem};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Requests as they go over the wire.
pub type Requests = Arc<Vec<Vec<u8>>>;

/// `lines`: more header lines, each with its line end.
pub fn request(path: &str, coding: &str, lines: &str) -> Vec<u8> {
    let coding = if coding.is_empty() { String::new() } else { format!("accept-encoding: {coding}\r\n") };
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{coding}{lines}\r\n").into_bytes()
}

/// One kept connection.
pub struct Line {
    stream: TcpStream,
    /// Taken from [`BUFFERS`] once an answer has begun to arrive.
    buffer: Vec<u8>,
    filled: usize,
}

/// Connections that wait have no buffer: three thousand of them would be 48 MB, written to in turn, and push what the server
/// works with out of the caches of the processors that both share.
static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
const BUFFER_BYTES: usize = 16 * 1024;

/// What is known of one answer.
pub struct Answer {
    pub status: u16,
    /// The connection stays open.
    pub stays: bool,
    head: usize,
    whole: usize,
}

impl Line {
    pub async fn open(address: SocketAddr) -> std::io::Result<Line> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Line { stream, buffer: Vec::new(), filled: 0 })
    }

    /// Sends one request and reads its whole answer, which stays in the buffer until the next.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.rest();
        self.stream.write_all(request).await?;
        self.stream.readable().await?;
        self.buffer = locked(&BUFFERS).pop().unwrap_or_else(|| vec![0; BUFFER_BYTES]);
        let answer = loop {
            anyhow::ensure!(self.read().await? > 0, "closed before the answer's headers ended");
            if let Some(answer) = head(&self.buffer[..self.filled])? {
                break answer;
            }
        };
        while self.filled < answer.whole {
            anyhow::ensure!(self.read().await? > 0, "closed in the middle of an answer");
        }
        Ok(answer)
    }

    /// Forgets the answer, and leaves its buffer to others.
    pub fn rest(&mut self) {
        self.filled = 0;
        let buffer = std::mem::take(&mut self.buffer);
        if !buffer.is_empty() {
            locked(&BUFFERS).push(buffer);
        }
    }

    async fn read(&mut self) -> std::io::Result<usize> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled * 2, 0);
        }
        let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
        self.filled += read;
        Ok(read)
    }

    pub fn header(&self, answer: &Answer, name: &str) -> Option<&str> {
        lines(&self.buffer[..answer.head]).find_map(|line| value(line, name))
    }

    pub fn body(&self, answer: &Answer) -> &[u8] {
        &self.buffer[answer.head..answer.whole]
    }
}

pub fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the headers at the beginning of this say, if they have all arrived.
fn head(text: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(end) = memmem::find(text, b"\r\n\r\n") else { return Ok(None) };
    let head = end + 4;
    let status: u16 = std::str::from_utf8(text.get(9..12).context("no status")?)?.parse()?;
    let (mut length, mut stays) = (0, true);
    for line in lines(&text[..head]) {
        if let Some(value) = value(line, "content-length") {
            length = value.parse()?;
        } else if let Some(value) = value(line, "connection") {
            stays = value != "close";
        }
    }
    Ok(Some(Answer { status, stays, head, whole: head + if status == 304 { 0 } else { length } }))
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    memchr_iter(b'\n', head).map(move |end| &head[std::mem::replace(&mut from, end + 1)..end])
}

/// Our servers write header names in lower case, nginx does not.
fn value<'t>(line: &'t [u8], name: &str) -> Option<&'t str> {
    let (named, value) = line.split_at_checked(name.len())?;
    let value = value.strip_prefix(b": ")?;
    named.eq_ignore_ascii_case(name.as_bytes()).then(|| std::str::from_utf8(value.trim_ascii_end()).ok())?
}

/// One answer on a connection of its own.
pub async fn fetch(address: SocketAddr, path: &str, coding: &str) -> anyhow::Result<(Line, Answer)> {
    let mut line = Line::open(address).await?;
    let answer = line.ask(&request(path, coding, "")).await?;
    Ok((line, answer))
}

/// What a run came to.
pub struct Measured {
    pub rate: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Body of the last answer.
    pub bytes: usize,
    pub answers: usize,
}

/// Microseconds, sorted → milliseconds at a share of them.
pub fn at(sorted: &[u32], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted.get((last * share) as usize).map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
}

pub fn micros(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX)
}

/// `connections` clients, each asking again as soon as it is answered, for `time`. Any status but `status` is an error.
pub async fn closed_loop(
    address: SocketAddr,
    requests: &Requests,
    status: u16,
    connections: usize,
    time: Duration,
) -> anyhow::Result<Measured> {
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..connections {
        let (next, requests) = (Arc::clone(&next), Arc::clone(requests));
        clients.push(tokio::spawn(async move {
            let mut line = Line::open(address).await?;
            let (mut times, mut bytes) = (Vec::new(), 0);
            while start.elapsed() < time {
                let request = &requests[next.fetch_add(1, Ordering::Relaxed) % requests.len()];
                let asked = Instant::now();
                let answer = line.ask(request).await?;
                if answer.status != status {
                    anyhow::bail!("{} instead of {status}: {}", answer.status, String::from_utf8_lossy(request));
                }
                bytes = answer.whole - answer.head;
                times.push(micros(asked));
            }
            anyhow::Ok((times, bytes))
        }));
    }
    let (mut times, mut bytes) = (Vec::new(), 0);
    for client in clients {
        let (more, length) = client.await??;
        times.extend(more);
        bytes = length;
    }
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    times.sort_unstable();
    Ok(Measured { rate, p50_ms: at(&times, 0.5), p99_ms: at(&times, 0.99), bytes, answers: times.len() })
}
