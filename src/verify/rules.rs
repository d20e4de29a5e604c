//! The rules of checking: dated, cited tables of `data/verify`, read at the start with every fault told at once.
//!
//! Called by the whole room, and by whoever shows people what to send. It must never decide anything about a person.

use serde::Deserialize;
use serde::de::Error as _;
use strum::{EnumIter, EnumString, IntoEnumIterator as _, IntoStaticStr};
use time::macros::format_description;
use time::{Date, Month};

use super::appeal::places::AppealPlace;
pub use super::table::RuleFault;
use super::table::rows;
use crate::eligibility::tables::MarketplaceKind;
use crate::types::Cents;

const SUBJECTS: (&str, &str) = ("subjects", include_str!("../../data/verify/subjects.csv"));
const KINDS: (&str, &str) = ("dmi_kinds", include_str!("../../data/verify/dmi_kinds.csv"));
const REMINDERS: (&str, &str) = ("reminders", include_str!("../../data/verify/reminders.csv"));
const INCOME: (&str, &str) = ("income", include_str!("../../data/verify/income.csv"));
const TIMES: (&str, &str) = ("times", include_str!("../../data/verify/times.csv"));
const NO_SSN: (&str, &str) = ("no_ssn", include_str!("../../data/verify/no_ssn.csv"));
const DOCUMENTS: (&str, &str) = ("documents", include_str!("../../data/verify/documents.csv"));
const APPEAL_PLACES: (&str, &str) = ("appeal_places", include_str!("../../data/verify/appeal_places.csv"));

/// What is checked, and what a data-matching issue can be about. The words are for good: rows hold them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, IntoStaticStr, EnumString, EnumIter,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Subject {
    Ssn,
    Citizenship,
    LawfulPresence,
    Incarceration,
    Death,
    Income,
    EmployerCoverage,
    OtherCoverage,
    Tribe,
}

impl Subject {
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// Of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    Applicants,
    Citizens,
    Noncitizens,
    /// Applicants who said that they are in no jail or prison.
    AtLiberty,
    /// Tax households somebody of whom can have the credit.
    TaxHouseholds,
    /// Applicants who can have the credit.
    WithCredit,
    /// Applicants who said that they are members of a tribe.
    Tribal,
}

/// What is decided when nothing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, IntoStaticStr, EnumIter)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Expiry {
    /// The person can have no coverage through the marketplace any more.
    NoCoverage,
    InCustody,
    NotApplying,
    /// The credit is worked out from the income that tax data says; without tax data there is none.
    IncomeByData,
    /// The person counts as covered by what was found, and has no credit.
    HasCoverage,
    NoTribalSavings,
}

impl Expiry {
    pub fn word(self) -> &'static str {
        self.into()
    }

    pub fn all() -> impl Iterator<Item = Expiry> {
        Expiry::iter()
    }
}

/// Each needs a row of `times.csv`.
const TIME_CODES: [&str; 7] = [
    "first_notice_hours",
    "status_again_hours",
    "status_pending_days",
    "appeal_days",
    "appeal_decision_days",
    "appeal_vacate_days",
    "appeal_hhs_days",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    Accept,
    Prove,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Excuse {
    Excused,
    Prove,
}

/// A row of `dmi_kinds.csv`.
#[derive(Debug, Clone, Deserialize)]
pub struct DmiKind {
    pub kind: Subject,
    #[serde(deserialize_with = "day")]
    from: Date,
    #[serde(deserialize_with = "some_day")]
    to: Option<Date>,
    days: i64,
    extra_days: i64,
    pub expiry: Expiry,
    pub citation: String,
}

impl DmiKind {
    /// Days from the day of the notice to the last day.
    pub fn all_days(&self) -> i64 {
        self.days + self.extra_days
    }
}

/// A row of `subjects.csv`.
#[derive(Debug, Clone, Deserialize)]
pub struct SubjectRow {
    pub subject: Subject,
    #[serde(deserialize_with = "day")]
    from: Date,
    #[serde(deserialize_with = "some_day")]
    to: Option<Date>,
    pub who: Who,
    pub service: String,
}

/// A row of `reminders.csv`.
#[derive(Debug, Clone, Deserialize)]
pub struct Mark {
    pub mark: String,
    #[serde(deserialize_with = "day")]
    from: Date,
    #[serde(deserialize_with = "some_day")]
    to: Option<Date>,
    /// Days left.
    pub days: i64,
}

/// A row of `income.csv`.
#[derive(Debug, Clone, Deserialize)]
pub struct IncomeRule {
    marketplace: MarketplaceKind,
    #[serde(deserialize_with = "first_of_year")]
    from: Date,
    #[serde(deserialize_with = "last_of_year")]
    to: Option<Date>,
    percent: i64,
    dollars: i64,
    pub no_data: Without,
    pub not_asked: Without,
    pub citation: String,
}

impl IncomeRule {
    /// Whether what was told is so far below what the data says that it has to be proved.
    pub fn must_be_proved(&self, told: Cents, data: Cents) -> bool {
        let below = i128::from(data.0) - i128::from(told.0);
        below * 100 > i128::from(data.0) * i128::from(self.percent) && below > i128::from(self.dollars) * 100
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Time {
    code: String,
    #[serde(deserialize_with = "day")]
    from: Date,
    #[serde(deserialize_with = "some_day")]
    to: Option<Date>,
    number: i64,
}

#[derive(Debug, Clone, Deserialize)]
struct NoSsn {
    why: String,
    #[serde(deserialize_with = "day")]
    from: Date,
    #[serde(deserialize_with = "some_day")]
    to: Option<Date>,
    answer: Excuse,
}

/// A row of `documents.csv`.
#[derive(Debug, Clone, Deserialize)]
pub struct DocumentRow {
    /// A subject, or the name of a list.
    kind: String,
    /// The end of its message's key, `verify.document.…`.
    pub document: String,
    /// The list of which one more is needed; empty: it is enough alone.
    pub with: String,
    #[serde(deserialize_with = "day")]
    from: Date,
    #[serde(deserialize_with = "some_day")]
    to: Option<Date>,
}

/// What, from when, to when.
type Stretch = (String, Date, Option<Date>);

/// Whether a row from one day to another is in force on a third.
pub(super) fn holds((from, to): (Date, Option<Date>), day: Date) -> bool {
    from <= day && to.is_none_or(|to| day <= to)
}

fn parsed<E: serde::de::Error>(text: &str) -> Result<Date, E> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| E::custom(format!("`{text}` is no day like 2026-11-27")))
}

pub(super) fn day<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    parsed(&String::deserialize(from)?)
}

pub(super) fn some_day<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() { Ok(None) } else { parsed(&text).map(Some) }
}

fn first_of_year<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    Date::from_calendar_date(i32::deserialize(from)?, Month::January, 1).map_err(D::Error::custom)
}

fn last_of_year<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    let year = Option::<i32>::deserialize(from)?;
    year.map(|year| Date::from_calendar_date(year, Month::December, 31).map_err(D::Error::custom)).transpose()
}

/// All tables.
#[derive(Debug, Clone)]
pub struct Rules {
    subjects: Vec<SubjectRow>,
    kinds: Vec<DmiKind>,
    marks: Vec<Mark>,
    income: Vec<IncomeRule>,
    times: Vec<Time>,
    no_ssn: Vec<NoSsn>,
    documents: Vec<DocumentRow>,
    appeal_places: Vec<AppealPlace>,
}

/// What somebody can send: this alone, or one of these together with one of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToSend {
    pub alone: Vec<String>,
    /// Each of these needs one of `beside`, too.
    pub together: Vec<String>,
    pub beside: Vec<String>,
}

impl Rules {
    /// # Errors
    ///
    /// Every fault of every table.
    pub fn load() -> Result<Rules, Vec<RuleFault>> {
        Rules::read(&[SUBJECTS, KINDS, REMINDERS, INCOME, TIMES, NO_SSN, DOCUMENTS, APPEAL_PLACES])
    }

    fn read(files: &[(&'static str, &str); 8]) -> Result<Rules, Vec<RuleFault>> {
        let mut faults = Vec::new();
        let rules = Rules {
            subjects: rows(files[0], &mut faults),
            kinds: rows(files[1], &mut faults),
            marks: rows(files[2], &mut faults),
            income: rows(files[3], &mut faults),
            times: rows(files[4], &mut faults),
            no_ssn: rows(files[5], &mut faults),
            documents: rows(files[6], &mut faults),
            appeal_places: rows(files[7], &mut faults),
        };
        rules.check(&mut faults);
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }

    /// What tables must say of each other.
    fn check(&self, faults: &mut Vec<RuleFault>) {
        let mut fault =
            |file, reason: String| faults.push(RuleFault { folder: "verify", file, line: 0, column: None, reason });
        for subject in Subject::iter() {
            let word = subject.word();
            if self.subjects.iter().all(|row| row.subject != subject) {
                fault("subjects", format!("there is no row for {word}"));
            }
            if self.kinds.iter().all(|row| row.kind != subject) {
                fault("dmi_kinds", format!("there is no row for {word}: what happens when it cannot be checked?"));
            }
            if self.documents.iter().all(|row| row.kind != word) {
                fault("documents", format!("there is nothing to send for {word}"));
            }
        }
        for row in self.documents.iter().filter(|row| !row.with.is_empty()) {
            if self.documents.iter().all(|other| other.kind != row.with) {
                fault("documents", format!("{} needs one of {}, which is no list", row.document, row.with));
            }
        }
        for code in TIME_CODES {
            if self.times.iter().all(|row| row.code != code) {
                fault("times", format!("there is no row for {code}"));
            }
        }
        for kind in [MarketplaceKind::Ffm, MarketplaceKind::SbmFp, MarketplaceKind::Sbm] {
            if self.income.iter().all(|row| row.marketplace != kind) {
                fault("income", format!("there is no row for {kind:?}"));
            }
        }
        for (file, mut stretches) in self.stretches() {
            stretches.sort();
            for pair in stretches.windows(2) {
                if pair[0].0 == pair[1].0 && pair[0].2.is_none_or(|to| to >= pair[1].1) {
                    fault(file, format!("two rows for {} are in force on {}", pair[1].0, pair[1].1));
                }
            }
        }
    }

    /// Per table: what must have one row at a time, from when to when.
    fn stretches(&self) -> [(&'static str, Vec<Stretch>); 8] {
        let documents = self.documents.iter().map(|r| (format!("{} {}", r.kind, r.document), r.from, r.to));
        [
            ("subjects", self.subjects.iter().map(|r| (r.subject.word().to_string(), r.from, r.to)).collect()),
            ("dmi_kinds", self.kinds.iter().map(|r| (r.kind.word().to_string(), r.from, r.to)).collect()),
            ("reminders", self.marks.iter().map(|r| (r.mark.clone(), r.from, r.to)).collect()),
            ("times", self.times.iter().map(|r| (r.code.clone(), r.from, r.to)).collect()),
            ("no_ssn", self.no_ssn.iter().map(|r| (r.why.clone(), r.from, r.to)).collect()),
            ("documents", documents.collect()),
            ("appeal_places", self.appeal_places.iter().map(AppealPlace::stretch).collect()),
            ("income", self.income.iter().map(|r| (format!("{:?}", r.marketplace), r.from, r.to)).collect()),
        ]
    }

    /// What is checked of applications that were sent on a day.
    pub fn subjects(&self, day: Date) -> impl Iterator<Item = &SubjectRow> {
        self.subjects.iter().filter(move |row| holds((row.from, row.to), day))
    }

    /// `None`: nothing can be opened about this on that day.
    pub fn kind(&self, kind: Subject, day: Date) -> Option<&DmiKind> {
        self.kinds.iter().find(|row| row.kind == kind && holds((row.from, row.to), day))
    }

    /// The marks in force, the longest first.
    pub fn marks(&self, day: Date) -> Vec<&Mark> {
        let mut marks: Vec<&Mark> = self.marks.iter().filter(|row| holds((row.from, row.to), day)).collect();
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.days));
        marks
    }

    pub fn income(&self, marketplace: MarketplaceKind, plan_year: i32) -> Option<&IncomeRule> {
        let day = Date::from_calendar_date(plan_year, Month::January, 1).ok()?;
        self.income.iter().find(|row| row.marketplace == marketplace && holds((row.from, row.to), day))
    }

    /// A number of `times.csv`.
    pub fn time(&self, code: &str, day: Date) -> Option<i64> {
        self.times.iter().find(|row| row.code == code && holds((row.from, row.to), day)).map(|row| row.number)
    }

    /// `None`: a state's own office, whose address we do not have.
    pub fn appeal_place(&self, marketplace: MarketplaceKind, day: Date) -> Option<&AppealPlace> {
        self.appeal_places.iter().find(|row| row.is_of(marketplace, day))
    }

    /// Whether somebody without a Social Security number has to prove something because of it.
    pub fn must_prove_no_ssn(&self, why: &str, day: Date) -> bool {
        let row = self.no_ssn.iter().find(|row| row.why == why && holds((row.from, row.to), day));
        row.is_none_or(|row| row.answer == Excuse::Prove)
    }

    /// What can be sent for a kind.
    pub fn to_send(&self, kind: Subject, day: Date) -> ToSend {
        let of = |name: &str| -> Vec<&DocumentRow> {
            self.documents.iter().filter(|row| row.kind == name && holds((row.from, row.to), day)).collect()
        };
        let own = of(kind.word());
        let (alone, together): (Vec<&DocumentRow>, Vec<&DocumentRow>) =
            own.into_iter().partition(|row| row.with.is_empty());
        let names = |rows: &[&DocumentRow]| rows.iter().map(|row| row.document.clone()).collect();
        let beside = together.first().map(|row| of(&row.with)).unwrap_or_default();
        ToSend { alone: names(&alone), together: names(&together), beside: names(&beside) }
    }

    /// Every document by the end of its message's key.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        self.documents.iter().map(|row| row.document.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const DAY: Date = date!(2026 - 11 - 27);

    fn broken(at: usize, from: &str, to: &str) -> Vec<String> {
        let files = [SUBJECTS, KINDS, REMINDERS, INCOME, TIMES, NO_SSN, DOCUMENTS, APPEAL_PLACES];
        let text = files[at].1.replacen(from, to, 1);
        assert_ne!(text, files[at].1, "{from} is not there");
        let mut files: [(&'static str, &str); 8] = files;
        files[at].1 = &text;
        let faults = Rules::read(&files).expect_err("refused");
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_clocks_are_ninety_and_ninety_five_days() {
        let rules = Rules::load().unwrap_or_else(|faults| panic!("{faults:?}"));
        let days = |kind| rules.kind(kind, DAY).map(DmiKind::all_days);
        assert_eq!([days(Subject::Income), days(Subject::Ssn), days(Subject::Tribe)], [Some(90); 3]);
        assert_eq!([days(Subject::Citizenship), days(Subject::LawfulPresence)], [Some(95); 2]);
        assert_eq!(rules.kind(Subject::Income, date!(2023 - 12 - 31)).map(DmiKind::all_days), None);
        assert_eq!(rules.marks(DAY).iter().map(|mark| mark.days).collect::<Vec<_>>(), [90, 60, 30, 14]);
    }

    #[test]
    fn income_is_asked_about_only_when_both_limits_are_passed() {
        let rules = Rules::load().unwrap_or_else(|faults| panic!("{faults:?}"));
        let rule = |kind| rules.income(kind, 2027).expect("a rule");
        let asked = |kind, told: i64, data: i64| rule(kind).must_be_proved(Cents(told * 100), Cents(data * 100));
        let (ffm, sbm) = (MarketplaceKind::Ffm, MarketplaceKind::Sbm);
        // A third below: within what HealthCare.gov accepts, beyond what a state's own marketplace may.
        assert_eq!([asked(ffm, 28_000, 42_000), asked(sbm, 28_000, 42_000)], [false, true]);
        assert_eq!([asked(ffm, 20_000, 40_000), asked(ffm, 19_999, 40_000)], [false, true]);
        // More than half below, and yet by less than $12,000.
        assert_eq!([asked(ffm, 8_001, 20_000), asked(ffm, 7_999, 20_000)], [false, true]);
        assert_eq!([asked(sbm, 40_000, 30_000), asked(ffm, 0, 0)], [false, false]);
    }

    #[test]
    fn what_to_send_is_one_paper_or_two_together() {
        let rules = Rules::load().unwrap_or_else(|faults| panic!("{faults:?}"));
        let send = rules.to_send(Subject::Citizenship, DAY);
        assert!(send.alone.iter().any(|name| name == "us_passport"));
        assert!(send.together.iter().any(|name| name == "birth_certificate"));
        assert!(send.beside.iter().any(|name| name == "drivers_license"));
        let send = rules.to_send(Subject::Income, DAY);
        assert!(send.together.is_empty() && send.beside.is_empty() && send.alone.len() > 4);
        assert!(!rules.must_prove_no_ssn("newborn", DAY) && rules.must_prove_no_ssn("other", DAY));
    }

    #[test]
    fn a_fault_names_file_line_and_column() {
        let told = broken(1, "income,2024-01-01,,90,0", "income,2024-01-01,,ninety,0");
        assert!(told.iter().any(|fault| fault.starts_with("data/verify/dmi_kinds.csv line 9, days: ")), "{told:?}");
        assert!(told.iter().any(|fault| fault.contains("no row for income")), "{told:?}");
        let told = broken(0, "tribe,2024-01-01", "tribe,2024-13-01");
        assert!(told.iter().any(|fault| fault.contains("line 12, from: `2024-13-01` is no day")), "{told:?}");
        let told = broken(4, ",our rule", ",");
        assert!(told.iter().any(|fault| fault.contains("citation: name the law")), "{told:?}");
        let told = broken(6, "birth_certificate,identity", "birth_certificate,identities");
        assert!(told.iter().any(|fault| fault.contains("needs one of identities")), "{told:?}");
        let told = broken(2, "days_60,2024-01-01,,60", "days_90,2024-01-01,,60");
        assert!(told.iter().any(|fault| fault.contains("two rows for days_90")), "{told:?}");
    }
}
