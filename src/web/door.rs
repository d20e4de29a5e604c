//! The door: every request comes in here, and finished public pages are handed over without going further.
//!
//! Made by the router, called by `serve` for each request. It is no layer of a router, which would find the route, copy
//! everything further in and box what that returns before it could look for a finished page; handing one over took longer
//! than sending it (docs/performance.md). It must never make a page itself.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use futures_util::future::Either;
use tower::Service;
use tower::layer::layer_fn;
use tower_http::catch_panic::CatchPanicLayer;

use super::admission::{self, House};
use super::page::legal_day;
use super::privacy::{self, Keep};
use super::shared::Shared;
use super::{error, guard};
use crate::app::App;
use crate::floor::wire::Wire;
use crate::surge::page_cache::{self, Front};
use crate::surge::store::Edition;
use crate::telemetry::{self, Arrived, Watch};

/// The site as `serve` knows it. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    outside: Arc<Outside>,
    routes: Router,
}

/// What the parts of the door need.
struct Outside {
    house: House,
    headers: HeaderMap,
    front: Front,
    watch: Watch,
}

impl Outside {
    fn new(app: &Arc<App>) -> Outside {
        let (metrics, trusted) = (Arc::clone(&app.metrics), app.config.trusted_proxies.clone());
        Outside {
            house: House::new(app),
            headers: guard::security_headers(&app.config),
            front: front(app),
            watch: Watch { metrics, trusted, slow_ms: app.config.slow_ms },
        }
    }
}

impl Door {
    /// In front of these routes.
    pub fn new(routes: Router<Arc<App>>, app: &Arc<App>) -> Door {
        let outside = Arc::new(Outside::new(app));
        let routes = routes
            // Stops extractors that read a body without an announced size.
            .layer(guard::body_limit(&app.config))
            // A panic in a handler costs one answer, not the connection.
            .layer(CatchPanicLayer::custom(guard::panicked))
            .layer(layer_fn(Shared::new))
            .layer(from_fn_with_state(Arc::clone(&outside), inside));
        Door { outside, routes: routes.with_state(Arc::clone(app)) }
    }

    /// The answer to a request, with what its connection knows about it: at once, if it is a finished page.
    pub fn answer<B>(&self, request: axum::http::Request<B>, wire: Option<Wire>) -> Answer
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let Outside { front, watch, .. } = &*self.outside;
        // Sees everything, and assigns the ID that all log lines carry.
        let arrived = Arrived::new(watch, &request, wire.as_ref());
        // Finished public pages, compressed: they need nothing further in, so they need no place either.
        let kept = if wire.as_ref().is_some_and(|wire| wire.hosts_wrong) { None } else { front.kept(&request) };
        if let Some((kept, response)) = kept {
            return Either::Left(ready(arrived.answered_at_once(watch, response, kept.route.as_ref())));
        }
        let mut request = request.map(Body::new);
        wire.map(|wire| request.extensions_mut().insert(wire));
        let (outside, routes) = (Arc::clone(&self.outside), self.routes.clone());
        // Boxed, so that a connection on which nothing is being made holds no room for it.
        Either::Right(Box::pin(async move {
            let next = async move |request: Request| {
                let mut routes = routes;
                match routes.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            };
            let Outside { front, watch, .. } = &*outside;
            arrived.answered(watch, request, |request| page_cache::pages(front, request, next)).await
        }))
    }
}

/// An answer that is there, or is being made.
pub type Answer = Either<Ready<Response>, Pin<Box<dyn Future<Output = Response> + Send>>>;

/// For callers without a connection: tests, and the trial of a catalogue.
impl Service<Request> for Door {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let door = self.clone();
        let wire = request.extensions().get::<Wire>().cloned();
        Box::pin(async move { Ok(door.answer(request, wire).await) })
    }
}

/// For what the page cache does not have, once its route is known: from the outside in.
///
/// One layer whose parts are plain functions, each of which calls the next. As layers of a router they cost more than the
/// answer to a health check: each copies all those further in, and boxes what they return.
async fn inside(State(outside): State<Arc<Outside>>, request: Request, next: Next) -> Response {
    let house = &outside.house;
    let app = &house.app;
    let mut response = telemetry::routed(request, async |request| {
        // Outside of anything that says `public`: the address alone decides who may keep an answer.
        privacy::keep(request, async |request| {
            // Lets in as many as can be answered and tells the rest when to come back. Outside of compression, because
            // that is work.
            admission::admit(house, request, async |request| {
                // Public text only.
                guard::compression(request, async |request| {
                    // Writes the page for whatever failed further in.
                    error::pages(app, request, async |request| {
                        // Limits on address, headers, body and time, each with its page.
                        guard::limits(&app.config, request, |request| next.run(request)).await
                    })
                    .await
                })
                .await
            })
            .await
        })
        .await
    })
    .await;
    // On every answer, errors too; the page cache keeps them with the page.
    guard::add_headers(&outside.headers, &mut response);
    response
}

/// What the page cache needs to know about the site.
fn front(app: &Arc<App>) -> Front {
    let site = Arc::clone(app);
    Front {
        cache: app.pages.clone(),
        edition: Arc::new(move || Edition { catalogues: site.catalogues.edition(), day: legal_day(&site) }),
        own_header: telemetry::REQUEST_ID,
        is_everybodys: |request| {
            let hosts_wrong = request.extensions().get::<Wire>().is_some_and(|wire| wire.hosts_wrong);
            let (path, query) = (request.uri().path(), request.uri().query().unwrap_or(""));
            !hosts_wrong && !is_of_the_office(path) && privacy::who_may_keep(query) == Keep::Anyone
        },
    }
}

/// `/account…`, in any language, and the desk: made for one visitor. The cache would find that out by making the page
/// twice, and would let a visitor wait for another's page of the same address.
fn is_of_the_office(path: &str) -> bool {
    path.split('/').skip(1).take(2).any(|part| matches!(part, "account" | "desk"))
}
