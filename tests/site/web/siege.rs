//! More requests than can be answered, idle connections, a stop in the middle of it all, and what can be monitored.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;

use super::fire::{Running, get};
use crate::site::Site;

const LIST: &str = "/plans?year=2026&zip=45202&county=39061&people=40";

/// One answer over a kept connection; `None` if it ends cleanly before the answer's first byte.
fn ask(stream: &mut TcpStream, uri: &str) -> std::io::Result<Option<String>> {
    write!(stream, "GET {uri} HTTP/1.1\r\nHost: x\r\n\r\n")?;
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return if head.is_empty() { Ok(None) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) };
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
    stream.read_exact(&mut vec![0; length])?;
    Ok(Some(head))
}

/// A page made from memory waits for nothing. Were it made in one go with being let in, there would never be a line but the
/// runtime's own, in which everybody stands behind everybody.
#[tokio::test]
async fn pages_that_wait_for_nothing_hold_their_places_while_others_arrive() {
    let site = Site::empty(&[]).await;
    let (app, most) = (Arc::clone(&site.app), Arc::new(AtomicUsize::new(0)));
    let page = {
        let (app, most) = (Arc::clone(&app), Arc::clone(&most));
        axum::routing::get(async move || {
            most.fetch_max(app.admission.running(), Ordering::Relaxed);
            "made"
        })
    };
    let site = site.serving(Router::new().route("/made", page));
    let ask = |n| {
        let site = site.clone();
        tokio::spawn(async move { site.get(&format!("/made?n={n}")).await.status })
    };
    let asked: Vec<_> = (0..200).map(ask).collect();
    for asked in asked {
        // Made, or told to come back: on a busy machine some wait too long.
        assert!(matches!(asked.await.expect("an answer"), 200 | 503));
    }
    let (most, limit) = (most.load(Ordering::Relaxed), app.admission.limit());
    assert!(most > 1 && most <= limit, "{most} at once of {limit}");
}

#[test]
fn a_kept_page_says_how_long_it_is() {
    let server = Running::start(&[], Stdio::null());
    let mut stream = TcpStream::connect(server.address).unwrap();
    let length =
        |head: String| head.lines().find(|line| line.starts_with("content-length: ")).expect(&head).to_string();
    // Made, made and kept, then from memory; each is read to its end, or the next would begin in its middle.
    let lengths: Vec<String> = (0..4).map(|_| length(ask(&mut stream, LIST).unwrap().unwrap())).collect();
    assert!(
        lengths.iter().all(|length| *length == lengths[0] && length.len() > "content-length: 9999".len()),
        "{lengths:?}"
    );
    write!(stream, "HEAD {LIST} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut head = String::new();
    stream.read_to_string(&mut head).unwrap();
    assert!(head.to_ascii_lowercase().contains(&format!("{}\r\n", lengths[0])) && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn idle_connections_make_room_for_a_visitor() {
    let server = Running::start(&["--max-connections", "50"], Stdio::null());
    let mut idle: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    for stream in &mut idle {
        ask(stream, "/healthz").unwrap();
    }
    let begun = Instant::now();
    for _ in 0..5 {
        assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
    }
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
}

#[test]
fn a_stop_in_the_middle_of_visits_loses_no_request() {
    // Each visit has to be real work: a page from memory would be finished before the stop reaches it.
    let mut server = Running::start(&["--drain-seconds", "2", "--page-cache-bytes", "0"], Stdio::null());
    server.get(LIST);
    let address = server.address;
    let (lost, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let visitors: Vec<_> = (0..32)
        .map(|n| {
            let (lost, answered) = (Arc::clone(&lost), Arc::clone(&answered));
            std::thread::spawn(move || {
                loop {
                    // The port is closed: nothing was sent, so nothing is lost.
                    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(10)) else { return };
                    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    // Half of the clients reconnect for each request, the others keep their connection until told
                    // otherwise.
                    for _ in 0..if n % 2 == 0 { 1 } else { usize::MAX } {
                        match ask(&mut stream, "/glossary") {
                            Ok(Some(head)) => {
                                answered.fetch_add(1, Ordering::Relaxed);
                                if head.contains("connection: close") {
                                    break;
                                }
                            }
                            Ok(None) | Err(_) => {
                                lost.fetch_add(1, Ordering::Relaxed);
                                break;
                            }
                        }
                    }
                }
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs(1));
    assert!(server.stop(Duration::from_secs(30)).success());
    visitors.into_iter().for_each(|visitor| visitor.join().unwrap());
    assert!(answered.load(Ordering::Relaxed) > 100);
    assert_eq!(lost.load(Ordering::Relaxed), 0, "of {} requests", answered.load(Ordering::Relaxed));
}

#[test]
fn a_request_names_its_host_once() {
    let server = Running::start(&[], Stdio::null());
    for (hosts, status) in [("", "400"), ("Host: a\r\nHost: b\r\n", "400"), ("Host: a\r\n", "200")] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET /glossary HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{hosts:?}: {}", answer.lines().next().unwrap());
    }
}

pub fn free_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn under_twice_the_load_people_are_answered_or_told_and_health_answers_always() {
    let private = free_port();
    // Each visit has to be real work.
    let more = ["--metrics-listen", &private.to_string(), "--page-cache-bytes", "0"];
    let server = Running::start(&more, Stdio::null());
    server.get(LIST);
    let address = server.address;
    let over = Arc::new(AtomicBool::new(false));
    let counts: Arc<[AtomicUsize; 3]> = Arc::default();
    // More than places and line hold on few cores, once the limit has fallen.
    let visitors: Vec<_> = (0..800)
        .map(|n| {
            let (over, counts) = (Arc::clone(&over), Arc::clone(&counts));
            std::thread::spawn(move || {
                let mut slowest = Duration::ZERO;
                while !over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    let uri = format!("/plans?year=2026&zip=45202&county=39061&people={}", 20 + n % 40);
                    let kind = match get(address, &uri) {
                        Ok(answer) if answer.starts_with("HTTP/1.1 200") => {
                            slowest = slowest.max(begun.elapsed());
                            0
                        }
                        Ok(answer) if answer.starts_with("HTTP/1.1 503") => {
                            let lower = answer.to_ascii_lowercase();
                            assert!(lower.contains("retry-after: ") && lower.contains("<h1>"), "{answer}");
                            assert!(begun.elapsed() >= Duration::from_millis(500), "a refusal is held back");
                            1
                        }
                        _ => 2,
                    };
                    counts[kind].fetch_add(1, Ordering::Relaxed);
                }
                slowest
            })
        })
        .collect();
    let begun = Instant::now();
    let mut slowest_health = Duration::ZERO;
    while begun.elapsed() < Duration::from_secs(6) {
        let asked = Instant::now();
        assert!(get(private, "/readyz").unwrap().starts_with("HTTP/1.1 200"));
        slowest_health = slowest_health.max(asked.elapsed());
        std::thread::sleep(Duration::from_millis(50));
    }
    over.store(true, Ordering::Relaxed);
    let slowest = visitors.into_iter().map(|visitor| visitor.join().unwrap()).max().unwrap();
    let [answered, refused, lost] = [0, 1, 2].map(|kind| counts[kind].load(Ordering::Relaxed));
    println!("{answered} answered, {refused} refused, slowest {slowest:?}, slowest health {slowest_health:?}");
    assert_eq!(lost, 0);
    assert!(answered > 50, "{answered} answered, {refused} refused");
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!(refused > 0 || cores > 4, "nobody was told to come back: {answered} answered on {cores} cores");
    // Generous: this is an unoptimized build among other tests on few cores.
    assert!(
        slowest < Duration::from_secs(8) && slowest_health < Duration::from_secs(2),
        "{slowest:?} {slowest_health:?}"
    );
}

#[test]
fn metrics_are_present_bounded_and_say_nothing_about_anyone() {
    let private = free_port();
    let mut server = Running::start(&["--metrics-listen", &private.to_string(), "--slow-ms", "1"], Stdio::piped());
    // A whole list, which is slow here, before the pipe that nobody reads is full.
    server.get("/plans?year=2026&zip=45202&county=39061&people=40");
    for n in 0..200 {
        server.get(&format!("/plans?zip=45202&county=39061&people=40&income=37{n:03}"));
        server.get(&format!("/nowhere/{n}"));
        server.get(&format!("/es/plans/29341OH0{n:06}"));
    }
    let answer = get(private, "/metrics").unwrap();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("application/openmetrics-text"), "{head}");
    for series in [
        "windowshop_answers_total{route=\"/plans\",status=\"3xx\"} 200",
        "windowshop_answers_total{route=\"(none)\",status=\"4xx\"} 200",
        "windowshop_answer_seconds_bucket{le=\"0.05\",route=\"/plans/{plan_id}\"}",
        "windowshop_refused_total{cause=\"waited\"} 0",
        "windowshop_catalogue_age_seconds{year=\"2026\",",
        "windowshop_page_cache_requests_total{result=\"private\"} 200",
        "windowshop_page_cache_requests_total{result=\"hit\"} ",
        "windowshop_page_cache_evictions_total 0",
        "windowshop_page_cache_bytes_max 67108864",
        "windowshop_log_lines_lost_total 0",
        "windowshop_running ",
        "windowshop_pool_idle{",
    ] {
        assert!(text.contains(series), "{series} is not in:\n{text}");
    }
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    // Jobs, services of the hub and files of transfers are closed lists: addresses add nothing.
    assert!(series < 400, "{series} series after six hundred addresses");
    // Names and labels only: a time of many digits may have any five of them.
    let names: Vec<&str> = text.lines().map(|line| line.rsplit_once(' ').map_or(line, |(names, _)| names)).collect();
    for said in ["45202", "37000", "37199", "nowhere", "29341OH0"] {
        assert!(!names.iter().any(|names| names.contains(said)), "{said}");
    }

    let top = Command::new(env!("CARGO_BIN_EXE_windowshop"))
        .args(["top", "--once", "--every", "1", "--metrics-listen", &private.to_string()])
        .output()
        .unwrap();
    let table = String::from_utf8(top.stdout).unwrap();
    assert!(
        top.status.success()
            && table.contains("catalogue 2026-")
            && table.contains("office: its store answers")
            && table.contains("/plans/{plan_id}"),
        "{table}"
    );

    let health = Command::new(env!("CARGO_BIN_EXE_windowshop"))
        .args(["health", "--metrics-listen", &private.to_string()])
        .status();
    assert!(health.unwrap().success());

    assert!(server.stop(Duration::from_secs(30)).success());
    let mut log = String::new();
    server.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let slow = log.lines().find(|line| line.contains("slow answer")).expect("over a millisecond is slow here");
    assert!(slow.contains("route=\"/") && !log.contains("income"), "{slow}");
    // Not the bare digits: IDs and times hold any.
    assert!(!log.contains("zip=") && !log.contains("people="), "{log}");
}

fn command(args: &[&str], input: &str) -> (bool, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("input.json");
    std::fs::write(&file, input).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_windowshop")).args(args).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

#[test]
fn commands_refuse_what_would_fill_the_memory() {
    let person = r#"{"age":40}"#;
    let plan = r#"{"deductible":{"combined":{"individual":1500,"person":1500,"family":3000}},
        "maximum":{"combined":{"individual":6300,"person":6300,"family":12600}},
        "services":{"Specialist Visit":{"copay":"$60.00"}}}"#;
    let question = |people: usize| format!(r#"{{"plan":{plan},"people":[{}]}}"#, vec![person; people].join(","));
    let (done, said) = command(&["estimate"], &question(2));
    assert!(done, "{said}");
    let (done, said) = command(&["estimate"], &question(100_000));
    assert!(!done && said.contains("100000 people"), "{said}");
    let (done, said) = command(&["estimate"], &format!("[{}]", vec![question(1); 5_001].join(",")));
    assert!(!done && said.contains("5001 questions"), "{said}");
}

#[test]
fn a_byte_order_mark_does_not_break_json() {
    let (_, without) = command(&["determine"], "{}");
    let (_, with) = command(&["determine"], "\u{feff}{}");
    assert_eq!(with, without);
}
