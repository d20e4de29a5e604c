//! Taking people off a plan while the others stay: what it means, in exact figures, and that it is meant.
//!
//! Called by the page of ending. The figures are `enrollment::leaving`'s; what is shown is what is written, or nothing is.

use std::sync::Arc;

use axum::response::Response;
use time::Date;

use super::With;
use super::end::{Wish, carried, field_of, first, said};
use super::shown::{Own, from_then, open_until};
use crate::application::sheet::RowId;
use crate::enrollment::amounts::prorated;
use crate::enrollment::end_rules::{Last, Partial, Reason};
use crate::enrollment::ending::Done;
use crate::enrollment::leave::{self, Leave};
use crate::enrollment::leaving::{self, Left, Unfit};
use crate::enrollment::record::Signed;
use crate::enrollment::results;
use crate::enrollment::timeline::name;
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Fault, Field, fault};
use crate::types::Cents;
use crate::web::error::Failure;
use crate::web::page::Cx;

/// A form that was sent twice: whoever it takes off is off already.
pub fn done_before(desk: &Desk, own: &Own) -> Option<Response> {
    let ever = own.timeline.all().iter().flat_map(|since| &since.signed.people).map(|person| person.row);
    let ticked: Vec<RowId> = ever.filter(|row| desk.form.ticked(&field_of(*row))).collect();
    let gone = |row: &RowId| own.now.people.iter().all(|person| person.row != *row);
    let all_gone = !ticked.is_empty() && ticked.iter().all(gone);
    (desk.form.ticked("checked") && all_gone).then(|| said(desk, own, Done::Before, ""))
}

/// The second page of taking people off, or what it does.
pub async fn post(desk: &Desk, with: &With, own: &Own, (wish, rows): (&Wish<'_>, &[RowId])) -> Answer {
    let left = match worked_out(desk, own, (wish, rows)).await? {
        Ok(left) => left,
        Err(words) => return Ok(first(desk, own, vec![fault("who", desk.cx.t(words))])),
    };
    let asked = (wish, rows, &left);
    if !desk.form.ticked("checked") {
        return Ok(second(desk, with, own, asked, Vec::new()));
    }
    // Another tab was faster, or the insurer's file.
    if desk.form.get("seen").parse() != Ok(own.enrollment.version) {
        return Ok(said(desk, own, Done::Changed, ""));
    }
    if desk.form.get("figures") != figures(&left) {
        let faults = vec![fault("sure", desk.cx.t("coverage.leave.fault.figures"))];
        return Ok(second(desk, with, own, asked, faults));
    }
    if !desk.form.ticked("sure") {
        let faults = vec![fault("sure", desk.cx.t("coverage.leave.fault.sure"))];
        return Ok(second(desk, with, own, asked, faults));
    }
    let meant = leave::Wish {
        owner: own.enrollment.owner.clone(),
        enrollment: own.enrollment.id.clone(),
        seen: own.enrollment.version,
        who: rows.to_vec(),
        reason: wish.reason,
        code: wish.rule.code.clone(),
        last: wish.last,
        session: desk.visitor.session_text(),
    };
    let by = (desk.office.means.clone(), Arc::clone(&with.knows));
    let change = Leave::new(by, meant, left).map_err(Failure::internal)?;
    let done = desk.office.write(change).await?;
    Ok(said(desk, own, done, "left"))
}

/// What those who stay have, or why that cannot be said.
async fn worked_out(
    desk: &Desk,
    own: &Own,
    (wish, rows): (&Wish<'_>, &[RowId]),
) -> Result<Result<Left, &'static str>, Instead> {
    let cx = &desk.cx;
    let enrollment = &own.enrollment;
    let of = (enrollment.owner.as_str(), enrollment.application.as_str());
    let mut connection = desk.office.read().await?;
    let results = results::of(&mut connection, &desk.office.means.vault, &cx.app.tables, of).await?;
    drop(connection);
    let year = u16::try_from(enrollment.plan_year).unwrap_or_default();
    let catalogue = cx.catalogues.get(year).map(|catalogue| &**catalogue);
    let by = leaving::By { catalogue, tables: &cx.app.tables, results: results.as_ref() };
    let wish = leaving::Wish { who: rows, last: wish.last, reason: wish.reason };
    match leaving::worked_out(by, (enrollment, &own.timeline), wish).await {
        Ok(left) => Ok(Ok(left)),
        Err(Unfit::Nobody) => Ok(Err("coverage.leave.fault.nobody")),
        Err(Unfit::NotSold) => Ok(Err("coverage.leave.fault.not_sold")),
        Err(Unfit::Unknown) => Ok(Err("coverage.leave.fault.unknown")),
        Err(why) => Err(anyhow::Error::from(why).into()),
    }
}

/// What a page has shown, in one word.
fn figures(left: &Left) -> String {
    let one = |since: &crate::enrollment::timeline::Since| {
        format!("{}:{}:{}", since.from, since.signed.premium.0, since.signed.credit.0)
    };
    left.times.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The second page.
fn second(
    desk: &Desk,
    with: &With,
    own: &Own,
    (wish, rows, left): (&Wish<'_>, &[RowId], &Left),
    faults: Vec<Fault>,
) -> Response {
    let cx = &desk.cx;
    let gone = own.now.people.iter().filter(|person| rows.contains(&person.row));
    let gone = gone.map(name).collect::<Vec<_>>().join(", ");
    let mut page = desk.page(cx.t("coverage.leave.check_title")).lead(&own.now.plan.name);
    for words in words(cx, with, own, (wish, &gone, left)) {
        page = page.lead(&words);
    }
    page.hidden = carried(desk, own, wish);
    page.hidden.push(("figures".to_string(), figures(left)));
    let end = format!("{}/end", own.address());
    let page = page
        .to(&end)
        .field(Field::tick("sure", &cx.tf("coverage.leave.sure", &[("names", &gone)]), false))
        .submit(cx.t("coverage.leave.do"))
        .link(cx.t("coverage.leave.change"), &end)
        .link(cx.t("coverage.leave.report"), "/account/apply/report")
        .link(cx.t("coverage.leave.keep"), &own.address());
    if faults.is_empty() { page.show() } else { page.wrong(faults) }
}

/// What it means.
fn words(cx: &Cx, with: &With, own: &Own, (wish, gone, left): (&Wish<'_>, &str, &Left)) -> Vec<String> {
    let Some(then) = left.times.first() else { return Vec::new() };
    let names = then.signed.people.iter().map(name).collect::<Vec<_>>().join(", ");
    let mut words = Vec::new();
    words.push(match wish.last {
        Last::Day(day) => cx.tf("coverage.leave.last", &[("names", gone), ("date", &cx.date(day))]),
        Last::Never => cx.tf("coverage.leave.never", &[("names", gone)]),
    });
    words.push(cx.tf("coverage.leave.stay", &[("names", &names)]));
    let before = own.timeline.on(then.from.previous_day().unwrap_or(then.from)).unwrap_or(&own.now);
    let net = before.net().dollars_cents();
    words.push(format!("{} {}", from_then(cx, then), cx.tf("coverage.leave.before_then", &[("net", &net)])));
    if let Last::Day(day) = wish.last {
        let partial = with.rules.partial(own.marketplace(cx), own.enrollment.starts);
        words.extend(part(cx, (day, partial), (before, &then.signed)));
    }
    words.extend(left.times[1..].iter().map(|later| from_then(cx, later)));
    if let Some(benchmark) = then.signed.benchmark {
        let amount = benchmark.dollars_cents();
        words.push(cx.tf("coverage.leave.benchmark", &[("amount", &amount), ("date", &cx.date(then.from))]));
    }
    if left.new_subscriber {
        let first = then.signed.people.first().map(name).unwrap_or_default();
        words.push(cx.tf("coverage.leave.subscriber", &[("name", &first)]));
    }
    words.push(cx.t("coverage.leave.household").to_string());
    if wish.reason != Reason::Death {
        let year = own.enrollment.plan_year.to_string();
        words.push(match open_until(cx, own) {
            Some(until) => cx.tf("coverage.end.open", &[("year", &year), ("date", &cx.date(until))]),
            None => cx.tf("coverage.leave.closed", &[("year", &year)]),
        });
    }
    if own.enrollment.product == "medical" {
        words.push(cx.t("coverage.end.dental").to_string());
    }
    words
}

/// What the month costs in which they leave, if not at its end: some days with them, the others without.
fn part(cx: &Cx, (last, partial): (Date, Partial), (before, then): (&Signed, &Signed)) -> Option<String> {
    let of = last.month().length(last.year());
    if last.day() == of || partial == Partial::WholeMonth {
        return None;
    }
    let amount = |signed: &Signed, days: u8| {
        let [premium, credit] = [signed.premium, signed.credit].map(|monthly| prorated(monthly, days, of));
        premium.0 - credit.0
    };
    let (with, without) = (last.day(), of - last.day());
    let net = Cents(amount(before, with) + amount(then, without)).dollars_cents();
    let month = cx.t(&format!("month.{}", u8::from(last.month()))).to_string();
    let (with, without) = (with.to_string(), without.to_string());
    Some(cx.tf("coverage.leave.part", &[("month", &month), ("net", &net), ("with", &with), ("without", &without)]))
}
