//! A visit that is over: its time has passed, or a guest on a shared computer has stopped for a while. The page that says so
//! keeps what was sent, and it is done as soon as its owner is back: a guest by the code, an account by signing in.
//!
//! Called by the gate, and by what lets people in. What is kept is never done for anybody else.

use super::Office;
use super::desk::{Answer, Desk, Instead};
use super::form::Form;
use super::unlock::{again, way_back};
use super::view::{Field, FormPage};
use super::visitor::Visitor;
use super::waiting::PLACE;
use crate::account::pending::{Keep, Pending, Take};
use crate::web::page::Cx;

/// The page in place of the one that was wanted.
pub(super) async fn ask(cx: &Cx, office: &Office, visitor: &Visitor, form: &Form) -> Answer {
    let Some(over) = &visitor.over else { return Err(anyhow::anyhow!("a visit that is not over").into()) };
    let mut kept = false;
    // Whoever sits there next could have pressed it.
    let deletes = cx.path.ends_with("/delete");
    if form.posted && !form.files && !deletes {
        let pending = Pending { address: cx.href(&cx.path), body: form.body().to_string() };
        let (vault, owner) = (office.means.vault.clone(), over.session.owner.clone());
        kept = office.write(Keep { vault, session: over.hash.clone(), owner, pending }).await?;
    }
    let guest = over.session.authenticated_at.is_none();
    let (title, lead) = match guest {
        true => (cx.t("office.over.title_guest"), cx.t("office.over.lead_guest")),
        false => (cx.t("office.over.title"), cx.t("office.over.lead")),
    };
    let mut page = FormPage::new(cx, visitor, title).lead(lead);
    page = match (kept, form.files, guest) {
        (true, _, true) => page.note(cx.t("office.over.kept_guest")),
        (true, _, false) => page.note(cx.t("office.over.kept")),
        (_, true, _) => page.note(cx.t("office.unlock.files")),
        _ => page,
    };
    if !guest {
        return Ok(page.link(cx.t("office.sign_in.again"), "/account/sign-in").show());
    }
    let to = if form.posted { "" } else { cx.path.as_str() };
    page.hidden.push(("to".to_string(), to.to_string()));
    // A computer that was shared stays so: nobody ticks it twice.
    if visitor.is_shared() {
        page.hidden.push(("shared".to_string(), "1".to_string()));
    }
    Ok(page
        .to("/account/resume")
        .field(code_field(cx))
        .submit(cx.t("office.unlock.submit"))
        .link(cx.t("office.resume.lost"), "/account/save")
        .link(cx.t("office.sign_in.title"), "/account/sign-in")
        .button(cx.t("office.bar.clear"), "/account/sign-out")
        .show())
}

/// Where a guest's code is typed.
pub(super) fn code_field(cx: &Cx) -> Field {
    Field { autocomplete: "off", ..Field::code("code", cx.t("office.resume.code")) }.hint(cx.t("office.resume.hint"))
}

/// The hash of the session that is over, if it was this owner's; empty if not.
pub(super) fn hash_of(visitor: &Visitor, owner: &str) -> Vec<u8> {
    let over = visitor.over.as_ref().filter(|over| over.session.owner == owner);
    over.map(|over| over.hash.clone()).unwrap_or_default()
}

/// What was sent from a session that is over, to be done; taken before another session takes its place.
pub(super) async fn take(desk: &Desk, owner: &str, session: &[u8]) -> Result<Option<Pending>, Instead> {
    if session.is_empty() {
        return Ok(None);
    }
    let (vault, session) = (desk.office.means.vault.clone(), session.to_vec());
    let taken = desk.office.write(Take { vault, session, owner: owner.to_string() }).await?;
    Ok(taken.filter(|pending| pending.address != PLACE))
}

/// Does what waited, as if it came now; or goes on where they were.
pub(super) async fn go_on(desk: &Desk, pending: Option<Pending>) -> Answer {
    match (pending, desk.carried.id()) {
        (Some(pending), Some(id)) => again(desk, &pending, id).await,
        _ => Ok(desk.go(way_back(desk.form.get("to")))),
    }
}
