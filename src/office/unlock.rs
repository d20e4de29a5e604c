//! `/account/unlock`: the password again, after fifteen idle minutes or before a change of the account. What was sent
//! meanwhile is kept sealed and done after it.
//!
//! The session goes on under a new ID and ends when it would have ended: a password alone makes no session longer.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use tower::ServiceExt as _;
use tower_sessions::session::Id;

use super::desk::{Answer, Desk, Instead, with_cookie};
use super::form::Form;
use super::view::{Field, FormPage, fault};
use super::visitor::Visitor;
use super::waiting::PLACE;
use super::{Office, ROOT};
use crate::account::changes::Unlock;
use crate::account::guessing::{Bucket, Counted};
use crate::account::password::Password;
use crate::account::pending::{Keep, Pending};
use crate::account::session::id_hash;
use crate::store::StoreError;
use crate::telemetry::RequestId;
use crate::web::page::Cx;

/// The page that asks, in place of the one that was wanted. A form that was sent is kept.
pub(super) async fn ask(cx: &Cx, office: &Office, visitor: &Visitor, form: &Form) -> Answer {
    let owner = visitor.session.as_ref().map(|session| session.owner.clone()).unwrap_or_default();
    let mut kept = false;
    if form.posted && !form.files {
        let pending = Pending { address: cx.href(&cx.path), body: form.body().to_string() };
        let (vault, session) = (office.means.vault.clone(), visitor.hash.clone());
        kept = office.write(Keep { vault, session, owner, pending }).await?;
    }
    // A form's own page comes after it anyway.
    let to = if form.posted && !form.files { "" } else { cx.path.as_str() };
    let note = match (kept, form.files) {
        (true, _) => Some(cx.t("office.unlock.kept")),
        (_, true) => Some(cx.t("office.unlock.files")),
        _ => None,
    };
    Ok(asks(cx, visitor, to, note).show())
}

fn asks<'a>(cx: &'a Cx, visitor: &Visitor, to: &str, note: Option<&str>) -> FormPage<'a> {
    let (title, lead) = match visitor.locked {
        true => (cx.t("office.unlock.title"), cx.t("office.unlock.lead")),
        false => (cx.t("office.again.title"), cx.t("office.again.lead")),
    };
    let mut page = FormPage::new(cx, visitor, title).lead(lead).to("/account/unlock");
    if let Some(words) = note {
        page = page.note(words);
    }
    page.hidden.push(("to".to_string(), to.to_string()));
    page.field(Field::password("password", cx.t("office.field.password"), "current-password"))
        .submit(cx.t("office.unlock.submit"))
        .link(cx.t("office.unlock.forgot"), "/account/reset")
}

/// `GET /account/unlock`
pub async fn show(desk: Desk) -> Answer {
    match desk.visitor.session.as_ref().is_some_and(|session| session.authenticated_at.is_some()) {
        true => Ok(asks(&desk.cx, &desk.visitor, "", None).show()),
        false => Ok(desk.go("/account/sign-in")),
    }
}

/// `POST /account/unlock`
pub async fn post(desk: Desk) -> Answer {
    let session = desk.visitor.session.as_ref().filter(|session| session.authenticated_at.is_some());
    let Some(session) = session else { return Ok(desk.go("/account/sign-in")) };
    let (owner, cx) = (session.owner.as_str(), &desk.cx);
    let to = desk.form.get("to");
    let page = || asks(cx, &desk.visitor, to, None);
    let Some(password) = Password::typed(&desk.form.secret("password")) else {
        return Ok(page().wrong(vec![fault("password", cx.t("office.fault.password_missing"))]));
    };
    let buckets = unlock_buckets(&desk, owner, desk.visitor.client);
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(page(), until));
    }
    let kept = desk.account_of(owner).await?.map(|account| account.password);
    if !desk.is_password(password, kept.clone(), buckets).await? {
        desk.refused(owner, "password");
        return Ok(page().wrong(vec![fault("password", cx.t("office.fault.password_wrong"))]));
    }
    if let Some(kept) = kept {
        desk.renew_hash(owner, kept);
    }
    let (vault, old) = (desk.office.means.vault.clone(), desk.visitor.hash.clone());
    let id = Id::default();
    let change = Unlock { vault, owner: owner.to_string(), old, new: id_hash(&id) };
    let waits = match desk.office.write(change).await {
        Err(StoreError::Stale) => return Ok(desk.go("/account/sign-in")),
        taken => taken?,
    };
    let response = match waits.filter(|pending| pending.address != PLACE) {
        Some(pending) => again(&desk, &pending, id).await?,
        None => desk.go(way_back(to)),
    };
    Ok(with_cookie(response, desk.office.cookie.set(&id.to_string())))
}

fn unlock_buckets(desk: &Desk, owner: &str, client: IpAddr) -> Vec<Bucket> {
    // Counted for the session alone, so that nobody else can use up its tries.
    vec![desk.office.buckets.network(client), desk.office.buckets.device(owner.as_bytes(), b"unlock")]
}

/// A page of the office, or its first one.
pub(super) fn way_back(to: &str) -> &str {
    let ours = to == ROOT || to.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/'));
    let plain = to.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'/' | b'-'));
    if ours && plain { to } else { ROOT }
}

/// Does what was sent while the session was locked, as if it came now.
pub(super) async fn again(desk: &Desk, pending: &Pending, id: Id) -> Result<Response, Instead> {
    let headers = &desk.headers;
    let Some(router) = desk.office.again.get() else { return Ok(desk.go(ROOT)) };
    let mut request = Request::new(Body::from(pending.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = pending.address.parse().map_err(anyhow::Error::new)?;
    *request.headers_mut() = headers.clone();
    let mut cookies = format!("{}={id}", desk.office.cookie.name());
    for other in headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()) {
        let ours = format!("{}=", desk.office.cookie.name());
        let kept = other.split(';').map(str::trim).filter(|pair| !pair.starts_with(&ours));
        kept.for_each(|pair| cookies.extend(["; ", pair]));
    }
    request.headers_mut().insert(header::COOKIE, HeaderValue::try_from(cookies).map_err(anyhow::Error::new)?);
    request.headers_mut().remove(header::CONTENT_LENGTH);
    if let Some(wire) = desk.wire.clone() {
        request.extensions_mut().insert(wire);
    }
    request.extensions_mut().insert(RequestId::again(&desk.cx.request_id));
    match router.clone().oneshot(request).await {
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}
