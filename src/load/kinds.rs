//! Which of CMS's files a CSV is, identified by its columns, and what its columns are called in other years and
//! states.
//!
//! Called by `find` and `read`. Pure. A column's canonical name is that of the newest federal file: readers must use
//! no other.

use std::collections::HashMap;

/// The files a catalogue can be built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Attributes,
    Rates,
    Benefits,
    ServiceAreas,
    Quality,
    Crosswalk,
    Network,
    BusinessRules,
    ZipCounty,
    RatingAreas,
}

impl Kind {
    const ALL: [Kind; 10] = [
        Kind::Attributes,
        Kind::Rates,
        Kind::Benefits,
        Kind::ServiceAreas,
        Kind::Quality,
        Kind::Crosswalk,
        Kind::Network,
        Kind::BusinessRules,
        Kind::ZipCounty,
        Kind::RatingAreas,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Attributes => "Plan Attributes PUF",
            Kind::Rates => "Rate PUF",
            Kind::Benefits => "Benefits and Cost Sharing PUF",
            Kind::ServiceAreas => "Service Area PUF",
            Kind::Quality => "Quality PUF",
            Kind::Crosswalk => "Plan ID Crosswalk PUF",
            Kind::Network => "Network PUF",
            Kind::BusinessRules => "Business Rules PUF",
            Kind::ZipCounty => "ZIP-county table",
            Kind::RatingAreas => "rating-area table",
        }
    }

    /// Columns that no other kind has. A file with half of them is of this kind, so that a missing one can be named.
    pub fn signature(self) -> &'static [&'static str] {
        match self {
            Kind::Attributes => &["PlanMarketingName", "MetalLevel", "PlanType", "CSRVariationType", "HIOSProductId"],
            Kind::Rates => &["RatingAreaId", "Age", "IndividualRate", "RateEffectiveDate"],
            Kind::Benefits => &["BenefitName", "IsCovered", "IsEHB", "LimitQty"],
            Kind::ServiceAreas => &["ServiceAreaName", "CoverEntireState", "PartialCounty", "ZipCodes"],
            Kind::Quality => &["OverallRatingValue", "MemberExperienceRatingValue", "MedicalCareRatingValue"],
            Kind::Crosswalk => &["CrosswalkLevel", "ReasonForCrosswalk", "DentalPlan"],
            Kind::Network => &["NetworkName", "NetworkURL"],
            Kind::BusinessRules => &["AgeDeterminationRule", "MinimumTobaccoFreeMonthsRule", "CohabitationRule"],
            Kind::ZipCounty => &["zip", "county_name", "ratio"],
            Kind::RatingAreas => &["zip3", "rating_area"],
        }
    }

    /// Canonical names and their aliases. Compared ignoring case, spaces and punctuation.
    fn aliases(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Kind::Attributes => &[
                ("IssuerMarketPlaceMarketingName", &["IssuerMarketingName", "IssuerName", "IssuerLegalName"]),
                ("IsNewPlan", &["IsItANewPlan"]),
                ("DentalOnlyPlan", &["DentalOnly", "DentalPlanOnly"]),
                // 2014 and 2015; states.
                ("EHBPercentTotalPremium", &["EHBPercentPremiumS4", "EHBPercentPremium"]),
                ("DesignType", &["PlanDesignType"]),
                ("MultipleInNetworkTiers", &["MultipleNetworkTiers"]),
                ("CompositeRatingOffered", &["InsurancePlanCompositePremiumAvailableIndicator"]),
                // Misspelled like this in the files.
                ("IsNoticeRequiredForPregnancy", &["IsNoticeRequiredForPregnacy"]),
                ("SpecialtyDrugMaximumCoinsurance", &["SpecialityDrugMaximumCoinsurance"]),
                ("PlanEffectiveDate", &["PlanEffictiveDate", "PlanEffectictiveDate"]),
            ],
            Kind::Rates => &[
                ("RateExpirationDate", &["RateExpiration"]),
                ("RateEffectiveDate", &["RateEffective"]),
                ("PlanId", &["StandardComponentId"]),
            ],
            Kind::Benefits => &[
                ("LimitQty", &["LimitQuantity"]),
                ("QuantLimitOnSvc", &["QuantityLimitOnSvc", "QuantityLimitOnService"]),
                ("IsSubjToDedTier1", &["IsSubjectedToDedTier1", "IsSubjectToDedTier1"]),
                ("IsSubjToDedTier2", &["IsSubjectedToDedTier2", "IsSubjectToDedTier2"]),
                ("IsExclFromInnMOOP", &["IsExcludedFromInnMOOP"]),
                ("IsExclFromOonMOOP", &["IsExcludedFromOonMOOP"]),
                ("CopayOutofNet", &["CopayOutOfNetwork"]),
                ("CoinsOutofNet", &["CoinsOutOfNetwork", "CoinsuranceOutOfNet"]),
            ],
            Kind::ServiceAreas => &[("ZipCodes", &["ZipCode"]), ("DentalOnlyPlan", &["DentalOnly", "DentalPlanOnly"])],
            Kind::Quality => &[
                ("OverallRatingValue", &["GlobalRatingValue", "GlobalRating", "OverallRating"]),
                ("MemberExperienceRatingValue", &["EnrolleeExperienceRatingValue", "EnrolleeExperienceRating"]),
                (
                    "MedicalCareRatingValue",
                    &["ClinicalQualityManagementRatingValue", "ClinicalQualityManagementRating"],
                ),
                (
                    "PlanAdministrationRatingValue",
                    &[
                        "PlanEfficiencyAffordabilityManagementRatingValue",
                        "PlanEfficiencyAffordabilityAndManagementRatingValue",
                        "PlanEfficiencyAffordabilityManagementRating",
                    ],
                ),
                ("State", &["StateCode"]),
                ("PlanType", &["ProductType"]),
                ("BusinessYear", &["PlanYear"]),
            ],
            Kind::BusinessRules => &[
                ("DependentMaximumAgRule", &["DependentMaximumAgeRule", "DependentMaxAgeRule"]),
                ("ChildrenOnlyContractMaxChildrenRule", &["MaxChildrenInPolicy"]),
                ("CohabitationRule", &["CohabitationRuleCode"]),
            ],
            Kind::Network => &[("DentalOnlyPlan", &["DentalOnly", "DentalPlanOnly"])],
            Kind::Crosswalk => &[("State", &["StateCode"])],
            Kind::ZipCounty => &[],
            Kind::RatingAreas => &[("county_fips", &["countyfip", "fips"])],
        }
    }

    /// The kind of file with this header; `None`: not one of ours.
    pub fn of(names: &Names) -> Option<Kind> {
        let share = |kind: &Kind| {
            let columns = kind.signature();
            columns.iter().filter(|name| names.index(*kind, name).is_some()).count() * 100 / columns.len()
        };
        // Premiums by county for display: some columns of the Plan Attributes, but one row per county.
        if names.is_landscape() {
            return None;
        }
        Kind::ALL.into_iter().filter(|kind| share(kind) >= 50).max_by_key(share)
    }
}

/// The columns of a file by name.
#[derive(Debug, Clone, Default)]
pub struct Names(HashMap<String, usize>);

impl Names {
    pub fn of(header: &csv::ByteRecord) -> Names {
        let mut names = HashMap::new();
        for (place, name) in header.iter().enumerate() {
            // The first of two columns with one name: exports append what they add.
            names.entry(normal(&String::from_utf8_lossy(name))).or_insert(place);
        }
        Names(names)
    }

    /// Where a column is, by its canonical name or another that this kind of file uses for it.
    pub fn index(&self, kind: Kind, name: &str) -> Option<usize> {
        let exact = self.0.get(&normal(name)).copied();
        exact.or_else(|| {
            let (_, others) = kind.aliases().iter().find(|(canonical, _)| *canonical == name)?;
            others.iter().find_map(|other| self.0.get(&normal(other)).copied())
        })
    }

    /// Names as compared, in no particular order.
    pub fn each(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn is_landscape(&self) -> bool {
        self.0.keys().filter(|name| name.starts_with("premium")).count() >= 3
    }
}

/// Column names are compared ignoring case, spaces, underscores and the byte order mark. Two misspellings in the
/// states' files run through dozens of columns.
pub fn normal(name: &str) -> String {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match plain.ends_with("coinsurnace") || plain.contains("dedoutcomb") {
        true => plain.replace("coinsurnace", "coinsurance").replace("dedoutcomb", "dedcomb"),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &str) -> Names {
        Names::of(&csv::ByteRecord::from(header.split(',').collect::<Vec<_>>()))
    }

    #[test]
    fn a_file_is_known_by_its_columns_even_when_some_are_missing() {
        let kind = |header: &str| Kind::of(&names(header));
        assert_eq!(kind("BusinessYear,PlanId,RatingAreaId,Age,Tobacco"), Some(Kind::Rates));
        assert_eq!(kind("\u{feff}zip,state,county_fips,county_name,ratio"), Some(Kind::ZipCounty));
        assert_eq!(kind("state,county_fips,zip3,rating_area"), Some(Kind::RatingAreas));
        assert_eq!(kind("PLAN MARKETING NAME,metal_level,PlanType,Extra"), Some(Kind::Attributes));
        assert_eq!(kind("name,address,age"), None);
    }

    #[test]
    fn states_and_other_years_call_columns_otherwise() {
        let state = names("BUSINESS YEAR,BENEFIT NAME,IS EHB,IS COVERED,LIMIT QUANTITY,IS SUBJECTED TO DED TIER 1");
        assert_eq!(Kind::of(&state), Some(Kind::Benefits));
        assert_eq!(state.index(Kind::Benefits, "LimitQty"), Some(4));
        assert_eq!(state.index(Kind::Benefits, "IsSubjToDedTier1"), Some(5));
        let quality = names(
            "IssuerID,PlanID,GlobalRatingValue,EnrolleeExperienceRatingValue,ClinicalQualityManagementRatingValue",
        );
        assert_eq!(Kind::of(&quality), Some(Kind::Quality));
        assert_eq!(quality.index(Kind::Quality, "MedicalCareRatingValue"), Some(4));
        assert_eq!(normal("MEHB DED INN TIER1 COINSURNACE"), normal("MEHBDedInnTier1Coinsurance"));
        assert_eq!(normal("TEHB DED OUT COMB INN OON FAMILY"), normal("TEHBDedCombInnOonFamily"));
    }

    #[test]
    fn a_landscape_file_is_not_taken_for_the_plan_attributes() {
        let landscape = names(
            "State,County Name,Metal Level,Plan ID (Standard Component),Plan Marketing Name,Plan Type,Rating Area,\
             Premium Child,Premium Adult Individual Age 21,Premium Adult Individual Age 27",
        );
        assert!(landscape.is_landscape());
        assert_eq!(Kind::of(&landscape), None);
    }
}
