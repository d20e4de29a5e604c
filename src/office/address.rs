//! `/account/email`: another address. It counts once a code mailed to it has come back; the old one gets a letter.

use super::desk::{Answer, Desk};
use super::step::send_address_code;
use super::view::{Field, FormPage};
use super::waiting::Waiting;
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
    let account = desk.own_account(owner).await?;
    Ok(page(&desk, &account.email).show())
}

/// `POST /account/email`
pub async fn post(desk: Desk) -> Answer {
    let owner = desk.fresh().await?.to_string();
    let account = desk.own_account(&owner).await?;
    let email = desk.form.get("email");
    let Some(sought) = Sought::email(email) else {
        return Ok(page(&desk, &account.email).wrong(vec![desk.odd_email()]));
    };
    let buckets = desk.letter_buckets(&sought);
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(page(&desk, &account.email), until));
    }
    let session = desk.visitor.hash.clone();
    desk.wait(&owner, &session, &Waiting::NewAddress { email: email.to_string() }).await?;
    send_address_code(&desk, &owner, &session, email).await?;
    Ok(desk.go("/account/step"))
}
