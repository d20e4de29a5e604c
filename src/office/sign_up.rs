//! `/account/sign-up`: an address and a password. The account is made when the code that was mailed to the address comes
//! back, in one change with everything that was begun as a guest: so nobody has an account under somebody else's
//! address, a typing mistake gives nobody's answers away, and the page says the same whether or not the address has one.

use super::begin;
use super::desk::{Answer, Desk, Instead};
use super::step::send_address_code;
use super::view::{Fault, Field, FormPage};
use super::visitor::Who;
use super::waiting::Waiting;
use crate::account::guessing::Counted;
use crate::account::password::{CHARS_ALONE, CHARS_WITH_SECOND_STEP, Password, Weak, new_password};
use crate::store::lookup::{self, Sought};

/// Words that whoever guesses tries first.
const SITE_WORDS: [&str; 4] = ["windowshop", "insurance", "marketplace", "healthcare"];

fn page(desk: &Desk) -> FormPage<'_> {
    let (cx, form) = (&desk.cx, &desk.form);
    let least = CHARS_ALONE.to_string();
    desk.page(cx.t("office.sign_up.title"))
        .lead(cx.t("office.sign_up.lead"))
        .field(Field::email(cx.t("office.field.email"), form.get("email")).hint(cx.t("office.sign_up.email_hint")))
        .field(
            Field::password("new_password", cx.t("office.sign_up.password"), "new-password")
                .hint(&cx.tf("office.field.new_password_hint", &[("n", &least)])),
        )
        .field(desk.shared_tick())
        .submit(cx.t("office.sign_up.submit"))
        .link(cx.t("office.sign_up.have"), "/account/sign-in")
        .small(cx.t("office.sign_up.small"))
}

/// `GET /account/sign-up`
pub async fn show(desk: Desk) -> Answer {
    match desk.visitor.who {
        Who::Account(_) => Ok(desk.go("/account")),
        _ => Ok(page(&desk).show()),
    }
}

/// `POST /account/sign-up`
pub async fn post(desk: Desk) -> Answer {
    let (cx, form) = (&desk.cx, &desk.form);
    if let Who::Account(_) = desk.visitor.who {
        return Ok(desk.go("/account"));
    }
    let (sought, judged) = (Sought::email(form.get("email")), judged(&desk, form.get("email"), false).await);
    let (sought, password) = match (sought, judged) {
        (Some(sought), Ok(password)) => (sought, password),
        (sought, judged) => {
            let odd = sought.is_none().then(|| desk.odd_email());
            return Ok(page(&desk).wrong(odd.into_iter().chain(judged.err()).collect()));
        }
    };
    let buckets = desk.letter_buckets(&sought);
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(page(&desk), until));
    }
    let chars = i64::try_from(password.chars()).unwrap_or(i64::MAX);
    let hash = desk.office.hashers.hash(password).await??;
    let waiting = Waiting::SignUp {
        email: form.get("email").to_string(),
        hash: hash.to_string(),
        chars,
        lang: cx.lang.code().to_string(),
        shared: form.ticked("shared"),
    };
    // What waits needs a key of its own: a guest's.
    let (owner, session) = begin::guest(&desk).await?;
    desk.wait(&owner, &session, &waiting).await?;
    send_address_code(&desk, &owner, &session, form.get("email")).await?;
    Ok(desk.go("/account/step"))
}

/// A new password that was typed, or why it is not taken. `email`: what it must not be made of.
pub async fn judged(desk: &Desk, email: &str, second_step: bool) -> Result<Password, Fault> {
    let context: Vec<&str> = [email].into_iter().chain(SITE_WORDS).collect();
    let cx = &desk.cx;
    let judged = match new_password(&desk.form.secret("new_password"), &context, second_step) {
        Ok(password) => unbreached(desk, password).await,
        weak => weak,
    };
    judged.map_err(|weak| {
        let least = if second_step { CHARS_WITH_SECOND_STEP } else { CHARS_ALONE };
        let words = match weak {
            Weak::TooShort { .. } if desk.form.secret("new_password").expose().is_empty() => {
                cx.tf("office.fault.new_password_missing", &[("n", &least.to_string())])
            }
            Weak::TooShort { least } => cx.tf("office.fault.too_short", &[("n", &least.to_string())]),
            Weak::TooLong => cx.t("office.fault.too_long").to_string(),
            Weak::Common => cx.t("office.fault.common").to_string(),
            Weak::Context => cx.t("office.fault.context").to_string(),
            Weak::Breached => cx.t("office.fault.breached").to_string(),
        };
        Fault { field: "new_password", words }
    })
}

/// The same password, if the operator's file does not hold it. A file that cannot be read any more keeps nobody out.
async fn unbreached(desk: &Desk, password: Password) -> Result<Password, Weak> {
    let Some(breached) = desk.office.breached.clone() else { return Ok(password) };
    let looked = tokio::task::spawn_blocking(move || (breached.holds(&password), password)).await;
    match looked {
        Ok((Ok(true), _)) => Err(Weak::Breached),
        Ok((Ok(false), password)) => Ok(password),
        Ok((Err(error), password)) => {
            tracing::error!(%error, "the file of breached passwords cannot be read");
            Ok(password)
        }
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}

/// Whose an address is; `None` if it is free.
pub async fn holder(desk: &Desk, email: &str) -> Result<Option<String>, Instead> {
    let Some(sought) = Sought::email(email) else { return Ok(None) };
    let mut connection = desk.office.read().await?;
    Ok(lookup::find(&mut connection, &desk.office.means.vault, &sought).await?)
}
