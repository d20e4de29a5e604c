//! Who the plan is for, as written in the address: `people=40,38t,5`.
//!
//! Called by `ask::address` and `ask::rows`. It must never hold names or birth dates: other people see addresses.
//!
//! The grammar is a public contract (docs/addresses.md): each person is an age in years on the day coverage starts,
//! followed by letters in any order, written back in the order `t p m n s d o c b g l z`: `t` uses tobacco, `p` pregnant, `m`
//! member of a federally recognized tribe, `n` does not need coverage, `s` spouse of the first person, `d` dependent
//! on the first person's tax return, `o` files a return of their own, `c` has other coverage that rules out help, `b` is 65
//! or over and would have to buy Medicare Part A, `g` has had a green card for less than five years, `l` has another lawful
//! status, `z` none. Ages may also be typed as people write them:
//! `40 38 and 5`. What only the yearly cost uses, sex and expected care, is in separate lists in the order of the
//! people.

use std::fmt;

use crate::costs::Use;
use crate::costs::utilization::{Condition, Sex};
use crate::eligibility::ages::AgeRules;

/// Larger households are asked to call: no family-tier or age-rated plan prices them online.
pub const PEOPLE_MAX: usize = 12;
/// Ages above this are typos.
pub const AGE_MAX: u8 = 120;

/// How a person is related to the first one; only help with costs uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Relation {
    /// Not said: see `policy::relations` for what is assumed.
    #[default]
    Unsaid,
    Spouse,
    Dependent,
    /// On no return of this household: a roommate, an unmarried partner, a grown child.
    OwnReturn,
}

/// Immigration, as far as it changes what help there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Immigration {
    /// Not said: a citizen, or as good as one.
    #[default]
    Unsaid,
    /// A green card for less than five years.
    RecentGreenCard,
    /// Lawfully present in any other way.
    OtherLawful,
    NotLawful,
}

impl Immigration {
    pub const SAID: [Immigration; 3] = [Immigration::RecentGreenCard, Immigration::OtherLawful, Immigration::NotLawful];

    /// The letter after an age, and the value of the form's field.
    pub fn letter(self) -> Option<char> {
        match self {
            Immigration::Unsaid => None,
            Immigration::RecentGreenCard => Some('g'),
            Immigration::OtherLawful => Some('l'),
            Immigration::NotLawful => Some('z'),
        }
    }

    pub fn of_letter(letter: char) -> Option<Immigration> {
        Immigration::SAID.into_iter().find(|said| said.letter() == Some(letter))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Person {
    /// Age in whole years on the day coverage starts (45 CFR 147.102(a)(1)(iii)).
    pub age: u8,
    /// Used tobacco four or more times a week on average in the past six months (45 CFR 147.102(a)(1)(iv)).
    pub tobacco: bool,
    pub pregnant: bool,
    pub tribal_member: bool,
    pub needs_cover: bool,
    pub relation: Relation,
    /// Has coverage, other than a job's offer, that rules out the premium tax credit (Medicare, TRICARE …).
    pub other_coverage: bool,
    /// 65 or over, and cannot have Medicare Part A without a premium: only then is a tax credit possible.
    pub no_free_part_a: bool,
    pub immigration: Immigration,
    /// For the yearly cost only; `None`: not said.
    pub sex: Option<Sex>,
    /// How much care is expected, for the yearly cost only; `None`: not said.
    pub care: Option<Use>,
}

impl Person {
    pub fn of_age(age: u8) -> Person {
        Person {
            age,
            tobacco: false,
            pregnant: false,
            tribal_member: false,
            needs_cover: true,
            relation: Relation::Unsaid,
            other_coverage: false,
            no_free_part_a: false,
            immigration: Immigration::Unsaid,
            sex: None,
            care: None,
        }
    }

    /// Whether Medicare is available, which rules out the tax credit, signed up or not (26 CFR 1.36B-2(c)(2)(i)). Nearly
    /// everybody can have Part A free from the month they turn 65: assumed unless denied; the page says so.
    pub fn may_have_medicare(&self, ages: AgeRules) -> bool {
        self.age >= ages.medicare_from && !self.no_free_part_a
    }

    /// The care that estimates assume: an average year if nothing was said, a birth for someone who is pregnant.
    pub fn expected_care(&self) -> Use {
        let unsaid = if self.pregnant { Use::Condition(Condition::Maternity) } else { Use::Any };
        self.care.unwrap_or(unsaid)
    }

    pub fn parse(text: &str) -> Result<Person, PeopleFault> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let fault = || PeopleFault::Unreadable(text.chars().take(20).collect());
        let age: u8 = text[..digits].parse().map_err(|_| fault())?;
        if age > AGE_MAX {
            return Err(PeopleFault::TooOld(age));
        }
        let mut person = Person::of_age(age);
        for letter in text[digits..].chars() {
            match letter.to_ascii_lowercase() {
                't' => person.tobacco = true,
                'p' => person.pregnant = true,
                'm' => person.tribal_member = true,
                'n' => person.needs_cover = false,
                's' => person.relation = Relation::Spouse,
                'd' => person.relation = Relation::Dependent,
                'o' => person.relation = Relation::OwnReturn,
                'c' => person.other_coverage = true,
                'b' => person.no_free_part_a = true,
                letter => person.immigration = Immigration::of_letter(letter).ok_or_else(fault)?,
            }
        }
        Ok(person)
    }
}

impl Person {
    /// The letters after the age, in their fixed order.
    pub fn letters(&self) -> String {
        let flags = [
            (self.tobacco, 't'),
            (self.pregnant, 'p'),
            (self.tribal_member, 'm'),
            (!self.needs_cover, 'n'),
            (self.relation == Relation::Spouse, 's'),
            (self.relation == Relation::Dependent, 'd'),
            (self.relation == Relation::OwnReturn, 'o'),
            (self.other_coverage, 'c'),
            (self.no_free_part_a, 'b'),
        ];
        flags.into_iter().filter(|(set, _)| *set).map(|(_, letter)| letter).chain(self.immigration.letter()).collect()
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.age, self.letters())
    }
}

/// Why a `people=` value cannot be used. Each is a message key plus what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleFault {
    Nobody,
    TooMany,
    Unreadable(String),
    TooOld(u8),
    NobodyNeedsCover,
}

/// One to [`PEOPLE_MAX`] people, at least one of whom needs coverage, in the order typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Household {
    people: Vec<Person>,
}

impl Household {
    pub fn new(people: Vec<Person>) -> Result<Household, PeopleFault> {
        if people.is_empty() {
            return Err(PeopleFault::Nobody);
        }
        if people.len() > PEOPLE_MAX {
            return Err(PeopleFault::TooMany);
        }
        if !people.iter().any(|p| p.needs_cover) {
            return Err(PeopleFault::NobodyNeedsCover);
        }
        Ok(Household { people })
    }

    pub fn parse(text: &str) -> Result<Household, PeopleFault> {
        let parts = split(text);
        // Count before reading: a hostile address must not make us build a long list.
        if parts.len() > PEOPLE_MAX {
            return Err(PeopleFault::TooMany);
        }
        Household::new(parts.iter().map(|part| Person::parse(part)).collect::<Result<_, _>>()?)
    }

    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The address's `sex` and `care` lists; left out if nothing was said.
    pub fn care_pairs(&self) -> Vec<(&'static str, String)> {
        care_pairs(self.people.iter().map(|person| (person.sex, person.care)))
    }

    /// Whether anything private was said of anybody (sex, care, pregnancy, tribe, other coverage): such an address is its
    /// visitor's own.
    pub fn says_private(&self) -> bool {
        let of = |p: &Person| {
            let told = [p.pregnant, p.tribal_member, p.other_coverage, p.no_free_part_a];
            p.sex.is_some() || p.care.is_some() || told.contains(&true) || p.immigration != Immigration::Unsaid
        };
        self.people.iter().any(of)
    }

    /// Those who need coverage: the members of the policy.
    pub fn covered(&self) -> impl Iterator<Item = &Person> + Clone {
        self.people.iter().filter(|p| p.needs_cover)
    }

    /// The same people, of whom only the chosen ones (by place) are covered. If none were, all stay as they are.
    pub fn only(&self, chosen: impl Fn(usize) -> bool) -> Household {
        let mut people = self.people.clone();
        people.iter_mut().enumerate().for_each(|(i, person)| person.needs_cover &= chosen(i));
        Household::new(people).unwrap_or_else(|_| self.clone())
    }

    /// The same people without what only their own visitor should keep in an address.
    pub fn without_private(&self) -> Household {
        let public = |person: &Person| Person {
            sex: None,
            care: None,
            pregnant: false,
            tribal_member: false,
            other_coverage: false,
            no_free_part_a: false,
            ..*person
        };
        Household { people: self.people.iter().map(public).collect() }
    }

    pub fn without_tobacco(&self) -> Household {
        let people = self.people.iter().map(|person| Person { tobacco: false, ..*person }).collect();
        Household { people }
    }

    /// Whether family deductibles and maximums apply (two or more on one policy), or one person's own.
    pub fn is_family(&self) -> bool {
        self.covered().count() > 1
    }
}

/// The people in a typed list, separated by commas, spaces or words, as people write: `40, 38 and 6 months` is
/// `40 38 0`.
pub fn split(text: &str) -> Vec<String> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '+' | '&');
    let mut out: Vec<String> = Vec::new();
    for part in text.split(between).filter(|part| !part.is_empty()) {
        let (number, unit) = part.split_at(part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len()));
        // `8mo` is what the grammar writes: a member of a tribe with a return of their own.
        let attached = !number.is_empty()
            && matches!(Unit::of(unit), Some(Unit::Years | Unit::Months))
            && Person::parse(part).is_err();
        if attached {
            out.push(number.to_string());
        }
        match Unit::of(if attached { unit } else { part }) {
            Some(Unit::And) => {}
            Some(Unit::Years) if !out.is_empty() => {}
            Some(Unit::Months) if out.last().is_some_and(|last| last.parse::<u32>().is_ok()) => {
                let months = out.pop().and_then(|last| last.parse::<u32>().ok()).unwrap_or_default();
                out.push((months / 12).to_string());
            }
            _ => out.push(part.to_string()),
        }
    }
    out
}

/// Words between or after ages, in either language.
enum Unit {
    And,
    Years,
    Months,
}

impl Unit {
    fn of(word: &str) -> Option<Unit> {
        match word.trim_end_matches('.').to_lowercase().as_str() {
            "and" | "y" | "e" => Some(Unit::And),
            "years" | "year" | "yrs" | "yr" | "old" | "años" | "año" | "anos" => Some(Unit::Years),
            "months" | "month" | "mos" | "mo" | "meses" | "mes" => Some(Unit::Months),
            _ => None,
        }
    }
}

/// `sex=f,,m` and `care=low,,maternity`: one entry per person, blank if nothing was said; trailing blanks are left
/// out.
pub fn care_pairs(people: impl Iterator<Item = (Option<Sex>, Option<Use>)> + Clone) -> Vec<(&'static str, String)> {
    let list = |entries: Vec<String>| entries.join(",").trim_end_matches(',').to_string();
    let sexes = people.clone().map(|(sex, _)| sex.map_or("", Sex::letter).to_string()).collect();
    let cares = people.map(|(_, care)| care.map(Use::word).unwrap_or_default()).collect();
    let pairs = [("sex", list(sexes)), ("care", list(cares))];
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

impl fmt::Display for Household {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, person) in self.people.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            write!(f, "{person}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_grammar_reads_what_it_writes_and_writes_one_form() {
        assert_eq!(Household::parse(" 40, 38mt ,5n,, 0").unwrap().to_string(), "40,38tm,5n,0");
        assert_eq!(Household::parse("040T").unwrap().to_string(), "40t");
        for typed in
            ["40, 38 10 8", "40 38 10 8", "40;38;10;8", "40, 38, 10 and 8", " 40/38 + 10 & 8 ", "40, 38, 10 y 8"]
        {
            assert_eq!(Household::parse(typed).unwrap().to_string(), "40,38,10,8", "{typed}");
        }
    }

    #[test]
    fn ages_are_read_with_their_units() {
        for (typed, read) in [
            ("40, 38 and 6 months", "40,38,0"),
            ("40 años, 38 años y 14 meses", "40,38,1"),
            ("6 meses, 30", "0,30"),
            ("38, 40, 14años", "38,40,14"),
            ("40 years old, 8 mo", "40,0"),
            ("40, 8mo", "40,8mo"),
            ("30 yrs. 5 yrs.", "30,5"),
        ] {
            assert_eq!(Household::parse(typed).map(|read| read.to_string()), Ok(read.to_string()), "{typed}");
        }
        for typed in ["years", "months", "40 mo nths", "40e", "forty"] {
            assert!(Household::parse(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn each_fault_says_what_is_wrong() {
        assert_eq!(Household::parse(""), Err(PeopleFault::Nobody));
        assert_eq!(Household::parse("40,x"), Err(PeopleFault::Unreadable("x".into())));
        assert_eq!(Household::parse("121"), Err(PeopleFault::TooOld(121)));
        assert_eq!(Household::parse("40n"), Err(PeopleFault::NobodyNeedsCover));
        assert_eq!(Household::parse(&"1,".repeat(13)), Err(PeopleFault::TooMany));
        assert_eq!(Household::parse("4é"), Err(PeopleFault::Unreadable("4é".into())));
        assert!(matches!(Household::parse("999"), Err(PeopleFault::Unreadable(_))));
    }

    proptest! {
        #[test]
        fn any_household_survives_the_address(
            ages in prop::collection::vec((0u8..=AGE_MAX, any::<[bool; 6]>(), 0usize..4), 1..=PEOPLE_MAX)
        ) {
            let relations = [Relation::Unsaid, Relation::Spouse, Relation::Dependent, Relation::OwnReturn];
            let immigration = [Immigration::Unsaid, Immigration::RecentGreenCard, Immigration::OtherLawful, Immigration::NotLawful];
            let people: Vec<Person> = ages.into_iter().map(|(age, [t, p, m, n, c, b], r)| Person {
                tobacco: t, pregnant: p, tribal_member: m, needs_cover: n, relation: relations[r], other_coverage: c,
                no_free_part_a: b, immigration: immigration[(r + usize::from(b)) % 4],
                ..Person::of_age(age)
            }).collect();
            if let Ok(household) = Household::new(people) {
                prop_assert_eq!(Household::parse(&household.to_string()), Ok(household));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = Household::parse(&text);
        }
    }
}
