//! `/account/reset`: a forgotten password. A code goes to the address; with it, and with the app's code where there is an
//! app, a new password is set. Everybody is signed out, and every browser is a stranger again.

use std::sync::Arc;

use super::desk::{Answer, Desk};
use super::letters::Says;
use super::sign_up::judged;
use super::step::{is_apps, is_mailed};
use super::view::{Field, FormPage, fault};
use super::waiting::{Waiting, mailed};
use crate::account::changes::NewPassword;
use crate::account::guessing::Counted;
use crate::account::password::{CHARS_ALONE, CHARS_WITH_SECOND_STEP, Password};
use crate::account::pending::Keep;
use crate::account::people;
use crate::account::steps::Purpose;
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
    let buckets = desk.code_buckets("reset", &String::from_utf8_lossy(sought.as_bytes()));
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(page(&desk), until));
    }
    let session = desk.session_hash().await?;
    begin(&desk, &sought, session);
    Ok(desk.go("/account/reset/code"))
}

/// What only a known address needs is done beside the answer: its time tells nothing.
fn begin(desk: &Desk, sought: &Sought, session: Vec<u8>) {
    let (office, app) = (Arc::clone(&desk.office), Arc::clone(&desk.cx.app));
    let (sought, email) = (sought.clone(), zeroize::Zeroizing::new(desk.form.get("email").to_string()));
    tokio::spawn(async move {
        let begun = async {
            let mut connection = office.read().await?;
            let Some(found) = people::find(&mut connection, &office.means.vault, &sought).await? else { return Ok(()) };
            drop(connection);
            let pending = Waiting::NewPassword {}.pending()?;
            let (vault, owner) = (office.means.vault.clone(), found.owner);
            let (code, kept) = mailed(&owner, Purpose::NewPassword, (&session, &email))?;
            office.write(Keep { vault, session, owner, pending }).await?;
            office.write(kept).await?;
            if let Some(lang) = app.messages.of_code(&found.lang) {
                office.write_to(&app, lang, &email, &Says::Code(&code));
            }
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
    let waits = desk.waits().await?.filter(|(_, waiting)| matches!(waiting, Waiting::NewPassword {}));
    // Whoever has no account here is counted under the session, and told the same.
    let owner = waits.map_or_else(String::new, |(owner, _)| owner);
    let counted = if owner.is_empty() { desk.visitor.session_text() } else { owner.clone() };
    let buckets = desk.code_buckets("reset-code", &counted);
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(code_form(&desk), until));
    }
    // The shorter length is for those who have an app; whoever has none must not learn it of somebody else.
    let app_code = desk.form.code("app_code");
    if let Err(fault) = judged(&desk, "", !app_code.is_empty()) {
        return Ok(code_form(&desk).wrong(vec![fault]));
    }
    let wrong = || Ok(code_form(&desk).wrong(vec![fault("code", cx.t("office.fault.reset_wrong"))]));
    if owner.is_empty() {
        return wrong();
    }
    let account = desk.account_of(&owner).await?;
    let Some(account) = account else { return wrong() };
    let judged = judged(&desk, &account.email, account.has_totp);
    if account.has_totp && !is_apps(&desk, &owner, &app_code).await? {
        return wrong();
    }
    if !is_mailed(&desk, &owner, Purpose::NewPassword, (typed, &account.email)).await? {
        return wrong();
    }
    let password = match judged {
        Ok(password) => password,
        Err(fault) => {
            // The code is used up: another one is on its way for the second try.
            desk.mail_code(&owner, Purpose::NewPassword, &desk.visitor.hash, (&account.email, cx.lang)).await?;
            return Ok(code_form(&desk).note(cx.t("office.reset.sent_again")).wrong(vec![fault]));
        }
    };
    desk.was_right(buckets).await?;
    set(&desk, &owner, password).await?;
    desk.office.write_to(&cx.app, cx.lang, &account.email, &Says::PasswordChanged);
    Ok(desk.go("/account/reset/done"))
}

async fn set(desk: &Desk, owner: &str, password: Password) -> Result<(), super::desk::Instead> {
    let chars = i64::try_from(password.chars()).unwrap_or(i64::MAX);
    let hash = desk.office.hashers.hash(password).await??;
    let change = NewPassword {
        means: desk.office.means.clone(),
        owner: owner.to_string(),
        hash,
        chars,
        but: Vec::new(),
        forgotten: true,
        session: desk.visitor.session_text(),
    };
    desk.office.write(change).await?;
    Ok(())
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
