//! Every setting: a flag that is also an environment variable, read once at start.
//!
//! Called by `main`. `Config::read` turns words into values and tells ALL faults at once, each with its flag, its
//! variable, what is wrong and what to do; `check` then looks at the world. Nothing else in the program reads the
//! environment.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// All are read as words first, so that a bad number is one fault among others and not the only one that is told.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Address and port to listen on
    #[arg(long, env = "WINDOWSHOP_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Folder with the catalogues to serve [default: DATA_DIR/catalogues, where the shipped sample is built]
    #[arg(long, env = "WINDOWSHOP_CATALOGUES", value_name = "DIR")]
    pub catalogues: Option<PathBuf>,
    /// Folder for everything that Windowshop writes
    #[arg(long, env = "WINDOWSHOP_DATA_DIR", value_name = "DIR", default_value = "var")]
    pub data_dir: PathBuf,
    /// The address by which people know this site, e.g. https://plans.example.org; for canonical links
    #[arg(long, env = "WINDOWSHOP_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Base address of a CDN that fetches /assets/ from here; empty: assets come from this site
    #[arg(long, env = "WINDOWSHOP_CDN_BASE", value_name = "URL", default_value = "")]
    pub cdn_base: String,
    /// People reach this site by https only: tells browsers so for a year (HSTS)
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
    /// Form of the log lines: text or json
    #[arg(long, env = "WINDOWSHOP_LOG_FORMAT", default_value = "text")]
    pub log_format: String,
    /// Least level logged: error, warn, info, debug or trace
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
    /// How long to go on serving after SIGTERM while /readyz says no, so that proxies can look elsewhere, in seconds
    #[arg(long, env = "WINDOWSHOP_DRAIN_SECONDS", default_value = "2")]
    pub drain_seconds: String,
    /// Longest time that a client may take nothing of an answer made for it, in seconds
    #[arg(long, env = "WINDOWSHOP_READ_TIMEOUT_SECONDS", default_value = "30")]
    pub read_timeout_seconds: String,
    /// Most requests of one HTTP/2 connection at once
    #[arg(long, env = "WINDOWSHOP_MAX_STREAMS", default_value = "16")]
    pub max_streams: String,
    /// Most bytes of answers that are made and not yet taken by their clients, all together
    #[arg(long, env = "WINDOWSHOP_MAX_ANSWER_BYTES", default_value = "67108864")]
    pub max_answer_bytes: String,
    /// Largest request body, in bytes
    #[arg(long, env = "WINDOWSHOP_MAX_BODY_BYTES", default_value = "65536")]
    pub max_body_bytes: String,
    /// Longest path and query of an address, in bytes
    #[arg(long, env = "WINDOWSHOP_MAX_URL_BYTES", default_value = "4096")]
    pub max_url_bytes: String,
    /// Most connections at once; further ones wait
    #[arg(long, env = "WINDOWSHOP_MAX_CONNECTIONS", default_value = "3500")]
    pub max_connections: String,
    /// How often the catalogues' folder is looked at for newer ones, in seconds; 0: only on SIGHUP
    #[arg(long, env = "WINDOWSHOP_RELOAD_SECONDS", default_value = "60")]
    pub reload_seconds: String,
}

/// In the data folder, for nobody else.
const PRIVATE_FOLDER: &str = "serving";

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
    pub data_dir: PathBuf,
    /// Without its last slash.
    pub public_url: Option<String>,
    /// Without its last slash; empty for the same origin.
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
    pub max_body_bytes: usize,
    pub max_url_bytes: usize,
    pub max_connections: usize,
    pub reload_seconds: u64,
}

/// Something that keeps `serve` from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The flag without its dashes: `data-dir`.
    pub flag: &'static str,
    /// What is wrong and what to do, in one or two sentences.
    pub what: String,
}

impl Fault {
    pub fn new(flag: &'static str, what: impl Into<String>) -> Fault {
        Fault { flag, what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = self.flag.to_ascii_uppercase().replace('-', "_");
        write!(f, "--{} (WINDOWSHOP_{variable}): {}", self.flag, self.what)
    }
}

impl Config {
    /// Reads all settings. A setting that cannot be read is a fault and gets its default, so that the others can
    /// still be checked.
    pub fn read(args: &ServeArgs) -> (Config, Vec<Fault>) {
        let mut faults = Vec::new();
        let f = &mut faults;
        let config = Config {
            listen: read_listen(&args.listen, f),
            catalogues: args.catalogues.clone(),
            data_dir: args.data_dir.clone(),
            public_url: args.public_url.as_deref().filter(|u| !u.is_empty()).map(|u| read_base("public-url", u, f)),
            cdn_base: match args.cdn_base.as_str() {
                "" => String::new(),
                base => read_base("cdn-base", base, f),
            },
            behind_tls: match args.behind_tls.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => true,
                "false" | "no" | "off" | "0" | "" => false,
                other => {
                    f.push(Fault::new("behind-tls", format!("{other:?} is neither true nor false")));
                    false
                }
            },
            log_format: match args.log_format.as_str() {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                other => {
                    f.push(Fault::new("log-format", format!("{other:?} is no format: say text or json")));
                    LogFormat::Text
                }
            },
            log_level: match args.log_level.as_str() {
                level @ ("error" | "warn" | "info" | "debug" | "trace") => level.to_string(),
                other => {
                    let what = format!("{other:?} is no level: say error, warn, info, debug or trace");
                    f.push(Fault::new("log-level", what));
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
            max_body_bytes: number("max-body-bytes", &args.max_body_bytes, 1024..=67_108_864, f) as usize,
            max_url_bytes: number("max-url-bytes", &args.max_url_bytes, 256..=32_768, f) as usize,
            max_connections: number("max-connections", &args.max_connections, 1..=1_000_000, f) as usize,
            reload_seconds: number("reload-seconds", &args.reload_seconds, 0..=86_400, f),
        };
        (config, faults)
    }

    /// Where catalogues are looked for.
    pub fn catalogues_dir(&self) -> PathBuf {
        self.catalogues.clone().unwrap_or_else(|| self.data_dir.join("catalogues"))
    }

    /// Where the copies lie that are served.
    pub fn private_dir(&self) -> PathBuf {
        self.data_dir.join(PRIVATE_FOLDER)
    }
}

fn read_listen(text: &str, faults: &mut Vec<Fault>) -> SocketAddr {
    text.parse().unwrap_or_else(|_| {
        let what = format!("{text:?} is no address and port: write one like 127.0.0.1:8080 or [::]:8080");
        faults.push(Fault::new("listen", what));
        SocketAddr::from(([127, 0, 0, 1], 0))
    })
}

/// A whole number within its limits; the least one in place of a bad one.
fn number(flag: &'static str, text: &str, limits: std::ops::RangeInclusive<u64>, faults: &mut Vec<Fault>) -> u64 {
    match text.trim().parse() {
        Ok(number) if limits.contains(&number) => number,
        _ => {
            let (least, most) = (limits.start(), limits.end());
            faults.push(Fault::new(flag, format!("{text:?} is no whole number from {least} to {most}")));
            *least
        }
    }
}

/// A base address: https (http only for this very machine), a host, maybe a path; nothing after it.
fn read_base(flag: &'static str, text: &str, faults: &mut Vec<Fault>) -> String {
    let example = "write one like https://cdn.example.org";
    let mut fault = |what: String| faults.push(Fault::new(flag, what));
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
            // In a Content-Security-Policy these end a source or a directive.
            if url.path().contains([';', ',', '\'', '*']) {
                fault(format!("{text:?} has a path with signs other than letters, digits, - and /: {example}"));
            }
            return url.as_str().trim_end_matches('/').to_string();
        }
    }
    String::new()
}
