//! `/account/plan/check`: everything that will be on record when it is signed: people, plans, prices, credit, first day; and the
//! sentences that are agreed to.
//!
//! What it shows is what `enrollment::check` works out again when it is signed: it must never show another number.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::around::{Around, around, names};
use super::words::{self, Proof};
use crate::application::kinds::is_name;
use crate::application::sheet::{RowId, YOU};
use crate::eligibility::tables::CsrLevel;
use crate::enrollment::check::{By, Checked, Line, Unfit, today, worked_out};
use crate::enrollment::event_proof::months_begun;
use crate::filing::codes::Product;
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::shop::home::FieldFault;
use crate::types::Cents;
use crate::web::page::{self, CachePolicy, Cx};

/// The variant of a plan that everybody can have.
const STANDARD: &str = "01";

/// One policy as it is signed.
struct Policy {
    heading: String,
    /// The insurer's own words: in its language.
    plan: String,
    insurer: String,
    /// The plan's ID and its variant.
    number: (String, String),
    people: Vec<String>,
    lines: Vec<(String, String)>,
}

/// A box that has to be ticked.
struct Agreed {
    name: &'static str,
    words: String,
    /// What to do, if it is not ticked.
    missing: String,
    ticked: bool,
    fault: bool,
}

#[derive(Template)]
#[template(path = "choose/check.html")]
struct CheckPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    policies: Vec<Policy>,
    warnings: Vec<String>,
    /// What has to be proved, and how: nothing of it goes to an insurer before.
    proof: Option<Proof>,
    /// What is owed for months since the first day.
    back: Option<String>,
    total: String,
    version: i64,
    mark: String,
    agreed: Vec<Agreed>,
    signer: String,
    signature: String,
    signature_fault: Option<String>,
    faults: Vec<FieldFault>,
}

/// What was typed on the page.
#[derive(Default)]
pub struct Typed {
    pub ticked: Vec<&'static str>,
    pub signature: String,
    /// It was sent, and has to be put right.
    pub judged: bool,
}

/// `GET /account/plan/check`
pub async fn show(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    let checked = checked(&desk, &around, "").await?;
    let signed = |line: &Line| {
        let rows: Vec<RowId> = line.signed.people.iter().map(|person| person.row).collect();
        around.has_signed(&rows, &line.signed.plan.id, line.signed.net())
    };
    // Nothing is left to sign.
    if checked.lines.iter().all(signed) {
        return Ok(desk.go("/account/plan/done"));
    }
    page(&desk, &around, (&checked, around.version), &Typed::default()).await
}

/// What would be signed.
///
/// # Errors
///
/// The way to what is in the way.
pub async fn checked(desk: &Desk, around: &Around, signature: &str) -> Result<Checked, Instead> {
    let cx = &desk.cx;
    let by = By { signature, lang: cx.lang.code() };
    match worked_out(&around.asking(cx), &by, (cx.app.clock)()).await {
        Ok(checked) => Ok(checked),
        // The page of the choice says why not now, and what is not chosen or not sold any more.
        Err(Unfit::NotNow(_) | Unfit::Nothing | Unfit::Groups | Unfit::NotSold { .. }) => {
            Err(desk.go(super::ROOT).into())
        }
        Err(why) => Err(anyhow::Error::from(why).into()),
    }
}

/// The sentences that are agreed to.
pub fn to_agree(checked: &Checked) -> Vec<&'static str> {
    let helped = checked.lines.iter().any(|line| line.signed.credit > Cents::ZERO);
    ["right", "change"].into_iter().chain(helped.then_some("tax")).collect()
}

/// Who signs: the contact person, as on the application. The middle name may be left out.
pub fn signs(around: &Around, typed: &str) -> bool {
    let case = &around.results.case;
    let short = format!("{} {}", case.text("first_name", YOU), case.text("last_name", YOU));
    is_name(typed, &[case.name(YOU), short])
}

/// The page, as it is first seen or with what has to be put right.
///
/// # Errors
///
/// If the catalogue cannot be read.
pub async fn page(
    desk: &Desk,
    around: &Around,
    (checked, version): (&Checked, i64),
    typed: &Typed,
) -> Result<Response, Instead> {
    let cx = &desk.cx;
    let year = checked.plan_year.to_string();
    let agree = |name: &'static str| Agreed {
        name,
        words: match name {
            "tax" => cx.tf("choose.agree_tax", &[("year", &year)]),
            "change" => cx.t("choose.agree_change").to_string(),
            _ => cx.t("choose.agree_right").to_string(),
        },
        missing: cx
            .t(match name {
                "tax" => "choose.missing_tax",
                "change" => "choose.missing_change",
                _ => "choose.missing_right",
            })
            .to_string(),
        ticked: typed.ticked.contains(&name),
        fault: typed.judged && !typed.ticked.contains(&name),
    };
    let agreed: Vec<Agreed> = to_agree(checked).into_iter().map(agree).collect();
    let signer = around.results.case.name(YOU);
    let signature_fault = match (typed.judged, typed.signature.is_empty()) {
        (false, _) => None,
        (true, true) => Some(cx.t("choose.signature_missing").to_string()),
        (true, false) if signs(around, &typed.signature) => None,
        (true, false) => Some(cx.tf("choose.signature_odd", &[("name", &signer)])),
    };
    let missing = agreed.iter().filter(|agreed| agreed.fault);
    let missing = missing.map(|agreed| (agreed.name.to_string(), agreed.missing.clone()));
    let odd = signature_fault.clone().map(|words| ("signature".to_string(), words));
    let faults: Vec<FieldFault> = missing.chain(odd).map(|(field, words)| FieldFault { field, words }).collect();
    let template = CheckPage {
        bar: bar(cx, &desk.visitor),
        policies: checked.lines.iter().map(|line| policy(cx, around, line)).collect(),
        warnings: warnings(cx, around).await?,
        proof: checked.proof.as_ref().map(|asked| words::proof(cx, (&asked.kind, asked.event), asked.due_day)),
        back: back(cx, around, checked),
        total: cx.tf("choose.check_total", &[("amount", &checked.net().dollars_cents())]),
        version,
        mark: checked.mark(),
        agreed,
        signature: typed.signature.clone(),
        signature_fault,
        signer,
        faults,
        cx,
    };
    let status = if typed.judged { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page::render_status(cx, status, template, CachePolicy::Private))
}

/// Months since the first day that the insurers ask for at once; `None`: coverage starts later.
fn back(cx: &Cx, around: &Around, checked: &Checked) -> Option<String> {
    let today = today(&cx.app.tables, &around.results, (cx.app.clock)());
    let months = months_begun(&checked.lines.first()?.signed, today);
    let (start, sum) = (cx.date(checked.start.day), Cents(checked.net().0 * months).dollars_cents());
    let values = [("start", start.as_str()), ("amount", sum.as_str())];
    (months > 0).then(|| cx.tf("event_proof.owed_all", &values))
}

/// What each plan loses, and who gets none.
async fn warnings(cx: &Cx, around: &Around) -> Result<Vec<String>, Instead> {
    let mut found: Vec<String> = Vec::new();
    for group in super::home::groups(cx, around).await? {
        found.extend(group.warnings);
        if group.medical.is_none() {
            found.push(cx.tf("choose.check_without", &[("names", &group.names)]));
        }
    }
    Ok(found)
}

fn policy(cx: &Cx, around: &Around, line: &Line) -> Policy {
    let signed = &line.signed;
    let said = |key: &str, words: String| (cx.t(key).to_string(), words);
    let mut lines = vec![
        said("choose.check_start", cx.date(signed.starts)),
        said("choose.check_premium", signed.premium.dollars_cents()),
        said("choose.check_credit", signed.credit.dollars_cents()),
        said("choose.check_pay", signed.net().dollars_cents()),
    ];
    if line.product == Product::Medical {
        // The standard variant has none of them, whatever level the people could have with another plan.
        let level = if signed.plan.variant == STANDARD { CsrLevel::None } else { signed.csr };
        lines.push(said("choose.check_csr", cx.t(&format!("csr.{}", level.word())).to_string()));
    }
    let person = |person: &crate::enrollment::SignedPerson| {
        let name = around.results.case.name(person.row);
        cx.tf("choose.check_person", &[("name", &name), ("amount", &person.premium.dollars_cents())])
    };
    let rows: Vec<_> = signed.people.iter().map(|person| person.row).collect();
    Policy {
        heading: cx.tf("choose.for", &[("names", &names(cx, &around.results, &rows))]),
        plan: signed.plan.name.clone(),
        insurer: signed.plan.issuer_name.clone(),
        number: (signed.plan.id.clone(), signed.plan.variant.clone()),
        people: signed.people.iter().map(person).collect(),
        lines,
    }
}
