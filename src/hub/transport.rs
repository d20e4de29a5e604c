//! One question over HTTP: TLS by rustls and the system's roots, one time limit for everything, a bound on what is read.
//!
//! Neither a question nor an answer is ever logged, nor an error's own words, which may hold an address.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::fault::{Code, HubFault};
use super::wire::garbage;
use crate::config::HubSettings;
use crate::types;

/// Bytes of an answer: the largest honest one is a household of 99 returns, some 100 KB.
pub const BODY_MAX: usize = 1 << 20;
/// How long an idle connection is kept: shorter than servers and what is between keep it.
const IDLE: Duration = Duration::from_secs(15);
/// Longest time that a server's `Retry-After` is believed.
const RETRY_AFTER_MAX: u64 = 600;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    token: HeaderValue,
    timeout: Duration,
}

/// Why there is no body, and how long the server wants to be left alone.
pub struct Failed {
    pub fault: HubFault,
    pub wait: Option<Duration>,
}

impl From<HubFault> for Failed {
    fn from(fault: HubFault) -> Failed {
        Failed { fault, wait: None }
    }
}

fn down(why: impl Into<String>) -> Failed {
    HubFault::Down(why.into()).into()
}

impl Transport {
    /// # Errors
    ///
    /// In our own words: no hub is set, the token is none, or the system has no trusted roots.
    pub fn open(settings: &HubSettings) -> Result<Transport, String> {
        let base = settings.url.clone().ok_or("no hub is set (--hub-url)")?;
        let token = settings.token.as_ref().ok_or("no token is set (--hub-token-file)")?;
        let mut token =
            HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| "the token is none")?;
        token.set_sensitive(true);
        let builder = HttpsConnectorBuilder::new();
        let builder = builder.with_provider_and_native_roots(rustls::crypto::ring::default_provider());
        let builder = builder.map_err(|_| "this system has no trusted certificates (package ca-certificates)")?;
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        plain.set_connect_timeout(Some(settings.timeout));
        let connector = builder.https_or_http().enable_http1().wrap_connector(plain);
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
        Ok(Transport { client, base, token, timeout: settings.timeout })
    }

    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The body of an answer that may be read.
    pub async fn post(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Failed> {
        let uri = format!("{}/{path}", self.base).parse::<Uri>().map_err(|_| down("the hub's address is none"))?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, self.token.clone());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Ok(id) = HeaderValue::from_str(&types::request_id())
            && !id.is_empty()
        {
            headers.insert(REQUEST_ID, id);
        }
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| {
                down(if error.is_connect() { "no connection to the hub" } else { "the hub broke off" })
            })?;
            let (head, body) = answer.into_parts();
            judge(head.status, &head.headers)?;
            let body = read(body).await?;
            // A refusal may say in its body why.
            Ok::<_, Failed>((head.status, body))
        };
        let (status, body) = match tokio::time::timeout(self.timeout, exchange).await {
            Ok(done) => done?,
            Err(_) => return Err(down(format!("the hub did not answer in {} s", self.timeout.as_secs()))),
        };
        if status.is_success() { Ok(body) } else { Err(refusal(status, &body).into()) }
    }
}

/// Which statuses are worth reading on.
fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), Failed> {
    let wait = || {
        let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse::<u64>().ok()?;
        Some(Duration::from_secs(seconds.clamp(1, RETRY_AFTER_MAX)))
    };
    let number = status.as_u16();
    match number {
        200 | 400 | 413 | 415 | 422 => Ok(()),
        401 | 403 => Err(down(format!("the hub refuses this site's token ({number})"))),
        404 | 405 => Err(down(format!("the hub has no such service at this address ({number})"))),
        429 | 503 => Err(Failed { wait: wait(), ..down(format!("the hub is too busy ({number})")) }),
        _ => Err(down(format!("the hub answered {number}"))),
    }
}

/// The code of the hub if the body has one; else the status.
fn refusal(status: StatusCode, body: &[u8]) -> HubFault {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Refusal {
        response_metadata: super::wire::Metadata,
    }
    let said = super::wire::parse::<Refusal>(body).ok();
    match said.map(|said| super::wire::level(&said.response_metadata.code)) {
        Some(Err(fault @ (HubFault::Refused(_) | HubFault::Down(_)))) => fault,
        _ => HubFault::Refused(Code::new(&format!("http:{}", status.as_u16()))),
    }
}

/// All of a body, or what came of one that is too large.
async fn read(mut body: Incoming) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(down("the hub broke off")) };
        let Ok(data) = frame.into_data() else { continue };
        let room = BODY_MAX - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            let HubFault::Garbage { why, .. } = garbage(format!("more than {} KB", BODY_MAX >> 10)) else { continue };
            return Err(HubFault::Garbage { why, body: bytes }.into());
        }
    }
    Ok(bytes)
}
