//! Letters arrive whole and readable: in the outbox, and at a real mail server (`WINDOWSHOP_TEST_SMTP`: its address and the
//! Maildir that it fills; tests/run starts one).

use std::path::Path;
use std::time::Duration;

use lettre::message::Mailbox;
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
        let by = post.hand_over(&letter).await.expect("taken");
        assert_eq!(by == "outbox", folder == bench.path("outbox"), "{by}");
        let letter = arrived(&folder, &format!("    {id}")).await;
        let (head, text) = letter.split_once("\n\n").expect("head and text");
        for line in ["From: no-reply@plans.example.org", "To: Ana@Example.org", "Auto-Submitted: auto-generated"] {
            assert!(head.contains(line), "{line}: {head}");
        }
        assert!(head.contains("Content-Language: es") && head.contains("Message-ID: <"), "{head}");
        assert!(text.contains("Contrase=C3=B1a"), "{text}");
    }
    let refused: Result<Mailbox, _> = "ana@example.org\nBcc: all@example.org".parse();
    assert!(refused.is_err(), "no address adds a header");
}
