//! A layer that makes what is inside of it cheap to clone.
//!
//! Called by the router. Each of its layers clones everything further in for every request, and each layer of that
//! does the same; so what stops further out (a page from the cache, a refusal) paid for a stack that it never
//! entered, and every waiting request held a copy of it. Inside of this layer that happens only when a request gets
//! there. It must never change a request or an answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use axum::routing::Route;
use tower::util::Oneshot;
use tower::{Service, ServiceExt as _};

#[derive(Clone)]
pub struct Shared(Arc<Route>);

impl Shared {
    pub fn new(inner: Route) -> Shared {
        Shared(Arc::new(inner))
    }
}

impl Service<Request> for Shared {
    type Response = Response;
    type Error = Infallible;
    type Future = Oneshot<Route, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // The clone that answers is made ready by itself.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Route::clone(&self.0).oneshot(request)
    }
}
