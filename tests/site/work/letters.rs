//! Letters through the queue: a server in every mood, and letters that come back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use windowshop::account::people::Means;
use windowshop::operator::bounce::{BounceArgs, command};
use windowshop::store::{Change, StoreError, Tx};
use windowshop::work::letters::{LetterState, Tokens, bad_address, letter_state, tell, tell_at};
use windowshop::work::queue::id_of;
use windowshop::work::ring;

use super::queue::until;
use crate::account::people::sign_up;
use crate::office::people::{SEARCH, World, save};
use crate::site::TODAY;
use crate::store::engines::{Bench, on_each_engine};

/// A message for somebody, and the letter that says so.
pub struct Tell {
    pub means: Means,
    pub owner: String,
    pub keys: Vec<String>,
}

impl Change for Tell {
    type Done = usize;

    async fn run(&self, tx: &mut Tx) -> Result<usize, StoreError> {
        let mut new = 0;
        for key in &self.keys {
            new += usize::from(tell(tx, &self.means, &self.owner, key).await?);
        }
        Ok(new)
    }
}

async fn told(world: &World, keys: &[&str]) -> usize {
    let keys = keys.iter().map(|key| (*key).to_string()).collect();
    let tell = Tell { means: world.opened.means.clone(), owner: "account:a1".to_string(), keys };
    let new = world.opened.store.begin_write(tell).await.expect("told");
    ring();
    new
}

async fn state(world: &World, key: &str) -> LetterState {
    let mut connection = world.opened.store.read().await.expect("a connection");
    letter_state(&mut connection, key).await.expect("asked").expect("it is there")
}

/// A mail server whose answers to RCPT are said beforehand: the faults that no real server shows when asked.
#[derive(Clone)]
struct Moody {
    port: u16,
    answers: Arc<Mutex<Vec<&'static str>>>,
    /// Sender, and text, of each letter that it took.
    took: Arc<Mutex<Vec<(String, String)>>>,
}

impl Moody {
    async fn start() -> Moody {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let moody = Moody { port, answers: Arc::default(), took: Arc::default() };
        let serving = moody.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.talk(stream).await });
            }
        });
        moody
    }

    async fn talk(&self, mut stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 moody\r\n").await.ok()?;
        let mut sender = String::new();
        loop {
            let line = lines.next_line().await.ok()??;
            let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                "MAIL" => {
                    sender = line.clone();
                    "250 ok"
                }
                "RCPT" => self.answers.lock().expect("not poisoned").pop().unwrap_or("250 ok"),
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut text = String::new();
                    loop {
                        match lines.next_line().await.ok()?? {
                            end if end == "." => break,
                            line => text += &(line + "\n"),
                        }
                    }
                    self.took.lock().expect("not poisoned").push((sender.clone(), text));
                    "250 ok"
                }
                _ => "250 ok",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
            if answer.starts_with("421") || line.starts_with("QUIT") {
                return None;
            }
        }
    }

    fn answers(&self, answer: &'static str) {
        self.answers.lock().expect("not poisoned").push(answer);
    }
}

async fn world_with_ana(bench: &Bench, settings: &[&str]) -> World {
    let world = World::with(bench, settings).await;
    let office = bench.open().await;
    office.store.begin_write(sign_up(&office, "a1", "ana@example.org", None)).await.expect("made");
    office.store.close().await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_in_every_mood_gets_each_letter_once_or_says_that_the_address_is_bad() {
    on_each_engine(async |bench| {
        let moody = Moody::start().await;
        let url = format!("smtp://127.0.0.1:{}", moody.port);
        let world = world_with_ana(bench, &["--mail-server", &url, "--mail-from", "no-reply@plans.example.org"]).await;

        moody.answers("451 4.7.1 come back later, ana@example.org");
        assert_eq!((told(&world, &["notice:1"]).await, told(&world, &["notice:1"]).await), (1, 0));
        until(bench, "job WHERE attempt = 1 AND last_error = 'the mail server answered 451 4.7.1'", 1).await;
        assert_eq!(state(&world, "notice:1").await.mailed_at, None);
        world.ahead.add(Duration::from_secs(3600));
        until(bench, "job_done WHERE outcome = 'done' AND attempts = 2", 1).await;
        let sent = state(&world, "notice:1").await;
        assert!(sent.mailed_at.is_some_and(|at| at > sent.queued_at));
        assert_eq!((sent.accepted_by.as_str(), sent.bounced_at, sent.code.as_str()), ("127.0.0.1", None, ""));

        moody.answers("421 4.3.2 going down");
        told(&world, &["notice:2"]).await;
        until(bench, "job_done WHERE key = 'notice:2' AND attempts = 1", 1).await;
        {
            let took = moody.took.lock().expect("not poisoned");
            assert_eq!(took.len(), 2);
            let (sender, text) = &took[0];
            assert!(sender.starts_with("MAIL FROM:<notice+") && sender.contains("@plans.example.org>"), "{sender}");
            for line in ["Auto-Submitted: auto-generated", "Date: ", "Message-ID: <", "To: ana@example.org"] {
                assert!(text.lines().any(|found| found.starts_with(line)), "{line}: {text}");
            }
        }

        moody.answers("550 5.7.1 we do not like you");
        told(&world, &["notice:3"]).await;
        until(bench, "job WHERE key = 'notice:3' AND state = 2", 1).await;
        assert_eq!(bench.count("mail_state").await, 0, "that is not the address's fault");
        moody.answers("550 5.1.1 nobody here");
        told(&world, &["notice:4"]).await;
        until(bench, "job_done WHERE key = 'notice:4'", 1).await;
        let refused = state(&world, "notice:4").await;
        assert_eq!((refused.mailed_at, refused.code.as_str()), (None, "5.1.1"));
        let mut connection = world.opened.store.read().await.expect("a connection");
        let bad = bad_address(&mut connection, "account:a1").await.expect("asked").expect("it is bad");
        assert_eq!((Some(bad.0), bad.1.as_str()), (refused.bounced_at, "5.1.1"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_is_good_no_longer_is_not_sent() {
    let bench = Bench::new(None).await;
    let moody = Moody::start().await;
    let url = format!("smtp://127.0.0.1:{}", moody.port);
    let world = World::with(&bench, &["--mail-server", &url]).await;
    moody.answers("451 later");
    let page = world.browser().visit("/account/sign-up").await;
    let page = page.fill("E-mail address", "ana@example.org");
    page.fill("Make a password", crate::office::people::PASSWORD).press("Go on").await;
    until(&bench, "job WHERE last_error LIKE '%451%'", 1).await;
    world.ahead.add(Duration::from_secs(3600));
    until(&bench, "letter WHERE code = 'late' AND mailed_at IS NULL", 1).await;
    assert_eq!((bench.count("job").await, moody.took.lock().expect("not poisoned").len()), (0, 0));
    assert_eq!(bench.count("job_done WHERE request_id <> ''").await, 1, "it carries the request's ID");
}

/// As Postfix and Exim write it.
fn report(to: &str, action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: Mail Delivery System <mailer-daemon@mx.example.net>\r\nTo: {to}\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b1\"\r\n\r\n\
         --b1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nStatus: 5.1.1 is what somebody might write here.\r\n\r\n\
         --b1\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.net\r\nArrival-Date: Fri, 27 Nov 2026 02:00:00 +0000\r\n\r\n\
         Final-Recipient: rfc822; ana@example.org\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; 550 no such user\r\n\r\n\
         --b1\r\nContent-Type: message/rfc822\r\n\r\nFrom: no-reply@plans.example.org\r\nSubject: x\r\n\r\ntext\r\n--b1--\r\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_comes_back_is_known_by_its_token_and_its_status() {
    on_each_engine(async |bench| {
        let world = world_with_ana(bench, &[]).await;
        told(&world, &["notice:1", "notice:2"]).await;
        until(bench, "letter WHERE mailed_at IS NOT NULL AND accepted_by = 'outbox'", 2).await;
        let tokens = Tokens::open(&world.opened.store, &world.opened.means.vault).await.expect("tokens");
        let to = |key: &str| format!("notice+{}@plans.example.org", tokens.of(id_of(key)));
        let read = async |message: String| {
            let args = BounceArgs { office: bench.args(), json: true };
            let (said, code) = command(&args, TODAY, &mut message.as_bytes()).await.expect("read");
            assert_eq!(code, 0);
            let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
            said["bounce"].as_str().expect("a word").to_string()
        };
        let forged = to("notice:1").replace(&tokens.of(id_of("notice:1"))[..1], "f");
        for (to, action, status, what) in [
            ("ana@example.org", "failed", "5.1.1", "not_ours"),
            (forged.as_str(), "failed", "5.1.1", "not_ours"),
            (&to("notice:1"), "delayed", "4.4.1", "no_bounce"),
            (&to("notice:1").to_uppercase().replace("NOTICE", "notice"), "failed", "4.4.7", "counted"),
            (&to("notice:9"), "failed", "5.1.1", "unknown"),
        ] {
            assert_eq!(read(report(to, action, status)).await, what, "{to} {action} {status}");
        }
        assert_eq!(bench.count("mail_state WHERE soft = 1 AND bounced_at IS NULL").await, 1);
        assert_eq!(read("no report, but To: ".to_string() + &to("notice:2")).await, "no_bounce");
        assert_eq!(read(report(&to("notice:2"), "failed", "5.1.1")).await, "bad_address");
        let came_back = state(&world, "notice:2").await;
        assert!(came_back.bounced_at.is_some() && came_back.mailed_at.is_some() && came_back.code == "5.1.1");
        assert_eq!(bench.count("mail_state WHERE soft = 1 AND bounced_at IS NOT NULL AND code = '5.1.1'").await, 1);
        assert_eq!(bench.count("audit WHERE deed = 'letter_bounced' AND owner = 'account:a1'").await, 2);
    })
    .await;
}

/// A message for a guest, told to the address that they gave.
struct TellGuest {
    means: Means,
    guest: String,
}

impl Change for TellGuest {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        tell_at(tx, &self.means, &self.guest, "notice:guest", ("other@example.org", "en")).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_see_their_letters_and_that_they_came_back() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        save(&own, SEARCH).await;
        let (store, means) = (&world.opened.store, &world.opened.means);
        let mut connection = store.read().await.expect("a connection");
        let guest: String =
            sqlx::query_scalar("SELECT owner FROM draft").fetch_one(&mut *connection).await.expect("one");
        drop(connection);
        store.begin_write(TellGuest { means: means.clone(), guest }).await.expect("told");
        ring();
        until(bench, "letter WHERE mailed_at IS NOT NULL", 1).await;
        world.sign_up(&own, "ana@example.org").await;
        let read = async || {
            let file = own.post("/account/data", "").await;
            serde_json::from_str::<serde_json::Value>(&file.text).expect("JSON")
        };
        let all = read().await;
        assert_eq!(
            all["letters"]["sent"][0]["template"], "message",
            "a guest's letters come along: {}",
            all["letters"]
        );

        let tokens = Tokens::open(store, &means.vault).await.expect("tokens");
        let bounce = async |key: &str| {
            let to = format!("notice+{}@plans.example.org", tokens.of(id_of(key)));
            let args = BounceArgs { office: bench.args(), json: true };
            command(&args, TODAY, &mut report(&to, "failed", "5.1.1").as_bytes()).await.expect("read");
        };
        bounce("notice:guest").await;
        assert_eq!(bench.count("mail_state").await, 0, "that letter went to another address");
        own.visit("/account").await.says_nothing_of("have come back since");
        let all = read().await;
        assert_eq!(all["letters"]["sent"][0]["code"], "5.1.1");
        assert!(all["letters"]["address"].is_null());

        let owner = all["owner"].as_str().expect("an owner").to_string();
        let tell = Tell { means: means.clone(), owner, keys: vec!["notice:own".to_string()] };
        store.begin_write(tell).await.expect("told");
        ring();
        until(bench, "letter WHERE key = 'notice:own' AND mailed_at IS NOT NULL", 1).await;
        own.visit("/account/data").await.says("handed to the mail server on");
        bounce("notice:own").await;
        own.visit("/account")
            .await
            .says_all(&["Our letters to ana@example.org have come back since", "Change your e-mail"]);
        own.in_spanish().visit("/account/data").await.says("devuelto el");
        assert_eq!(read().await["letters"]["address"]["code"], "5.1.1");
    })
    .await;
}
