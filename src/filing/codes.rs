//! The closed sets of filings: metals, plan types, programs, features, variants; and the orders of the list.
//!
//! Each member has a code (as stored in the catalogue, see `sql/catalogue/schema.sql`), CMS's word for it, and a
//! message whose last word is its word in the address. Each is spelled only here; a test checks the catalogue's code
//! tables against it. Read by the loader, the catalogue, `quote` and the pages.

use strum::{FromRepr, IntoStaticStr, VariantArray};

/// The word used in the address: what follows the dot of a message key.
fn key(message: &'static str) -> &'static str {
    message.split_once('.').map_or(message, |(_, key)| key)
}

/// Metal level of a medical plan, or coverage level of a dental plan. Source: Plan Attributes PUF, `MetalLevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, FromRepr, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", prefix = "metal.")]
#[repr(i64)]
pub enum Metal {
    Catastrophic = 1,
    Bronze = 2,
    ExpandedBronze = 3,
    Silver = 4,
    Gold = 5,
    Platinum = 6,
    Low = 7,
    High = 8,
}

impl Metal {
    pub const ALL: &[Metal] = Metal::VARIANTS;
    /// CMS's words, in the order of the codes.
    pub const FILED: [&str; 8] =
        ["Catastrophic", "Bronze", "Expanded Bronze", "Silver", "Gold", "Platinum", "Low", "High"];

    pub const fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<Metal> {
        Metal::from_repr(code)
    }

    pub fn message(self) -> &'static str {
        self.into()
    }

    pub fn key(self) -> &'static str {
        key(self.message())
    }

    pub fn from_key(word: &str) -> Option<Metal> {
        Metal::ALL.iter().copied().find(|metal| metal.key() == word)
    }

    /// Which product this level belongs to: dental plans only have `low` and `high`.
    pub fn product(self) -> Product {
        if matches!(self, Metal::Low | Metal::High) { Product::Dental } else { Product::Medical }
    }
}

/// Network type. Source: Plan Attributes PUF, `PlanType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, FromRepr, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", prefix = "plan_type.")]
#[repr(i64)]
pub enum PlanType {
    Hmo = 1,
    Ppo = 2,
    Epo = 3,
    Pos = 4,
    Indemnity = 5,
}

impl PlanType {
    pub const ALL: &[PlanType] = PlanType::VARIANTS;
    /// CMS's words, in the order of the codes.
    pub const FILED: [&str; 5] = ["HMO", "PPO", "EPO", "POS", "Indemnity"];

    pub const fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<PlanType> {
        PlanType::from_repr(code)
    }

    pub fn message(self) -> &'static str {
        self.into()
    }

    pub fn key(self) -> &'static str {
        key(self.message())
    }

    pub fn from_key(word: &str) -> Option<PlanType> {
        PlanType::ALL.iter().copied().find(|plan_type| plan_type.key() == word)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, FromRepr, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", prefix = "product.")]
#[repr(i64)]
pub enum Product {
    #[default]
    Medical = 0,
    Dental = 1,
}

impl Product {
    pub const fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<Product> {
        Product::from_repr(code)
    }

    pub fn message(self) -> &'static str {
        self.into()
    }

    pub fn key(self) -> &'static str {
        key(self.message())
    }
}

/// A disease-management program; its number is the position of its bit in `variant.programs`. Source: Plan Attributes
/// PUF, `DiseaseManagementProgramsOffered`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, FromRepr, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", prefix = "program.")]
#[repr(u32)]
pub enum Program {
    Asthma = 0,
    Depression = 1,
    Diabetes = 2,
    HeartDisease = 3,
    HighBloodPressure = 4,
    LowBackPain = 5,
    PainManagement = 6,
    Pregnancy = 7,
    WeightLoss = 8,
}

impl Program {
    pub const ALL: &[Program] = Program::VARIANTS;
    /// CMS's words, in the order of the bits.
    pub const FILED: [&str; 9] = [
        "Asthma",
        "Depression",
        "Diabetes",
        "Heart Disease",
        "High Blood Pressure & High Cholesterol",
        "Low Back Pain",
        "Pain Management",
        "Pregnancy",
        "Weight Loss Programs",
    ];

    pub const fn bit(self) -> i64 {
        1 << self as u32
    }

    pub fn from_bit(bit: i64) -> Option<Program> {
        Program::ALL.iter().copied().find(|program| program.bit() == bit)
    }

    pub fn message(self) -> &'static str {
        self.into()
    }

    pub fn key(self) -> &'static str {
        key(self.message())
    }

    pub fn from_key(word: &str) -> Option<Program> {
        Program::ALL.iter().copied().find(|program| program.key() == word)
    }
}

/// A yes/no property of a plan's variant: a 0/1 column of `variant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, VariantArray)]
pub enum Feature {
    StandardDesign,
    Hsa,
    NationalNetwork,
    NoReferral,
    NewPlan,
    ChildDental,
    AdultDental,
}

impl Feature {
    pub const ALL: &[Feature] = Feature::VARIANTS;

    /// The column of `variant` that holds it.
    pub fn column(self) -> &'static str {
        match self {
            Feature::StandardDesign => "standard_design",
            Feature::Hsa => "hsa",
            Feature::NationalNetwork => "national",
            Feature::NoReferral => "referral_free",
            Feature::NewPlan => "is_new",
            Feature::ChildDental => "child_dental",
            Feature::AdultDental => "adult_dental",
        }
    }

    /// The message for its badge on a card.
    pub fn badge(self) -> &'static str {
        match self {
            Feature::Hsa => "badge.hsa",
            Feature::NationalNetwork => "badge.national",
            Feature::NoReferral => "badge.noreferral",
            Feature::StandardDesign => "badge.standard",
            Feature::ChildDental => "badge.childdental",
            Feature::AdultDental => "badge.adultdental",
            Feature::NewPlan => "badge.new",
        }
    }
}

/// Which variant of a plan: the last two digits of the variant's ID (45 CFR 156.420). Source: Plan Attributes PUF,
/// `PlanId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, FromRepr, VariantArray)]
#[repr(i64)]
pub enum VariantKind {
    OffExchange = 0,
    /// On-exchange, without reductions.
    Standard = 1,
    /// Members of federally recognized tribes: zero or limited cost sharing (nothing to pay, or nothing at Indian
    /// health care providers).
    ZeroCostSharing = 2,
    LimitedCostSharing = 3,
    /// Silver plans only.
    Silver73 = 4,
    Silver87 = 5,
    Silver94 = 6,
}

impl VariantKind {
    pub const ALL: &[VariantKind] = VariantKind::VARIANTS;

    pub const fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<VariantKind> {
        VariantKind::from_repr(code)
    }
}

/// The order of the list. Names follow the CMS Marketplace API, plus our CSV's columns for the yearly cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", prefix = "sort.")]
pub enum Sort {
    CostAverage,
    CostGood,
    CostBad,
    Premium,
    Deductible,
    Moop,
    Stars,
}

impl Sort {
    pub const ALL: &[Sort] = Sort::VARIANTS;

    /// Default order: likely yearly cost, which only medical plans have.
    pub fn usual(product: Product) -> Sort {
        match product {
            Product::Medical => Sort::CostAverage,
            Product::Dental => Sort::Premium,
        }
    }

    pub fn is_by_cost(self) -> bool {
        matches!(self, Sort::CostAverage | Sort::CostGood | Sort::CostBad)
    }

    /// Whether plans of this product can be sorted this way.
    pub fn fits(self, product: Product) -> bool {
        product == Product::Medical || !self.is_by_cost()
    }

    pub fn message(self) -> &'static str {
        self.into()
    }

    pub fn key(self) -> &'static str {
        key(self.message())
    }

    pub fn from_key(word: &str) -> Option<Sort> {
        Sort::ALL.iter().copied().find(|sort| sort.key() == word)
    }
}

/// Everything filters test on a variant, packed into one integer, because a list examines about a hundred of them.
/// Packed and unpacked only here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed(i64);

/// Positions of the parts in [`Packed`]; each part is as wide as it needs to be.
const TYPE_AT: u32 = 4;
const STARS_AT: u32 = TYPE_AT + 4;
const PROGRAMS_AT: u32 = STARS_AT + 3;
const FEATURES_AT: u32 = PROGRAMS_AT + Program::FILED.len() as u32;

impl Packed {
    /// From codes as the catalogue stores them.
    pub fn new(
        metal: i64,
        plan_type: i64,
        stars: i64,
        programs: i64,
        features: impl Iterator<Item = Feature>,
    ) -> Packed {
        let features: i64 = features.map(|feature| 1 << (FEATURES_AT + feature as u32)).sum();
        Packed(metal | plan_type << TYPE_AT | stars << STARS_AT | programs << PROGRAMS_AT | features)
    }

    pub fn metal(self) -> i64 {
        self.part(0, TYPE_AT)
    }

    pub fn plan_type(self) -> i64 {
        self.part(TYPE_AT, STARS_AT)
    }

    pub fn stars(self) -> i64 {
        self.part(STARS_AT, PROGRAMS_AT)
    }

    pub fn programs(self) -> i64 {
        self.part(PROGRAMS_AT, FEATURES_AT)
    }

    pub fn has(self, feature: Feature) -> bool {
        (self.0 >> (FEATURES_AT + feature as u32)) & 1 == 1
    }

    fn part(self, from: u32, to: u32) -> i64 {
        (self.0 >> from) & ((1 << (to - from)) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_address_are_the_ends_of_messages() {
        assert_eq!(
            (Metal::ExpandedBronze.message(), Metal::ExpandedBronze.key()),
            ("metal.expanded_bronze", "expanded_bronze")
        );
        assert_eq!((PlanType::Hmo.message(), Product::Dental.message()), ("plan_type.hmo", "product.dental"));
        assert_eq!(
            (Program::HeartDisease.message(), Sort::CostAverage.message()),
            ("program.heart_disease", "sort.cost_average")
        );
        assert_eq!((Metal::from_key("gold"), Metal::from_key("Gold")), (Some(Metal::Gold), None));
        assert_eq!((Metal::from_code(9), PlanType::from_code(0), Program::from_bit(3)), (None, None, None));
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let none = || std::iter::empty();
        for (metal, plan_type, stars, programs) in [(1, 1, 0, 0), (8, 5, 5, 511), (4, 3, 2, 129), (0, 0, 0, 256)] {
            let packed = Packed::new(metal, plan_type, stars, programs, none());
            assert_eq!(
                (packed.metal(), packed.plan_type(), packed.stars(), packed.programs()),
                (metal, plan_type, stars, programs)
            );
            assert!(!Feature::ALL.iter().any(|feature| packed.has(*feature)));
        }
        for one in Feature::ALL {
            let packed = Packed::new(8, 5, 5, 511, std::iter::once(*one));
            assert!(Feature::ALL.iter().all(|feature| packed.has(*feature) == (feature == one)));
            assert_eq!(packed.programs(), 511);
        }
    }
}
