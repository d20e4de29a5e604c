//! Reads the whole address of the shop: every pair → [`Asked`]; [`Search`] writes it back in its one canonical form.
//!
//! Called by `quote::settle`, and by pages for what was typed. It must never fail, and never drop what was typed.
//!
//! `/plans?year=2026&zip=45202&county=39061&people=40,38t,5&…`. Reading accepts both the short form and plain form
//! fields (`age1=40&t1=1`); writing produces one stable form, so links can be kept, shared and cached. Anything
//! missing or wrong comes back as an [`Unanswered`] with everything that was typed.

use crate::catalogue::places::{Place, Places};
use crate::filing::codes::{Product, Sort};
use crate::quote::ask::facets::{Facets, Note, NoteKind};
use crate::quote::ask::money::{FinanceFields, Finances, Misread};
use crate::quote::ask::people::{Household, PEOPLE_MAX, PeopleFault, Person, split};
use crate::quote::ask::rows::{PersonRow, RowFields, row_pairs};
pub use crate::quote::ask::search::{Search, add_pairs, is_private, names_who, wishes, write_query};
use crate::types::{CountyFips, PlanId, Zip5};

/// Nobody reads a list past this page.
const PAGE_MAX: u32 = 500;
/// Plans side by side: as many columns as fit on a sheet of Letter paper, or in a person's head.
pub const PLANS_MAX: usize = 3;
/// Plans kept for a comparison: more than it shows, so that one can be taken out and another comes in.
pub const BASKET_MAX: usize = 9;

/// A parameter that belongs to one page and not to the search: which year, which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    pub name: &'static str,
    /// Allowed values. The first is the default and is left out of the address.
    pub words: &'static [&'static str],
}

impl Switch {
    pub fn default_word(&self) -> &'static str {
        self.words.first().copied().unwrap_or_default()
    }
}

/// What was read from an address, before it is checked against a catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub year: Option<u16>,
    pub zip_typed: String,
    pub county: Option<CountyFips>,
    pub rows: Vec<PersonRow>,
    /// `people=` as typed, where the rows come from it: so the one field shows again what was in it.
    pub people_typed: Option<String>,
    /// People are to be asked about one at a time.
    pub each: bool,
    /// What is wrong with the household as a whole (message key).
    pub people_fault: Option<&'static str>,
    pub finances: FinanceFields,
    pub product: Product,
    pub facets: Facets,
    /// `None`: the product's default order.
    pub sort: Option<Sort>,
    /// `dominated=off`.
    pub no_dominated_notes: bool,
    /// `group=off`.
    pub no_groups: bool,
    pub page: u32,
    /// `plan=` values, in order (comparison).
    pub plans: Vec<String>,
    /// The form's "add a person" button was pressed.
    pub add_person: bool,
    /// The value of the page's own [`Switch`]; `None` if it has the default, or the page has no switch.
    pub switched: Option<&'static str>,
    pub notes: Vec<Note>,
}

/// Why a list cannot be shown yet. Not an error unless something was typed wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    ZipMissing,
    ZipUnreadable,
    ZipUnknown,
    CountyMissing,
    PeopleMissing,
    PeopleWrong,
    FinancesWrong,
}

impl Unanswered {
    /// Whether something typed needs correcting (422), or a question is simply still open (200).
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Unanswered::ZipUnreadable | Unanswered::ZipUnknown | Unanswered::PeopleWrong | Unanswered::FinancesWrong
        )
    }
}

impl Asked {
    pub fn read(query: &str) -> Asked {
        Asked::read_with(query, None)
    }

    /// Like [`Asked::read`], for a page that has a switch of its own.
    pub fn read_with(query: &str, switch: Option<Switch>) -> Asked {
        let mut asked = Asked { page: 1, ..Asked::default() };
        let mut people: Option<String> = None;
        let mut rows = RowFields::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (name, value) = (name.as_ref(), value.as_ref());
            let mut bad = |value: &str| asked.notes.push(Note::new(name, value, NoteKind::BadValue));
            match name {
                "year" if value.is_empty() => {}
                "year" => match value.parse() {
                    Ok(year) => asked.year = Some(year),
                    Err(_) => bad(value),
                },
                "zip" => asked.zip_typed = value.trim().chars().take(20).collect(),
                "county" if value.is_empty() => {}
                "county" => match CountyFips::parse(value) {
                    Some(fips) => asked.county = Some(fips),
                    None => bad(value),
                },
                "people" => people = Some(value.to_string()),
                "product" => match value {
                    "medical" | "" => asked.product = Product::Medical,
                    "dental" => asked.product = Product::Dental,
                    _ => bad(value),
                },
                "sort" if value.is_empty() => {}
                "sort" => match Sort::from_key(value) {
                    Some(sort) => asked.sort = Some(sort),
                    None => bad(value),
                },
                "dominated" => is_off(value).map_or_else(|| bad(value), |off| asked.no_dominated_notes = off),
                "group" => is_off(value).map_or_else(|| bad(value), |off| asked.no_groups = off),
                "page" => match value.parse() {
                    Ok(page @ 1..=PAGE_MAX) => asked.page = page,
                    _ => bad(value),
                },
                "plan" => asked.plans.extend(value.split(',').filter(|id| !id.is_empty()).map(str::to_string)),
                "add" => asked.add_person = true,
                "each" => asked.each = true,
                _ if switch.is_some_and(|switch| switch.name == name) => {
                    let mut words = switch.iter().flat_map(|switch| switch.words);
                    match words.find(|word| **word == value) {
                        Some(word) => asked.switched = Some(word),
                        None if value.is_empty() => {}
                        None => bad(value),
                    }
                }
                _ if asked.finances.field_mut(name).is_some() => {
                    let text = value.trim().chars().take(30).collect();
                    asked.finances.field_mut(name).into_iter().for_each(|field| *field = String::clone(&text));
                }
                _ => {
                    if !rows.take(name, value, &mut asked.notes)
                        && !asked.facets.take(name, value, &mut asked.notes)
                        && !value.is_empty()
                    {
                        asked.notes.push(Note::new(name, value, NoteKind::UnknownName));
                    }
                }
            }
        }
        asked.facets.settle(asked.product, &mut asked.notes);
        if let Some(sort) = asked.sort.filter(|sort| !sort.fits(asked.product)) {
            asked.notes.push(Note::new("sort", sort.key(), NoteKind::BadValue));
            asked.sort = None;
        }
        asked.take_people(people, rows);
        asked
    }

    /// Form rows win over `people=`: they are what the person just typed.
    fn take_people(&mut self, people: Option<String>, mut fields: RowFields) {
        self.rows = fields.rows();
        if !self.rows.is_empty() {
            return;
        }
        self.people_typed = people.as_deref().map(|typed| typed.trim().chars().take(200).collect());
        match people.as_deref().map(Household::parse) {
            None | Some(Err(PeopleFault::Nobody)) => {}
            Some(Ok(household)) => self.rows = fields.rows_of(&household, &mut self.notes),
            Some(Err(fault)) => {
                let typed = people.unwrap_or_default();
                self.rows = split(&typed)
                    .into_iter()
                    .take(PEOPLE_MAX)
                    .map(|text| match Person::parse(&text) {
                        Ok(person) => PersonRow::of(&person),
                        Err(_) => PersonRow { age: text.chars().take(20).collect(), ..PersonRow::default() },
                    })
                    .collect();
                self.people_fault = match fault {
                    PeopleFault::TooMany => Some("ask.people_too_many"),
                    PeopleFault::NobodyNeedsCover => Some("ask.nobody_needs_cover"),
                    // The row already says what is wrong with its age.
                    _ => None,
                };
            }
        }
    }

    /// The household; on failure, each row carries its own fault.
    pub fn household(&mut self) -> Result<Household, Unanswered> {
        if self.rows.is_empty() {
            return Err(Unanswered::PeopleMissing);
        }
        if self.people_fault == Some("ask.people_too_many") {
            return Err(Unanswered::PeopleWrong);
        }
        let people: Vec<Option<Person>> = self.rows.iter_mut().map(PersonRow::read).collect();
        let people: Option<Vec<Person>> = people.into_iter().collect();
        let fault = match people.map(Household::new) {
            Some(Ok(household)) => return Ok(household),
            Some(Err(PeopleFault::NobodyNeedsCover)) => Some("ask.nobody_needs_cover"),
            _ => None,
        };
        self.people_fault = fault;
        Err(Unanswered::PeopleWrong)
    }

    pub fn money(&mut self) -> Result<Option<Finances>, Unanswered> {
        self.finances.read().map_err(|Misread| Unanswered::FinancesWrong)
    }

    pub fn zip(&self) -> Result<Zip5, Unanswered> {
        if self.zip_typed.is_empty() {
            return Err(Unanswered::ZipMissing);
        }
        Zip5::parse(&self.zip_typed).ok_or(Unanswered::ZipUnreadable)
    }

    /// The place: the ZIP's only county, or the county chosen.
    pub fn place(&self, places: &Places) -> Result<Place, Unanswered> {
        let zip = self.zip()?;
        let mut counties = places.counties(zip);
        let Some(first) = counties.next() else { return Err(Unanswered::ZipUnknown) };
        let several = counties.next().is_some();
        // A county that is not in the ZIP is left over from another ZIP: the question is open again.
        match self.county.and_then(|fips| places.place(zip, fips)) {
            Some(place) => Ok(place),
            None if several => Err(Unanswered::CountyMissing),
            // Ignore a county left over from another ZIP when there is nothing to choose.
            _ => places.place(zip, first.fips).ok_or(Unanswered::ZipUnknown),
        }
    }

    /// The plans to compare, each once, in the order given. Adds notes for values that are not plan IDs and for plans
    /// over the limit.
    pub fn plan_ids(&mut self) -> Vec<PlanId> {
        let mut ids: Vec<PlanId> = Vec::new();
        for typed in &self.plans {
            match PlanId::parse(typed) {
                Some(id) if ids.contains(&id) => {}
                Some(_) if ids.len() == BASKET_MAX => {
                    self.notes.push(Note::new("plan", typed, NoteKind::TooManyPlans));
                    break;
                }
                Some(id) => ids.push(id),
                None => self.notes.push(Note::new("plan", typed, NoteKind::UnknownPlan)),
            }
        }
        ids
    }

    /// Whether the address says more about a household than its ages. Such pages are for the visitor's own browser
    /// only.
    pub fn says_private(&self) -> bool {
        !self.finances.pairs().is_empty() || self.rows.iter().any(|row| row.sex.is_some() || row.care.is_some())
    }

    /// Everything typed, for links that carry it along (home page and back); canonical where possible.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("year", self.year.map(|y| y.to_string()).unwrap_or_default()),
            ("zip", self.zip_typed.clone()),
            ("county", self.county.map(|c| c.to_string()).unwrap_or_default()),
        ];
        pairs.extend(row_pairs(&self.rows));
        pairs.extend(self.finances.pairs());
        pairs.extend(self.wishes());
        pairs.extend(self.ticked());
        pairs.retain(|(_, value)| !value.is_empty());
        pairs
    }

    /// Preferences, apart from who and where: product, filters, order.
    pub fn wishes(&self) -> Vec<(&'static str, String)> {
        wishes(self.product, &self.facets, self.sort(), (!self.no_dominated_notes, !self.no_groups))
    }

    /// The plans ticked for comparison, as far as they can be plans.
    pub fn ticked(&self) -> Vec<(&'static str, String)> {
        let ids = self.plans.iter().filter_map(|typed| PlanId::parse(typed)).take(BASKET_MAX);
        ids.map(|id| ("plan", id.to_string())).collect()
    }

    pub fn sort(&self) -> Sort {
        self.sort.unwrap_or(Sort::usual(self.product))
    }
}

/// `on` (or blank) and `off`; `None` for any other word.
fn is_off(value: &str) -> Option<bool> {
    match value {
        "on" | "" => Some(false),
        "off" => Some(true),
        _ => None,
    }
}
#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::catalogue::places::County;
    use crate::filing::codes::Metal;
    use crate::quote::ask::facets::Span;
    use crate::quote::filters::{FILTERS, Facet, YES};
    use crate::quote::policy::Policy;
    use proptest::prelude::*;

    fn place() -> Place {
        let county = County {
            fips: CountyFips::parse("39061").expect("valid"),
            name: "Hamilton County".into(),
            state: "OH".into(),
        };
        let zip = Zip5::parse("45202").expect("valid");
        Place { zip, county, rating_area_pk: Some(1), rating_area_number: Some(4) }
    }

    pub fn search_of(query: &str) -> Search {
        let mut asked = Asked::read(query);
        let household = asked.household().expect("a household");
        Search {
            year: 2026,
            place: place(),
            policy: Policy::at_full_price(&household, crate::quote::policy::tests::rules()),
            household,
            finances: asked.money().expect("amounts"),
            product: asked.product,
            sort: asked.sort(),
            dominated_notes: !asked.no_dominated_notes,
            grouped: !asked.no_groups,
            basket: asked.plan_ids(),
            facets: asked.facets,
            page: asked.page,
            known: false,
        }
    }

    #[test]
    fn the_form_and_the_address_are_one_search() {
        let form = search_of("zip=45202&age1=40&age2=38&t2=1&age3=5&age4=&metal=silver&metal=gold&page=2");
        assert_eq!(form.canonical(), "year=2026&zip=45202&county=39061&people=40,38t,5&metal=silver,gold&page=2");
        assert_eq!(search_of(&form.canonical()).canonical(), form.canonical());
    }

    #[test]
    fn sex_and_care_follow_the_people_and_unknown_words_are_noted() {
        let form =
            search_of("zip=45202&age1=40&x1=F&u1=any&age2=&u2=low&age3=33&p3=1&u3=any&age4=7&u4=diabetes&x4=any");
        let canonical = "year=2026&zip=45202&county=39061&people=40,33p,7&sex=f&care=,any,diabetes";
        assert_eq!(form.canonical(), canonical);
        assert_eq!(search_of(canonical).canonical(), canonical);
        let asked = Asked::read("people=40&sex=x,m&care=often");
        let noted: Vec<_> = asked.notes.iter().map(|note| (note.name.as_str(), note.value.as_str())).collect();
        assert_eq!(noted, [("sex", "x"), ("care", "often"), ("sex", "m")]);
    }

    #[test]
    fn the_default_order_depends_on_the_product_and_is_left_out() {
        let who = "year=2026&zip=45202&county=39061&people=40";
        for (typed, written) in [
            ("&sort=cost_average", ""),
            ("&sort=premium", "&sort=premium"),
            ("&product=dental&sort=premium", "&product=dental"),
            ("&sort=stars&dominated=off", "&sort=stars&dominated=off"),
            ("&dominated=on", ""),
        ] {
            assert_eq!(search_of(&format!("{who}{typed}")).canonical(), format!("{who}{written}"));
        }
        let asked = Asked::read("product=dental&sort=cost_bad");
        assert_eq!((asked.sort(), asked.notes.len()), (Sort::Premium, 1));
    }

    #[test]
    fn a_wrong_row_keeps_what_was_typed_and_says_what_is_wrong() {
        let mut asked = Asked::read("age1=forty&age2=8&t3=1&age4=200");
        assert_eq!(asked.household(), Err(Unanswered::PeopleWrong));
        let said: Vec<_> = asked.rows.iter().map(|row| (row.age.as_str(), row.fault)).collect();
        assert_eq!(
            said,
            [
                ("forty", Some("ask.age_not_number")),
                ("8", None),
                ("", Some("ask.age_missing")),
                ("200", Some("ask.age_too_high"))
            ]
        );
    }

    #[test]
    fn unknown_names_are_noted_and_blank_ones_ignored() {
        let asked = Asked::read("zip=45202&flavor=red&shape=&year=soon");
        let noted: Vec<&str> = asked.notes.iter().map(|note| note.name.as_str()).collect();
        assert_eq!(noted, ["flavor", "year"]);
    }

    fn yes_or_no() -> Vec<Facet> {
        FILTERS.iter().filter(|filter| filter.yes_word().is_some()).map(|filter| filter.facet).collect()
    }

    proptest! {
        #[test]
        fn any_address_settles_in_one_step(query in "[a-z0-9=&,%+._ -]{0,120}") {
            let asked = Asked::read(&query);
            let again = Asked::read(&write_query(&asked.wishes()));
            prop_assert_eq!(again.wishes(), asked.wishes());
            prop_assert!(again.notes.is_empty());
        }

        #[test]
        fn a_search_survives_its_address(
            metals in prop::sample::subsequence(Metal::ALL[..6].to_vec(), 0..6),
            yes in prop::sample::subsequence(yes_or_no(), 0..7),
            premium in (prop::option::of(1u32..2000), prop::option::of(0u32..2000)),
            stars in prop::option::of(1i64..=5),
            text in "[ -~é]{0,30}",
            page in 1u32..20,
        ) {
            let mut search = search_of("people=40");
            let mut notes = Vec::new();
            metals.into_iter().for_each(|metal| search.facets.tick(Facet::Metal, metal.code()));
            yes.into_iter().for_each(|facet| search.facets.tick(facet, YES));
            search.facets.set_span(Facet::Premium, Span { min: premium.0, max: premium.1 });
            stars.into_iter().for_each(|stars| search.facets.tick(Facet::Stars, stars));
            search.facets.take("q", &text, &mut notes);
            search.facets.settle(Product::Medical, &mut notes);
            search.page = page;
            let again = search_of(&search.canonical());
            prop_assert_eq!((&again.facets, again.page), (&search.facets, search.page));
        }
    }
}
