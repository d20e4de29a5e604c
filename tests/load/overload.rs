//! What the shop does when more is asked than it can answer, and when it is told to stop.
//!
//! Called by `serve`, with the rate that a few connections reached as the capacity.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::client::{Line, Requests, at, locked, micros, request};
use crate::server::Server;

/// Connections of the closed loop, and the most that the open one holds.
const MANY: usize = 3_000;
/// Requests are sent in portions this far apart.
const PORTION: Duration = Duration::from_millis(2);
/// A load balancer that asks far more often than any does.
const HEALTH_EVERY: Duration = Duration::from_millis(20);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);
/// Clients that ask while the server is stopped: half on new connections, half on kept ones.
const AT_THE_END: usize = 64;

#[derive(Default)]
struct Seen {
    admitted: Vec<u32>,
    refused: Vec<u32>,
    broken: usize,
    /// Not sent, because all connections were waiting for answers.
    held_back: usize,
}

impl Seen {
    fn note(&mut self, asked: Instant, status: Option<u16>) {
        match status {
            Some(200) => self.admitted.push(micros(asked)),
            Some(503) => self.refused.push(micros(asked)),
            _ => self.broken += 1,
        }
    }
}

/// How many lists both kinds of overload can ask for: twice the capacity, each.
pub fn lists(capacity: f64, seconds: u64) -> usize {
    2 * (2.0 * capacity * seconds as f64) as usize + MANY
}

/// Both kinds of overload, one line each.
pub async fn run(server: &Server, lists: &Requests, capacity: f64, seconds: u64) -> anyhow::Result<()> {
    let time = Duration::from_secs(seconds);
    println!(
        "\n{:<34} {:>8} {:>6} {:>7} {:>9} {:>8} {:>9} {:>8} {:>7} {:>13} {:>7}",
        "overload, fresh lists, browser",
        "200 / s",
        "of cap",
        "CPU µs",
        "p50/p99 ms",
        "503 / s",
        "p50 ms",
        "not sent",
        "broken",
        "health p99/max",
        "MB own"
    );
    let name = format!("{MANY} connections, asking at once");
    report(&name, server, capacity, time, closed(server.address, lists, time)).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let rate = 2.0 * capacity;
    report(&format!("{rate:.0} a second offered"), server, capacity, time, open(server.address, lists, rate, time))
        .await
}

async fn report(
    name: &str,
    server: &Server,
    capacity: f64,
    time: Duration,
    load: impl Future<Output = Seen>,
) -> anyhow::Result<()> {
    let (health, cpu) = (Health::watch(server.address), server.cpu_seconds());
    let peak = Arc::new(Mutex::new(0.0_f64));
    let sampling = async {
        loop {
            let now = server.memory_mb().0;
            let highest = locked(&peak).max(now);
            *locked(&peak) = highest;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let mut seen = tokio::select! {
        seen = load => seen,
        () = sampling => unreachable!("it samples until the load ends"),
    };
    let (health, unanswered) = health.end();
    let cpu = 1e6 * (server.cpu_seconds() - cpu) / seen.admitted.len() as f64;
    seen.admitted.sort_unstable();
    seen.refused.sort_unstable();
    let per_second = |n: usize| n as f64 / time.as_secs_f64();
    println!(
        "{name:<34} {:>8.0} {:>4.0} % {cpu:>7.0} {:>4.0}/{:>5.0} {:>8.0} {:>9.0} {:>8} {:>7} {:>6.1}/{:>6.1} {:>7.0}{}",
        per_second(seen.admitted.len()),
        100.0 * per_second(seen.admitted.len()) / capacity,
        at(&seen.admitted, 0.5),
        at(&seen.admitted, 0.99),
        per_second(seen.refused.len()),
        at(&seen.refused, 0.5),
        seen.held_back,
        seen.broken,
        at(&health, 0.99),
        at(&health, 1.0),
        locked(&peak),
        if unanswered > 0 { format!("  {unanswered} health checks failed") } else { String::new() },
    );
    Ok(())
}

/// Every client asks again as soon as it is answered or refused: nobody obeys `Retry-After`.
async fn closed(address: SocketAddr, lists: &Requests, time: Duration) -> Seen {
    let (seen, next) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicUsize::new(0)));
    let start = Instant::now();
    let mut clients = Vec::new();
    for n in 0..MANY {
        let (seen, next, lists) = (Arc::clone(&seen), Arc::clone(&next), Arc::clone(lists));
        clients.push(tokio::spawn(async move {
            // Three thousand handshakes at one moment overflow the kernel's queue and measure that.
            tokio::time::sleep(Duration::from_micros(200) * u32::try_from(n).unwrap_or(0)).await;
            let mut line: Option<Line> = None;
            while start.elapsed() < time {
                let n = next.fetch_add(1, Ordering::Relaxed) % lists.len();
                let asked = Instant::now();
                let status = ask(&mut line, address, &lists[n]).await;
                if start.elapsed() < time {
                    locked(&seen).note(asked, status);
                }
            }
        }));
    }
    for client in clients {
        let _ = client.await;
    }
    std::mem::take(&mut *locked(&seen))
}

/// On the kept connection, or on a new one where there is none.
async fn ask(line: &mut Option<Line>, address: SocketAddr, request: &[u8]) -> Option<u16> {
    let mut open = match line.take() {
        Some(open) => open,
        None => Line::open(address).await.ok()?,
    };
    let answer = open.ask(request).await.ok()?;
    open.rest();
    if answer.stays {
        *line = Some(open);
    }
    Some(answer.status)
}

/// Requests arrive at a rate, whatever becomes of those before them.
async fn open(address: SocketAddr, lists: &Requests, rate: f64, time: Duration) -> Seen {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let idle = Arc::new(Mutex::new(VecDeque::<Line>::new()));
    let places = Arc::new(tokio::sync::Semaphore::new(MANY));
    // The closed loop has asked for less than half of the lists.
    let (start, first) = (Instant::now(), lists.len() / 2);
    let mut sent = first;
    while start.elapsed() < time {
        let due = first + (rate * start.elapsed().as_secs_f64()) as usize;
        while sent < due {
            sent += 1;
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                locked(&seen).held_back += 1;
                continue;
            };
            let (seen, idle, lists) = (Arc::clone(&seen), Arc::clone(&idle), Arc::clone(lists));
            tokio::spawn(async move {
                let mut line = locked(&idle).pop_front();
                let asked = Instant::now();
                let status = ask(&mut line, address, &lists[sent % lists.len()]).await;
                if start.elapsed() < time {
                    locked(&seen).note(asked, status);
                }
                locked(&idle).extend(line);
                drop(place);
            });
        }
        tokio::time::sleep(PORTION).await;
    }
    std::mem::take(&mut *locked(&seen))
}

/// Asks `/healthz` on new connections, from a thread of its own: on the clients' runtime it would measure their queue.
struct Health {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<(Vec<u32>, usize)>,
}

impl Health {
    fn watch(address: SocketAddr) -> Health {
        let stop = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut times, mut failed) = (Vec::new(), 0);
            while !watched.load(Ordering::Relaxed) {
                let asked = Instant::now();
                match healthy(address) {
                    Ok(true) => times.push(micros(asked)),
                    _ => failed += 1,
                }
                std::thread::sleep(HEALTH_EVERY.saturating_sub(asked.elapsed()));
            }
            times.sort_unstable();
            (times, failed)
        });
        Health { stop, thread }
    }

    fn end(self) -> (Vec<u32>, usize) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn healthy(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, HEALTH_TIMEOUT)?;
    stream.set_read_timeout(Some(HEALTH_TIMEOUT))?;
    stream.write_all(&request("/healthz", "", "connection: close\r\n"))?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// SIGTERM under load: requests that were sent and got neither an answer nor a refusal to connect.
pub async fn stop(mut server: Server, lists: &Requests) -> anyhow::Result<()> {
    let (ended, answered, lost) = (Arc::new(AtomicBool::new(false)), Arc::default(), Arc::default());
    let mut clients = Vec::new();
    for n in 0..AT_THE_END {
        let (ended, lists) = (Arc::clone(&ended), Arc::clone(lists));
        let (answered, lost): (Arc<AtomicUsize>, Arc<AtomicUsize>) = (Arc::clone(&answered), Arc::clone(&lost));
        let (keeps, address) = (n % 2 == 0, server.address);
        clients.push(tokio::spawn(async move {
            let (mut line, mut n) = (None, n * 500);
            while !ended.load(Ordering::Relaxed) {
                let mut open = match line.take() {
                    Some(open) => open,
                    // Nothing listens any more: a proxy sends this elsewhere.
                    None => match Line::open(address).await {
                        Ok(open) => open,
                        Err(_) => return,
                    },
                };
                n += 1;
                match open.ask(&lists[n % lists.len()]).await {
                    Ok(answer) => {
                        answered.fetch_add(1, Ordering::Relaxed);
                        line = (keeps && answer.stays).then_some(open);
                    }
                    Err(_) => drop(lost.fetch_add(1, Ordering::Relaxed)),
                }
            }
        }));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.terminate()?;
    let took = server.ended().await?;
    ended.store(true, Ordering::Relaxed);
    for client in clients {
        client.await?;
    }
    let (answered, lost) = (answered.load(Ordering::Relaxed), lost.load(Ordering::Relaxed));
    println!("\nSIGTERM under load: {answered} answered, {lost} lost; ended after {:.1} s", took.as_secs_f64());
    Ok(())
}
