//! `/account/password`: another password, with the old one.

use super::desk::{Answer, Desk};
use super::letters::Says;
use super::sign_up::judged;
use super::view::{Field, FormPage, fault};
use crate::account::changes::NewPassword;
use crate::account::guessing::Counted;
use crate::account::password::{CHARS_ALONE, CHARS_WITH_SECOND_STEP, Password};

fn page(desk: &Desk, has_app: bool) -> FormPage<'_> {
    let cx = &desk.cx;
    let least = if has_app { CHARS_WITH_SECOND_STEP } else { CHARS_ALONE }.to_string();
    desk.page(cx.t("office.password.title"))
        .lead(cx.t("office.password.lead"))
        .field(Field::password("password", cx.t("office.password.old"), "current-password"))
        .field(
            Field::password("new_password", cx.t("office.field.new_password"), "new-password")
                .hint(&cx.tf("office.field.new_password_hint", &[("n", &least)])),
        )
        .field(desk.forget_tick())
        .submit(cx.t("office.password.submit"))
        .link(cx.t("office.back"), "/account")
}

/// `GET /account/password`
pub async fn show(desk: Desk) -> Answer {
    let owner = desk.account()?;
    let account = desk.account_of(owner).await?;
    Ok(page(&desk, account.is_some_and(|account| account.has_totp)).show())
}

/// `POST /account/password`
pub async fn post(desk: Desk) -> Answer {
    let owner = desk.account()?.to_string();
    let cx = &desk.cx;
    let account = desk.own_account(&owner).await?;
    let typed = desk.form.secret("password");
    let (old, new) = match (Password::typed(&typed), judged(&desk, &account.email, account.has_totp).await) {
        (Some(old), Ok(new)) => (old, new),
        (_, judged) => {
            let missing = typed.expose().is_empty().then(|| fault("password", cx.t("office.fault.password_missing")));
            return Ok(page(&desk, account.has_totp).wrong(missing.into_iter().chain(judged.err()).collect()));
        }
    };
    let buckets = vec![desk.office.buckets.device(owner.as_bytes(), b"password")];
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(page(&desk, account.has_totp), until));
    }
    if !desk.is_password(old, Some(account.password.clone()), buckets).await? {
        desk.refused(&owner, "password");
        let wrong = vec![fault("password", cx.t("office.fault.password_wrong"))];
        return Ok(page(&desk, account.has_totp).wrong(wrong));
    }
    let chars = i64::try_from(new.chars()).unwrap_or(i64::MAX);
    let hash = desk.office.hashers.hash(new).await??;
    let change = NewPassword {
        means: desk.office.means.clone(),
        owner: owner.clone(),
        hash,
        chars,
        but: desk.visitor.hash.clone(),
        forget: desk.form.ticked("forget"),
        session: desk.visitor.session_text(),
    };
    let letter = desk.office.letter(cx.lang, (&owner, &account.email), &Says::PasswordChanged)?;
    desk.office.tell(change, letter, |done| *done).await?;
    Ok(desk.go("/account"))
}
