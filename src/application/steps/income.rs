//! Steps about money: who has any, of which kinds, how much and how often, and the year's sum.

use super::{Per, Section, Step, ask};
use crate::application::kinds::{Kind, Span};
use crate::application::sheet::{HOUSEHOLD, RowId};
use crate::application::view::View;

/// Kinds that count, of `income_kinds.csv`, the most common first. What never counts is said beside them.
pub const INCOMES: &[&str] = &[
    "wages",
    "tips",
    "self_employment",
    "unemployment",
    "social_security",
    "pension",
    "retirement_distribution",
    "rental_royalty",
    "interest",
    "dividends",
    "capital_gains",
    "farming_fishing",
    "alimony_agreed_before_2019",
    "tax_exempt_interest",
    "scholarship_for_living_costs",
    "foreign_earned_excluded",
    "gambling",
    "canceled_debt",
    "court_award",
    "jury_duty",
    "prizes",
    "lump_sum_taxable",
    "tribal_taxable",
    "other_taxable",
];
pub const DEDUCTIONS: &[&str] = &[
    "student_loan_interest",
    "ira_contribution",
    "hsa_contribution",
    "self_employed_health_insurance",
    "alimony_paid_agreed_before_2019",
    "educator_expenses",
    "moving_expenses_military",
    "early_withdrawal_penalty",
    "other_adjustment",
];
/// Kinds of which a person often has two.
pub const SEVERAL_OF: &[&str] = &["wages", "self_employment", "pension", "rental_royalty"];
const FREQUENCIES: &[&str] =
    &["hourly", "daily", "weekly", "every_two_weeks", "twice_a_month", "monthly", "quarterly", "yearly", "once"];
const LASTS: &[&str] = &["all_year", "part_of_year"];

fn helped(view: &View) -> bool {
    view.wants_help()
}

pub static EARNERS: Step = Step {
    name: "earners",
    section: Section::Income,
    per: Per::Each(|view| if helped(view) && !view.alone() { vec![HOUSEHOLD] } else { Vec::new() }),
    questions: &[ask("earners", Kind::People(|view, _| view.people().collect()))],
};

pub static KINDS: Step = Step {
    name: "income-kinds",
    section: Section::Income,
    per: Per::Each(|view| if helped(view) { view.earners() } else { Vec::new() }),
    questions: &[ask("income_kinds", Kind::Several(INCOMES)), ask("deduction_kinds", Kind::Several(DEDUCTIONS))],
};

fn is(view: &View, row: RowId, kinds: &[&str]) -> bool {
    kinds.contains(&view.text("kind", row))
}

/// A loss can be said of what the rules let be one.
pub fn may_be_loss(view: &View, row: RowId) -> bool {
    is(view, row, &["self_employment", "farming_fishing", "capital_gains", "rental_royalty", "other_taxable"])
}

fn is_job(view: &View, row: RowId) -> bool {
    is(view, row, &["wages", "tips"])
}

fn is_part(view: &View, row: RowId) -> bool {
    view.said("lasts", row, "part_of_year") && !view.said("frequency", row, "once")
}

pub static INCOME: Step = Step {
    name: "income",
    section: Section::Income,
    per: Per::Each(|view| if helped(view) { view.incomes().collect() } else { Vec::new() }),
    questions: &[
        ask("employer", Kind::Line(100)).when(is_job),
        ask("amount", Kind::Money).when(|view, row| !may_be_loss(view, row)),
        ask("net_amount", Kind::MoneyOrLoss).when(may_be_loss),
        ask("frequency", Kind::One(FREQUENCIES)),
        ask("hours", Kind::Decimal(120)).when(|view, row| view.said("frequency", row, "hourly")),
        ask("days", Kind::Decimal(7)).when(|view, row| view.said("frequency", row, "daily")),
        ask("once_on", Kind::Date(Span::Any)).when(|view, row| view.said("frequency", row, "once")),
        ask("lasts", Kind::One(LASTS)).when(|view, row| !view.said("frequency", row, "once")),
        ask("starts", Kind::Date(Span::Any)).when(is_part).optional(),
        ask("ends", Kind::Date(Span::Any)).when(is_part).optional(),
        ask("another", Kind::YesNo).when(|view, row| is(view, row, SEVERAL_OF)),
    ],
};

/// Its page shows the sums that the engine makes of all this.
pub static TOTAL: Step = Step {
    name: "income-total",
    section: Section::Income,
    per: Per::Each(|view| if helped(view) && !view.earners().is_empty() { vec![HOUSEHOLD] } else { Vec::new() }),
    questions: &[
        ask("total_right", Kind::YesNo).of_each(|view, _| view.earners()),
        ask("total_year", Kind::MoneyOrLoss)
            .of_each(|view, _| view.earners())
            .when(|view, row| view.said("total_right", row, "no")),
    ],
};
