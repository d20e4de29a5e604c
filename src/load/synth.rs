//! `windowshop synth`: a large invented catalogue for load tests, marked as invented on every page made from it.
//!
//! Called only by the command. Plans, insurers, prices and (unless `--geo` is given) places are made up from a seed
//! and written by the same writer as real ones. The same options give the same catalogue. It must never look like a
//! real one.

use super::find::find_sources;
use super::geo::{CountyAreas, Geo};
use super::kinds::Kind;
use super::model::{DENTAL, Extras, Issuer, Limit, MEDICAL, Plan, Plans, Variant, code};
use super::problems::{LoadError, Problems};
use super::progress::Progress;
use super::rates::{AGES, NONE, Rate, Rates};
use super::service_areas::ServiceAreas;
use super::write::{self, Build, Out, Rows, cell};
use super::{Built, Provenance, benefits, blocking, cost_share, describe, gather, geo, plans};
use crate::types::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use time::OffsetDateTime;

/// Make a large invented catalogue for load tests.
#[derive(Debug, Clone, clap::Args)]
pub struct SynthArgs {
    /// How many plans to invent
    #[arg(long, value_name = "N")]
    pub plans: u32,
    /// In how many counties to sell them
    #[arg(long, value_name = "M")]
    pub counties: u32,
    /// Folder the catalogue is written to
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Another seed gives other plans
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The plan year it pretends to be
    #[arg(long, value_name = "YEAR", default_value_t = 2026)]
    pub year: i32,
    /// Folder with the ZIP-county and rating-area tables, to sell invented plans in real counties
    #[arg(long, value_name = "DIR")]
    pub geo: Option<PathBuf>,
}

/// The state of invented counties; no real state uses this code.
const NOWHERE: &str = "ZZ";
/// Invented county codes, and their one ZIP code each, start here: no real state's code is above 78.
const FIRST_COUNTY: u32 = 90_001;
const MOST_COUNTIES: u32 = 9_999;
const MOST_PLANS: u32 = 200_000;
/// Approximate number of plans per county: the average of the federal marketplace.
const PLANS_PER_COUNTY: u32 = 128;
const PLANS_PER_ISSUER: u32 = 25;
const COUNTIES_PER_AREA: u32 = 6;

/// The federal age curve in thousandths, ages 0–14, 15, … 64 (HHS default standard age curve, 45 CFR 147.102(e)).
const AGE_CURVE: [i64; AGES] = [
    765, 833, 859, 885, 913, 941, 970, 1000, 1000, 1000, 1000, 1004, 1024, 1048, 1087, 1119, 1135, 1159, 1183, 1198,
    1214, 1222, 1230, 1238, 1246, 1262, 1278, 1302, 1325, 1357, 1397, 1444, 1500, 1563, 1635, 1706, 1786, 1865, 1952,
    2040, 2135, 2230, 2333, 2437, 2548, 2603, 2714, 2810, 2873, 2952, 3000,
];

/// Invents and publishes a catalogue.
///
/// # Errors
///
/// If a number is out of range, the geography cannot be read, or the disk fails.
pub async fn run(options: &SynthArgs, now: OffsetDateTime) -> Result<Built, LoadError> {
    let (counties, plans) = (options.counties, options.plans);
    if plans == 0 || counties == 0 || plans > MOST_PLANS || counties > MOST_COUNTIES {
        let words = format!("--plans must be 1 to {MOST_PLANS}, --counties 1 to {MOST_COUNTIES}");
        return Err(LoadError::Input(words));
    }
    let mut build = Build::start(&options.to, options.year).await?;
    let (out, mut queue) = write::queue();
    let wanted = options.clone();
    let invented = tokio::spawn(blocking(move || invent(&wanted, &out)));
    let written = build.drain(&mut queue).await;
    drop(queue);
    let invented = invented.await.map_err(|e| LoadError::Input(format!("the inventor stopped: {e}")))?;
    written?;
    let meta = invented?;
    for (key, value) in &meta {
        build.meta(key, value).await?;
    }
    let places = if options.geo.is_some() { "real" } else { "invented" };
    let words = format!("synth {plans} {counties} {} {} {places} {}", options.seed, options.year, write::SCHEMA);
    let hash = hex(&Sha256::digest(words));
    describe(&mut build, options.year, &hash, Provenance::Invented, now).await?;
    build.meta("note", "Every plan, insurer and price in this catalogue is invented, for load tests.").await?;
    let (counts, _) = build.complete().await?;
    let path = build.publish(&write::file_name(options.year, now, &hash)).await?;
    Ok(Built { path, plan_year: options.year, hash, counts: counts.into_iter().collect(), census: String::new() })
}

/// Pseudo-random numbers that depend only on the seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: i64) -> i64 {
        (self.next() >> 33) as i64 % n.max(1)
    }

    fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }
}

fn invent(options: &SynthArgs, out: &Out) -> Result<Vec<(String, String)>, LoadError> {
    let mut numbers = Numbers(options.seed);
    let mut problems = Problems::new(0);
    let (geo, counties) = places(options, &mut problems)?;
    geo.write(out)?;
    let (mut plans, mut areas) = (Plans::default(), ServiceAreas::default());
    let reach = u64::from(PLANS_PER_COUNTY) * u64::from(options.counties) / u64::from(options.plans);
    let reach = usize::try_from(reach).unwrap_or(1).clamp(1, counties.len());
    let issuers = options.plans.div_ceil(PLANS_PER_ISSUER);
    for issuer in 0..issuers {
        // Insurers are spread evenly over the counties, each in the state of the county it starts from.
        let start = (issuer as usize * counties.len()) / issuers as usize;
        let state = geo.counties.get(&counties[start]).map(|(state, _)| state.clone()).unwrap_or_default();
        let id = 10_001 + i64::from(issuer);
        let name = format!("Invented Health {}", issuer + 1);
        plans.issuers.insert(id, Issuer { state: state.clone(), name, ..Issuer::default() });
        let area = format!("{state}S001");
        let around = counties.iter().cycle().skip(start).take(counties.len());
        let same_state = around.filter(|county| geo.counties.get(county).is_some_and(|(of, _)| *of == state));
        for county in same_state.take(reach) {
            areas.add((state.clone(), id, area.clone()), *county, None);
        }
        let so_far = issuer * PLANS_PER_ISSUER;
        for n in so_far..options.plans.min(so_far + PLANS_PER_ISSUER) {
            let plan = invent_plan(&mut numbers, (id, &state, &area), n - so_far + 1, options.year);
            plans.list.push(plan);
        }
    }
    plans.in_order();
    let extras = invent_extras(&plans, &mut numbers);
    plans::write(&plans, &extras, out)?;
    write_benefits(&plans, &mut numbers, out)?;
    let rates = invent_rates((&plans, &geo), &areas, &mut numbers);
    gather::finish((&plans, &geo), &areas, &rates, &mut problems, out).map(|(meta, _)| meta)
}

/// The country, and the counties to sell in.
fn places(options: &SynthArgs, problems: &mut Problems) -> Result<(Geo, Vec<u32>), LoadError> {
    let wanted = options.counties;
    let Some(folder) = &options.geo else {
        let mut geo = Geo::default();
        let area = |i: u32| i64::from(i / COUNTIES_PER_AREA) + 1;
        let names = (0..wanted).map(|i| (FIRST_COUNTY + i, format!("Invented County {}", i + 1), area(i)));
        geo.add_counties(NOWHERE, names);
        (0..wanted).for_each(|i| geo.add_zip(FIRST_COUNTY + i, FIRST_COUNTY + i, 1_000_000));
        return Ok((geo, (0..wanted).map(|i| FIRST_COUNTY + i).collect()));
    };
    let sources = find_sources(folder)?.sources;
    let of = |kind: Kind| {
        let source = sources.iter().find(|source| source.kind == kind);
        source.ok_or_else(|| gather::missing(kind, "", folder, &[]))
    };
    let (geo, _) = geo::read(of(Kind::ZipCounty)?, of(Kind::RatingAreas)?, options.year, &Progress::Quiet, problems)?;
    let usable: Vec<u32> =
        geo.counties.keys().copied().filter(|county| matches!(geo.areas_of(*county), CountyAreas::One(_))).collect();
    if usable.len() < wanted as usize {
        return Err(LoadError::Input(format!(
            "--counties {wanted}: only {} have a rating area of their own",
            usable.len()
        )));
    }
    let step = usable.len() / wanted as usize;
    Ok((geo, usable.into_iter().step_by(step).take(wanted as usize).collect()))
}

/// Metal, percent of medical plans; premium at 21 in dollars; deductible and maximum in dollars.
const LEVELS: [(i64, i64, i64, i64, i64); 6] = [
    (1, 3, 250, 10_600, 10_600),
    (2, 5, 290, 9_000, 10_600),
    (3, 27, 300, 7_500, 10_000),
    (4, 37, 400, 5_000, 8_900),
    (5, 25, 430, 1_500, 7_800),
    (6, 3, 560, 0, 4_500),
];

fn invent_plan(numbers: &mut Numbers, (issuer, state, area): (i64, &str, &str), n: u32, year: i32) -> Plan {
    let dental = numbers.chance(15);
    let mut draw = numbers.below(100);
    let level = LEVELS.iter().find(|level| {
        draw -= level.1;
        draw < 0
    });
    let (medical_metal, _, _, deductible, moop) = *level.unwrap_or(&LEVELS[3]);
    let metal = if dental { 7 + numbers.below(2) } else { medical_metal };
    let (deductible, moop) = if dental { (50, 450) } else { (deductible, moop) };
    let id = format!("{issuer:05}{state}{:03}{:04}", 1 + numbers.below(3), n % 10_000);
    let standard = !dental && numbers.chance(25);
    let hsa = !dental && metal <= 3;
    let on_only = numbers.chance(2);
    let off_only = !on_only && numbers.chance(2);
    let base = Plan {
        name: format!("Invented {} Plan {n}", ["Harbor", "Meadow", "Summit", "River"][numbers.below(4) as usize]),
        state: state.to_string(),
        issuer_id: issuer,
        product: if dental { DENTAL } else { MEDICAL },
        metal,
        plan_type: 1 + numbers.below(4),
        qhp_type: if on_only {
            "On the Exchange"
        } else if off_only {
            "Off the Exchange"
        } else {
            "Both"
        }
        .to_string(),
        design: standard.then(|| "Design 1".to_string()),
        is_new: numbers.chance(17),
        hsa: Some(hsa),
        national_network: Some(numbers.chance(13)),
        referral_required: Some(numbers.chance(25)),
        ehb_ppm: (!dental).then(|| 1_000_000 - numbers.below(20) * 500),
        child_only: "both",
        programs: if dental { 0 } else { numbers.below(512) },
        network_id: Some(format!("{state}N001")),
        service_area_id: Some(area.to_string()),
        hios_product_id: id.get(..10).map(str::to_string),
        effective_date: Some(format!("{year}-01-01")),
        id,
        ..Plan::default()
    };
    let codes: &[i64] = match metal {
        _ if off_only => &[0],
        4 => &[0, 1, 2, 3, 4, 5, 6],
        1 | 7 | 8 => &[0, 1],
        _ => &[0, 1, 2, 3],
    };
    let variants = codes.iter().filter(|code| !(on_only && **code == 0));
    let variants = variants.map(|code| invent_variant(&base, *code, deductible, moop)).collect();
    Plan { variants, ..base }
}

/// Cost-sharing reductions take their share off both amounts; the zero variant takes all.
fn invent_variant(plan: &Plan, code: i64, deductible: i64, moop: i64) -> Variant {
    let percent = match code {
        2 => 0,
        4 => 85,
        5 => 35,
        6 => 15,
        _ => 100,
    };
    let scope = if plan.product == DENTAL { code::MEDICAL } else { code::COMBINED };
    let mut limits = Vec::new();
    for (kind, dollars) in [(code::DEDUCTIBLE, deductible), (code::MOOP, moop)] {
        for (who, words, times) in [
            (code::INDIVIDUAL, "", 1),
            (code::FAMILY_PER_PERSON, " per person", 1),
            (code::FAMILY_PER_GROUP, " per group", 2),
        ] {
            let dollars = dollars * percent / 100 * times;
            let (network, filed) = (code::TIER1, format!("${dollars}{words}").into());
            limits.push(Limit { kind, scope, network, who, cents: Some(dollars * 100), filed });
        }
    }
    let integrated = (plan.product == MEDICAL).then_some(true);
    Variant {
        code,
        id: format!("{}-0{code}", plan.id),
        hsa: plan.hsa,
        national_network: plan.national_network,
        referral_required: plan.referral_required,
        name: Some(plan.name.clone()),
        deductibles_integrated: integrated,
        moop_integrated: integrated,
        multiple_tiers: Some(false),
        limits,
        coinsurance: vec![(scope, code::TIER1, 3_000)],
        ..Variant::default()
    }
}

fn invent_extras(plans: &Plans, numbers: &mut Numbers) -> Extras {
    let mut extras = Extras::default();
    for (pk, plan) in plans.each() {
        if plan.product == DENTAL || numbers.chance(20) {
            extras.child_dental.insert(pk);
        }
        if plan.product == DENTAL || numbers.chance(10) {
            extras.adult_dental.insert(pk);
        }
        if plan.product == MEDICAL && numbers.chance(85) {
            extras.stars.insert(pk, [(); 4].map(|()| Some(numbers.below(6))));
        }
    }
    extras
}

const MEDICAL_BENEFITS: [(&str, i64); 7] = [
    ("Primary Care Visit to Treat an Injury or Illness", 30),
    ("Specialist Visit", 60),
    ("Generic Drugs", 15),
    ("Emergency Room Services", 500),
    ("Urgent Care Centers Or Facilities", 75),
    ("Mental/Behavioral Health Outpatient Services", 30),
    ("Mental/Behavioral Health Inpatient Services", 600),
];
const DENTAL_BENEFITS: [(&str, i64); 2] =
    [("Dental Check-Up for Children", 0), ("Routine Dental Services (Adult)", 20)];

fn write_benefits(plans: &Plans, numbers: &mut Numbers, out: &Out) -> Result<(), LoadError> {
    let mut rows = Rows::new(out, "cost_sharing", &benefits::COLUMNS);
    let mut kinds = benefits::Benefits::default();
    for (pk, plan) in plans.each() {
        let list = if plan.product == DENTAL { &DENTAL_BENEFITS[..] } else { &MEDICAL_BENEFITS[..] };
        for variant in &plan.variants {
            for (name, dollars) in list {
                let words = match (variant.code, numbers.below(3)) {
                    (2, _) => "No Charge".to_string(),
                    (_, 0) => format!("${dollars}.00 Copay after deductible"),
                    _ => format!("${dollars}.00"),
                };
                let none = || benefits::share_cells("", Ok(None));
                let no = || cell(false);
                let keys = [cell(pk), cell(variant.code), cell(kinds.id(name)), cell(true), cell(true)];
                let shares =
                    [benefits::share_cells(&words, cost_share::parse_copay(&words)), none(), none(), none(), none()];
                let out_of_network = benefits::share_cells("100.00%", cost_share::parse_coinsurance("100.00%"));
                let blank = || cell(None::<i64>);
                let rest = [no(), blank(), blank(), blank(), blank(), blank(), no(), no()];
                rows.push(keys.into_iter().chain(shares.into_iter().flatten()).chain(out_of_network).chain(rest))?;
            }
        }
    }
    rows.finish()?;
    kinds.write(out)
}

fn invent_rates((plans, geo): (&Plans, &Geo), areas: &ServiceAreas, numbers: &mut Numbers) -> Rates {
    let mut rates = Rates::default();
    for (pk, plan) in plans.each() {
        let dollars = LEVELS.iter().find(|level| level.0 == plan.metal).map_or(25, |level| level.2);
        let base = dollars * 100 * (85 + numbers.below(31)) / 100;
        let tobacco = plan.product == MEDICAL && numbers.chance(50);
        let area = plan.service_area_id.as_deref().unwrap_or_default();
        let counties = areas.find(&plan.state, plan.issuer_id, area).into_iter().flat_map(BTreeMap::keys);
        for county in counties {
            let CountyAreas::One(area) = geo.areas_of(*county) else { continue };
            let at = rates.at(pk, area);
            if !rates.list[at].complete() {
                let here = base * (90 + numbers.below(21)) / 100;
                fill(&mut rates.list[at], here, tobacco);
            }
        }
    }
    rates
}

/// Premiums at every age from the one at 21; tobacco costs a fifth more from 21 on.
fn fill(rate: &mut Rate, at_21: i64, tobacco: bool) {
    for (i, factor) in AGE_CURVE.iter().enumerate() {
        let cents = i32::try_from((at_21 * factor + 500) / 1000).unwrap_or(i32::MAX);
        rate.ages[i] = cents;
        rate.tobacco[i] = if tobacco && i >= 7 { cents + cents / 5 } else { NONE };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_curve_runs_from_children_to_three_times_a_young_adult() {
        assert_eq!((AGE_CURVE[0], AGE_CURVE[7], AGE_CURVE[50]), (765, 1000, 3000));
        assert!(AGE_CURVE.is_sorted());
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = |seed| {
            let mut numbers = Numbers(seed);
            (0..5).map(|_| numbers.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let mut numbers = Numbers(7);
        let many: Vec<i64> = (0..1000).map(|_| numbers.below(10)).collect();
        assert!((0..10).all(|n| many.contains(&n)), "every number comes up");
    }
}
