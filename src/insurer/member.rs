//! What was signed, as a transaction for an insurer.
//!
//! Called by `send` and `reconcile`. It copies amounts, days and people; it works out nothing but who came and who left
//! between two states of one enrollment.

use time::{Date, OffsetDateTime};

use crate::enrollment::leave::NEW_SUBSCRIBER;
use crate::enrollment::record::{ChangeKind, ChangeRow, Enrollment, Mailing, SignedPerson};
use crate::enrollment::sign::REPLACED;
use crate::enrollment::timeline::Timeline;
use crate::enrollment::{Signed, SignedPlace, Why};
use crate::types::Cents;
use crate::x834::{
    Amounts, Extra, Kind, Line, Member, Place, Reason, Relation, Responsible, Sex, SpecialReason, Transaction,
};

/// How an application came in, in the companion guide's list: nobody did anything (auto re-enrollment).
const RENEWED_BY_EXCHANGE: u8 = 11;

/// The person's ID with insurers: number of the application and row, so that it is the same in every enrollment of it.
pub fn member_id(reference: &str, person: &SignedPerson) -> String {
    format!("{reference}-{:04}", person.row)
}

/// The subscriber's ID in an enrollment; empty if nobody is in it.
pub fn subscriber_id(signed: &Signed) -> String {
    signed.people.first().map(|own| member_id(&signed.application_reference, own)).unwrap_or_default()
}

/// What is in one change.
pub struct Told<'a> {
    pub enrollment: &'a Enrollment,
    pub change: &'a ChangeRow,
    /// As it is from the change on.
    pub now: &'a Signed,
    /// As it was before; `None`: this is the first.
    pub before: Option<&'a Signed>,
    /// The insurer of the plan that this one goes on from.
    pub was_with: Option<String>,
}

/// The transaction of a change, or what lacks for one.
///
/// # Errors
///
/// The field, in our words.
pub fn transaction(told: &Told<'_>, reference: u32) -> Result<Transaction, &'static str> {
    let (enrollment, change) = (told.enrollment, told.change);
    let kind = match change.kind {
        ChangeKind::Initial => Kind::Initial,
        ChangeKind::Change => Kind::Change,
        ChangeKind::Cancel => Kind::Cancel,
        ChangeKind::Terminate => Kind::Terminate,
        ChangeKind::Reinstate => Kind::Reinstate,
    };
    let begins = enrollment.starts;
    let ends = match kind {
        Kind::Cancel => begins,
        Kind::Terminate => change.from_day,
        // A later change may have ended it: that one says so.
        _ => year_end(begins).unwrap_or(enrollment.ends),
    };
    let mut own = whole(enrollment, told.now, (kind, reference))?;
    own.reason = reason(kind, &change.reason);
    if kind == Kind::Initial && told.now.is_renewed() {
        own.reason = Reason::ReEnrollment;
    }
    own.ends = Some(ends);
    own.effective = if kind == Kind::Change { change.from_day } else { begins };
    own.submitted_at = moment(change.made_at);
    own.extra = extra(told, kind);
    if kind == Kind::Change {
        let before = told.before.ok_or("what it was before the change")?;
        compare(&mut own, (before, told.now));
    }
    Ok(own)
}

/// All that is in force on a day, for an audit: who is known to leave later with their own last day.
///
/// # Errors
///
/// The field, in our words.
pub fn audited(
    enrollment: &Enrollment,
    (timeline, on): (&Timeline, Date),
    reference: u32,
) -> Result<Transaction, &'static str> {
    let now = timeline.on(on).unwrap_or(&enrollment.signed);
    let mut own = whole(enrollment, now, (Kind::Audit, reference))?;
    own.ends = Some(enrollment.ends);
    let people = timeline.people(enrollment.ends);
    for (member, person) in own.members.iter_mut().zip(&now.people) {
        let last = people.iter().rfind(|known| known.row == person.row).map(|known| known.to);
        member.until = last.filter(|last| *last < enrollment.ends);
    }
    Ok(own)
}

fn whole(
    enrollment: &Enrollment,
    signed: &Signed,
    (kind, reference): (Kind, u32),
) -> Result<Transaction, &'static str> {
    let place = &signed.place;
    let area = place.rating_area.and_then(|area| u16::try_from(area).ok()).ok_or("the rating area")?;
    let line = match signed.plan.product.as_str() {
        "medical" => Line::Health,
        "dental" => Line::Dental,
        _ => return Err("the kind of coverage"),
    };
    let members = signed.people.iter().enumerate().map(|(at, own)| member(signed, own, at == 0)).collect();
    Ok(Transaction {
        reference,
        original: None,
        kind,
        reason: reason(kind, ""),
        subscriber: subscriber_id(signed),
        policy: enrollment.number.clone(),
        plan: signed.plan_id().replace('-', ""),
        line,
        begins: enrollment.starts,
        ends: None,
        effective: enrollment.starts,
        members,
        amounts: Amounts { premium: signed.premium, credit: signed.credit },
        rating_area: (place.state.clone(), area),
        exchange: format!("{}0", place.state),
        submitted_at: moment(enrollment.made_at),
        special: special(&signed.why_now),
        extra: None,
        application: signed.application_reference.clone(),
        // Of the companion guide's list: the Exchange's own site.
        origin: if signed.is_renewed() { RENEWED_BY_EXCHANGE } else { 1 },
    })
}

fn member(signed: &Signed, own: &SignedPerson, subscriber: bool) -> Member {
    let text = |text: &String| text.clone();
    Member {
        id: member_id(&signed.application_reference, own),
        relation: if subscriber { Relation::Own } else { relation(&own.relation) },
        own: None,
        until: None,
        first: text(&own.first),
        middle: text(&own.middle),
        last: text(&own.last),
        suffix: text(&own.suffix),
        born: own.born,
        sex: match own.sex.as_str() {
            "female" => Sex::Female,
            "male" => Sex::Male,
            _ => Sex::Unknown,
        },
        ssn: own.ssn.clone(),
        phone: own.phone.as_deref().map(digits).filter(|_| subscriber),
        email: own.email.clone().filter(|_| subscriber),
        home: subscriber.then(|| home(&signed.place)),
        mailing: signed.place.mailing.as_ref().filter(|_| subscriber).map(mailing),
        races: own.races.iter().filter_map(|word| race(word)).map(str::to_string).collect(),
        tobacco: Some(own.tobacco),
        language: subscriber.then(|| if signed.lang == "es" { "SPA" } else { "ENG" }.to_string()),
        premium: own.premium,
        responsible: signed.responsible.as_ref().filter(|_| subscriber).map(|person| Responsible {
            first: text(&person.first),
            last: text(&person.last),
            phone: own.phone.as_deref().map(digits),
            email: own.email.clone(),
            home: signed.place.mailing.as_ref().map_or_else(|| home(&signed.place), mailing),
        }),
    }
}

/// CDC's code for the application's word; words that the companion guide's list has no code for as broad as they are not sent.
fn race(word: &str) -> Option<&'static str> {
    Some(match word {
        "american_indian" => "1002-5",
        "asian" => "2028-9",
        "black" => "2054-5",
        "hispanic" => "2135-2",
        "white" => "2106-3",
        _ => return None,
    })
}

/// Only a number of ten digits is one; a leading 1 is the country's.
fn digits(phone: &str) -> String {
    let all: String = phone.chars().filter(char::is_ascii_digit).collect();
    match all.strip_prefix('1') {
        Some(rest) if rest.len() == 10 => rest.to_string(),
        _ => all,
    }
}

fn lines(street: &[String]) -> (String, String) {
    let mut lines = street.iter().filter(|line| !line.trim().is_empty()).cloned();
    (lines.next().unwrap_or_default(), lines.collect::<Vec<_>>().join(" "))
}

fn home(place: &SignedPlace) -> Place {
    let (street, more) = lines(&place.street);
    let (city, state) = (place.city.clone(), place.state.clone());
    Place { street, more, city, state, zip: place.zip.replace('-', ""), county: place.county_fips.clone() }
}

fn mailing(place: &Mailing) -> Place {
    let (street, more) = lines(&place.street);
    let (city, state) = (place.city.clone(), place.state.clone());
    Place { street, more, city, state, zip: place.zip.replace('-', ""), county: String::new() }
}

/// The application's word as a code (X12 data element 1069).
fn relation(word: &str) -> Relation {
    match word {
        "spouse" => Relation::Spouse,
        "domestic_partner" => Relation::DomesticPartner,
        "child" => Relation::Child,
        "stepchild" => Relation::Stepchild,
        "foster_child" => Relation::Foster,
        "grandchild" => Relation::Grandchild,
        "parent" => Relation::Parent,
        "stepparent" => Relation::Stepparent,
        "grandparent" => Relation::Grandparent,
        "sibling" => Relation::Sibling,
        "niece_nephew" => Relation::NieceOrNephew,
        "unrelated" => Relation::OtherRelationship,
        _ => Relation::OtherRelative,
    }
}

/// Why the policy is as it is; `word` is the change's own.
fn reason(kind: Kind, word: &str) -> Reason {
    let word = word.strip_prefix(NEW_SUBSCRIBER).map_or(word, |rest| rest.trim_start_matches('_'));
    match kind {
        Kind::Initial => Reason::MemberSelection,
        Kind::Reinstate => Reason::ReEnrollment,
        Kind::Audit => Reason::Notification,
        Kind::Change => match word {
            "birth" => Reason::Birth,
            "adoption_or_foster_care" => Reason::Adoption,
            "marriage" => Reason::Marriage,
            "divorce" => Reason::Divorce,
            "death" => Reason::Death,
            "moved" => Reason::Moved,
            // Somebody leaves.
            "other_coverage" | "medicare" | "medicaid" => Reason::TerminationOfBenefits,
            "other" => Reason::Voluntary,
            _ => Reason::BenefitSelection,
        },
        Kind::Cancel | Kind::Terminate => match word {
            // As data/enrollment/endings.csv has them.
            "death" => Reason::Death,
            "other_coverage" | "medicare" | "medicaid" => Reason::TerminationOfBenefits,
            "moved" => Reason::Moved,
            "nonpayment" => Reason::NonPayment,
            REPLACED => Reason::PlanChange,
            _ => Reason::Voluntary,
        },
    }
}

/// The companion guide's word for a special enrollment; kinds that it has no word for are said by none.
fn special(why: &Why) -> Option<SpecialReason> {
    let Why::Special { kind, .. } = why else { return None };
    Some(match kind.as_str() {
        "birth" => SpecialReason::Birth,
        "adoption_or_foster_care" | "court_order" => SpecialReason::Adoption,
        "marriage" => SpecialReason::Marriage,
        "moved" => SpecialReason::Moved,
        "loss_of_coverage"
        | "loss_of_medicaid_or_chip"
        | "loss_of_medically_needy"
        | "loss_of_pregnancy_medicaid"
        | "cobra_subsidy_ends"
        | "plan_year_ends"
        | "divorce_or_death" => SpecialReason::LossOfCoverage,
        "newly_eligible_or_ineligible_for_credit"
        | "gained_lawful_presence"
        | "released_from_incarceration"
        | "employer_plan_no_longer_affordable"
        | "left_coverage_gap" => SpecialReason::NewlyEligible,
        "new_hra_offer" => SpecialReason::IndividualArrangement,
        _ => return None,
    })
}

/// What kind of change it is; a policy that replaces another says so.
fn extra(told: &Told<'_>, kind: Kind) -> Option<Extra> {
    if told.change.reason.starts_with(NEW_SUBSCRIBER) {
        match kind {
            Kind::Initial => return Some(Extra::Replaced),
            Kind::Cancel => return Some(Extra::CancelReplaced),
            Kind::Terminate => return Some(Extra::TermReplaced),
            _ => {}
        }
    }
    match kind {
        Kind::Change => {
            let before = told.before?;
            let now = told.now;
            if before.plan.variant != now.plan.variant {
                Some(Extra::VariantChange)
            } else if (before.premium, before.credit) != (now.premium, now.credit) {
                Some(Extra::FinancialChange)
            } else {
                Some(Extra::DemographicChange)
            }
        }
        Kind::Cancel => match told.change.reason.as_str() {
            REPLACED => Some(Extra::CancelReplaced),
            "proof" => Some(Extra::CancelNotVerified),
            "medicare" => Some(Extra::CancelOtherCoverage),
            _ => None,
        },
        Kind::Terminate => match told.change.reason.as_str() {
            REPLACED => Some(Extra::TermReplaced),
            "medicare" => Some(Extra::TermOtherCoverage),
            _ => None,
        },
        // The same insurer goes on, or people come from another one's plan.
        Kind::Initial if told.now.is_renewed() => {
            let same = told.was_with.as_deref().is_none_or(|issuer| issuer == told.now.plan.issuer_id);
            Some(if same { Extra::PassiveRenewal } else { Extra::PassiveNewInsurer })
        }
        _ => None,
    }
}

/// Who came and who left between two states of an enrollment. Who is taken off from the first day on was never covered.
fn compare(own: &mut Transaction, (before, now): (&Signed, &Signed)) {
    let was = |row| before.people.iter().any(|own| own.row == row);
    let is = |row| now.people.iter().any(|own| own.row == row);
    for (member, person) in own.members.iter_mut().zip(&now.people) {
        if !was(person.row) {
            member.own = Some(Kind::Initial);
        }
    }
    let never = own.effective <= own.begins;
    for gone in before.people.iter().filter(|own| !is(own.row)) {
        let mut member = member(before, gone, false);
        member.own = Some(if never { Kind::Cancel } else { Kind::Terminate });
        // What is paid from the change on holds nothing for them.
        member.premium = Cents::ZERO;
        if member.relation == Relation::Own {
            member.relation = Relation::OtherRelative;
        }
        own.members.push(member);
    }
}

/// The last day of a day's year.
fn year_end(day: Date) -> Option<Date> {
    Date::from_calendar_date(day.year(), time::Month::December, 31).ok()
}

fn moment(at: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
