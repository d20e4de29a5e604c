//! The order of benefits on the plan page and in the comparison: HealthCare.gov's sections.
//!
//! Called by `plan` and `compare`. A benefit that no section lists appears under "other services": nothing filed may
//! ever be hidden.

use crate::quote::plan_record::Benefit;

/// (message key under `section.`, slugs of its benefits in order).
pub const SECTIONS: [(&str, &[&str]); 6] = [
    (
        "medical_care",
        &[
            "primary-care-visit-to-treat-an-injury-or-illness",
            "other-practitioner-office-visit-nurse-physician-assistant",
            "specialist-visit",
            "preventive-care-screening-immunization",
            "urgent-care-centers-or-facilities",
            "x-rays-and-diagnostic-imaging",
            "imaging-ct-pet-scans-mris",
            "laboratory-outpatient-and-professional-services",
            "outpatient-facility-fee-e-g-ambulatory-surgery-center",
            "outpatient-surgery-physician-surgical-services",
            "well-baby-visits-and-care",
            "prenatal-and-postnatal-care",
            "hearing-aids",
            "routine-eye-exam-adult",
            "routine-eye-exam-for-children",
            "eye-glasses-for-children",
        ],
    ),
    ("prescription_drugs", &["generic-drugs", "preferred-brand-drugs", "non-preferred-brand-drugs", "specialty-drugs"]),
    (
        "hospital",
        &[
            "emergency-room-services",
            "emergency-transportation-ambulance",
            "inpatient-hospital-services-e-g-hospital-stay",
            "inpatient-physician-and-surgical-services",
            "delivery-and-all-inpatient-services-for-maternity-care",
        ],
    ),
    (
        "adult_dental",
        &["routine-dental-services-adult", "basic-dental-care-adult", "major-dental-care-adult", "orthodontia-adult"],
    ),
    (
        "child_dental",
        &["dental-check-up-for-children", "basic-dental-care-child", "major-dental-care-child", "orthodontia-child"],
    ),
    (
        "other_services",
        &[
            "mental-behavioral-health-outpatient-services",
            "mental-behavioral-health-inpatient-services",
            "substance-abuse-disorder-outpatient-services",
            "substance-abuse-disorder-inpatient-services",
            "outpatient-rehabilitation-services",
            "habilitation-services",
            "rehabilitative-occupational-and-rehabilitative-physical-therapy",
            "rehabilitative-speech-therapy",
            "chiropractic-care",
            "acupuncture",
            "skilled-nursing-facility",
            "private-duty-nursing",
            "home-health-care-services",
            "hospice-services",
            "infertility-treatment",
            "bariatric-surgery",
            "abortion-for-which-public-funding-is-prohibited",
        ],
    ),
];

/// (section, position within it) of a benefit; unlisted ones come last among the other services.
pub fn place_of(slug: &str) -> (usize, usize) {
    let named = SECTIONS
        .iter()
        .enumerate()
        .find_map(|(section, (_, slugs))| slugs.iter().position(|known| *known == slug).map(|place| (section, place)));
    named.unwrap_or((SECTIONS.len() - 1, usize::MAX))
}

/// The benefits of one section, in its order.
pub fn of(benefits: &[Benefit], section: usize) -> Vec<&Benefit> {
    let mut of: Vec<&Benefit> = benefits.iter().filter(|benefit| place_of(&benefit.slug).0 == section).collect();
    sort(&mut of);
    of
}

pub fn sort(benefits: &mut [&Benefit]) {
    benefits.sort_by(|a, b| (place_of(&a.slug), &a.name).cmp(&(place_of(&b.slug), &b.name)));
}
