//! Values planted in every sealed column: none can be read in a file of the store, in a dump of its tables, in a backup, in
//! what commands print, in an error, or in the most talkative log.

use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use windowshop::account::pending::{Keep, Pending};
use windowshop::account::people::{SignedUp, account_owner, find, guest_owner};
use windowshop::account::steps::StartTotp;
use windowshop::operator::audit::{AuditArgs, command as audit_command};
use windowshop::operator::backup::{BackupArgs, back_up};
use windowshop::sealing::{Column, DataKey};
use windowshop::store::lookup::Sought;
use windowshop::store::schema::{self, Kind};
use windowshop::store::vault::SITE;
use windowshop::store::{Change, StoreError, Tx, columns};
use windowshop::work::{Kind as JobKind, NewJob, Repeats, enqueue};
use zeroize::Zeroizing;

use super::people::{begin, means, sign_up};
use crate::site::TODAY;
use crate::store::engines::{Bench, on_each_engine};
use crate::web::Log;

/// What Ana typed: address, answers, a form, her browser's name; what her password became and her app shares with us; and
/// what is still to be done for her. No word of it occurs elsewhere.
const PLANTED: [&str; 7] = [
    "zanahoria.perez@example.org",
    "quetzal-37650",
    "flamboyan=77",
    "Navegador Guacamaya",
    "$argon2id$tamarindo",
    "veinte letras de app",
    "recado del colibrí",
];

/// Fills what no page fills yet.
struct Filled {
    means: windowshop::account::people::Means,
    owner: String,
    draft: String,
}

impl Change for Filled {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let owner = self.owner.as_str();
        let key = self.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let answers = key.seal(columns::DRAFT_ANSWERS.at(&self.draft, owner), PLANTED[1].as_bytes())?;
        sqlx::query("UPDATE draft SET answers = $1 WHERE id = $2")
            .bind(answers)
            .bind(self.draft.as_str())
            .execute(tx.conn())
            .await?;
        let name = key.seal(columns::DEVICE_NAME.at("d1", owner), PLANTED[3].as_bytes())?;
        sqlx::query(
            "INSERT INTO device (id, owner, token_hash, name, made_at, seen_at) VALUES ('d1', $1, $2, $3, 1, 1)",
        )
        .bind(owner)
        .bind(vec![1_u8])
        .bind(name)
        .execute(tx.conn())
        .await?;
        let seal = |column: Column, row| key.seal(column.at(row, owner), PLANTED[1].as_bytes());
        sqlx::query(
            "INSERT INTO application (id, draft, owner, reference, plan_year, answers, answers_version, determination, \
             catalogue, submitted_at) VALUES ('p1', 'q1', $1, '482193075512', 2027, $2, 1, $3, 'c', 1)",
        )
        .bind(owner)
        .bind(seal(columns::APPLICATION_ANSWERS, "p1")?)
        .bind(seal(columns::APPLICATION_DETERMINATION, "p1")?)
        .execute(tx.conn())
        .await?;
        sqlx::query(
            "INSERT INTO notice (id, application, owner, kind, body, posted_at, read_at) \
             VALUES ('n1', 'p1', $1, 'eligibility', $2, 1, NULL)",
        )
        .bind(owner)
        .bind(seal(columns::NOTICE_BODY, "n1")?)
        .execute(tx.conn())
        .await?;
        checked(tx, &self.means, (owner, &key)).await?;
        enrolled(tx, (owner, &key)).await?;
        let payload = &PLANTED[6];
        let job = NewJob { kind: &ERRAND, key: "errand:1", owner, run_at: None, payload, request_id: "" };
        enqueue(tx, &self.means.vault, &job).await.map(drop)
    }
}

/// What is kept of checks, of what followed, and of what nobody could read.
async fn checked(
    tx: &mut Tx,
    means: &windowshop::account::people::Means,
    (owner, key): (&str, &DataKey),
) -> Result<(), StoreError> {
    let seal = |column: Column, row| key.seal(column.at(row, owner), PLANTED[1].as_bytes());
    let site = means.vault.open(tx.conn(), SITE).await?.ok_or(StoreError::Stale)?;
    let (own, _) = DataKey::fresh()?;
    let document = |column: Column| own.seal(column.at("e1", "e1"), PLANTED[1].as_bytes());
    let aside = site.seal(columns::ASIDE_BODY.at("s1", SITE), PLANTED[1].as_bytes())?;
    for (statement, sealed) in [
        (
            "INSERT INTO transfer (id, direction, owner, application, state_code, number, cause, about, people, status, \
             body, made_at, code) VALUES ('t1', 'out', $1, 'p1', 'OH', 1, 'submitted', '', '1:medicaid', 'made', $2, 1, '')",
            [seal(columns::TRANSFER_BODY, "t1")?].to_vec(),
        ),
        (
            "INSERT INTO verification (id, application, owner, person, subject, state, service, answer, asked_at, \
             answered_at) VALUES ('v1', 'p1', $1, 1, 'ssn', 'verified', 'SSAC', $2, 1, 1)",
            [seal(columns::VERIFICATION_ANSWER, "v1")?].to_vec(),
        ),
        (
            "INSERT INTO redetermination (id, application, owner, number, cause, household, determination, catalogue, \
             notice, made_at) VALUES ('r1', 'p1', $1, 1, 'rules:2027', $2, $3, 'c', 'n1', 1)",
            [seal(columns::REDETERMINATION_HOUSEHOLD, "r1")?, seal(columns::REDETERMINATION_DETERMINATION, "r1")?]
                .to_vec(),
        ),
        (
            "INSERT INTO appeal (id, owner, application, notice, body, filed_at, due_at, state) \
             VALUES ('e1', $1, 'p1', 'n1', $2, 1, 1, 'filed')",
            [seal(columns::APPEAL_BODY, "e1")?].to_vec(),
        ),
        (
            "INSERT INTO aside (id, source, owner, reason, body, bytes, at, seen_by) \
             VALUES ('s1', 'hub', $1, 'no JSON', $2, 13, 1, '')",
            [aside].to_vec(),
        ),
        (
            "INSERT INTO document (id, owner, application, dmi, how, kind, bytes, secret, name, mark, state, reason, \
             sent_at, reviewed_at, reviewer) \
             VALUES ('e1', $1, 'p1', 'd1', 'upload', 'pdf', 13, $2, $3, $4, 'received', '', 1, NULL, '')",
            [seal(columns::DOCUMENT_SECRET, "e1")?, document(columns::DOCUMENT_NAME)?, vec![1]].to_vec(),
        ),
    ] {
        let planted = sqlx::query(statement).bind(owner);
        sealed.into_iter().fold(planted, |planted, value| planted.bind(value)).execute(tx.conn()).await?;
    }
    let body = sqlx::query("INSERT INTO document_body (document, body) VALUES ('e1', $1)");
    body.bind(document(columns::DOCUMENT_BODY)?).execute(tx.conn()).await?;
    let of_desk = |column: Column| site.seal(column.at("u1", SITE), PLANTED[1].as_bytes());
    sqlx::query(
        "INSERT INTO desk_user (id, login, role, state, password, secret, last_step, code_hash, code_until, made_at, \
         seen_at) VALUES ('u1', 'maria', 'reviewer', 'active', $1, $2, 0, $3, 0, 1, NULL)",
    )
    .bind(of_desk(columns::DESK_USER_PASSWORD)?)
    .bind(of_desk(columns::DESK_USER_SECRET)?)
    .bind(vec![1_u8])
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO insurer_file (id, direction, issuer, control, kind, cause, state, first_reference, lines, place, \
         staged, again, body, made_at, sent_at) \
         VALUES ('i1', 'in', '12345', 1, 'audit', 'in:1', 'taken', 0, 1, '', '', '', $1, 1, NULL)",
    )
    .bind(site.seal(columns::INSURER_FILE_BODY.at("i1", SITE), PLANTED[1].as_bytes())?)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was chosen, signed, changed and given out for a tax return.
async fn enrolled(tx: &mut Tx, (owner, key): (&str, &DataKey)) -> Result<(), StoreError> {
    for (statement, column, row) in [
        (
            "INSERT INTO plan_choice (application, owner, body, version, changed_at) VALUES ('p1', $1, $2, 1, 1)",
            columns::PLAN_CHOICE_BODY,
            "p1",
        ),
        (
            "INSERT INTO enrollment (id, owner, application, number, choice, plan_year, plan, issuer, product, state, \
             starts, ends, signed, catalogue, follows, made_at, changed_at, version) \
             VALUES ('l1', $1, 'p1', '4821930755', 1, 2027, '12345OH0010001-04', '12345', 'medical', 'signed', \
             '2027-01-01', '2027-12-31', $2, 'c', '', 1, 1, 1)",
            columns::ENROLLMENT_SIGNED,
            "l1",
        ),
        (
            "INSERT INTO enrollment_change (id, enrollment, owner, number, kind, from_day, reason, body, made_at, file, \
             held, answer, code) \
             VALUES ('k1', 'l1', $1, 1, 'initial', '2027-01-01', 'open_enrollment', $2, 1, '', '', '', '')",
            columns::ENROLLMENT_CHANGE_BODY,
            "k1",
        ),
        (
            "INSERT INTO tax_record (id, owner, application, plan_year, number, body, made_at) \
             VALUES ('y1', $1, 'p1', 2027, 1, $2, 1)",
            columns::TAX_RECORD_BODY,
            "y1",
        ),
    ] {
        let sealed = key.seal(column.at(row, owner), PLANTED[1].as_bytes())?;
        sqlx::query(statement).bind(owner).bind(sealed).execute(tx.conn()).await?;
    }
    Ok(())
}

static ERRAND: JobKind = JobKind {
    name: "errand",
    max_attempts: 1,
    gives_up_after: None,
    pause: std::time::Duration::ZERO,
    pause_max: std::time::Duration::ZERO,
    repeats: Repeats::AtLeastOnce,
};

/// Every value of every table, as a database's own dump has it.
pub async fn dump(bench: &Bench) -> Vec<u8> {
    let mut connection = bench.raw().await;
    let mut all = Vec::new();
    for table in schema::tables() {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {}", table.name)));
        for row in rows.fetch_all(&mut connection).await.expect("rows") {
            for column in &table.columns {
                match column.kind {
                    Kind::Text => {
                        all.extend(row.get::<Option<String>, _>(column.name).unwrap_or_default().into_bytes())
                    }
                    Kind::Bytes => all.extend(row.get::<Option<Vec<u8>>, _>(column.name).unwrap_or_default()),
                    Kind::Integer | Kind::Real => {}
                }
                all.push(b'\n');
            }
        }
    }
    connection.close().await.expect("it closes");
    all
}

/// Fails if a sealed column holds nothing that was planted.
async fn every_sealed_column_is_filled(bench: &Bench) {
    for column in columns::SEALED {
        let (table, name) = (column.table, column.column);
        let filled = bench.count(&format!("{table} WHERE length({name}) > 0")).await;
        assert!(filled > 0, "nothing is planted in {table}.{name}: plant it here");
    }
}

/// Every file in the bench's folder that is not a key file, as bytes.
pub fn files(bench: &Bench) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(bench.path("")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    paths.map(|path| (path.display().to_string(), std::fs::read(&path).expect("bytes"))).collect()
}

pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}

#[tokio::test]
async fn nothing_that_a_person_typed_can_be_read_where_it_is_kept() {
    on_each_engine(async |bench| {
        let (log, _guard) = Log::keep_all();
        let office = bench.open().await;
        let (guest, draft, code) = begin(&office).await;
        let mut change = sign_up(&office, "a1", PLANTED[0], Some(guest_owner(&guest)));
        change.password = Zeroizing::new(PLANTED[4].to_string());
        assert_eq!(office.store.begin_write(change).await, Ok(SignedUp::Made));
        let owner = account_owner("a1");
        let filled = Filled { means: means(&office), owner: owner.clone(), draft };
        office.store.begin_write(filled).await.expect("filled");
        let pending = Pending { address: format!("/apply?{}", PLANTED[2]), body: PLANTED[2].to_string() };
        let keep = Keep { vault: office.vault.clone(), session: vec![9; 32], owner, pending };
        assert_eq!(office.store.begin_write(keep).await, Ok(true));
        let secret = Zeroizing::new(PLANTED[5].as_bytes().try_into().expect("twenty bytes"));
        let start = StartTotp { vault: office.vault.clone(), owner: account_owner("a1"), secret };
        assert_eq!(office.store.begin_write(start).await, Ok(true));
        let mut connection = office.store.read().await.expect("a connection");
        let sought = Sought::email(PLANTED[0]).expect("an address");
        let found = find(&mut connection, &office.vault, &sought).await.expect("asked").expect("she is found");
        assert_eq!(found.password.as_str(), PLANTED[4]);
        drop(connection);

        // Errors and what commands print.
        let again = sign_up(&office, "a1", "other@example.org", None);
        let taken = office.store.begin_write(again).await.expect_err("the ID is taken");
        let mut said = format!("{taken} {taken:?}");
        let backup = BackupArgs { office: bench.args(), to: bench.path("monday") };
        said += &back_up(&backup, TODAY).await.expect("a backup").0;
        let audit = AuditArgs { office: bench.args(), owner: None, last: 50, ends: None, json: true };
        said += &audit_command(&audit, TODAY).await.expect("an audit").0;
        office.store.close().await;

        let log = log.text();
        // SQLite's statements are logged by a thread of the driver's, which this test cannot hear.
        let talkative = log.contains("INSERT INTO account") || !bench.engine.starts_with("PostgreSQL");
        assert!(talkative, "the log is as talkative as it can be: {log}");
        let mut all = files(bench);
        all.push(("what was said".to_string(), said.into_bytes()));
        all.push(("the log".to_string(), log.into_bytes()));
        every_sealed_column_is_filled(bench).await;
        all.push(("the dump".to_string(), dump(bench).await));
        assert!(all.iter().any(|(name, _)| name.ends_with("monday.office")), "the backup is looked at");
        let sought = PLANTED.iter().copied().chain([code.as_str(), "zanahoria"]);
        for text in sought {
            for (name, bytes) in &all {
                assert!(!holds(bytes, text), "{name} holds {text}");
            }
        }
        assert!(holds(b"x QUETZAL-37650 y", PLANTED[1]), "the search finds what is there");
    })
    .await;
}
