//! `/account/sign-out` and `/account/shared`: the way out, and what a shared computer is told.

use axum::response::Response;

use super::desk::{Answer, Desk, with_cookie};
use super::visitor::set_device;
use crate::account::cookie::clear_site_data;

/// The mark of the way out of a guest: the code brings them back.
const BY_CODE: &str = "code=1";

/// `POST /account/sign-out`: also while locked. A guest is asked first: only the code on that page brings them back.
pub async fn post(desk: Desk) -> Answer {
    let guest = desk.visitor.guest().is_some();
    if guest && !desk.form.ticked("sure") {
        return Ok(desk.go("/account/leave"));
    }
    desk.carried.flush().await?;
    let guest = guest || desk.visitor.over.as_ref().is_some_and(|over| over.session.authenticated_at.is_none());
    let response = match guest {
        true => desk.go(&format!("/account/out?{BY_CODE}")),
        false => desk.go("/account/out"),
    };
    match desk.visitor.is_shared() || desk.form.ticked("clear") {
        true => Ok(cleared(&desk, response)),
        false => Ok(response),
    }
}

/// The browser forgets this site: pages, cookies, storage.
fn cleared(desk: &Desk, response: Response) -> Response {
    let mut response = with_cookie(response, set_device(desk.secure(), None));
    clear_site_data(response.headers_mut());
    response
}

/// `GET /account/out`
pub async fn show(desk: Desk) -> Answer {
    let cx = &desk.cx;
    if cx.is_marked(BY_CODE) {
        return Ok(desk
            .page(cx.t("office.out.title_guest"))
            .lead(cx.t("office.out.lead_guest"))
            .lead(cx.t("office.out.close"))
            .link(cx.t("office.resume.title"), "/account/resume")
            .link(cx.t("office.welcome.shop"), "/")
            .show());
    }
    Ok(desk
        .page(cx.t("office.out.title"))
        .lead(cx.t("office.out.lead"))
        .lead(cx.t("office.out.close"))
        .link(cx.t("office.sign_in.again"), "/account/sign-in")
        .link(cx.t("office.welcome.shop"), "/")
        .show())
}

/// `POST /account/shared`: this is a shared computer. Limits become short, and the browser is nobody's.
pub async fn shared(desk: Desk) -> Answer {
    let session = desk.visitor.session.clone().filter(|session| !session.shared);
    let Some(mut session) = session else { return Ok(desk.go("/account")) };
    session.shared = true;
    session.device = String::new();
    desk.keep_session(&session).await?;
    Ok(with_cookie(desk.go("/account"), set_device(desk.secure(), None)))
}
