//! Every setting: a flag that is also an environment variable, read once at startup.
//!
//! Called by `main`. `Config::read` turns words into values and reports ALL faults at once, each with its flag, its
//! variable, what is wrong and what to do; `check` then looks at the world. No other code may read the environment.

mod hub;
mod mail;
mod office;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;

pub use self::hub::{HubArgs, HubSettings};
pub use self::mail::{DkimPlace, MailArgs};
pub use self::office::{Hidden, OfficeArgs, OfficePlace};

/// Everything is read as text first, so that a bad number is reported along with all other faults.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Address and port to listen on
    #[arg(long, env = "WINDOWSHOP_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Folder of catalogues to serve [default: DATA_DIR/catalogues, where the shipped sample is built]
    #[arg(long, env = "WINDOWSHOP_CATALOGUES", value_name = "DIR")]
    pub catalogues: Option<PathBuf>,
    #[command(flatten)]
    pub office: OfficeArgs,
    #[command(flatten)]
    pub mail: MailArgs,
    #[command(flatten)]
    pub hub: HubArgs,
    /// Folder between this site and what carries account transfers to states' Medicaid agencies and back; not given:
    /// no application goes to an agency, and people are told so
    #[arg(long, env = "WINDOWSHOP_TRANSFER_DIR", value_name = "DIR")]
    pub transfer_dir: Option<PathBuf>,
    /// Folder between this site and what carries enrollments to insurers and their answers back; not given: no insurer
    /// gets any, and people are told so
    #[arg(long, env = "WINDOWSHOP_INSURER_DIR", value_name = "DIR")]
    pub insurer_dir: Option<PathBuf>,
    /// File of hashes of passwords that are known from breaches, for new passwords; made as docs/running.md says
    #[arg(long, env = "WINDOWSHOP_BREACHED_PASSWORDS", value_name = "FILE")]
    pub breached_passwords: Option<PathBuf>,
    /// The address people know this site by, e.g. https://plans.example.org; for canonical links
    #[arg(long, env = "WINDOWSHOP_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Base address of a CDN that fetches /assets/ from here; empty: assets come from this site
    #[arg(long, env = "WINDOWSHOP_CDN_BASE", value_name = "URL", default_value = "")]
    pub cdn_base: String,
    /// This site is reached over https only: tells browsers so for a year (HSTS)
    #[arg(
        long,
        env = "WINDOWSHOP_BEHIND_TLS",
        value_name = "true|false",
        default_value = "false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub behind_tls: String,
    /// Format of log lines: text or json
    #[arg(long, env = "WINDOWSHOP_LOG_FORMAT", default_value = "text")]
    pub log_format: String,
    /// Lowest level logged: error, warn, info, debug or trace
    #[arg(long, env = "WINDOWSHOP_LOG_LEVEL", default_value = "info")]
    pub log_level: String,
    /// Longest time to work on one request, in seconds
    #[arg(long, env = "WINDOWSHOP_REQUEST_TIMEOUT_SECONDS", default_value = "15")]
    pub request_timeout_seconds: String,
    /// Longest time for a client to send a request's headers, in seconds; also how long an idle connection is kept
    #[arg(long, env = "WINDOWSHOP_HEADER_TIMEOUT_SECONDS", default_value = "20")]
    pub header_timeout_seconds: String,
    /// Longest time to finish running requests when told to stop, in seconds
    #[arg(long, env = "WINDOWSHOP_STOP_TIMEOUT_SECONDS", default_value = "20")]
    pub stop_timeout_seconds: String,
    /// How long to keep serving after SIGTERM while /readyz says no, so that proxies can look elsewhere, in seconds
    #[arg(long, env = "WINDOWSHOP_DRAIN_SECONDS", default_value = "2")]
    pub drain_seconds: String,
    /// Longest time a client may take nothing of an answer made for it, in seconds
    #[arg(long, env = "WINDOWSHOP_READ_TIMEOUT_SECONDS", default_value = "30")]
    pub read_timeout_seconds: String,
    /// Most concurrent requests on one HTTP/2 connection
    #[arg(long, env = "WINDOWSHOP_MAX_STREAMS", default_value = "16")]
    pub max_streams: String,
    /// Most bytes of answers made but not yet taken by clients, in total
    #[arg(long, env = "WINDOWSHOP_MAX_ANSWER_BYTES", default_value = "67108864")]
    pub max_answer_bytes: String,
    /// Memory for finished public pages, in bytes; 0 turns the cache off
    #[arg(long, env = "WINDOWSHOP_PAGE_CACHE_BYTES", default_value = "67108864")]
    pub page_cache_bytes: String,
    /// Largest request body, in bytes
    #[arg(long, env = "WINDOWSHOP_MAX_BODY_BYTES", default_value = "65536")]
    pub max_body_bytes: String,
    /// Longest path and query of an address, in bytes
    #[arg(long, env = "WINDOWSHOP_MAX_URL_BYTES", default_value = "4096")]
    pub max_url_bytes: String,
    /// Most connections at once; more than that wait
    #[arg(long, env = "WINDOWSHOP_MAX_CONNECTIONS", default_value = "3500")]
    pub max_connections: String,
    /// Private address and port for metrics and health, e.g. 127.0.0.1:9464; empty: none
    #[arg(long, env = "WINDOWSHOP_METRICS_LISTEN", value_name = "ADDRESS", default_value = "")]
    pub metrics_listen: String,
    /// Address and port of the desk, where an operator's people review documents, e.g. 127.0.0.1:9480; empty: no desk
    #[arg(long, env = "WINDOWSHOP_DESK_LISTEN", value_name = "ADDRESS", default_value = "")]
    pub desk_listen: String,
    /// The address the desk's people know it by, e.g. https://desk.example.org; empty: http at its address, for a tunnel
    #[arg(long, env = "WINDOWSHOP_DESK_URL", value_name = "URL", default_value = "")]
    pub desk_url: String,
    /// Where people send papers by post, its lines divided by |; empty: documents are taken as files only
    #[arg(long, env = "WINDOWSHOP_PROOF_ADDRESS", value_name = "LINES", default_value = "")]
    pub proof_address: String,
    /// Answers that take longer than this to make are named in the log, in milliseconds
    #[arg(long, env = "WINDOWSHOP_SLOW_MS", default_value = "1000")]
    pub slow_ms: String,
    /// Jobs of the office done at once by this process (letters and the like); 0: another host, or `worker`, does them
    #[arg(long, env = "WINDOWSHOP_WORKERS", value_name = "N", default_value = "4")]
    pub workers: String,
    /// Networks of proxies whose X-Forwarded-For, X-Request-Id and traceparent are trusted, e.g. 10.0.0.0/8,::1; if
    /// set, one client gets at most a quarter of the slots under load
    #[arg(long, env = "WINDOWSHOP_TRUSTED_PROXIES", value_name = "NETS", default_value = "")]
    pub trusted_proxies: String,
    /// How often to check the catalogues' folder for newer ones, in seconds; 0: only on SIGHUP
    #[arg(long, env = "WINDOWSHOP_RELOAD_SECONDS", default_value = "60")]
    pub reload_seconds: String,
}

/// In the data folder, readable by the server alone.
const PRIVATE_FOLDER: &str = "serving";
/// In the data folder, if no other was named.
pub const TRANSFER_FOLDER: &str = "transfer";
/// In the data folder, unless another place was given.
pub const INSURER_FOLDER: &str = "insurer";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// Settings as values. Made by `read`.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// As given; see `catalogues_dir`.
    pub catalogues: Option<PathBuf>,
    pub office: OfficePlace,
    /// `None`: letters are written into a folder.
    pub mail_server: Option<Hidden>,
    pub mail_from: String,
    /// `None`: letters are not signed here.
    pub dkim: Option<DkimPlace>,
    pub hub: HubSettings,
    /// As given; see `transfer_dir`.
    pub transfers: Option<PathBuf>,
    /// As given; see `insurer_dir`.
    pub insurers: Option<PathBuf>,
    pub breached_passwords: Option<PathBuf>,
    /// Without a trailing slash.
    pub public_url: Option<String>,
    /// Without a trailing slash; empty for the same origin.
    pub cdn_base: String,
    pub behind_tls: bool,
    pub log_format: LogFormat,
    pub log_level: String,
    pub request_timeout_seconds: u64,
    pub header_timeout_seconds: u64,
    pub stop_timeout_seconds: u64,
    pub drain_seconds: u64,
    pub read_timeout_seconds: u64,
    pub max_streams: u32,
    pub max_answer_bytes: usize,
    pub page_cache_bytes: u64,
    pub max_body_bytes: usize,
    pub max_url_bytes: usize,
    pub max_connections: usize,
    pub metrics_listen: Option<SocketAddr>,
    /// `None`: no desk.
    pub desk_listen: Option<SocketAddr>,
    /// Without a trailing slash.
    pub desk_url: Option<String>,
    /// Line by line.
    pub proof_address: Option<Vec<String>>,
    pub slow_ms: u64,
    pub workers: usize,
    pub trusted_proxies: Vec<IpNet>,
    pub reload_seconds: u64,
}

/// Something that keeps `serve` from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    /// The flag without its dashes: `data-dir`.
    pub flag: &'static str,
    /// What is wrong and what to do, in one or two sentences.
    pub what: String,
}

impl SettingFault {
    pub fn new(flag: &'static str, what: impl Into<String>) -> SettingFault {
        SettingFault { flag, what: what.into() }
    }
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = self.flag.to_ascii_uppercase().replace('-', "_");
        write!(f, "--{} (WINDOWSHOP_{variable}): {}", self.flag, self.what)
    }
}

impl Config {
    /// Reads all settings. A setting that cannot be read is a fault and gets its default, so the others can still be
    /// checked.
    pub fn read(args: &ServeArgs) -> (Config, Vec<SettingFault>) {
        let mut faults = Vec::new();
        let f = &mut faults;
        let config = Config {
            listen: read_listen("listen", &args.listen, f),
            catalogues: args.catalogues.clone(),
            office: OfficePlace::read(&args.office, f),
            mail_server: mail::read_server(&args.mail.mail_server, f),
            dkim: mail::read_dkim(args, f),
            mail_from: mail::read_from(args, f),
            hub: HubSettings::read(&args.hub, f),
            transfers: args.transfer_dir.clone(),
            insurers: args.insurer_dir.clone(),
            breached_passwords: args.breached_passwords.clone(),
            public_url: args.public_url.as_deref().filter(|u| !u.is_empty()).map(|u| read_base("public-url", u, f)),
            cdn_base: match args.cdn_base.as_str() {
                "" => String::new(),
                base => read_base("cdn-base", base, f),
            },
            behind_tls: read_yes("behind-tls", &args.behind_tls, f),
            log_format: match args.log_format.as_str() {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                other => {
                    f.push(SettingFault::new("log-format", format!("{other:?} is no format: say text or json")));
                    LogFormat::Text
                }
            },
            log_level: match args.log_level.as_str() {
                level @ ("error" | "warn" | "info" | "debug" | "trace") => level.to_string(),
                other => {
                    let what = format!("{other:?} is no level: say error, warn, info, debug or trace");
                    f.push(SettingFault::new("log-level", what));
                    "info".to_string()
                }
            },
            request_timeout_seconds: number("request-timeout-seconds", &args.request_timeout_seconds, 1..=600, f),
            header_timeout_seconds: number("header-timeout-seconds", &args.header_timeout_seconds, 1..=600, f),
            stop_timeout_seconds: number("stop-timeout-seconds", &args.stop_timeout_seconds, 0..=600, f),
            drain_seconds: number("drain-seconds", &args.drain_seconds, 0..=600, f),
            read_timeout_seconds: number("read-timeout-seconds", &args.read_timeout_seconds, 1..=600, f),
            max_streams: number("max-streams", &args.max_streams, 1..=1000, f) as u32,
            max_answer_bytes: number("max-answer-bytes", &args.max_answer_bytes, 1_048_576..=1 << 40, f) as usize,
            page_cache_bytes: number("page-cache-bytes", &args.page_cache_bytes, 0..=1 << 40, f),
            max_body_bytes: number("max-body-bytes", &args.max_body_bytes, 1024..=67_108_864, f) as usize,
            max_url_bytes: number("max-url-bytes", &args.max_url_bytes, 256..=32_768, f) as usize,
            max_connections: number("max-connections", &args.max_connections, 1..=1_000_000, f) as usize,
            metrics_listen: match args.metrics_listen.as_str() {
                "" => None,
                address => Some(read_listen("metrics-listen", address, f)),
            },
            desk_listen: match args.desk_listen.as_str() {
                "" => None,
                address => Some(read_listen("desk-listen", address, f)),
            },
            desk_url: match args.desk_url.as_str() {
                "" => None,
                url => Some(read_base("desk-url", url, f)),
            },
            proof_address: read_lines(&args.proof_address),
            slow_ms: number("slow-ms", &args.slow_ms, 1..=600_000, f),
            workers: number("workers", &args.workers, 0..=64, f) as usize,
            trusted_proxies: read_nets(&args.trusted_proxies, f),
            reload_seconds: number("reload-seconds", &args.reload_seconds, 0..=86_400, f),
        };
        (config, faults)
    }

    /// Where to look for catalogues.
    pub fn catalogues_dir(&self) -> PathBuf {
        self.catalogues.clone().unwrap_or_else(|| self.office.data_dir.join("catalogues"))
    }

    /// Whether what people send goes anywhere but into this site's own store.
    pub fn is_connected(&self) -> bool {
        self.hub.url.is_some() || self.transfers.is_some() || self.insurers.is_some()
    }

    /// Where account transfers go out and come in.
    pub fn transfer_dir(&self) -> PathBuf {
        self.transfers.clone().unwrap_or_else(|| self.office.data_dir.join(TRANSFER_FOLDER))
    }

    /// Where enrollments go out to insurers and answers come in.
    pub fn insurer_dir(&self) -> PathBuf {
        self.insurers.clone().unwrap_or_else(|| self.office.data_dir.join(INSURER_FOLDER))
    }

    /// Folder of the copies being served.
    pub fn private_dir(&self) -> PathBuf {
        self.office.data_dir.join(PRIVATE_FOLDER)
    }
}

fn read_listen(flag: &'static str, text: &str, faults: &mut Vec<SettingFault>) -> SocketAddr {
    text.parse().unwrap_or_else(|_| {
        let what = format!("{text:?} is no address and port: write one like 127.0.0.1:8080 or [::]:8080");
        faults.push(SettingFault::new(flag, what));
        SocketAddr::from(([127, 0, 0, 1], 0))
    })
}

fn read_yes(flag: &'static str, text: &str, faults: &mut Vec<SettingFault>) -> bool {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => true,
        "false" | "no" | "off" | "0" | "" => false,
        other => {
            faults.push(SettingFault::new(flag, format!("{other:?} is neither true nor false")));
            false
        }
    }
}

/// Lines divided by `|`; `None` if there is none.
fn read_lines(text: &str) -> Option<Vec<String>> {
    let lines = text.split('|').map(str::trim).filter(|line| !line.is_empty()).map(str::to_string);
    Some(lines.collect::<Vec<_>>()).filter(|lines| !lines.is_empty())
}

/// Comma-separated addresses and networks.
fn read_nets(text: &str, faults: &mut Vec<SettingFault>) -> Vec<IpNet> {
    let mut nets = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.parse().or_else(|_| word.parse::<IpAddr>().map(IpNet::from)) {
            Ok(net) => nets.push(net),
            Err(_) => {
                let what = format!("{word:?} is no address or network: write one like 10.0.0.0/8, 192.0.2.7 or ::1");
                faults.push(SettingFault::new("trusted-proxies", what));
            }
        }
    }
    nets
}

/// A whole number within its limits; a bad one is replaced by the lowest allowed.
fn number(
    flag: &'static str,
    text: &str,
    limits: std::ops::RangeInclusive<u64>,
    faults: &mut Vec<SettingFault>,
) -> u64 {
    match text.trim().parse() {
        Ok(number) if limits.contains(&number) => number,
        _ => {
            let (least, most) = (limits.start(), limits.end());
            faults.push(SettingFault::new(flag, format!("{text:?} is no whole number from {least} to {most}")));
            *least
        }
    }
}

/// A base URL: https (http only for localhost), a host, optionally a path, and nothing after it.
fn read_base(flag: &'static str, text: &str, faults: &mut Vec<SettingFault>) -> String {
    let example = "write one like https://cdn.example.org";
    let mut fault = |what: String| faults.push(SettingFault::new(flag, what));
    match url::Url::parse(text) {
        Err(error) => fault(format!("{text:?} is no URL ({error}): {example}")),
        Ok(url) => {
            let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            if url.scheme() != "https" && !(url.scheme() == "http" && local) {
                fault(format!("{text:?} is not https: {example}"));
            }
            if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
                fault(format!("{text:?} has more than a host and a path: {example}"));
            }
            // In a Content-Security-Policy these characters end a source or a directive.
            if url.path().contains([';', ',', '\'', '*']) {
                fault(format!("{text:?} has a path with signs other than letters, digits, - and /: {example}"));
            }
            return url.as_str().trim_end_matches('/').to_string();
        }
    }
    String::new()
}
