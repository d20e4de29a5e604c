//! `/account/codes`: the printed codes for the day that the app is lost. They are shown for half an hour after they were
//! made, to be printed or put down; then nobody can read them again.

use askama::Template;
use axum::http::StatusCode;

use super::app_codes::new_codes;
use super::desk::{Answer, Desk};
use super::view::{Bar, bar};
use super::waiting::Waiting;
use crate::account::changes::NewRecoveryCodes;
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "office/codes.html")]
struct CodesPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    codes: Vec<String>,
    left: String,
}

/// `GET /account/codes`
pub async fn show(desk: Desk) -> Answer {
    let owner = desk.fresh().await?;
    let cx = &desk.cx;
    let codes = match desk.waits().await? {
        Some((of, Waiting::Codes { ref codes })) if of == owner => codes.clone(),
        _ => Vec::new(),
    };
    let account = desk.account_of(owner).await?;
    let Some(account) = account.filter(|account| account.has_totp) else { return Ok(desk.go("/account/app")) };
    let left = cx.n("office.codes.left", account.recovery_left);
    let template = CodesPage { cx, bar: bar(cx, &desk.visitor), codes, left };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// `POST /account/codes`: ten new ones; the old ones are good no longer.
pub async fn renew(desk: Desk) -> Answer {
    let owner = desk.fresh().await?.to_string();
    let account = desk.account_of(&owner).await?;
    if !account.is_some_and(|account| account.has_totp) {
        return Ok(desk.go("/account/app"));
    }
    let (codes, hashes) = new_codes()?;
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    desk.office.write(NewRecoveryCodes { means, owner: owner.clone(), hashes, session }).await?;
    desk.wait(&owner, &desk.visitor.hash, &Waiting::Codes { codes }).await?;
    Ok(desk.go("/account/codes"))
}
