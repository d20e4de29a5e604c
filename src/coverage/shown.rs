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
use crate::enrollment::end_rules::PayBy;
use crate::enrollment::event_proof::{self, EventProof, NOT_PROVED};
use crate::enrollment::leave::NEW_SUBSCRIBER;
use crate::enrollment::record::{Enrollment, Signed, State, day_of};
use crate::enrollment::step::{self, StepLine, UNWRITTEN};
use crate::enrollment::tax_year;
use crate::enrollment::timeline::{OnPlan, Since, Timeline};
use crate::enrollment::whole::{self, Whole};
use crate::office::clock::day_of as day_words;
use crate::office::desk::{Desk, Instead};
use crate::types::Cents;
use crate::web::error::Failure;
use crate::web::page::Cx;

/// An enrollment of the visitor's, opened.
pub struct Own {
    pub enrollment: Enrollment,
    /// People and amounts as they are now.
    pub now: Signed,
    /// By day.
    pub timeline: Timeline,
    pub steps: Vec<StepLine>,
    /// Today where they live.
    pub today: Date,
    pub days: Days,
    /// What has to be proved before the insurer is told.
    pub proof: Option<EventProof>,
}

impl Own {
    /// The insurer has said once that the first month is paid.
    pub fn is_paid(&self) -> bool {
        self.steps.iter().any(|line| line.step == "confirmed")
    }

    /// The others went on in it when who held a plan left: nobody has to pay a first month again.
    pub fn goes_on(&self) -> bool {
        self.steps.iter().any(|line| line.step == "signed" && line.code == NEW_SUBSCRIBER)
    }

    /// The insurer was not told: what was signed could not be put into a file, and a person looks at it.
    pub fn is_unwritten(&self) -> bool {
        let last = self.steps.iter().rfind(|line| line.step == "rejected");
        self.enrollment.state == State::Rejected && last.is_some_and(|line| line.code == UNWRITTEN)
    }

    /// People and amounts of today, or of its first day.
    pub fn today(&self) -> &Signed {
        self.timeline.on(self.today.max(self.enrollment.starts)).unwrap_or(&self.now)
    }

    pub fn has_begun(&self) -> bool {
        self.today >= self.enrollment.starts
    }

    /// Its insurer is not told before the event is proved.
    pub fn waits(&self) -> bool {
        self.proof.is_some() || event_proof::waits(&self.enrollment)
    }

    /// Can be cancelled as if it had never been: it has not begun, or no insurer was told.
    pub fn can_be_cancelled(&self) -> bool {
        !self.has_begun() || event_proof::waits(&self.enrollment)
    }

    /// Has an end before the year's that is still to come.
    pub fn is_ending(&self) -> bool {
        self.enrollment.state == State::Ended && self.today <= self.enrollment.ends
    }

    /// Its last day is over, whatever became of it.
    pub fn is_over(&self) -> bool {
        self.today > self.enrollment.ends
    }

    /// Goes on, or is on its way.
    pub fn is_live(&self) -> bool {
        self.enrollment.state.is_live() && !self.is_over()
    }

    /// Is or will be in force.
    pub fn counts(&self) -> bool {
        self.is_live() || self.is_ending()
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

    /// The day on which the insurer was told; until then that of the signature.
    fn told_on(&self, cx: &Cx) -> Date {
        let at = step::told_at(&self.steps).unwrap_or(self.enrollment.made_at);
        cx.app
            .tables
            .days(
                self.place(),
                time::OffsetDateTime::from_unix_timestamp(at / 1000).unwrap_or(time::OffsetDateTime::UNIX_EPOCH),
            )
            .own
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
    let proofs = event_proof::of_owner(&mut connection, owner).await?;
    Ok(all.into_iter().rev().map(|whole| own(desk, whole, &proofs)).collect())
}

/// One of them; another's is not there.
pub async fn one(desk: &Desk, id: &str) -> Result<Own, Instead> {
    let Some(owner) = desk.owner() else { return Err(desk.go("/account").into()) };
    let mut connection = desk.office.read().await?;
    let found = whole::one(&mut connection, &desk.office.means.vault, (owner, id)).await?;
    let proofs = event_proof::of_owner(&mut connection, owner).await?;
    Ok(own(desk, found.ok_or(Failure::NotFound)?, &proofs))
}

fn own(desk: &Desk, Whole { enrollment, now, timeline, steps }: Whole, proofs: &[EventProof]) -> Own {
    let of = |proof: &&EventProof| proof.is_open() && enrollment.proof.as_ref() == Some(&proof.id);
    // Also of one that was ended meanwhile: nobody is told of its days before.
    let proof = proofs.iter().find(of).filter(|_| enrollment.state != State::Cancelled).cloned();
    let days = desk.cx.app.tables.days(Place::parse(&now.place.state), (desk.cx.app.clock)());
    Own { enrollment, now, timeline, steps, today: days.own, days, proof }
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
    /// Each with their own last day, if it is not the plan's.
    pub people: Vec<String>,
    /// What is different later.
    pub later: Vec<String>,
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
    let (enrollment, now) = (&own.enrollment, own.today());
    let word = match enrollment.state {
        _ if own.is_ending() => "ending",
        // Nobody changes a row because a year is over.
        state if state.is_live() && own.is_over() => "ended",
        _ if own.is_unwritten() => UNWRITTEN,
        state => state.word(),
    };
    let not_proved = enrollment.state == State::Cancelled && own.steps.iter().any(|line| line.code == NOT_PROVED);
    let about = match word {
        "ended" if !own.is_paid() && !own.goes_on() => "ended_unpaid",
        "confirmed" if own.has_begun() => "confirmed_now",
        // Nobody has signed.
        "signed" if enrollment.signed.is_renewed() => "renewed",
        "signed" | "sent" | "accepted" if own.goes_on() => "goes_on",
        word => word,
    };
    let (starts, ends) = (cx.date(enrollment.starts), cx.date(enrollment.ends));
    let values = [("start", starts.as_str()), ("end", ends.as_str())];
    Cover {
        address: cx.href(&own.address()),
        plan: now.plan.name.clone(),
        product: cx
            .t(&format!("coverage.{}", if enrollment.product == "dental" { "dental" } else { "medical" }))
            .to_string(),
        issuer: now.plan.issuer_name.clone(),
        plan_id: now.plan_id(),
        number: shown(&enrollment.number),
        people: own.timeline.people(enrollment.ends).iter().map(|person| person_words(cx, own, person)).collect(),
        later: later(own).iter().map(|since| from_then(cx, since)).collect(),
        premium: now.premium.dollars_cents(),
        credit: now.credit.dollars_cents(),
        net: now.net().dollars_cents(),
        state: cx.t(&format!("coverage.state.{word}")).to_string(),
        about: match not_proved {
            true => cx.t("event_proof.about_expired").to_string(),
            false => cx.tf(&format!("coverage.about.{about}"), &values),
        },
        over: !own.counts(),
        starts,
        ends,
    }
}

/// A name, with the last day if it is not the plan's.
fn person_words(cx: &Cx, own: &Own, person: &OnPlan) -> String {
    if person.to >= own.enrollment.ends {
        return person.name.clone();
    }
    cx.tf("coverage.until", &[("name", &person.name), ("date", &cx.date(person.to))])
}

/// What is different on a later day while it is in force.
fn later(own: &Own) -> Vec<&Since> {
    let after = own.timeline.after(own.today.max(own.enrollment.starts)).iter();
    after.filter(|since| own.counts() && since.from <= own.enrollment.ends).collect()
}

/// What there is to pay from a day on.
pub fn from_then(cx: &Cx, since: &Since) -> String {
    let signed = &since.signed;
    let [premium, credit, net] = [signed.premium, signed.credit, signed.net()].map(Cents::dollars_cents);
    let values = [("date", &cx.date(since.from)[..]), ("premium", &premium), ("credit", &credit), ("net", &net)];
    cx.tf(if signed.credit.0 > 0 { "coverage.from_then" } else { "coverage.from_then_full" }, &values)
}

/// Paying the first month: by when, where.
pub struct Pay {
    pub due: Option<PayBy>,
    pub when: Option<String>,
    pub page: Option<String>,
    /// A sentence with the number in it.
    pub phone: Option<String>,
    /// What is not in our data.
    pub missing: Option<String>,
}

/// `None`: it is paid, or there is nothing to pay for, or nobody has told the insurer.
pub fn pay(cx: &Cx, with: &With, own: &Own) -> Option<Pay> {
    if own.is_paid() || own.goes_on() || own.waits() || own.is_unwritten() || !own.is_live() || !with.insurers {
        return None;
    }
    let start = cx.date(own.enrollment.starts);
    let due = with.rules.pay_by(own.enrollment.starts, own.told_on(cx));
    let when = due.map(|due| cx.tf(due.words(), &[("start", &start), ("last", &cx.date(due.last))]));
    let plan = &own.now.plan;
    let phone = plan.phone.as_ref().map(|phone| cx.tf("coverage.pay_phone", &[("phone", phone)]));
    let missing = match (&plan.payment, &plan.phone) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(cx.t("coverage.pay_no_page").to_string()),
        (None, None) => Some(cx.t("coverage.pay_missing").to_string()),
    };
    Some(Pay { due, when, page: plan.payment.clone(), phone, missing })
}

/// When, and what: the oldest first.
pub fn history(cx: &Cx, own: &Own) -> Vec<(String, String)> {
    let line = |line: &StepLine| {
        let date = day_of(&line.from_day).map(|day| cx.date(day)).unwrap_or_default();
        if line.code == NOT_PROVED {
            return (day_words(cx, line.at), cx.t("event_proof.step_expired").to_string());
        }
        let step = match line.code.as_str() {
            NEW_SUBSCRIBER => "follows",
            UNWRITTEN => UNWRITTEN,
            _ => line.step.as_str(),
        };
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
