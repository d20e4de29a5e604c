//! A household's care, laid out for the calculation: who lives through which row of the table in which year.
//!
//! Made by `range` once per search or page and then used for every plan. It must know nothing about plans.

use super::Model;
use super::kind::{Care, Kind, ROWS, Who};
use super::member::{Member, Use};
use super::utilization::{AgeBand, BAD, DECILES, GOOD, YearKind};

/// Years to calculate, and what each is for.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    pub people: usize,
    pub years: usize,
    /// This many years, from the start, make the average; `good` and `bad` may be among them.
    pub average: usize,
    pub good: usize,
    pub bad: usize,
    /// The kinds of people in the household: two people with the same rows are one kind.
    pub kinds: Vec<Care>,
    /// By year, then person: the row lived through.
    places: Vec<Place>,
}

/// A row of a kind of person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub kind: u16,
    pub row: u16,
    /// The row's index among the rows of all kinds.
    pub at: u16,
}

impl Place {
    fn new(kind: u16, row: u16) -> Place {
        Place { kind, row, at: kind * ROWS as u16 + row }
    }
}

impl Lanes {
    /// `factor`: from the table's prices to the desired ones. Model `Cms` has one year: its low, medium and high, and
    /// medium for people who did not say.
    pub(super) fn new(people: &[Member], model: Model, factor: f64) -> Lanes {
        let (years, average, good, bad) = years(people, model);
        let ranks = ranks(people);
        let mut who: Vec<Who> = Vec::with_capacity(people.len());
        let mut kinds: Vec<u16> = Vec::with_capacity(people.len());
        for person in people {
            let kind = who.iter().position(|w| *w == Who::of(person)).unwrap_or_else(|| {
                who.push(Who::of(person));
                who.len() - 1
            });
            // There are 231 kinds: 7 age bands, 3 values of sex, 10 conditions or none.
            kinds.push(kind as u16);
        }
        let mut places = Vec::with_capacity(years.len() * people.len());
        for (year, number) in &years {
            for (p, person) in people.iter().enumerate() {
                let open = model == Model::Cms && person.usage == Use::Any;
                let usage = if open { Use::Medium } else { person.usage };
                places.push(Place::new(kinds[p], place(usage, *year, decile(*number, ranks[p]))));
            }
        }
        let kinds = who.into_iter().map(|who| Care::new(who, factor)).collect();
        Lanes { people: people.len(), years: years.len(), average, good, bad, kinds, places }
    }

    /// One person of an ordinary kind: deciles 1 to 10, and the median as an eleventh year.
    pub(super) fn alone(who: Who, factor: f64) -> Lanes {
        let places = (0..=Kind::MEDIAN).map(|row| Place::new(0, row)).collect();
        let (good, bad) = (usize::from(GOOD) - 1, usize::from(BAD) - 1);
        Lanes { people: 1, years: 11, average: 10, good, bad, kinds: vec![Care::new(who, factor)], places }
    }

    /// Where everybody's care in a year is found, person by person.
    pub(super) fn year(&self, year: usize) -> &[Place] {
        &self.places[year * self.people..][..self.people]
    }

    pub(super) fn kind(&self, place: Place) -> &Kind {
        self.kinds[usize::from(place.kind)].kind()
    }
}

/// The row of a use within its kind of person.
fn place(usage: Use, year: YearKind, decile: u8) -> u16 {
    let row = |decile: u8| u16::from(decile.clamp(1, 10) - 1);
    match (usage, year) {
        (Use::Condition(c), _) if c.is_whole_year() => year as u16,
        (Use::Decile(d), YearKind::Good) => row(d.min(GOOD)),
        (_, YearKind::Good) => row(GOOD),
        (_, YearKind::Bad) => row(BAD),
        (Use::Any | Use::Condition(_), YearKind::Average) => row(decile),
        (Use::Low, YearKind::Average) => row(GOOD),
        (Use::Medium, YearKind::Average) => Kind::MEDIAN,
        (Use::High, YearKind::Average) => row(BAD),
        (Use::Decile(d), YearKind::Average) => row(d),
    }
}

/// The years to calculate, how many of them make the average, and which are the good and the bad one.
fn years(people: &[Member], model: Model) -> (Vec<(YearKind, u8)>, usize, usize, usize) {
    if model == Model::Cms {
        return (vec![(YearKind::Average, 0)], 1, 0, 0);
    }
    let rest = [(YearKind::Good, 0), (YearKind::Bad, 0)];
    if !people.iter().any(|p| p.usage.varies()) {
        return (vec![(YearKind::Average, 0), rest[0], rest[1]], 1, 1, 2);
    }
    let mut years: Vec<_> = DECILES.map(|d| (YearKind::Average, d)).collect();
    if people.len() == 1 {
        return (years, 10, usize::from(GOOD) - 1, usize::from(BAD) - 1);
    }
    years.extend(rest);
    (years, 10, 10, 11)
}

/// Steps by which the ten average years go through the deciles, person by person; the fifth goes in step with the
/// first. Chosen among such lists because it comes closest to years drawn independently (`docs/costs.md`).
const STEPS: [u8; 4] = [1, 3, 9, 5];

/// The decile of one person in the average years 1 to 10. Everybody lives through every decile once, but not in step:
/// a family's members do not all get sick in the same year, and if they did, the family's maximum would hide most of
/// it.
fn decile(year: u8, rank: usize) -> u8 {
    // Multiples of a number below 11 run through 1 to 10, each once.
    (u16::from(year) * u16::from(STEPS[rank % STEPS.len()]) % 11) as u8
}

/// Each person's rank among those whose use varies, whatever order they were given in: people with the same rows may
/// swap.
fn ranks(people: &[Member]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..people.len()).filter(|i| people[*i].usage.varies()).collect();
    order.sort_by_key(|i| (AgeBand::of(people[*i].age), people[*i].sex, people[*i].usage));
    let mut ranks = vec![0; people.len()];
    order.iter().enumerate().for_each(|(rank, i)| ranks[*i] = rank);
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::service::SERVICES;
    use crate::costs::utilization::{Condition, Level, Sex, row};

    fn person(usage: Use) -> Member {
        Member { age: 40, sex: Some(Sex::Female), usage }
    }

    /// The full price of a person's year.
    fn total(lanes: &Lanes, year: usize, person: usize) -> f64 {
        let place = lanes.year(year)[person];
        lanes.kind(place).total[usize::from(place.row)]
    }

    #[test]
    fn one_person_who_said_nothing_has_the_ten_deciles_with_good_and_bad_among_them() {
        let lanes = Lanes::new(&[person(Use::Any)], Model::Shop, 1.0);
        assert_eq!((lanes.years, lanes.average, lanes.good, lanes.bad), (10, 10, 2, 9));
        assert_eq!(total(&lanes, 2, 0), row(AgeBand::To44, Sex::Female, Level::Decile(3)).allowed());
    }

    #[test]
    fn a_family_lives_through_every_decile_but_not_in_step() {
        for rank in 0..10 {
            let mut deciles: Vec<u8> = DECILES.map(|year| decile(year, rank)).collect();
            deciles.sort_unstable();
            assert_eq!(deciles, DECILES.collect::<Vec<_>>());
        }
        let lanes = Lanes::new(&[person(Use::Any), person(Use::Any)], Model::Shop, 1.0);
        assert_eq!((lanes.years, lanes.average, lanes.good, lanes.bad), (12, 10, 10, 11));
        let top = row(AgeBand::To44, Sex::Female, Level::Decile(10)).allowed();
        assert!((0..10).all(|year| total(&lanes, year, 0) < top || total(&lanes, year, 1) < top));
        assert!(total(&lanes, 11, 0) == top && total(&lanes, 11, 1) == top);
        assert_eq!(lanes.kinds.len(), 1);
    }

    #[test]
    fn chosen_use_moves_the_average_year_and_leaves_good_and_bad_possible() {
        let mixed = Lanes::new(&[person(Use::Any), person(Use::High)], Model::Shop, 1.0);
        assert_eq!((mixed.years, mixed.average), (12, 10));
        let high = row(AgeBand::To44, Sex::Female, Level::Decile(10)).allowed();
        assert!((0..10).all(|y| total(&mixed, y, 1) == high));
        assert!(total(&mixed, 10, 1) < high && total(&mixed, 11, 1) == high);
        let fixed = Lanes::new(&[person(Use::Medium)], Model::Shop, 1.0);
        assert_eq!((fixed.years, fixed.average), (3, 1));
    }

    #[test]
    fn care_for_a_condition_comes_on_top_and_prices_rise_with_the_factor() {
        let birth = person(Use::Condition(Condition::Maternity));
        let plain = person(Use::Any).row(YearKind::Average, 6).allowed();
        assert!((birth.row(YearKind::Average, 6).allowed() - plain - 7140.27).abs() < 0.01);
        let dear = Lanes::new(&[person(Use::Medium)], Model::Cms, 1.138);
        assert!((total(&dear, 0, 0) - 1.138 * 1972.08).abs() < 0.01);
    }

    /// The layout by kinds must find the same row that a page's sentence is written from.
    #[test]
    fn every_use_of_every_year_is_found_in_its_kind() {
        let plain = [Use::Any, Use::Low, Use::Medium, Use::High, Use::Decile(1), Use::Decile(7)];
        for usage in plain.into_iter().chain(Condition::ALL.map(Use::Condition)) {
            for (age, sex) in [(3, None), (40, Some(Sex::Female)), (22, Some(Sex::Male))] {
                let person = Member { age, sex, usage };
                let kind = Care::new(Who::of(&person), 1.0);
                for year in [YearKind::Good, YearKind::Average, YearKind::Bad] {
                    for decile in DECILES {
                        let (row, at) = (person.row(year, decile), usize::from(place(usage, year, decile)));
                        let found = kind.kind();
                        assert_eq!(found.total[at], row.allowed(), "{person:?} {year:?} {decile}");
                        assert!((0..SERVICES).all(|s| found.units[s][at] == row.units[s]));
                        assert!((0..SERVICES).all(|s| found.price[s][at] == row.price[s]));
                    }
                }
            }
        }
    }
}
