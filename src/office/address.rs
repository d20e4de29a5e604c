//! `/account/email`: another address. It counts once a code mailed to it has come back; the old one gets a letter.

use super::desk::{Answer, Desk};
use super::step::send_address_code;
use super::view::{Field, FormPage, fault};
use super::waiting::Waiting;
use crate::account::changes;
use crate::account::guessing::Counted;
use crate::store::lookup::Sought;

fn page<'d>(desk: &'d Desk, now: &str) -> FormPage<'d> {
    let cx = &desk.cx;
    desk.page(cx.t("office.address.title"))
        .lead(&cx.tf("office.address.lead", &[("email", now)]))
        .lead(cx.t("office.address.how"))
        .field(Field { autocomplete: "email", ..Field::email(cx.t("office.address.new"), desk.form.get("email")) })
        .submit(cx.t("office.address.submit"))
        .link(cx.t("office.back"), "/account")
}

/// `GET /account/email`
pub async fn show(desk: Desk) -> Answer {
    let owner = desk.fresh().await?;
    let mut connection = desk.office.read().await?;
    let account = changes::account(&mut connection, &desk.office.vault, owner).await?;
    let Some(account) = account else { return Ok(desk.go("/account/sign-in")) };
    Ok(page(&desk, &account.email).show())
}

/// `POST /account/email`
pub async fn post(desk: Desk) -> Answer {
    let owner = desk.fresh().await?.to_string();
    let cx = &desk.cx;
    let mut connection = desk.office.read().await?;
    let account = changes::account(&mut connection, &desk.office.vault, &owner).await?;
    drop(connection);
    let Some(account) = account else { return Ok(desk.go("/account/sign-in")) };
    let email = desk.form.get("email");
    if Sought::email(email).is_none() {
        let words = if email.is_empty() { "office.fault.email_missing" } else { "office.fault.email_odd" };
        return Ok(page(&desk, &account.email).wrong(vec![fault("email", cx.t(words))]));
    }
    let buckets = desk.code_buckets("new-address", &owner);
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(page(&desk, &account.email), until));
    }
    let session = desk.visitor.hash.clone();
    desk.wait(&owner, &session, &Waiting::NewAddress { email: email.to_string() }).await?;
    send_address_code(&desk, &owner, &session, email).await?;
    Ok(desk.go("/account/step"))
}
