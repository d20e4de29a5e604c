//! Every figure of the list once more, from the insurers' own words: the sample's files are read here without the
//! loader, and `windowshop estimate` reads the words.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use windowshop::cli::estimate::answer_text;
use windowshop::costs::Model;

use super::{OHIO, WEST_VIRGINIA};
use crate::site::{Row, Site, cents};

/// A file of the sample, as text.
pub(super) struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Row>,
}

impl Table {
    /// `name.zip` or `name.csv`.
    pub fn read(folder: &Path, name: &str) -> Table {
        let zipped = File::open(folder.join(name).with_extension("zip"));
        let text: Box<dyn Read> = match &zipped {
            Ok(file) => {
                let mut archive = zip::ZipArchive::new(file).expect("a zip");
                let mut text = Vec::new();
                archive.by_index(0).expect("a file in it").read_to_end(&mut text).expect("all of it");
                Box::new(std::io::Cursor::new(text))
            }
            Err(_) => Box::new(File::open(folder.join(name).with_extension("csv")).expect("a file")),
        };
        let mut reader = csv::Reader::from_reader(text);
        let header = reader.headers().expect("a header").iter().map(str::to_string).collect();
        Table { header, rows: reader.deserialize().map(|row| row.expect("a row")).collect() }
    }
}

pub(super) const ATTRIBUTES: &str = "plan-attributes-puf";
pub(super) const BENEFITS: &str = "benefits-and-cost-sharing-puf";

pub(super) fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample")
}

/// What the files say about each variant, as filed.
pub(super) struct Filings {
    attributes: HashMap<String, Row>,
    benefits: HashMap<String, Vec<Row>>,
}

/// Benefits of the sample that the model does not price.
const NOT_PRICED: [&str; 8] = [
    "Urgent Care Centers or Facilities",
    "Mental/Behavioral Health Inpatient Services",
    "Dental Check-Up for Children",
    "Basic Dental Care - Child",
    "Basic Dental Care - Adult",
    "Major Dental Care - Child",
    "Major Dental Care - Adult",
    "Routine Dental Services (Adult)",
];

impl Filings {
    pub fn read(folder: &Path) -> Filings {
        let mut benefits: HashMap<String, Vec<Row>> = HashMap::new();
        for row in Table::read(folder, BENEFITS).rows {
            benefits.entry(row["PlanId"].clone()).or_default().push(row);
        }
        let attributes = Table::read(folder, ATTRIBUTES).rows.into_iter().map(|row| (row["PlanId"].clone(), row));
        Filings { attributes: attributes.collect(), benefits }
    }

    /// The plan as `windowshop estimate` expects it: deductibles and maximums of one variant, everything else of
    /// another.
    pub fn plan(&self, limits: &str, shares: &str) -> Value {
        let (own, lent) = (&self.attributes[limits], &self.attributes[shares]);
        let mut services = serde_json::Map::new();
        for row in &self.benefits[shares] {
            if !NOT_PRICED.iter().any(|name| name.eq_ignore_ascii_case(&row["BenefitName"])) {
                let share = match row["IsCovered"].as_str() {
                    "Covered" => json!({
                        "copay": row["CopayInnTier1"],
                        "coinsurance": row["CoinsInnTier1"],
                        "outside_maximum": row["IsExclFromInnMOOP"] == "Yes",
                    }),
                    _ => json!("not covered"),
                };
                services.insert(row["BenefitName"].clone(), share);
            }
        }
        assert!(services.len() >= 5, "{shares}");
        let count = |column: &str| lent[column].parse::<u64>().unwrap_or(0);
        json!({
            "deductible": amounts(own, "Ded", ""),
            "maximum": amounts(own, "", "MOOP"),
            "services": services,
            "free_primary_care_visits": count("BeginPrimaryCareCostSharingAfterNumberOfVisits"),
            "primary_care_copays_first": count("BeginPrimaryCareDeductibleCoinsuranceAfterNumberOfCopays"),
            "inpatient_copay_days": count("InpatientCopaymentMaximumDays"),
            "specialty_drug_cap": amount(&lent["SpecialtyDrugMaximumCoinsurance"]),
        })
    }
}

/// In network, tier 1; if none is filed, in and out of network combined.
fn amounts(row: &Row, before: &str, after: &str) -> Value {
    let of = |scope: &str, who: &str| {
        let filed = |network: &str| amount(&row[&format!("{scope}{before}{network}{who}{after}")]);
        filed("InnTier1").or_else(|| filed("CombInnOon"))
    };
    let scope = |scope: &str| {
        let [individual, person, family] =
            ["Individual", "FamilyPerPerson", "FamilyPerGroup"].map(|who| of(scope, who));
        json!({ "individual": individual, "person": person, "family": family })
    };
    json!({ "medical": scope("MEHB"), "drug": scope("DEHB"), "combined": scope("TEHB") })
}

/// The dollars of "$1,500 ", "$3000 per person"; none for "per group not applicable".
fn amount(filed: &str) -> Option<String> {
    Some(filed.trim().strip_prefix('$')?.split(' ').next()?.replace(',', ""))
}

/// Good, average and bad year in cents, for each question.
pub(super) fn answers(questions: Vec<Value>) -> Vec<[i64; 3]> {
    let answers = answer_text(&Value::Array(questions).to_string(), Model::Shop).expect("it is read");
    let year = |answer: &Value, case: &str| {
        let total = answer["estimate"][case]["total"].as_f64().unwrap_or_else(|| panic!("an estimate: {answer}"));
        (total * 100.0).round() as i64
    };
    let list = answers.as_array().expect("a list").iter();
    list.map(|answer| ["good", "average", "bad"].map(|case| year(answer, case))).collect()
}

pub(super) fn shown(row: &Row) -> [i64; 3] {
    ["cost_good", "cost_average", "cost_bad"].map(|column| cents(row, column))
}

#[tokio::test]
async fn every_plan_costs_what_its_filing_says() {
    let (site, filings) = (Site::open().await, Filings::read(&sample()));
    let households = [
        ("people=40", json!([{ "age": 40 }])),
        ("people=40,38", json!([{ "age": 40 }, { "age": 38 }])),
        ("people=40,38,9,5", json!([{ "age": 40 }, { "age": 38 }, { "age": 9 }, { "age": 5 }])),
        ("people=40&sex=f&care=diabetes", json!([{ "age": 40, "sex": "Female", "use": "diabetes" }])),
        (
            "people=55,24&sex=m,f&care=high,maternity",
            json!([
                { "age": 55, "sex": "Male", "use": "high" },
                { "age": 24, "sex": "Female", "use": "maternity" },
            ]),
        ),
    ];
    for (place, sold) in [(OHIO, 130), (WEST_VIRGINIA, 36)] {
        for (who, people) in &households {
            let rows = site.rows(&format!("{place}&{who}")).await;
            assert_eq!(rows.len(), sold, "{place}");
            let question = |row: &Row| {
                let variant = format!("{}-01", row["plan_id"]);
                json!({
                    "plan": filings.plan(&variant, &variant),
                    "people": people,
                    "monthly_premium": row["premium"],
                    "plan_year": 2026,
                })
            };
            let expected = answers(rows.iter().map(question).collect());
            for (row, expected) in rows.iter().zip(expected) {
                assert_eq!(shown(row), expected, "{who}: {row:?}");
                assert!(expected[1] > 12 * cents(row, "premium"), "care costs something: {row:?}");
            }
        }
    }
}

/// Of variants 02 to 06 in the sample, only 04 files shares; limits are each variant's own, and so is the premium
/// after credit.
#[tokio::test]
async fn reduced_plans_take_their_own_limits_and_the_shares_of_the_next() {
    let (site, filings) = (Site::open().await, Filings::read(&sample()));
    for (income, variant) in [(23_000, "06"), (30_000, "05"), (37_000, "04")] {
        let rows = site.rows(&format!("{OHIO}&people=40&income={income}&metal=silver")).await;
        assert!(rows.len() > 20, "{}", rows.len());
        let question = |row: &Row| {
            let (own, lent) = (format!("{}-{variant}", row["plan_id"]), format!("{}-04", row["plan_id"]));
            assert_eq!(filings.benefits.contains_key(&own), variant == "04", "{own}");
            let filed = amount(&filings.attributes[&own]["TEHBInnTier1IndividualMOOP"]).expect("a maximum");
            assert_eq!(format!("{filed}.00"), row["moop"], "{own}");
            json!({
                "plan": filings.plan(&own, &lent),
                "people": [{ "age": 40 }],
                "monthly_premium": row["premium_after_credit"],
                "plan_year": 2026,
            })
        };
        let expected = answers(rows.iter().map(question).collect());
        for (row, expected) in rows.iter().zip(expected) {
            assert_eq!(shown(row), expected, "at {income}: {row:?}");
        }
    }
}
