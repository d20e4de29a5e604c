//! `/account/sign-in`: address and password; a browser not seen before then takes a second step.
//!
//! A right and a wrong address are answered alike, in words and in time: a hash is made either way.

use axum::http::StatusCode;
use axum::response::Response;

use super::clock::clock;
use super::desk::{Answer, Desk, Instead, with_cookie};
use super::over::{self, hash_of};
use super::view::{Fault, Field, FormPage, fault};
use super::visitor::{Who, set_device, token_hash};
use super::waiting::Waiting;
use crate::account::changes::Arrived;
use crate::account::guessing::Counted;
use crate::account::password::Password;
use crate::account::people::{self, new_id};
use crate::account::session::Session;
use crate::account::steps::{Factor, KnowDevice, Purpose, known_device};
use crate::store::lookup::Sought;
use crate::types::hex;

fn page(desk: &Desk) -> FormPage<'_> {
    let (cx, form) = (&desk.cx, &desk.form);
    let mut page = desk.page(cx.t("office.sign_in.title"));
    // On a computer that others use it may be somebody else's.
    if desk.visitor.guest().is_some() {
        page = page.note(cx.t("office.sign_in.takes_along")).link(cx.t("office.bar.leave"), "/account/leave");
    }
    page.field(Field::email(cx.t("office.field.email"), form.get("email")))
        .field(Field::password("password", cx.t("office.field.password"), "current-password"))
        .field(desk.shared_tick())
        .submit(cx.t("office.sign_in.submit"))
        .link(cx.t("office.sign_in.forgot"), "/account/reset")
        .link(cx.t("office.sign_in.new"), "/account/sign-up")
        .link(cx.t("office.sign_in.code"), "/account/resume")
}

/// `GET /account/sign-in`
pub async fn show(desk: Desk) -> Answer {
    match desk.visitor.who {
        Who::Account(_) => Ok(desk.go("/account")),
        _ => Ok(page(&desk).show()),
    }
}

/// `POST /account/sign-in`
pub async fn post(desk: Desk) -> Answer {
    let (cx, form) = (&desk.cx, &desk.form);
    let (sought, password) = (Sought::email(form.get("email")), Password::typed(&form.secret("password")));
    let (Some(sought), Some(password)) = (&sought, password) else {
        return Ok(page(&desk).wrong(missing(&desk, sought.is_none())));
    };
    let office = &desk.office;
    let mut connection = office.read().await?;
    let found = people::find(&mut connection, &office.means.vault, sought).await?;
    let known = match (&found, &desk.visitor.device) {
        (Some(found), Some(device)) => known_device(&mut connection, &found.owner, device).await?.zip(Some(device)),
        _ => None,
    };
    drop(connection);
    let bucket = match &known {
        Some((_, device)) => office.buckets.device(sought.as_bytes(), device),
        None => office.buckets.strangers(sought.as_bytes()),
    };
    let buckets = [office.buckets.network(desk.visitor.client), bucket];
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        let words = cx.tf("office.sign_in.closed", &[("time", &clock(cx, until))]);
        return Ok(page(&desk).note(&words).with_status(StatusCode::TOO_MANY_REQUESTS));
    }
    let kept = found.as_ref().map(|found| found.password.clone());
    let owner = found.as_ref().map(|found| found.owner.clone()).unwrap_or_default();
    let right = desk.is_password(password, kept, buckets.into()).await?;
    let Some(found) = found.filter(|_| right) else {
        desk.refused(&owner, "password");
        return Ok(page(&desk).wrong(vec![fault("password", cx.t("office.fault.sign_in_wrong"))]));
    };
    desk.renew_hash(&found.owner, found.password.clone());
    let shared = form.ticked("shared");
    if let Some((device, _)) = known {
        let over = hash_of(&desk.visitor, &found.owner);
        let arrival = Arrival { owner: &found.owner, device, by: Factor::KnownBrowser, shared, over };
        return arrive(&desk, arrival, sought.clone()).await;
    }
    let email = form.get("email").to_string();
    let over = hex(&hash_of(&desk.visitor, &found.owner));
    let session = desk.session_hash().await?;
    desk.wait(&found.owner, &session, &Waiting::SignIn { email: email.clone(), shared, over }).await?;
    if !found.has_totp {
        // Letters are counted like those that are asked for again: nobody's mailbox is filled from here.
        let letters = desk.code_buckets("again", &found.owner);
        if let Counted::ClosedUntil(until) = desk.count(&letters).await? {
            return Ok(desk.closed(page(&desk), until));
        }
        let lang = cx.app.messages.of_code(&found.lang).unwrap_or(cx.lang);
        desk.mail_code(&found.owner, Purpose::SecondStep, &session, (&email, lang)).await?;
    }
    Ok(desk.go("/account/step"))
}

fn missing(desk: &Desk, no_address: bool) -> Vec<Fault> {
    let (cx, form) = (&desk.cx, &desk.form);
    let mut faults = Vec::new();
    if no_address {
        faults.push(desk.odd_email());
    }
    if form.secret("password").expose().is_empty() {
        faults.push(fault("password", cx.t("office.fault.password_missing")));
    }
    if faults.is_empty() {
        faults.push(fault("password", cx.t("office.fault.sign_in_wrong")));
    }
    faults
}

/// Somebody who has proved who they are.
pub struct Arrival<'a> {
    pub owner: &'a str,
    /// Empty: this browser is not known.
    pub device: String,
    pub by: Factor,
    pub shared: bool,
    /// The session of theirs that ended here before, with what it sent too late; empty: none.
    pub over: Vec<u8>,
}

/// Signs in: a session under a new ID; what a guest began here comes along.
pub async fn arrive(desk: &Desk, arrival: Arrival<'_>, email: Sought) -> Answer {
    let arrived = || Arrived {
        means: desk.office.means.clone(),
        owner: arrival.owner.to_string(),
        guest: desk.visitor.guest().map(str::to_string),
        email: email.clone(),
        by: arrival.by,
        device: arrival.device.clone(),
        session: desk.visitor.session_text(),
    };
    desk.office.write_again(arrived).await?;
    seat(desk, arrival).await
}

/// The session of somebody who has just proved who they are.
pub async fn seat(desk: &Desk, arrival: Arrival<'_>) -> Answer {
    let now = desk.now().await?;
    let waits = over::take(desk, arrival.owner, &arrival.over).await?;
    let session = Session {
        owner: arrival.owner.to_string(),
        device: arrival.device,
        lang: desk.cx.lang.code().to_string(),
        shared: arrival.shared,
        made_at: now,
        seen_at: now,
        expires_at: now,
        authenticated_at: Some(now),
        second_step_at: (arrival.by != Factor::KnownBrowser).then_some(now),
    };
    desk.put_session(&session).await?;
    over::go_on(desk, waits).await
}

/// Remembers this browser: it has taken a second step. The answer carries its cookie.
pub async fn know(desk: &Desk, owner: &str) -> Result<(String, impl FnOnce(Response) -> Response + use<>), Instead> {
    let (device, token) = (new_id()?, new_id()?);
    let change = KnowDevice {
        vault: desk.office.means.vault.clone(),
        owner: owner.to_string(),
        device: device.clone(),
        token_hash: token_hash(&token),
        name: desk.visitor.browser.clone(),
    };
    desk.office.write(change).await?;
    let line = set_device(desk.secure(), Some(&token));
    Ok((device, move |response| with_cookie(response, line)))
}
