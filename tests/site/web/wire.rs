//! The server on a real socket: slow clients, full houses, stopping.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use windowshop::serve;

use super::site;
use crate::site::Site;

struct Server {
    address: std::net::SocketAddr,
    stop: tokio::sync::oneshot::Sender<()>,
    done: tokio::task::JoinHandle<()>,
    _site: Site,
}

async fn server(args: &[&str]) -> Server {
    let site = site(args).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let (router, config, floor) = (site.router.clone(), site.app.config.clone(), Arc::clone(&site.app.floor));
    let done = tokio::spawn(async move {
        let stop = async { stopped.await.map_or(Duration::ZERO, |()| Duration::from_secs(config.drain_seconds)) };
        serve::run(listener, router, &config, &floor, stop).await;
    });
    Server { address, stop, done, _site: site }
}

/// Sends these bytes and reads until the server closes.
async fn talk(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A reset by the server also ends the talk.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_slow_client_is_dropped() {
    let server = server(&["--header-timeout-seconds", "1"]).await;
    // Nothing; half a request; a letter that HTTP/2 could begin with; a whole request and then silence, or half of the next.
    let (whole, half) = (&b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"[..], &b"GET /hello HTTP/1.1\r\nHo"[..]);
    let more = [whole, half].concat();
    for bytes in [&b""[..], half, b"P", whole, &more] {
        let begun = Instant::now();
        let answer = tokio::time::timeout(Duration::from_secs(5), talk(server.address, bytes)).await;
        let answer = answer.expect("dropped within 5 s");
        assert!(begun.elapsed() >= Duration::from_millis(900), "not dropped at once");
        assert_eq!(answer.contains("200 OK"), bytes.starts_with(whole), "{answer}");
    }
}

#[tokio::test]
async fn a_graceful_stop_finishes_what_is_running() {
    let server = server(&["--drain-seconds", "0"]).await;
    let address = server.address;
    let running = tokio::spawn(async move { talk(address, b"GET /sleeps HTTP/1.1\r\nHost: x\r\n\r\n").await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(address).await.is_err(), "no new connection is taken");
    let answer = running.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("awake"), "{answer}");
    tokio::time::timeout(Duration::from_secs(3), server.done).await.expect("then it ends").unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_forever() {
    let server = server(&["--stop-timeout-seconds", "0", "--drain-seconds", "0"]).await;
    let address = server.address;
    tokio::spawn(async move { talk(address, b"GET /sleeps HTTP/1.1\r\nHost: x\r\n\r\n").await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    server.stop.send(()).unwrap();
    server.done.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn connections_over_the_limit_wait_their_turn() {
    let server = server(&["--max-connections", "1"]).await;
    let first = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let request = b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let address = server.address;
    let mut second = tokio::spawn(async move { talk(address, request).await });
    let early = tokio::time::timeout(Duration::from_millis(400), &mut second).await;
    assert!(early.is_err(), "the second waits while the first holds the only place");
    drop(first);
    let answer = tokio::time::timeout(Duration::from_secs(5), second).await.expect("then it is served").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn oversized_headers_are_refused_on_the_wire() {
    let server = server(&[]).await;
    let mut request = b"GET /hello HTTP/1.1\r\nHost: x\r\nX-Big: ".to_vec();
    request.extend(std::iter::repeat_n(b'x', 100_000));
    request.extend(b"\r\n\r\n");
    let answer = talk(server.address, &request).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(!answer.contains("200 OK"));
}
