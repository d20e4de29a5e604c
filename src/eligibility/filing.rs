//! Who files a tax return and who claims whom, if the household does not say: derived from ages, relations and
//! incomes, and recorded as an assumption.
//!
//! Called by `family` once people, marriages and parents are known. The position in the list must decide nothing: a
//! child listed first is claimed by the parent listed second (26 USC 152(c): a qualifying child is younger than the
//! filer).

use std::collections::HashMap;

use time::Date;

use super::assumptions::{Assumed, Code};
use super::family::{Member, TaxRole};
use super::household::{FieldError, FilingStatus, Household, Relationship};
use super::rounding::yearly;
use super::tables::{NumberCode, Tables};
use crate::types::Cents;

/// What the defaults need to know about everybody.
struct Filing<'a, 'm> {
    members: &'a [Member<'m>],
    /// Earns too much to be claimed as a relative.
    earner: Vec<bool>,
    child_under: i64,
    student_under: i64,
    adult_from: i64,
}

/// Settles every person's role, and who files jointly.
pub fn settle(
    members: &mut [Member<'_>],
    household: &Household,
    tables: &Tables,
    first_day: Date,
    ids: &HashMap<String, usize>,
    (errors, assumed): (&mut Vec<FieldError>, &mut Vec<Assumed>),
) {
    let number = |code| tables.number(code, first_day).map_or(0, |n| n.value);
    let relative_under = tables.filing(household.plan_year).map_or(Cents::ZERO, |row| row.relative_under);
    let filing = Filing {
        earner: members.iter().map(|m| gross(m, tables) >= relative_under).collect(),
        child_under: number(NumberCode::QualifyingChildUnderAge),
        student_under: number(NumberCode::StudentChildUnderAge),
        adult_from: number(NumberCode::AdultFromAge),
        members,
    };
    let head = filing.head();
    let head_role = filing.said(head, ids).unwrap_or(Ok(Some(TaxRole::Filer)));
    let head_files = matches!(head_role, Ok(Some(TaxRole::Filer) | None));
    let mut roles = Vec::with_capacity(filing.members.len());
    let mut open = Vec::new();
    for i in 0..filing.members.len() {
        match filing.said(i, ids) {
            Some(Ok(Some(role))) => roles.push(role),
            Some(Err(error)) => {
                errors.push(error);
                roles.push(TaxRole::NonFiler);
            }
            Some(Ok(None)) | None => {
                open.push(i);
                roles.push(filing.default_role(i, head, head_files));
            }
        }
    }
    for i in open {
        // The person who was to claim them may have said that they do not file, or are claimed themselves.
        if matches!(roles[i], TaxRole::ClaimedBy(by) if roles[by] != TaxRole::Filer) {
            let other = roles[head] == TaxRole::Filer && head != i;
            roles[i] = if other { TaxRole::ClaimedBy(head) } else { TaxRole::NonFiler };
        }
        filing.note(i, roles[i], assumed);
    }
    for (member, role) in members.iter_mut().zip(roles) {
        member.role = role;
    }
    check_claims(members, errors);
    join(members, errors, assumed);
}

/// A person's own income, as far as it is known before anything is computed.
fn gross(member: &Member<'_>, tables: &Tables) -> Cents {
    let said = member.said;
    if let Some(year) = said.projected_annual_income.or(said.current_monthly_income.map(|m| yearly(m, 12))) {
        return year;
    }
    let counts = |kind: &str| tables.income_kind(kind).is_some_and(|kind| kind.counts_for_filing);
    said.incomes.iter().filter(|i| counts(&i.kind)).map(|i| i.yearly().at_least_zero()).sum()
}

impl Filing<'_, '_> {
    fn age(&self, i: usize) -> i64 {
        i64::from(self.members[i].age)
    }

    /// Young enough to be somebody's qualifying child (26 USC 152(c)(3)), and not married.
    fn qualifying_child(&self, i: usize) -> bool {
        let student = self.members[i].said.full_time_student && self.age(i) < self.student_under;
        (self.age(i) < self.child_under || student) && self.members[i].spouse.is_none()
    }

    fn household_earns(&self, i: usize) -> bool {
        self.earner[i] || self.members[i].spouse.is_some_and(|spouse| self.earner[spouse])
    }

    /// The oldest of several people; if tied, one who earns enough to file; then by ID, never by place.
    fn oldest(&self, of: impl Iterator<Item = usize>) -> Option<usize> {
        let key = |i: usize| (std::cmp::Reverse(self.members[i].age), !self.earner[i], &self.members[i].id);
        of.min_by(|&a, &b| key(a).cmp(&key(b)))
    }

    /// The person whose return the others go on.
    fn head(&self) -> usize {
        let me = &self.members[0];
        let parent = self.oldest(me.parents.iter().copied());
        let own = me.spouse.is_some() || matches!(me.said.claimed_by.as_deref(), Some("nobody"));
        let grown_up_alone = self.earner[0] || me.said.files_taxes == Some(true);
        if let Some(parent) = parent.filter(|_| !own && (self.qualifying_child(0) || !grown_up_alone)) {
            return parent;
        }
        if self.age(0) < self.adult_from && !own {
            let adults = (0..self.members.len()).filter(|&i| self.age(i) >= self.adult_from);
            return self.oldest(adults).unwrap_or(0);
        }
        // Parents without income who live with a grown child who has one are claimed by that child.
        let children = (0..self.members.len()).filter(|&i| self.members[i].parents.contains(&0));
        let (young, grown): (Vec<usize>, Vec<usize>) = children.partition(|&i| self.qualifying_child(i));
        if young.is_empty() && !self.household_earns(0) && me.spouse.is_none() && !own {
            let earning = grown.into_iter().filter(|&i| self.earner[i]);
            return self.oldest(earning).unwrap_or(0);
        }
        0
    }

    /// What the person said. `None`: nothing; `Ok(None)`: that they file, which leaves open whether somebody claims
    /// them.
    fn said(&self, i: usize, ids: &HashMap<String, usize>) -> Option<Result<Option<TaxRole>, FieldError>> {
        let said = self.members[i].said;
        match said.claimed_by.as_deref() {
            Some("someone_else") => Some(Ok(Some(TaxRole::ClaimedOutside))),
            Some("nobody") if said.files_taxes == Some(false) => Some(Ok(Some(TaxRole::NonFiler))),
            Some("nobody") => Some(Ok(Some(TaxRole::Filer))),
            Some(name) => match ids.get(name) {
                Some(&k) if k != i => Some(Ok(Some(TaxRole::ClaimedBy(k)))),
                _ => {
                    let message = format!("`{name}` is neither the id of another person nor nobody nor someone_else");
                    Some(Err(FieldError::new(format!("people[{i}].claimed_by"), message)))
                }
            },
            None if said.files_taxes == Some(true) && !self.qualifying_child(i) => Some(Ok(Some(TaxRole::Filer))),
            None if said.files_taxes == Some(true) => Some(Ok(None)),
            None if said.files_taxes == Some(false) && self.own_adult(i) => Some(Ok(Some(TaxRole::NonFiler))),
            None => None,
        }
    }

    /// The adults who by default are on nobody else's return: the first person, spouse and partner.
    fn own_adult(&self, i: usize) -> bool {
        let adult = matches!(
            self.members[i].relationship,
            Relationship::Applicant | Relationship::Spouse | Relationship::DomesticPartner
        );
        adult && !self.qualifying_child(i)
    }

    fn default_role(&self, i: usize, head: usize, head_files: bool) -> TaxRole {
        let member = &self.members[i];
        if i == head || self.members[head].spouse == Some(i) {
            return TaxRole::Filer;
        }
        let relation = member.relationship;
        if self.qualifying_child(i) {
            // A parent who files takes precedence over anybody else (26 USC 152(c)(4)).
            // Of two who file together the one whose return it is, wherever they stand in the list.
            let mut couple = std::iter::once(head).chain(self.members[head].spouse);
            let parent = couple.find(|p| member.parents.contains(p));
            let other = self.oldest(member.parents.iter().copied()).filter(|&p| self.files_alone(p, head));
            return match parent.or(other) {
                Some(parent) if parent != head || head_files => TaxRole::ClaimedBy(parent),
                None if head_files => TaxRole::ClaimedBy(head),
                _ => TaxRole::NonFiler,
            };
        }
        if self.files_alone(i, head) {
            return TaxRole::Filer;
        }
        let roommate = relation == Relationship::Unrelated;
        if head_files && !roommate { TaxRole::ClaimedBy(head) } else { TaxRole::NonFiler }
    }

    /// An adult with their own return: partner, roommate, married, or earning too much to be claimed.
    fn files_alone(&self, i: usize, head: usize) -> bool {
        let member = &self.members[i];
        if i == head || self.qualifying_child(i) || member.said.files_taxes == Some(false) {
            return i == head;
        }
        // The first person's partner is only the first person's; how the first person relates to a parent does not
        // apply to them.
        let partner = member.relationship == Relationship::DomesticPartner;
        partner || member.relationship == Relationship::Unrelated || member.spouse.is_some() || self.earner[i]
    }

    fn note(&self, i: usize, role: TaxRole, assumed: &mut Vec<Assumed>) {
        let files = self.members[i].said.files_taxes == Some(true);
        match role {
            TaxRole::ClaimedBy(by) if files => assumed.push(Assumed::between(Code::DependentAlsoFiles, i, by)),
            TaxRole::ClaimedBy(by) => assumed.push(Assumed::between(Code::ClaimedAsDependent, i, by)),
            TaxRole::Filer if self.members.len() == 1 && self.age(i) < self.student_under => {
                assumed.push(Assumed::of(Code::NotClaimedElsewhere, i));
            }
            TaxRole::Filer if self.members.len() > 1 && !files => assumed.push(Assumed::of(Code::FilesOwnReturn, i)),
            TaxRole::NonFiler if self.members[i].said.files_taxes.is_none() => {
                assumed.push(Assumed::of(Code::FilesNothing, i));
            }
            _ => {}
        }
    }
}

fn check_claims(members: &[Member<'_>], errors: &mut Vec<FieldError>) {
    for (i, member) in members.iter().enumerate() {
        if let TaxRole::ClaimedBy(by) = member.role
            && members[by].role != TaxRole::Filer
        {
            let path = format!("people[{i}].claimed_by");
            errors.push(FieldError::new(path, format!("people[{by}] files no return of their own")));
        }
    }
}

/// Settles who files a joint return.
fn join(members: &mut [Member<'_>], errors: &mut Vec<FieldError>, assumed: &mut Vec<Assumed>) {
    for i in 0..members.len() {
        let says_joint = members[i].said.filing_status == Some(FilingStatus::MarriedFilingJointly);
        let path = || format!("people[{i}].filing_status");
        let Some(spouse) = members[i].spouse else {
            if says_joint {
                errors.push(FieldError::new(path(), "list the spouse of the joint return too, even if not applying"));
            }
            continue;
        };
        let together = |m: &Member<'_>| {
            m.role == TaxRole::Filer && matches!(m.said.filing_status, None | Some(FilingStatus::MarriedFilingJointly))
        };
        members[i].joint = together(&members[i]) && together(&members[spouse]);
        if says_joint && !members[i].joint {
            errors.push(FieldError::new(path(), "a joint return needs a spouse who files jointly too"));
        }
        let unsaid = !says_joint && members[spouse].said.filing_status.is_none();
        if members[i].joint && unsaid && i < spouse {
            // One line says both: that they file, and that they file together.
            assumed.retain(|a| !(a.code == Code::FilesOwnReturn && [Some(i), Some(spouse)].contains(&a.person)));
            assumed.push(Assumed::between(Code::FilesJointly, i, spouse));
        }
    }
}
