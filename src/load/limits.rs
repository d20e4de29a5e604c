//! Deductibles, out-of-pocket maximums and default coinsurance: three dozen columns of the Plan Attributes PUF, found
//! by the pattern of their names.
//!
//! Called by `attributes` for each row. Since 2016 families' amounts are in two columns; before, and in the states'
//! files, they are in one. It must never read a missing amount as zero.

use super::attributes::Fields;
use super::model::{Limit, Variant, code};
use super::read::Table;
use super::values;
use std::collections::HashMap;
use std::sync::Arc;

/// Filed words that repeat thousands of times, held once.
#[derive(Default)]
pub struct Words(HashMap<String, Arc<str>>);

impl Words {
    pub fn hold(&mut self, words: &str) -> Arc<str> {
        match self.0.get(words) {
            Some(held) => Arc::clone(held),
            None => Arc::clone(self.0.entry(words.to_string()).or_insert_with(|| Arc::from(words))),
        }
    }
}

/// Where the columns of deductibles, maximums and default coinsurance are.
pub struct MoneyColumns {
    limits: Vec<LimitColumn>,
    /// Position, name, scope, network.
    coinsurance: Vec<(usize, String, u8, u8)>,
}

struct LimitColumn {
    place: usize,
    name: String,
    kind: u8,
    scope: u8,
    network: u8,
    /// `None`: one column for a family, with what one person and what the whole family pays.
    who: Option<u8>,
}

const SCOPES: [(&str, u8); 3] = [("MEHB", code::MEDICAL), ("DEHB", code::DRUG), ("TEHB", code::COMBINED)];
const NETWORKS: [(&str, u8); 4] =
    [("InnTier1", code::TIER1), ("InnTier2", code::TIER2), ("OutOfNet", code::OUT), ("CombInnOon", code::IN_AND_OUT)];
const PEOPLE: [(&str, Option<u8>); 4] = [
    ("Individual", Some(code::INDIVIDUAL)),
    ("FamilyPerPerson", Some(code::FAMILY_PER_PERSON)),
    ("FamilyPerGroup", Some(code::FAMILY_PER_GROUP)),
    ("Family", None),
];

impl MoneyColumns {
    pub fn of(table: &Table) -> MoneyColumns {
        let (mut limits, mut coinsurance) = (Vec::new(), Vec::new());
        for (kind, middle, end) in [(code::DEDUCTIBLE, "Ded", ""), (code::MOOP, "", "MOOP")] {
            for (scope_name, scope) in SCOPES {
                for (network_name, network) in NETWORKS {
                    for (who_name, who) in PEOPLE {
                        let name = format!("{scope_name}{middle}{network_name}{who_name}{end}");
                        let place = table.index(&name);
                        limits.extend(place.map(|place| LimitColumn { place, name, kind, scope, network, who }));
                    }
                    let name = format!("{scope_name}Ded{network_name}Coinsurance");
                    let place = table.index(&name).filter(|_| kind == code::DEDUCTIBLE);
                    coinsurance.extend(place.map(|at| (at, name, scope, network)));
                }
            }
        }
        MoneyColumns { limits, coinsurance }
    }

    pub fn read(&self, fields: &mut Fields, words: &mut Words, variant: &mut Variant) {
        for column in &self.limits {
            let filed = fields.row.at(column.place);
            match column.who {
                Some(who) => match values::limit(&filed) {
                    Ok(amount) => {
                        variant.limits.extend(amount.map(|cents| column.limit(who, cents, words.hold(&filed))))
                    }
                    Err(refusal) => fields.note(&column.name, &filed, refusal),
                },
                None => match values::family_limit(&filed) {
                    Ok(amounts) => {
                        for (who, amount) in [code::FAMILY_PER_PERSON, code::FAMILY_PER_GROUP].into_iter().zip(amounts)
                        {
                            // A file with both forms says the same in both.
                            let more = amount.filter(|_| !variant.limits.iter().any(|held| column.names(held, who)));
                            let limit = more.map(|cents| column.limit(who, cents, words.hold(&filed)));
                            variant.limits.extend(limit);
                        }
                    }
                    Err(refusal) => fields.note(&column.name, &filed, refusal),
                },
            }
        }
        for (place, name, scope, network) in &self.coinsurance {
            let filed = fields.row.at(*place);
            match values::share_bp(&filed) {
                Ok(share) => variant.coinsurance.extend(share.map(|bp| (*scope, *network, bp))),
                Err(refusal) => fields.note(name, &filed, refusal),
            }
        }
    }
}

impl LimitColumn {
    fn limit(&self, who: u8, cents: Option<i64>, filed: Arc<str>) -> Limit {
        Limit { kind: self.kind, scope: self.scope, network: self.network, who, cents, filed }
    }

    fn names(&self, limit: &Limit, who: u8) -> bool {
        (limit.kind, limit.scope, limit.network, limit.who) == (self.kind, self.scope, self.network, who)
    }
}
