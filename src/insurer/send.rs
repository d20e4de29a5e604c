//! Sending: a file for an insurer is written and laid beside the folder, put on record with everything that it holds in one
//! transaction, let into the folder by a rename, and only then said to be sent.
//!
//! Called by `sweep`. Whenever a process dies, an enrollment is in one file: what is on record goes out, what is not is written
//! again under the same number. What cannot be written waits for an operator and stops nothing else.

use sqlx::AnyConnection;
use time::OffsetDateTime;

use super::folder::Folder;
use super::member::{self, Told};
use super::record::{self, ACCEPTED, File, MADE, NewFile, OUT, REJECTED, note};
use super::{MOST_LINES, SENDER, file_id, reconcile, spelled, unwritten, words};
use crate::enrollment::record::{self as enrollments, ChangeKind, ChangeRow, Enrollment, day_of};
use crate::enrollment::step::{self, Step, Taken, UNWRITTEN};
use crate::enrollment::timeline;
use crate::store::audit::{Actor, Deed};
use crate::store::{Change, StoreError, Tx};
use crate::verify::Room;
use crate::x834::{self, Insurer, Interchange, Purpose, Transaction};

/// Between the office and insurers.
#[derive(Clone)]
pub struct Insurers {
    pub room: Room,
    pub folder: Folder,
}

/// Why a file is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// What waits.
    Batch,
    /// An operator wants it: the file of ours, and all of it.
    Again { file: String, all: bool },
    /// Everything that is in force, of a month (`2027-01`); its part.
    Audit { month: String, part: usize },
}

impl Cause {
    fn kind(&self) -> &'static str {
        match self {
            Cause::Batch => "batch",
            Cause::Again { .. } => "again",
            Cause::Audit { .. } => "audit",
        }
    }

    fn text(&self, control: i64) -> String {
        match self {
            Cause::Batch => format!("batch:{control}"),
            Cause::Again { file, .. } => format!("again:{file}:{control}"),
            Cause::Audit { month, part } => format!("audit:{month}:{part}"),
        }
    }
}

/// One enrollment that goes into a file.
struct Item {
    enrollment: Enrollment,
    /// Row of enrollment_change, and the file that has it; of an audit, empty.
    change: String,
    file: String,
    transaction: Transaction,
    issuer_name: String,
}

/// What cannot be written.
struct Stuck {
    enrollment: Enrollment,
    change: String,
    from_day: time::Date,
    what: &'static str,
}

/// Written and laid beside the folder: goes on record as a whole or not at all.
pub struct Made {
    room: Room,
    pub id: String,
    issuer: String,
    control: i64,
    first_reference: i64,
    cause: Cause,
    place: String,
    pub staged: String,
    lines: Vec<(String, String)>,
    stuck: Vec<Stuck>,
}

impl Insurers {
    /// Insurers for whom something waits.
    ///
    /// # Errors
    ///
    /// If the store is away.
    pub async fn waiting(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.room.store.read().await?;
        let asked = sqlx::query_scalar(
            "SELECT DISTINCT e.issuer FROM enrollment_change c JOIN enrollment e ON e.id = c.enrollment \
             WHERE c.file = '' AND c.held = ''",
        );
        let mut issuers: Vec<String> = asked.fetch_all(&mut *connection).await?;
        issuers.sort();
        Ok(issuers)
    }

    /// Writes the next file of an insurer beside the folder; `None`: there is nothing to write.
    ///
    /// # Errors
    ///
    /// If the store or the folder is away.
    pub async fn draft(&self, issuer: &str, cause: Cause) -> anyhow::Result<Option<Made>> {
        let mut connection = self.room.store.read().await?;
        let (control, first_reference) = record::next(&mut connection, issuer).await?;
        let (items, stuck) = match &cause {
            Cause::Batch => {
                let ids = waiting_changes(&mut connection, issuer).await?;
                self.changes(&mut connection, &ids).await?
            }
            Cause::Again { file, all } => {
                let lines = record::lines(&mut connection, file).await?;
                let wanted = lines.into_iter().filter(|line| *all || line.answer != ACCEPTED);
                let wanted: Vec<(String, Option<i64>)> =
                    wanted.map(|line| (line.change, Some(line.reference))).filter(|(id, _)| !id.is_empty()).collect();
                let (mut items, stuck) = self.changes(&mut connection, &wanted).await?;
                // What was sent again since is in another file.
                items.retain(|own| own.file == *file);
                (items, stuck)
            }
            Cause::Audit { month, .. } => self.in_force(&mut connection, (issuer, month)).await?,
        };
        drop(connection);
        let now = self.room.store.now().await?;
        if items.is_empty() && (stuck.is_empty() || cause != Cause::Batch) {
            return Ok(None);
        }
        let place = self.folder.place().await?;
        let mut made = Made {
            room: self.room.clone(),
            id: file_id(issuer, control),
            issuer: issuer.to_string(),
            control,
            first_reference,
            cause,
            place,
            staged: String::new(),
            lines: items.iter().map(|own| (own.enrollment.id.clone(), own.change.clone())).collect(),
            stuck,
        };
        if !items.is_empty() {
            let text = text(&made, items, OffsetDateTime::from_unix_timestamp(now / 1000)?)?;
            made.staged = self.folder.stage(issuer, &text).await?;
        }
        Ok(Some(made))
    }

    /// Changes as transactions, and those that cannot be one. Each with the reference that it was sent under before.
    async fn changes(
        &self,
        connection: &mut AnyConnection,
        ids: &[(String, Option<i64>)],
    ) -> Result<(Vec<Item>, Vec<Stuck>), StoreError> {
        let vault = &self.room.means.vault;
        let (mut items, mut stuck) = (Vec::new(), Vec::new());
        for (id, original) in ids {
            let Some((change, now)) = enrollments::change_opened(connection, vault, id).await? else { continue };
            let of = (change.owner.as_str(), change.enrollment.as_str());
            let Some(enrollment) = enrollments::one(connection, vault, of).await? else { continue };
            let mut before = None;
            if change.kind == ChangeKind::Change {
                // As it stood the day before, by what was known until then; of a change from the first day on, as it began.
                let known = |own: &ChangeRow| own.number < change.number;
                let timeline = timeline::of(connection, vault, &enrollment, known).await?;
                before = change.from_day.previous_day().and_then(|day| timeline.on(day)).cloned();
            }
            let was_with = match (now.is_renewed(), &enrollment.follows) {
                (true, Some(old)) => {
                    enrollments::one(connection, vault, (&change.owner, old)).await?.map(|old| old.issuer)
                }
                _ => None,
            };
            let told = Told { enrollment: &enrollment, change: &change, now: &now, before: before.as_ref(), was_with };
            let mut made = member::transaction(&told, 1).and_then(|own| writable(&now.plan.issuer_name, own));
            if made.is_err()
                && let Some(corrected) = spelled::corrected(connection, vault, (&enrollment, &now)).await?
            {
                let told = Told { now: &corrected, ..told };
                made = member::transaction(&told, 1).and_then(|own| writable(&now.plan.issuer_name, own));
            }
            match made {
                Ok(mut transaction) => {
                    transaction.original = original.and_then(|number| u32::try_from(number).ok());
                    let issuer_name = now.plan.issuer_name.clone();
                    items.push(Item { enrollment, change: id.clone(), file: change.file, transaction, issuer_name });
                }
                Err(what) => {
                    stuck.push(Stuck { enrollment, change: id.clone(), from_day: change.from_day, what });
                }
            }
        }
        Ok((items, stuck))
    }

    /// What is in force, as it is now: a part of a month's audit.
    async fn in_force(
        &self,
        connection: &mut AnyConnection,
        (issuer, month): (&str, &str),
    ) -> Result<(Vec<Item>, Vec<Stuck>), StoreError> {
        let vault = &self.room.means.vault;
        let on = reconcile::today(self.room.store.now().await?);
        let (mut items, stuck) = (Vec::new(), Vec::new());
        for (owner, id) in unaudited(connection, (issuer, month)).await? {
            let Some(enrollment) = enrollments::one(connection, vault, (&owner, &id)).await? else { continue };
            let timeline = timeline::of(connection, vault, &enrollment, |_| true).await?;
            // What cannot be written is with an operator already, as a change that was stuck.
            let issuer_name = enrollment.signed.plan.issuer_name.clone();
            let made = member::audited(&enrollment, (&timeline, on), 1).and_then(|own| writable(&issuer_name, own));
            if let Ok(transaction) = made {
                let (change, file) = (String::new(), String::new());
                items.push(Item { enrollment, change, file, transaction, issuer_name });
            }
        }
        Ok((items, stuck))
    }

    /// From beside the folder into it, and that it was sent.
    ///
    /// # Errors
    ///
    /// If the store or the folder is away.
    pub async fn release(&self, file: &File) -> anyhow::Result<()> {
        self.folder.release(&file.issuer, (&file.staged, &file.id)).await?;
        self.room.store.begin_write(Released { room: self.room.clone(), file: file.clone() }).await?;
        Ok(())
    }
}

/// A month's first day in the store's milliseconds.
pub fn month_begins(month: &str) -> Option<i64> {
    let day = day_of(&format!("{month}-01"))?;
    Some(day.midnight().assume_utc().unix_timestamp() * 1000)
}

/// Changes that wait, as many as a file takes, the oldest first; of one moment, what ends before what takes its place.
async fn waiting_changes(
    connection: &mut AnyConnection,
    issuer: &str,
) -> Result<Vec<(String, Option<i64>)>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT c.id, c.kind, c.made_at FROM enrollment_change c JOIN enrollment e ON e.id = c.enrollment \
         WHERE c.file = '' AND c.held = '' AND e.issuer = $1 ORDER BY c.made_at, c.number LIMIT $2",
    );
    let mut waiting: Vec<(String, String, i64)> =
        asked.bind(issuer).bind(MOST_LINES as i64).fetch_all(connection).await?;
    waiting.sort_by_key(|(_, kind, at)| (*at, !matches!(kind.as_str(), "cancel" | "terminate")));
    Ok(waiting.into_iter().map(|(id, ..)| (id, None)).collect())
}

/// Owner and ID of enrollments that no part of a month's audit has yet: made before the month, and in force in it.
async fn unaudited(
    connection: &mut AnyConnection,
    (issuer, month): (&str, &str),
) -> Result<Vec<(String, String)>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT e.owner, e.id FROM enrollment e WHERE e.issuer = $1 AND e.state IN ('sent', 'accepted', 'confirmed') \
         AND e.made_at < $2 AND e.ends >= $3 AND NOT EXISTS (SELECT 1 FROM insurer_line l JOIN insurer_file f ON f.id = l.file \
         WHERE l.enrollment = e.id AND f.issuer = $1 AND f.kind = 'audit' AND f.made_at >= $2) \
         ORDER BY e.made_at, e.version LIMIT $4",
    );
    let begins = month_begins(month).unwrap_or(0);
    let day = format!("{month}-01");
    Ok(asked.bind(issuer).bind(begins).bind(day).bind(MOST_LINES as i64).fetch_all(connection).await?)
}

/// Whether a transaction can stand in a file.
fn writable(issuer_name: &str, own: Transaction) -> Result<Transaction, &'static str> {
    let audit = own.kind == x834::Kind::Audit;
    let issuer = Insurer { id: "00000".to_string(), name: issuer_name.to_string() };
    let mut file = interchange((issuer, "00000"), 1, OffsetDateTime::UNIX_EPOCH, vec![own]);
    file.audit = audit;
    match x834::write(&file) {
        Ok(_) => file.transactions.pop().ok_or("the file"),
        Err(odd) => Err(odd.what),
    }
}

fn interchange(
    (insurer, receiver): (Insurer, &str),
    control: u32,
    made_at: OffsetDateTime,
    transactions: Vec<Transaction>,
) -> Interchange {
    Interchange {
        sender: SENDER.to_string(),
        receiver: receiver.to_string(),
        control,
        made_at,
        test: false,
        purpose: Purpose::Original,
        audit: false,
        insurer,
        transactions,
    }
}

fn text(made: &Made, items: Vec<Item>, now: OffsetDateTime) -> anyhow::Result<String> {
    let control = u32::try_from(made.control)?;
    let first = u32::try_from(made.first_reference)?;
    let name = items.first().map(|own| own.issuer_name.clone()).unwrap_or_default();
    let numbered = |(at, own): (usize, Item)| {
        let reference = first + u32::try_from(at).unwrap_or_default();
        Transaction { reference, ..own.transaction }
    };
    let transactions = items.into_iter().enumerate().map(numbered).collect();
    let insurer = Insurer { id: made.issuer.clone(), name };
    let mut file = interchange((insurer, &made.issuer), control, now, transactions);
    if let Cause::Again { .. } = made.cause {
        file.purpose = Purpose::Resubmission;
    }
    file.audit = matches!(made.cause, Cause::Audit { .. });
    x834::write(&file).map_err(|odd| anyhow::anyhow!("the file cannot be written: {odd}"))
}

impl Change for Made {
    /// `false`: another process was faster.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        for stuck in &self.stuck {
            put_aside(tx, &self.room, (&self.issuer, stuck)).await?;
        }
        if self.lines.is_empty() {
            return Ok(true);
        }
        let row = NewFile {
            id: &self.id,
            direction: OUT,
            issuer: &self.issuer,
            control: self.control,
            kind: self.cause.kind(),
            cause: &self.cause.text(self.control),
            state: MADE,
            first_reference: self.first_reference,
            lines: self.lines.len(),
            place: &self.place,
            staged: &self.staged,
            body: &serde_json::Value::Null,
        };
        if !row.insert(tx, &self.room.means.vault).await? {
            return if self.stuck.is_empty() { Ok(false) } else { Err(StoreError::Stale) };
        }
        if let Cause::Again { file, .. } = &self.cause {
            let done = sqlx::query("UPDATE insurer_file SET again = '' WHERE id = $1 AND again <> ''");
            if done.bind(file.as_str()).execute(tx.conn()).await?.rows_affected() == 0 {
                return Err(StoreError::Stale);
            }
        }
        for (at, (enrollment, change)) in self.lines.iter().enumerate() {
            self.line(tx, at as i64, (enrollment, change)).await?;
        }
        Ok(true)
    }
}

impl Made {
    async fn line(&self, tx: &mut Tx, at: i64, (enrollment, change): (&str, &str)) -> Result<(), StoreError> {
        // An enrollment of a batch is in no other file: whoever has taken it meanwhile has this whole file fail.
        let taken = match &self.cause {
            Cause::Batch => Some(
                sqlx::query("UPDATE enrollment_change SET file = $1 WHERE id = $2 AND file = '' AND held = ''")
                    .bind(self.id.as_str())
                    .bind(change),
            ),
            Cause::Again { file, .. } => Some(
                sqlx::query(
                    "UPDATE enrollment_change SET file = $1, answer = '', code = '' WHERE id = $2 AND file = $3",
                )
                .bind(self.id.as_str())
                .bind(change)
                .bind(file.as_str()),
            ),
            Cause::Audit { .. } => None,
        };
        if let Some(taken) = taken {
            let taken = taken.execute(tx.conn()).await?;
            if taken.rows_affected() == 0 {
                return Err(StoreError::Stale);
            }
        }
        sqlx::query(
            "INSERT INTO insurer_line (file, number, reference, enrollment, change, answer, code) \
             VALUES ($1, $2, $3, $4, $5, '', '')",
        )
        .bind(self.id.as_str())
        .bind(at + 1)
        .bind(self.first_reference + at)
        .bind(enrollment)
        .bind(change)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// An operator wants a file sent again of which nothing is left to send.
pub struct Unwanted {
    pub file: String,
}

impl Change for Unwanted {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE insurer_file SET again = '' WHERE id = $1");
        done.bind(self.file.as_str()).execute(tx.conn()).await?;
        Ok(())
    }
}

/// A change that cannot be written: it waits for an operator, and the person is told.
async fn put_aside(tx: &mut Tx, room: &Room, (issuer, stuck): (&str, &Stuck)) -> Result<(), StoreError> {
    let taken = sqlx::query(
        "UPDATE enrollment_change SET file = $1, answer = $2, code = $3 WHERE id = $4 AND file = '' AND held = ''",
    );
    let taken = taken.bind(unwritten(issuer)).bind(REJECTED).bind(stuck.what).bind(stuck.change.as_str());
    if taken.execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(());
    }
    let says =
        Taken { step: Step::Rejected, from_day: stuck.from_day, code: UNWRITTEN, actor: &Actor::Site, session: "" };
    step::apply(tx, &room.means, &stuck.enrollment.id, &says).await?;
    let of = (stuck.enrollment.owner.as_str(), stuck.enrollment.application.as_str());
    words::unwritten(tx, room, of, &stuck.change).await
}

/// It lies in the folder.
pub struct Released {
    pub room: Room,
    pub file: File,
}

impl Change for Released {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        let sent = sqlx::query("UPDATE insurer_file SET state = 'sent', sent_at = $1 WHERE id = $2 AND state = 'made'");
        if sent.bind(now).bind(self.file.id.as_str()).execute(tx.conn()).await?.rows_affected() == 0 {
            return Ok(());
        }
        let asked = sqlx::query_as(
            "SELECT l.enrollment, c.from_day FROM insurer_line l JOIN enrollment_change c ON c.id = l.change \
             WHERE l.file = $1 ORDER BY l.number",
        );
        let lines: Vec<(String, String)> = asked.bind(self.file.id.as_str()).fetch_all(tx.conn()).await?;
        for (enrollment, day) in lines {
            let Some(from_day) = day_of(&day) else { continue };
            if self.file.kind == "again" {
                // It begins again: what was rejected can be sent, taken or rejected another time.
                let again = sqlx::query(
                    "DELETE FROM enrollment_step WHERE enrollment = $1 AND from_day = $2 AND step IN ('sent', 'rejected')",
                );
                again.bind(enrollment.as_str()).bind(day.as_str()).execute(tx.conn()).await?;
            }
            // What could not be written goes out after all: the insurer can take or reject it now.
            let unstuck = sqlx::query(
                "DELETE FROM enrollment_step WHERE enrollment = $1 AND from_day = $2 AND step = 'rejected' AND code = $3",
            );
            unstuck.bind(enrollment.as_str()).bind(day.as_str()).bind(UNWRITTEN).execute(tx.conn()).await?;
            let says = Taken { step: Step::Sent, from_day, code: "", actor: &Actor::Site, session: "" };
            step::apply(tx, &self.room.means, &enrollment, &says).await?;
        }
        note(tx, &self.room, (Deed::InsurerFileSent, &Actor::Site), &self.file.id).await
    }
}
