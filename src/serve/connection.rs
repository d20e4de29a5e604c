//! One connection: HTTP/1 or HTTP/2, whichever the client speaks, under the limits of the floor.
//!
//! Called by `serve::run`. It must never look into a request beyond its version.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, Response, Version, header};
use futures_util::FutureExt as _;
use hyper::body::{Frame, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::config::Config;
use crate::floor::wire::Wire;
use crate::floor::{Floor, OpenRequest, Phase, Told, Visit};
use crate::web::door::Door;
use crate::web::guard::HEADERS_BYTES_MAX;

/// HTTP/2 answers are handed over in pieces of this size: the next one once the client has made room for it.
const PIECE_BYTES: usize = 16 << 10;
/// The size assumed for an answer of unknown length.
const UNKNOWN_BYTES: usize = 64 << 10;

/// Serves one connection until it ends, or until the floor closes it.
pub fn serve(
    (stream, peer): (TcpStream, IpAddr),
    door: Door,
    config: &Config,
    floor: &Arc<Floor>,
) -> impl Future<Output = ()> + Send + 'static {
    let builder = builder(config);
    let guest = floor.enter();
    async move {
        // Small answers go out at once; waiting to fill a packet only adds delay.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "set_nodelay");
        }
        let visit = Arc::clone(&guest.visit);
        let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let open = visit.request(request.version() == Version::HTTP_2);
            answer(&door, request, peer, open)
        });
        let io = TokioIo::new(Watched { stream, visit: Arc::clone(&guest.visit) });
        let mut serving = std::pin::pin!(builder.serve_connection(io, service).into_owned());
        let mut finishing = false;
        let ended = poll_fn(|cx| {
            let told = guest.visit.told(cx.waker());
            if told == Told::Finish && !finishing {
                finishing = true;
                serving.as_mut().graceful_shutdown();
            }
            // First, so that whatever arrived by now is served.
            match serving.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending if told == Told::Leave && guest.visit.leaves() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        });
        match ended.await {
            Some(Ok(())) => {}
            // Its errors are the client's (gone, or not speaking HTTP): nothing to do or report.
            Some(Err(error)) => tracing::debug!(%error, "connection ended"),
            None => tracing::debug!("a connection was closed for the floor's sake"),
        }
    }
}

fn builder(config: &Config) -> auto::Builder<TokioExecutor> {
    let header_time = Duration::from_secs(config.header_timeout_seconds);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        // The floor keeps this time: a timer here would be made and put away with each request.
        .header_read_timeout(None)
        // Room for the largest address and headers that `guard` answers with a page; beyond that hyper says 431.
        .max_buf_size(config.max_url_bytes + 2 * HEADERS_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.max_streams)
        .max_header_list_size(u32::try_from(config.max_url_bytes + 2 * HEADERS_BYTES_MAX).unwrap_or(u32::MAX))
        .keep_alive_interval(header_time)
        .keep_alive_timeout(header_time);
    builder
}

fn answer(
    door: &Door,
    request: hyper::Request<hyper::body::Incoming>,
    peer: IpAddr,
    open: OpenRequest,
) -> impl Future<Output = Result<Response<Taken>, Infallible>> + use<> {
    let version = request.version();
    let hosts = request.headers().get_all(header::HOST).iter().count();
    let wire = Wire { peer, hosts_wrong: version == Version::HTTP_11 && hosts != 1 };
    door.answer(request, Some(wire)).map(move |response| Ok(taken(response, version, open)))
}

fn taken(mut response: Response<Body>, version: Version, mut open: OpenRequest) -> Response<Taken> {
    if open.phase() > Phase::Open && version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let hint = response.body().size_hint();
    let bytes = hint.exact().map_or(UNKNOWN_BYTES, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    let paced = version == Version::HTTP_2;
    let open = (bytes > 0).then(|| {
        open.answered(if paced { bytes } else { 0 });
        open
    });
    response.map(|inner| Taken { inner, held: None, whole: false, paced, open })
}

/// A body that reports when it has been read. For HTTP/2 it is sent in pieces, the last byte separately: hyper asks
/// for a piece when the client has room for the previous one, so an answer that sits in a queue because nobody reads
/// it is not counted as finished.
struct Taken {
    inner: Body,
    /// Read from `inner`, not yet handed over.
    held: Option<Bytes>,
    /// `inner` has no more.
    whole: bool,
    paced: bool,
    /// `None`: nothing is left to be read.
    open: Option<OpenRequest>,
}

impl Taken {
    fn next_piece(&mut self) -> Option<Bytes> {
        let held = self.held.as_mut()?;
        let piece = match held.len() {
            1 => 1,
            length if self.whole => PIECE_BYTES.min(length - 1),
            length => PIECE_BYTES.min(length),
        };
        let piece = held.split_to(piece);
        if held.is_empty() {
            self.held = None;
        }
        Some(piece)
    }
}

impl HttpBody for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if let Some(open) = &this.open {
            open.moved();
        }
        if !this.paced {
            return Pin::new(&mut this.inner).poll_frame(cx);
        }
        loop {
            let small = this.held.as_ref().is_none_or(|held| held.len() <= PIECE_BYTES);
            if this.whole || !small {
                return Poll::Ready(this.next_piece().map(|piece| Ok(Frame::data(piece))));
            }
            let frame = match Pin::new(&mut this.inner).poll_frame(cx) {
                Poll::Pending if this.held.is_some() => None,
                polled => Some(ready!(polled)),
            };
            match frame {
                Some(None) => this.whole = true,
                Some(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => {
                        // Find out as early as possible, so the last byte can be held back.
                        this.whole = this.inner.is_end_stream();
                        if let Some(before) = this.held.replace(data) {
                            return Poll::Ready(Some(Ok(Frame::data(before))));
                        }
                    }
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                Some(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                // More will come, but not yet.
                None => return Poll::Ready(this.held.take().map(|held| Ok(Frame::data(held)))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_none() && (self.whole || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.held, self.whole) {
            (None, _) => self.inner.size_hint(),
            (Some(held), true) => SizeHint::with_exact(held.len() as u64),
            (Some(_), false) => SizeHint::default(),
        }
    }
}

/// A socket that reports when it is full.
struct Watched {
    stream: TcpStream,
    visit: Arc<Visit>,
}

impl Watched {
    fn saw(&self, offered: usize, polled: &Poll<io::Result<usize>>) {
        match polled {
            Poll::Pending => self.visit.wrote(offered, None),
            Poll::Ready(Ok(taken)) => self.visit.wrote(offered, Some(*taken)),
            Poll::Ready(Err(_)) => {}
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.saw(bytes.len(), &polled);
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, parts);
        this.saw(parts.iter().map(|part| part.len()).sum(), &polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
