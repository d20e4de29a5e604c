//! `/account/reset`: a forgotten password. A code goes to the address; with it, and with the app's code where there is an
//! app, a new password is set. Everybody is signed out, and every browser is a stranger again.
//!
//! Nobody can keep the owner from it: each session has a code of its own, tries count for the session that makes them,
//! letters for the network that asks for them, and a browser that is known has a count of its own.

use std::sync::Arc;

use axum::http::StatusCode;
use zeroize::Zeroizing;

use super::clock::clock;
use super::desk::{Answer, Desk, Instead};
use super::letters::Says;
use super::sign_up::judged;
use super::view::{Field, FormPage, fault};
use super::waiting::{asked, mailed};
use crate::account::changes::Forgotten;
use crate::account::guessing::Counted;
use crate::account::password::{CHARS_ALONE, CHARS_WITH_SECOND_STEP};
use crate::account::people::{self, Found};
use crate::account::steps::{JudgeMailed, Purpose, UseApps, UseMailed, forgotten_by, known_device};
use crate::store::StoreError;
use crate::store::lookup::Sought;

fn page(desk: &Desk) -> FormPage<'_> {
    let cx = &desk.cx;
    desk.page(cx.t("office.reset.title"))
        .lead(cx.t("office.reset.lead"))
        .field(Field::email(cx.t("office.field.email"), desk.form.get("email")))
        .submit(cx.t("office.reset.submit"))
        .link(cx.t("office.sign_in.title"), "/account/sign-in")
        .small(cx.t("office.reset.small"))
}

/// `GET /account/reset`
pub async fn show(desk: Desk) -> Answer {
    Ok(page(&desk).show())
}

/// `POST /account/reset`: the same answer whoever has the address.
pub async fn post(desk: Desk) -> Answer {
    let email = desk.form.get("email");
    let Some(sought) = Sought::email(email) else {
        return Ok(page(&desk).wrong(vec![desk.odd_email()]));
    };
    let mut connection = desk.office.read().await?;
    let found = people::find(&mut connection, &desk.office.means.vault, &sought).await?;
    let known = match (&found, &desk.visitor.device) {
        (Some(found), Some(device)) => known_device(&mut connection, &found.owner, device).await?.zip(Some(device)),
        _ => None,
    };
    drop(connection);
    let buckets = match known {
        Some((_, device)) => {
            vec![desk.office.buckets.device(sought.as_bytes(), &[b"reset", device.as_slice()].concat())]
        }
        None => desk.letter_buckets(&sought),
    };
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        let words = desk.cx.tf("office.reset.closed", &[("time", &clock(&desk.cx, until))]);
        return Ok(page(&desk).note(&words).with_status(StatusCode::TOO_MANY_REQUESTS));
    }
    let session = desk.session_hash().await?;
    if let Some(found) = found {
        begin(&desk, found, session);
    }
    Ok(desk.go("/account/reset/code"))
}

/// What only a known address needs is done beside the answer: its time tells nothing.
fn begin(desk: &Desk, found: Found, session: Vec<u8>) {
    let (office, app) = (Arc::clone(&desk.office), Arc::clone(&desk.cx.app));
    let email = Zeroizing::new(desk.form.get("email").to_string());
    tokio::spawn(async move {
        let begun = async {
            let (code, kept) = mailed(asked(&found.owner, Purpose::NewPassword, &session, &email))?;
            let Some(lang) = app.messages.of_code(&found.lang) else { return Ok(()) };
            let letter = office.letter(lang, (&found.owner, &email), &Says::Code(&code))?;
            office.tell(kept, letter, |()| true).await?;
            anyhow::Ok(())
        };
        if let Err(error) = begun.await {
            tracing::error!(%error, "a reset could not begin");
        }
    });
}

fn code_form(desk: &Desk) -> FormPage<'_> {
    let cx = &desk.cx;
    let (alone, with) = (CHARS_ALONE.to_string(), CHARS_WITH_SECOND_STEP.to_string());
    desk.page(cx.t("office.reset.code_title"))
        .lead(cx.t("office.reset.code_lead"))
        .field(
            Field { inputmode: "numeric", ..Field::code("code", cx.t("office.step.code_mail")) }
                .hint(cx.t("office.step.hint_mail")),
        )
        .field(
            Field::password("new_password", cx.t("office.field.new_password"), "new-password")
                .hint(&cx.tf("office.reset.password_hint", &[("alone", &alone), ("with", &with)])),
        )
        .field(
            Field { autocomplete: "off", ..Field::code("app_code", cx.t("office.reset.app_code")) }
                .hint(cx.t("office.reset.app_code_hint")),
        )
        .submit(cx.t("office.reset.code_submit"))
        .link(cx.t("office.reset.again"), "/account/reset")
}

/// `GET /account/reset/code`
pub async fn code_page(desk: Desk) -> Answer {
    Ok(code_form(&desk).show())
}

/// `POST /account/reset/code`
pub async fn code(desk: Desk) -> Answer {
    let cx = &desk.cx;
    let typed = desk.form.code("code");
    if typed.is_empty() {
        return Ok(code_form(&desk).wrong(vec![fault("code", cx.t("office.fault.code_missing"))]));
    }
    let buckets = desk.own_buckets("reset");
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(code_form(&desk), until));
    }
    // The shorter length is for those who have an app; whoever has none must not learn it of somebody else.
    let app_code = desk.form.code("app_code");
    if let Err(fault) = judged(&desk, "", !app_code.is_empty()).await {
        return Ok(code_form(&desk).wrong(vec![fault]));
    }
    let wrong = || Ok(code_form(&desk).wrong(vec![fault("code", cx.t("office.fault.reset_wrong"))]));
    let Some(owner) = forgotten(&desk).await? else { return wrong() };
    let Some(account) = desk.account_of(&owner).await? else { return wrong() };
    let asked = asked(&owner, Purpose::NewPassword, &desk.visitor.hash, "");
    let judge = JudgeMailed { asked: asked.clone(), typed: typed.clone() };
    if !desk.office.write(judge).await? {
        desk.refused(&owner, Purpose::NewPassword.into());
        return wrong();
    }
    // From here on somebody reads the owner's mail: what is said now is said to nobody else.
    let password = match judged(&desk, &account.email, account.has_totp).await {
        Ok(password) => password,
        Err(fault) => return Ok(code_form(&desk).wrong(vec![fault])),
    };
    let apps = desk.code_buckets("reset-app", &owner);
    if account.has_totp
        && let Counted::ClosedUntil(until) = desk.count(&apps).await?
    {
        return Ok(desk.closed(code_form(&desk), until));
    }
    let chars = i64::try_from(password.chars()).unwrap_or(i64::MAX);
    let hash = desk.office.hashers.hash(password).await??;
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    let change = Forgotten {
        mailed: UseMailed { asked, typed },
        apps: UseApps { means, owner: owner.clone(), typed: app_code, session },
        hash,
        chars,
    };
    let letter = desk.office.letter(cx.lang, (&owner, &account.email), &Says::PasswordChanged)?;
    match desk.office.tell(change, letter, |done| *done).await {
        Ok(true) => {}
        // Its app's code was taken for a sign-in in this very moment.
        Ok(false) | Err(StoreError::Stale) => {
            desk.refused(&owner, "app");
            return wrong();
        }
        Err(error) => return Err(error.into()),
    }
    desk.was_right(buckets.into_iter().chain(apps.into_iter().filter(|_| account.has_totp)).collect()).await?;
    Ok(desk.go("/account/reset/done"))
}

/// For whom this browser has asked for a code; `None` for an address that nobody has, which is answered alike.
async fn forgotten(desk: &Desk) -> Result<Option<String>, Instead> {
    let mut connection = desk.office.read().await?;
    Ok(forgotten_by(&mut connection, &desk.visitor.session_text(), desk.visitor.now).await?)
}

/// `GET /account/reset/done`
pub async fn done(desk: Desk) -> Answer {
    let cx = &desk.cx;
    Ok(desk
        .page(cx.t("office.reset.done_title"))
        .lead(cx.t("office.reset.done_lead"))
        .link(cx.t("office.sign_in.title"), "/account/sign-in")
        .show())
}
