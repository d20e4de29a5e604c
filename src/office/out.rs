//! `/account/sign-out` and `/account/shared`: the way out, and what a shared computer is told.

use axum::response::Response;

use super::desk::{Answer, Desk, with_cookie};
use super::visitor::set_device;
use crate::account::cookie::clear_site_data;

/// `POST /account/sign-out`: also while locked.
pub async fn post(desk: Desk) -> Answer {
    desk.carried.flush().await?;
    let response = desk.go("/account/out");
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
    let Some(mut session) = desk.visitor.session.clone() else { return Ok(desk.go("/account")) };
    session.shared = true;
    session.device = String::new();
    desk.put_session(&session).await?;
    Ok(with_cookie(desk.go("/account"), set_device(desk.secure(), None)))
}
