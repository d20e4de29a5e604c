//! The kinds of care the yearly-cost model knows, with the names that filings and the utilization table use for them.
//!
//! Called by every file of this room. It must never guess: a name it does not know is `None`.

/// One kind of care in CMS's out-of-pocket model, in the order of its program (which decides what a missing kind
/// repeats).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Service {
    InpatientFacility,
    InpatientPhysician,
    Ambulance,
    Chiropractic,
    AdvancedImaging,
    DiagnosticCardiology,
    Dialysis,
    Equipment,
    EmergencyRoom,
    EyeExam,
    Chemotherapy,
    Laboratory,
    MentalHealth,
    OutpatientFacility,
    Other,
    Preventive,
    PrimaryCare,
    Rehabilitation,
    Specialist,
    OutpatientSurgery,
    Ultrasound,
    XRay,
    GenericDrugs,
    NonPreferredBrand,
    PreferredBrand,
    SpecialtyDrugs,
}

/// How many kinds of care there are; `Service as usize` is below it.
pub const SERVICES: usize = 26;

/// What a unit of a service is, as the table counts it: for sentences such as "about 6 visits, 3 tests".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Visit,
    Test,
    Prescription,
    HospitalDay,
    Admission,
    Other,
}

struct Facts(Service, &'static str, &'static str, Counted, &'static str);

use Counted::{Admission, HospitalDay, Other, Prescription, Test, Visit};

/// Service, table code, benefit name of the Benefits and Cost Sharing PUF, what is counted, plain name.
#[rustfmt::skip]
const FACTS: [Facts; SERVICES] = [
    Facts(Service::InpatientFacility, "ip_fac", "Inpatient Hospital Services (e.g., Hospital Stay)", HospitalDay, "hospital stay"),
    Facts(Service::InpatientPhysician, "ip_prof", "Inpatient Physician and Surgical Services", Admission, "doctors during a hospital stay"),
    Facts(Service::Ambulance, "op_ambulance", "Emergency Transportation/Ambulance", Other, "ambulance"),
    Facts(Service::Chiropractic, "op_chiro", "Chiropractic Care", Visit, "chiropractor"),
    Facts(Service::AdvancedImaging, "op_ct_mri", "Imaging (CT/PET Scans, MRIs)", Test, "CT, PET and MRI scans"),
    Facts(Service::DiagnosticCardiology, "op_diagnostic_cardiology", XRAY, Test, "heart tests"),
    Facts(Service::Dialysis, "op_dialysis", "Dialysis", Other, "dialysis"),
    Facts(Service::Equipment, "op_dme", "Durable Medical Equipment", Other, "medical equipment"),
    Facts(Service::EmergencyRoom, "op_er_fac", "Emergency Room Services", Other, "emergency room"),
    Facts(Service::EyeExam, "op_eye", "Routine Eye Exam (Adult)", Visit, "routine eye exam"),
    Facts(Service::Chemotherapy, "op_jcode", "Chemotherapy", Other, "chemotherapy and drugs given by a doctor"),
    Facts(Service::Laboratory, "op_lab", "Laboratory Outpatient and Professional Services", Test, "laboratory tests"),
    Facts(Service::MentalHealth, "op_mh", "Mental/Behavioral Health Outpatient Services", Visit, "mental health visits"),
    Facts(Service::OutpatientFacility, "op_op_fac", "Outpatient Facility Fee (e.g., Ambulatory Surgery Center)", Other, "outpatient facility fee"),
    Facts(Service::Other, "op_other", "", Other, "other care"),
    Facts(Service::Preventive, "op_prev", "Preventive Care/Screening/Immunization", Visit, "preventive care"),
    Facts(Service::PrimaryCare, "op_primcare", "Primary Care Visit to Treat an Injury or Illness", Visit, "primary care visits"),
    Facts(Service::Rehabilitation, "op_rehab", "Outpatient Rehabilitation Services", Other, "outpatient rehabilitation"),
    Facts(Service::Specialist, "op_speccare", "Specialist Visit", Visit, "specialist visits"),
    Facts(Service::OutpatientSurgery, "op_surg", "Outpatient Surgery Physician/Surgical Services", Other, "outpatient surgery"),
    Facts(Service::Ultrasound, "op_ultrasound", XRAY, Test, "ultrasound"),
    Facts(Service::XRay, "op_xray", XRAY, Test, "X-rays"),
    Facts(Service::GenericDrugs, "rx_generic", "Generic Drugs", Prescription, "generic drugs"),
    Facts(Service::NonPreferredBrand, "rx_npbrand", "Non-Preferred Brand Drugs", Prescription, "non-preferred brand drugs"),
    Facts(Service::PreferredBrand, "rx_pbrand", "Preferred Brand Drugs", Prescription, "preferred brand drugs"),
    Facts(Service::SpecialtyDrugs, "rx_specialty", "Specialty Drugs", Prescription, "specialty drugs"),
];
const XRAY: &str = "X-rays and Diagnostic Imaging";

impl Service {
    /// Every service, in the order of CMS's program.
    pub fn all() -> impl Iterator<Item = Service> {
        FACTS.iter().map(|f| f.0)
    }

    /// `ip_fac`, `op_primcare`, …: the code of the utilization table.
    pub fn code(self) -> &'static str {
        FACTS[self as usize].1
    }

    /// The benefit's name in the Benefits and Cost Sharing PUF; empty for `Other`, which no plan files.
    pub fn benefit(self) -> &'static str {
        FACTS[self as usize].2
    }

    pub fn counted(self) -> Counted {
        FACTS[self as usize].3
    }

    /// In plain English, lower case.
    pub fn name(self) -> &'static str {
        FACTS[self as usize].4
    }

    /// Whether it counts toward a drug deductible or maximum if a plan has separate ones.
    pub fn is_drug(self) -> bool {
        self.counted() == Prescription
    }

    pub fn from_code(code: &str) -> Option<Service> {
        FACTS.iter().find(|f| f.1 == code).map(|f| f.0)
    }

    /// The services priced by one filed benefit: none for most benefits, three for X-rays and Diagnostic Imaging.
    /// Case and double spaces do not matter: filings differ in both.
    pub fn of_benefit(name: &str) -> impl Iterator<Item = Service> {
        let plain = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        let name = plain(name);
        FACTS.iter().filter(move |f| !f.2.is_empty() && plain(f.2) == name).map(|f| f.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_stands_at_its_own_number_and_is_found_by_both_names() {
        for (i, s) in Service::all().enumerate() {
            assert_eq!(s as usize, i);
            assert_eq!(Service::from_code(s.code()), Some(s));
            assert!(s == Service::Other || Service::of_benefit(s.benefit()).any(|found| found == s));
        }
        assert_eq!(Service::of_benefit("x-rays  and Diagnostic Imaging").count(), 3);
        assert_eq!(Service::of_benefit("").count() + Service::of_benefit("Acupuncture").count(), 0);
    }
}
