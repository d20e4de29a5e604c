//! `/account/app`: codes from an authenticator app: set up by a picture or by typing, proved by the first code, turned
//! off again.

use askama::Template;
use axum::http::StatusCode;
use qrcodegen::{QrCode, QrCodeEcc};

use super::desk::{Answer, Desk, Instead};
use super::letters::Says;
use super::view::{Bar, Fault, Field, bar, fault};
use super::waiting::Waiting;
use crate::account::changes::{self, Account, EndSessions, Which};
use crate::account::codes::{RECOVERY_CODES, code_hash, new_code, new_totp_key, totp_words};
use crate::account::guessing::Counted;
use crate::account::steps::{RemoveTotp, Removed, StartTotp, UseTotp};
use crate::web::page::{self, CachePolicy, Cx};

const SITE: &str = "Windowshop";
/// Light modules around the picture, as the standard wants them.
const QUIET: i32 = 4;

#[derive(Template)]
#[template(path = "office/app.html")]
struct AppPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    notes: Vec<String>,
    faults: Vec<Fault>,
    state: State,
    code: Field,
    forget: Field,
    recovery_left: String,
}

enum State {
    Off,
    /// The picture's side and path, and the key as text.
    Setup {
        side: i32,
        path: String,
        text: String,
    },
    On,
}

async fn account(desk: &Desk, owner: &str) -> Result<Account, Instead> {
    let mut connection = desk.office.read().await?;
    let found = changes::account(&mut connection, &desk.office.means.vault, owner).await?;
    found.ok_or_else(|| desk.go("/account/sign-in").into())
}

async fn state(desk: &Desk, owner: &str, account: &Account) -> Result<State, Instead> {
    if account.has_totp {
        return Ok(State::On);
    }
    let mut connection = desk.office.read().await?;
    let key = changes::totp_in_setup(&mut connection, &desk.office.means.vault, owner).await?;
    let Some(key) = key else { return Ok(State::Off) };
    let words = totp_words(&key, SITE, &account.email).ok_or_else(|| anyhow::anyhow!("a key that no app reads"))?;
    let (side, path) = picture(&words.0)?;
    Ok(State::Setup { side, path, text: words.1.to_string() })
}

/// The picture as one path of an SVG.
pub fn picture(text: &str) -> anyhow::Result<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path += &format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    Ok((code.size() + 2 * QUIET, path))
}

async fn page(desk: &Desk, owner: &str, notes: Vec<String>, faults: Vec<Fault>) -> Answer {
    let cx = &desk.cx;
    let account = account(desk, owner).await?;
    let state = state(desk, owner, &account).await?;
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let code = Field {
        inputmode: "numeric",
        fault: faults.first().map(|fault| fault.words.clone()),
        ..Field::code("code", cx.t("office.app.code"))
    };
    let recovery_left = cx.n("office.codes.left", account.recovery_left);
    let (bar, forget) = (bar(cx, &desk.visitor), desk.forget_tick());
    let template = AppPage { cx, bar, notes, faults, state, code, forget, recovery_left };
    Ok(page::render_status(cx, status, template, CachePolicy::Private))
}

/// `GET /account/app`
pub async fn show(desk: Desk) -> Answer {
    let owner = desk.fresh().await?;
    page(&desk, owner, Vec::new(), Vec::new()).await
}

/// `POST /account/app/start`: a new key, which counts once it is proved.
pub async fn start(desk: Desk) -> Answer {
    let owner = desk.fresh().await?.to_string();
    let (vault, secret) = (desk.office.means.vault.clone(), new_totp_key()?);
    desk.office.write(StartTotp { vault, owner, secret }).await?;
    Ok(desk.go("/account/app"))
}

/// `POST /account/app`: the first code. With it come the codes for the day that the app is lost.
pub async fn prove(desk: Desk) -> Answer {
    let owner = desk.fresh().await?.to_string();
    let cx = &desk.cx;
    let buckets = desk.code_buckets("app", &owner);
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        let words = cx.tf("office.closed", &[("time", &super::clock::clock(cx, until))]);
        return page(&desk, &owner, vec![words], Vec::new()).await;
    }
    let (codes, recovery) = new_codes()?;
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    let change = UseTotp { means, owner: owner.clone(), typed: desk.form.code("code"), recovery, session };
    if !desk.office.write(change).await? {
        desk.refused(&owner, "app");
        let wrong = vec![fault("code", cx.t("office.fault.app_code_wrong"))];
        return page(&desk, &owner, Vec::new(), wrong).await;
    }
    desk.was_right(buckets).await?;
    forget_others(&desk, &owner).await?;
    desk.wait(&owner, &desk.visitor.hash, &Waiting::Codes { codes }).await?;
    let email = account(&desk, &owner).await?.email;
    desk.office.send(desk.office.letter(cx.lang, (&owner, &email), &Says::AppOn)?).await?;
    Ok(desk.go("/account/codes"))
}

/// Signs out and forgets every other browser, if the form says so.
async fn forget_others(desk: &Desk, owner: &str) -> Result<(), Instead> {
    if desk.form.ticked("forget") {
        let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
        let which = Which::Others(desk.visitor.hash.clone());
        desk.office.write(EndSessions { means, owner: owner.to_string(), which, session }).await?;
    }
    Ok(())
}

/// Ten new printed codes, and what is kept of them.
pub fn new_codes() -> Result<(Vec<String>, Vec<Vec<u8>>), Instead> {
    let mut codes = Vec::new();
    for _ in 0..RECOVERY_CODES {
        codes.push(new_code()?.to_string());
    }
    let hashes = codes.iter().filter_map(|code| code_hash(code)).collect();
    Ok((codes, hashes))
}

/// `POST /account/app/off`
pub async fn off(desk: Desk) -> Answer {
    let owner = desk.fresh().await?.to_string();
    let cx = &desk.cx;
    let email = account(&desk, &owner).await?.email;
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    let letter = desk.office.letter(cx.lang, (&owner, &email), &Says::AppOff)?;
    let change = RemoveTotp { means, owner: owner.clone(), session };
    match desk.office.tell(change, letter, |removed| *removed == Removed::Done).await? {
        Removed::Done => forget_others(&desk, &owner).await?,
        Removed::Nothing => {}
        Removed::NeedsLongerPassword => {
            return page(&desk, &owner, vec![cx.t("office.app.longer_first").to_string()], Vec::new()).await;
        }
    }
    Ok(desk.go("/account/app"))
}
