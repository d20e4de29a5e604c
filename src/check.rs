//! Checks the environment before `serve` starts: folders, files, port, handles, rules, the office, catalogues.
//!
//! Called by `windowshop check` and by `serve`. It reports ALL faults at once, each with its flag and what to do, and
//! must change nothing (the probe file in a folder is removed again; the limit of file handles applies to this
//! process only).

pub mod state;

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use crate::account::breached::Breached;
use crate::catalogue::{self, Unfit};
use crate::config::{Config, SettingFault};
use crate::eligibility::Tables;
use crate::hub::Hub;
use crate::mail::dkim::Signer;
use crate::store::opened;

/// What is checked before starting, one function per concern; a new room adds its own entry here.
const CHECKS: [fn(&Config) -> Vec<SettingFault>; 8] = [
    check_folders,
    check_files_are_private,
    check_port,
    check_handles,
    check_rules,
    check_breached_passwords,
    check_dkim,
    check_hub,
];

/// All faults at once; none means that `serve` will start.
pub async fn validate(config: &Config) -> Vec<SettingFault> {
    let mut faults = without_catalogues(config).await;
    if !wants_sample(config) {
        faults.extend(of_catalogues(catalogue::check(&config.catalogues_dir()).await));
    }
    faults
}

/// The same, except what is found when the catalogues are opened: `serve` does that next, and a national one takes a tenth
/// of a second to read.
pub async fn without_catalogues(config: &Config) -> Vec<SettingFault> {
    let mut faults: Vec<SettingFault> = CHECKS.iter().flat_map(|check| check(config)).collect();
    faults.extend(opened::faults(&config.office).await);
    faults
}

/// Catalogues that cannot be served.
pub fn of_catalogues(unfit: Vec<Unfit>) -> impl Iterator<Item = SettingFault> {
    unfit.into_iter().map(|unfit| SettingFault::new("catalogues", unfit.to_string()))
}

/// Whether `serve` may build the shipped sample: only if nobody configured a folder and there is nothing there yet.
pub fn wants_sample(config: &Config) -> bool {
    config.catalogues.is_none() && !catalogue::any_in(&config.catalogues_dir())
}

/// A gap in the dated rules, or a row without a citation, would give somebody a wrong answer.
fn check_rules(_: &Config) -> Vec<SettingFault> {
    let faults = Tables::load().err().unwrap_or_default();
    faults.into_iter().map(|fault| SettingFault::new("rules", fault.to_string())).collect()
}

/// Not having the file is no fault: `state` names it.
fn check_breached_passwords(config: &Config) -> Vec<SettingFault> {
    let opened = config.breached_passwords.as_deref().map(Breached::open);
    let fault = opened.and_then(Result::err);
    fault.into_iter().map(|what| SettingFault::new("breached-passwords", what)).collect()
}

/// Asked by `worker`, too, which does none of the other checks.
pub fn check_dkim(config: &Config) -> Vec<SettingFault> {
    let fault = config.dkim.as_ref().and_then(|place| Signer::open(place).err());
    fault.into_iter().map(|what| SettingFault::new("dkim-key", what)).collect()
}

/// Asked by `worker`, too. No hub at all is no fault: `state` names it.
pub fn check_hub(config: &Config) -> Vec<SettingFault> {
    let hub = config.hub.url.as_ref().filter(|url| !url.is_empty()).map(|_| Hub::new(&config.hub));
    let fault = hub.as_ref().filter(|_| config.hub.token.is_some()).and_then(Hub::unset);
    fault.into_iter().map(|what| SettingFault::new("hub-url", what)).collect()
}

/// Folders that hold what people typed, each with its flag.
fn folders(config: &Config) -> Vec<(&'static str, &Path)> {
    let data = Some(("data-dir", config.office.data_dir.as_path()));
    let insurers = config.insurers.as_deref().map(|dir| ("insurer-dir", dir));
    let transfers = config.transfers.as_deref().map(|dir| ("transfer-dir", dir));
    [data, insurers, transfers].into_iter().flatten().collect()
}

/// What people signed would wait for nobody in a folder that cannot be written; where everyone may write, anybody on the machine
/// may lay down answers of insurers, or take people's files away.
fn check_folders(config: &Config) -> Vec<SettingFault> {
    let mut faults = Vec::new();
    for (flag, dir) in folders(config) {
        let unfit = check_folder(flag, dir);
        if unfit.is_empty() && mode(dir) & 0o002 != 0 {
            let shown = dir.display();
            let what = format!("{shown}: everyone on this machine may change what is in it: run `chmod 700 {shown}`");
            faults.push(SettingFault::new(flag, what));
        }
        faults.extend(unfit);
    }
    faults
}

/// Who may do what with a folder; 0 if nobody can say.
#[cfg(unix)]
fn mode(dir: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(dir).map_or(0, |data| data.permissions().mode())
}

#[cfg(not(unix))]
fn mode(_: &Path) -> u32 {
    0
}

fn check_folder(flag: &'static str, dir: &Path) -> Vec<SettingFault> {
    let fault = |what: String| vec![SettingFault::new(flag, format!("{}: {what}", dir.display()))];
    if let Err(error) = make_private(dir) {
        return fault(format!("cannot be made ({error}): name a folder that this user may write"));
    }
    // Only writing shows whether writing is possible: read-only file systems and access lists do not show in the
    // mode.
    let probe = dir.join(format!(".write-check-{}", std::process::id()));
    match std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => Vec::new(),
        Err(error) => fault(format!("cannot be written ({error}): name a folder that this user may write")),
    }
}

/// Ours alone from the beginning.
fn make_private(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Keys and secrets must be readable only by their owner, and none of our files may be writable by everyone.
#[cfg(unix)]
fn check_files_are_private(config: &Config) -> Vec<SettingFault> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    let places = [("data-dir", config.office.data_dir.clone()), ("catalogues", config.catalogues_dir())];
    for (flag, dir) in places {
        for path in files_in(&dir) {
            let Ok(data) = std::fs::symlink_metadata(&path) else { continue };
            if !data.is_file() || !seen.insert(path.clone()) {
                continue; // these may be the same folder
            }
            let mode = data.permissions().mode();
            let shown = path.display();
            if mode & 0o002 != 0 {
                let what = format!("{shown}: everyone on this machine may change it: run `chmod o-w {shown}`");
                faults.push(SettingFault::new(flag, what));
            } else if is_secret(&path) && mode & 0o077 != 0 {
                let what = format!("{shown}: others may read this secret: run `chmod 600 {shown}`");
                faults.push(SettingFault::new(flag, what));
            }
        }
    }
    faults
}

#[cfg(not(unix))]
fn check_files_are_private(_: &Config) -> Vec<SettingFault> {
    Vec::new()
}

/// Keys by how their names end, and the office's store with its companions (`office.db-wal`) by how they begin.
fn is_secret(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if name.starts_with("office.db") {
        return true;
    }
    ["key", "pem", "secret", "secrets", "token"].iter().any(|end| name.rsplit(['.', '-', '_']).next() == Some(end))
}

fn files_in(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// Handles needed beyond those of connections: catalogues, their copies, the log, listeners.
const HANDLES_OF_OUR_OWN: u64 = 100;

/// Each connection takes a file handle. Raises the system's soft limit as far as allowed; reports a fault if that is
/// too few.
fn check_handles(config: &Config) -> Vec<SettingFault> {
    let wanted = config.max_connections as u64 + HANDLES_OF_OUR_OWN;
    match raise_handles() {
        Some(most) if most < wanted => {
            let what = format!(
                "{} connections need {wanted} file handles, and this process may have {most}: raise its limit \
                 (ulimit -n, or LimitNOFILE= in systemd), or allow fewer connections",
                config.max_connections
            );
            vec![SettingFault::new("max-connections", what)]
        }
        _ => Vec::new(),
    }
}

/// Raises the soft limit of file handles to the hard limit; returns what is then allowed. `None`: no limit.
fn raise_handles() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

fn check_port(config: &Config) -> Vec<SettingFault> {
    let own = [
        ("listen", Some(config.listen)),
        ("metrics-listen", config.metrics_listen),
        ("desk-listen", config.desk_listen),
    ];
    let own: Vec<(&'static str, SocketAddr)> = own.into_iter().filter_map(|(flag, at)| Some((flag, at?))).collect();
    let taken = own.iter().filter_map(|(flag, address)| check_listen(flag, *address));
    taken.chain(check_one_port(&own)).collect()
}

/// Two of ours cannot listen at one address. Port 0 is another one each time.
fn check_one_port(own: &[(&'static str, SocketAddr)]) -> Option<SettingFault> {
    let meet = |one: &SocketAddr, other: &SocketAddr| {
        let anywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
        one.port() != 0 && one.port() == other.port() && (anywhere || one.ip() == other.ip())
    };
    let meets =
        |at: usize| own.iter().enumerate().any(|(other, (_, address))| other != at && meet(&own[at].1, address));
    let same: Vec<(&'static str, SocketAddr)> = (0..own.len()).filter(|at| meets(*at)).map(|at| own[at]).collect();
    let (flag, _) = *same.first()?;
    let all: Vec<String> = same.iter().map(|(flag, address)| format!("--{flag} {address}")).collect();
    Some(SettingFault::new(flag, format!("{} are one port: give each its own", all.join(", "))))
}

fn check_listen(flag: &'static str, address: SocketAddr) -> Option<SettingFault> {
    let error = TcpListener::bind(address).err()?;
    let what = match error.kind() {
        std::io::ErrorKind::AddrInUse => "is taken: stop the program that listens there, or choose another port",
        std::io::ErrorKind::PermissionDenied => "may not be listened on by this user: choose a port above 1023",
        _ => "cannot be listened on: choose an address of this machine",
    };
    Some(SettingFault::new(flag, format!("{address} {what} ({error})")))
}
