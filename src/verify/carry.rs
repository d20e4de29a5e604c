//! A change that was reported: what was checked of the same person and the same answer stays checked, what is open about it
//! stays open with its own clock and its documents, and only what is new or different is asked about.
//!
//! Called by `plan` in its transaction, and, before a change is sent, for what had not been proved in time. A clock never
//! begins again because somebody reported a change; an issue about what is no longer said is withdrawn.

use serde_json::Value;
use sqlx::AnyConnection;

use super::amend::Unproved;
use super::case::Case;
use super::check::CHECK_STATUS_AGAIN;
use super::dmi::{self, Dmi, EXPIRED};
use super::facts::{self, Check};
use super::plan::{self, About};
use super::rules::Subject;
use super::settle::row_id;
use super::{Knows, Room, appeal};
use crate::application::record;
use crate::application::sheet::RowId;
use crate::sealing::DataKey;
use crate::store::audit::{Actor, Deed};
use crate::store::vault::Vault;
use crate::store::{Millis, StoreError, Tx, columns};

const HOUR: Millis = 3_600_000;
/// An issue about something that is no longer said.
const CHANGED: &str = "changed";
/// A check that goes on under the application that follows.
const CARRIED: &str = "carried";

/// One check of the earlier application.
struct Row {
    id: String,
    person: RowId,
    subject: Subject,
    state: String,
    answer: Value,
    asked_at: Option<Millis>,
    answered_at: Option<Millis>,
}

/// The application that is followed, with its checks and issues.
pub(super) struct Earlier {
    case: Case,
    rows: Vec<Row>,
    dmis: Vec<Dmi>,
    taken: Vec<String>,
}

/// What one check rests on of what was told: while it is the same, so is the answer. Once something was proved of a person,
/// another name is no reason to prove it again.
fn told(case: &Case, (person, subject): (RowId, Subject), proved: bool) -> Vec<String> {
    let text = |question: &str| case.text(question, person).trim().to_string();
    let ssn = |row: RowId| facts::ssn(case, row).unwrap_or_default();
    let by_name = !(proved && matches!(subject, Subject::Citizenship | Subject::LawfulPresence | Subject::Tribe));
    let mut told = vec![text("birth_date"), ssn(person)];
    if by_name {
        told.extend(["first_name", "middle_name", "last_name", "suffix"].map(text));
    }
    match subject {
        Subject::Ssn => told.extend(["no_ssn", "no_ssn_why"].map(text)),
        Subject::Citizenship => told.push(text("citizen")),
        Subject::LawfulPresence => {
            let asked = ["citizen", "status", "status_since", "document", "alien_number", "document_number"];
            told.extend(asked.map(text));
            told.extend(["document_country", "document_until"].map(text));
        }
        Subject::Incarceration => told.push(case.among("in_custody", person).to_string()),
        Subject::Death => {}
        Subject::Tribe => told.extend([case.among("tribal", person).to_string(), text("tribe")]),
        Subject::OtherCoverage => {
            let covered = case.among("covered", person);
            told.extend([covered.to_string(), text("coverage_kinds"), text("sex"), state(case)]);
        }
        Subject::EmployerCoverage => {
            let offers = &case.application.frozen.household["employer_offers"];
            told.extend([text("sex"), state(case), offers.to_string(), text("coverage_kinds")]);
        }
        Subject::Income => {
            let all = case.tax_households();
            let tax = all.iter().find(|tax| tax.filers.first() == Some(&person));
            told.extend(tax.map(|tax| format!("{:?} {:?} {}", tax.filers, tax.members, tax.magi)));
            told.extend(tax.iter().flat_map(|tax| tax.filers.iter().map(|filer| ssn(*filer))));
        }
    }
    told
}

fn state(case: &Case) -> String {
    case.state().map(|state| state.to_string()).unwrap_or_default()
}

fn is_same((old, new): (&Case, &Case), of: (RowId, Subject), proved: bool) -> bool {
    told(old, of, proved) == told(new, of, proved)
}

async fn rows(connection: &mut AnyConnection, key: &DataKey, case: &Case) -> Result<Vec<Row>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, person, subject, state, answer, asked_at, answered_at FROM verification WHERE application = $1 \
         AND owner = $2",
    );
    type Found = (String, i64, String, String, Vec<u8>, Option<Millis>, Option<Millis>);
    let owner = case.owner.as_str();
    let found: Vec<Found> = asked.bind(case.id()).bind(owner).fetch_all(connection).await?;
    let mut rows = Vec::new();
    for (id, person, subject, state, answer, asked_at, answered_at) in found {
        let (Ok(person), Ok(subject)) = (RowId::try_from(person), subject.parse()) else { continue };
        let answer = key.open_json(columns::VERIFICATION_ANSWER.at(&id, owner), &answer)?;
        rows.push(Row { id, person, subject, state, answer, asked_at, answered_at });
    }
    Ok(rows)
}

/// What had not been proved in time of an application, and is told in its change as before: it holds on, but for what an
/// appeal keeps.
///
/// # Errors
///
/// If the store is away, or the rules do not say what follows.
pub async fn unproved(
    connection: &mut AnyConnection,
    (vault, knows): (&Vault, &Knows),
    (old, new): (&Case, &Case),
) -> Result<Vec<Unproved>, StoreError> {
    let Some(key) = vault.open(&mut *connection, &old.owner).await? else { return Ok(Vec::new()) };
    let expired: Vec<Dmi> = dmi::of_application(&mut *connection, old.id()).await?;
    let kept = appeal::kept(&mut *connection, (&key, &old.owner)).await?;
    let expired = expired.into_iter().filter(|dmi| dmi.state == EXPIRED && dmi.owner == old.owner);
    let expired = expired.filter(|dmi| !kept.contains(&dmi.id));
    let rows = rows(connection, &key, old).await?;
    let mut found = Vec::new();
    for dmi in expired.filter(|dmi| is_same((old, new), (dmi.person, dmi.kind), false)) {
        let day = old.day(&knows.tables, dmi.opened_at);
        let no_rule = || StoreError::Refused("no rule says what follows".to_string());
        let expiry = knows.rules.kind(dmi.kind, day).ok_or_else(no_rule)?.expiry;
        let row = rows.iter().find(|row| (row.person, row.subject) == (dmi.person, dmi.kind));
        let basis = row.map_or(Value::Null, |row| row.answer.clone());
        found.push(Unproved { person: dmi.person, expiry, basis });
    }
    Ok(found)
}

/// Takes the earlier application's run, so that nothing of it changes meanwhile. Where its own first job has not run yet, that
/// job finds that it has nothing left to do, and what goes on is taken from the one before it.
pub(super) async fn take(
    tx: &mut Tx,
    room: &Room,
    (case, key): (&Case, &DataKey),
    earlier: &str,
) -> Result<Option<Earlier>, StoreError> {
    let (owner, now) = (case.owner.as_str(), tx.now());
    let mut next = Some(earlier.to_string());
    while let Some(id) = next {
        let run = sqlx::query(
            "INSERT INTO verification_run (application, owner, began_at, wait_until, done_at, version) \
             VALUES ($1, $2, $3, $3, $3, 1) ON CONFLICT DO NOTHING",
        );
        let had_not_begun = run.bind(id.as_str()).bind(owner).bind(now).execute(tx.conn()).await?.rows_affected() == 1;
        let before = record::follows(tx.conn(), (owner, &id)).await?;
        if had_not_begun && before.is_some() {
            next = before;
            continue;
        }
        dmi::take_run(tx, &id).await?;
        let Some(old) = Case::open(tx.conn(), &room.means.vault, (owner, &id)).await? else { return Ok(None) };
        let dmis = dmi::of_application(tx.conn(), &id).await?;
        let rows = rows(tx.conn(), key, &old).await?;
        return Ok(Some(Earlier { case: old, rows, dmis, taken: Vec::new() }));
    }
    Ok(None)
}

impl Earlier {
    /// Takes a check over, if the earlier application has it with the same answers. `true`: nothing is left to ask.
    pub(super) async fn carry(
        &mut self,
        tx: &mut Tx,
        room: &Room,
        (case, key): (&Case, &DataKey),
        check: &Check,
    ) -> Result<bool, StoreError> {
        let of = (check.person, check.subject);
        let Some(row) = self.rows.iter().find(|row| (row.person, row.subject) == of) else { return Ok(false) };
        let proved = ["verified", "resolved"].contains(&row.state.as_str());
        let goes_on = ["pending", "inconsistent", EXPIRED].contains(&row.state.as_str());
        let settled = proved || row.state == "withdrawn";
        if !(settled || goes_on) || !is_same((&self.case, case), of, proved) {
            return Ok(false);
        }
        let issue = self.dmis.iter().find(|dmi| (dmi.person, dmi.kind) == of && dmi.state != dmi::WITHDRAWN);
        if let Some(issue) = issue {
            move_issue(tx, case, issue).await?;
            self.taken.push(issue.id.clone());
        }
        let id = row_id(case, check.person, check.subject);
        let answer = key.seal_json(columns::VERIFICATION_ANSWER.at(&id, &case.owner), &row.answer)?;
        sqlx::query(
            "INSERT INTO verification (id, application, owner, person, subject, state, service, answer, asked_at, \
             answered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(id)
        .bind(case.id())
        .bind(case.owner.as_str())
        .bind(i64::from(check.person))
        .bind(check.subject.word())
        .bind(row.state.as_str())
        .bind(check.service.as_str())
        .bind(answer)
        .bind(row.asked_at)
        .bind(row.answered_at)
        .execute(tx.conn())
        .await?;
        if goes_on {
            let left = sqlx::query("UPDATE verification SET state = $2 WHERE id = $1");
            left.bind(row.id.as_str()).bind(CARRIED).execute(tx.conn()).await?;
        }
        // Homeland Security goes on looking at the same case.
        if goes_on && check.subject == Subject::LawfulPresence && row.answer["case"].is_string() {
            let day = case.day(&room.knows.tables, tx.now());
            let hours = room.knows.rules.time("status_again_hours", day).unwrap_or_default();
            let run_at = Some(tx.now() + hours.max(1) * HOUR);
            let about = About { application: case.id().to_string(), person: check.person, turn: 1 };
            plan::put_down(tx, room, case, (&CHECK_STATUS_AGAIN, about, run_at)).await?;
        }
        Ok(true)
    }

    /// What is left of the earlier application: nothing of it is asked any more, and its issues are withdrawn.
    pub(super) async fn leave(self, tx: &mut Tx, room: &Room) -> Result<(), StoreError> {
        let (now, id) = (tx.now(), self.case.id());
        let checks = sqlx::query(
            "UPDATE verification SET state = 'withdrawn' WHERE application = $1 \
             AND state IN ('waiting', 'pending', 'inconsistent', 'expired')",
        );
        checks.bind(id).execute(tx.conn()).await?;
        let actor = Actor::of_owner(&self.case.owner);
        for dmi in self.dmis.iter().filter(|dmi| !self.taken.contains(&dmi.id)) {
            let closed = sqlx::query(
                "UPDATE dmi SET state = 'withdrawn', closed_how = $2, closed_at = $3 WHERE id = $1 \
                 AND state IN ('open', 'expired')",
            );
            let closed = closed.bind(dmi.id.as_str()).bind(CHANGED).bind(now).execute(tx.conn()).await?;
            if closed.rows_affected() == 1 {
                dmi::note(tx, &room.means, (Deed::DmiClosed, &actor), (&self.case.owner, &dmi.id)).await?;
            }
        }
        Ok(())
    }
}

/// The same issue, with its days and documents, is the new application's from now on.
async fn move_issue(tx: &mut Tx, case: &Case, issue: &Dmi) -> Result<(), StoreError> {
    let moved = sqlx::query("UPDATE dmi SET application = $2 WHERE id = $1");
    moved.bind(issue.id.as_str()).bind(case.id()).execute(tx.conn()).await?;
    let documents = sqlx::query("UPDATE document SET application = $2 WHERE dmi = $1");
    documents.bind(issue.id.as_str()).bind(case.id()).execute(tx.conn()).await?;
    Ok(())
}

/// An issue is open again about something that was told otherwise before: documents that were sent for it then, and that
/// nobody has looked at, are proof of it, too.
pub(super) async fn adopt(
    tx: &mut Tx,
    case: &Case,
    (id, person, kind): (&str, RowId, Subject),
) -> Result<(), StoreError> {
    let mut next = case.application.follows.clone();
    while let Some(earlier) = next {
        let asked = sqlx::query_scalar(
            "SELECT id FROM dmi WHERE application = $1 AND person = $2 AND kind = $3 AND state = 'withdrawn' AND owner = $4",
        );
        let asked = asked.bind(earlier.as_str()).bind(i64::from(person)).bind(kind.word()).bind(case.owner.as_str());
        let old: Option<String> = asked.fetch_optional(tx.conn()).await?;
        if let Some(old) = old {
            move_documents(tx, case, (&old, id)).await?;
        }
        next = record::follows(tx.conn(), (&case.owner, &earlier)).await?;
    }
    Ok(())
}

/// What nobody has looked at, from one issue to another.
async fn move_documents(tx: &mut Tx, case: &Case, (old, new): (&str, &str)) -> Result<(), StoreError> {
    let moved = sqlx::query("UPDATE document SET dmi = $2, application = $3 WHERE dmi = $1 AND state = 'received'");
    let moved = moved.bind(old).bind(new).bind(case.id()).execute(tx.conn()).await?.rows_affected();
    let counted = sqlx::query("UPDATE dmi SET in_review = in_review + $2 WHERE id = $1");
    counted.bind(new).bind(i64::try_from(moved).unwrap_or_default()).execute(tx.conn()).await?;
    let counted = sqlx::query("UPDATE dmi SET in_review = 0 WHERE id = $1");
    counted.bind(old).execute(tx.conn()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::record::{Application, Frozen};
    use serde_json::json;

    fn case(answers: Value) -> Case {
        let frozen =
            Frozen { answers, household: json!({ "people": [{ "id": "1" }] }), county: String::new(), amended: None };
        let determination = json!({ "state": "OH", "tax_households": [
            { "filers": ["1"], "members": ["1"], "credit_eligible": ["1"], "magi": 28000.0 }] });
        let application = Application {
            id: "a".to_string(),
            reference: String::new(),
            plan_year: 2027,
            submitted_at: 0,
            catalogue: String::new(),
            frozen,
            determination,
            follows: None,
        };
        Case { owner: "guest:g".to_string(), application }
    }

    #[test]
    fn only_what_a_check_rests_on_makes_it_another_one() {
        let before = json!({ "first_name.1": "Ana", "last_name.1": "Li", "ssn.1": "219-09-2800", "citizen.1": "yes" });
        let mut later = before.clone();
        later["last_name.1"] = json!("Perez");
        let (old, new) = (case(before.clone()), case(later));
        let same = |subject, proved| is_same((&old, &new), (1, subject), proved);
        assert!(!same(Subject::Ssn, true) && !same(Subject::Citizenship, false), "the source looks for the name");
        assert!(same(Subject::Citizenship, true), "and whoever has proved it has not lost it by a wedding");
        let mut typed = before;
        typed["ssn.1"] = json!("219092800");
        typed["tobacco.0"] = json!("1");
        let typed = case(typed);
        for subject in [Subject::Ssn, Subject::Citizenship, Subject::Income, Subject::Death, Subject::OtherCoverage] {
            assert!(is_same((&old, &typed), (1, subject), false), "{subject:?}");
        }
        let mut earns = case(typed.application.frozen.answers.clone());
        earns.application.determination["tax_households"][0]["magi"] = json!(33000.0);
        assert!(!is_same((&typed, &earns), (1, Subject::Income), false));
        assert!(is_same((&typed, &earns), (1, Subject::Citizenship), false));
    }
}
