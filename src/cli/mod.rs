//! The command line: every command with its arguments, and the two that answer JSON with JSON.
//!
//! Called by `main`. It imports the rooms whose commands it names; no room may import it.

pub mod determine;
pub mod estimate;

use clap::{Parser, Subcommand};

use self::determine::DetermineArgs;
use self::estimate::EstimateArgs;
use crate::config::ServeArgs;
use crate::load::LoadArgs;
use crate::load::sample::SampleArgs;
use crate::load::synth::SynthArgs;
use crate::operator::account::AccountArgs;
use crate::operator::audit::AuditArgs;
use crate::operator::backup::{BackupArgs, RestoreArgs};
use crate::operator::keys::KeysArgs;
use crate::operator::retention::RetentionArgs;
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
    /// Delete what the retention schedule keeps no longer, and report it
    Retention(RetentionArgs),
    /// Prove the record of deeds, and list its latest rows
    Audit(AuditArgs),
    /// Cut a small catalogue out of a large one, for work on a small machine
    Sample(SampleArgs),
    /// Invent a large catalogue, for load tests
    Synth(SynthArgs),
    /// Say who in a household may get what, and why, as JSON
    Determine(DetermineArgs),
    /// Say what a year with a plan would cost, line by line, as JSON
    Estimate(EstimateArgs),
}
