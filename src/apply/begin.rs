//! `/account/apply/begin`: what it takes, and the beginning, with everything that the shop knows already; and giving an
//! application up.

use askama::Template;
use axum::http::StatusCode;
use zeroize::Zeroizing;

use super::ROOT;
use super::around::{count, found, open, place_words, save};
use super::marks::{SEARCH_UNUSED, marked};
use crate::account::guessing::Counted;
use crate::application::funnel::BEGIN;
use crate::application::kinds::NONE;
use crate::application::saved::{Edit, Forget};
use crate::application::sheet::{HOUSEHOLD, RowId, Sheet, Table, YOU};
use crate::eligibility::State;
use crate::office::begin::{owner_with, search_in};
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::quote::ask::people::{Household, Relation};
use crate::telemetry::funnel::Came;
use crate::types::Zip5;
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "apply/begin.html")]
struct BeginPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    /// The search that leads here, to be sent along.
    carried: Vec<(String, String)>,
    place: String,
    /// What was typed on a page of an application that is not open here could not be kept.
    lost: bool,
}

/// `GET /account/apply/begin`
pub async fn show(desk: Desk) -> Answer {
    if found(&desk).await?.is_some() {
        return Ok(desk.go(&kept_address(&desk.cx.query)));
    }
    // A link of the shop brings its search in the address, where what is private is sealed.
    let search = desk.cx.query.clone();
    Ok(begin_page(&desk, &search))
}

/// The open application, where a search that comes now changes nothing; it says so.
fn kept_address(search: &str) -> String {
    let has_search = search.split('&').any(|pair| pair.starts_with("zip=") || pair.starts_with("people="));
    marked(ROOT.to_string(), [has_search.then_some(SEARCH_UNUSED)])
}

fn begin_page(desk: &Desk, search: &str) -> axum::response::Response {
    let cx = &desk.cx;
    count(cx, BEGIN, Came::Shown);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(search.as_bytes()).into_owned().collect();
    let zip = pairs.iter().find(|(name, _)| name == "zip").and_then(|(_, zip)| Zip5::parse(zip));
    let newest = cx.catalogues.newest();
    let county = zip.and_then(|zip| newest.places.counties(zip).next());
    let place = place_words(cx, county.and_then(|county| State::parse(&county.state)), i32::from(newest.year));
    let lost = pairs.iter().any(|(name, _)| name == "lost");
    let template = BeginPage { bar: bar(cx, &desk.visitor), carried: cx.sealed_pairs(&pairs), place, lost, cx };
    page::render_status(cx, StatusCode::OK, template, CachePolicy::Private)
}

/// `POST /account/apply/begin`: from the shop it shows what it takes; from that page it begins.
pub async fn post(desk: Desk) -> Answer {
    let search = search_in(&desk);
    if found(&desk).await?.is_some() {
        return Ok(desk.go(&kept_address(&search)));
    }
    if !desk.form.ticked("begin") {
        return Ok(begin_page(&desk, &search));
    }
    if desk.owner().is_none() {
        // Each guest has a key and rows of their own: nobody gets thousands of them.
        let buckets = [desk.office.buckets.network(desk.visitor.client)];
        if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
            return Ok(desk.closed(desk.page(desk.cx.t("apply.begin.title")), until));
        }
    }
    // Filters and the plans that were picked wait there until there is a result.
    let owner = owner_with(&desk, &of_the_shop(&search)).await?;
    let known = known(&search);
    let edit = || {
        let known = known.clone();
        Box::new(move |sheet: &mut Sheet| fill(sheet, &known)) as Edit
    };
    save(&desk, &owner, true, (|| None, edit)).await?;
    count(&desk.cx, BEGIN, Came::Answered);
    Ok(desk.go(&format!("/account/apply/you/{YOU}")))
}

/// A search without what this page itself sends.
fn of_the_shop(search: &str) -> Zeroizing<String> {
    let own = |pair: &&str| !["begin", "lost"].contains(&pair.split('=').next().unwrap_or_default());
    Zeroizing::new(search.split('&').filter(own).collect::<Vec<_>>().join("&"))
}

/// What the shop's address said, by the names of questions: of the household, and of each person.
#[derive(Clone, Default)]
struct Known {
    household: Vec<(&'static str, String)>,
    people: Vec<Vec<(&'static str, String)>>,
    tobacco: Vec<usize>,
    tribal: Vec<usize>,
    pregnant: Vec<usize>,
    income: Option<String>,
}

fn known(search: &str) -> Known {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(search.as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().rev().find(|(own, value)| own == name && !value.is_empty());
    let value = |name: &str| value(name).map(|(_, value)| value.clone());
    let mut known = Known::default();
    for (name, question) in [("zip", "zip"), ("county", "county"), ("year", "plan_year")] {
        known.household.extend(value(name).map(|value| (question, value)));
    }
    known.income = value("income");
    if known.income.is_some() {
        known.household.push(("help", "yes".to_string()));
    }
    let Some(household) = value("people").and_then(|people| Household::parse(&people).ok()) else { return known };
    for (at, person) in household.people().iter().enumerate() {
        let mut said = vec![("applying", if person.needs_cover { "yes" } else { "no" }.to_string())];
        if at > 0 && person.relation == Relation::Spouse {
            said.push(("relation", "spouse".to_string()));
        }
        // An age is no birthday: it is shown beside the question that asks for it.
        said.push(("age_in_search", person.age.to_string()));
        known.people.push(said);
        for (is, list) in [
            (person.tobacco, &mut known.tobacco),
            (person.tribal_member, &mut known.tribal),
            (person.pregnant, &mut known.pregnant),
        ] {
            if is {
                list.push(at);
            }
        }
    }
    known
}

fn fill(sheet: &mut Sheet, known: &Known) {
    for (question, answer) in &known.household {
        sheet.set(question, HOUSEHOLD, answer);
    }
    let mut rows: Vec<RowId> = sheet.rows(Table::People).collect();
    while rows.len() < known.people.len() {
        match sheet.add(Table::People) {
            Some(row) => rows.push(row),
            None => break,
        }
    }
    for (row, said) in rows.iter().zip(&known.people) {
        for (question, answer) in said {
            sheet.set(question, *row, answer);
        }
    }
    // Only what was said; whoever else is meant is asked on the page itself.
    for (question, list) in [("tobacco", &known.tobacco), ("tribal", &known.tribal), ("pregnant", &known.pregnant)] {
        let people: Vec<String> = list.iter().filter_map(|at| rows.get(*at)).map(ToString::to_string).collect();
        if !people.is_empty() {
            sheet.set(question, HOUSEHOLD, &people.join(","));
        }
    }
    // One person, one sum: most likely pay, and the year's. The page shows it for them to change.
    if let (Some(income), [only]) = (&known.income, &rows[..]) {
        if let Some(row) = sheet.add(Table::Incomes).filter(|_| income != "0") {
            for (question, answer) in
                [("kind", "wages"), ("person", &only.to_string()), ("amount", income), ("frequency", "yearly")]
            {
                sheet.set(question, row, answer);
            }
            sheet.set("income_kinds", *only, "wages");
        }
        if income == "0" {
            sheet.set("income_kinds", *only, NONE);
        }
    }
}

/// `GET /account/apply/delete`
pub async fn delete_page(desk: Desk) -> Answer {
    let open = open(&desk).await?;
    let cx = &desk.cx;
    let [title, lead, submit] = match open.sheet.follows() {
        Some(_) => ["report.give_up", "report.give_up_lead", "report.give_up_submit"],
        None => ["apply.delete.title", "apply.delete.lead", "apply.delete.submit"],
    };
    Ok(desk.page(cx.t(title)).lead(cx.t(lead)).submit(cx.t(submit)).link(cx.t("apply.list"), super::ROOT).show())
}

/// `POST /account/apply/delete`: the answers go; what was saved while browsing stays.
pub async fn delete(desk: Desk) -> Answer {
    if let Some(owner) = desk.owner() {
        let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
        desk.office.write(Forget { means, owner: owner.to_string(), session }).await?;
    }
    Ok(desk.go("/account"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shop_knows_is_filled_in() {
        let mut sheet = Sheet::default();
        fill(&mut sheet, &known("year=2026&zip=45202&county=39061&people=40,38n,5&income=48000"));
        let rows: Vec<RowId> = sheet.rows(Table::People).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!((sheet.get("zip", HOUSEHOLD), sheet.get("plan_year", HOUSEHOLD)), ("45202", "2026"));
        assert_eq!((sheet.get("applying", rows[1]), sheet.get("age_in_search", rows[2])), ("no", "5"));
        assert_eq!(sheet.rows(Table::Incomes).count(), 0, "whose it is, is not known");

        let mut alone = Sheet::default();
        fill(&mut alone, &known("zip=45202&people=40t&income=37650"));
        let income = alone.rows(Table::Incomes).next().expect("one");
        assert_eq!((alone.get("amount", income), alone.get("income_kinds", YOU)), ("37650", "wages"));
        assert_eq!(alone.get("tobacco", HOUSEHOLD), "1");

        let mut nothing = Sheet::default();
        fill(&mut nothing, &known("people=abc&income="));
        assert_eq!(nothing.rows(Table::People).count(), 1);
    }
}
