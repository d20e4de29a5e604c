//! Servers as processes of their own: Windowshop itself, bare axum, nginx; what they cost; how they start and stop.
//!
//! Called by `serve`. Each ends with the value that holds it.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::client;

/// Kernel ticks a second, as every Linux reports CPU time to programs.
const TICKS: f64 = 100.0;

pub struct Server {
    process: Child,
    pub address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(command: &mut Command, address: SocketAddr) -> anyhow::Result<Server> {
        let process = command.stdout(Stdio::null()).spawn().with_context(|| format!("{command:?} does not start"))?;
        Ok(Server { process, address })
    }

    /// The shop as people run it: its own process, with its log in a file.
    pub fn shop(catalogues: Option<&Path>, data: &Path, more: &[&str]) -> anyhow::Result<Server> {
        let address = free_port()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_windowshop"));
        command.args(["serve", "--listen", &address.to_string(), "--data-dir"]).arg(data).args(more);
        if let Some(catalogues) = catalogues {
            command.arg("--catalogues").arg(catalogues);
        }
        std::fs::create_dir_all(data)?;
        Server::start(command.stderr(std::fs::File::create(data.join("log"))?), address)
    }

    /// This benchmark again, as a bare server (see `main`).
    pub fn bare(finished: &Path) -> anyhow::Result<Server> {
        let address = free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        Server::start(command.arg("--bare").arg(address.to_string()).arg("--finished").arg(finished), address)
    }

    /// nginx with two workers, sending the finished page from a file; `None` if it is not installed.
    pub fn nginx(dir: &Path, finished: &Path) -> anyhow::Result<Option<Server>> {
        if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_err() {
            return Ok(None);
        }
        let address = free_port()?;
        let (conf, root) = (dir.join("nginx.conf"), finished.parent().context("no folder")?.display());
        let dir = dir.display();
        let mut config = std::fs::File::create(&conf)?;
        writeln!(
            config,
            "daemon off; user root; worker_processes 2; pid {dir}/pid; error_log {dir}/nginx.log; events {{}} http {{ \
             access_log off; client_body_temp_path {dir}/t; proxy_temp_path {dir}/t; fastcgi_temp_path {dir}/t; \
             uwsgi_temp_path {dir}/t; scgi_temp_path {dir}/t; keepalive_requests 100000000; open_file_cache max=10; \
             sendfile on; tcp_nopush on; server {{ listen {address}; root {root}; default_type text/html; \
             add_header Content-Encoding br; }} }}"
        )?;
        Ok(Some(Server::start(Command::new("nginx").arg("-c").arg(conf).stderr(Stdio::null()), address)?))
    }

    /// Waits for the first 200 to `path`.
    pub async fn ready(&mut self, path: &str) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if let Ok((_, answer)) = client::fetch(self.address, path, "br").await
                && answer.status == 200
            {
                return Ok(begun.elapsed());
            }
            if let Some(status) = self.process.try_wait()? {
                anyhow::bail!("the server ended before it was ready: {status}");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        anyhow::bail!("the server is not ready after a minute")
    }

    /// CPU seconds so far, of the process and the workers it has started.
    pub fn cpu_seconds(&self) -> f64 {
        let pid = self.process.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let pids = children.split_whitespace().map(str::to_string).chain([pid.to_string()]);
        pids.map(|pid| cpu_seconds(&pid)).sum()
    }

    /// Megabytes of memory of its own, and of files mapped (which the system may take back).
    pub fn memory_mb(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let kb = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix(" kB"));
            line.and_then(|line| line.trim().parse::<f64>().ok()).unwrap_or(f64::NAN)
        };
        (kb("RssAnon:") / 1000.0, (kb("RssFile:") + kb("RssShmem:")) / 1000.0)
    }

    pub fn terminate(&self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw).context("no pid")?;
        Ok(rustix::process::kill_process(pid, rustix::process::Signal::TERM)?)
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        while self.process.try_wait()?.is_none() {
            anyhow::ensure!(begun.elapsed() < Duration::from_secs(60), "does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(begun.elapsed())
    }
}

fn cpu_seconds(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may contain anything; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

fn free_port() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
