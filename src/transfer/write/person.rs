//! A person of a transfer: who they are, whom they belong to, where they are reached, what they earn.

use super::household::dollars;
use super::{Pen, code, core, leaf, nc, on_day, person_id, reference, yes_no};
use crate::application::kinds::{self, NONE, parts};
use crate::application::sheet::{HOUSEHOLD, RowId, YOU};
use crate::transfer::codes;
use crate::transfer::xml::{Element, Space};

/// Where a name has but one part, agencies keep it as the surname; this stands before it ("first name unknown", as
/// immigration papers have it).
const NO_FIRST_NAME: &str = "FNU";
const PARENT: &str = "hix-core:Person";
const MORE: &str = "hix-core:PersonAugmentation";
const INCOME: &str = "hix-core:PersonIncome";

fn race(code: &str) -> Option<&'static str> {
    Some(match code {
        "american_indian" => "American Indian or Alaska Native",
        "asian" => "Asian",
        "black" => "Black or African American",
        "hispanic" => "Hispanic or Latino",
        "middle_eastern" => "Middle Eastern or North African",
        "pacific_islander" => "Native Hawaiian or Pacific Islander",
        "white" => "White",
        _ => return None,
    })
}

/// `english` → `English`, at most 18 letters.
fn language(word: &str) -> String {
    let word = match word {
        "en" => "english",
        "es" => "spanish",
        word => word,
    };
    let mut name = word.replace('_', " ");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name.chars().take(18).collect()
}

impl Pen<'_> {
    pub(super) fn person(&self, person: RowId) -> Element {
        let facts = self.facts;
        let mut children = Vec::new();
        if let Some(age) = facts.answer(person)["age"].as_u64() {
            children.push(nc("PersonAgeMeasure", [leaf(Space::Niem, "MeasurePointValue", age.to_string())]));
        }
        children.extend(
            facts.date("birth_date", person).map(|day| on_day(Space::Niem, "PersonBirthDate", day.to_string())),
        );
        children.push(self.name(person));
        let races = parts(facts.text("race", person)).filter_map(race);
        children.extend(races.map(|race| leaf(Space::Niem, "PersonRaceText", race)));
        children.extend(match facts.text("sex", person) {
            "female" => Some(leaf(Space::Niem, "PersonSexText", "Female")),
            "male" => Some(leaf(Space::Niem, "PersonSexText", "Male")),
            _ => self.unasked(Space::Niem, PARENT, "PersonSexText"),
        });
        if let Some(ssn) = kinds::ssn(facts.text("ssn", person)) {
            let mut element = nc("PersonSSNIdentification", [leaf(Space::Niem, "IdentificationID", ssn)]);
            element.metadata = self.checked("ssn", person);
            children.push(element);
        }
        // Nobody who does not apply is asked (45 CFR 155.310(a)(2)).
        let citizen = facts.has("citizen", person).then(|| facts.yes("citizen", person));
        let element = self.asked(Space::Niem, PARENT, "PersonUSCitizenIndicator", citizen);
        children.extend(element.map(|mut element| {
            element.metadata = self.checked("citizenship", person);
            element
        }));
        children.push(self.tribe(person));
        children.push(core("PersonAugmentation", self.more(person)));
        let mut element = core("Person", children);
        element.id = Some(person_id(person));
        element
    }

    fn name(&self, person: RowId) -> Element {
        let facts = self.facts;
        let part = |local: &str, text: String| leaf(Space::Niem, local, text);
        let (given, last) = (facts.name("first_name", person), facts.name("last_name", person));
        let middle = facts.name("middle_name", person);
        let (given, last) = if last.is_empty() { (NO_FIRST_NAME.to_string(), given) } else { (given, last) };
        let mut children = vec![part("PersonGivenName", given)];
        children.extend((!middle.is_empty()).then(|| part("PersonMiddleName", middle)));
        children.push(part("PersonSurName", last));
        children.extend(facts.suffix(person).map(|suffix| part("PersonNameSuffixText", suffix.to_string())));
        nc("PersonName", children)
    }

    fn tribe(&self, person: RowId) -> Element {
        let facts = self.facts;
        let parent = "hix-core:TribalAugmentation";
        let tribal = facts.among("tribal", person);
        let mut children = Vec::new();
        children.extend(tribal.map(|is| yes_no(Space::Core, "PersonRecognizedTribeIndicator", is)));
        children.extend(self.asked(Space::Core, parent, "PersonAmericanIndianOrAlaskaNativeIndicator", tribal));
        if tribal == Some(true) {
            let name: String = facts.text("tribe", person).trim().chars().take(256).collect();
            children.extend((!name.is_empty()).then(|| code("PersonTribeName", &name)));
        }
        children.extend(match facts.text("tribe_state", person) {
            "" => self.unasked(Space::Niem, parent, "LocationStateUSPostalServiceCode"),
            state => Some(leaf(Space::Niem, "LocationStateUSPostalServiceCode", state)),
        });
        core("TribalAugmentation", children)
    }

    fn more(&self, person: RowId) -> Vec<Element> {
        let facts = self.facts;
        let mut children = self.relatives(person);
        children.extend(self.contacts(person));
        let incomes = facts.incomes(person);
        let jobs = incomes.iter().filter(|row| !facts.text("employer", **row).trim().is_empty());
        children.extend(jobs.map(|row| {
            let name: String = facts.text("employer", *row).trim().chars().take(256).collect();
            let mut employer = core("Employer", [leaf(Space::Niem, "OrganizationName", name)]);
            employer.id = Some(format!("em{row}"));
            core("PersonEmploymentAssociation", [employer])
        }));
        children.extend(self.pregnancy(person));
        children.extend(self.unasked(Space::Core, MORE, "PersonMedicaidIdentification"));
        children.extend(incomes.iter().filter_map(|row| self.income(*row)));
        children.extend(self.languages(person));
        children.extend(self.unasked(Space::Core, MORE, "PersonCHIPIdentification"));
        children.extend(incomes.iter().filter_map(|row| self.expense(*row)));
        children.extend(self.asked(Space::Core, MORE, "PersonMarriedIndicator", self.married(person)));
        let veteran = facts.has("veteran", person).then(|| facts.yes("veteran", person));
        children.extend(veteran.map(|is| yes_no(Space::Core, "PersonUSVeteranIndicator", is)));
        children
    }

    /// What everybody else is to this person.
    fn relatives(&self, person: RowId) -> Vec<Element> {
        let facts = self.facts;
        let code_of = |other: RowId| -> &'static str {
            let of = |row: RowId| codes::relationship(facts.relation(row));
            match (person, other) {
                (YOU, other) => of(other).map_or("G8", |row| &row.is),
                (person, YOU) => of(person).map_or("G8", |row| &row.has),
                _ => {
                    let partners = |row: RowId| facts.yes("partners_child", row);
                    codes::between(facts.relation(person), facts.relation(other), partners(person) || partners(other))
                }
            }
        };
        let others = facts.people().into_iter().filter(|other| *other != person);
        let one = |other: RowId| {
            let mut children = Vec::new();
            children.extend(self.unasked(Space::Niem, "hix-core:PersonAssociation", "AssociationBeginDate"));
            children.push(reference(Space::Niem, "PersonReference", &person_id(other)));
            children.push(code("FamilyRelationshipCode", code_of(other)));
            core("PersonAssociation", children)
        };
        others.map(one).collect()
    }

    fn contacts(&self, person: RowId) -> Vec<Element> {
        let facts = self.facts;
        let mut found = Vec::new();
        let phone = kinds::digits(facts.text("phone", HOUSEHOLD), 10).filter(|_| person == YOU);
        if let Some(phone) = phone {
            let number = nc("FullTelephoneNumber", [leaf(Space::Niem, "TelephoneNumberFullID", phone)]);
            found.push(self.contact(true, nc("ContactTelephoneNumber", [number]), "Mobile"));
        }
        let no_home = facts.yes("no_home", HOUSEHOLD);
        if facts.lives_here(person) {
            let kind = if no_home { "Residency" } else { "Home" };
            found.push(self.contact(false, self.home(no_home), kind));
        }
        let elsewhere = facts.has("mail_street", HOUSEHOLD) && !facts.text("mail_street", HOUSEHOLD).is_empty();
        let mailing = if elsewhere { self.mailing() } else { self.home(false) };
        if elsewhere || !no_home {
            found.push(self.contact(false, mailing, "Mailing"));
        }
        if let Some(email) = self.email().filter(|_| person == YOU) {
            found.push(self.contact(false, leaf(Space::Niem, "ContactEmailID", email), "Home"));
        }
        found
    }

    fn contact(&self, first: bool, way: Element, kind: &str) -> Element {
        let parent = "hix-core:PersonContactInformationAssociation";
        let mut children = Vec::new();
        children.extend(self.unasked(Space::Niem, parent, "AssociationBeginDate"));
        children.push(yes_no(Space::Niem, "ContactInformationIsPrimaryIndicator", first));
        children.push(core("ContactInformation", [way]));
        children.push(code("ContactInformationCategoryCode", kind));
        core("PersonContactInformationAssociation", children)
    }

    fn home(&self, no_street: bool) -> Element {
        let facts = self.facts;
        let text = |question: &str| facts.text(question, HOUSEHOLD).trim();
        let fips = facts.household["county_fips"].as_str().unwrap_or_default();
        let county = Some((facts.county.as_str(), fips.get(2..).unwrap_or_default()));
        let street = if no_street { "" } else { text("street") };
        self.address((street, text("unit")), text("city"), county, (facts.state.as_str(), text("zip")))
    }

    /// Of its county nothing was asked.
    fn mailing(&self) -> Element {
        let text = |question: &str| self.facts.text(question, HOUSEHOLD).trim();
        self.address(
            (text("mail_street"), text("mail_unit")),
            text("mail_city"),
            None,
            (text("mail_state"), text("mail_zip")),
        )
    }

    fn address(
        &self,
        (street, unit): (&str, &str),
        city: &str,
        county: Option<(&str, &str)>,
        (state, zip): (&str, &str),
    ) -> Element {
        let part = |local: &str, text: &str, most: usize| {
            let text: String = text.chars().take(most).collect();
            (!text.is_empty()).then(|| leaf(Space::Niem, local, text))
        };
        let mut children = Vec::new();
        match part("StreetFullText", street, 88) {
            Some(street) => children.push(nc("LocationStreet", [street])),
            None => children.extend(self.unasked(Space::Niem, "nc:StructuredAddress", "LocationStreet")),
        }
        children.extend(part("AddressSecondaryUnitText", unit, 75));
        children.extend(part("LocationCityName", city, 100));
        if let Some((name, fips)) = county {
            children.extend(part("LocationCountyName", name, 256));
            children.extend(part("LocationCountyCode", fips, 3));
        }
        children.extend(part("LocationStateUSPostalServiceCode", state, 2));
        children.extend(part("LocationPostalCode", zip, 10));
        nc("ContactMailingAddress", [nc("StructuredAddress", children)])
    }

    /// Asked of women and girls, if help was asked for.
    fn pregnancy(&self, person: RowId) -> Option<Element> {
        let facts = self.facts;
        let asked = facts.text("sex", person) == "female";
        let Some(is) = facts.among("pregnant", person).filter(|_| asked) else {
            return self.unasked(Space::Core, MORE, "PersonPregnancyStatus");
        };
        let mut children = vec![yes_no(Space::Core, "StatusIndicator", is)];
        let babies = kinds::count(facts.text("babies", person)).filter(|_| is);
        children.extend(babies.map(|babies| code("PregnancyStatusExpectedBabyQuantity", &babies.to_string())));
        Some(core("PersonPregnancyStatus", children))
    }

    /// `None` until it was asked.
    fn married(&self, person: RowId) -> Option<bool> {
        let facts = self.facts;
        let spouse = facts.people().into_iter().find(|other| facts.relation(*other) == "spouse");
        if spouse.is_some_and(|spouse| person == YOU || person == spouse) {
            return Some(true);
        }
        match facts.text("married", person) {
            "yes" => Some(true),
            "no" => Some(false),
            // The contact person lists the whole household: no spouse among them, and none was told of.
            _ if person == YOU => Some(false),
            // The youngest age at which anybody is asked about a return of their own is above that of any marriage.
            _ if facts.answer(person)["age"].as_u64().is_some_and(|age| age < 16) => Some(false),
            _ => None,
        }
    }

    fn languages(&self, person: RowId) -> Vec<Element> {
        if person != YOU {
            return Vec::new();
        }
        let (spoken, written) =
            (language(self.facts.text("spoken", HOUSEHOLD)), language(self.facts.text("written", HOUSEHOLD)));
        let one = |name: &str, speaks: bool, writes: bool| {
            core(
                "PersonPreferredLanguage",
                [
                    leaf(Space::Niem, "LanguageName", name),
                    yes_no(Space::Niem, "PersonSpeaksLanguageIndicator", speaks),
                    yes_no(Space::Niem, "PersonWritesLanguageIndicator", writes),
                ],
            )
        };
        let mut found = Vec::new();
        if !spoken.is_empty() {
            found.push(one(&spoken, true, spoken == written));
        }
        if !written.is_empty() && written != spoken {
            found.push(one(&written, false, true));
        }
        found
    }

    fn amount(&self, row: RowId) -> Option<i64> {
        let said = ["amount", "net_amount"].map(|question| self.facts.text(question, row));
        said.into_iter().find_map(|text| kinds::money(text).ok()).map(|cents| cents.0)
    }

    fn income(&self, row: RowId) -> Option<Element> {
        let facts = self.facts;
        let kind = codes::income_kind(facts.text("kind", row)).filter(|kind| !kind.income.is_empty())?;
        let amount = self.amount(row)?;
        let frequency = codes::frequency(facts.text("frequency", row))?;
        let hours = kinds::decimal(facts.text("hours", row)).filter(|_| frequency == "Hourly");
        let days = kinds::decimal(facts.text("days", row)).filter(|_| frequency == "Daily");
        let measure = |local: &str, said: Option<String>| match said {
            Some(said) => Some(code(local, &said)),
            None => self.unasked(Space::Core, INCOME, local),
        };
        let mut children =
            vec![core("IncomeFrequency", [code("FrequencyCode", frequency)]), code("IncomeAmount", &dollars(amount))];
        children.extend(measure("IncomeHoursPerWeekMeasure", hours.map(dollars)));
        children.extend(measure("IncomeHoursPerPayPeriodMeasure", None));
        // One digit: half days are rounded up.
        children
            .extend(measure("IncomeDaysPerWeekMeasure", days.map(|days| ((days + 99) / 100).clamp(1, 7).to_string())));
        children.push(code("IncomeCategoryCode", &kind.income));
        match facts.date("once_on", row).filter(|_| frequency == "Once") {
            Some(day) => {
                let month = format!("{:04}-{:02}", day.year(), u8::from(day.month()));
                children.push(core("IncomeDate", [leaf(Space::Niem, "YearMonth", month)]));
            }
            None => children.extend(self.unasked(Space::Core, INCOME, "IncomeDate")),
        }
        if !facts.text("employer", row).trim().is_empty() {
            children.push(reference(Space::Core, "IncomeSourceOrganizationReference", &format!("em{row}")));
        }
        let excluded = kind.kind == "tribal_exempt";
        children.push(yes_no(Space::Core, "IncomeSubjectToFederalRestrictionsIndicator", excluded));
        children.extend(self.unasked(Space::Core, INCOME, "IncomePaymentFrequency"));
        let day = |local: &str, question: &str| {
            facts.date(question, row).map(|day| on_day(Space::Niem, local, day.to_string()))
        };
        let range: Vec<Element> = [day("StartDate", "starts"), day("EndDate", "ends")].into_iter().flatten().collect();
        if !range.is_empty() {
            children.push(core("IncomeEarnedDateRange", range));
        }
        children.extend(measure(
            "IncomeEmploymentDescriptionText",
            Some(kind.text.clone()).filter(|text| !text.is_empty()),
        ));
        children.extend(self.unasked(Space::Core, INCOME, "IncomeUnemploymentSourceText"));
        Some(core("PersonIncome", children))
    }

    fn expense(&self, row: RowId) -> Option<Element> {
        let facts = self.facts;
        let kind = codes::income_kind(facts.text("kind", row)).filter(|kind| kind.income.is_empty())?;
        let amount = self.amount(row)?;
        let frequency = codes::frequency(facts.text("frequency", row))?;
        let said = match kind.expense.as_str() {
            "" => code("ExpenseCategoryText", &kind.text),
            expense => code("ExpenseCategoryCode", expense),
        };
        let often = core("ExpenseFrequency", [code("FrequencyCode", frequency)]);
        Some(core("PersonExpense", [code("ExpenseAmount", &dollars(amount)), said, often]))
    }

    /// Whoever has named a job's offer, and which of it this person could have.
    pub(super) fn offers(&self, person: RowId) -> Vec<RowId> {
        let facts = self.facts;
        let covers = |row: &RowId| {
            *row == person
                || parts(facts.text("offer_covers", *row)).any(|part| part != NONE && part.parse() == Ok(person))
        };
        facts.people().into_iter().filter(|row| facts.among("offered", *row) == Some(true)).filter(covers).collect()
    }
}
