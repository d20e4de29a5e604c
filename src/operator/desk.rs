//! `windowshop desk add | list | disable | reset`: who may work at the desk. Nobody signs up there by themselves.
//!
//! A new or reset account begins with a code that is printed once and good for three days.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use time::OffsetDateTime;

use super::{Opened, clock_text, means, open, operator};
use crate::account::codes::{code_hash, new_code};
use crate::account::people::new_id;
use crate::config::OfficeArgs;
use crate::staff::people::{self, Add, Disable, Person, Reset, Role};

/// Who may work at the desk.
#[derive(Debug, Clone, Args)]
pub struct DeskArgs {
    #[command(subcommand)]
    pub command: DeskCommand,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleArg {
    /// Opens, accepts and rejects documents
    Reviewer,
    /// The same, and sees accounts, what was set aside and the record of deeds
    Supervisor,
}

#[derive(Debug, Clone, Args)]
pub struct OfLogin {
    #[command(flatten)]
    pub office: OfficeArgs,
    /// Small letters, digits, `.`, `-` and `_`
    #[arg(value_name = "LOGIN")]
    pub login: String,
}

#[derive(Debug, Clone, Subcommand)]
pub enum DeskCommand {
    /// Make an account, and print the code that begins it
    Add {
        #[command(flatten)]
        of: OfLogin,
        /// What it may do
        #[arg(long, value_enum)]
        role: RoleArg,
    },
    /// List all accounts
    List {
        #[command(flatten)]
        office: OfficeArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Sign somebody out everywhere and let them in no more
    Disable(OfLogin),
    /// Take password and app away, and print a code that begins again
    Reset(OfLogin),
}

/// Ends with 2 if there is no such account, or already one.
///
/// # Errors
///
/// What is wrong and what to do.
pub async fn command(args: &DeskArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    match &args.command {
        DeskCommand::Add { of, role } => add(&open(&of.office, now).await?, &of.login, *role).await,
        DeskCommand::List { office, json } => list(&open(office, now).await?, *json).await,
        DeskCommand::Disable(of) => disable(&open(&of.office, now).await?, &of.login).await,
        DeskCommand::Reset(of) => reset(&open(&of.office, now).await?, &of.login).await,
    }
}

/// A code for the first day, and what is kept of it.
fn first_code() -> anyhow::Result<(String, Vec<u8>)> {
    let code = new_code()?;
    let hash = code_hash(&code).ok_or_else(|| anyhow::anyhow!("a code that is none"))?;
    Ok((code.to_string(), hash))
}

fn begins(login: &str, code: &str) -> String {
    format!("Give this code to {login}. It is good for three days, once, at /desk/begin:\n{code}\n")
}

async fn add(office: &Opened, typed: &str, role: RoleArg) -> anyhow::Result<(String, u8)> {
    let login = people::login(typed);
    let login = login.ok_or_else(|| anyhow::anyhow!("a login has 2 to 40 small letters, digits, `.`, `-` or `_`"))?;
    let (code, code_hash) = first_code()?;
    let role = match role {
        RoleArg::Reviewer => Role::Reviewer,
        RoleArg::Supervisor => Role::Supervisor,
    };
    let (means, actor, id) = (means(office), operator(), new_id()?);
    let add = Add { means, actor, id, login: login.clone(), role, code_hash };
    Ok(match office.store.begin_write(add).await? {
        true => (begins(&login, &code), 0),
        false => (format!("There is an account called {login} already: see `windowshop desk reset`.\n"), 2),
    })
}

async fn of_login(office: &Opened, typed: &str) -> anyhow::Result<Option<Person>> {
    let mut connection = office.store.read().await?;
    Ok(people::of_login(&mut connection, &people::login(typed).unwrap_or_default()).await?)
}

async fn list(office: &Opened, json: bool) -> anyhow::Result<(String, u8)> {
    let mut connection = office.store.read().await?;
    let all = people::all(&mut connection).await?;
    if json {
        let row = |person: &Person| {
            json!({
                "login": person.login, "role": <&str>::from(person.role), "state": <&str>::from(person.state),
                "made_at": person.made_at, "seen_at": person.seen_at,
            })
        };
        return Ok((format!("{:#}\n", json!(all.iter().map(row).collect::<Vec<_>>())), 0));
    }
    if all.is_empty() {
        return Ok(("Nobody works at the desk yet: see `windowshop desk add`.\n".to_string(), 0));
    }
    let row = |person: &Person| {
        let seen = person.seen_at.map_or_else(|| "never signed in".to_string(), clock_text);
        let (role, state): (&str, &str) = (person.role.into(), person.state.into());
        format!("{:<24} {role:<10} {state:<8} {seen}\n", person.login)
    };
    Ok((all.iter().map(row).collect(), 0))
}

fn nobody(login: &str) -> (String, u8) {
    (format!("There is no account called {login}.\n"), 2)
}

async fn disable(office: &Opened, login: &str) -> anyhow::Result<(String, u8)> {
    let Some(person) = of_login(office, login).await? else { return Ok(nobody(login)) };
    let disable = Disable { means: means(office), actor: operator(), id: person.id };
    Ok(match office.store.begin_write(disable).await? {
        true => (format!("{} is disabled, and signed out everywhere.\n", person.login), 0),
        false => (format!("{} was disabled before.\n", person.login), 0),
    })
}

async fn reset(office: &Opened, login: &str) -> anyhow::Result<(String, u8)> {
    let Some(person) = of_login(office, login).await? else { return Ok(nobody(login)) };
    let (code, code_hash) = first_code()?;
    let reset = Reset { means: means(office), actor: operator(), id: person.id, code_hash };
    Ok(match office.store.begin_write(reset).await? {
        true => (begins(&person.login, &code), 0),
        false => nobody(login),
    })
}
