//! Letters to people: handed to an SMTP server, or laid into an outbox folder where no server is configured.
//!
//! Called by `work`, once for each attempt. A letter says that something is to be done or was done, and holds a code at
//! most: never a name, an answer, or anything else that a person typed. Neither an address, nor a letter's text, nor a
//! server's words are ever logged: these may repeat the address.

pub mod dkim;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lettre::address::{Address, Envelope};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use zeroize::Zeroizing;

use self::dkim::Signer;
use crate::config::Config;
use crate::types;

/// In the data folder; of its owner alone.
const OUTBOX: &str = "outbox";
/// How long a server may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Answers that without a longer code mean that the address takes no letters.
pub const NO_SUCH_ADDRESS: [&str; 5] = ["521", "550", "551", "553", "556"];
/// What a letter's envelope sender begins with; the token of its job follows.
const BOUNCES: &str = "notice+";

/// One letter. Has no `Debug`.
pub struct Letter {
    pub to: Zeroizing<String>,
    pub subject: String,
    pub text: Zeroizing<String>,
    /// For `Content-Language`.
    pub lang: &'static str,
    /// The same at each attempt: whoever gets a letter twice can tell. Letters and digits.
    pub id: String,
    /// Comes back with a bounce, in the address that it is sent to. Letters and digits.
    pub token: String,
}

/// Why a letter was not taken, in codes and our own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The server is not there, breaks off (421), or has not answered in time: nothing is known of the letter.
    Away(String),
    /// It may be taken later (4xx).
    Later(String),
    /// This address takes no letters: `5.1.1`, `550`.
    Address(String),
    /// Letter or sender are refused for good: something for the operator.
    Never(String),
}

/// Sends letters. A clone is the same one.
#[derive(Clone)]
pub struct Post {
    inner: Arc<Inner>,
}

struct Inner {
    from: Mailbox,
    way: Way,
    /// `None`: whoever takes the letters signs them.
    signer: Option<Signer>,
}

enum Way {
    /// With its name.
    Server(Box<AsyncSmtpTransport<Tokio1Executor>>, String),
    Outbox(PathBuf),
}

impl Post {
    /// # Errors
    ///
    /// If the settings fit no server, the folder cannot be made, or the key that signs does not open.
    pub fn open(config: &Config) -> anyhow::Result<Post> {
        let from = config.mail_from.parse().with_context(|| format!("{:?} is no address", config.mail_from))?;
        let signer = config.dkim.as_ref().map(Signer::open).transpose().map_err(anyhow::Error::msg)?;
        let way = match &config.mail_server {
            Some(url) => {
                // The text may hold a password, so an error must not repeat it.
                let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose());
                let server = server.map_err(|_| anyhow::anyhow!("--mail-server is no smtp address"))?;
                let name = url::Url::parse(url.expose()).ok().and_then(|url| url.host_str().map(str::to_string));
                Way::Server(Box::new(server.timeout(Some(TIMEOUT)).build()), name.unwrap_or_default())
            }
            None => {
                let folder = config.office.data_dir.join(OUTBOX);
                make_private(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
                tracing::warn!(
                    folder = %folder.display(),
                    "no mail server is set (--mail-server): letters to people are only written into this folder"
                );
                Way::Outbox(folder)
            }
        };
        Ok(Post { inner: Arc::new(Inner { from, way, signer }) })
    }

    /// One attempt. A server that breaks off is asked once more, over a new connection. Returns who took the letter: the
    /// server's name, or `outbox`.
    ///
    /// # Errors
    ///
    /// Why it was not taken.
    pub async fn hand_over(&self, letter: &Letter) -> Result<String, Refusal> {
        let (message, envelope) = self.message(letter)?;
        match &self.inner.way {
            Way::Outbox(folder) => match lay_down(folder, &letter.id, &message).await {
                Ok(()) => Ok(OUTBOX.to_string()),
                Err(error) => Err(Refusal::Later(format!("the outbox cannot be written ({})", error.kind()))),
            },
            Way::Server(server, name) => {
                let mut sent = server.send_raw(&envelope, &message).await.map_err(|error| refusal(&error));
                if let Err(Refusal::Away(_)) = sent {
                    sent = server.send_raw(&envelope, &message).await.map_err(|error| refusal(&error));
                }
                sent.map(|_| name.clone())
            }
        }
    }

    fn message(&self, letter: &Letter) -> Result<(Vec<u8>, Envelope), Refusal> {
        let never = |what: &str| Refusal::Never(what.to_string());
        // "Bad destination mailbox address syntax" (RFC 3463).
        let to = types::email(&letter.to).ok_or_else(|| Refusal::Address("5.1.3".to_string()))?;
        let from = &self.inner.from;
        let domain = from.email.domain().to_string();
        let sender = format!("{BOUNCES}{}@{domain}", letter.token);
        let sender: Address = sender.parse().map_err(|_| never("the sender's address cannot be written to"))?;
        let envelope = Envelope::new(Some(sender), vec![to.clone()]).map_err(|_| never("no envelope"))?;
        let header =
            |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_string());
        let message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .subject(&letter.subject)
            .date_now()
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", letter.lang))
            .header(ContentType::TEXT_PLAIN);
        let message = message.body(letter.text.to_string()).map_err(|_| never("the letter cannot be put together"))?;
        let message = message.formatted();
        let message = match &self.inner.signer {
            Some(signer) => {
                // Nothing goes out unsigned that should be signed.
                signer.sign(&message).ok_or_else(|| Refusal::Later("the letter cannot be signed".to_string()))?
            }
            None => message,
        };
        Ok((message, envelope))
    }
}

/// What a server's answer means.
fn refusal(error: &SmtpError) -> Refusal {
    let Some(status) = error.status() else {
        // The name has letters that this server does not take (RFC 6531): the address will be no other tomorrow.
        if error.is_client() {
            return Refusal::Address("5.6.7".to_string());
        }
        let kind = match () {
            () if error.is_timeout() => "the mail server did not answer in time",
            () if error.is_tls() => "no encrypted connection to the mail server",
            () => "no connection to the mail server",
        };
        return Refusal::Away(kind.to_string());
    };
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let enhanced = words.split([' ', '-']).next().filter(|code| is_enhanced(code)).unwrap_or_default();
    of_answer(&status.to_string(), enhanced)
}

/// `basic`: `550`; `enhanced`: `5.1.1`, or empty.
fn of_answer(basic: &str, enhanced: &str) -> Refusal {
    let said = format!("the mail server answered {basic} {enhanced}").trim_end().to_string();
    match (basic, enhanced) {
        ("421", _) => Refusal::Away(said),
        _ if basic.starts_with('4') => Refusal::Later(said),
        // A mailbox that is not there or is closed; not a full one, nor one that dislikes us.
        (_, code) if code.starts_with("5.1.") || code == "5.2.1" => Refusal::Address(code.to_string()),
        (code, "") if NO_SUCH_ADDRESS.contains(&code) => Refusal::Address(basic.to_string()),
        _ => Refusal::Never(said),
    }
}

/// `5.1.1` (RFC 3463).
pub fn is_enhanced(code: &str) -> bool {
    let parts: Vec<&str> = code.split('.').collect();
    let short = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && matches!(parts[0], "2" | "4" | "5") && parts.iter().all(short)
}

/// The token in an address that bounces come back to.
pub fn token_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(BOUNCES).skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        &rest[..end]
    })
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Written under another name first: whoever carries letters on sees whole ones only. A letter that is laid down again,
/// after its worker died, is one file.
async fn lay_down(folder: &Path, name: &str, letter: &[u8]) -> std::io::Result<()> {
    let (hidden, whole) = (folder.join(format!(".{name}")), folder.join(format!("{name}.eml")));
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(&hidden).await?;
    tokio::io::AsyncWriteExt::write_all(&mut file, letter).await?;
    file.sync_all().await?;
    tokio::fs::rename(&hidden, &whole).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_blames_the_address_only_if_it_says_so() {
        for (basic, enhanced, refusal) in [
            ("421", "4.3.2", Refusal::Away("the mail server answered 421 4.3.2".to_string())),
            ("451", "", Refusal::Later("the mail server answered 451".to_string())),
            ("550", "5.1.1", Refusal::Address("5.1.1".to_string())),
            ("550", "", Refusal::Address("550".to_string())),
            ("550", "5.7.1", Refusal::Never("the mail server answered 550 5.7.1".to_string())),
            ("552", "5.2.2", Refusal::Never("the mail server answered 552 5.2.2".to_string())),
            ("535", "5.7.8", Refusal::Never("the mail server answered 535 5.7.8".to_string())),
            ("554", "", Refusal::Never("the mail server answered 554".to_string())),
        ] {
            assert_eq!(of_answer(basic, enhanced), refusal);
        }
        assert!(is_enhanced("5.1.1") && is_enhanced("4.4.7") && !is_enhanced("5.1") && !is_enhanced("5.x.1"));
    }

    #[test]
    fn a_token_is_found_wherever_the_address_stands() {
        let text = "To: <notice+00ff@example.org>\nnotice+abc@x, Notice+no@x";
        assert_eq!(token_in(text).collect::<Vec<_>>(), ["00ff", "abc"]);
    }
}
