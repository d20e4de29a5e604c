//! `GET /income`: a plain helper that adds up pay, business, benefits and deductions, and says what does not count.
//!
//! Called by the router. The sum is the engine's own (`eligibility::sum_of`). It must keep nothing: everything typed
//! is in the address, and the rest of the address is carried along to the list.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::eligibility::household::{Frequency, Hundredths, Income};
use crate::eligibility::law::law;
use crate::eligibility::rounding::{Ratio, shown_cents};
use crate::eligibility::tables::{CountsForMedicaid, IncomeKind, IncomeNature};
use crate::eligibility::{Bound, PersonIncome, Summed, sum_of};
use crate::quote::QuoteError;
use crate::quote::ask::address::is_private;
use crate::quote::ask::money::{INCOME_DOLLARS_MAX, read_amount, read_signed, write_amount};
use crate::quote::ask::people::Household;
use crate::shop::home::FieldFault;
use crate::shop::open::{self, Instead};
use crate::types::Cents;
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

/// More sources than this are better added up on paper first.
const ROWS_MAX: usize = 8;
/// Shown initially.
const ROWS_MIN: usize = 2;
/// Pairs of the address to carry along; an address with more is not ours.
const CARRIED_MAX: usize = 150;

/// How often an amount comes, as named by the form and the address.
const FREQUENCIES: [(&str, Frequency); 8] = [
    ("hourly", Frequency::Hourly),
    ("weekly", Frequency::Weekly),
    ("every_two_weeks", Frequency::EveryTwoWeeks),
    ("twice_a_month", Frequency::TwiceAMonth),
    ("monthly", Frequency::Monthly),
    ("quarterly", Frequency::Quarterly),
    ("yearly", Frequency::Yearly),
    ("once", Frequency::Once),
];

/// One row as typed, right or wrong.
#[derive(Debug, Clone, Default)]
struct IncomeRow {
    kind: String,
    amount: String,
    frequency: String,
    /// In a usual week, for hourly pay.
    hours: String,
    kind_fault: Option<String>,
    amount_fault: Option<String>,
    frequency_fault: Option<String>,
}

impl IncomeRow {
    /// A row with only a kind or a frequency says nothing yet.
    fn is_blank(&self) -> bool {
        self.amount.trim().is_empty() && self.kind.is_empty()
    }
}

/// One option of a select.
struct SelectOption {
    value: String,
    words: String,
}

/// A row as understood.
struct Counted {
    words: String,
    how: String,
}

/// The answer: what counts, and where to take it.
struct Sum {
    counted: Vec<Counted>,
    /// Deductions and losses that the law lets count only in part.
    limited: Vec<String>,
    left_out: Option<String>,
    year: Cents,
    /// For the current month, for Medicaid.
    month: Cents,
    below_zero: bool,
    /// The address's other pairs plus the sums, for the form that continues.
    pairs: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "income.html")]
struct IncomePage<'a> {
    cx: &'a Cx,
    rows: Vec<(usize, IncomeRow)>,
    /// (label, kinds) as groups in the select.
    kinds: Vec<(String, Vec<SelectOption>)>,
    frequencies: Vec<SelectOption>,
    carried: Vec<(String, String)>,
    /// The questions, with what was answered there.
    back: String,
    faults: Vec<FieldFault>,
    sum: Option<Sum>,
    can_add: bool,
}

/// What was typed, and the rest of the address.
#[derive(Default)]
struct IncomeForm {
    rows: Vec<IncomeRow>,
    add: bool,
    carried: Vec<(String, String)>,
}

impl IncomeForm {
    fn read(query: &str) -> IncomeForm {
        let mut asked = IncomeForm::default();
        let mut rows: [IncomeRow; ROWS_MAX] = Default::default();
        let mut shown = 0;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (name, value) = (name.as_ref(), value.as_ref());
            let number = name.get(1..).and_then(|n| n.parse::<usize>().ok()).filter(|n| (1..=ROWS_MAX).contains(n));
            let typed = || value.trim().chars().take(40).collect::<String>();
            match (name.get(..1), number) {
                (Some("k"), Some(n)) => rows[n - 1].kind = typed(),
                (Some("a"), Some(n)) => rows[n - 1].amount = typed(),
                (Some("f"), Some(n)) => rows[n - 1].frequency = typed(),
                (Some("h"), Some(n)) => rows[n - 1].hours = typed(),
                _ if name == "add_row" => asked.add = true,
                _ if asked.carried.len() < CARRIED_MAX && !value.is_empty() => {
                    asked.carried.push((name.to_string(), value.to_string()));
                }
                _ => {}
            }
            if let (Some("k" | "a" | "f" | "h"), Some(n)) = (name.get(..1), number) {
                shown = shown.max(n);
            }
        }
        let wanted = (shown + usize::from(asked.add)).clamp(ROWS_MIN, ROWS_MAX);
        asked.rows = rows.into_iter().take(wanted).collect();
        asked
    }

    /// Every complete source; faults are marked on their rows.
    fn incomes(&mut self, cx: &Cx) -> Vec<Income> {
        let tables = &cx.app.tables;
        let mut incomes = Vec::new();
        for row in self.rows.iter_mut().filter(|row| !row.is_blank()) {
            let kind = tables.income_kind(&row.kind);
            let may_be_loss = kind.is_some_and(|kind| kind.may_be_loss);
            let read = if may_be_loss { read_signed(&row.amount) } else { read_amount(&row.amount) };
            let amount = match read {
                Ok(Some(amount)) => Some(amount),
                Ok(None) => {
                    row.amount_fault = Some(cx.t("income_page.amount_missing").to_string());
                    None
                }
                Err(key) => {
                    row.amount_fault = Some(cx.tf(key, &[("typed", &row.amount)]));
                    None
                }
            };
            if kind.is_none() {
                row.kind_fault = Some(cx.t("income_page.kind_missing").to_string());
            }
            let frequency = FREQUENCIES.iter().find(|(name, _)| *name == row.frequency);
            if frequency.is_none() {
                row.frequency_fault = Some(cx.t("income_page.frequency_missing").to_string());
            }
            let by_hour = frequency.is_some_and(|(_, frequency)| *frequency == Frequency::Hourly);
            let hours = Cents::read(&row.hours).ok().filter(|hours| (1..=16_800).contains(&hours.0));
            if by_hour && hours.is_none() {
                row.frequency_fault = Some(cx.t("income_page.hours_missing").to_string());
                continue;
            }
            if let (Some(amount), Some(kind), Some((_, frequency))) = (amount, kind, frequency) {
                let income = Income {
                    kind: kind.kind.clone(),
                    amount,
                    frequency: *frequency,
                    hours_per_week: hours.map(|hours| Hundredths(hours.0)),
                    days_per_week: None,
                    starts: None,
                    ends: None,
                };
                // The list does not accept larger sums: say so here, at the amount that causes it.
                if income.yearly().0.abs() > INCOME_DOLLARS_MAX * 100 {
                    row.amount_fault = Some(cx.tf("ask.amount_too_high", &[("typed", &row.amount)]));
                    continue;
                }
                incomes.push(income);
            }
        }
        incomes
    }

    fn faults(&self, cx: &Cx) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        for (i, row) in self.rows.iter().enumerate() {
            let n = (i + 1).to_string();
            for (field, fault) in [("k", &row.kind_fault), ("a", &row.amount_fault), ("f", &row.frequency_fault)] {
                if let Some(words) = fault {
                    let words = cx.tf("income_page.row_fault", &[("n", &n), ("fault", words)]);
                    faults.push(FieldFault { field: format!("{field}{n}"), words });
                }
            }
        }
        faults
    }
}

/// `GET /income`, `GET /es/income`.
pub async fn income(cx: Cx) -> Result<Response, Instead> {
    let mut asked = IncomeForm::read(&cx.query);
    let typed = asked.rows.iter().any(|row| !row.is_blank());
    // An address with an income, a sex or expected care is for its own browser only.
    let version = cx.catalogues.version();
    let own = typed || asked.carried.iter().any(|(name, _)| is_private(name));
    let caching = if own { CachePolicy::Own { version } } else { CachePolicy::Public { version } };
    let incomes = asked.incomes(&cx);
    // A row that is only being added is not wrong yet.
    let faults = if asked.add { Vec::new() } else { asked.faults(&cx) };
    if faults.is_empty() {
        open::unchanged(&cx, &caching)?;
    }
    if asked.add {
        for row in &mut asked.rows {
            (row.kind_fault, row.amount_fault, row.frequency_fault) = (None, None, None);
        }
    }
    let sum = match faults.is_empty() && !asked.add && !incomes.is_empty() {
        true => Some(sum(&cx, &incomes, &asked.carried)?),
        false => None,
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let template = IncomePage {
        kinds: kinds(&cx),
        frequencies: FREQUENCIES
            .iter()
            .map(|(name, _)| SelectOption {
                value: (*name).to_string(),
                words: cx.t(&format!("frequency.{name}")).to_string(),
            })
            .collect(),
        can_add: asked.rows.len() < ROWS_MAX,
        rows: asked.rows.into_iter().enumerate().map(|(i, row)| (i + 1, row)).collect(),
        back: back(&cx, &asked.carried),
        carried: asked.carried,
        faults,
        sum,
        cx: &cx,
    };
    Ok(match status {
        StatusCode::OK => page::render(&cx, template, caching),
        status => page::render_status(&cx, status, template, caching),
    })
}

fn back(cx: &Cx, carried: &[(String, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    cx.href(&format!("/?{}", query.extend_pairs(carried).finish()))
}

/// The kinds in the rules' table by nature: pay first, the others in the language's sort order.
fn kinds(cx: &Cx) -> Vec<(String, Vec<SelectOption>)> {
    let group = |(nature, key): (IncomeNature, &str)| {
        let kinds = cx.app.tables.income_kinds().into_iter().filter(|kind| kind.nature == nature);
        let mut choices: Vec<SelectOption> =
            kinds.map(|kind| SelectOption { value: kind.kind.clone(), words: kind_words(cx, &kind.kind) }).collect();
        choices.sort_by_cached_key(|choice| (choice.value != "wages", choice.words.clone()));
        (cx.t(key).to_string(), choices)
    };
    [
        (IncomeNature::Earned, "income_page.group_earned"),
        (IncomeNature::Unearned, "income_page.group_unearned"),
        (IncomeNature::Deduction, "income_page.group_deduction"),
        (IncomeNature::None, "income_page.group_none"),
    ]
    .into_iter()
    .map(group)
    .collect()
}

fn kind_words(cx: &Cx, kind: &str) -> String {
    let key = format!("income_kind.{kind}");
    cx.known(&key).map_or_else(|| kind.replace('_', " "), str::to_string)
}

fn sum(cx: &Cx, incomes: &[Income], carried: &[(String, String)]) -> Result<Sum, Failure> {
    let tables = &cx.app.tables;
    let year = i32::from(cx.catalogues.newest().year);
    // The ages of the people on the policy, if the address carries them: some limits depend on them.
    let people = carried.iter().find(|(name, _)| name == "people").and_then(|(_, value)| Household::parse(value).ok());
    let ages: Vec<u8> = people.iter().flat_map(|people| people.people()).map(|person| person.age).collect();
    let Summed { income: PersonIncome { year, medicaid_month_x12, .. }, bounds } =
        sum_of(incomes, tables, year, &ages).map_err(QuoteError::refused)?;
    let known = incomes.iter().filter_map(|item| tables.income_kind(&item.kind).map(|kind| (item, kind)));
    let left_out: Vec<String> =
        known.clone().filter(|(_, kind)| !counts(kind)).map(|(_, kind)| kind_words(cx, &kind.kind)).collect();
    let counted = known.map(|(item, kind)| counted(cx, item, kind)).collect();
    let below_zero = year.0 < 0;
    let floored = Cents(year.0.max(0));
    let month_x12 = Cents(medicaid_month_x12.0.max(0));
    let month = shown_cents(Ratio { num: i128::from(month_x12.0), den: 12 });
    let mut pairs: Vec<(String, String)> =
        carried.iter().filter(|(name, _)| name != "income" && name != "monthly").cloned().collect();
    pairs.push(("income".to_string(), write_amount(floored)));
    // A month that is one twelfth of the year is the list's own default, and exact.
    if month_x12 != floored {
        pairs.push(("monthly".to_string(), write_amount(month)));
    }
    Ok(Sum {
        counted,
        limited: bounds.iter().map(|bound| limited_words(cx, bound)).collect(),
        left_out: (!left_out.is_empty()).then(|| left_out.join("; ")),
        year: floored,
        month,
        below_zero,
        pairs,
    })
}

/// What the law counts of a deduction or a loss.
pub fn limited_words(cx: &Cx, bound: &Bound) -> String {
    let kind = kind_words(cx, &bound.kind);
    let (said, allowed) = (bound.said.dollars(), bound.allowed.dollars());
    cx.tf(
        "income_page.limited",
        &[("kind", &kind), ("said", &said), ("allowed", &allowed), ("law", &law(&bound.citation.text))],
    )
}

fn counts(kind: &IncomeKind) -> bool {
    kind.counts_for_credit || kind.counts_for_medicaid != CountsForMedicaid::No
}

fn counted(cx: &Cx, item: &Income, kind: &IncomeKind) -> Counted {
    let key = match (kind.nature, kind.counts_for_credit, kind.counts_for_medicaid) {
        (IncomeNature::Deduction, ..) => "income_page.how_deducted",
        (_, false, CountsForMedicaid::No) => "income_page.how_left_out",
        (_, true, CountsForMedicaid::No) => "income_page.how_credit_only",
        (_, true, CountsForMedicaid::Month) => "income_page.how_month_only",
        _ => "income_page.how_counts",
    };
    let amount = item.yearly();
    Counted { words: kind_words(cx, &kind.kind), how: cx.tf(key, &[("amount", &amount.dollars_cents())]) }
}
