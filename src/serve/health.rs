//! `windowshop health`: asks a running server whether it is ready. For containers without curl. Called by `main`.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::config::Config;

/// Longest wait for an answer: shorter than the image's own health-check timeout.
const HEALTH_WAIT: Duration = Duration::from_secs(3);

/// Asks the server at `--metrics-listen`, or at `--listen` if there is no private port.
pub async fn health(config: &Config) -> anyhow::Result<()> {
    // The private port answers however busy the shop is.
    let mut address = config.metrics_listen.unwrap_or(config.listen);
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(HEALTH_WAIT, asking)
        .await
        .with_context(|| format!("{address} did not answer within {} s", HEALTH_WAIT.as_secs()))?
        .with_context(|| format!("{address} cannot be reached"))?;
    let answer = String::from_utf8_lossy(&answer);
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "not ready: {}", answer.lines().last().unwrap_or(""));
    Ok(())
}
