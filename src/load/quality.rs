//! Quality PUF → the stars of each plan.
//!
//! Called by `load::gather`. Ratings are given to a reporting unit, all plans of one kind that an insurer has in a
//! state; the file has a row for each plan, or in some years one for each unit. Plans without a row keep "no rating
//! known", which must never become "Not Rated".

use super::geo::Counts;
use super::model::{Extras, Known, MEDICAL, Plans};
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::{Row, Source};
use super::values;

const RATINGS: [&str; 4] =
    ["OverallRatingValue", "MemberExperienceRatingValue", "MedicalCareRatingValue", "PlanAdministrationRatingValue"];
const OPTIONAL: [&str; 8] = [
    "PlanId",
    "IssuerId",
    "State",
    "PlanType",
    "BusinessYear",
    "MemberExperienceRatingValue",
    "MedicalCareRatingValue",
    "PlanAdministrationRatingValue",
];

pub fn read(
    source: &Source,
    meter: Meter,
    plans: &Plans,
    extras: &mut Extras,
    problems: &mut Problems,
) -> Result<Counts, LoadError> {
    let mut opened = source.open()?;
    let mut table = source.table(&mut opened, meter, &RATINGS[..1], &OPTIONAL)?;
    let by_plan = table.has("PlanId");
    if !by_plan && !table.has("IssuerId") {
        let (file, kind) = (source.name.clone(), source.kind.name());
        return Err(LoadError::MissingColumn { file, kind, columns: "PlanId (or IssuerId)".to_string() });
    }
    let mut kept = 0;
    while let Some(row) = table.next_row(problems)? {
        let stars = RATINGS.map(|column| {
            let value = row.text(column);
            star_of(&value).unwrap_or_else(|| {
                row.value_problem(problems, column, &value, Fault::Word, "1 to 5, or NR (not rated), is wanted");
                None
            })
        });
        let rated = if by_plan { plan_of(&row, plans).into_iter().collect() } else { unit_of(&row, plans, problems) };
        // The Quality PUF also names plans of other markets and of states with their own files: no fault.
        for pk in &rated {
            if *extras.stars.entry(*pk).or_insert(stars) != stars {
                let id = row.text(if by_plan { "PlanId" } else { "IssuerId" });
                row.problem(problems, "PlanId", &id, Fault::Duplicate, "this plan has other stars already");
                break;
            }
        }
        kept += u64::from(!rated.is_empty());
    }
    Ok((table.read, kept))
}

fn plan_of(row: &Row, plans: &Plans) -> Option<u32> {
    match plans.find(&row.text("PlanId")) {
        Known::Plan(pk) => Some(pk),
        _ => None,
    }
}

/// The medical plans of an insurer in a state, of one kind if the row names it.
fn unit_of(row: &Row, plans: &Plans, problems: &mut Problems) -> Vec<u32> {
    let filed = row.text("IssuerId");
    let Ok(Some(issuer)) = values::issuer(&filed) else {
        row.problem(problems, "IssuerId", &filed, Fault::Number, "an insurer's number is wanted");
        return Vec::new();
    };
    let (state, kind) = (row.text("State").to_ascii_uppercase(), row.text("PlanType"));
    let kind = super::attributes::plan_type(&kind).ok().flatten();
    let of_unit = plans.each().filter(|(_, plan)| {
        plan.issuer_id == issuer
            && plan.product == MEDICAL
            && (state.is_empty() || plan.state == state)
            && kind.is_none_or(|kind| plan.plan_type == kind)
    });
    of_unit.map(|(pk, _)| pk).collect()
}

/// `Some(Some(0))` for anything filed as not rated (too new, too few members, under review …); `Some(None)` for a
/// blank.
fn star_of(value: &str) -> Option<Option<i64>> {
    let lower = values::without_zero_decimals(value).to_ascii_lowercase();
    match lower.as_str() {
        "1" | "2" | "3" | "4" | "5" => lower.parse().ok().map(Some),
        "" => Some(None),
        words
            if ["nr", "not rated", "not eligible", "not applicable", "n/a"].iter().any(|no| words.starts_with(no)) =>
        {
            Some(Some(0))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_one_to_five_and_not_rated_is_none_of_them() {
        let read = |value: &str| star_of(value).flatten();
        assert_eq!([read("1"), read("5"), read("4.0")], [Some(1), Some(5), Some(4)]);
        assert_eq!(star_of(""), Some(None));
        for words in ["Not Rated", "NR", "NR - Not Rated", "NR - New-Ineligible for Scoring", "Not eligible"] {
            assert_eq!(star_of(words), Some(Some(0)), "{words}");
        }
        assert_eq!([star_of("0"), star_of("6"), star_of("4.5"), star_of("good")], [None; 4]);
    }
}
