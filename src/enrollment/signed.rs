//! What was signed: plan, place, people, amounts, days; and the same again as a later change has it.
//!
//! Made by `check`, kept by `record`. Sealed as JSON for good: a field that is added later has a default.

use serde::{Deserialize, Serialize};
use time::Date;
use time::macros::format_description;

use crate::application::sheet::RowId;
use crate::eligibility::tables::CsrLevel;
use crate::types::Cents;

/// A day as it stands in rows and documents.
pub mod day {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use time::Date;

    pub fn serialize<S: Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(day)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        let text = String::deserialize(from)?;
        super::day_of(&text).ok_or_else(|| serde::de::Error::custom("not a day"))
    }
}

/// `2027-01-01`; `None`: not one.
pub fn day_of(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// What was signed: numbers, people, dates. Sealed as JSON; it opens unchanged when the catalogue that priced it is gone.
/// Has no `Debug`: it holds what people typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    pub plan: SignedPlan,
    pub place: SignedPlace,
    /// The subscriber first.
    pub people: Vec<SignedPerson>,
    /// Of the whole policy, a month.
    pub premium: Cents,
    /// Of it what is for essential health benefits: the most a credit may pay (26 CFR 1.36B-3(j)), and column A of Form 1095-A.
    #[serde(default)]
    pub essential: Option<Cents>,
    /// What of the tax credit it uses, a month; what is left to pay is `premium - credit`.
    pub credit: Cents,
    /// What of the credit could be used for these people, a month.
    pub credit_available: Cents,
    /// The second lowest silver plan of the people whose premiums the credit helps pay, a month (Form 1095-A, column B).
    pub benchmark: Option<Cents>,
    /// What this plan has of it; by income only silver plans have any.
    pub csr: CsrLevel,
    #[serde(with = "day")]
    pub starts: Date,
    pub why_now: Why,
    /// Twelve digits.
    pub application_reference: String,
    /// As typed; [`BY_MARKETPLACE`] where nobody has signed.
    pub signature: String,
    #[serde(with = "day")]
    pub signed_on: Date,
    pub lang: String,
    /// The enrollment of the year before that it goes on from.
    #[serde(default)]
    pub renews: Option<String>,
    /// Who answers for a subscriber who is a child.
    #[serde(default)]
    pub responsible: Option<Responsible>,
    /// Tax households with somebody on it; none in what was signed before this was kept.
    #[serde(default)]
    pub households: Vec<SignedHousehold>,
}

/// The contact person of the application; reached as the subscriber is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responsible {
    pub first: String,
    pub last: String,
}

/// A tax household's part of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHousehold {
    /// Who files its return, by name; nobody: these people are on none.
    pub filers: Vec<String>,
    /// Its people on this policy.
    pub people: Vec<RowId>,
    /// By which the premium is parted among the households (26 CFR 1.36B-3(h)).
    pub weight: i64,
    /// What of the policy's credit is its own, a month.
    pub credit: Cents,
    /// Its own benchmark, a month.
    pub benchmark: Option<Cents>,
}

impl Signed {
    /// What there is to pay, a month.
    pub fn net(&self) -> Cents {
        Cents(self.premium.0 - self.credit.0)
    }

    /// 16 characters and a hyphen: `12345OH0010001-04`.
    pub fn plan_id(&self) -> String {
        format!("{}-{}", self.plan.id, self.plan.variant)
    }

    /// The marketplace renewed it: nobody signed.
    pub fn is_renewed(&self) -> bool {
        self.why_now == Why::Renewal
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPlan {
    /// 14 characters.
    pub id: String,
    /// `01` … `06`.
    pub variant: String,
    pub name: String,
    /// `12345`.
    pub issuer_id: String,
    pub issuer_name: String,
    /// `medical`, `dental`.
    pub product: String,
    /// As filed in the catalogue: `silver`, `high` …
    pub metal: String,
    /// The insurer's own page to pay the first month on, as filed; `None`: none was filed.
    pub payment: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPlace {
    /// Of the home, as typed.
    pub street: Vec<String>,
    pub city: String,
    pub state: String,
    pub zip: String,
    /// Five digits.
    pub county_fips: String,
    pub county_name: String,
    /// `None`: the catalogue knows none there.
    pub rating_area: Option<i64>,
    /// Where letters go, if not home.
    pub mailing: Option<Mailing>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailing {
    pub street: Vec<String>,
    pub city: String,
    pub state: String,
    pub zip: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPerson {
    pub row: RowId,
    /// To the subscriber, in the application's word: `self`, `spouse`, `child` …
    pub relation: String,
    pub first: String,
    pub middle: String,
    pub last: String,
    pub suffix: String,
    #[serde(with = "day")]
    pub born: Date,
    /// `female`, `male`.
    pub sex: String,
    /// Nine digits.
    pub ssn: Option<String>,
    pub tobacco: bool,
    /// What this person adds to the premium, a month; zero for a child who is not charged (45 CFR 147.102(c)(1)).
    pub premium: Cents,
    /// Of the subscriber alone.
    pub phone: Option<String>,
    pub email: Option<String>,
    /// The application's words, if they were said.
    #[serde(default)]
    pub races: Vec<String>,
}

/// Why an insurer is told of it: see [`Why::Renewal`].
pub const RENEWED: &str = "renewed";
/// In the place of a signature: the plan was renewed by the marketplace (45 CFR 155.335(j)).
pub const BY_MARKETPLACE: &str = "renewed by the marketplace, not signed";

/// Why one may enroll now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "period", rename_all = "snake_case")]
pub enum Why {
    OpenEnrollment,
    /// Nobody has asked for it: the plan of the year before is renewed.
    Renewal,
    /// `kind`: a code of sep_kinds.csv.
    Special {
        kind: String,
        #[serde(with = "day")]
        event: Date,
    },
}

impl Why {
    /// `open_enrollment`, `renewed`, or a code of sep_kinds.csv.
    pub fn code(&self) -> &str {
        match self {
            Why::OpenEnrollment => "open_enrollment",
            Why::Renewal => RENEWED,
            Why::Special { kind, .. } => kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_word_and_reads_back() {
        let event = day_of("2027-02-03").expect("a day");
        for why in [Why::OpenEnrollment, Why::Renewal, Why::Special { kind: "birth".into(), event }] {
            let text = serde_json::to_string(&why).expect("JSON");
            assert_eq!(serde_json::from_str::<Why>(&text).expect("a reason"), why, "{text}");
        }
    }
}
