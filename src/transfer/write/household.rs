//! Households of a transfer: those of Medicaid's rules, tax returns, and who lives together.

use serde_json::Value;

use super::{Pen, code, core, ee, ext, leaf, person_id, reference, yes_no};
use crate::application::sheet::RowId;
use crate::transfer::facts::Facts;
use crate::transfer::xml::{Element, Space};

/// A household under 42 CFR 435.603(f): people with the same one share it.
pub struct Medicaid {
    pub id: String,
    members: Vec<RowId>,
    size: u64,
    /// Of the year, in cents: twelve times that of the month.
    year: i64,
    /// Nobody in it is within any limit.
    above: bool,
    /// Whose it is.
    of: Vec<RowId>,
}

fn rows(list: &Value) -> Vec<RowId> {
    list.as_array().into_iter().flatten().filter_map(|own| own.as_str()?.parse().ok()).collect()
}

/// Dollars of the engine's answer, as cents.
fn cents(amount: &Value) -> i64 {
    (amount.as_f64().unwrap_or_default() * 100.0).round() as i64
}

/// `1400.00`
pub fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// The distinct households of whoever is referred.
pub fn medicaid(facts: &Facts) -> Vec<Medicaid> {
    let mut found: Vec<Medicaid> = Vec::new();
    for (person, _) in facts.referrals() {
        let answer = facts.answer(person);
        let own = &answer["medicaid_household"];
        if own.is_null() {
            continue;
        }
        let (members, size) = (rows(&own["members"]), own["size"].as_u64().unwrap_or_default());
        let year = cents(&own["monthly_income_x12"]);
        let above = answer["medicaid"].is_null() && answer["chip"].is_null();
        let same = |other: &&mut Medicaid| other.members == members && other.size == size && other.year == year;
        match found.iter_mut().find(same) {
            Some(other) => {
                other.of.push(person);
                other.above &= above;
            }
            None => {
                let id = format!("mh{}", found.len() + 1);
                found.push(Medicaid { id, members, size, year, above, of: vec![person] });
            }
        }
    }
    found
}

impl Medicaid {
    pub fn is_of(&self, person: RowId) -> bool {
        self.of.contains(&person)
    }

    pub fn element(&self) -> Element {
        let income = |frequency: &str, amount: i64| {
            ee(
                "HouseholdIncome",
                [
                    core("IncomeFrequency", [code("FrequencyCode", frequency)]),
                    code("IncomeAmount", &dollars(amount)),
                    code("IncomeCategoryCode", "Unspecified"),
                ],
            )
        };
        let mut children = vec![income("Monthly", self.year / 12), income("Annually", self.year)];
        children.push(leaf(Space::Eligibility, "HouseholdSizeQuantity", self.members.len().to_string()));
        let member = |row: &RowId| reference(Space::Eligibility, "HouseholdMemberReference", &person_id(*row));
        children.extend(self.members.iter().map(member));
        children.push(leaf(Space::Eligibility, "MedicaidHouseholdEffectivePersonQuantity", self.size.to_string()));
        children.push(yes_no(
            Space::Eligibility,
            "MedicaidHouseholdIncomeAboveHighestApplicableMAGIStandardIndicator",
            self.above,
        ));
        let mut element = ee("MedicaidHousehold", children);
        element.id = Some(self.id.clone());
        element
    }
}

impl Pen<'_> {
    pub(super) fn tax_returns(&self) -> Vec<Element> {
        let all = self.facts.determination["tax_households"].as_array().into_iter().flatten();
        all.map(|own| self.tax_return(own)).collect()
    }

    fn tax_return(&self, own: &Value) -> Element {
        let (filers, members) = (rows(&own["filers"]), rows(&own["members"]));
        let year = self.facts.determination["plan_year"].as_i64().unwrap_or_default().to_string();
        // Whole percent, at most three digits.
        let percent = own["fpl_percent"].as_f64().unwrap_or_default().floor().clamp(0.0, 999.0) as i64;
        let income = ee(
            "HouseholdIncome",
            [
                core("IncomeFrequency", [code("FrequencyCode", "Annually")]),
                code("IncomeAmount", &dollars(cents(&own["magi"]))),
                core("IncomeDate", [leaf(Space::Niem, "Year", year.as_str())]),
                code("IncomeFederalPovertyLevelPercent", &percent.to_string()),
            ],
        );
        let role =
            |local: &str, row: RowId| ee(local, [reference(Space::Core, "RoleOfPersonReference", &person_id(row))]);
        let size = own["family_size"].as_u64().unwrap_or_default().to_string();
        let mut household = vec![income, leaf(Space::Eligibility, "HouseholdSizeQuantity", size)];
        household.extend(filers.first().map(|row| role("PrimaryTaxFiler", *row)));
        household.extend(filers.get(1).map(|row| role("SpouseTaxFiler", *row)));
        let dependents: Vec<RowId> = members.into_iter().filter(|row| !filers.contains(row)).collect();
        household.extend(dependents.iter().map(|row| role("TaxDependent", *row)));
        let mut children: Vec<Element> = Vec::new();
        let status = filers.first().and_then(|row| self.filing_status(*row, filers.len()));
        children.extend(status.map(|status| leaf(Space::Eligibility, "TaxReturnFilingStatusCode", status)));
        children.push(leaf(Space::Eligibility, "TaxReturnYear", year));
        children.push(ee("TaxHousehold", household));
        children.push(yes_no(Space::Eligibility, "TaxReturnIncludesDependentIndicator", !dependents.is_empty()));
        ee("TaxReturn", children)
    }

    /// Codes of hix-types:TaxReturnFilingStatusCode; `None` for whoever files none, or has not said.
    fn filing_status(&self, filer: RowId, filers: usize) -> Option<&'static str> {
        let told = self.facts.told(filer);
        match told["filing_status"].as_str() {
            Some("married_filing_jointly") => Some("2"),
            Some("married_filing_separately") => Some("3"),
            Some("head_of_household") => Some("4"),
            _ if told["files_taxes"] == true && filers == 1 && told["spouse"].is_null() => Some("1"),
            _ => None,
        }
    }

    pub(super) fn physical_household(&self) -> Element {
        let facts = self.facts;
        let members: Vec<RowId> = facts.people().into_iter().filter(|own| facts.lives_here(*own)).collect();
        let mut children = vec![leaf(Space::Eligibility, "HouseholdSizeQuantity", members.len().to_string())];
        let member = |row: &RowId| reference(Space::Eligibility, "HouseholdMemberReference", &person_id(*row));
        children.extend(members.iter().map(member));
        ext("PhysicalHousehold", children)
    }
}
