//! `/account`: what is saved, with the way back into the shop; for a guest the printed code, for an account its affairs.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::clock::day_and_clock;
use super::clock::day_of;
use super::desk::{Answer, Desk, Instead};
use super::leave::resume_at;
use super::view::{Bar, bar};
use super::visitor::Who;
use crate::account::changes::{self, TakeOver};
use crate::account::drafts::{self, Draft, DropSearch};
use crate::account::standing::{self, Checks};
use crate::store::Millis;
use crate::types::group_thousands;
use crate::web::page::{self, CachePolicy, Cx};
use crate::work::letters::bad_address;

/// A saved search as its owner sees it.
struct Saved {
    when: String,
    /// What is known of it: `ZIP code 45202`, `Ages 40, 38, 5`.
    facts: Vec<String>,
    list: String,
    /// The comparison of the plans that were picked; `None` if none was.
    picked: Option<(String, String)>,
    draft: String,
    at: Millis,
}

#[derive(Template)]
#[template(path = "office/home.html")]
struct HomePage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    guest: bool,
    saved: Vec<Saved>,
    /// A guest's printed code, and until when it is good.
    code: Option<(String, String)>,
    /// Where the code is typed, for paper; `None` if nobody has said what the site is called.
    resume_at: Option<String>,
    email: String,
    /// Since when letters to the address have come back.
    letters_back: Option<String>,
    /// What could be done next for the account's safety.
    hint: Option<&'a str>,
    has_app: bool,
    shared: bool,
    /// Something had to be proved, now or earlier.
    ever_needed: bool,
    /// How the checks of the newest application stand.
    checks: Option<String>,
}

/// `GET /account`
pub async fn show(desk: Desk) -> Answer {
    let Some(owner) = desk.owner() else { return Ok(welcome(&desk)) };
    let mut connection = desk.office.read().await?;
    let drafts = drafts::of(&mut connection, &desk.office.means.vault, owner).await?;
    let code = drafts::code_of(&mut connection, owner, &drafts).await?;
    let account = match &desk.visitor.who {
        Who::Account(owner) => changes::account(&mut connection, &desk.office.means.vault, owner).await?,
        _ => None,
    };
    let letters_back = match &account {
        Some(_) => bad_address(&mut connection, owner).await?,
        None => None,
    };
    let cx = &desk.cx;
    let standing = standing::of(&mut connection, owner, cx.app.config.hub.url.is_some()).await?;
    drop(connection);
    let guest = account.is_none();
    let few_codes = account.as_ref().is_some_and(|account| account.has_totp && account.recovery_left < 3);
    let template = HomePage {
        bar: bar(cx, &desk.visitor),
        guest,
        saved: drafts.iter().flat_map(|draft| saved(cx, draft)).collect(),
        code: code.filter(|_| guest).map(|(code, until)| (code, day_of(cx, until))),
        resume_at: resume_at(cx),
        email: account.as_ref().map(|account| account.email.to_string()).unwrap_or_default(),
        letters_back: letters_back.map(|(at, _)| day_of(cx, at)),
        hint: few_codes.then(|| cx.t("office.home.few_codes")),
        has_app: account.is_some_and(|account| account.has_totp),
        shared: desk.visitor.is_shared(),
        ever_needed: standing.ever_needed,
        checks: standing.checks.map(|checks| checks_words(cx, &checks)),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

fn checks_words(cx: &Cx, checks: &Checks) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    match checks {
        Checks::Waiting => cx.t("office.home.checks_waiting").to_string(),
        Checks::Done => cx.t("office.home.checks_done").to_string(),
        Checks::Needed(day) => match day.as_ref().and_then(|day| time::Date::parse(day, format).ok()) {
            Some(day) => cx.tf("office.home.checks_needed", &[("date", &cx.date(day))]),
            None => cx.t("office.home.checks_soon").to_string(),
        },
    }
}

/// Nobody is here yet: the ways in.
fn welcome(desk: &Desk) -> Response {
    let cx = &desk.cx;
    desk.page(cx.t("office.welcome.title"))
        .lead(cx.t("office.welcome.lead"))
        .link(cx.t("office.sign_in.title"), "/account/sign-in")
        .link(cx.t("office.sign_up.title"), "/account/sign-up")
        .link(cx.t("office.resume.title"), "/account/resume")
        .link(cx.t("office.welcome.shop"), "/")
        .small(cx.t("office.welcome.small"))
        .show()
}

fn saved(cx: &Cx, draft: &Draft) -> Vec<Saved> {
    draft.answers.shop.iter().map(|kept| one(cx, draft, &kept.query, kept.at)).collect()
}

fn one(cx: &Cx, draft: &Draft, query: &str, at: Millis) -> Saved {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().rev().find(|(own, value)| own == name && !value.is_empty());
    let value = |name: &str| value(name).map(|(_, value)| value.as_str());
    let mut facts = Vec::new();
    if let Some(year) = value("year") {
        facts.push(cx.tf("office.saved.year", &[("year", year)]));
    }
    if let Some(zip) = value("zip") {
        facts.push(cx.tf("office.saved.zip", &[("zip", zip)]));
    }
    if let Some(people) = value("people") {
        let ages = people.split(',').map(|person| person.trim_end_matches(|c: char| c.is_ascii_alphabetic()));
        facts.push(cx.tf("office.saved.ages", &[("ages", &ages.collect::<Vec<_>>().join(", "))]));
    }
    if let Some(income) = value("income") {
        let grouped = income.parse().map(group_thousands).unwrap_or_else(|_| income.to_string());
        facts.push(cx.tf("office.saved.income", &[("income", &grouped)]));
    }
    let picked = pairs.iter().filter(|(name, _)| name == "plan").count();
    let picked = i64::try_from(picked).ok().filter(|n| *n > 0);
    let mark = if query.is_empty() { "" } else { "?" };
    Saved {
        when: cx.tf("office.saved.when", &[("when", &day_and_clock(cx, at))]),
        facts,
        list: cx.href(&format!("/plans{mark}{query}")),
        picked: picked.map(|n| (cx.n("office.saved.picked", n), cx.href(&format!("/compare{mark}{query}")))),
        draft: draft.id.clone(),
        at,
    }
}

/// `POST /account/drop`: one saved search goes.
pub async fn drop_search(desk: Desk) -> Answer {
    if let (Some(owner), Ok(at)) = (desk.owner(), desk.form.get("at").parse()) {
        let (means, draft) = (desk.office.means.clone(), desk.form.get("draft").to_string());
        desk.office.write(DropSearch { means, owner: owner.to_string(), draft, at }).await?;
    }
    Ok(desk.go("/account"))
}

/// What a guest began becomes an account's that is signed in here.
pub async fn take_over(desk: &Desk, account: &str, guest: &str) -> Result<(), Instead> {
    let taken = || TakeOver {
        means: desk.office.means.clone(),
        owner: account.to_string(),
        guest: guest.to_string(),
        session: desk.visitor.session_text(),
    };
    Ok(desk.office.write_again(taken).await?)
}
