//! WebSockets: the handshake, frames, and the trouble that was ordered. What is
//! said there is the venue's matter.
//!
//! Nothing waits for a client: it is asked for news only when the last message
//! was written, so one that does not read costs no memory.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::clock::Clock;
use crate::fault::{Faults, MessageFault, PushFault};
use crate::journal::{Journal, MESSAGE, Received};
use crate::json::{Json, list, object};
use crate::venue::{Answer, Request};

/// The largest message that is read, in bytes.
const LARGEST_MESSAGE: usize = 1 << 20;

/// How often the venue is asked for news though nothing was heard: its clock
/// may have moved.
const TICK: Duration = Duration::from_millis(10);

/// How many messages go out before the client is listened to again.
const BURST: usize = 64;

/// How long a message is held back for others that may not come.
const HELD_FOR: Duration = Duration::from_millis(100);

/// How long the client may take to hang up after a close frame.
const FAREWELL: Duration = Duration::from_secs(1);

/// Tells everybody who waits for news that there may be some.
pub(crate) type Touch = watch::Sender<()>;

/// A venue that speaks over WebSockets.
pub(crate) trait Live: Send + Sync {
    /// Lets one open, or not. The handshake itself is in order.
    fn open(
        &self,
        request: &Request,
        peer: IpAddr,
        clock: &Clock,
    ) -> Result<Box<dyn Session>, Refusal>;
}

/// A WebSocket that is not opened.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub answer: Answer,
    /// In the venue's words.
    pub why: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, why: &str) -> Self {
        Self {
            answer: Answer::json(status, &object! { "error" => why }),
            why: why.to_owned(),
        }
    }
}

/// The venue's side of an open WebSocket. It is dropped when that closes.
pub(crate) trait Session: Send {
    /// The path that it was opened at.
    fn path(&self) -> &str;

    /// The type of a client's message, if the venue knows it.
    fn kind(&self, text: &str) -> &'static str;

    /// Carries out a client's message. If it was refused, the reason.
    fn hear(&mut self, text: &str, clock: &Clock) -> Option<String>;

    /// Answers a client's message with an error instead.
    fn fail(&mut self, text: &str, error: &str, clock: &Clock);

    /// The next thing to be said, if there is anything: answers first.
    fn next(&mut self, clock: &Clock) -> Result<Option<Said>, Farewell>;

    /// A message of a type that nobody knows.
    fn stranger(&self, clock: &Clock) -> String;
}

/// A message from the venue.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Its type.
    pub kind: &'static str,
    pub text: String,
}

/// The last words on a WebSocket.
#[derive(Clone, Debug)]
pub(crate) struct Farewell {
    pub code: u16,
    pub reason: String,
}

/// Whether a request asks for a WebSocket.
pub(crate) fn is_asked_for(request: &Request) -> bool {
    let has = |name: &str, token: &str| {
        request.headers.get_all(name).iter().any(|value| {
            let tokens = value.to_str().unwrap_or_default().split(',');
            tokens
                .map(str::trim)
                .any(|one| one.eq_ignore_ascii_case(token))
        })
    };
    has("connection", "upgrade") && has("upgrade", "websocket")
}

/// The answer that opens it, if the handshake is in order.
pub(crate) fn accepted(request: &Request) -> Result<Answer, Refusal> {
    if request.method != http::Method::GET {
        return Err(Refusal::new(405, "a WebSocket is opened by GET"));
    }
    if request.header("sec-websocket-version") != Some("13") {
        return Err(upgrade_required());
    }
    let key = request
        .header("sec-websocket-key")
        .ok_or_else(|| Refusal::new(400, "missing Sec-WebSocket-Key"))?;
    Ok(Answer {
        status: 101,
        content_type: "",
        headers: vec![
            ("connection", "Upgrade".to_owned()),
            ("upgrade", "websocket".to_owned()),
            ("sec-websocket-accept", derive_accept_key(key.as_bytes())),
        ],
        body: Bytes::new(),
    })
}

/// The answer to a plain request for what is a WebSocket.
pub(crate) fn upgrade_required() -> Refusal {
    let mut refusal = Refusal::new(426, "this is a WebSocket of version 13");
    refusal.answer.headers = vec![
        ("connection", "Upgrade".to_owned()),
        ("upgrade", "websocket".to_owned()),
        ("sec-websocket-version", "13".to_owned()),
    ];
    refusal
}

/// How a connection ends.
#[derive(Debug)]
enum End {
    /// At once, without another byte.
    Drop,
    /// It stays open, and nothing comes any more.
    Silence,
    /// With a close frame.
    Close(Farewell),
}

/// What went wrong with the connection: there is nobody to talk to.
impl From<Error> for End {
    fn from(_: Error) -> Self {
        Self::Drop
    }
}

impl From<std::io::Error> for End {
    fn from(_: std::io::Error) -> Self {
        Self::Drop
    }
}

impl From<Farewell> for End {
    fn from(farewell: Farewell) -> Self {
        Self::Close(farewell)
    }
}

/// What a connection needs of its venue.
pub(crate) struct Line {
    pub name: &'static str,
    pub clock: Clock,
    pub faults: Faults,
    pub journal: Journal,
    pub touch: Touch,
}

impl Line {
    /// Speaks until one side hangs up.
    pub(crate) async fn run<S>(self, stream: S, session: Box<dyn Session>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let config = WebSocketConfig::default()
            .max_message_size(Some(LARGEST_MESSAGE))
            .max_frame_size(Some(LARGEST_MESSAGE));
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        let mut talk = Talk {
            line: self,
            session,
            socket,
            held: Vec::new(),
        };
        match talk.go_on().await {
            End::Drop => {}
            End::Silence => talk.ignore().await,
            End::Close(farewell) => talk.close(farewell).await,
        }
    }
}

/// A message that others are to overtake.
struct Held {
    said: Said,
    /// How many are to do so yet.
    others: u32,
    /// When it comes in any case.
    until: Instant,
}

/// An open WebSocket.
struct Talk<S> {
    line: Line,
    session: Box<dyn Session>,
    socket: WebSocketStream<S>,
    held: Vec<Held>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Talk<S> {
    async fn go_on(&mut self) -> End {
        let mut touched = self.line.touch.subscribe();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let more = match self.tell_news().await {
                Ok(more) => more,
                Err(end) => return end,
            };
            let heard = tokio::select! {
                biased;
                heard = self.socket.next() => heard,
                () = std::future::ready(()), if more => continue,
                // The sender is in this very structure.
                _ = touched.changed() => continue,
                _ = tick.tick() => continue,
            };
            if let Err(end) = self.hear(heard).await {
                return end;
            }
        }
    }

    /// Says what there is to be said, up to a number; whether there may be
    /// more.
    async fn tell_news(&mut self) -> Result<bool, End> {
        for _ in 0..BURST {
            let Some(said) = self.session.next(&self.line.clock)? else {
                self.let_go(false).await?;
                return Ok(false);
            };
            self.say(said).await?;
        }
        Ok(true)
    }

    async fn hear(&mut self, heard: Option<Result<Message, Error>>) -> Result<(), End> {
        let farewell = |code, reason: &str| {
            Err(End::Close(Farewell {
                code: u16::from(code),
                reason: reason.to_owned(),
            }))
        };
        match heard {
            Some(Ok(Message::Text(text))) => self.carry_out(text.as_str()).await,
            Some(Ok(Message::Binary(_))) => farewell(CloseCode::Unsupported, "binary message"),
            // Pings are answered, and a close frame too, by the library.
            Some(Ok(_)) => Ok(()),
            Some(Err(Error::Utf8(_))) => farewell(CloseCode::Invalid, "text that is not UTF-8"),
            Some(Err(Error::Capacity(_))) => farewell(CloseCode::Size, "message too large"),
            Some(Err(Error::Protocol(_))) => farewell(CloseCode::Protocol, "protocol error"),
            Some(Err(_)) | None => Err(End::Drop),
        }
    }

    /// A client's message, and what was ordered for it.
    async fn carry_out(&mut self, text: &str) -> Result<(), End> {
        let kind = self.session.kind(text);
        let mut drop_after = false;
        for fault in self.line.faults.strike_message(kind) {
            let (end, why) = match fault {
                MessageFault::Delay(time) => {
                    sleep(time).await;
                    continue;
                }
                MessageFault::DropAfter => {
                    drop_after = true;
                    continue;
                }
                MessageFault::LeaveOut => (None, "left out".to_owned()),
                MessageFault::Error(error) => {
                    self.session.fail(text, &error, &self.line.clock);
                    (None, error)
                }
                MessageFault::DropBefore => (Some(End::Drop), "connection dropped".to_owned()),
                MessageFault::Silence => (Some(End::Silence), "connection silent".to_owned()),
                MessageFault::Close { code, reason } => {
                    let why = format!("connection closed with {code}");
                    (Some(End::Close(Farewell { code, reason })), why)
                }
            };
            self.note(text, kind, Some(format!("{why} (a fault on order)")));
            return end.map_or(Ok(()), Err);
        }
        let refused = self.session.hear(text, &self.line.clock);
        self.note(text, kind, refused);
        self.line.touch.send_replace(());
        if drop_after { Err(End::Drop) } else { Ok(()) }
    }

    fn note(&self, text: &str, kind: &str, refused: Option<String>) {
        self.line.journal.write(Received {
            at: self.line.clock.now(),
            venue: self.line.name,
            method: MESSAGE.to_owned(),
            target: self.session.path().to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(text.as_bytes()),
            operation: kind.to_owned(),
            status: None,
            refused,
        });
    }

    /// A message of the venue, and what was ordered for it.
    async fn say(&mut self, mut said: Said) -> Result<(), End> {
        let mut copies = 1;
        let mut overtaken_by = 0;
        let mut pause = None;
        for fault in self.line.faults.strike_push(said.kind) {
            match fault {
                PushFault::Delay(time) => sleep(time).await,
                PushFault::LeaveOut => copies = 0,
                PushFault::Duplicate => copies *= 2,
                PushFault::Reorder(others) => overtaken_by = others,
                PushFault::Garbage => {
                    let half = (0..=said.text.len() / 2).rev();
                    let half = half.into_iter().find(|at| said.text.is_char_boundary(*at));
                    said.text.truncate(half.unwrap_or_default());
                }
                PushFault::Stranger => {
                    let stranger = self.session.stranger(&self.line.clock);
                    self.socket.send(Message::text(stranger)).await?;
                }
                PushFault::UnknownMember => said.text = with_unknown_members(&said.text),
                PushFault::Drip(time) => pause = Some(time),
                PushFault::Drop => return Err(End::Drop),
                PushFault::Cut => {
                    let frame = frame(&said.text);
                    let half = frame.len() / 2;
                    self.write(frame.get(..half).unwrap_or_default()).await?;
                    return Err(End::Drop);
                }
                PushFault::Silence => return Err(End::Silence),
                PushFault::Close { code, reason } => {
                    return Err(End::Close(Farewell { code, reason }));
                }
            }
        }
        if overtaken_by > 0 {
            for _ in 0..copies {
                self.held.push(Held {
                    said: said.clone(),
                    others: overtaken_by,
                    until: Instant::now() + HELD_FOR,
                });
            }
            return Ok(());
        }
        for _ in 0..copies {
            match pause {
                None => self.socket.send(Message::text(said.text.clone())).await?,
                Some(pause) => {
                    for byte in frame(&said.text) {
                        self.write(&[byte]).await?;
                        if pause.is_zero() {
                            // Even a sleep of no time would last until the timer's next step.
                            yield_now().await;
                        } else {
                            sleep(pause).await;
                        }
                    }
                }
            }
        }
        if copies > 0 {
            self.let_go(true).await?;
        }
        Ok(())
    }

    /// Sends what was held back long enough. `passed`: another message was
    /// sent.
    async fn let_go(&mut self, passed: bool) -> Result<(), End> {
        if self.held.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        for held in &mut self.held {
            held.others = held.others.saturating_sub(u32::from(passed));
        }
        let due = |held: &mut Held| held.others == 0 || held.until <= now;
        let due: Vec<Held> = self.held.extract_if(.., due).collect();
        for held in due {
            self.socket.send(Message::text(held.said.text)).await?;
        }
        Ok(())
    }

    /// Bytes as they are, behind all that was sent.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.socket.flush().await?;
        let stream = self.socket.get_mut();
        stream.write_all(bytes).await?;
        Ok(stream.flush().await?)
    }

    /// Reads what comes, without a word.
    async fn ignore(&mut self) {
        let mut nowhere = [0; 4096];
        while let Ok(1..) = self.socket.get_mut().read(&mut nowhere).await {}
    }

    /// Says goodbye, and hangs up once the client has heard it: what is left
    /// unread would let the system throw the close frame away.
    async fn close(&mut self, farewell: Farewell) {
        let frame = CloseFrame {
            code: farewell.code.into(),
            reason: farewell.reason.into(),
        };
        let goodbye = async {
            // It may be gone already.
            let _ = self.socket.send(Message::Close(Some(frame))).await;
            let _ = self.socket.get_mut().shutdown().await;
            self.ignore().await;
        };
        // A client that doesn't hang up is hung up on.
        let _ = timeout(FAREWELL, goodbye).await;
    }
}

/// A text frame as bytes.
fn frame(text: &str) -> Vec<u8> {
    let length = text.len();
    let mut frame = vec![0x81];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..126), _) => frame.push(short),
        (_, Ok(middle)) => {
            frame.push(126);
            frame.extend_from_slice(&middle.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// JSON with one more member in each of its objects.
fn with_unknown_members(text: &str) -> String {
    fn add(value: &mut Json) {
        match value {
            Json::List(elements) => elements.iter_mut().for_each(add),
            Json::Object(members) => {
                members.values_mut().for_each(add);
                let nested = object! { "of" => list![Json::Null, 1_u32] };
                members.insert("NotYetDocumented".to_owned(), nested);
            }
            _ => {}
        }
    }
    match Json::parse(text.as_bytes()) {
        Some(mut value) => {
            add(&mut value);
            value.to_string()
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_length_in_the_shortest_form() {
        for (length, head) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = frame(&"x".repeat(length));
            assert_eq!(frame[..head.len()], head);
            assert_eq!(frame.len(), head.len() + length);
        }
    }

    #[test]
    fn every_object_gets_a_member_and_no_digit_changes() {
        let text = with_unknown_members(r#"{"a":1.10,"data":[{"b":"x"},2]}"#);
        let extra = r#""NotYetDocumented":{"of":[null,1]}"#;
        let expected = format!(r#"{{"a":1.10,"data":[{{"b":"x",{extra}}},2],{extra}}}"#);
        assert_eq!(text, expected);
        assert_eq!(with_unknown_members("{half"), "{half");
    }
}
