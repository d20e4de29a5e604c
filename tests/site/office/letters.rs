//! Letters arrive whole and readable: in the outbox, and at a real mail server (`WINDOWSHOP_TEST_SMTP`: its address and the
//! Maildir that it fills; tests/run starts one). Where there is one, dkimpy verifies what is signed (`tests/mail/verify`).

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use lettre::message::Mailbox;
use windowshop::config::DkimPlace;
use windowshop::mail::dkim::Signer;
use windowshop::mail::{Letter, Post};
use zeroize::Zeroizing;

use crate::site::config;
use crate::store::engines::Bench;

#[expect(clippy::disallowed_methods, reason = "tests/run names the server it has started; no setting of the product")]
fn server() -> Option<(String, String)> {
    let named = std::env::var("WINDOWSHOP_TEST_SMTP").unwrap_or_default();
    named.split_once(' ').map(|(address, folder)| (format!("smtp://{address}"), folder.to_string()))
}

/// The first file of a folder that holds this text.
async fn arrived(folder: &Path, text: &str) -> String {
    for _ in 0..200 {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let found = if hidden { String::new() } else { std::fs::read_to_string(&path).unwrap_or_default() };
            if found.contains(text) {
                return found.replace("\r\n", "\n");
            }
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nothing with {text} has come to {}", folder.display());
}

/// One with an ID of its own.
fn letter() -> (String, Letter) {
    let mut id = [0; 8];
    getrandom::fill(&mut id).expect("randomness");
    let id = format!("{:016x}", u64::from_be_bytes(id));
    let letter = Letter {
        to: Zeroizing::new("Ana@Example.org".to_string()),
        subject: format!("Su código {id}"),
        text: Zeroizing::new(format!("Su código es:\n\n    {id}\n\nContraseña\n")),
        lang: "es",
        id: id.clone(),
        token: "00ff00ff".to_string(),
    };
    (id, letter)
}

#[tokio::test]
async fn a_letter_arrives_in_the_outbox_and_at_a_mail_server() {
    let bench = Bench::new(None).await;
    let mut ways = vec![(Vec::new(), bench.path("outbox"))];
    if let Some((url, folder)) = server() {
        ways.push((vec!["--mail-server".to_string(), url], Path::new(&folder).join("new")));
    }
    for (more, folder) in ways {
        println!("to {}", folder.display());
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let settings = [&["--public-url", "https://plans.example.org"], more.as_slice()].concat();
        let config = config(&bench.path(""), &settings);
        let post = Post::open(&config).expect("a way for letters");
        let (id, letter) = letter();
        let by = post.hand_over(&letter).await.expect("taken");
        assert_eq!(by == "outbox", folder == bench.path("outbox"), "{by}");
        let letter = arrived(&folder, &format!("    {id}")).await;
        let (head, text) = letter.split_once("\n\n").expect("head and text");
        for line in ["From: no-reply@plans.example.org", "To: Ana@example.org", "Auto-Submitted: auto-generated"] {
            assert!(head.contains(line), "{line}: {head}");
        }
        assert!(head.contains("Content-Language: es") && head.contains("Message-ID: <"), "{head}");
        assert!(text.contains("Contrase=C3=B1a"), "{text}");
    }
    let refused: Result<Mailbox, _> = "ana@example.org\nBcc: all@example.org".parse();
    assert!(refused.is_err(), "no address adds a header");
}

/// As docs/running.md says.
fn make_key(file: &Path, how: &[&str]) {
    let made = Command::new("openssl").arg("genpkey").args(how).arg("-out").arg(file).stderr(Stdio::null()).status();
    assert!(made.expect("openssl").success());
}

/// Whether an independent verifier believes the letter, with this answer of DNS.
fn verified(letter: &str, (name, record): (&str, &str)) -> bool {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail/verify");
    let mut verifier = Command::new("python3")
        .args([script, name, record])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("python3");
    verifier.stdin.take().expect("a pipe").write_all(letter.as_bytes()).expect("written");
    match verifier.wait().expect("an end").code() {
        Some(0) => true,
        Some(3) => false,
        other => panic!("nothing was verified: {other:?}"),
    }
}

#[tokio::test]
async fn a_signed_letter_is_verified_and_a_changed_one_is_not() {
    let bench = Bench::new(None).await;
    let server = server();
    for (kind, how) in [
        ("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"].as_slice()),
        ("ed25519", ["-algorithm", "ED25519"].as_slice()),
    ] {
        let key = bench.path(&format!("{kind}.pem"));
        make_key(&key, how);
        let url = server.as_ref().map(|(url, _)| url.as_str()).unwrap_or_default();
        let key = key.to_str().expect("a path");
        let config = config(
            &bench.path(""),
            &[
                ["--mail-server", url],
                ["--mail-from", "Plans@Mail.Example.org"],
                ["--dkim-key", key],
                ["--dkim-selector", "2026a"],
                ["--dkim-domain", "example.org"],
            ]
            .concat(),
        );
        let place = config.dkim.as_ref().expect("a place");
        let signer = Signer::open(place).expect("a key");
        let (name, record) = signer.record();
        assert!(record.starts_with(&format!("v=DKIM1; k={kind}; p=")), "{record}");
        let (id, letter) = letter();
        Post::open(&config).expect("a way for letters").hand_over(&letter).await.expect("taken");
        let folder = server.as_ref().map_or_else(|| bench.path("outbox"), |(_, folder)| Path::new(folder).join("new"));
        let letter = arrived(&folder, &format!("    {id}")).await;
        assert!(letter.contains("d=example.org; s=2026a;") && letter.contains(&format!("a={kind}-sha256")), "{letter}");
        if server.is_none() {
            println!("{kind}: NOT verified, because tests/run has not prepared dkimpy");
            continue;
        }
        let dns = (name.as_str(), record.as_str());
        assert!(verified(&letter, dns), "{kind}: {letter}");
        for (from, to) in [
            ("Contrase=C3=B1a", "Contrase=C3=B1o"),
            ("To: Ana@example.org", "To: Eve@Example.org"),
            ("Subject: ", "Subject: more\nSubject: "),
            ("s=2026a;", "s=2026b;"),
        ] {
            let changed = letter.replacen(from, to, 1);
            assert!(changed != letter && !verified(&changed, dns), "{kind}: {to}");
        }
        let other = bench.path(&format!("other-{kind}.pem"));
        make_key(&other, how);
        let other = Signer::open(&DkimPlace { key: other, ..place.clone() }).expect("a key").record();
        assert!(!verified(&letter, (&name, &other.1)), "{kind}: by another key");
    }
}
