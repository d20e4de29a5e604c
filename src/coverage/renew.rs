//! `/account/coverage/ID/renew`: what comes next year: which plan takes the place of this one, what it costs beside what is paid
//! now, with the credit that was determined for that year; what happens if people do nothing, by when to choose; and saying no.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;

use super::With;
use super::shown::{self, Own};
use crate::catalogue::Catalogue;
use crate::eligibility::enrollment::open_enrollment;
use crate::enrollment::outlook::{self, Around, Fate, Outcome, Outlook, Trouble};
use crate::enrollment::record::{self, Signed};
use crate::enrollment::renewal::{self, Next};
use crate::enrollment::renewing::{Wish, declined_at, renewed_by};
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::types::{Cents, PlanId};
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

/// A plan in a column.
struct Column {
    plan: String,
    issuer: String,
    premium: String,
    credit: String,
    net: String,
    /// Its page in the shop, or of the enrollment.
    page: Option<String>,
}

/// Saying that a plan must not be renewed, and taking that back: a button with its words.
pub struct Say {
    pub address: String,
    /// `yes`, `no`.
    pub wish: &'static str,
    pub words: String,
    pub about: String,
}

#[derive(Template)]
#[template(path = "coverage/renew.html")]
struct RenewPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    year: String,
    back: String,
    done: Vec<String>,
    lead: String,
    /// What takes its place.
    fate: String,
    now: Column,
    next: Option<Column>,
    notes: Vec<String>,
    by: Option<String>,
    say: Option<Say>,
    /// Its plans can be chosen here.
    loaded: bool,
}

fn column(signed: &Signed, page: Option<String>) -> Column {
    Column {
        plan: signed.plan.name.clone(),
        issuer: signed.plan.issuer_name.clone(),
        premium: signed.premium.dollars_cents(),
        credit: signed.credit.dollars_cents(),
        net: signed.net().dollars_cents(),
        page,
    }
}

fn fate_words(next: &Next) -> &'static str {
    match next {
        Next::Same => "renew.same",
        Next::Other(_) => "renew.crosswalk",
        Next::OtherInsurer(_) => "renew.other_insurer",
        Next::Gone => "renew.gone",
        Next::Unknown => "renew.unknown",
    }
}

/// The button, while there is something to say: it has begun, no other plan follows yet, and it is not over.
///
/// # Errors
///
/// If the store is away.
pub async fn say(desk: &Desk, own: &Own) -> Result<Option<Say>, Instead> {
    let cx = &desk.cx;
    if !own.is_live() || !own.has_begun() {
        return Ok(None);
    }
    let mut connection = desk.office.read().await?;
    if renewed_by(&mut connection, &own.enrollment.id).await?.is_some() {
        return Ok(None);
    }
    let is_no = declined_at(&mut connection, &own.enrollment.id).await?.is_some();
    let year = (own.plan_year() + 1).to_string();
    let (end, of_year) = (cx.date(own.enrollment.ends), ("year", year.as_str()));
    let key = if is_no { ("renew.take_back", "renew.declined") } else { ("renew.decline", "renew.decline_about") };
    Ok(Some(Say {
        address: cx.href(&format!("{}/renew", own.address())),
        wish: if is_no { "yes" } else { "no" },
        words: cx.tf(key.0, &[of_year]),
        about: cx.tf(key.1, &[of_year, ("end", &end)]),
    }))
}

/// What is known of the next year.
struct Known {
    fate: String,
    next: Option<Column>,
    notes: Vec<String>,
}

/// The plan of next year at its full price for the same people, who are a year older: where no credit has been determined.
async fn at_full_price(
    (cx, own): (&Cx, &Own),
    catalogue: &Catalogue,
    plan: &PlanId,
) -> Result<(Option<Column>, Vec<String>), Failure> {
    let found = catalogue.record(plan, |_| crate::filing::codes::VariantKind::Standard).await;
    let Some(record) = found.map_err(Failure::internal)? else { return Ok((None, Vec::new())) };
    let priced = super::priced::next(cx, own, catalogue, plan).await?;
    let year = catalogue.year.to_string();
    let note = if priced.is_none() { "renew.not_sold" } else { "renew.credit_unknown" };
    let column = Column {
        plan: record.name.clone(),
        issuer: record.issuer.clone(),
        premium: priced.map(Cents::dollars_cents).unwrap_or_default(),
        credit: String::new(),
        net: String::new(),
        page: Some(shop_page(cx, catalogue, plan)),
    };
    Ok((Some(column), vec![cx.tf(note, &[("year", &year)])]))
}

fn shop_page(cx: &Cx, catalogue: &Catalogue, plan: &PlanId) -> String {
    cx.href(&format!("/plans/{plan}?year={}", catalogue.year))
}

/// What the chore that renews would do, or has done.
async fn known(desk: &Desk, with: &With, own: &Own, catalogue: &Catalogue) -> Result<Known, Instead> {
    let (cx, vault) = (&desk.cx, &desk.office.means.vault);
    let year = catalogue.year.to_string();
    let of_year = [("year", year.as_str())];
    let connection = desk.office.read().await?;
    let around = Around { vault, tables: &cx.app.tables, rules: &with.renewals, catalogue };
    let asked = (own.enrollment.owner.as_str(), Some(own.enrollment.id.as_str()));
    let outlook = match outlook::of(connection, &around, asked, (cx.app.clock)()).await {
        Ok(outlook) => outlook,
        Err(Trouble::Store(error)) => return Err(error.into()),
        Err(other) => return Err(anyhow::Error::from(other).into()),
    };
    let fate = outlook.fates.iter().find(|fate| fate.old.id == own.enrollment.id);
    if let Some(Fate { outcome: Outcome::Before(id) | Outcome::Chosen(id), .. }) = fate {
        let of = (own.enrollment.owner.as_str(), id.as_str());
        let mut connection = desk.office.read().await?;
        let taken = record::one(&mut connection, vault, of).await?.ok_or(Failure::NotFound)?;
        let now = record::now(&mut connection, vault, &taken).await?;
        drop(connection);
        let is_renewed = taken.signed.is_renewed();
        let key = match (taken.state.is_live(), is_renewed) {
            (false, _) => "renew.over",
            (true, true) => "renew.done",
            (true, false) => "renew.chosen",
        };
        let page = cx.href(&format!("/account/coverage/{id}"));
        return Ok(Known { fate: cx.tf(key, &of_year), next: Some(column(&now, Some(page))), notes: Vec::new() });
    }
    if let Some((fate, line)) = fate.and_then(|fate| Some((fate, renewed(&outlook, fate)?))) {
        let page = PlanId::parse(&line.plan.id).map(|plan| shop_page(cx, catalogue, &plan));
        let notes = about(cx, (&outlook, fate), &year);
        return Ok(Known { fate: cx.tf(fate_words(&fate.next), &of_year), next: Some(column(line, page)), notes });
    }
    let next = renewal::next(catalogue, &own.now, false).await.map_err(Failure::internal)?;
    let (mut column, mut notes) = (None, Vec::new());
    if let Some(plan) = PlanId::parse(&own.now.plan.id).as_ref().and_then(|plan| next.plan(plan)) {
        (column, notes) = at_full_price((cx, own), catalogue, plan).await?;
    }
    // Why it cannot be renewed for these people, although there is a plan.
    if let Some(fate) = fate.filter(|_| outlook.results.is_some()) {
        notes = leaving(cx, fate, &year);
        if column.is_some() {
            notes.push(cx.tf("renew.not_renewable", &of_year));
        }
    }
    Ok(Known { fate: cx.tf(fate_words(&next), &of_year), next: column, notes })
}

fn renewed<'o>(outlook: &'o Outlook, fate: &Fate) -> Option<&'o Signed> {
    let Outcome::Renewed(line) = fate.outcome else { return None };
    Some(&outlook.checked.as_ref()?.lines.get(line)?.signed)
}

/// Why there is no credit; who cannot stay.
fn about(cx: &Cx, (outlook, fate): (&Outlook, &Fate), year: &str) -> Vec<String> {
    let of_year = [("year", year)];
    let credit = renewed(outlook, fate).map_or(Cents::ZERO, |line| line.credit);
    let mut notes = vec![match (outlook.consented, credit > Cents::ZERO) {
        (false, _) => cx.tf("renewed.no_consent", &of_year),
        (true, true) => cx.tf("renew.credit_known", &of_year),
        (true, false) => cx.tf("renew.credit_none", &of_year),
    }];
    notes.extend(leaving(cx, fate, year));
    notes
}

fn leaving(cx: &Cx, fate: &Fate, year: &str) -> Vec<String> {
    let one = |(person, why): &(record::SignedPerson, outlook::Leaves)| {
        let name = format!("{} {}", person.first, person.last);
        cx.tf(&format!("renewed.leaves.{}", why.word()), &[("name", &name), ("year", year)])
    };
    fate.leaves.iter().map(one).collect()
}

/// `GET /account/coverage/ID/renew`
pub async fn show(desk: Desk, with: Extension<With>, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    let cx = &desk.cx;
    let year = own.plan_year() + 1;
    let year_words = year.to_string();
    let of_year = [("year", year_words.as_str())];
    let catalogue = u16::try_from(year).ok().and_then(|year| cx.catalogues.get(year).cloned());
    let say = say(&desk, &own).await?;
    let mut known = match &catalogue {
        Some(catalogue) => known(&desk, &with, &own, catalogue).await?,
        None => Known { fate: cx.tf("renew.not_loaded", &of_year), next: None, notes: Vec::new() },
    };
    // What happens if they do nothing.
    if let (Some(say), Some(_)) = (&say, &known.next) {
        known.notes.push(match (say.wish, own.is_paid()) {
            ("yes", _) => cx.tf("renew.nothing_declined", &of_year),
            (_, true) => cx.t("renew.nothing").to_string(),
            (_, false) => cx.t("renew.nothing_unpaid").to_string(),
        });
    }
    let open = own.place().map(|place| open_enrollment(&cx.app.tables, place, year, own.days));
    let by = open.and_then(|open| {
        let (by, start) = (cx.date(open.select_by?), cx.date(open.coverage_start?));
        Some(cx.tf("renew.by", &[("date", &by), ("start", &start)]))
    });
    let done = ["declined", "wanted", "late"].into_iter();
    let done = done.filter(|word| cx.query.split('&').any(|pair| pair == format!("done={word}")));
    let template = RenewPage {
        bar: bar(cx, &desk.visitor),
        back: cx.href(&own.address()),
        done: done.map(|word| cx.tf(&format!("renew.said.{word}"), &of_year)).collect(),
        lead: cx.tf("renew.lead", &[("end", &cx.date(own.enrollment.ends)), ("year", &year_words)]),
        fate: known.fate,
        now: column(&own.now, None),
        next: known.next,
        notes: known.notes,
        by,
        say,
        loaded: catalogue.is_some(),
        year: year_words,
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// `POST /account/coverage/ID/renew`: the wish.
pub async fn post(desk: Desk, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    let renew = match desk.form.get("wish") {
        "no" => false,
        "yes" => true,
        _ => return Ok(desk.go(&format!("{}/renew", own.address()))),
    };
    let (owner, enrollment) = (own.enrollment.owner.clone(), own.enrollment.id.clone());
    let means = desk.office.means.clone();
    let wish = Wish { means, owner, enrollment, renew, session: desk.visitor.session_text() };
    let done = desk.office.write(wish).await?;
    // Pressed twice, it is as it was wished.
    let mut connection = desk.office.read().await?;
    let is_no = declined_at(&mut connection, &own.enrollment.id).await?.is_some();
    let word = match (done || is_no != renew, renew) {
        (false, _) => "late",
        (true, true) => "wanted",
        (true, false) => "declined",
    };
    Ok(desk.go(&format!("{}/renew?done={word}", own.address())))
}
