//! `/account/delete`: somebody goes. Their key is destroyed, and with it everything they typed; the page says what the law
//! makes us keep.

use axum::http::StatusCode;

use super::desk::{Answer, Desk, Instead, with_cookie};
use super::letters::Says;
use super::view::{Field, FormPage, fault};
use super::visitor::Who;
use super::visitor::set_device;
use crate::account::cookie::clear_site_data;
use crate::account::guessing::Counted;
use crate::account::owned;
use crate::account::password::Password;
use crate::account::people::{Delete, Deletion};
use crate::application::submit::shown;
use crate::store::audit::Actor;
use crate::store::vault::SITE;
use crate::web::page::legal_day;

/// What stands in the way, and what would go.
struct Has {
    plans: Vec<String>,
    /// Applications that were sent.
    sent: Vec<String>,
}

async fn has(desk: &Desk, owner: &str) -> Result<Has, Instead> {
    let mut connection = desk.office.read().await?;
    let today = legal_day(&desk.cx.app);
    let plans = owned::plans_in_force(&mut connection, owner, today).await?;
    Ok(Has { plans, sent: owned::sent(&mut connection, owner).await? })
}

fn page<'d>(desk: &'d Desk, has: &Has) -> FormPage<'d> {
    let cx = &desk.cx;
    let mut page = desk.page(cx.t("office.delete.title"));
    if !has.plans.is_empty() {
        let plans: Vec<String> = has.plans.iter().map(|number| shown(number)).collect();
        return page
            .lead(&cx.tf("office.delete.plan", &[("plans", &plans.join(", "))]))
            .lead(cx.t("office.delete.plan_first"))
            .link(cx.t("office.delete.plan_go"), "/account/coverage")
            .link(cx.t("office.back"), "/account");
    }
    page = page.lead(cx.t("office.delete.lead")).lead(cx.t("office.delete.stays"));
    if !has.sent.is_empty() {
        let sent: Vec<String> = has.sent.iter().map(|number| shown(number)).collect();
        page = page.lead(&cx.tf("office.delete.sent", &[("applications", &sent.join(", "))])).field(Field::tick(
            "sure",
            cx.t("office.delete.sure"),
            false,
        ));
    }
    page = page.submit(cx.t("office.delete.submit")).link(cx.t("office.back"), "/account");
    match desk.visitor.who {
        Who::Account(_) => page
            .field(Field::password("password", cx.t("office.field.password"), "current-password"))
            .link(cx.t("office.data.title"), "/account/data"),
        _ => page,
    }
}

/// `GET /account/delete`
pub async fn show(desk: Desk) -> Answer {
    match desk.owner() {
        Some(owner) => Ok(page(&desk, &has(&desk, owner).await?).show()),
        None => Ok(desk.go("/account")),
    }
}

/// `POST /account/delete`
pub async fn post(desk: Desk) -> Answer {
    let Some(owner) = desk.owner().map(str::to_string) else { return Ok(desk.go("/account")) };
    let cx = &desk.cx;
    let has = has(&desk, &owner).await?;
    if !has.plans.is_empty() {
        return Ok(page(&desk, &has).with_status(StatusCode::CONFLICT));
    }
    let page = || page(&desk, &has);
    if !has.sent.is_empty() && !desk.form.ticked("sure") {
        return Ok(page().wrong(vec![fault("sure", cx.t("office.delete.fault"))]));
    }
    let mut letter_to = None;
    if let Who::Account(_) = desk.visitor.who {
        let Some(password) = Password::typed(&desk.form.secret("password")) else {
            return Ok(page().wrong(vec![fault("password", cx.t("office.fault.password_missing"))]));
        };
        let buckets = vec![desk.office.buckets.device(owner.as_bytes(), b"password")];
        if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
            return Ok(desk.closed(page(), until));
        }
        let account = desk.own_account(&owner).await?;
        if !desk.is_password(password, Some(account.password.clone()), buckets).await? {
            desk.refused(&owner, "password");
            return Ok(page().wrong(vec![fault("password", cx.t("office.fault.password_wrong"))]));
        }
        letter_to = Some(account.email);
    }
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    let (actor, today) = (Actor::of_owner(&owner), legal_day(&cx.app));
    let change = Delete { means, owner, today, actor, session };
    let done = match letter_to {
        Some(email) => {
            // Their own key is gone when it is sent.
            let letter = desk.office.letter(cx.lang, (SITE, &email), &Says::AccountDeleted)?;
            desk.office.tell(change, letter, |done| *done == Deletion::Gone).await?
        }
        None => desk.office.write(change).await?,
    };
    if let Deletion::HasPlans(_) = done {
        // Signed in another tab meanwhile.
        return Ok(desk.go("/account/delete"));
    }
    desk.carried.flush().await?;
    let mut response = with_cookie(desk.go("/account/gone"), set_device(desk.secure(), None));
    clear_site_data(response.headers_mut());
    Ok(response)
}

/// `GET /account/gone`
pub async fn gone(desk: Desk) -> Answer {
    let cx = &desk.cx;
    Ok(desk
        .page(cx.t("office.gone.title"))
        .lead(cx.t("office.gone.lead"))
        .link(cx.t("office.welcome.shop"), "/")
        .show())
}
