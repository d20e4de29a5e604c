//! `/account/step`: the code that proves an address, or that whoever knows a password is its owner.
//!
//! Three codes are taken: the app's, a printed one, the mailed one. What it is for waits in the session.

use axum::response::Response;
use zeroize::Zeroizing;

use super::desk::{Answer, Desk, Instead};
use super::letters::Says;
use super::sign_in::{Arrival, arrive, know, seat};
use super::sign_up::holder;
use super::view::{Field, FormPage, fault};
use super::visitor::{Who, unhex};
use super::waiting::{Waiting, asked, mailed};
use crate::account::changes::{NewAddress, SignUpProved};
use crate::account::guessing::Counted;
use crate::account::people::{SignUp, SignedUp, account_owner, new_id};
use crate::account::steps::{Factor, Purpose, UseApps, UseMailed, app_or_printed};
use crate::store::StoreError;
use crate::store::lookup::Sought;

/// Whether the app's codes are what this account takes.
async fn has_app(desk: &Desk, owner: &str, waiting: &Waiting) -> Result<bool, Instead> {
    if !matches!(waiting, Waiting::SignIn { .. }) {
        return Ok(false);
    }
    let account = desk.account_of(owner).await?;
    Ok(account.is_some_and(|account| account.has_totp))
}

fn page<'d>(desk: &'d Desk, waiting: &Waiting, app: bool) -> FormPage<'d> {
    let cx = &desk.cx;
    let (lead, label, hint) = match app {
        true => ("office.step.lead_app", "office.step.code_app", "office.step.hint_app"),
        false => ("office.step.lead_mail", "office.step.code_mail", "office.step.hint_mail"),
    };
    let mut page = desk
        .page(cx.t("office.step.title"))
        .lead(cx.t(lead))
        .field(
            Field { inputmode: if app { "" } else { "numeric" }, ..Field::code("code", cx.t(label)) }.hint(cx.t(hint)),
        )
        .submit(cx.t("office.step.submit"))
        .to("/account/step");
    let shared = match waiting {
        Waiting::SignUp { shared, .. } | Waiting::SignIn { shared, .. } => Some(*shared),
        _ => None,
    };
    if shared == Some(false) {
        // Only by choice: at a library nobody would take a mark away that they have not made.
        let ticked = desk.form.ticked("known");
        page = page.field(Field::tick("known", cx.t("office.step.known"), ticked).hint(cx.t("office.step.known_hint")));
    }
    if !app {
        page = page.button(cx.t("office.step.again"), "/account/step/again");
    }
    match waiting {
        Waiting::SignUp { .. } => page.link(cx.t("office.step.other_address"), "/account/sign-up"),
        Waiting::NewAddress { .. } => page.link(cx.t("office.step.other_address"), "/account/email"),
        _ => page.link(cx.t("office.step.start_over"), "/account/sign-in"),
    }
}

/// `GET /account/step`
pub async fn show(desk: Desk) -> Answer {
    let Some((owner, waiting)) = for_step(&desk).await? else { return Ok(nothing_waits(&desk)) };
    let app = has_app(&desk, &owner, &waiting).await?;
    Ok(page(&desk, &waiting, app).show())
}

/// Too late, or never begun. Whoever has pressed a button twice is signed in by now.
fn nothing_waits(desk: &Desk) -> Response {
    let cx = &desk.cx;
    if let Who::Account(_) = desk.visitor.who {
        return desk.go("/account");
    }
    desk.page(cx.t("office.step.over_title"))
        .lead(cx.t("office.step.over"))
        .link(cx.t("office.sign_in.title"), "/account/sign-in")
        .link(cx.t("office.sign_up.title"), "/account/sign-up")
        .link(cx.t("office.reset.title"), "/account/reset")
        .show()
}

/// What waits for a code of this page.
async fn for_step(desk: &Desk) -> Result<Option<(String, Waiting)>, Instead> {
    let waits = desk.waits().await?;
    Ok(waits.filter(|(_, waiting)| !matches!(waiting, Waiting::Codes { .. })))
}

/// `POST /account/step`
pub async fn post(desk: Desk) -> Answer {
    // By a page of its own: the cookie of a sign-in that has just succeeded is sent with that.
    let Some((owner, waiting)) = for_step(&desk).await? else { return Ok(desk.go("/account/step")) };
    let app = has_app(&desk, &owner, &waiting).await?;
    let cx = &desk.cx;
    let code = desk.form.code("code");
    if code.is_empty() {
        return Ok(page(&desk, &waiting, app).wrong(vec![fault("code", cx.t("office.fault.code_missing"))]));
    }
    let buckets = desk.code_buckets("step", &owner);
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(page(&desk, &waiting, app), until));
    }
    let by = if app { app_or_printed(&code) } else { Factor::MailedCode };
    let right = match app {
        true => is_apps(&desk, &owner, code).await?,
        false => is_mailed(&desk, &owner, &waiting, code).await?,
    };
    if !right {
        desk.refused(&owner, by.into());
        let words = if app { "office.fault.app_code_wrong" } else { "office.fault.code_wrong" };
        return Ok(page(&desk, &waiting, app).wrong(vec![fault("code", cx.t(words))]));
    }
    desk.was_right(buckets).await?;
    proved(&desk, &owner, &waiting, by).await
}

/// An app's code, or a printed one.
async fn is_apps(desk: &Desk, owner: &str, typed: Zeroizing<String>) -> Result<bool, Instead> {
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    Ok(desk.office.write(UseApps { means, owner: owner.to_string(), typed, session }).await?)
}

async fn is_mailed(desk: &Desk, owner: &str, waiting: &Waiting, typed: Zeroizing<String>) -> Result<bool, Instead> {
    let asked = asked(owner, waiting.purpose(), &desk.visitor.hash, waiting.address());
    Ok(desk.office.write(UseMailed { asked, typed }).await?)
}

async fn proved(desk: &Desk, owner: &str, waiting: &Waiting, by: Factor) -> Answer {
    match waiting {
        Waiting::SignUp { .. } => sign_up(desk, owner, waiting).await,
        Waiting::SignIn { email, shared, over } => {
            desk.waited(owner).await?;
            let (device, cookie) = device(desk, owner, *shared).await?;
            let letter = desk.office.letter(desk.cx.lang, (owner, email), &Says::NewBrowser)?;
            desk.office.send(letter).await?;
            let Some(email) = Sought::email(email) else { return Ok(desk.go("/account/sign-in")) };
            let over = unhex(over).unwrap_or_default();
            let arrival = Arrival { owner, device, by, shared: *shared, over };
            Ok(cookie(arrive(desk, arrival, email).await?))
        }
        Waiting::NewAddress { email } => new_address(desk, owner, email).await,
        Waiting::Codes { .. } => Ok(desk.go("/account")),
    }
}

/// Remembers the browser if it was asked for.
async fn device(
    desk: &Desk,
    owner: &str,
    shared: bool,
) -> Result<(String, Box<dyn FnOnce(Response) -> Response + Send>), Instead> {
    if shared || !desk.form.ticked("known") {
        return Ok((String::new(), Box::new(|response| response)));
    }
    let (device, cookie) = know(desk, owner).await?;
    Ok((device, Box::new(cookie)))
}

async fn sign_up(desk: &Desk, guest: &str, waiting: &Waiting) -> Answer {
    let Waiting::SignUp { email, hash, chars, lang, shared } = waiting else { return Ok(desk.go("/account")) };
    let Some(sought) = Sought::email(email) else { return Ok(desk.go("/account/sign-up")) };
    let id = new_id()?;
    let change = SignUpProved(SignUp {
        means: desk.office.means.clone(),
        account: id.clone(),
        email: sought,
        typed_email: Zeroizing::new(email.clone()),
        password: Zeroizing::new(hash.clone()),
        password_chars: *chars,
        lang: lang.clone(),
        guest: Some(guest.to_string()),
        session: desk.visitor.session_text(),
    });
    match desk.office.write(change).await {
        Ok(SignedUp::Made) => {}
        // Made meanwhile, in another browser: its owner signs in there.
        Ok(SignedUp::Taken { .. }) | Err(StoreError::Taken { .. }) => return Ok(desk.go("/account/sign-in")),
        Err(error) => return Err(error.into()),
    }
    let owner = account_owner(&id);
    let (device, cookie) = device(desk, &owner, *shared).await?;
    let arrival = Arrival { owner: &owner, device, by: Factor::MailedCode, shared: *shared, over: Vec::new() };
    Ok(cookie(seat(desk, arrival).await?))
}

async fn new_address(desk: &Desk, owner: &str, email: &str) -> Answer {
    let Some(sought) = Sought::email(email) else { return Ok(desk.go("/account/email")) };
    let before = desk.account_of(owner).await?;
    let change = NewAddress {
        means: desk.office.means.clone(),
        owner: owner.to_string(),
        email: sought,
        typed: Zeroizing::new(email.to_string()),
        session: desk.visitor.session_text(),
    };
    match before {
        Some(before) => {
            let letter = desk.office.letter(desk.cx.lang, (owner, &before.email), &Says::AddressChanged)?;
            desk.office.tell(change, letter, |done| *done).await?;
        }
        None => drop(desk.office.write(change).await?),
    }
    desk.waited(owner).await?;
    Ok(desk.go("/account"))
}

/// `POST /account/step/again`: another letter.
pub async fn again(desk: Desk) -> Answer {
    let Some((owner, waiting)) = for_step(&desk).await? else { return Ok(desk.go("/account/step")) };
    let app = has_app(&desk, &owner, &waiting).await?;
    let buckets = match (&waiting, Sought::email(waiting.address())) {
        (Waiting::SignUp { .. } | Waiting::NewAddress { .. }, Some(to)) => desk.letter_buckets(&to),
        // Only whoever knows the password gets here.
        _ => desk.code_buckets("again", &owner),
    };
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(page(&desk, &waiting, app), until));
    }
    let hash = &desk.visitor.hash;
    match &waiting {
        Waiting::SignUp { email, .. } => send_address_code(&desk, &owner, hash, email).await?,
        Waiting::NewAddress { email } => send_address_code(&desk, &owner, hash, email).await?,
        Waiting::SignIn { email, .. } if !app => {
            desk.mail_code(&owner, waiting.purpose(), hash, (email, desk.cx.lang)).await?;
        }
        _ => {}
    }
    Ok(desk.go("/account/step"))
}

/// The code that proves an address. Whoever has an account with it gets a letter that says so, and the code that is kept
/// is in nobody's hands: both take the same work.
pub async fn send_address_code(desk: &Desk, owner: &str, session: &[u8], email: &str) -> Result<(), Instead> {
    let (office, lang) = (&desk.office, desk.cx.lang);
    let holder = holder(desk, email).await?;
    let (code, kept) = mailed(asked(owner, Purpose::ConfirmAddress, session, email))?;
    let letter = match &holder {
        None => office.letter(lang, (owner, email), &Says::Proof(&code))?,
        Some(holder) => office.letter(lang, (holder, email), &Says::AddressTaken)?,
    };
    Ok(office.tell(kept, letter, |()| true).await?)
}
