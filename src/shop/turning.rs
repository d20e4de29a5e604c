//! The nearest income at which a household's help changes, in dollars and in what it would pay: the third line of the
//! help.
//!
//! Called by the list. The engine says where the answers change; the price on the other side is that of the same list
//! at that income, so it must never differ from what the page would show there.

use crate::catalogue::Catalogue;
use crate::eligibility::thresholds::{Turn, What, nearest_to};
use crate::filing::codes::Product;
use crate::quote::ask::address::Search;
use crate::quote::ask::money::Finances;
use crate::quote::market;
use crate::quote::market::tally::Tally;
use crate::quote::policy::{self, Help, Policy};
use crate::shop::open::days;
use crate::shop::words::thresholds as words;
use crate::types::Cents;
use crate::web::error::Failure;
use crate::web::page::Cx;

/// The nearest turning point in one or two sentences; `None` without an income, or if nothing changes. `tally` and `help` are
/// the list's own.
pub async fn nearest(
    cx: &Cx,
    catalogue: &Catalogue,
    search: &Search,
    (tally, help): (&Tally<'_>, Option<&Help>),
) -> Result<Option<String>, Failure> {
    let Some(help) = help else { return Ok(None) };
    let Some(money) = search.finances.as_ref().filter(|_| search.product == Product::Medical) else { return Ok(None) };
    let household =
        policy::eligibility_household(search.year, &search.place, &search.household, (money, search.policy.rules.ages));
    // A step in the share to pay changes little: only mention where help begins, ends or changes its kind.
    let matters = |turn: &Turn| turn.what != What::ApplicablePercentage;
    let day = days(cx, search.state()).own;
    // A household that the engine refuses has no list either.
    let Ok(Some(threshold)) =
        nearest_to((money.income, &help.determination), matters, (&household, &cx.app.tables, day))
    else {
        return Ok(None);
    };
    let beyond = words::dollar_beyond(&threshold);
    let price = match threshold.turns.iter().any(|turn| turn.what == What::Credit) {
        true => cheapest(cx, catalogue, (search, tally), Finances { income: beyond, ..money.clone() }).await?,
        false => None,
    };
    Ok(Some(words::turning(cx, search, &threshold, price)))
}

/// What the cheapest plan sold to the household would cost per month with other amounts of money.
async fn cheapest(
    cx: &Cx,
    catalogue: &Catalogue,
    (search, tally): (&Search, &Tally<'_>),
    money: Finances,
) -> Result<Option<Cents>, Failure> {
    let household = policy::eligibility_household(
        search.year,
        &search.place,
        &search.household,
        (&money, search.policy.rules.ages),
    );
    let Ok(help) = policy::determine_help(&cx.app.tables, &household, days(cx, search.state()).own) else {
        return Ok(None);
    };
    if !help.determination.people.iter().any(|person| person.shops()) {
        return Ok(None);
    }
    let policy = Policy::with_help(&search.household, search.policy.rules, &help.determination);
    let other = Search { finances: Some(money), policy, facets: Default::default(), ..search.clone() };
    let tally = market::tally_beside(catalogue, &other, (search, tally)).await?;
    Ok(tally.offers().iter().map(|offer| offer.net()).min())
}
