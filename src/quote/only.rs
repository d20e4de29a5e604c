//! Plans that a household can have of those that are sold to it: in a special enrollment period not all.
//!
//! Made by `enrollment`, which knows the rule; carried out by `market`, so that no page shows, prices or lets be signed another plan.

use crate::filing::codes::Metal;
use crate::quote::offer::Offer;
use crate::types::PlanId;

/// Which plans can be had: the first of the ways that leaves any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Only {
    pub ways: Vec<Way>,
}

/// These plans, and all of these levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub plans: Vec<PlanId>,
    pub metals: Vec<Metal>,
}

impl Only {
    /// The way that holds among the plans that are sold: none of them, if no way leaves any.
    pub fn way(&self, sold: &[Offer<'_>]) -> Option<&Way> {
        // The plan somebody has is always there; a way of levels counts if it leaves one of these.
        let leaves = |way: &&Way| match way.metals.is_empty() {
            true => sold.iter().any(|offer| way.has(offer)),
            false => sold.iter().any(|offer| offer.plan.metal.is_some_and(|metal| way.metals.contains(&metal))),
        };
        self.ways.iter().find(leaves).or_else(|| self.ways.last())
    }
}

impl Way {
    pub fn has(&self, offer: &Offer<'_>) -> bool {
        offer.plan.metal.is_some_and(|metal| self.metals.contains(&metal))
            || self.plans.iter().any(|plan| plan.as_str() == offer.plan.plan_id)
    }
}
