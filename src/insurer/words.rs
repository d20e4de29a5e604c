//! What people are told when an insurer's system has not taken their enrollment: that it is with us, and that they keep it.
//!
//! Called inside the change that writes the refusal. It never says that somebody did something wrong: we wrote the file. What
//! could not be put into a file was never sent, and it must not say that it was.

use crate::application::record::{Letter, Notice, Part};
use crate::application::submit::shown;
use crate::store::{StoreError, Tx};
use crate::text::i18n::Lang;
use crate::verify::case::Case;
use crate::verify::{Room, notice};

/// Posts it, once for a change. Somebody who is gone meanwhile is told nothing.
///
/// # Errors
///
/// If the store is away.
pub async fn rejected(
    tx: &mut Tx,
    room: &Room,
    (owner, application): (&str, &str),
    change: &str,
) -> Result<(), StoreError> {
    let lines = ["insurer.rejected.next", "insurer.rejected.pay"];
    post(tx, room, (owner, application), change, ("insurer.rejected.title", "insurer.rejected.lead", &lines)).await
}

/// Posts that it could not be sent yet, and what to do, once for a change.
///
/// # Errors
///
/// If the store is away.
pub async fn unwritten(
    tx: &mut Tx,
    room: &Room,
    (owner, application): (&str, &str),
    change: &str,
) -> Result<(), StoreError> {
    let lines = ["insurer.unwritten.correct", "insurer.unwritten.next", "insurer.unwritten.pay"];
    post(tx, room, (owner, application), change, ("insurer.unwritten.title", "insurer.unwritten.lead", &lines)).await
}

/// One kind for both, so that nobody is told twice of a change.
async fn post(
    tx: &mut Tx,
    room: &Room,
    (owner, application): (&str, &str),
    change: &str,
    about: (&str, &str, &[&str]),
) -> Result<(), StoreError> {
    let Some(case) = Case::open(tx.conn(), &room.means.vault, (owner, application)).await? else { return Ok(()) };
    let letters = room.knows.messages.languages().map(|lang| letter(room, &case, lang, about)).collect();
    notice::post(tx, &room.means, &case, &format!("insurer:rejected:{change}"), &Notice { letters }).await.map(drop)
}

/// `title`, `lead` and what comes next are keys.
fn letter(room: &Room, case: &Case, lang: Lang, (title, lead, next): (&str, &str, &[&str])) -> Letter {
    let messages = &room.knows.messages;
    let t = |key: &str| messages.t(lang, key).to_string();
    let reference = shown(&case.application.reference);
    let sent = messages.date(lang, case.day(&room.knows.tables, case.application.submitted_at));
    let about = messages.tf(lang, "notice.about", &[("reference", &reference), ("when", &sent)]);
    let market = case.state().and_then(|state| room.knows.tables.marketplace(state, case.plan_year()));
    let (name, url, phone) = market.map_or_else(Default::default, |market| {
        let (name, url, _) = market.site(lang.code());
        (name.to_string(), url.to_string(), market.phone.clone())
    });
    let place = [("name", name.as_str()), ("url", url.as_str()), ("phone", phone.as_str())];
    let parts = vec![
        Part { heading: t("notice.next"), lines: next.iter().map(|key| t(key)).collect() },
        Part {
            heading: t("notice.help"),
            lines: vec![messages.tf(lang, "notice.help_lines", &place), t("notice.civil")],
        },
    ];
    let (title, lead) = (t(title), vec![about, t(lead)]);
    Letter { lang: lang.code().to_string(), title, lead, people: Vec::new(), parts }
}
