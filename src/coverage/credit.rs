//! `/account/coverage/ID/credit`: using more or less of the tax credit from the next month on: all, part or none of it.
//!
//! What it means at tax time is said where the amount is chosen. Two tabs, a page that is out of date and a second press change nothing
//! that was not shown.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::With;
use super::shown::{self, Own};
use crate::enrollment::again::wish_of;
use crate::enrollment::choice::{PartFault, Use};
use crate::enrollment::credit::{Offer, UseCredit, Used, offer};
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, Fault, bar, fault};
use crate::types::Cents;
use crate::web::page::{self, CachePolicy, Cx};

/// What the form has.
struct Question {
    legend: String,
    from: String,
    /// `all`, `part`, `none`.
    picked: &'static str,
    amount: String,
    hint: String,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "coverage/credit.html")]
struct CreditPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    plan: String,
    keep: String,
    action: String,
    now: String,
    version: i64,
    /// `None`: there is nothing to use.
    question: Option<Question>,
    faults: Vec<Fault>,
}

fn question(cx: &Cx, offer: &Offer, (picked, amount): (&'static str, String)) -> Question {
    let most = offer.most.dollars_cents();
    Question {
        legend: cx.tf("coverage.use.legend", &[("most", &most)]),
        from: cx.tf("coverage.use.from", &[("date", &cx.date(offer.from))]),
        picked,
        amount,
        hint: cx.tf("choose.credit_hint", &[("most", &most)]),
        fault: None,
    }
}

fn page(desk: &Desk, own: &Own, question: Option<Question>) -> Response {
    let cx = &desk.cx;
    let words = question.as_ref().and_then(|question| question.fault.clone());
    let faults: Vec<Fault> = words.iter().map(|words| fault("part", words)).collect();
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let now = own.today();
    let template = CreditPage {
        bar: bar(cx, &desk.visitor),
        plan: now.plan.name.clone(),
        keep: cx.href(&own.address()),
        action: cx.href(&format!("{}/credit", own.address())),
        now: cx.tf(
            "coverage.use.now",
            &[("credit", &now.credit.dollars_cents()[..]), ("net", &now.net().dollars_cents())],
        ),
        version: own.enrollment.version,
        question,
        faults,
        cx,
    };
    page::render_status(cx, status, template, CachePolicy::Private)
}

/// `GET /account/coverage/ID/credit`
pub async fn show(desk: Desk, with: Extension<With>, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    let offer = offer(&with.knows, (&own.enrollment, &own.timeline), own.today);
    let as_it_is = |offer: &Offer| match wish_of(&offer.then) {
        Use::All => ("all", String::new()),
        Use::None => ("none", String::new()),
        Use::Part { monthly } => ("part", monthly.decimal()),
    };
    Ok(page(&desk, &own, offer.map(|offer| question(&desk.cx, &offer, as_it_is(&offer)))))
}

/// `POST /account/coverage/ID/credit`
pub async fn post(desk: Desk, with: Extension<With>, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    let cx = &desk.cx;
    let Some(offer) = offer(&with.knows, (&own.enrollment, &own.timeline), own.today) else {
        return Ok(page(&desk, &own, None));
    };
    let typed = desk.form.get("part").trim().to_string();
    let (picked, wish) = match desk.form.get("use") {
        "all" => ("all", Ok(Use::All)),
        "none" => ("none", Ok(Use::None)),
        _ => ("part", part(cx, &typed, offer.most)),
    };
    let wish = match wish {
        Ok(wish) => wish,
        Err(words) => {
            let question = Question { fault: Some(words), ..question(cx, &offer, (picked, typed)) };
            return Ok(page(&desk, &own, Some(question)));
        }
    };
    let change = UseCredit {
        means: desk.office.means.clone(),
        knows: with.knows.clone(),
        owner: own.enrollment.owner.clone(),
        enrollment: own.enrollment.id.clone(),
        seen: desk.form.get("version").parse().unwrap_or_default(),
        wish,
        today: own.today,
        session: desk.visitor.session_text(),
    };
    let word = match desk.office.write(change).await? {
        Used::Now => "credit",
        Used::Before => "before",
        Used::Changed => "changed",
    };
    Ok(desk.go(&format!("{}?done={word}", own.address())))
}

fn part(cx: &Cx, typed: &str, most: Cents) -> Result<Use, String> {
    let words = most.dollars_cents();
    Use::part(typed, most).map_err(|fault| match fault {
        PartFault::Missing => cx.tf("choose.credit_missing", &[("most", &words)]),
        PartFault::Over => cx.tf("choose.credit_over", &[("most", &words)]),
        PartFault::Odd => cx.t("choose.credit_odd").to_string(),
    })
}
