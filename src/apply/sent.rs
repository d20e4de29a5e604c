//! `/account/apply/sent` and `/account/notice/ID`: what was sent, what came of it, and the notices as they were written.
//!
//! Safe to load again, to print, and to come back to with the printed code. It changes nothing but when a notice was
//! first opened.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::Value;

use super::appeal::number;
use super::around::place_words;
use super::checked::{Checked, checked};
use super::marks::AGAIN;
use super::referred::{Referred, referred};
use crate::account::drafts;
use crate::application::change::is_last;
use crate::application::record::{self, ELIGIBILITY, Letter, Notice, Read};
use crate::application::sheet::{HOUSEHOLD, RowId, YOU, key};
use crate::application::submit::shown;
use crate::eligibility::State;
use crate::office::clock::{day_and_clock, day_of};
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::store::Reading;
use crate::transfer::history::History;
use crate::verify::appeal::{self, Appeal};
use crate::verify::history;
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};
use crate::work::letters::{self, LetterState, PAPER};

/// One application in the list.
struct Row {
    words: String,
    /// Which one it is a change of.
    follows: Option<String>,
    /// Where a change of it is reported; `None` if one was.
    report: Option<String>,
    notices: Vec<Link>,
}

/// A notice in the list.
struct Link {
    address: String,
    title: String,
    posted: String,
}

#[derive(Template)]
#[template(path = "apply/sent.html")]
struct SentPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    /// The newest application; `None` if nothing was sent.
    newest: Option<Newest>,
    /// How the checks of the newest application stand.
    checked: Option<Checked>,
    /// How far it is at the state's agency.
    referred: Option<Referred>,
    /// Address, and which one it is and how it stands.
    appeals: Vec<(String, String)>,
    rows: Vec<Row>,
    /// There is more than one notice.
    several: bool,
    again: bool,
    /// A guest's printed code, and until when it is good.
    code: Option<(String, String)>,
    guest: bool,
}

struct Newest {
    reference: String,
    when: String,
    people: Vec<(String, Vec<String>)>,
    lead: Vec<String>,
    place: String,
    /// Which application it is a change of.
    follows: Option<String>,
    /// They asked for letters on paper.
    paper: bool,
    notice: String,
    /// The shop, for the same household.
    plans: String,
    /// Somebody buys a plan here.
    shops: bool,
}

/// `GET /account/apply/sent`
pub async fn sent(desk: Desk) -> Answer {
    let cx = &desk.cx;
    let Some(owner) = desk.owner() else { return Ok(desk.go("/account")) };
    let vault = &desk.office.means.vault;
    let mut connection = desk.office.read().await?;
    let applications = record::of(&mut connection, vault, owner).await?;
    let posted = record::notices(&mut connection, owner).await?;
    // What it came to at first; notices that came later are in the list.
    let first = applications
        .first()
        .and_then(|newest| posted.iter().find(|notice| notice.application == newest.id && notice.kind == ELIGIBILITY));
    let notice = match first {
        Some(first) => record::notice(&mut connection, vault, (owner, &first.id)).await?,
        None => None,
    };
    let drafts = drafts::of(&mut connection, vault, owner).await?;
    let code = drafts::code_of(&mut connection, owner, &drafts).await?;
    let (checked, referred) = since(&mut connection, cx, (owner, &applications)).await?;
    let appeals = appeal::of_owner(&mut connection, vault, owner).await?;
    drop(connection);
    let guest = desk.visitor.guest().is_some();
    let row = |application: &record::Application| {
        let when = day_and_clock(cx, application.submitted_at);
        let of = posted.iter().filter(|notice| notice.application == application.id);
        Row {
            words: cx.tf(
                "sent.row",
                &[
                    ("year", &application.plan_year.to_string()),
                    ("when", &when),
                    ("reference", &shown(&application.reference)),
                ],
            ),
            notices: of.map(|notice| one_notice(cx, notice)).collect(),
            follows: follows_words(cx, application, &applications),
            report: is_last(&applications, &application.id)
                .then(|| cx.href(&format!("/account/apply/report?of={}", application.id))),
        }
    };
    let newest = applications
        .first()
        .zip(notice.as_ref())
        .map(|(application, notice)| newest(cx, (application, &applications), notice, &picked(&drafts)));
    let several = applications.len() > 1 || posted.len() > 1;
    let template = SentPage {
        bar: bar(cx, &desk.visitor),
        rows: applications.iter().map(row).collect(),
        newest,
        checked,
        referred,
        appeals: appeals.iter().map(|appeal| one_appeal(cx, appeal)).collect(),
        several,
        again: cx.is_marked(AGAIN),
        code: code.filter(|_| guest).map(|(code, until)| (code, day_of(cx, until))),
        guest,
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// What is said of the newest application, by its first notice. `picked`: plans of the search that was kept last.
fn newest(
    cx: &Cx,
    (application, applications): (&record::Application, &[record::Application]),
    (posted, notice): &(record::Posted, Notice),
    picked: &[String],
) -> Newest {
    let letter = letter(cx, notice);
    let results =
        |letter: &Letter| letter.people.iter().map(|part| (part.name.clone(), part.results.clone())).collect();
    Newest {
        reference: shown(&application.reference),
        when: day_and_clock(cx, application.submitted_at),
        people: letter.map(results).unwrap_or_default(),
        lead: letter.map(|letter| letter.lead.iter().skip(1).cloned().collect()).unwrap_or_default(),
        place: place_words(cx, application.determination["state"].as_str().and_then(State::parse), application.year()),
        follows: follows_words(cx, application, applications),
        paper: application.frozen.answers["notices_by.0"] == "mail",
        notice: address(cx, &posted.id),
        plans: plans(cx, application, picked),
        shops: shops(application),
    }
}

/// How the newest application stands since it was sent: its checks, and the state's agency. Where nobody is asked, or an
/// agency gets nothing, nothing is said of it.
async fn since(
    connection: &mut Reading,
    cx: &Cx,
    (owner, applications): (&str, &[record::Application]),
) -> Result<(Option<Checked>, Option<Referred>), Instead> {
    let Some(newest) = applications.first() else { return Ok((None, None)) };
    let (config, about) = (&cx.app.config, (owner, newest.id.as_str()));
    let standing = history::of(connection, about).await?;
    let checked = (standing.begun || config.hub.url.is_some()).then(|| checked(cx, newest, &standing));
    let mut transfers = History::of(connection, about).await?;
    // What an agency has answered about an earlier application of the same people is part of it.
    let mut earlier = newest.follows.clone();
    while let Some(id) = earlier {
        transfers.put_before(History::of(connection, (owner, &id)).await?);
        earlier = applications.iter().find(|own| own.id == id).and_then(|own| own.follows.clone());
    }
    let any = !transfers.sent.is_empty() || config.transfers.is_some();
    Ok((checked, any.then(|| referred(cx, newest, &transfers)).flatten()))
}

/// `It is a change of the application with the number …`
fn follows_words(cx: &Cx, application: &record::Application, all: &[record::Application]) -> Option<String> {
    let follows = application.follows.as_ref()?;
    let earlier = all.iter().find(|own| own.id == *follows)?;
    Some(cx.tf("report.follows", &[("reference", &shown(&earlier.reference))]))
}

fn address(cx: &Cx, notice: &str) -> String {
    cx.href(&format!("/account/notice/{notice}"))
}

fn one_notice(cx: &Cx, notice: &record::Posted) -> Link {
    let kind = notice.kind.split(':').next().unwrap_or_default();
    let title = cx.known(&format!("sent.kind_{kind}")).unwrap_or_else(|| cx.t("sent.notice")).to_string();
    Link { address: address(cx, &notice.id), title, posted: day_and_clock(cx, notice.posted_at) }
}

fn one_appeal(cx: &Cx, appeal: &Appeal) -> (String, String) {
    let (when, state) = (day_and_clock(cx, appeal.filed_at), cx.t(&format!("appeal.state.{}", appeal.state)));
    let values = [("number", &number(&appeal.id)[..]), ("when", &when), ("state", state)];
    (cx.href(&format!("/account/appeal/{}", appeal.id)), cx.tf("appeal.row", &values))
}

/// In the page's language, or the first one that it was written in.
fn letter<'n>(cx: &Cx, notice: &'n Notice) -> Option<&'n Letter> {
    let own = notice.letters.iter().find(|letter| letter.lang == cx.lang.code());
    own.or_else(|| notice.letters.first())
}

/// The plans that were picked in the search that was kept last.
fn picked(drafts: &[drafts::Draft]) -> Vec<String> {
    let searches = drafts.iter().flat_map(|draft| &draft.answers.shop);
    let newest = searches.max_by_key(|kept| kept.at).map_or("", |kept| &kept.query);
    let pairs = form_urlencoded::parse(newest.as_bytes());
    pairs.filter(|(name, _)| name == "plan").map(|(_, id)| id.into_owned()).collect()
}

/// The list of plans for the people of an application, with their income and the plans that they picked; what is private in
/// it is sealed.
fn plans(cx: &Cx, application: &record::Application, picked: &[String]) -> String {
    let household = &application.frozen.household;
    let text = |name: &str| application.frozen.answers.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let people: Vec<String> = application.determination["people"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|person| format!("{}{}", person["age"].as_u64().unwrap_or_default(), letters(application, person)))
        .collect();
    let magi = application.determination["tax_households"][0]["magi"].as_f64();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("zip", text("zip.0"));
    if let Some(county) = household["county_fips"].as_str() {
        query.append_pair("county", county);
    }
    query.append_pair("year", &application.plan_year.to_string());
    query.append_pair("people", &people.join(","));
    if let Some(magi) = magi {
        query.append_pair("income", &format!("{}", magi.round().max(0.0) as i64));
    }
    query.extend_pairs(picked.iter().map(|id| ("plan", id)));
    cx.href(&format!("/plans?{}", query.finish().replace("%2C", ",")))
}

/// The letters of `people=` that the answers and the result give a person: what they leave out would make the shop's prices
/// others than the notice's.
fn letters(application: &record::Application, person: &Value) -> String {
    let id = person["id"].as_str().unwrap_or_default();
    let row: RowId = id.parse().unwrap_or_default();
    let answer = |name: &str| application.frozen.answers.get(name).and_then(Value::as_str).unwrap_or_default();
    let among = |question: &str| answer(&key(question, HOUSEHOLD)).split(',').any(|own| own == id);
    let applies = person["applying"].as_bool().unwrap_or_default();
    let tax = &application.determination["tax_households"];
    let listed = |list: &Value| list.as_array().is_some_and(|list| list.iter().any(|own| own.as_str() == Some(id)));
    let is_first = row == YOU;
    let is_spouse = answer(&key("relation", row)) == "spouse";
    let with_first = listed(&tax[0]["members"]);
    let credit = person["credit"].as_bool().unwrap_or_default();
    let public = !person["medicaid"].is_null() || !person["chip"].is_null();
    // Coverage, or a job's offer, that ruled the credit out.
    let covered = applies && !credit && !public && (among("covered") || among("offered"));
    [
        ('t', among("tobacco")),
        ('p', among("pregnant")),
        ('m', among("tribal")),
        ('n', !applies),
        ('s', !is_first && with_first && is_spouse),
        ('d', !is_first && with_first && !is_spouse),
        ('o', !is_first && !with_first),
        ('c', covered),
    ]
    .into_iter()
    .filter_map(|(letter, is)| is.then_some(letter))
    .collect()
}

/// Whether anybody buys a plan here, by what it came to at first; the page of choosing goes by what counts now.
fn shops(application: &record::Application) -> bool {
    let people = application.determination["people"].as_array();
    let yes = |person: &Value, name: &str| person[name].as_bool().unwrap_or_default();
    people.into_iter().flatten().any(|person| {
        let chip = person["chip"].as_str().is_some_and(|kind| kind != "unborn");
        let public = !person["medicaid"].is_null() || chip || yes(person, "basic_health");
        yes(person, "applying") && yes(person, "marketplace") && !public
    })
}

/// Waiting, taken by a server, or come back: nobody has to wonder.
fn told_words(cx: &Cx, state: &LetterState) -> String {
    if state.bounced_at.is_some() || !state.code.is_empty() {
        return cx.t("notice.mail_back").to_string();
    }
    match state.mailed_at {
        Some(at) if state.accepted_by == PAPER => cx.tf("notice.mailed_paper", &[("when", &day_and_clock(cx, at))]),
        Some(at) => cx.tf("notice.mailed", &[("when", &day_and_clock(cx, at))]),
        None => cx.t("notice.mail_waits").to_string(),
    }
}

#[derive(Template)]
#[template(path = "apply/notice.html")]
struct NoticePage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    letter: &'a Letter,
    /// Where it can be appealed.
    appeal: Option<String>,
    posted: String,
    read: Option<String>,
    /// What became of the e-mail that told of it.
    told: Option<String>,
}

/// `GET /account/notice/ID`
pub async fn notice(desk: Desk, Path(id): Path<String>) -> Answer {
    let cx = &desk.cx;
    let Some(owner) = desk.owner() else { return Ok(desk.go("/account")) };
    let mut connection = desk.office.read().await?;
    let found = record::notice(&mut connection, &desk.office.means.vault, (owner, &id)).await?;
    let told = letters::letter_state(&mut connection, &format!("notice:{id}")).await?;
    let Some((posted, notice)) = found else { return Err(Failure::NotFound.into()) };
    let appealable = appeal::of(&mut connection, owner, &posted).await?.is_some();
    drop(connection);
    if posted.read_at.is_none() {
        desk.office.write(Read { owner: owner.to_string(), notice: id }).await?;
    }
    let letter = letter(cx, &notice).ok_or_else(|| anyhow::anyhow!("a notice without words"))?;
    let template = NoticePage {
        bar: bar(cx, &desk.visitor),
        letter,
        appeal: appealable.then(|| cx.href(&format!("/account/notice/{}/appeal", posted.id))),
        posted: cx.tf("notice.posted", &[("when", &day_and_clock(cx, posted.posted_at))]),
        told: told.map(|state| told_words(cx, &state)),
        read: posted.read_at.map(|at| cx.tf("notice.read_first", &[("when", &day_and_clock(cx, at))])),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}
