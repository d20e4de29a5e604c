//! Using more or less of the tax credit that is there, from the next month on.
//!
//! Called by the page of coverage. One transaction; done twice it is done once, and a page that is out of date changes nothing. What
//! other plans of the household use stays as it is.

use std::sync::Arc;

use time::Date;

use super::adjust::write;
use super::again::{differs_for_insurer, usable, wanted};
use super::choice::Use;
use super::record::{self, Enrollment, Signed};
use super::step::{self, Step, Taken};
use super::timeline::{self, Timeline};
use super::{again, tax_year};
use crate::account::people::Means;
use crate::eligibility::State as Place;
use crate::eligibility::tables::MarketplaceKind;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, StoreError, Tx};
use crate::types::Cents;
use crate::verify::Knows;
use crate::verify::effective::Cause;

/// What became of the wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    Now,
    /// It was so already.
    Before,
    /// It is not as it was when the page was shown.
    Changed,
}

/// How much of its credit a plan is to use.
pub struct UseCredit {
    pub means: Means,
    pub knows: Arc<Knows>,
    pub owner: String,
    pub enrollment: String,
    /// As the page showed it.
    pub seen: i64,
    pub wish: Use,
    /// Today where they live.
    pub today: Date,
    pub session: String,
}

/// What a page offers.
pub struct Offer {
    /// From this day.
    pub from: Date,
    /// The most that the plan can use.
    pub most: Cents,
    /// As it is from then on if nothing is changed.
    pub then: Signed,
}

/// The day from which more or less can be used, and how much; `None`: the plan is over by then, or there is nothing to use.
pub fn offer(knows: &Knows, (enrollment, timeline): (&Enrollment, &Timeline), today: Date) -> Option<Offer> {
    let year = i32::try_from(enrollment.plan_year).ok()?;
    let known = Place::parse(&enrollment.signed.place.state).is_some();
    let marketplace: Option<MarketplaceKind> =
        known.then(|| tax_year::marketplace(&knows.tables, &enrollment.signed, year));
    let from = knows.effective.day(Cause::Chosen, marketplace, today).max(enrollment.starts);
    let then = timeline.on(from).unwrap_or(&enrollment.signed).clone();
    let most = usable(&then)?.min(then.credit_available);
    let fits = enrollment.state.is_live() && from <= enrollment.ends && most > Cents::ZERO;
    fits.then_some(Offer { from, most, then })
}

impl Change for UseCredit {
    type Done = Used;

    async fn run(&self, tx: &mut Tx) -> Result<Used, StoreError> {
        let (owner, vault) = (self.owner.as_str(), &self.means.vault);
        record::take_all(tx, owner).await?;
        let found = record::one(tx.conn(), vault, (owner, &self.enrollment)).await?;
        let Some(enrollment) = found else { return Err(StoreError::Stale) };
        let timeline = timeline::of(tx.conn(), vault, &enrollment, |_| true).await?;
        let Some(offer) = offer(&self.knows, (&enrollment, &timeline), self.today) else { return Ok(Used::Changed) };
        let with = |signed: &Signed| {
            let most = usable(signed).map_or(Cents::ZERO, |usable| usable.min(signed.credit_available));
            Signed { credit: wanted(self.wish, most), ..signed.clone() }
        };
        let first = with(&offer.then);
        if first == offer.then && again::wish_of(&offer.then) == again::wish_of(&first) {
            return Ok(Used::Before);
        }
        if enrollment.version != self.seen {
            return Ok(Used::Changed);
        }
        let key = vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        write(tx, &key, (&enrollment, &first), (offer.from, Cause::Chosen, true)).await?;
        // What is different later still is: with the same wish.
        let mut last = first;
        for since in timeline.after(offer.from) {
            let then = with(&since.signed);
            let concerns = differs_for_insurer(&last, &then) || differs_for_insurer(&since.signed, &then);
            write(tx, &key, (&enrollment, &then), (since.from, Cause::Chosen, concerns)).await?;
            last = then;
        }
        let actor = Actor::of_owner(owner);
        let (from_day, code) = (offer.from, Cause::Chosen.word());
        let taken = Taken { step: Step::Changed, from_day, code, actor: &actor, session: &self.session };
        if !step::apply(tx, &self.means, &enrollment.id, &taken).await? {
            let record = format!("enrollment:{}", enrollment.id);
            let (deed, session) = (Deed::CoverageChanged, self.session.as_str());
            let entry = Entry { actor: &actor, deed, owner, record: &record, session };
            self.means.audit.append(tx, &entry).await?;
        }
        Ok(Used::Now)
    }
}
