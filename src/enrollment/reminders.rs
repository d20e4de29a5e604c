//! Reminds whoever has signed for a plan, and whose insurer was told, that nobody is covered before the first month is paid: once,
//! by a notice, some days before the first day.
//!
//! Carried out once a day by `serve`. It must never remind of a plan that its insurer has confirmed, or was not told of.

use time::{Duration, OffsetDateTime};

use super::end_rules::{EndRules, PayBy};
use super::record::{self, Enrollment, State, day_of};
use crate::application::record::{Letter, Notice};
use crate::store::{Change, StoreError, Tx};
use crate::verify::case::Case;
use crate::verify::words::{Says, in_every_language};
use crate::verify::{Room, notice};

/// Reminds; how many were new.
///
/// # Errors
///
/// If the store is away. What was done before that is done.
pub async fn carry_out(room: &Room, rules: &EndRules, now: OffsetDateTime) -> Result<u64, StoreError> {
    let mut connection = room.store.read().await?;
    // Whom the insurer was told of, and when.
    let asked = sqlx::query_as(
        // Whoever goes on in a plan that somebody has left pays as before.
        "SELECT e.id, e.owner, e.starts, min(s.at) FROM enrollment e JOIN enrollment_step s ON s.enrollment = e.id \
         WHERE e.state IN ('sent', 'accepted') AND s.step = 'sent' AND NOT EXISTS \
         (SELECT 1 FROM enrollment_step n WHERE n.enrollment = e.id AND n.code = 'new_subscriber') \
         GROUP BY e.id, e.owner, e.starts, e.made_at ORDER BY e.made_at",
    );
    let waiting: Vec<(String, String, String, i64)> = asked.fetch_all(&mut *connection).await?;
    drop(connection);
    let day = |at: OffsetDateTime| room.knows.tables.days(None, at).own;
    let today = day(now);
    let Some(days) = rules.pay_reminder(today) else { return Ok(0) };
    let mut reminded = 0;
    for (enrollment, owner, starts, told) in waiting {
        let Some(starts) = day_of(&starts) else { continue };
        let due = rules.pay_by(starts, day(OffsetDateTime::from_unix_timestamp(told / 1000).unwrap_or(now)));
        if starts - today > Duration::days(days) || due.is_none_or(|due| due.last < today) {
            continue;
        }
        let change = Remind { room: room.clone(), owner, enrollment, due };
        match room.store.begin_long_write(change).await {
            Ok(new) => reminded += u64::from(new),
            Err(StoreError::Away(why)) => return Err(StoreError::Away(why)),
            // One person's trouble is nobody else's.
            Err(error) => tracing::error!(%error, "somebody was not reminded to pay"),
        }
    }
    Ok(reminded)
}

struct Remind {
    room: Room,
    owner: String,
    enrollment: String,
    due: Option<PayBy>,
}

impl Change for Remind {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let means = &self.room.means;
        let found = record::one(tx.conn(), &means.vault, (&self.owner, &self.enrollment)).await?;
        let Some(enrollment) = found.filter(|own| matches!(own.state, State::Sent | State::Accepted)) else {
            return Ok(false);
        };
        let of = (self.owner.as_str(), enrollment.application.as_str());
        let Some(case) = Case::open(tx.conn(), &means.vault, of).await? else { return Ok(false) };
        let words = words(&self.room, &case, (&enrollment, self.due));
        let kind = format!("pay_reminder:{}", enrollment.id);
        Ok(notice::post(tx, means, &case, &kind, &words).await?.is_some())
    }
}

fn words(room: &Room, case: &Case, about: (&Enrollment, Option<PayBy>)) -> Notice {
    in_every_language(&room.knows, case, |says| letter(says, about))
}

fn letter(says: &Says, (enrollment, due): (&Enrollment, Option<PayBy>)) -> Letter {
    let plan = &enrollment.signed.plan;
    let start = says.date(enrollment.starts);
    let insurer = plan.issuer_name.as_str();
    let mut lead = vec![
        says.about(),
        says.tf("coverage.remind.lead", &[("plan", &plan.name), ("date", &start)]),
        says.t("coverage.pay_lead"),
    ];
    if let Some(due) = due {
        lead.push(says.tf(due.words(), &[("start", &start), ("last", &says.date(due.last))]));
    }
    let mut lines = vec![match (&plan.payment, &plan.phone) {
        (Some(url), _) => says.tf("enrolled.pay_at", &[("insurer", insurer), ("url", url)]),
        (None, Some(phone)) => says.tf("enrolled.pay_call", &[("insurer", insurer), ("phone", phone)]),
        (None, None) => says.tf("enrolled.pay_asks", &[("insurer", insurer)]),
    }];
    lines.push(says.tf("coverage.ics.pay_more", &[("number", &enrollment.number)]));
    // Confirmations take days: whoever has paid is not told to pay again.
    lines.push(says.t("coverage.remind.paid"));
    let parts = vec![says.part("coverage.pay_title", lines), says.help()];
    says.letter("coverage.remind.title", lead, Vec::new(), parts)
}
