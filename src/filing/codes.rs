//! The closed sets of the shop: metals, plan types, programmes, features, sorts.
//!
//! Each has a code (as stored in the catalogue, see `sql/catalogue/schema.sql`), and a key, which is
//! its word in the address and the end of its message. Only words from here ever become SQL.

/// Metal level of a medical plan, or benefit level of a dental one. Source: Plan Attributes PUF, `MetalLevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    pub const ALL: [Metal; 8] = [
        Metal::Catastrophic,
        Metal::Bronze,
        Metal::ExpandedBronze,
        Metal::Silver,
        Metal::Gold,
        Metal::Platinum,
        Metal::Low,
        Metal::High,
    ];

    pub fn code(self) -> i64 {
        self as i64
    }

    /// Its message; the word after the dot is its word in the address.
    pub fn message(self) -> &'static str {
        match self {
            Metal::Catastrophic => "metal.catastrophic",
            Metal::Bronze => "metal.bronze",
            Metal::ExpandedBronze => "metal.expanded_bronze",
            Metal::Silver => "metal.silver",
            Metal::Gold => "metal.gold",
            Metal::Platinum => "metal.platinum",
            Metal::Low => "metal.low",
            Metal::High => "metal.high",
        }
    }

    pub fn key(self) -> &'static str {
        &self.message()["metal.".len()..]
    }

    pub fn from_code(code: i64) -> Option<Metal> {
        Metal::ALL.into_iter().find(|m| m.code() == code)
    }

    pub fn from_key(key: &str) -> Option<Metal> {
        Metal::ALL.into_iter().find(|m| m.key() == key)
    }

    /// Which product this level belongs to: dental plans have `low` and `high` only.
    pub fn product(self) -> Product {
        if matches!(self, Metal::Low | Metal::High) { Product::Dental } else { Product::Medical }
    }
}

/// How the network works. Source: Plan Attributes PUF, `PlanType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanType {
    Hmo = 1,
    Ppo = 2,
    Epo = 3,
    Pos = 4,
    Indemnity = 5,
}

impl PlanType {
    pub const ALL: [PlanType; 5] = [PlanType::Hmo, PlanType::Ppo, PlanType::Epo, PlanType::Pos, PlanType::Indemnity];

    pub fn code(self) -> i64 {
        self as i64
    }

    /// Its message; the word after the dot is its word in the address.
    pub fn message(self) -> &'static str {
        match self {
            PlanType::Hmo => "plan_type.hmo",
            PlanType::Ppo => "plan_type.ppo",
            PlanType::Epo => "plan_type.epo",
            PlanType::Pos => "plan_type.pos",
            PlanType::Indemnity => "plan_type.indemnity",
        }
    }

    pub fn key(self) -> &'static str {
        &self.message()["plan_type.".len()..]
    }

    pub fn from_code(code: i64) -> Option<PlanType> {
        PlanType::ALL.into_iter().find(|t| t.code() == code)
    }

    pub fn from_key(key: &str) -> Option<PlanType> {
        PlanType::ALL.into_iter().find(|t| t.key() == key)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Product {
    #[default]
    Medical = 0,
    Dental = 1,
}

impl Product {
    pub fn code(self) -> i64 {
        self as i64
    }

    /// Its message; the word after the dot is its word in the address.
    pub fn message(self) -> &'static str {
        match self {
            Product::Medical => "product.medical",
            Product::Dental => "product.dental",
        }
    }

    pub fn key(self) -> &'static str {
        &self.message()["product.".len()..]
    }
}

/// A disease-management programme. The bit is its place in `variant.programs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    pub const ALL: [Program; 9] = [
        Program::Asthma,
        Program::Depression,
        Program::Diabetes,
        Program::HeartDisease,
        Program::HighBloodPressure,
        Program::LowBackPain,
        Program::PainManagement,
        Program::Pregnancy,
        Program::WeightLoss,
    ];

    pub fn bit(self) -> i64 {
        1 << (self as i64)
    }

    pub fn from_bit(bit: i64) -> Option<Program> {
        Program::ALL.into_iter().find(|program| program.bit() == bit)
    }

    /// Its message; the word after the dot is its word in the address.
    pub fn message(self) -> &'static str {
        match self {
            Program::Asthma => "program.asthma",
            Program::Depression => "program.depression",
            Program::Diabetes => "program.diabetes",
            Program::HeartDisease => "program.heart_disease",
            Program::HighBloodPressure => "program.high_blood_pressure",
            Program::LowBackPain => "program.low_back_pain",
            Program::PainManagement => "program.pain_management",
            Program::Pregnancy => "program.pregnancy",
            Program::WeightLoss => "program.weight_loss",
        }
    }

    pub fn key(self) -> &'static str {
        &self.message()["program.".len()..]
    }

    pub fn from_key(key: &str) -> Option<Program> {
        Program::ALL.into_iter().find(|p| p.key() == key)
    }
}

/// A yes-or-no quality of a plan's variant; the number is its bit in `variant.packed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    StandardDesign = 10,
    Hsa = 11,
    NationalNetwork = 12,
    NoReferral = 13,
    NewPlan = 14,
    ChildDental = 15,
    AdultDental = 16,
}

impl Feature {
    /// The message of its badge on a card.
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

/// Which variant of a plan: the last two digits of the variant's ID (45 CFR 156.420).
/// Source: Plan Attributes PUF, `PlanId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::FromRepr)]
#[repr(i64)]
pub enum VariantKind {
    OffExchange = 0,
    /// On the exchange, without reductions.
    Standard = 1,
    /// Members of federally recognized tribes: nothing to pay, or nothing at Indian health care providers.
    ZeroCostSharing = 2,
    LimitedCostSharing = 3,
    /// Silver plans only.
    Silver73 = 4,
    Silver87 = 5,
    Silver94 = 6,
}

impl VariantKind {
    pub const fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<VariantKind> {
        VariantKind::from_repr(code)
    }
}

/// The order of the list. Names follow the CMS Marketplace API, and our CSV's columns for the yearly cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    pub const ALL: [Sort; 7] =
        [Sort::CostAverage, Sort::CostGood, Sort::CostBad, Sort::Premium, Sort::Deductible, Sort::Moop, Sort::Stars];

    /// The order of who asks for none: the likely yearly cost, which only medical plans have.
    pub fn usual(product: Product) -> Sort {
        match product {
            Product::Medical => Sort::CostAverage,
            Product::Dental => Sort::Premium,
        }
    }

    pub fn is_by_cost(self) -> bool {
        matches!(self, Sort::CostAverage | Sort::CostGood | Sort::CostBad)
    }

    /// Whether plans of this product can be put in this order.
    pub fn fits(self, product: Product) -> bool {
        product == Product::Medical || !self.is_by_cost()
    }

    /// Its message; the word after the dot is its word in the address.
    pub fn message(self) -> &'static str {
        match self {
            Sort::CostAverage => "sort.cost_average",
            Sort::CostGood => "sort.cost_good",
            Sort::CostBad => "sort.cost_bad",
            Sort::Premium => "sort.premium",
            Sort::Deductible => "sort.deductible",
            Sort::Moop => "sort.moop",
            Sort::Stars => "sort.stars",
        }
    }

    pub fn key(self) -> &'static str {
        &self.message()["sort.".len()..]
    }

    pub fn from_key(key: &str) -> Option<Sort> {
        Sort::ALL.into_iter().find(|s| s.key() == key)
    }
}

/// What `variant.packed` holds, unpacked. The packing is written once, in `sql/catalogue/schema.sql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed(pub i64);

impl Packed {
    pub fn metal(self) -> i64 {
        self.0 & 0xf
    }
    pub fn plan_type(self) -> i64 {
        (self.0 >> 4) & 0x7
    }
    pub fn stars(self) -> i64 {
        (self.0 >> 7) & 0x7
    }
    pub fn has(self, feature: Feature) -> bool {
        (self.0 >> feature as i64) & 1 == 1
    }
    pub fn programs(self) -> i64 {
        (self.0 >> 18) & 0x1ff
    }
}
