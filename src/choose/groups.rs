//! `/account/plan/groups`: together or apart; what each way costs and what each person has with it, in numbers.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::around::{Around, around, key_of, names};
use crate::application::sheet::RowId;
use crate::enrollment::choice::{Choice, GroupChoice};
use crate::enrollment::groups::{Parted, Split, splits, ways};
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::shop::home::FieldFault;
use crate::web::page::{self, CachePolicy, Cx};

/// One way of parting the household.
struct Way {
    value: String,
    /// `2 plans: Ana and Ben; Cai`.
    words: String,
    picked: bool,
    /// The lowest price, and who loses what.
    hints: Vec<String>,
}

#[derive(Template)]
#[template(path = "choose/groups.html")]
struct GroupsPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    version: i64,
    ways: Vec<Way>,
    /// Plans were chosen that another way takes out.
    loses_plans: bool,
    faults: Vec<FieldFault>,
}

/// `GET /account/plan/groups`
pub async fn show(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    page(&desk, &around, false).await
}

async fn page(desk: &Desk, around: &Around, missing: bool) -> Result<Response, Instead> {
    let cx = &desk.cx;
    let found = splits(&around.asking(cx)).await.map_err(anyhow::Error::from)?;
    let now: Vec<&[RowId]> = around.choice.groups.iter().map(|group| &group.people[..]).collect();
    let way = |split: &Split| Way {
        value: value_of(split.groups.iter().map(|group| &group.people[..])),
        words: group_names(cx, around, split),
        picked: split.groups.iter().map(|group| &group.people[..]).eq(now.iter().copied()),
        hints: hints(cx, around, split),
    };
    let words = cx.t("choose.groups_missing").to_string();
    let faults: Vec<FieldFault> =
        missing.then(|| FieldFault { field: "way-1".to_string(), words }).into_iter().collect();
    let status = if missing { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let template = GroupsPage {
        bar: bar(cx, &desk.visitor),
        version: around.version,
        ways: found.iter().map(way).collect(),
        loses_plans: around.choice.groups.iter().any(|group| group.medical.is_some() || group.dental.is_some()),
        faults,
        cx,
    };
    Ok(page::render_status(cx, status, template, CachePolicy::Private))
}

/// `1,2;3`
fn value_of<'r>(groups: impl Iterator<Item = &'r [RowId]>) -> String {
    groups.map(key_of).collect::<Vec<_>>().join(";")
}

fn group_names(cx: &Cx, around: &Around, split: &Split) -> String {
    let all: Vec<String> = split.groups.iter().map(|group| names(cx, &around.results, &group.people)).collect();
    cx.n("choose.groups_plans", all.len() as i64).replace("{names}", &all.join("; "))
}

fn hints(cx: &Cx, around: &Around, split: &Split) -> Vec<String> {
    let mut hints = vec![match split.lowest {
        Some(lowest) => cx.tf("choose.groups_cheapest", &[("amount", &lowest.dollars_cents())]),
        None => cx.t("choose.groups_none").to_string(),
    }];
    hints.extend(
        split.lowest_silver.map(|lowest| cx.tf("choose.groups_silver", &[("amount", &lowest.dollars_cents())])),
    );
    let lost: Vec<String> = split.groups.iter().flat_map(|group| loses(cx, around, group)).collect();
    match lost.is_empty() {
        true => hints.push(cx.t("choose.groups_keeps").to_string()),
        false => hints.extend(lost),
    }
    hints
}

/// Who would have more by themselves, and what they have here.
fn loses(cx: &Cx, around: &Around, group: &Parted) -> Vec<String> {
    let level = |level: crate::eligibility::tables::CsrLevel| cx.t(&format!("csr.{}", level.word())).to_string();
    let one = |(row, own): &(RowId, crate::eligibility::tables::CsrLevel)| {
        let names = names(cx, &around.results, &[*row]);
        cx.tf("choose.groups_loses", &[("names", &names), ("had", &level(*own)), ("has", &level(group.csr))])
    };
    group.loses.iter().map(one).collect()
}

/// `POST /account/plan/groups`: groups that stay as they were keep their plans.
pub async fn post(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    around.is_seen(&desk)?;
    let said = desk.form.get("way");
    let way = ways(&around.results).into_iter().find(|way| value_of(way.iter().map(Vec::as_slice)) == said);
    let Some(way) = way else { return page(&desk, &around, true).await };
    let kept = |people: Vec<RowId>| {
        let same = around.choice.groups.iter().find(|group| group.people == people);
        same.cloned().unwrap_or_else(|| GroupChoice::of(people))
    };
    let groups: Vec<GroupChoice> = way.into_iter().map(kept).collect();
    around.save(&desk, Choice { groups, ..around.choice.clone() }).await?;
    Ok(desk.go(super::ROOT))
}
