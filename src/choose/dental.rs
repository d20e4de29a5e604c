//! `/account/plan/dental`: dental plans are bought apart, for everybody of a group, the children, or some; what each way costs.
//!
//! It must never work out a price, and say of none that it is better.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::around::{Around, around, clash, key_of, names};
use super::shop;
use crate::application::sheet::RowId;
use crate::enrollment::choice::{Choice, GroupChoice};
use crate::enrollment::dental::{Way, children, kept, way};
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::shop::home::FieldFault;
use crate::types::Cents;
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

/// A way to say who gets the plan.
struct Choosable {
    value: &'static str,
    words: String,
    picked: bool,
    /// What it costs; empty while nobody is ticked.
    hint: String,
}

/// People who buy together.
struct Question {
    names: String,
    key: String,
    /// Place among the groups, for the page's marks.
    at: usize,
    /// None for somebody alone.
    ways: Vec<Choosable>,
    /// Row, name, ticked.
    people: Vec<(RowId, String, bool)>,
    /// The lowest price, for somebody alone.
    alone: String,
    /// The list for those who get it now.
    list: String,
    list_words: String,
    has_plan: bool,
    fault: bool,
}

#[derive(Template)]
#[template(path = "choose/dental.html")]
struct DentalPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    version: i64,
    sold: bool,
    open: bool,
    /// What is left of a credit is not known yet.
    medical_first: bool,
    questions: Vec<Question>,
    faults: Vec<FieldFault>,
}

/// `GET /account/plan/dental`
pub async fn show(desk: Desk) -> Answer {
    page(&desk, &around(&desk).await?, None).await
}

/// `missing`: a group for which nobody was ticked.
async fn page(desk: &Desk, around: &Around, missing: Option<usize>) -> Result<Response, Instead> {
    let cx = &desk.cx;
    let sold = around.catalogue.variants.has_dental();
    let groups = &around.choice.groups;
    let mut questions = Vec::new();
    for at in 0..if sold { groups.len() } else { 0 } {
        questions.push(question(cx, around, at, missing == Some(at)).await?);
    }
    let fault = |at: usize| FieldFault {
        field: format!("with.{}", groups[at].people[0]),
        words: cx.t("choose.dental_missing").to_string(),
    };
    let asking = around.asking(cx);
    let helped = around.results.tax_households.iter().any(|tax| tax.credit > Cents::ZERO);
    let waits = groups.iter().any(|group| group.medical.is_none());
    let status = if missing.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let template = DentalPage {
        bar: bar(cx, &desk.visitor),
        version: around.version,
        sold,
        open: around.start.is_ok(),
        medical_first: helped && waits && groups.iter().any(|group| !children(&asking, group).is_empty()),
        questions,
        faults: missing.map(fault).into_iter().collect(),
        cx,
    };
    Ok(page::render_status(cx, status, template, CachePolicy::Private))
}

async fn question(cx: &Cx, around: &Around, at: usize, fault: bool) -> Result<Question, Instead> {
    let group = &around.choice.groups[at];
    let (now, children) = (group.with_dental(), children(&around.asking(cx), group));
    let some_children = !children.is_empty() && children.len() < group.people.len();
    let (all, young) = (now == group.people, some_children && now == children);
    let several = group.people.len() > 1;
    let mut ways = Vec::new();
    let everyone = priced(cx, around, at, &group.people).await?;
    if several {
        let words = cx.tf("choose.dental_all", &[("names", &names(cx, &around.results, &group.people))]);
        ways.push(Choosable { value: "all", words, picked: all && !fault, hint: everyone.clone() });
        if some_children {
            let key = if children.len() == 1 { "choose.dental_child_one" } else { "choose.dental_children" };
            let words = cx.tf(key, &[("names", &names(cx, &around.results, &children))]);
            let hint = priced(cx, around, at, &children).await?;
            ways.push(Choosable { value: "children", words, picked: young && !fault, hint });
        }
        let some = !all && !young;
        let hint = if some { priced(cx, around, at, now).await? } else { String::new() };
        let words = cx.t("choose.dental_some").to_string();
        ways.push(Choosable { value: "some", words, picked: some || fault, hint });
    }
    let ticked = |row: &RowId| !all && !fault && now.contains(row);
    let people = group.people.iter().filter(|_| several);
    Ok(Question {
        names: names(cx, &around.results, &group.people),
        key: key_of(&group.people),
        at,
        ways,
        people: people.map(|row| (*row, names(cx, &around.results, &[*row]), ticked(row))).collect(),
        alone: if several { String::new() } else { everyone },
        list: cx.href(&list(at)),
        list_words: cx.tf("choose.dental_for", &[("names", &names(cx, &around.results, now))]),
        has_plan: group.dental.is_some(),
        fault,
    })
}

fn list(at: usize) -> String {
    format!("{}/plans?product=dental", shop::base(at))
}

/// What a dental plan for these people costs: the one that is chosen, or the lowest-priced.
async fn priced(cx: &Cx, around: &Around, at: usize, people: &[RowId]) -> Result<String, Instead> {
    let found: Way = way(&around.asking(cx), at, people).await.map_err(anyhow::Error::from)?;
    let has_plan = around.choice.groups[at].dental.is_some();
    Ok(match (has_plan, found.chosen, found.lowest) {
        (true, Some(chosen), _) => cx.tf("choose.dental_pays", &[("amount", &chosen.dollars_cents())]),
        (true, None, Some(_)) => cx.t("choose.dental_not_with").to_string(),
        (false, _, Some(lowest)) => cx.tf("choose.dental_from", &[("amount", &lowest.dollars_cents())]),
        (_, _, None) => cx.t("choose.dental_none_sold").to_string(),
    })
}

/// `POST /account/plan/dental`: `group=1,2,3`, `who=all`, `children` or `some` with `with.3`.
pub async fn post(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    around.is_seen(&desk)?;
    let said = desk.form.get("group");
    let at = around.choice.groups.iter().position(|group| key_of(&group.people) == said);
    let at = at.ok_or_else(|| clash(&desk))?;
    let group = &around.choice.groups[at];
    let people = match desk.form.get("who") {
        "all" => group.people.clone(),
        "children" => children(&around.asking(&desk.cx), group),
        "some" => group.people.iter().copied().filter(|row| desk.form.ticked(&format!("with.{row}"))).collect(),
        _ => return Err(Failure::NotFound.into()),
    };
    if people.is_empty() {
        return page(&desk, &around, Some(at)).await;
    }
    let changed = GroupChoice { dental_people: kept(group, &people), ..group.clone() };
    let found = way(&around.asking(&desk.cx), at, &people).await.map_err(anyhow::Error::from)?;
    if &changed != group || around.version == 0 {
        let mut choice = Choice::clone(&around.choice);
        choice.groups[at] = changed;
        around.save(&desk, choice).await?;
    }
    // The plan that was chosen before stays; without one the list is next.
    Ok(if found.chosen.is_some() { desk.go(super::ROOT) } else { desk.go(&list(at)) })
}
