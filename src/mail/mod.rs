//! Letters to people: handed to an SMTP server, or laid into an outbox folder where no server is configured.
//!
//! Called by the office. A letter says that something is to be done or was done, and holds a code at most: never a name,
//! an answer, or anything else that a person typed. Sending happens beside the answer to a request, so how long it takes
//! tells nobody anything. Neither an address nor a letter's text is ever logged.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::types::hex;

/// In the data folder; of its owner alone.
const OUTBOX: &str = "outbox";
/// Pauses before a second and a third try.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];
/// How long a server may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// One letter. Has no `Debug`.
pub struct Letter {
    pub to: Zeroizing<String>,
    pub subject: String,
    pub text: Zeroizing<String>,
    /// For `Content-Language`.
    pub lang: &'static str,
}

/// Sends letters. A clone is the same one.
#[derive(Clone)]
pub struct Post {
    inner: Arc<Inner>,
}

struct Inner {
    from: Mailbox,
    way: Way,
}

enum Way {
    Server(AsyncSmtpTransport<Tokio1Executor>),
    Outbox(PathBuf),
}

impl Post {
    /// # Errors
    ///
    /// If the settings fit no server, or the folder cannot be made.
    pub fn open(config: &Config) -> anyhow::Result<Post> {
        let from = config.mail_from.parse().with_context(|| format!("{:?} is no address", config.mail_from))?;
        let way = match &config.mail_server {
            Some(url) => {
                // The text may hold a password, so an error must not repeat it.
                let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose());
                let server = server.map_err(|_| anyhow::anyhow!("--mail-server is no smtp address"))?;
                Way::Server(server.timeout(Some(TIMEOUT)).build())
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
        Ok(Post { inner: Arc::new(Inner { from, way }) })
    }

    /// Sends a letter in its own time.
    pub fn send(&self, letter: Letter) {
        let post = self.clone();
        tokio::spawn(async move {
            if let Err(error) = post.deliver(&letter).await {
                tracing::error!(error = %format!("{error:#}").replace('\n', " "), "a letter could not be sent");
            }
        });
    }

    async fn deliver(&self, letter: &Letter) -> anyhow::Result<()> {
        let message = self.message(letter)?;
        match &self.inner.way {
            Way::Outbox(folder) => lay_down(folder, &message.formatted()).await,
            Way::Server(server) => {
                for pause in PAUSES {
                    match server.send(message.clone()).await {
                        Ok(_) => return Ok(()),
                        // The address or the letter is refused for good.
                        Err(error) if error.is_permanent() => return Err(without_words(&error)),
                        Err(error) => tracing::warn!(error = %without_words(&error), "a letter is tried again"),
                    }
                    tokio::time::sleep(pause).await;
                }
                server.send(message).await.map(drop).map_err(|error| without_words(&error))
            }
        }
    }

    fn message(&self, letter: &Letter) -> anyhow::Result<Message> {
        let to: Mailbox = letter.to.parse().map_err(|_| anyhow::anyhow!("the address cannot be written to"))?;
        let domain = self.inner.from.email.domain().to_string();
        let header =
            |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_string());
        let message = Message::builder()
            .from(self.inner.from.clone())
            .to(to)
            .subject(&letter.subject)
            .message_id(Some(format!("<{}@{domain}>", random_name()?)))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", letter.lang))
            .header(ContentType::TEXT_PLAIN);
        Ok(message.body(letter.text.to_string())?)
    }
}

/// A server's answer may repeat the address: only its kind is told.
fn without_words(error: &lettre::transport::smtp::Error) -> anyhow::Error {
    let kind = match error.status() {
        Some(code) => format!("the server answered {code}"),
        None if error.is_timeout() => "no answer in time".to_string(),
        None if error.is_tls() => "no encrypted connection".to_string(),
        None => "no connection".to_string(),
    };
    anyhow::anyhow!(kind)
}

fn random_name() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(hex(&bytes))
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

/// Written under another name first: whoever carries letters on sees whole ones only.
async fn lay_down(folder: &Path, letter: &[u8]) -> anyhow::Result<()> {
    let name = random_name()?;
    let (hidden, whole) = (folder.join(format!(".{name}")), folder.join(format!("{name}.eml")));
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(&hidden).await?;
    tokio::io::AsyncWriteExt::write_all(&mut file, letter).await?;
    file.sync_all().await?;
    tokio::fs::rename(&hidden, &whole).await?;
    Ok(())
}
