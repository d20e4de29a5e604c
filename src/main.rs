//! The command line: parse, then one call per command. It must hold no logic of its own.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use windowshop::cli::determine::DetermineArgs;
use windowshop::cli::{self, Cli, Command};
use windowshop::config::{Config, ServeArgs};
use windowshop::load::{self, Built, LoadArgs, LoadError, Progress};
use windowshop::rotate::shelf;
use windowshop::rotate::{self, RotateArgs};
use windowshop::telemetry::writer::LogWriter;
use windowshop::{app, check, hub_sim, operator, serve, telemetry};

/// How long the last log lines may take to be written before the process exits anyway.
const LOG_TIME_AT_THE_END: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // New connections, and answers of the catalogue's threads, come through the queue that all threads share. Each looks there
        // before it goes on with pages of its own, or a crowd that arrives would hold up health checks for as long as its pages
        // take (docs/performance.md).
        .global_queue_interval(1)
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => failed(&anyhow::Error::new(error).context("no threads can be started")),
    }
}

async fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command.unwrap_or_else(|| Command::Serve(cli.serve.clone())) {
        Command::Serve(args) => run_serve(&args).await,
        Command::Check(args) => run_check(&args).await,
        Command::Health(args) => run_health(&args).await,
        Command::Worker(args) => run_worker(&args).await,
        Command::Top(args) => telemetry::top::run(&args, &mut std::io::stdout()).map(|()| ExitCode::SUCCESS),
        Command::Load(args) => run_load(args).await,
        Command::Rotate(args) => run_rotate(&args, &cli.serve).await,
        Command::Catalogue(args) => print(shelf::command(&args).await),
        Command::Backup(args) => print(operator::backup::back_up(&args, app::system_clock()).await),
        Command::Restore(args) => print(operator::backup::restore(&args, app::system_clock()).await),
        Command::Keys(args) => print(operator::keys::command(&args, app::system_clock()).await),
        Command::Account(args) => {
            print(operator::account::command(&args, app::system_clock(), &mut std::io::stdin()).await)
        }
        Command::Desk(args) => print(operator::desk::command(&args, app::system_clock()).await),
        Command::Retention(args) => print(operator::retention::command(&args, app::system_clock()).await),
        Command::Funnel(args) => print(operator::funnel::command(&args, app::system_clock()).await),
        Command::Audit(args) => print(operator::audit::command(&args, app::system_clock()).await),
        Command::Queue(args) => print(operator::queue::command(&args, app::system_clock()).await),
        Command::Coverage(args) => print(operator::coverage::command(&args, app::system_clock()).await),
        Command::Transfer(args) => print(operator::transfer::command(&args, app::system_clock()).await),
        Command::Insurer(args) => print(operator::insurer::command(&args, app::system_clock()).await),
        Command::Notices(args) => print(operator::notices::command(&args, app::system_clock()).await),
        Command::Bounce(args) => {
            print(operator::bounce::command(&args, app::system_clock(), &mut std::io::stdin()).await)
        }
        Command::Sample(args) => match args.options() {
            Ok(options) => say(load::sample::run(&options, app::system_clock()).await),
            Err(error) => Err(error.into()),
        },
        Command::Synth(args) => say(load::synth::run(&args, app::system_clock()).await),
        Command::HubSim(args) => hub_sim::run(&args, app::system_clock).await.map(|()| ExitCode::SUCCESS),
        Command::Determine(args) => run_determine(&args),
        Command::Estimate(args) => cli::estimate::command(&args),
    };
    match result {
        Ok(code) => code,
        // `estimate … | head` has read enough: not a fault.
        Err(error) if reader_left(&error) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // Not `eprintln!`: it panics if standard error cannot be written.
    let _ = writeln!(std::io::stderr(), "windowshop: {}", told_once(error));
    ExitCode::FAILURE
}

async fn run_serve(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let (config, faults) = Config::read(args);
    let log = LogWriter::start(std::io::stderr())?;
    telemetry::start(config.log_format, &config.log_level, log.clone())?;
    let served = serve::serve(config, faults).await;
    log.finish(LOG_TIME_AT_THE_END);
    served.map(|()| ExitCode::SUCCESS)
}

async fn run_worker(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let (config, faults) = Config::read(args);
    let log = LogWriter::start(std::io::stderr())?;
    telemetry::start(config.log_format, &config.log_level, log.clone())?;
    let worked = serve::worker(config, faults).await;
    log.finish(LOG_TIME_AT_THE_END);
    worked.map(|()| ExitCode::SUCCESS)
}

async fn run_check(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let (config, mut faults) = Config::read(args);
    faults.extend(check::validate(&config).await);
    serve::refuse_on(&faults)?;
    println!("Nothing is wrong: `windowshop serve` with these settings will start.");
    for line in check::state::of(&config, app::system_clock()).await {
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_health(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let (config, faults) = Config::read(args);
    serve::refuse_on(&faults)?;
    serve::health(&config).await.map(|()| ExitCode::SUCCESS)
}

fn say(built: Result<Built, LoadError>) -> anyhow::Result<ExitCode> {
    println!("{}", built?);
    Ok(ExitCode::SUCCESS)
}

async fn run_load(args: LoadArgs) -> anyhow::Result<ExitCode> {
    let dry_run = args.dry_run;
    let options = args.into();
    if dry_run {
        let survey = load::survey::run(&options)?;
        println!("{survey}");
        return Ok(ExitCode::from(if survey.problems.is_clean() { 0 } else { 2 }));
    }
    // Ctrl-C drops the build, and a dropped build deletes its file.
    let report = tokio::select! {
        report = load::run(&options, app::system_clock()) => report?,
        _ = tokio::signal::ctrl_c() => return Ok(ExitCode::from(130)),
    };
    println!("{report}");
    Ok(ExitCode::from(report.exit_code()))
}

async fn run_rotate(args: &RotateArgs, serve_args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let (config, faults) = Config::read(serve_args);
    serve::refuse_on(&faults)?;
    let try_out = async |dir: &Path| serve::trial::pages(&config, dir).await;
    // Ctrl-C, or a service manager's stop, drops the rotation, which then deletes its files.
    let mut stop = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let report = tokio::select! {
        report = rotate::run(args, Progress::to_stderr(), app::system_clock(), try_out) => report?,
        _ = tokio::signal::ctrl_c() => return Ok(ExitCode::from(130)),
        _ = stop.recv() => return Ok(ExitCode::from(143)),
    };
    print!("{report}");
    Ok(ExitCode::from(report.exit_code()))
}

/// What a command has to say, and its exit code.
fn print(said: anyhow::Result<(String, u8)>) -> anyhow::Result<ExitCode> {
    let (text, code) = said?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::from(code))
}

fn run_determine(args: &DetermineArgs) -> anyhow::Result<ExitCode> {
    let today = app::system_clock().date();
    cli::determine::command(args, today, &mut std::io::stdin(), &mut std::io::stdout())
}

/// Whether the reader of our output has closed it.
fn reader_left(error: &anyhow::Error) -> bool {
    let gone = Some(std::io::ErrorKind::BrokenPipe);
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind) == gone
            || cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind) == gone
    })
}

/// The error and its causes on one line. Many libraries repeat their cause in their own words; print it once.
fn told_once(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !said.contains(&cause) {
            said += if said.is_empty() { "" } else { ": " };
            said += &cause;
        }
    }
    said
}
