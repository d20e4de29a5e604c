//! What a visitor tells us about money, each part optional: yearly income, this month's income, a job's offer.
//!
//! Called by `ask::address`. Asked only because it may bring help, kept nowhere but in the address, and never logged.
//! Amounts are read the way people write them ("40k", "$40,000.50") and shown back as understood.

use crate::eligibility::household::HraKind;
use crate::types::Cents;

/// More than this is a typo: nobody with such an income needs our figures.
pub const INCOME_DOLLARS_MAX: i64 = 10_000_000;

/// The amounts given; there is at least an income.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finances {
    /// Expected MAGI of the tax household for the plan year.
    pub income: Cents,
    /// MAGI of the current month, which Medicaid uses; `None`: one twelfth of the year.
    pub monthly: Option<Cents>,
    /// A job offers coverage to the first person: monthly premium of its cheapest plan for that person alone.
    pub job_offer: Option<Cents>,
    /// The same for the whole family; `None`: the family cannot join.
    pub family_offer: Option<Cents>,
    /// A job of the second person's: the same two amounts.
    pub offer2: Option<Cents>,
    pub offer2_family: Option<Cents>,
    /// The first person's employer pays toward a plan of their own (individual-coverage HRA): the most a month.
    pub hra: Option<Cents>,
    /// The same for the whole family; `None`: it is for the first person alone.
    pub hra_family: Option<Cents>,
    /// The same from a small employer (QSEHRA), for the first person alone.
    pub qsehra: Option<Cents>,
    /// Silver premiums for the first person alone, by which HRAs are judged: looked up, never typed.
    pub silver_alone: Option<SilverAlone>,
}

/// Monthly silver premiums for one person alone where they live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilverAlone {
    pub lowest: Cents,
    /// The lowest again where a single silver plan is sold.
    pub second_lowest: Cents,
}

impl SilverAlone {
    /// Of the premiums of all silver plans, in any order; `None` where none is sold.
    pub fn among(premiums: impl IntoIterator<Item = Cents>) -> Option<SilverAlone> {
        let mut premiums: Vec<Cents> = premiums.into_iter().collect();
        premiums.sort_unstable();
        let lowest = *premiums.first()?;
        Some(SilverAlone { lowest, second_lowest: premiums.get(1).copied().unwrap_or(lowest) })
    }

    /// The premium that an employer's money is judged by: for an individual-coverage HRA that of the lowest silver plan
    /// (26 CFR 1.36B-2(c)(5)(ii)), for one of a small employer that of the second-lowest (26 USC 36B(c)(4)(C)(i)(I)).
    pub fn judging(self, kind: HraKind) -> Cents {
        match kind {
            HraKind::Ichra => self.lowest,
            HraKind::Qsehra => self.second_lowest,
        }
    }
}

/// The fields as typed, so nothing typed is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FinanceFields {
    pub income: String,
    pub monthly: String,
    pub job_offer: String,
    pub family_offer: String,
    pub offer2: String,
    pub offer2_family: String,
    pub hra: String,
    pub hra_family: String,
    pub qsehra: String,
    /// See [`Finances::silver_alone`].
    pub silver_alone: Option<SilverAlone>,
    /// What is wrong: (field, message key).
    pub faults: Vec<(&'static str, &'static str)>,
}

/// Something typed cannot be used; `FinanceFields::faults` says what and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misread;

/// Parameter names, in the order of the canonical form.
pub use crate::types::MONEY_NAMES as NAMES;

impl FinanceFields {
    /// Whether an HRA was told, which only the lowest silver premium can judge.
    pub fn says_hra(&self) -> bool {
        !self.hra.is_empty() || !self.qsehra.is_empty()
    }

    pub fn field_mut(&mut self, name: &str) -> Option<&mut String> {
        match name {
            "income" => Some(&mut self.income),
            "monthly" => Some(&mut self.monthly),
            "offer" => Some(&mut self.job_offer),
            "offer_family" => Some(&mut self.family_offer),
            "offer2" => Some(&mut self.offer2),
            "offer2_family" => Some(&mut self.offer2_family),
            "hra" => Some(&mut self.hra),
            "hra_family" => Some(&mut self.hra_family),
            "qsehra" => Some(&mut self.qsehra),
            _ => None,
        }
    }

    /// What was typed, unchanged, for links and forms that carry it along.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let offers = [&self.job_offer, &self.family_offer, &self.offer2, &self.offer2_family];
        let hras = [&self.hra, &self.hra_family, &self.qsehra];
        let typed = [&self.income, &self.monthly].into_iter().chain(offers).chain(hras);
        NAMES.into_iter().zip(typed.cloned()).filter(|(_, value)| !value.is_empty()).collect()
    }

    /// `Ok(None)`: no income was given, so full prices are shown. `Err`: the faults are recorded in `self`.
    pub fn read(&mut self) -> Result<Option<Finances>, Misread> {
        let mut faults = Vec::new();
        let mut take = |name: &'static str, text: &str| {
            read_amount(text).unwrap_or_else(|key| {
                faults.push((name, key));
                None
            })
        };
        let income = take("income", &self.income);
        let monthly = take("monthly", &self.monthly);
        let job_offer = take("offer", &self.job_offer);
        let family_offer = take("offer_family", &self.family_offer);
        let offer2 = take("offer2", &self.offer2);
        let offer2_family = take("offer2_family", &self.offer2_family);
        let [hra, hra_family, qsehra] =
            [("hra", &self.hra), ("hra_family", &self.hra_family), ("qsehra", &self.qsehra)]
                .map(|(n, text)| take(n, text));
        let others = [monthly, job_offer, family_offer, offer2, offer2_family, hra, hra_family, qsehra];
        if income.is_none() && faults.is_empty() && others.iter().any(Option::is_some) {
            faults.push(("income", "ask.income_needed"));
        }
        if job_offer.is_none() && family_offer.is_some() && faults.is_empty() {
            faults.push(("offer", "ask.offer_needed"));
        }
        if offer2.is_none() && offer2_family.is_some() && faults.is_empty() {
            faults.push(("offer2", "ask.offer_needed"));
        }
        if hra.is_none() && hra_family.is_some() && faults.is_empty() {
            faults.push(("hra", "ask.hra_needed"));
        }
        self.faults = faults;
        match self.faults.is_empty() {
            true => Ok(income.map(|income| Finances {
                income,
                monthly,
                job_offer,
                family_offer,
                offer2,
                offer2_family,
                hra,
                hra_family,
                qsehra,
                silver_alone: self.silver_alone,
            })),
            false => Err(Misread),
        }
    }
}

impl Finances {
    /// The canonical pairs.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let offers = [self.job_offer, self.family_offer, self.offer2, self.offer2_family];
        let hras = [self.hra, self.hra_family, self.qsehra];
        let amounts = [Some(self.income), self.monthly].into_iter().chain(offers).chain(hras);
        NAMES.into_iter().zip(amounts).filter_map(|(name, amount)| Some((name, write_amount(amount?)))).collect()
    }
}

/// `37650`, or `37650.50` where there are cents.
pub fn write_amount(amount: Cents) -> String {
    match amount.0 % 100 {
        0 => (amount.0 / 100).to_string(),
        _ => amount.decimal(),
    }
}

/// As [`read_amount`], for amounts that may be a loss.
pub fn read_signed(text: &str) -> Result<Option<Cents>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    // Ask about amounts that can be read two ways ("45.000", "45,00"); never guess.
    match Cents::read(text).map_err(|_| "ask.amount_not_number")? {
        amount if amount.0.abs() > INCOME_DOLLARS_MAX * 100 => Err("ask.amount_too_high"),
        amount => Ok(Some(amount)),
    }
}

/// Blank is no answer. Otherwise: dollars the way people write them, or the message key of what is wrong.
pub fn read_amount(text: &str) -> Result<Option<Cents>, &'static str> {
    match read_signed(text)? {
        Some(amount) if amount < Cents::ZERO => Err("ask.amount_negative"),
        amount => Ok(amount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (typed, cents) in [
            ("37650", 3_765_000),
            ("$40,000.50", 4_000_050),
            ("40k", 4_000_000),
            ("40.5K", 4_050_000),
            (" 1 200 ", 120_000),
            ("0", 0),
            ("1500,50", 150_050),
            ("40 mil", 4_000_000),
            ("45\u{a0}000", 4_500_000),
            ("\u{200e}45,\u{200b}000\u{feff}", 4_500_000),
            ("\u{202a}$45\u{2009}000\u{202c}", 4_500_000),
        ] {
            assert_eq!(read_amount(typed), Ok(Some(Cents(cents))), "{typed}");
        }
        assert_eq!(read_amount("  "), Ok(None));
    }

    #[test]
    fn what_cannot_be_an_income_says_why() {
        assert_eq!(read_amount("-5"), Err("ask.amount_negative"));
        assert_eq!(read_amount("$-5"), Err("ask.amount_negative"));
        assert_eq!(read_amount("lots"), Err("ask.amount_not_number"));
        for typed in ["40.000", "350,50", "45,00", "45,000,00"] {
            assert_eq!(read_amount(typed), Err("ask.amount_not_number"), "{typed}");
        }
        assert_eq!(read_amount("99999999999"), Err("ask.amount_too_high"));
        assert_eq!(read_amount("999999k"), Err("ask.amount_too_high"));
    }

    #[test]
    fn other_amounts_need_the_income() {
        let mut fields = FinanceFields { job_offer: "120".into(), ..FinanceFields::default() };
        assert_eq!(fields.read(), Err(Misread));
        assert_eq!(fields.faults, [("income", "ask.income_needed")]);
        let mut fields = FinanceFields { income: "40k".into(), family_offer: "500".into(), ..FinanceFields::default() };
        assert_eq!(fields.read(), Err(Misread));
        assert_eq!(fields.faults, [("offer", "ask.offer_needed")]);
    }
}
