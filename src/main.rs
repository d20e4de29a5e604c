//! The command line: parse, then one call per command.

use std::process::ExitCode;

use clap::Parser as _;
use windowshop::config::{Cli, Command, Config, ServeArgs};
use windowshop::{serve, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => run_serve(&args).await,
        Command::Check(args) => run_check(&args).await,
        Command::Health(args) => run_health(&args).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("windowshop: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run_serve(args: &ServeArgs) -> anyhow::Result<()> {
    let (config, faults) = Config::read(args);
    telemetry::start(config.log_format, &config.log_level, std::io::stderr)?;
    serve::serve(config, faults).await
}

async fn run_check(args: &ServeArgs) -> anyhow::Result<()> {
    let (config, mut faults) = Config::read(args);
    faults.extend(config.validate().await);
    serve::refuse_on(&faults)?;
    println!("Nothing is wrong: `windowshop serve` with these settings will start.");
    Ok(())
}

async fn run_health(args: &ServeArgs) -> anyhow::Result<()> {
    let (config, faults) = Config::read(args);
    serve::refuse_on(&faults)?;
    serve::health(&config).await
}
