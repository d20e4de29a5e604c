//! The command line: every command with its arguments, and the two that answer JSON with JSON.
//!
//! Called by `main`. It imports the rooms whose commands it names; no room may import it.

pub mod determine;
pub mod estimate;

use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use self::determine::DetermineArgs;
use self::estimate::EstimateArgs;
use crate::config::ServeArgs;
use crate::hub_sim::HubSimArgs;
use crate::load::LoadArgs;
use crate::load::sample::SampleArgs;
use crate::load::synth::SynthArgs;
use crate::operator::account::AccountArgs;
use crate::operator::audit::AuditArgs;
use crate::operator::backup::{BackupArgs, RestoreArgs};
use crate::operator::bounce::BounceArgs;
use crate::operator::coverage::CoverageArgs;
use crate::operator::desk::DeskArgs;
use crate::operator::funnel::FunnelArgs;
use crate::operator::insurer::InsurerArgs;
use crate::operator::keys::KeysArgs;
use crate::operator::notices::NoticesArgs;
use crate::operator::queue::QueueArgs;
use crate::operator::retention::RetentionArgs;
use crate::operator::transfer::TransferArgs;
use crate::rotate::RotateArgs;
use crate::rotate::shelf::CatalogueArgs;
use crate::telemetry::top::TopArgs;

#[derive(Debug, Parser)]
#[command(name = "windowshop", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// `serve` if omitted.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the shop (what happens without a command, too)
    Serve(ServeArgs),
    /// Look for everything that would keep `serve` from starting, and report all of it
    Check(ServeArgs),
    /// Ask a running server whether it is ready; for container health checks
    Health(ServeArgs),
    /// Do the office's jobs (letters and the like) and nothing else
    Worker(ServeArgs),
    /// Show what a running server is doing, from its private port
    Top(TopArgs),
    /// Turn CMS's Exchange Public Use Files into a catalogue
    Load(LoadArgs),
    /// Build today's catalogue, compare it with yesterday's, publish it or stop with a report
    Rotate(RotateArgs),
    /// Manage the catalogues: list, verify, use, rollback
    Catalogue(CatalogueArgs),
    /// Copy the office's store out, into two files
    Backup(BackupArgs),
    /// Fill an empty store from a backup, and prove that it opens
    Restore(RestoreArgs),
    /// Manage the keys: status, new, rotate, retire
    Keys(KeysArgs),
    /// Do something for a person who calls: find, end-sessions, export, delete
    Account(AccountArgs),
    /// Say who may work at the desk: add, list, disable, reset
    Desk(DeskArgs),
    /// Remind people of what will be deleted, delete what the retention schedule keeps no longer, and report it
    Retention(RetentionArgs),
    /// Show how far people come in the application, page by page, without any person
    Funnel(FunnelArgs),
    /// Prove the record of deeds, and list its latest rows
    Audit(AuditArgs),
    /// Look after the office's jobs: list, show, retry, drop, pause, resume
    Queue(QueueArgs),
    /// Look after what people have signed for: show, reinstate
    Coverage(CoverageArgs),
    /// Look after account transfers with states' agencies: list, show, resend, read
    Transfer(TransferArgs),
    /// Look after files to and from insurers: list, show, resend, read, reconcile
    Insurer(InsurerArgs),
    /// Look after notices on paper: list, print, mailed
    Notices(NoticesArgs),
    /// Read a letter that came back from standard input, and write down what it says
    Bounce(BounceArgs),
    /// Cut a small catalogue out of a large one, for work on a small machine
    Sample(SampleArgs),
    /// Invent a large catalogue, for load tests
    Synth(SynthArgs),
    /// Play the federal data services hub with made-up people, for tests, demos and training
    HubSim(HubSimArgs),
    /// Say who in a household may get what, and why, as JSON
    Determine(DetermineArgs),
    /// Say what a year with a plan would cost, line by line, as JSON
    Estimate(EstimateArgs),
}

/// Largest input of a command that reads JSON: a hundred thousand households. A pipe may never end.
const INPUT_BYTES_MAX: u64 = 64 << 20;

/// The text of a file, or of `stdin` where the file is `-`.
fn input_text(file: &Path, stdin: &mut dyn Read) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = match file.as_os_str() == "-" {
        true => stdin.take(INPUT_BYTES_MAX + 1).read_to_string(&mut text),
        false => std::fs::File::open(file).and_then(|file| file.take(INPUT_BYTES_MAX + 1).read_to_string(&mut text)),
    };
    read.with_context(|| format!("{} cannot be read", file.display()))?;
    let fits = text.len() as u64 <= INPUT_BYTES_MAX;
    anyhow::ensure!(fits, "{}: more than {} MB: split it into several files", file.display(), INPUT_BYTES_MAX >> 20);
    Ok(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_input_that_does_not_end_is_refused() {
        let words = super::input_text("-".as_ref(), &mut std::io::repeat(b'1')).expect_err("too long").to_string();
        assert_eq!(words, "-: more than 64 MB: split it into several files");
        assert_eq!(super::input_text("-".as_ref(), &mut "[1]".as_bytes()).expect("short"), "[1]");
    }
}
