//! Letters: who takes them, who they are from, and the key that signs them.
//!
//! Flattened into the arguments of `serve`. A password given here is never shown.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use super::{Hidden, ServeArgs, SettingFault};

#[derive(Debug, Clone, Args)]
pub struct MailArgs {
    /// SMTP server for letters to people, smtps://user:password@mail.example.org; empty: an outbox folder in DATA_DIR
    #[arg(long, env = "WINDOWSHOP_MAIL_SERVER", value_name = "URL", default_value = "", hide_env_values = true)]
    pub mail_server: Hidden,
    /// Sender of letters to people [default: no-reply at the host of --public-url]
    #[arg(long, env = "WINDOWSHOP_MAIL_FROM", value_name = "ADDRESS", default_value = "")]
    pub mail_from: String,
    /// Private key that signs letters (DKIM), RSA or Ed25519 in PEM; empty: the mail server signs them
    #[arg(long, env = "WINDOWSHOP_DKIM_KEY", value_name = "FILE")]
    pub dkim_key: Option<PathBuf>,
    /// Name under which the public half of --dkim-key stands in DNS: NAME._domainkey.DOMAIN
    #[arg(long, env = "WINDOWSHOP_DKIM_SELECTOR", value_name = "NAME", default_value = "")]
    pub dkim_selector: String,
    /// Domain that --dkim-key signs for [default: that of --mail-from]
    #[arg(long, env = "WINDOWSHOP_DKIM_DOMAIN", value_name = "DOMAIN", default_value = "")]
    pub dkim_domain: String,
}

/// What signs letters. The file is looked at by `check` and opened by `mail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimPlace {
    pub key: PathBuf,
    pub selector: String,
    pub domain: String,
}

pub(super) fn read_server(url: &Hidden, faults: &mut Vec<SettingFault>) -> Option<Hidden> {
    let url = url.given()?;
    // The text may hold a password, so it is not repeated.
    let what = match url::Url::parse(url.expose()) {
        Ok(url) if matches!(url.scheme(), "smtp" | "smtps") && url.host_str().is_some_and(|host| !host.is_empty()) => {
            let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            let sealed = url.scheme() == "smtps" || url.query_pairs().any(|(n, v)| n == "tls" && v == "required");
            (!sealed && !local).then_some("would carry letters readable: write smtps://…, or add ?tls=required")
        }
        _ => Some("is no address of a mail server: write one like smtps://user:password@mail.example.org"),
    };
    faults.extend(what.map(|what| SettingFault::new("mail-server", what)));
    Some(url)
}

/// The sender of letters, as given or made from the site's own name.
pub(super) fn read_from(args: &ServeArgs, faults: &mut Vec<SettingFault>) -> String {
    if !args.mail.mail_from.is_empty() {
        if !args.mail.mail_from.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) {
            let what = format!("{:?} is no e-mail address: write one like no-reply@example.org", args.mail.mail_from);
            faults.push(SettingFault::new("mail-from", what));
        }
        return args.mail.mail_from.clone();
    }
    let host = args.public_url.as_deref().and_then(|url| url::Url::parse(url).ok());
    let host = host.and_then(|url| url.host_str().map(str::to_string)).unwrap_or_default();
    let named = host.contains('.') && host.parse::<IpAddr>().is_err();
    format!("no-reply@{}", if named { &host } else { "localhost" })
}

/// All three settings are judged, so that all faults are told at once.
pub(super) fn read_dkim(args: &ServeArgs, faults: &mut Vec<SettingFault>) -> Option<DkimPlace> {
    let mail = &args.mail;
    let Some(key) = mail.dkim_key.clone().filter(|file| !file.as_os_str().is_empty()) else {
        for (flag, given) in [("dkim-selector", &mail.dkim_selector), ("dkim-domain", &mail.dkim_domain)] {
            if !given.is_empty() {
                faults.push(SettingFault::new(
                    flag,
                    "is given without --dkim-key: name the key's file, or take this out",
                ));
            }
        }
        return None;
    };
    let selector = mail.dkim_selector.to_ascii_lowercase();
    if !is_name(&selector) {
        let what = format!("{selector:?} is no name in DNS: write one like 2026a, a new one for each key");
        faults.push(SettingFault::new("dkim-selector", what));
    }
    // Its own fault, if it has one, is told elsewhere.
    let from = read_from(args, &mut Vec::new()).to_ascii_lowercase();
    let own = from.rsplit_once('@').map_or("", |(_, domain)| domain);
    let domain = match mail.dkim_domain.to_ascii_lowercase() {
        given if given.is_empty() => own.to_string(),
        given => given,
    };
    if !is_name(&domain) || !domain.contains('.') {
        let what = format!("{domain:?} is no domain: write one like example.org, or set --mail-from");
        faults.push(SettingFault::new("dkim-domain", what));
    } else if own != domain && !own.ends_with(&format!(".{domain}")) {
        let what = format!(
            "{domain:?} is not the domain of letters from {from:?}, nor above it: receivers would not count it"
        );
        faults.push(SettingFault::new("dkim-domain", what));
    }
    Some(DkimPlace { key, selector, domain })
}

/// One or more labels of DNS.
fn is_name(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            (1..=63).contains(&label.len())
                && label.bytes().all(fits)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}
