//! `/account/save` and `/account/resume`: beginning without an account. What was chosen while browsing is kept under a
//! key of its own, and a printed code brings a person back to it on any computer.

use zeroize::Zeroizing;

use super::desk::{Answer, Desk, Instead};
use super::over;
use super::view::{FormPage, fault};
use super::visitor::Who;
use crate::account::codes;
use crate::account::drafts::{BeginWith, KeepSearch};
use crate::account::guessing::Counted;
use crate::account::people::{self, BeginDraft, guest_owner, new_id};
use crate::web::page::legal_day;
use crate::web::sealed::Said;

/// A search is a line of an address; longer than this it is none of ours.
const QUERY_BYTES_MAX: usize = 8 * 1024;

fn save_form(desk: &Desk) -> FormPage<'_> {
    let cx = &desk.cx;
    desk.page(cx.t("office.save.title"))
        .lead(cx.t("office.save.lead"))
        .lead(cx.t("office.save.how"))
        .submit(cx.t("office.save.submit"))
        .link(cx.t("office.sign_in.title"), "/account/sign-in")
        .link(cx.t("office.save.have_code"), "/account/resume")
}

/// `GET /account/save`: what it means, for whoever comes by a link.
pub async fn show(desk: Desk) -> Answer {
    Ok(save_form(&desk).show())
}

/// `POST /account/save`: from the shop, with a search, or from the page above, without one.
pub async fn save(desk: Desk) -> Answer {
    let query = search_in(&desk);
    if let Some(owner) = desk.owner() {
        keep(&desk, owner, &query).await?;
        return Ok(desk.go("/account"));
    }
    // Each guest has a key and rows of their own: nobody gets thousands of them.
    let buckets = [desk.office.buckets.network(desk.visitor.client)];
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(save_form(&desk), until));
    }
    begin_with(&desk, &query).await?;
    Ok(desk.go("/account"))
}

/// The search in the form's body, private answers opened.
pub fn search_in(desk: &Desk) -> Zeroizing<String> {
    let app = &desk.cx.app;
    let said = Said::read("", Some(desk.form.body()), &app.sealer, legal_day(app));
    if said.query.len() > QUERY_BYTES_MAX {
        return Zeroizing::default();
    }
    // As the shop writes its addresses, so that one search is one text.
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(form_urlencoded::parse(said.query.as_bytes()));
    Zeroizing::new(query.finish().replace("%2C", ","))
}

async fn keep(desk: &Desk, owner: &str, query: &str) -> Result<(), Instead> {
    let new_draft = new_id()?;
    let keep = || KeepSearch {
        means: desk.office.means.clone(),
        owner: owner.to_string(),
        new_draft: new_draft.clone(),
        query: Zeroizing::new(query.to_string()),
        code: None,
        session: desk.visitor.session_text(),
    };
    Ok(desk.office.write_again(keep).await?)
}

/// The guest of this browser: who they are already, or a new one. With the session's hash.
pub async fn guest(desk: &Desk) -> Result<(String, Vec<u8>), Instead> {
    match desk.visitor.guest() {
        Some(owner) => Ok((owner.to_string(), desk.visitor.hash.clone())),
        None => begin_with(desk, "").await,
    }
}

/// Keeps a search for whoever is here, a new guest if nobody is; the owner.
pub async fn owner_with(desk: &Desk, query: &str) -> Result<String, Instead> {
    let Some(owner) = desk.owner() else { return Ok(begin_with(desk, query).await?.0) };
    if !query.is_empty() {
        keep(desk, owner, query).await?;
    }
    Ok(owner.to_string())
}

async fn begin_with(desk: &Desk, query: &str) -> Result<(String, Vec<u8>), Instead> {
    let (guest, draft, code) = (new_id()?, new_id()?, codes::new_code()?);
    let code_hash = codes::code_hash(&code).ok_or_else(|| anyhow::anyhow!("a code that is none"))?;
    let (owner, session) = (guest_owner(&guest), desk.visitor.session_text());
    let keep = KeepSearch {
        means: desk.office.means.clone(),
        owner: owner.clone(),
        new_draft: draft.clone(),
        query: Zeroizing::new(query.to_string()),
        code: Some(code),
        session: session.clone(),
    };
    let begin = BeginDraft { means: desk.office.means.clone(), guest, draft, code_hash, session };
    desk.office.write(BeginWith { begin, keep }).await?;
    let hash = desk.begin_session(&owner, false).await?;
    Ok((owner, hash))
}

fn resume_form(desk: &Desk) -> FormPage<'_> {
    let cx = &desk.cx;
    let mut page = desk.page(cx.t("office.resume.title"));
    // Where they were when their visit ended.
    if !desk.form.get("to").is_empty() {
        page.hidden.push(("to".to_string(), desk.form.get("to").to_string()));
    }
    page.lead(cx.t("office.resume.lead"))
        .field(over::code_field(cx))
        .field(desk.shared_tick())
        .submit(cx.t("office.resume.submit"))
        .link(cx.t("office.resume.lost"), "/account/save")
        .link(cx.t("office.sign_in.title"), "/account/sign-in")
}

/// `GET /account/resume`
pub async fn resume_page(desk: Desk) -> Answer {
    Ok(resume_form(&desk).show())
}

/// `POST /account/resume`
pub async fn resume(desk: Desk) -> Answer {
    let cx = &desk.cx;
    let code = desk.form.code("code");
    if code.is_empty() {
        return Ok(resume_form(&desk).wrong(vec![fault("code", cx.t("office.fault.code_missing"))]));
    }
    let buckets = vec![desk.office.buckets.network(desk.visitor.client)];
    if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
        return Ok(desk.closed(resume_form(&desk), until));
    }
    let now = desk.now().await?;
    let mut connection = desk.office.read().await?;
    let owner = people::resume(&mut connection, &code, now).await?;
    drop(connection);
    let Some(owner) = owner else {
        return Ok(resume_form(&desk).wrong(vec![fault("code", cx.t("office.fault.resume_wrong"))]));
    };
    desk.was_right(buckets).await?;
    if let Who::Account(account) = &desk.visitor.who {
        // Signed in: what the code opens becomes theirs.
        super::home::take_over(&desk, account, &owner).await?;
        return Ok(desk.go("/account"));
    }
    let waits = over::take(&desk, &owner, &over::hash_of(&desk.visitor, &owner)).await?;
    desk.begin_session(&owner, desk.form.ticked("shared")).await?;
    over::go_on(&desk, waits).await
}
