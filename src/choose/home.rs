//! `/account/plan`: who can buy, until when, what is chosen for whom, and what comes next.

use askama::Template;
use axum::http::StatusCode;

use super::around::{Around, around, chosen, key_of, names};
use super::{shop, words};
use crate::enrollment::choice::Use;
use crate::enrollment::price::people_of;
use crate::filing::codes::Product;
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::shop::season;
use crate::shop::view::Card;
use crate::types::Cents;
use crate::web::page::{self, CachePolicy, Cx};

/// A plan that is chosen, as its group would pay for it.
pub struct Picked {
    pub product: &'static str,
    /// `None`: it is no longer sold to them.
    pub card: Option<Card>,
    pub plan_id: String,
    pub href: String,
    /// What the button that takes it out sends.
    pub out: String,
    /// Of a dental plan: who of several gets it, and where that is changed.
    pub people: Option<(String, String)>,
    /// They have signed for it.
    pub signed: bool,
}

/// People who buy together.
pub struct GroupView {
    pub names: String,
    pub medical: Option<Picked>,
    pub dental: Option<Picked>,
    /// The list of plans with their prices.
    pub list: String,
    pub dental_list: String,
    pub warnings: Vec<String>,
}

#[derive(Template)]
#[template(path = "choose/home.html")]
struct HomePage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    year: String,
    /// From when, and until when to sign; or why not now.
    when: Vec<String>,
    /// The next year, while people can choose plans for it, and the page that says more.
    coming: Option<(String, String)>,
    open: bool,
    /// The first day can be chosen.
    other_start: bool,
    groups: Vec<GroupView>,
    /// More than one person buys: they can be put together another way.
    several: bool,
    credit: Option<String>,
    has_dental: bool,
    /// Something is chosen and not signed.
    ready: bool,
    has_signed: bool,
}

/// `GET /account/plan`
pub async fn show(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    let cx = &desk.cx;
    let groups = groups(cx, &around).await?;
    let when = match &around.start {
        Ok(start) => {
            let from = cx.tf("choose.from", &[("start", &cx.date(start.day))]);
            let by = start.sign_by.map(|by| cx.tf("choose.until", &[("by", &cx.date(by))]));
            [from].into_iter().chain(by).collect()
        }
        Err(closed) => words::not_now(cx, &around, closed),
    };
    let open = |picked: &Option<Picked>| picked.as_ref().is_some_and(|picked| !picked.signed);
    let to_sign = |group: &GroupView| open(&group.medical) || open(&group.dental);
    let template = HomePage {
        bar: bar(cx, &desk.visitor),
        year: around.results.plan_year.to_string(),
        when,
        coming: u16::try_from(around.results.plan_year)
            .ok()
            .and_then(|year| season::next(cx, around.results.state, year))
            .map(|coming| coming.words(cx)),
        open: around.start.is_ok(),
        other_start: around.start.as_ref().is_ok_and(|start| start.next_month.is_some())
            || around.choice.begin != Default::default(),
        several: around.results.shoppers().len() > 1,
        credit: credit(cx, &around),
        has_dental: around.catalogue.variants.has_dental(),
        ready: groups.iter().any(to_sign),
        has_signed: !around.signed.is_empty(),
        groups,
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// How much of the credit is used: where there is one.
fn credit(cx: &Cx, around: &Around) -> Option<String> {
    let all: Cents = around.results.tax_households.iter().map(|tax| tax.credit).sum();
    if all == Cents::ZERO {
        return None;
    }
    // A part that was typed when the credit was another one can be all of it now.
    let uses_all = |wanted: &Use| match wanted {
        Use::All => true,
        Use::Part { monthly } => around.results.tax_households.len() == 1 && *monthly >= all,
        Use::None => false,
    };
    let less = around.choice.credit.iter().any(|(_, wanted)| !uses_all(wanted));
    let key = if less { "choose.credit_less" } else { "choose.credit_all" };
    Some(cx.tf(key, &[("credit", &all.dollars_cents())]))
}

/// Every group with what it has chosen.
///
/// # Errors
///
/// If the catalogue cannot be read.
pub async fn groups(cx: &Cx, around: &Around) -> Result<Vec<GroupView>, Instead> {
    let mut found = Vec::new();
    for (at, group) in around.choice.groups.iter().enumerate() {
        let list = format!("{}/plans", shop::base(at));
        let search = around.search(cx, at, Product::Medical).await?;
        let medical = picked(cx, around, at, Product::Medical).await?;
        let card = medical.as_ref().and_then(|picked| picked.card.as_ref());
        let warnings = card.map(|card| words::warnings(cx, around, (&search, group), card));
        found.push(GroupView {
            names: names(cx, &around.results, &group.people),
            warnings: warnings.unwrap_or_default(),
            dental: picked(cx, around, at, Product::Dental).await?,
            // Who gets it is asked first, where it could be some of them.
            dental_list: match group.people.len() {
                1 => cx.href(&format!("{list}?product=dental")),
                _ => cx.href("/account/plan/dental"),
            },
            list: cx.href(&list),
            medical,
        });
    }
    Ok(found)
}

async fn picked(cx: &Cx, around: &Around, at: usize, product: Product) -> Result<Option<Picked>, Instead> {
    let group = &around.choice.groups[at];
    let Some(id) = chosen(group, product) else { return Ok(None) };
    let card = around.priced(cx, at, (product, id)).await?;
    Ok(Some(Picked {
        product: product.key(),
        people: (product == Product::Dental && group.people.len() > 1).then(|| {
            let names = names(cx, &around.results, group.with_dental());
            (cx.tf("choose.dental_who", &[("names", &names)]), cx.href("/account/plan/dental"))
        }),
        signed: card.as_ref().is_some_and(|card| around.has_signed(people_of(group, product), id, card.net)),
        card,
        plan_id: id.to_string(),
        href: cx.href(&format!("{}/plans/{id}", shop::base(at))),
        out: format!("{}/{}", key_of(&group.people), product.key()),
    }))
}
