//! One enrollment as the pages show it: in words, with what can be done to it today.
//!
//! Called by every page of the room. It must never show one that is not the visitor's own.

use time::Date;

use super::With;
use crate::application::submit::shown;
use crate::eligibility::State as Place;
use crate::eligibility::clock::Days;
use crate::eligibility::enrollment::{WindowStatus, open_enrollment};
use crate::eligibility::tables::MarketplaceKind;
use crate::enrollment::record::{Enrollment, Signed, State, day_of};
use crate::enrollment::step::{StepLine, UNWRITTEN};
use crate::enrollment::tax_year;
use crate::enrollment::whole::{self, Whole};
use crate::office::clock::day_of as day_words;
use crate::office::desk::{Desk, Instead};
use crate::web::error::Failure;
use crate::web::page::Cx;

/// An enrollment of the visitor's, opened.
pub struct Own {
    pub enrollment: Enrollment,
    /// People and amounts as they are now.
    pub now: Signed,
    pub steps: Vec<StepLine>,
    /// Today where they live.
    pub today: Date,
    pub days: Days,
}

impl Own {
    /// The insurer has said once that the first month is paid.
    pub fn is_paid(&self) -> bool {
        self.steps.iter().any(|line| line.step == "confirmed")
    }

    /// The insurer was not told: what was signed could not be put into a file, and a person looks at it.
    pub fn is_unwritten(&self) -> bool {
        let last = self.steps.iter().rfind(|line| line.step == "rejected");
        self.enrollment.state == State::Rejected && last.is_some_and(|line| line.code == UNWRITTEN)
    }

    pub fn has_begun(&self) -> bool {
        self.today >= self.enrollment.starts
    }

    /// Has an end before the year's that is still to come.
    pub fn is_ending(&self) -> bool {
        self.enrollment.state == State::Ended && self.today <= self.enrollment.ends
    }

    /// Is or will be in force.
    pub fn counts(&self) -> bool {
        self.enrollment.state.is_live() || self.is_ending()
    }

    pub fn plan_year(&self) -> i32 {
        i32::try_from(self.enrollment.plan_year).unwrap_or_default()
    }

    pub fn place(&self) -> Option<Place> {
        Place::parse(&self.now.place.state)
    }

    pub fn marketplace(&self, cx: &Cx) -> MarketplaceKind {
        tax_year::marketplace(&cx.app.tables, &self.now, self.plan_year())
    }

    pub fn address(&self) -> String {
        format!("/account/coverage/{}", self.enrollment.id)
    }
}

/// All of the visitor's enrollments, the newest first; the way to the door for nobody.
pub async fn all(desk: &Desk) -> Result<Vec<Own>, Instead> {
    let Some(owner) = desk.owner() else { return Err(desk.go("/account").into()) };
    let mut connection = desk.office.read().await?;
    let all = whole::all(&mut connection, &desk.office.means.vault, owner).await?;
    Ok(all.into_iter().rev().map(|whole| own(desk, whole)).collect())
}

/// One of them; another's is not there.
pub async fn one(desk: &Desk, id: &str) -> Result<Own, Instead> {
    let Some(owner) = desk.owner() else { return Err(desk.go("/account").into()) };
    let mut connection = desk.office.read().await?;
    let found = whole::one(&mut connection, &desk.office.means.vault, (owner, id)).await?;
    Ok(own(desk, found.ok_or(Failure::NotFound)?))
}

fn own(desk: &Desk, Whole { enrollment, now, steps }: Whole) -> Own {
    let days = desk.cx.app.tables.days(Place::parse(&now.place.state), (desk.cx.app.clock)());
    Own { enrollment, now, steps, today: days.own, days }
}

/// What every page says of a plan.
pub struct Cover {
    pub address: String,
    pub plan: String,
    pub product: String,
    pub issuer: String,
    pub plan_id: String,
    /// `1234 5678 90`
    pub number: String,
    pub people: Vec<String>,
    pub starts: String,
    pub ends: String,
    pub premium: String,
    pub credit: String,
    pub net: String,
    pub state: String,
    pub about: String,
    /// It is over, or never began.
    pub over: bool,
}

/// `rejected` and the like in words; what a state means today.
pub fn cover(cx: &Cx, own: &Own) -> Cover {
    let (enrollment, now) = (&own.enrollment, &own.now);
    let word = match own.enrollment.state {
        _ if own.is_ending() => "ending",
        _ if own.is_unwritten() => UNWRITTEN,
        state => state.word(),
    };
    let about = if word == "confirmed" && own.has_begun() { "confirmed_now" } else { word };
    let (starts, ends) = (cx.date(enrollment.starts), cx.date(enrollment.ends));
    let values = [("start", starts.as_str()), ("end", ends.as_str())];
    Cover {
        address: cx.href(&own.address()),
        plan: now.plan.name.clone(),
        product: cx
            .t(&format!("coverage.{}", if enrollment.product == "dental" { "dental" } else { "medical" }))
            .to_string(),
        issuer: now.plan.issuer_name.clone(),
        plan_id: enrollment.plan.clone(),
        number: shown(&enrollment.number),
        people: now.people.iter().map(|person| format!("{} {}", person.first, person.last)).collect(),
        premium: now.premium.dollars_cents(),
        credit: now.credit.dollars_cents(),
        net: now.net().dollars_cents(),
        state: cx.t(&format!("coverage.state.{word}")).to_string(),
        about: cx.tf(&format!("coverage.about.{about}"), &values),
        over: !own.counts(),
        starts,
        ends,
    }
}

/// Paying the first month: by when, where.
pub struct Pay {
    pub when: Option<String>,
    pub page: Option<String>,
    /// A sentence with the number in it.
    pub phone: Option<String>,
    /// What is not in our data.
    pub missing: Option<String>,
}

/// `None`: it is paid, or there is nothing to pay for, or nobody has told the insurer.
pub fn pay(cx: &Cx, with: &With, own: &Own) -> Option<Pay> {
    if own.is_paid() || !own.enrollment.state.is_live() || !with.insurers || own.is_unwritten() {
        return None;
    }
    let start = cx.date(own.enrollment.starts);
    let last = with.rules.pay_by(own.enrollment.starts);
    let when = last.map(|last| cx.tf("coverage.pay_when", &[("start", &start), ("last", &cx.date(last))]));
    let plan = &own.now.plan;
    let phone = plan.phone.as_ref().map(|phone| cx.tf("coverage.pay_phone", &[("phone", phone)]));
    let missing = match (&plan.payment, &plan.phone) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(cx.t("coverage.pay_no_page").to_string()),
        (None, None) => Some(cx.t("coverage.pay_missing").to_string()),
    };
    Some(Pay { when, page: plan.payment.clone(), phone, missing })
}

/// When, and what: the oldest first.
pub fn history(cx: &Cx, own: &Own) -> Vec<(String, String)> {
    let line = |line: &StepLine| {
        let date = day_of(&line.from_day).map(|day| cx.date(day)).unwrap_or_default();
        let step = if line.code == UNWRITTEN { UNWRITTEN } else { &line.step };
        (day_words(cx, line.at), cx.tf(&format!("coverage.step.{step}"), &[("date", &date)]))
    };
    own.steps.iter().map(line).collect()
}

/// Until when a plan of a year can be chosen without a reason, for the next day on which it can begin: what comes later is not
/// certain in every year. `None`: not today.
pub fn open_until(cx: &Cx, own: &Own) -> Option<Date> {
    let open = open_enrollment(&cx.app.tables, own.place()?, own.plan_year(), own.days);
    (open.status == WindowStatus::Open).then_some(open.select_by).flatten()
}
