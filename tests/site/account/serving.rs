//! The built program opens the office: what a first start makes, what keeps it from starting, and what becomes of the
//! shop when the store goes away.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use windowshop::account::office::Office;
use windowshop::config::OfficePlace;
use windowshop::store::StoreError;

use crate::site::{TODAY, empty_data_folder};
use crate::store::engines::{Bench, Owners, on_each_engine, servers};
use crate::web::fire::get;

/// How long anything here may take on a busy machine.
const LONG: Duration = Duration::from_secs(60);
/// docs/office.md: the office says that its store is away within this.
const KINDLY: Duration = Duration::from_secs(2);

fn program(command: &str, data: &Path, database_url: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_windowshop"));
    program.args([command, "--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    program.env("WINDOWSHOP_DATABASE_URL", database_url).stdin(Stdio::null());
    program
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `windowshop serve` with its private port.
struct Served {
    child: Child,
    shop: SocketAddr,
    private: SocketAddr,
    /// Read all the time: a pipe that is full would lose lines.
    log: Option<std::thread::JoinHandle<String>>,
}

impl Served {
    fn start(data: &Path, database_url: &str) -> Served {
        let private = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let mut program = program("serve", data, database_url);
        program.args(["--metrics-listen", &private.to_string(), "--log-level", "trace"]);
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut stderr = child.stderr.take().expect("its log");
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).expect("text");
            log
        });
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut said).expect("a line");
        let Some(shop) = said.split("http://").nth(1).and_then(|rest| rest.split('/').next()) else {
            panic!("{said}{}", log.join().expect("its log"));
        };
        Served { shop: shop.parse().expect("an address"), private, child, log: Some(log) }
    }

    fn ask(&self, path: &str) -> String {
        get(self.private, path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Stops it and returns its log.
    fn stop(mut self) -> String {
        let id = rustix::process::Pid::from_raw(self.child.id().try_into().expect("an ID")).expect("an ID");
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it is there");
        let log = self.log.take().expect("its log").join().expect("its log");
        assert!(self.child.wait().expect("it ended").success(), "{log}");
        log
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_makes_keys_and_store_with_a_loud_note_and_a_second_makes_nothing() {
    on_each_engine(async |bench| {
        let data = empty_data_folder().await;
        let url = bench.args().database_url.expose().to_string();
        let served = Served::start(data.path(), &url);
        let ready = served.ask("/readyz");
        assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("office: its store answers"), "{ready}");
        let metrics = served.ask("/metrics");
        for line in [
            "windowshop_store_up 1",
            "windowshop_store_writes_total ",
            "windowshop_store_errors_total{kind=\"away\"} ",
            "windowshop_store_connections{pool=\"readers\"} ",
        ] {
            assert!(metrics.contains(line), "{line}: {metrics}");
        }
        assert!(get(served.shop, "/").expect("an answer").starts_with("HTTP/1.1 200"));
        let log = served.stop();
        assert!(log.contains("made a new key file"), "{log}");
        let key = std::fs::read(data.path().join("site.key")).expect("the key file");
        assert_eq!(url.is_empty(), data.path().join("office.db").exists(), "the file is the default store");

        let log = Served::start(data.path(), &url).stop();
        assert!(!log.contains("made a new key file"), "{log}");
        assert_eq!(std::fs::read(data.path().join("site.key")).expect("the key file"), key);
    })
    .await;
}

/// docs/application.md, Where people stop: counts are in the store after a clean stop, and their page is on the private port alone.
#[tokio::test(flavor = "multi_thread")]
async fn counts_of_the_applications_pages_outlive_a_stop_and_are_shown_on_the_private_port_alone() {
    on_each_engine(async |bench| {
        let data = empty_data_folder().await;
        let url = bench.args().database_url.expose().to_string();
        let served = Served::start(data.path(), &url);
        let page = served.ask("/funnel");
        assert!(page.starts_with("HTTP/1.1 200") && page.contains("No page of the application was counted"), "{page}");
        assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
        for path in ["/account/apply/begin", "/es/account/apply/begin"] {
            assert!(get(served.shop, path).expect("an answer").starts_with("HTTP/1.1 200"));
        }
        assert!(get(served.shop, "/funnel").expect("an answer").starts_with("HTTP/1.1 404"), "not for everybody");
        let metrics = served.ask("/metrics");
        let line = "windowshop_application_pages_total{page=\"begin\",event=\"shown\"} 2";
        assert!(metrics.contains(line), "{metrics}");
        served.stop();

        let served = Served::start(data.path(), &url);
        let page = served.ask("/funnel?lang=es");
        let row = "<th scope=\"row\">begin</th><td class=\"n\">fewer than 11</td><td class=\"n\">0</td>";
        assert!(page.contains(row), "{page}");
        for (query, words) in [("since=soon", "since: "), ("lang=xx", "lang: use one of en, es")] {
            let refused = served.ask(&format!("/funnel?{query}"));
            assert!(refused.starts_with("HTTP/1.1 400") && refused.contains(words), "{refused}");
        }
        served.stop();
        let said = Command::new(env!("CARGO_BIN_EXE_windowshop"))
            .args(["funnel", "--json", "--lang", "es", "--data-dir"])
            .arg(data.path())
            .env("WINDOWSHOP_DATABASE_URL", &url)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.contains("{\"step\":\"begin\",\"shown\":{\"fewer_than\":11}"), "{said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_the_office_from_opening_keeps_serve_from_starting_and_all_of_it_is_told() {
    on_each_engine(async |bench| {
        let data = empty_data_folder().await;
        let url = bench.args().database_url.expose().to_string();
        Served::start(data.path(), &url).stop();
        let key = data.path().join("site.key");
        let kept = data.path().join("elsewhere");
        let refused = |command: &str| {
            let output = program(command, data.path(), &url).output().expect("it runs");
            assert!(!output.status.success() && output.stdout.is_empty(), "{command} refuses");
            said(&output)
        };

        std::fs::rename(&key, &kept).expect("moved");
        for command in ["check", "serve"] {
            let told = refused(command);
            assert!(told.contains("--key-file (WINDOWSHOP_KEY_FILE)") && told.contains("put the copy"), "{told}");
            assert!(!key.exists(), "no key is made that opens nothing");
        }
        windowshop::sealing::KeyRing::create(&key, TODAY.date()).unwrap_or_else(|fault| panic!("{fault}"));
        let told = refused("serve");
        assert!(told.contains("needs key ") && told.contains("which is not in the key file"), "{told}");

        // Two faults at once: a newer store and a key file that others may read.
        let newer = "UPDATE store_mark SET value = 99 WHERE name = 'min_binary'";
        raw(bench, data.path(), newer).await;
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("set");
        }
        let told = refused("check");
        assert!(told.contains("changed by a newer Windowshop") && told.contains("chmod 600"), "{told}");
    })
    .await;
}

/// Changes the store behind the program's back.
async fn raw(bench: &Bench, data: &Path, statement: &'static str) {
    use sqlx::Connection as _;
    let url = match bench.args().database_url.expose() {
        "" => format!("sqlite://{}", data.join("office.db").display()),
        url => url.to_string(),
    };
    let mut connection = sqlx::AnyConnection::connect(&url).await.expect("a connection");
    sqlx::query(statement).execute(&mut connection).await.expect(statement);
    connection.close().await.expect("it closes");
}

/// Stands between the program and a server, until it is dropped; then both sides are cut off.
struct Wire {
    port: u16,
    tasks: Arc<std::sync::Mutex<Vec<JoinHandle<()>>>>,
    accepting: JoinHandle<()>,
}

impl Wire {
    async fn to(server: SocketAddr, port: u16) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let tasks: Arc<std::sync::Mutex<Vec<JoinHandle<()>>>> = Arc::default();
        let open = Arc::clone(&tasks);
        let accepting = tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let task = tokio::spawn(async move {
                    let Ok(mut there) = tokio::net::TcpStream::connect(server).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
                });
                open.lock().expect("not poisoned").push(task);
            }
        });
        Wire { port, tasks, accepting }
    }

    async fn cut(self) -> u16 {
        self.accepting.abort();
        let _ = self.accepting.await;
        let tasks = std::mem::take(&mut *self.tasks.lock().expect("not poisoned"));
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        self.port
    }
}

/// The bench's database, reached through a wire.
async fn wired(bench: &Bench, port: u16) -> (String, Wire) {
    let mut url = url::Url::parse(bench.args().database_url.expose()).expect("a URL");
    let server = SocketAddr::from(([127, 0, 0, 1], url.port().expect("a port")));
    let wire = Wire::to(server, port).await;
    url.set_port(Some(wire.port)).expect("a port");
    (url.to_string(), wire)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_away_leaves_the_shop_unhurt_and_comes_back_by_itself() {
    for server in servers() {
        let bench = Bench::new(Some(server)).await;
        let data = empty_data_folder().await;
        let (url, wire) = wired(&bench, 0).await;
        let served = Served::start(data.path(), &url);
        let port = wire.cut().await;
        wait_for("the look at the store", || served.ask("/readyz").contains("office: its store does not answer"));
        assert!(served.ask("/readyz").starts_with("HTTP/1.1 200"), "the shop is ready all the same");
        assert!(served.ask("/metrics").contains("windowshop_store_up 0"));
        let begun = Instant::now();
        assert!(get(served.shop, "/").expect("an answer").starts_with("HTTP/1.1 200"));
        assert!(begun.elapsed() < KINDLY, "the shop does not wait for the store");
        let refused = program("serve", data.path(), &url).output().expect("it runs");
        assert!(said(&refused).contains("cannot be reached"), "a start without the store: {}", said(&refused));

        let (_, wire) = wired(&bench, port).await;
        wait_for("the store", || served.ask("/readyz").contains("office: its store answers"));
        let log = served.stop();
        for line in ["store does not answer; the shop goes on", "store answers again"] {
            assert_eq!(log.matches(line).count(), 1, "told once: {log}");
        }
        wire.cut().await;
        bench.end().await;
    }
}

fn wait_for(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < LONG, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

async fn office(url: &str, data: &Path) -> Office {
    let args = windowshop::config::OfficeArgs {
        data_dir: data.to_path_buf(),
        key_file: None,
        keys: "".parse().expect("any text"),
        database_url: url.parse().expect("any text"),
    };
    let place = OfficePlace::read(&args, &mut Vec::new());
    Office::open(&place, (None, false), TODAY.date()).await.expect("the office opens")
}

/// Reads and writes of an office whose store does not answer: both say so, and in time.
async fn says_so_in_time(office: &Office) {
    let begun = Instant::now();
    let read = office.store.now().await;
    assert!(matches!(read, Err(StoreError::Away(_))) && begun.elapsed() < KINDLY, "{read:?} {:?}", begun.elapsed());
    write_says_so_in_time(office).await;
}

async fn write_says_so_in_time(office: &Office) {
    let begun = Instant::now();
    let owners = Owners { vault: office.means.vault.clone(), owners: vec!["account:late".to_string()] };
    let written = office.store.begin_write(owners).await;
    let took = begun.elapsed();
    assert!(matches!(written, Err(StoreError::Away(_))) && took < KINDLY, "{written:?} {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_says_within_two_seconds_that_its_store_is_away() {
    for server in servers() {
        let bench = Bench::new(Some(server)).await;
        let (url, wire) = wired(&bench, 0).await;
        let office = office(&url, &bench.path("")).await;
        office.store.now().await.expect("it is there");
        // Cut off, and then a host that takes connections and says nothing.
        let port = wire.cut().await;
        says_so_in_time(&office).await;
        let silent = TcpListener::bind(("127.0.0.1", port)).await.expect("the port");
        says_so_in_time(&office).await;
        drop(silent);
        bench.end().await;
    }
    // A file that another process has locked can be read, and not written.
    let bench = Bench::new(None).await;
    let office = office("", &bench.path("")).await;
    let mut other = bench.raw().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("locked");
    office.store.now().await.expect("readers go on");
    write_says_so_in_time(&office).await;
}
