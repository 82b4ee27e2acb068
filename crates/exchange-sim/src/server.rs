//! Connections: reads requests within limits, lets the venue answer, and makes
//! the trouble that was ordered.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::clock::Clock;
use crate::fault::{Fault, Faults};
use crate::journal::{Journal, Received};
use crate::venue::{Answer, Handled, Request, Venue};
use crate::ws::{self, Line, Live, Session, Touch};

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// How long a client may take for the head of a request, and for its body.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most connections at the same time; more are closed at once.
const CONNECTIONS: usize = 1024;

/// The connection is to be closed without another byte.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
struct Close;

/// The body of an answer, whole or broken off.
#[derive(Debug, Default)]
struct Body {
    /// What is still to be sent.
    bytes: Bytes,
    /// How many bytes are announced beyond those, and never come.
    missing: u64,
    /// What there is was handed over, and had a chance to be sent.
    flushed: bool,
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Close;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Close>>> {
        if !self.bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes)))));
        }
        if self.missing == 0 {
            return Poll::Ready(None);
        }
        if !self.flushed {
            // What was handed over is only written out while there is nothing
            // more to be had.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Close)))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64 + self.missing)
    }
}

/// A WebSocket that opens once the answer is out: what speaks there, and what
/// hands the bytes over.
type Opening = (Box<dyn Session>, hyper::upgrade::OnUpgrade);

/// One venue at one address.
#[derive(Clone)]
pub(crate) struct Server {
    pub name: &'static str,
    pub venue: Arc<Mutex<dyn Venue>>,
    /// What speaks over WebSockets, if the venue does.
    pub live: Option<Arc<dyn Live>>,
    /// Tells everybody who waits for news when a request was carried out.
    pub touch: Touch,
    pub clock: Clock,
    pub faults: Faults,
    pub journal: Journal,
}

impl Server {
    /// Serves until the future is dropped, which closes all connections.
    pub(crate) async fn run(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) if connections.len() < CONNECTIONS => {
                        connections.spawn(self.clone().connection(stream, peer.ip()));
                    }
                    Ok(_) => {}
                    // Out of file handles, or a client that was gone already.
                    Err(_) => sleep(Duration::from_millis(5)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn connection(self, stream: TcpStream, peer: IpAddr) {
        // Without it small answers would wait for the client's acknowledgement.
        // If it fails they do.
        let _ = stream.set_nodelay(true);
        let opening = Mutex::new(None);
        let service = service_fn(|request| self.exchange(request, peer, &opening));
        // An error is a client that broke off, or one that was to be cut off.
        let _ = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
            .await;
        let opening = opening.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some((session, upgrade)) = opening
            && let Ok(stream) = upgrade.await
        {
            let Self {
                name,
                clock,
                faults,
                journal,
                touch,
                ..
            } = self;
            let line = Line {
                name,
                clock,
                faults,
                journal,
                touch,
            };
            line.run(TokioIo::new(stream), session).await;
        }
    }

    /// One request and its answer.
    async fn exchange(
        &self,
        mut request: http::Request<Incoming>,
        peer: IpAddr,
        opening: &Mutex<Option<Opening>>,
    ) -> Result<http::Response<Body>, Close> {
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, body) = request.into_parts();
        let body = match timeout(PATIENCE, Limited::new(body, LARGEST_BODY).collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return Ok(closing(&Answer::text(413, "request body too large")));
            }
            // Broken off by the client.
            Ok(Err(_)) => return Err(Close),
            Err(_) => return Ok(closing(&Answer::text(408, "request body too slow"))),
        };
        // What older versions say of an upgrade is to be overlooked.
        let may_upgrade = parts.version >= http::Version::HTTP_11;
        let target = parts
            .uri
            .path_and_query()
            .map_or_else(|| parts.uri.path().to_owned(), ToString::to_string);
        let request = Request {
            method: parts.method,
            target,
            headers: parts.headers,
            body,
        };
        let operation = self.with_venue(|venue| venue.operation(&request));
        let mut trouble = Trouble::of(self.faults.strike(&operation));
        sleep_some(trouble.delay).await;
        if let Some(instead) = trouble.instead.take() {
            return self.refuse(&request, operation, instead);
        }
        let (handled, session) = match &self.live {
            Some(live) if may_upgrade && ws::is_asked_for(&request) => {
                self.open(&**live, &request, operation, peer)
            }
            // The clock is read under the lock, so that it never goes back for
            // the venue.
            _ => {
                let handle = |venue: &mut dyn Venue| venue.handle(&request, self.clock.now());
                (self.with_venue(handle), None)
            }
        };
        self.touch.send_replace(());
        let whole = trouble.answer.is_none() && !trouble.cut;
        let answer = match trouble.answer {
            Some(Instead::Answer(answer)) => Some(answer),
            Some(Instead::Close) => None,
            Some(Instead::Error(_)) | None => Some(handled.answer),
        };
        self.note(
            &request,
            handled.operation,
            answer.as_ref(),
            handled.refused,
        );
        sleep_some(trouble.answer_delay).await;
        let answer = answer.ok_or(Close)?;
        if let Some(session) = session.filter(|_| whole) {
            // A panic elsewhere leaves no half of it.
            let mut opening = opening.lock().unwrap_or_else(PoisonError::into_inner);
            *opening = Some((session, upgrade));
        }
        Ok(if trouble.cut {
            cut(&answer)
        } else {
            response(&answer)
        })
    }

    /// What becomes of the wish for a WebSocket.
    fn open(
        &self,
        live: &dyn Live,
        request: &Request,
        operation: String,
        peer: IpAddr,
    ) -> (Handled, Option<Box<dyn Session>>) {
        let opened = ws::accepted(request)
            .and_then(|answer| Ok((answer, live.open(request, peer, &self.clock)?)));
        let (answer, session, refused) = match opened {
            Ok((answer, session)) => (answer, Some(session), None),
            Err(refusal) => (refusal.answer, None, Some(refusal.why)),
        };
        let handled = Handled {
            answer,
            operation,
            refused,
        };
        (handled, session)
    }

    /// What happens to a request that does not reach the venue's books.
    fn refuse(
        &self,
        request: &Request,
        operation: String,
        instead: Instead,
    ) -> Result<http::Response<Body>, Close> {
        let (answer, why) = match instead {
            Instead::Error(error) => {
                let answer = self.with_venue(|venue| venue.failure(request, &error));
                (Some(answer), format!("{error} (a fault on order)"))
            }
            Instead::Answer(answer) => {
                let why = format!("HTTP status {} (a fault on order)", answer.status);
                (Some(answer), why)
            }
            Instead::Close => (None, "connection closed (a fault on order)".to_owned()),
        };
        self.note(request, operation, answer.as_ref(), Some(why));
        answer.map(|answer| response(&answer)).ok_or(Close)
    }

    fn note(
        &self,
        request: &Request,
        operation: String,
        answer: Option<&Answer>,
        refused: Option<String>,
    ) {
        self.journal.write(Received {
            at: self.clock.now(),
            venue: self.name,
            method: request.method.to_string(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            operation,
            status: answer.map(|answer| answer.status),
            refused,
        });
    }

    fn with_venue<T>(&self, action: impl FnOnce(&mut dyn Venue) -> T) -> T {
        // After a panic the books may be half written, but a test that looks at
        // them should see that rather than a lock that is poisoned.
        action(&mut *self.venue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What stands in place of what the venue would have done or said.
enum Instead {
    Error(String),
    Answer(Answer),
    Close,
}

/// All that goes wrong with one request.
#[derive(Default)]
struct Trouble {
    delay: Duration,
    instead: Option<Instead>,
    answer: Option<Instead>,
    answer_delay: Duration,
    cut: bool,
}

impl Trouble {
    fn of(faults: Vec<Fault>) -> Self {
        let mut trouble = Self::default();
        for fault in faults {
            match fault {
                Fault::Error(error) => trouble.instead = Some(Instead::Error(error)),
                Fault::Status {
                    status,
                    body,
                    retry_after,
                } => {
                    let mut answer = gateway(status, &body);
                    if let Some(seconds) = retry_after {
                        answer.headers.push(("retry-after", seconds.to_string()));
                    }
                    trouble.instead = Some(Instead::Answer(answer));
                }
                Fault::DropBefore => trouble.instead = Some(Instead::Close),
                Fault::DropAfter => trouble.answer = Some(Instead::Close),
                Fault::StatusAfter { status, body } => {
                    trouble.answer = Some(Instead::Answer(gateway(status, &body)));
                }
                Fault::CutAnswer => trouble.cut = true,
                Fault::Delay(time) | Fault::Reorder(time) => trouble.delay += time,
                Fault::DelayAnswer(time) => trouble.answer_delay += time,
            }
        }
        trouble
    }
}

async fn sleep_some(time: Duration) {
    // Even a sleep of no time would wait for the timer's next step.
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn gateway(status: u16, body: &str) -> Answer {
    let mut answer = Answer::text(status, body);
    if body.starts_with('<') {
        answer.content_type = "text/html; charset=UTF-8";
    }
    answer
}

fn response(answer: &Answer) -> http::Response<Body> {
    with_head(
        answer,
        Body {
            bytes: answer.body.clone(),
            ..Body::default()
        },
    )
}

/// The last answer of its connection.
fn closing(answer: &Answer) -> http::Response<Body> {
    let mut response = response(answer);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The head promises the whole, half of it comes.
fn cut(answer: &Answer) -> http::Response<Body> {
    let half = answer.body.slice(..answer.body.len() / 2);
    let missing = (answer.body.len() - half.len()) as u64;
    with_head(
        answer,
        Body {
            bytes: half,
            missing,
            flushed: false,
        },
    )
}

fn with_head(answer: &Answer, body: Body) -> http::Response<Body> {
    let mut response = http::Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !answer.content_type.is_empty() {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(answer.content_type),
        );
    }
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(*name, value);
        }
    }
    response
}
