//! `/account/taxes/YEAR`: the year's record for the tax return, as it stands and as it was given out; the same as a table.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::{Extension, response::Response};

use super::With;
use crate::application::submit::shown;
use crate::enrollment::amounts::{MONTHS, MonthLine};
use crate::enrollment::tax_year::{self, By, Given, Policy, Standing, TaxYear};
use crate::office::clock::day_of;
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::types::Cents;
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

/// One plan's table.
struct Table {
    plan: String,
    issuer: String,
    number: String,
    /// Whose record it is, where a plan has several.
    household: Option<String>,
    people: Vec<String>,
    /// Month, A, B, C; A says so where nobody was covered.
    lines: Vec<[String; 4]>,
    total: [String; 4],
}

/// A record that was given out.
struct Shown {
    title: String,
    about: String,
    tables: Vec<Table>,
}

#[derive(Template)]
#[template(path = "coverage/taxes.html")]
struct TaxesPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    year: String,
    next: String,
    newest: Option<Shown>,
    older: Vec<Shown>,
    /// Of a year that goes on, or of one whose record is still to come or differs.
    so_far: Option<Vec<Table>>,
    goes_on: bool,
    differs: bool,
    /// Several tax households have records.
    several: bool,
    unpaid: Vec<String>,
    csv: Option<String>,
}

fn table(cx: &Cx, policy: &Policy) -> Table {
    let line = |name: String, line: &MonthLine, covered: bool| {
        if !covered {
            return [name, cx.t("taxes.not_covered").to_string(), String::new(), String::new()];
        }
        let benchmark = line.benchmark.map_or_else(|| cx.t("taxes.no_benchmark").to_string(), Cents::dollars_cents);
        [name, line.premium.dollars_cents(), benchmark, line.credit.dollars_cents()]
    };
    let month = |number: usize| cx.t(&format!("month.{}", number + 1)).to_string();
    let lines = (0..MONTHS).map(|n| line(month(n), &policy.months[n], policy.months[n].days > 0)).collect();
    let person = |person: &tax_year::Covered| {
        let (from, to) = (cx.date(person.from), cx.date(person.to));
        cx.tf("taxes.covered", &[("name", &person.name), ("from", &from), ("to", &to)])
    };
    Table {
        plan: policy.plan.clone(),
        issuer: policy.issuer.clone(),
        number: cx.tf("taxes.policy", &[("number", &shown(&policy.number))]),
        household: policy.household.as_ref().map(|own| match own.as_str() {
            "" => cx.t("taxes.household_none").to_string(),
            names => cx.tf("taxes.household", &[("names", names)]),
        }),
        people: policy.people.iter().map(person).collect(),
        lines,
        total: line(cx.t("taxes.total").to_string(), &policy.totals(), true),
    }
}

fn tables(cx: &Cx, record: &TaxYear) -> Vec<Table> {
    record.policies.iter().map(|policy| table(cx, policy)).collect()
}

fn shown_record(cx: &Cx, given: &Given) -> Shown {
    let (n, date) = (given.number.to_string(), day_of(cx, given.made_at));
    let values = [("n", n.as_str()), ("date", date.as_str())];
    let about = if given.number == 1 { "taxes.given_first" } else { "taxes.given_later" };
    Shown {
        title: cx.tf("taxes.given", &values),
        about: cx.t(if given.record.is_empty() { "taxes.void" } else { about }).to_string(),
        tables: tables(cx, &given.record),
    }
}

/// A year's standing and what was given out of it; a year of which there is nothing is not there.
async fn found(desk: &Desk, with: &With, year: &str) -> Result<(i32, Standing, Vec<Given>), Instead> {
    let Some(owner) = desk.owner() else { return Err(desk.go("/account").into()) };
    let year: i32 = year.parse().map_err(|_| Failure::NotFound)?;
    let cx = &desk.cx;
    let vault = &desk.office.means.vault;
    let today = cx.app.tables.days(None, (cx.app.clock)()).own;
    let by = By { rules: &with.rules, tables: &cx.app.tables, vault };
    let mut connection = desk.office.read().await?;
    if !tax_year::years(&mut connection, owner).await?.contains(&year) {
        return Err(Failure::NotFound.into());
    }
    let standing = tax_year::standing(&mut connection, by, (owner, year), today).await?;
    let given = tax_year::given(&mut connection, vault, (owner, year)).await?;
    Ok((year, standing, given))
}

/// `GET /account/taxes/YEAR`
pub async fn show(desk: Desk, with: Extension<With>, Path(year): Path<String>) -> Answer {
    let (year, standing, given) = found(&desk, &with, &year).await?;
    let cx = &desk.cx;
    let goes_on = cx.app.tables.days(None, (cx.app.clock)()).own.year() <= year;
    let differs = !goes_on && given.first().is_some_and(|newest| newest.record != standing.so_far);
    let still = goes_on || given.is_empty() || differs;
    let mut records = given.iter().map(|given| shown_record(cx, given));
    let unpaid = |own: &crate::enrollment::Enrollment| cx.tf("taxes.unpaid", &[("plan", &own.signed.plan.name)]);
    let any = !standing.so_far.is_empty() || given.first().is_some_and(|newest| !newest.record.is_empty());
    let parted = |record: &TaxYear| record.policies.iter().any(|policy| policy.household.is_some());
    let template = TaxesPage {
        bar: bar(cx, &desk.visitor),
        several: parted(&standing.so_far) || given.first().is_some_and(|newest| parted(&newest.record)),
        newest: records.next(),
        older: records.collect(),
        so_far: still.then(|| tables(cx, &standing.so_far)),
        goes_on,
        differs,
        unpaid: standing.unpaid.iter().map(unpaid).collect(),
        csv: any.then(|| cx.href(&format!("/account/taxes/{year}/record.csv"))),
        next: (year + 1).to_string(),
        year: year.to_string(),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// `GET /account/taxes/YEAR/record.csv`: as it stands now; column names are the same in every language.
pub async fn csv(desk: Desk, with: Extension<With>, Path(year): Path<String>) -> Answer {
    let (year, standing, given) = found(&desk, &with, &year).await?;
    let number = given.first().filter(|newest| newest.record == standing.so_far).map(|newest| newest.number);
    let text = written(&standing.so_far, number).map_err(Failure::internal)?;
    let mut response: Response =
        page::send(&desk.cx, StatusCode::OK, "text/csv; charset=utf-8", text, CachePolicy::Private);
    let name = format!("attachment; filename=\"taxes-{year}.csv\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(Failure::internal)?);
    Ok(response)
}

/// Who is covered in a month, each with the last day if it is in the month and not its last.
fn covered(policy: &Policy, month: u8) -> String {
    let on =
        |person: &&tax_year::Covered| u8::from(person.from.month()) <= month && u8::from(person.to.month()) >= month;
    let one = |person: &tax_year::Covered| {
        let of_month = person.to.month().length(person.to.year());
        match u8::from(person.to.month()) == month && person.to.day() < of_month {
            true => format!("{} ({})", person.name, person.to),
            false => person.name.clone(),
        }
    };
    policy.people.iter().filter(on).map(one).collect::<Vec<_>>().join("; ")
}

/// `record`: the number of the record that was given out, or empty if it is none yet.
fn written(record: &TaxYear, number: Option<i64>) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "year",
        "record",
        "policy",
        "tax_household",
        "people",
        "insurer",
        "plan",
        "month",
        "days",
        "premium_a",
        "benchmark_b",
        "credit_c",
    ])?;
    let number = number.map(|number| number.to_string()).unwrap_or_default();
    for policy in &record.policies {
        for (line, month) in policy.months.iter().zip(1..) {
            let benchmark = line.benchmark.map(Cents::decimal).unwrap_or_default();
            out.write_record([
                &record.year.to_string(),
                &number,
                &policy.number,
                policy.household.as_deref().unwrap_or_default(),
                &covered(policy, month),
                &policy.issuer,
                &policy.plan,
                &format!("{month:02}"),
                &line.days.to_string(),
                &line.premium.decimal(),
                &benchmark,
                &line.credit.decimal(),
            ])?;
        }
    }
    out.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
