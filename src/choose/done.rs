//! `/account/plan/done`: what was signed, and what happens next: the first payment above all.
//!
//! Safe to load again, to print, and to come back to with the printed code. It changes nothing.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;

use super::Insurers;
use super::words::{self, Proof, state_words};
use crate::enrollment::event_proof;
use crate::enrollment::record::{self, Enrollment, State};
use crate::filing::codes::Product;
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::web::page::{self, CachePolicy, Cx};

/// One enrollment.
struct One {
    plan: String,
    insurer: String,
    /// The plan's ID and its variant.
    number: (String, String),
    lines: Vec<(String, String)>,
    /// How the first month is paid; empty once it is.
    pay: Vec<String>,
}

#[derive(Template)]
#[template(path = "choose/done.html")]
struct DonePage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    all: Vec<One>,
    /// It has just been signed.
    new: bool,
    unpaid: bool,
    /// No insurer is told of it from here.
    nowhere: bool,
    /// What has to be proved of what is shown, each with the address of its page.
    proofs: Vec<(Proof, String)>,
}

/// `GET /account/plan/done`
pub async fn show(desk: Desk, Extension(Insurers(insurers)): Extension<Insurers>) -> Answer {
    let Some(owner) = desk.owner() else { return Ok(desk.go("/account")) };
    let cx = &desk.cx;
    let mut connection = desk.office.read().await?;
    let all = record::of(&mut connection, &desk.office.means.vault, owner).await?;
    let proofs = event_proof::of_owner(&mut connection, owner).await?;
    drop(connection);
    let mut live: Vec<&Enrollment> = all.iter().filter(|enrollment| enrollment.state.is_live()).collect();
    // The newest first: what was just signed, its health plans before its dental plans.
    live.sort_by_key(|one| (std::cmp::Reverse(one.made_at), one.signed.plan.product == Product::Dental.key()));
    let template = DonePage {
        bar: bar(cx, &desk.visitor),
        unpaid: live.iter().any(|enrollment| enrollment.state != State::Confirmed),
        proofs: proofs
            .iter()
            .filter(|proof| proof.is_open() && live.iter().any(|own| own.proof.as_ref() == Some(&proof.id)))
            .map(|proof| {
                let words = words::proof(cx, (&proof.kind, proof.event), proof.due_day);
                (words, cx.href(&format!("/account/proof/{}", proof.id)))
            })
            .collect(),
        nowhere: !insurers,
        new: cx.query.split('&').any(|pair| pair == "new=1") && !live.is_empty(),
        all: live.into_iter().map(|enrollment| one(cx, enrollment)).collect(),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

fn one(cx: &Cx, enrollment: &Enrollment) -> One {
    let signed = &enrollment.signed;
    let said = |key: &str, words: String| (cx.t(key).to_string(), words);
    let names: Vec<String> = signed.people.iter().map(|person| format!("{} {}", person.first, person.last)).collect();
    One {
        plan: signed.plan.name.clone(),
        insurer: signed.plan.issuer_name.clone(),
        number: (signed.plan.id.clone(), signed.plan.variant.clone()),
        lines: vec![
            said("choose.check_people", cx.list(&names)),
            said("choose.done_state", state_words(cx, enrollment.state).to_string()),
            said("choose.done_number", enrollment.number.clone()),
            said("choose.check_start", cx.date(enrollment.starts)),
            said("choose.check_premium", signed.premium.dollars_cents()),
            said("choose.check_credit", signed.credit.dollars_cents()),
            said("choose.check_pay", signed.net().dollars_cents()),
        ],
        pay: match enrollment.state {
            State::Confirmed => Vec::new(),
            State::WaitingProof => vec![cx.t("event_proof.pay_later").to_string()],
            _ => pay(cx, enrollment),
        },
    }
}

/// Where the first month is paid, as the insurer has filed it.
fn pay(cx: &Cx, enrollment: &Enrollment) -> Vec<String> {
    let plan = &enrollment.signed.plan;
    let insurer = plan.issuer_name.as_str();
    match (&plan.payment, &plan.phone) {
        (Some(url), phone) => {
            let at = cx.tf("choose.done_pay_at", &[("insurer", insurer), ("url", url)]);
            let call = phone.as_ref().map(|phone| cx.tf("choose.done_pay_phone", &[("phone", phone)]));
            [at].into_iter().chain(call).collect()
        }
        (None, Some(phone)) => vec![cx.tf("choose.done_pay_call", &[("insurer", insurer), ("phone", phone)])],
        (None, None) => vec![cx.tf("choose.done_pay_ask", &[("insurer", insurer)])],
    }
}
