//! Lists that a venue gives page by page, as streams.
//!
//! A venue crate implements [`Paged`] for each of its calls that pages, and [`paged!`](crate::paged!)
//! gives the call its four methods: `stream`, `stream_from`, `pages` and `pages_from`. What they
//! return, [`Items`] and [`Pages`], is a [`Stream`], and has a `next` of its own for those who need
//! no more than that.
//!
//! * Every page is an ordinary call: signed, paced, repeated and limited in time like any other.
//!   The next page is asked for when all of this one has been taken, not before.
//! * After an error nothing is asked for until the stream is polled again; that asks for the same
//!   page once more. What was given before stays given.
//! * `position` says where the stream stands; it can be stored, and given to `stream_from` later.
//! * Rows that come twice because the list grew meanwhile are left out, where they have an id.
//! * A venue that leads in a circle ends the stream with an error that says so, of
//!   [`Kind::Decode`]: a cursor that comes again, a page that repeats, page after page with
//!   nothing new.
//!
//! # Example
//!
//! ```
//! use exchange_transport::paging::{Next, Page, Paged};
//! use exchange_transport::{Access, Answer, Effect, Error, Operation, Pace, Permission, paged};
//!
//! static LIST_LETTERS: Operation = Operation {
//!     api: "example",
//!     id: "listLetters",
//!     rust_method: "list_letters",
//!     method: http::Method::GET,
//!     path: "/letters",
//!     access: Access::Public,
//!     permission: Permission::NotNeeded,
//!     effect: Effect::Read,
//!     pace: Pace { counter: "example-ip", cost: 1 },
//!     answer: Answer::Bare,
//! };
//!
//! #[derive(Clone)]
//! struct ListLetters;
//!
//! impl Paged for ListLetters {
//!     type Item = char;
//!     type Position = u32;
//!     const OPERATION: &'static Operation = &LIST_LETTERS;
//!
//!     async fn page(self, offset: u32) -> Result<Page<Self>, Error> {
//!         // Ten letters a page; a real call would be sent here.
//!         let items: Vec<char> = ('a'..='z').skip(offset as usize).take(10).collect();
//!         let next = Next::at_offset(offset, items.len(), Some(26))?;
//!         Ok(Page { items, next })
//!     }
//! }
//!
//! paged! {
//!     /// All letters.
//!     ListLetters, 0
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! let mut pages = ListLetters.pages_from(20);
//! assert_eq!(pages.next().await.transpose()?, Some(('u'..='z').collect()));
//! assert!(pages.next().await.is_none());
//! # Ok(())
//! # }
//! ```

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::operation::Operation;

/// How many pages in a row may bring nothing new: a list that grows quickly while it is read
/// shifts rows that were seen to the next pages, and a filter may leave a page empty.
const IDLE_PAGES: u32 = 10;

/// How many pages in a row may bring the very rows of the one before: exactly as many new rows as
/// a page is long shift a list by offset so, which is likely with very short pages.
const SAME_PAGES: u32 = 1;

/// Of how many pages the ids are kept, to know a row that comes twice. It takes as many idle pages
/// to forget one.
const REMEMBERED_PAGES: usize = 10;

/// A call that gives its list page by page.
pub trait Paged: Clone + Send + Sync + 'static {
    /// What the list holds.
    type Item: Send + 'static;
    /// Where a page begins.
    type Position: Position;
    /// The call's row in the table of operations.
    const OPERATION: &'static Operation;

    /// Asks for the page at `position`.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`Kind::Decode`] if the answer does not say how to go on.
    fn page(
        self,
        position: Self::Position,
    ) -> impl Future<Output = Result<Page<Self>, Error>> + Send;

    /// What tells the item from all others of the list, if anything does.
    fn id(_item: &Self::Item) -> Option<&str> {
        None
    }

    /// The number that tells the item from all others of the list, for items that have that in
    /// place of an [`id`](Self::id).
    fn number(_item: &Self::Item) -> Option<i64> {
        None
    }
}

/// Where a page of a list begins: small, and to be stored if wished.
pub trait Position: Clone + fmt::Debug + Send + Sync + 'static {
    /// The venue's cursor; it must not come twice.
    fn cursor(&self) -> Option<&str> {
        None
    }
}

/// The number of rows before the page.
impl Position for u32 {}

/// Where a page begins in a list that is paged by cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CursorPosition {
    /// At the beginning of the list.
    #[default]
    Start,
    /// Where the page before said.
    Cursor(String),
}

impl Position for CursorPosition {
    fn cursor(&self) -> Option<&str> {
        match self {
            Self::Start => None,
            Self::Cursor(cursor) => Some(cursor),
        }
    }
}

/// One page of a list.
#[derive(Debug)]
pub struct Page<C: Paged> {
    /// Its items.
    pub items: Vec<C::Item>,
    /// What comes after it.
    pub next: Next<C::Position>,
}

/// What comes after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<P> {
    /// Another page.
    Page(P),
    /// Nothing for now: a later call may go on from here.
    Later(P),
    /// Nothing: that was the whole list.
    End,
}

impl Next<CursorPosition> {
    /// After a page that named the cursor of the next one, or none.
    pub fn at_cursor(cursor: Option<String>) -> Self {
        match cursor {
            Some(cursor) if !cursor.is_empty() => Self::Page(CursorPosition::Cursor(cursor)),
            _ => Self::End,
        }
    }
}

impl Next<u32> {
    /// After a page of `rows` rows, with `offset` rows before it, of a list that has `total` of
    /// them if the venue said so.
    ///
    /// Without a total only a page without rows is the end: a short page need not be the last one
    /// where the venue has a limit of its own.
    ///
    /// # Errors
    ///
    /// [`Kind::Decode`] if the page is empty though the venue counts more rows.
    pub fn at_offset(offset: u32, rows: usize, total: Option<i64>) -> Result<Self, Error> {
        let total = total.and_then(|total| u32::try_from(total).ok());
        let reached = u32::try_from(rows)
            .ok()
            .and_then(|rows| offset.checked_add(rows))
            .ok_or_else(|| broken("the list is too long to be paged by offset"))?;
        match total {
            Some(total) if reached >= total => Ok(Self::End),
            Some(total) if rows == 0 => Err(broken(format!(
                "the page from row {offset} on is empty, though the venue counts {total} rows"
            ))),
            None if rows == 0 => Ok(Self::End),
            _ => Ok(Self::Page(reached)),
        }
    }
}

/// An error about an answer that leads nowhere.
fn broken(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Decode).with_text(text)
}

type PageFuture<C> = Pin<Box<dyn Future<Output = Result<Page<C>, Error>> + Send>>;

/// The pages of a list, each a `Vec` that is not empty.
///
/// See the [module](self) for errors, positions and repeats.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<C: Paged> {
    call: C,
    /// Of the next page.
    position: Option<C::Position>,
    /// Of the page given last.
    given: Option<C::Position>,
    busy: Option<PageFuture<C>>,
    /// Comes after the items that came with it, and then the end.
    fault: Option<Error>,
    ended: bool,
    cursors: HashSet<String>,
    /// The ids of the last pages, the latest first.
    recent: VecDeque<HashSet<String>>,
    idle: u32,
    same: u32,
}

/// Nothing of it is pinned: the future has a box of its own.
impl<C: Paged> Unpin for Pages<C> {}

impl<C: Paged> Pages<C> {
    /// The pages of `call` from `position` on.
    pub fn new(call: C, position: C::Position) -> Self {
        Self {
            call,
            position: Some(position),
            given: None,
            busy: None,
            fault: None,
            ended: false,
            cursors: HashSet::new(),
            recent: VecDeque::new(),
            idle: 0,
            same: 0,
        }
    }

    /// Where the next page begins; after an error, the page that failed. `None` when there is
    /// nothing more to come. A list that keeps growing at its end has a position even then: that
    /// of what is still to happen.
    pub fn position(&self) -> Option<&C::Position> {
        self.position.as_ref()
    }

    /// The next page; `None` at the end.
    ///
    /// A dropped future does no harm: the page is asked for, or waited for, by the next one.
    ///
    /// # Errors
    ///
    /// Those of the call. The next call of this asks for the same page again.
    pub async fn next(&mut self) -> Option<Result<Vec<C::Item>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Takes what the venue answered for the page at `position`, and gives what is new in it.
    fn take(&mut self, position: C::Position, page: Page<C>) -> Vec<C::Item> {
        let items = self.fresh(page.items);
        if let Some(cursor) = position.cursor() {
            self.cursors.insert(cursor.to_owned());
        }
        self.given = Some(position);
        self.idle = if items.is_empty() { self.idle + 1 } else { 0 };
        if let Some(text) = self.circle(&page.next) {
            self.fault = Some(broken(text).on(C::OPERATION));
            return items;
        }
        self.ended = !matches!(page.next, Next::Page(_));
        self.position = match page.next {
            Next::Page(next) | Next::Later(next) => Some(next),
            Next::End => None,
        };
        items
    }

    /// What shows that the venue leads in a circle, if anything does.
    fn circle(&self, next: &Next<C::Position>) -> Option<String> {
        let same = match next {
            Next::Page(_) => self.same > SAME_PAGES,
            // The end of another list than the one that was given.
            Next::End => self.same > 0,
            Next::Later(_) => return None,
        };
        if same {
            return Some(format!(
                "the page at {:?} repeats the one before",
                self.given
            ));
        }
        let Next::Page(next) = next else {
            return None;
        };
        if let Some(cursor) = next.cursor()
            && self.cursors.contains(cursor)
        {
            return Some(format!(
                "the cursor of the next page, `{cursor}`, came before"
            ));
        }
        (self.idle >= IDLE_PAGES)
            .then(|| format!("{IDLE_PAGES} pages in a row brought nothing new"))
    }

    /// The items that did not come before.
    fn fresh(&mut self, items: Vec<C::Item>) -> Vec<C::Item> {
        let mut ids = HashSet::new();
        let mut fresh = Vec::with_capacity(items.len());
        for item in items {
            let id = C::id(&item)
                .map(str::to_owned)
                .or_else(|| C::number(&item).map(|number| number.to_string()));
            let known = id.is_some_and(|id| {
                let before = self.recent.iter().any(|ids| ids.contains(&id));
                let here = !ids.insert(id);
                before || here
            });
            if !known {
                fresh.push(item);
            }
        }
        let same = fresh.is_empty() && !ids.is_empty() && self.recent.front() == Some(&ids);
        self.same = if same { self.same + 1 } else { 0 };
        self.recent.truncate(REMEMBERED_PAGES - 1);
        self.recent.push_front(ids);
        fresh
    }
}

impl<C: Paged> Stream for Pages<C> {
    type Item = Result<Vec<C::Item>, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(fault) = this.fault.take() {
                this.ended = true;
                return Poll::Ready(Some(Err(fault)));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            let Some(position) = this.position.clone() else {
                return Poll::Ready(None);
            };
            let call = &this.call;
            let page = this
                .busy
                .get_or_insert_with(|| Box::pin(call.clone().page(position.clone())));
            let page = ready!(page.as_mut().poll(context));
            this.busy = None;
            let items = match page {
                Ok(page) => this.take(position, page),
                Err(error) => {
                    let error = match error.operation() {
                        Some(_) => error,
                        None => error.on(C::OPERATION),
                    };
                    return Poll::Ready(Some(Err(error)));
                }
            };
            if !items.is_empty() {
                return Poll::Ready(Some(Ok(items)));
            }
        }
    }
}

impl<C: Paged> fmt::Debug for Pages<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("operation", &C::OPERATION.id)
            .field("position", &self.position)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// The items of a list, one after the other.
///
/// See the [module](self) for errors, positions and repeats.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<C: Paged> {
    pages: Pages<C>,
    /// What is left of the page given last.
    rest: std::vec::IntoIter<C::Item>,
}

/// Nothing of it is pinned.
impl<C: Paged> Unpin for Items<C> {}

impl<C: Paged> Items<C> {
    /// The items of `call` from `position` on.
    pub fn new(call: C, position: C::Position) -> Self {
        Self {
            pages: Pages::new(call, position),
            rest: Vec::new().into_iter(),
        }
    }

    /// Where the page of the next item begins, or [`Pages::position`] if that page is still to be
    /// asked for.
    ///
    /// A stream from here misses nothing. In the middle of a page it gives the items of this page
    /// again that were taken already; use `pages` where none may come twice.
    pub fn position(&self) -> Option<&C::Position> {
        if self.rest.len() > 0 {
            self.pages.given.as_ref()
        } else {
            self.pages.position()
        }
    }

    /// The next item; `None` at the end.
    ///
    /// A dropped future does no harm: the page is asked for, or waited for, by the next one.
    ///
    /// # Errors
    ///
    /// Those of the call. The next call of this asks for the same page again.
    pub async fn next(&mut self) -> Option<Result<C::Item, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<C: Paged> Stream for Items<C> {
    type Item = Result<C::Item, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.rest.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                Some(Ok(items)) => this.rest = items.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<C: Paged> fmt::Debug for Items<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("left_of_page", &self.rest.len())
            .finish()
    }
}

/// Gives a call that is [`Paged`] the methods `stream`, `stream_from`, `pages` and `pages_from`.
///
/// The text is the documentation of `stream`: what is particular about the list. The expression is
/// the position of the first page.
#[macro_export]
macro_rules! paged {
    ($(#[$text:meta])* $call:ty, $start:expr) => {
        impl $call {
            $(#[$text])*
            ///
            /// Give it all filters before; how to page is the stream's own business. See
            /// [`paging`](crate::paging) for errors and how to go on later.
            pub fn stream(self) -> $crate::paging::Items<Self> {
                $crate::paging::Items::new(self, $start)
            }

            /// Like [`stream`](Self::stream), from a position that a stream of the same call, with
            /// the same filters, told.
            pub fn stream_from(
                self,
                position: <Self as $crate::paging::Paged>::Position,
            ) -> $crate::paging::Items<Self> {
                $crate::paging::Items::new(self, position)
            }

            /// Like [`stream`](Self::stream), with all items of a page at once.
            pub fn pages(self) -> $crate::paging::Pages<Self> {
                $crate::paging::Pages::new(self, $start)
            }

            /// Like [`pages`](Self::pages), from a position that a stream of the same call, with
            /// the same filters, told.
            pub fn pages_from(
                self,
                position: <Self as $crate::paging::Paged>::Position,
            ) -> $crate::paging::Pages<Self> {
                $crate::paging::Pages::new(self, position)
            }
        }
    };
}
