//! Quality PUF → the stars of each plan.
//!
//! Called by `load::gather`. Plans without a row keep "no rating known", which is not the same as "Not Rated".

use super::geo::Counts;
use super::model::{Extras, Known, Plans};
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::Source;

const RATINGS: [&str; 4] =
    ["OverallRatingValue", "MemberExperienceRatingValue", "MedicalCareRatingValue", "PlanAdministrationRatingValue"];

pub fn read(
    source: &Source,
    meter: Meter,
    plans: &Plans,
    extras: &mut Extras,
    problems: &mut Problems,
) -> Result<Counts, LoadError> {
    let mut opened = source.open()?;
    let [overall, experience, care, administration] = RATINGS;
    let required = ["PlanId", overall, experience, care, administration];
    let mut table = source.table(&mut opened, meter, &required, &["BusinessYear"])?;
    let mut kept = 0;
    while let Some(row) = table.next_row(problems)? {
        let mut stars = [0; 4];
        let mut good = true;
        for (star, column) in stars.iter_mut().zip(RATINGS) {
            let value = row.text(column);
            match star_of(&value) {
                Some(n) => *star = n,
                None => {
                    good = false;
                    row.problem(problems, column, &value, Fault::Word, "1 to 5, or Not Rated, is wanted");
                }
            }
        }
        let id = row.text("PlanId");
        let id = id.get(..14).unwrap_or(&id);
        // The Quality PUF also names plans of other markets and of states with their own files: no fault.
        let Known::Plan(pk) = plans.find(id) else { continue };
        if !good {
            continue;
        }
        if *extras.stars.entry(pk).or_insert(stars) != stars {
            row.problem(problems, "PlanId", id, Fault::Duplicate, "this plan has other stars already");
            continue;
        }
        kept += 1;
    }
    Ok((table.read, kept))
}

/// 0 for a plan that is filed as not rated (too new, too few members, under review …).
fn star_of(value: &str) -> Option<i64> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "2" | "3" | "4" | "5" => value.parse().ok(),
        "" | "nr" => Some(0),
        words if words.starts_with("not rated") || words.starts_with("not eligible") => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_one_to_five_and_not_rated_is_none_of_them() {
        assert_eq!(
            [star_of("1"), star_of("5"), star_of("Not Rated"), star_of("")],
            [Some(1), Some(5), Some(0), Some(0)]
        );
        assert_eq!([star_of("0"), star_of("6"), star_of("4.5"), star_of("good")], [None; 4]);
    }
}
