//! The federal data services hub: where it is, what lets us in, how long it may take.
//!
//! Flattened into the arguments of `serve`. The token is never shown.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Hidden, SettingFault, number};

#[derive(Debug, Clone, Args)]
pub struct HubArgs {
    /// Base address of the federal data services hub, https://hub.example.gov/api; empty: nothing is checked, and
    /// what is to be checked waits
    #[arg(long, env = "WINDOWSHOP_HUB_URL", value_name = "URL", default_value = "")]
    pub hub_url: String,
    /// Token that the hub lets this site in with; from the environment, or better --hub-token-file
    #[arg(long, env = "WINDOWSHOP_HUB_TOKEN", value_name = "TOKEN", default_value = "", hide_env_values = true)]
    pub hub_token: Hidden,
    /// File that holds the hub's token, readable by the server alone
    #[arg(long, env = "WINDOWSHOP_HUB_TOKEN_FILE", value_name = "FILE")]
    pub hub_token_file: Option<PathBuf>,
    /// Longest time for one answer of the hub, in seconds
    #[arg(long, env = "WINDOWSHOP_HUB_TIMEOUT_SECONDS", default_value = "20")]
    pub hub_timeout_seconds: String,
    /// Who the Department of Homeland Security asks for about a case: letters, spaces, hyphens
    #[arg(long, env = "WINDOWSHOP_HUB_CONTACT_NAME", value_name = "NAME", default_value = "Marketplace Help Desk")]
    pub hub_contact_name: String,
    /// Ten digits at which that contact answers; without them lawful presence cannot be asked about
    #[arg(long, env = "WINDOWSHOP_HUB_CONTACT_PHONE", value_name = "PHONE", default_value = "")]
    pub hub_contact_phone: String,
}

/// The same as values.
#[derive(Debug, Clone)]
pub struct HubSettings {
    /// Without a trailing slash; `None`: no hub.
    pub url: Option<String>,
    pub token: Option<Hidden>,
    pub timeout: Duration,
    pub contact_name: String,
    /// Ten digits, or empty.
    pub contact_phone: String,
}

/// Letters of a token: what fits in a header of a request.
const TOKEN_MAX: usize = 4096;

impl HubSettings {
    /// No hub at all.
    pub fn none() -> HubSettings {
        HubSettings {
            url: None,
            token: None,
            timeout: Duration::from_secs(20),
            contact_name: String::new(),
            contact_phone: String::new(),
        }
    }

    /// A setting that cannot be read is a fault and gets its default.
    pub fn read(args: &HubArgs, faults: &mut Vec<SettingFault>) -> HubSettings {
        let url = Some(args.hub_url.as_str()).filter(|url| !url.is_empty()).map(|url| read_url(url, faults));
        let token = read_token(args, faults);
        let given = args.hub_token.given().is_some() || args.hub_token_file.is_some();
        if url.is_some() && !given {
            faults.push(SettingFault::new("hub-token", "is missing: the hub lets nobody in without one"));
        }
        let contact_name = args.hub_contact_name.trim().to_string();
        let fits = |c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | '-');
        if !(1..=40).contains(&contact_name.len()) || !contact_name.chars().all(fits) {
            let what = format!("{contact_name:?} is not one to 40 letters, spaces and hyphens");
            faults.push(SettingFault::new("hub-contact-name", what));
        }
        let phone: String =
            args.hub_contact_phone.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
        if !phone.is_empty() && (phone.len() != 10 || !phone.bytes().all(|b| b.is_ascii_digit())) {
            let what =
                format!("{:?} is no telephone number: write ten digits like 555-010-0100", args.hub_contact_phone);
            faults.push(SettingFault::new("hub-contact-phone", what));
        }
        HubSettings {
            url,
            token,
            timeout: Duration::from_secs(number("hub-timeout-seconds", &args.hub_timeout_seconds, 1..=300, faults)),
            contact_name,
            contact_phone: phone,
        }
    }
}

/// https, or http to this machine; a host, optionally a path, and nothing after it.
fn read_url(text: &str, faults: &mut Vec<SettingFault>) -> String {
    let example = "write one like https://hub.example.gov/api";
    let what = match url::Url::parse(text) {
        // The text may hold a password, so it is not repeated.
        Err(error) => Some(format!("is no URL ({error}): {example}")),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Some(format!("holds a name or a password: give --hub-token-file, and {example}"))
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() || url.host_str().is_none_or(str::is_empty) => {
            Some(format!("has more than a host and a path, or no host: {example}"))
        }
        Ok(url) => {
            let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            let sealed = url.scheme() == "https" || (url.scheme() == "http" && local);
            (!sealed).then(|| format!("would carry Social Security numbers readable: {example}"))
        }
    };
    let fit = what.is_none();
    faults.extend(what.map(|what| SettingFault::new("hub-url", what)));
    if fit { text.trim_end_matches('/').to_string() } else { String::new() }
}

/// Given, or in a file; never repeated.
fn read_token(args: &HubArgs, faults: &mut Vec<SettingFault>) -> Option<Hidden> {
    let given = args.hub_token.given();
    let file = args.hub_token_file.as_ref().filter(|file| !file.as_os_str().is_empty());
    let (flag, token) = match (given, file) {
        (Some(_), Some(_)) => {
            faults.push(SettingFault::new("hub-token", "and --hub-token-file are both given: keep the file"));
            return None;
        }
        (given, None) => ("hub-token", given?),
        (None, Some(file)) => match std::fs::read_to_string(file) {
            Ok(text) => ("hub-token-file", Hidden::new(text.trim())),
            Err(error) => {
                let what =
                    format!("{} cannot be read ({}): name a file that holds the token", file.display(), error.kind());
                faults.push(SettingFault::new("hub-token-file", what));
                return None;
            }
        },
    };
    let text = token.expose();
    if text.is_empty() || text.len() > TOKEN_MAX || !text.bytes().all(|b| b.is_ascii_graphic()) {
        faults.push(SettingFault::new(flag, "is no token: one line of letters, digits and signs, at most 4096"));
        return None;
    }
    Some(token)
}
