//! What a page of the office works with: its request, the office, the visitor, what was typed; and what it may answer
//! instead of itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_sessions::Session as Carried;
use zeroize::Zeroizing;

use super::form::Form;
use super::unlock;
use super::visitor::{Visitor, Who};
use super::{Office, trouble::Trouble};
use crate::account::changes::{self, Account, Rehashed};
use crate::account::guessing::{Bucket, Counted, Right, Try};
use crate::account::password::{Busy, Password};
use crate::account::session::{self, SHAPE, Session};
use crate::app::App;
use crate::floor::wire::Wire;
use crate::sealing::SealFault;
use crate::store::lookup::Sought;
use crate::store::{Millis, StoreError};
use crate::web::error::Failure;
use crate::web::page::{self, Cx};

/// How long a typed password is good for a change of the account (ASVS 5.0, 7.5.1).
pub const FRESH: Duration = Duration::from_secs(10 * 60);

/// Everything at hand. An extractor.
pub struct Desk {
    pub cx: Cx,
    pub office: Arc<Office>,
    pub visitor: Arc<Visitor>,
    pub form: Arc<Form>,
    /// tower-sessions' own: touched only by what begins or ends a session.
    pub carried: Carried,
    /// As sent, for a form that waited.
    pub headers: HeaderMap,
    pub wire: Option<Wire>,
}

impl FromRequestParts<Arc<App>> for Desk {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Desk, Failure> {
        let missing = |what: &str| Failure::internal(anyhow::anyhow!("a private page without {what}"));
        let cx: Result<Cx, Infallible> = Cx::from_request_parts(parts, app).await;
        let Ok(cx) = cx;
        Ok(Desk {
            cx,
            office: parts.extensions.get().cloned().ok_or_else(|| missing("an office"))?,
            visitor: parts.extensions.get().cloned().ok_or_else(|| missing("a visitor"))?,
            form: parts.extensions.get().cloned().ok_or_else(|| missing("a form"))?,
            carried: parts.extensions.get().cloned().ok_or_else(|| missing("a session"))?,
            headers: parts.headers.clone(),
            wire: parts.extensions.get().cloned(),
        })
    }
}

/// What a page is answered with instead.
pub enum Instead {
    Answer(Box<Response>),
    /// The gate makes the page: it holds what was typed.
    Trouble(Trouble),
    Failure(Failure),
}

pub type Answer = Result<Response, Instead>;

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        match self {
            Instead::Answer(response) => *response,
            Instead::Failure(failure) => failure.into_response(),
            Instead::Trouble(trouble) => {
                let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
                response.extensions_mut().insert(trouble);
                response
            }
        }
    }
}

impl From<Response> for Instead {
    fn from(response: Response) -> Instead {
        Instead::Answer(Box::new(response))
    }
}

impl From<Failure> for Instead {
    fn from(failure: Failure) -> Instead {
        Instead::Failure(failure)
    }
}

impl From<StoreError> for Instead {
    fn from(error: StoreError) -> Instead {
        match error {
            StoreError::Away(_) | StoreError::Busy(_) | StoreError::Stale => Instead::Trouble(Trouble::Away(error)),
            other => Failure::internal(other).into(),
        }
    }
}

impl From<Busy> for Instead {
    fn from(Busy: Busy) -> Instead {
        Instead::Trouble(Trouble::Crowded)
    }
}

impl From<SealFault> for Instead {
    fn from(fault: SealFault) -> Instead {
        Failure::internal(fault).into()
    }
}

impl From<anyhow::Error> for Instead {
    fn from(error: anyhow::Error) -> Instead {
        Failure::internal(error).into()
    }
}

impl From<tower_sessions::session::Error> for Instead {
    fn from(error: tower_sessions::session::Error) -> Instead {
        match error {
            tower_sessions::session::Error::Store(error) => StoreError::Away(error.to_string()).into(),
            other => Failure::internal(other).into(),
        }
    }
}

impl Desk {
    /// 303 to another page of the office, in this page's language.
    pub fn go(&self, path: &str) -> Response {
        page::redirect_unkept(&self.cx, path)
    }

    /// Whether another language was pressed instead of the form's own button (`office/pieces.html`): the page is shown again
    /// with all that was typed, and nothing is judged or done.
    pub fn only_switches(&self) -> bool {
        !self.form.get("switch").is_empty()
    }

    /// The account that is signed in, or the way to the page that signs in.
    pub fn account(&self) -> Result<&str, Instead> {
        match &self.visitor.who {
            Who::Account(owner) => Ok(owner),
            _ => Err(self.go("/account/sign-in").into()),
        }
    }

    /// The same, if the password was typed a short while ago; else it is asked for, and what was sent is done after.
    pub async fn fresh(&self) -> Result<&str, Instead> {
        let owner = self.account()?;
        let session = self.visitor.session.as_ref();
        match session.is_some_and(|session| session.authenticated_within(FRESH, self.visitor.now)) {
            true => Ok(owner),
            false => Err(unlock::ask(&self.cx, &self.office, &self.visitor, &self.form).await?.into()),
        }
    }

    /// Whoever has anything here: a guest or an account.
    pub fn owner(&self) -> Option<&str> {
        match &self.visitor.who {
            Who::Account(owner) | Who::Guest(owner) => Some(owner),
            Who::Nobody => None,
        }
    }

    /// An owner's account; `None` for a guest, or if it is gone.
    pub async fn account_of(&self, owner: &str) -> Result<Option<Account>, Instead> {
        let mut connection = self.office.read().await?;
        Ok(changes::account(&mut connection, &self.office.means.vault, owner).await?)
    }

    /// The same, or the way to the page that signs in.
    pub async fn own_account(&self, owner: &str) -> Result<Account, Instead> {
        let account = self.account_of(owner).await?;
        account.ok_or_else(|| self.go("/account/sign-in").into())
    }

    /// Whether this is the password; if so, the try that was counted is given back. With `None` the same work is done.
    pub async fn is_password(
        &self,
        typed: Password,
        kept: Option<Zeroizing<String>>,
        buckets: Vec<Bucket>,
    ) -> Result<bool, Instead> {
        let right = self.office.hashers.verify(typed, kept).await?;
        if right {
            self.was_right(buckets).await?;
        }
        Ok(right)
    }

    pub async fn now(&self) -> Result<Millis, Instead> {
        Ok(self.office.store.now().await?)
    }

    /// The hash of this browser's session; one is begun if there is none.
    pub async fn session_hash(&self) -> Result<Vec<u8>, Instead> {
        if self.visitor.session.is_some() {
            return Ok(self.visitor.hash.clone());
        }
        self.begin_session("", false).await
    }

    /// Begins a session for somebody who has not signed in, under a new ID.
    pub async fn begin_session(&self, owner: &str, shared: bool) -> Result<Vec<u8>, Instead> {
        let session = Session {
            owner: owner.to_string(),
            device: String::new(),
            lang: self.cx.lang.code().to_string(),
            shared: shared || self.visitor.is_shared(),
            made_at: 0,
            seen_at: 0,
            expires_at: 0,
            authenticated_at: None,
            second_step_at: None,
        };
        self.put_session(&session).await
    }

    /// Puts a session in place of this browser's, under a new ID; the old one is nobody's.
    pub async fn put_session(&self, session: &Session) -> Result<Vec<u8>, Instead> {
        self.carried.cycle_id().await?;
        self.carried.insert_value(SHAPE, session::to_value(session)).await?;
        self.carried.save().await?;
        let id = self.carried.id().ok_or_else(|| anyhow::anyhow!("a session without an ID"))?;
        Ok(session::id_hash(&id))
    }

    /// Changes this browser's session and leaves its ID: nobody may do more than before.
    pub async fn keep_session(&self, session: &Session) -> Result<(), Instead> {
        self.carried.insert_value(SHAPE, session::to_value(session)).await?;
        self.carried.save().await?;
        Ok(())
    }

    pub fn secure(&self) -> bool {
        self.office.cookie.is_secure()
    }

    /// Counts a try before it is judged.
    pub async fn count(&self, buckets: &[Bucket]) -> Result<Counted, Instead> {
        Ok(self.office.write(Try { buckets: buckets.to_vec() }).await?)
    }

    pub async fn was_right(&self, buckets: Vec<Bucket>) -> Result<(), Instead> {
        Ok(self.office.write(Right { buckets }).await?)
    }

    /// The buckets of a code of this purpose and owner. For owners whom only they, or whoever knows their password, can
    /// name: others could use the tries up.
    pub fn code_buckets(&self, purpose: &str, owner: &str) -> Vec<Bucket> {
        let of = format!("{purpose} {owner}");
        vec![self.office.buckets.network(self.visitor.client), self.office.buckets.strangers(of.as_bytes())]
    }

    /// The buckets of what only this session tries.
    pub fn own_buckets(&self, purpose: &str) -> Vec<Bucket> {
        let buckets = &self.office.buckets;
        vec![buckets.network(self.visitor.client), buckets.device(purpose.as_bytes(), &self.visitor.hash)]
    }

    /// The buckets of a letter to an address that anybody can name.
    pub fn letter_buckets(&self, to: &Sought) -> Vec<Bucket> {
        let (buckets, client) = (&self.office.buckets, self.visitor.client);
        [buckets.network(client)].into_iter().chain(buckets.letters(to.as_bytes(), client)).collect()
    }

    /// A hash that was made with older parameters is made again from the password that was just right: beside the answer,
    /// and only if there is room in the line.
    pub fn renew_hash(&self, owner: &str, before: Zeroizing<String>) {
        let Some(password) = Password::typed(&self.form.secret("password")) else { return };
        if !self.office.hashers.is_old(&before) {
            return;
        }
        let (office, owner) = (Arc::clone(&self.office), owner.to_string());
        tokio::spawn(async move {
            let renewed = async {
                let Ok(hash) = office.hashers.hash(password).await else { return Ok(false) };
                let (vault, hash) = (office.means.vault.clone(), hash?);
                Ok(office.write(Rehashed { vault, owner, before, hash }).await?)
            };
            let renewed: anyhow::Result<bool> = renewed.await;
            if let Err(error) = renewed {
                tracing::warn!(%error, "an old hash stays until its owner signs in again");
            }
        });
    }

    /// A line of the log for what did not prove who somebody is (ASVS 5.0, 16.3.1). `owner`: empty if nobody is found.
    pub fn refused(&self, owner: &str, by: &'static str) {
        tracing::info!(owner, by, "refused to let somebody in");
    }
}

/// Adds a cookie's line.
pub fn with_cookie(mut response: Response, line: Option<HeaderValue>) -> Response {
    if let Some(line) = line {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}
