//! `/account/delete`: somebody goes. Their key is destroyed, and with it everything they typed; the page says what the law
//! makes us keep.

use super::desk::{Answer, Desk, with_cookie};
use super::letters::Says;
use super::view::{Field, FormPage, fault};
use super::visitor::Who;
use super::visitor::set_device;
use crate::account::cookie::clear_site_data;
use crate::account::guessing::Counted;
use crate::account::password::Password;
use crate::account::people::Delete;
use crate::store::audit::Actor;
use crate::store::vault::SITE;

fn page(desk: &Desk) -> FormPage<'_> {
    let cx = &desk.cx;
    let page = desk
        .page(cx.t("office.delete.title"))
        .lead(cx.t("office.delete.lead"))
        .lead(cx.t("office.delete.stays"))
        .submit(cx.t("office.delete.submit"))
        .link(cx.t("office.back"), "/account");
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
        Some(_) => Ok(page(&desk).show()),
        None => Ok(desk.go("/account")),
    }
}

/// `POST /account/delete`
pub async fn post(desk: Desk) -> Answer {
    let Some(owner) = desk.owner().map(str::to_string) else { return Ok(desk.go("/account")) };
    let cx = &desk.cx;
    let mut letter_to = None;
    if let Who::Account(_) = desk.visitor.who {
        let Some(password) = Password::typed(&desk.form.secret("password")) else {
            return Ok(page(&desk).wrong(vec![fault("password", cx.t("office.fault.password_missing"))]));
        };
        let buckets = vec![desk.office.buckets.device(owner.as_bytes(), b"password")];
        if let Counted::ClosedUntil(until) = desk.count(&buckets).await? {
            return Ok(desk.closed(page(&desk), until));
        }
        let account = desk.own_account(&owner).await?;
        if !desk.is_password(password, Some(account.password.clone()), buckets).await? {
            desk.refused(&owner, "password");
            return Ok(page(&desk).wrong(vec![fault("password", cx.t("office.fault.password_wrong"))]));
        }
        letter_to = Some(account.email);
    }
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    let actor = Actor::of_owner(&owner);
    let change = Delete { means, owner, actor, session };
    match letter_to {
        Some(email) => {
            // Their own key is gone when it is sent.
            let letter = desk.office.letter(cx.lang, (SITE, &email), &Says::AccountDeleted)?;
            desk.office.tell(change, letter, |done| *done).await?;
        }
        None => drop(desk.office.write(change).await?),
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
