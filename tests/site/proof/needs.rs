//! Somebody who has sent an application and has something to prove, without walking through its pages.

use serde_json::json;
use sqlx::Connection as _;
use windowshop::account::people::{Means, new_id};
use windowshop::application::record::Frozen;
use windowshop::store::{Change, StoreError, Tx, columns};

use crate::office::people::{SEARCH, World, save};
use crate::site::Site;
use crate::store::engines::Bench;

/// What a test gave somebody to prove.
pub struct Need {
    pub owner: String,
    pub dmi: String,
    pub page: String,
}

struct Planted {
    means: Means,
    owner: String,
    application: String,
    reference: String,
    issues: Vec<(String, &'static str)>,
}

impl Change for Planted {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (owner, id, now) = (self.owner.as_str(), self.application.as_str(), tx.now());
        let key = self.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let answers = json!({
            "first_name.1": "Ana", "last_name.1": "Zapotillo", "birth_date.1": "1986-03-14", "ssn.1": "123-45-6789",
            "citizen.1": "yes", "notices_by.0": "email", "email.0": "ana@example.org", "written.0": "en",
        });
        let household = json!({"people": [{"id": "1", "applying": true}]});
        let frozen = Frozen { answers, household, county: String::new(), amended: None };
        let determination = json!({"state": "OH", "people": [], "tax_households": []});
        sqlx::query(
            "INSERT INTO application (id, draft, owner, reference, plan_year, answers, answers_version, determination, \
             catalogue, submitted_at) VALUES ($1, $1, $2, $3, 2027, $4, 1, $5, 'catalogue-2027-20261101-0a1b2c3d', $6)",
        )
        .bind(id)
        .bind(owner)
        .bind(self.reference.as_str())
        .bind(key.seal_json(columns::APPLICATION_ANSWERS.at(id, owner), &frozen)?)
        .bind(key.seal_json(columns::APPLICATION_DETERMINATION.at(id, owner), &determination)?)
        .bind(now)
        .execute(tx.conn())
        .await?;
        sqlx::query(
            "INSERT INTO verification_run (application, owner, began_at, wait_until, done_at, version) \
             VALUES ($1, $2, $3, $3, $3, 1)",
        )
        .bind(id)
        .bind(owner)
        .bind(now)
        .execute(tx.conn())
        .await?;
        for (dmi, kind) in &self.issues {
            sqlx::query(
                "INSERT INTO dmi (id, application, owner, person, kind, state, closed_how, opened_at, noticed_at, due_at, \
                 due_day, added_days, in_review, reminded, closed_at) \
                 VALUES ($1, $2, $3, 1, $4, 'open', '', $5, $5, $6, '2027-02-25', 0, 0, 0, NULL)",
            )
            .bind(dmi.as_str())
            .bind(id)
            .bind(owner)
            .bind(*kind)
            .bind(now)
            .bind(now + 90 * 24 * 3_600_000)
            .execute(tx.conn())
            .await?;
        }
        Ok(())
    }
}

/// What an owner has to prove from now on.
pub async fn of_owner(world: &World, owner: &str, kinds: &[&'static str]) -> Vec<Need> {
    let ids: Vec<(String, &'static str)> = kinds.iter().map(|kind| (new_id().expect("an ID"), *kind)).collect();
    let planted = Planted {
        means: world.opened.means.clone(),
        owner: owner.to_string(),
        application: new_id().expect("an ID"),
        reference: windowshop::application::submit::new_reference().expect("random"),
        issues: ids.clone(),
    };
    world.opened.store.begin_write(planted).await.expect("planted");
    let need = |(dmi, _): (String, _)| Need { owner: owner.to_string(), page: format!("/account/proof/{dmi}"), dmi };
    ids.into_iter().map(need).collect()
}

/// A guest in this browser who has this to prove.
pub async fn guest(world: &World, bench: &Bench, browser: &Site, kinds: &[&'static str]) -> Vec<Need> {
    save(browser, SEARCH).await;
    of_owner(world, &newest_owner(bench, "guest:%").await, kinds).await
}

/// Whose session began last.
pub async fn newest_owner(bench: &Bench, like: &str) -> String {
    let mut connection = bench.raw().await;
    let asked = sqlx::query_scalar("SELECT owner FROM session WHERE owner LIKE $1 ORDER BY made_at DESC LIMIT 1");
    let owner = asked.bind(like).fetch_one(&mut connection).await.expect("a session");
    connection.close().await.expect("it closes");
    owner
}

/// One text of the store, as it is.
pub async fn text(bench: &Bench, statement: &str) -> String {
    let mut connection = bench.raw().await;
    let asked = sqlx::query_scalar(sqlx::AssertSqlSafe(statement.to_string()));
    let text = asked.fetch_one(&mut connection).await.expect(statement);
    connection.close().await.expect("it closes");
    text
}
