//! `/desk/sign-in`, `/desk/begin`, `/desk/app`: in with login, password and the app's code together; the first day; out.
//!
//! A login that is not there is answered as one with a wrong password, in words and in time.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::Response;
use zeroize::Zeroizing;

use super::here::{Answer, Here, Instead, cookie};
use super::view::{self, Top, page, top};
use crate::account::codes::{new_totp_key, totp_words};
use crate::account::password::{self, Password, Weak};
use crate::office::app_codes::picture;
use crate::staff::people::{self, SetUp, State, UseApp};
use crate::staff::session::{Begin, End, Stage, new_token, token_hash};
use crate::store::Millis;

const SITE: &str = "Windowshop desk";

#[derive(Template)]
#[template(path = "operator/desk/sign_in.html")]
struct SignInPage {
    top: Option<Top>,
    note: Option<&'static str>,
    fault: Option<String>,
    login: String,
}

fn sign_in_page(here: &Here, status: StatusCode, fault: Option<String>) -> Response {
    let login = here.get("login").to_string();
    page(status, SignInPage { top: top(here), note: view::note(here), fault, login })
}

/// `GET /desk/sign-in`
pub async fn show(here: Here) -> Answer {
    match here.signed_in() {
        Ok(_) => Ok(view::go("/desk")),
        Err(_) => Ok(sign_in_page(&here, StatusCode::OK, None)),
    }
}

fn closed(until: Millis) -> String {
    format!("There were too many tries. Try again after {}.", view::clock(until))
}

/// `POST /desk/sign-in`
pub async fn post(here: Here) -> Answer {
    let wrong = "Login, password or code is not right. A code counts once: wait for the next one in your app.";
    let wrong = |here: &Here| Ok(sign_in_page(here, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong.to_string())));
    let (Some(login), Some(password)) = (people::login(here.get("login")), Password::typed(&here.secret("password")))
    else {
        return wrong(&here);
    };
    let buckets = here.buckets(&login);
    if let Some(until) = here.count(&buckets).await? {
        return Ok(sign_in_page(&here, StatusCode::TOO_MANY_REQUESTS, Some(closed(until))));
    }
    let mut connection = here.read().await?;
    let found = people::password_of(&mut connection, &here.desk.room.means.vault, &login).await?;
    drop(connection);
    let kept = found.as_ref().map(|(_, kept)| kept.clone());
    let right = here.desk.hashers.verify(password, kept).await?;
    let Some((person, _)) = found.filter(|_| right) else {
        tracing::info!(by = "password", "refused to let somebody in at the desk");
        return wrong(&here);
    };
    let used = UseApp {
        means: here.desk.room.means.clone(),
        id: person.id.clone(),
        typed: Zeroizing::new(here.get("code").to_string()),
        of: State::Active,
    };
    if !here.write(used).await? {
        tracing::info!(by = "app", "refused to let somebody in at the desk");
        return wrong(&here);
    }
    here.was_right(buckets).await?;
    seat(&here, &person.id, Stage::Open, "/desk").await
}

/// A session under a new token, in place of the one before.
async fn seat(here: &Here, id: &str, stage: Stage, to: &str) -> Answer {
    let token = new_token()?;
    let instead_of = here.seat.as_ref().map(|seat| seat.hash.clone()).unwrap_or_default();
    here.write(Begin { hash: token_hash(&token), id: id.to_string(), stage, instead_of }).await?;
    Ok(with_cookie(here, view::go(to), Some(&token)))
}

fn with_cookie(here: &Here, mut response: Response, token: Option<&str>) -> Response {
    if let Some(line) = cookie(here.desk.secure, token) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

#[derive(Template)]
#[template(path = "operator/desk/begin.html")]
struct BeginPage {
    top: Option<Top>,
    fault: Option<String>,
    login: String,
}

fn begin_form(here: &Here, status: StatusCode, fault: Option<String>) -> Response {
    page(status, BeginPage { top: top(here), fault, login: here.get("login").to_string() })
}

/// `GET /desk/begin`
pub async fn begin_page(here: Here) -> Answer {
    Ok(begin_form(&here, StatusCode::OK, None))
}

/// `POST /desk/begin`: the code of the first day and a password of one's own.
pub async fn begin(here: Here) -> Answer {
    let wrong =
        |here: &Here, words: &str| Ok(begin_form(here, StatusCode::UNPROCESSABLE_ENTITY, Some(words.to_string())));
    let unknown = "Login or code is not right, or the code is older than three days. Ask for another one.";
    let Some(login) = people::login(here.get("login")) else { return wrong(&here, unknown) };
    let buckets = here.buckets(&login);
    if let Some(until) = here.count(&buckets).await? {
        return Ok(begin_form(&here, StatusCode::TOO_MANY_REQUESTS, Some(closed(until))));
    }
    let now = here.desk.room.store.now().await?;
    let mut connection = here.read().await?;
    let found = people::begins(&mut connection, (&login, here.get("code")), now).await?;
    drop(connection);
    let Some(person) = found else {
        tracing::info!(by = "first code", "refused to let somebody in at the desk");
        return wrong(&here, unknown);
    };
    here.was_right(buckets).await?;
    let password = match password::new_password(&here.secret("new_password"), &[&login, "windowshop", "desk"], false) {
        Ok(password) => password,
        Err(weak) => return wrong(&here, &weak_words(weak)),
    };
    let hash = here.desk.hashers.hash(password).await??;
    let set_up = SetUp {
        means: here.desk.room.means.clone(),
        id: person.id.clone(),
        code: Zeroizing::new(here.get("code").to_string()),
        password: hash,
        secret: new_totp_key()?,
    };
    match here.write(set_up).await? {
        true => seat(&here, &person.id, Stage::Setup, "/desk/app").await,
        false => wrong(&here, unknown),
    }
}

fn weak_words(weak: Weak) -> String {
    match weak {
        Weak::TooShort { least } => format!("Make your password longer: at least {least} characters."),
        Weak::TooLong => "Make your password shorter: at most 1,024 bytes.".to_string(),
        Weak::Common | Weak::Breached => "Pick another password: this one is easy to guess.".to_string(),
        Weak::Context => {
            "Pick another password: this one is made of your login or of the name of this site.".to_string()
        }
    }
}

#[derive(Template)]
#[template(path = "operator/desk/app.html")]
struct AppPage {
    top: Option<Top>,
    fault: Option<String>,
    side: i32,
    path: String,
    text: String,
}

async fn app_form(here: &Here, status: StatusCode, fault: Option<String>) -> Answer {
    let person = &setup(here)?.person;
    let mut connection = here.read().await?;
    let secret = people::secret_of(&mut connection, &here.desk.room.means.vault, &person.id).await?;
    drop(connection);
    let words = secret.and_then(|secret| totp_words(&secret, SITE, &person.login));
    let (url, text) = words.ok_or_else(|| anyhow::anyhow!("a key that no app reads"))?;
    let (side, path) = picture(&url)?;
    Ok(page(status, AppPage { top: None, fault, side, path, text: text.to_string() }))
}

/// Whoever has chosen a password and not proved an app yet.
fn setup(here: &Here) -> Result<&crate::staff::session::Seat, Instead> {
    let seat = here.seat.as_ref().filter(|seat| seat.stage == Stage::Setup);
    seat.ok_or_else(|| view::go("/desk/sign-in").into())
}

/// `GET /desk/app`: the picture for an authenticator app.
pub async fn app_page(here: Here) -> Answer {
    app_form(&here, StatusCode::OK, None).await
}

/// `POST /desk/app`: its first code.
pub async fn prove(here: Here) -> Answer {
    let person = setup(&here)?.person.clone();
    let buckets = here.buckets(&person.login);
    if let Some(until) = here.count(&buckets).await? {
        return app_form(&here, StatusCode::TOO_MANY_REQUESTS, Some(closed(until))).await;
    }
    let typed = Zeroizing::new(here.get("code").to_string());
    let used = UseApp { means: here.desk.room.means.clone(), id: person.id.clone(), typed, of: State::Invited };
    if !here.write(used).await? {
        let words = "This code is not right. Wait for the next one in your app.".to_string();
        return app_form(&here, StatusCode::UNPROCESSABLE_ENTITY, Some(words)).await;
    }
    here.was_right(buckets).await?;
    seat(&here, &person.id, Stage::Open, "/desk").await
}

/// `POST /desk/sign-out`
pub async fn out(here: Here) -> Answer {
    if let Some(seat) = &here.seat {
        here.write(End { hash: seat.hash.clone() }).await?;
    }
    Ok(with_cookie(&here, view::go("/desk/sign-in?note=out"), None))
}
