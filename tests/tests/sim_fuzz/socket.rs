//! A WebSocket by hand, which also says what no library would.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How long the venue may keep silent where it has to say something.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// The bit of a frame that is the last of its message.
pub(crate) const LAST: u8 = 0x80;

/// A frame as a client sends it, with the shortest form of its length.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x5a, 0x00, 0xff, 0x13];
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..126), _) => frame.push(0x80 | short),
        (_, Ok(middle)) => {
            frame.push(0xfe);
            frame.extend(middle.to_be_bytes());
        }
        _ => {
            frame.push(0xff);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
    frame
}

/// What the venue sent.
#[derive(Debug)]
pub(crate) enum Came {
    Text(String),
    Pong(Vec<u8>),
    /// With the code of the close frame, if it has one.
    Close(Option<u16>),
    /// No close frame, or nothing after it.
    End,
}

/// A connection, and what of it is not yet looked at.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Socket {
    pub(crate) async fn connect(host: &str) -> Self {
        let stream = timeout(PATIENCE, TcpStream::connect(host)).await.unwrap();
        let stream = stream.unwrap();
        stream.set_nodelay(true).unwrap();
        let unread = Vec::new();
        Self { stream, unread }
    }

    /// Whether all was taken: the venue may have hung up.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        let written = timeout(PATIENCE, self.stream.write_all(bytes)).await;
        written.unwrap().is_ok()
    }

    /// Sends no more, but listens.
    pub(crate) async fn finish(&mut self) {
        // The venue may be gone.
        let _ = self.stream.shutdown().await;
    }

    /// Reads some more; whether there was any.
    async fn read(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        // One that hung up in the middle of what it was sent resets the connection.
        let read = read.unwrap_or_else(|_| panic!("the venue said nothing"));
        let read = read.unwrap_or(0);
        read > 0
    }

    /// The head of an answer; of one that is cut off, what there is.
    pub(crate) async fn head(&mut self) -> Vec<u8> {
        loop {
            let mut windows = self.unread.windows(4);
            if let Some(end) = windows.position(|window| window == b"\r\n\r\n") {
                return self.unread.drain(..end + 4).collect();
            }
            if !self.read().await {
                return std::mem::take(&mut self.unread);
            }
        }
    }

    /// The next message, which the venue sends unmasked and in one piece.
    pub(crate) async fn hear(&mut self) -> Came {
        let (first, payload) = loop {
            if let Some(frame) = self.whole_frame() {
                break frame;
            }
            if !self.read().await {
                assert!(self.unread.is_empty(), "half a frame: {:?}", self.unread);
                return Came::End;
            }
        };
        assert_eq!(first & 0xf0, LAST, "{first:#x}");
        match first & 0x0f {
            TEXT => Came::Text(String::from_utf8(payload).unwrap()),
            PONG => Came::Pong(payload),
            CLOSE => match payload.as_slice() {
                [] => Came::Close(None),
                [high, low, reason @ ..] => {
                    assert!(std::str::from_utf8(reason).is_ok());
                    Came::Close(Some(u16::from_be_bytes([*high, *low])))
                }
                [_] => panic!("half a code"),
            },
            other => panic!("a frame of kind {other}"),
        }
    }

    fn whole_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (&first, &second) = (self.unread.first()?, self.unread.get(1)?);
        let (start, length) = match second {
            126 => {
                let bytes = self.unread.get(2..4)?.try_into().unwrap();
                (4, usize::from(u16::from_be_bytes(bytes)))
            }
            127 => {
                let bytes = self.unread.get(2..10)?.try_into().unwrap();
                (10, usize::try_from(u64::from_be_bytes(bytes)).unwrap())
            }
            short => {
                assert!(short < 126, "masked by the venue");
                (2, usize::from(short))
            }
        };
        self.unread.get(start..start + length)?;
        let frame: Vec<u8> = self.unread.drain(..start + length).collect();
        Some((first, frame[start..].to_vec()))
    }
}
