//! Streams of pages, over a call that answers what the test says.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use exchange_transport::paging::{CursorPosition, Items, Next, Page, Paged, Pages};
use exchange_transport::{Access, Answer, Effect, Error, Kind, Operation, Pace, Permission};

static LIST: Operation = Operation {
    api: "test",
    id: "list",
    rust_method: "list",
    method: http::Method::GET,
    path: "/list",
    access: Access::Public,
    permission: Permission::NotNeeded,
    effect: Effect::Read,
    pace: Pace {
        counter: "test",
        cost: 1,
    },
    answer: Answer::Bare,
};

/// What a call gives, in the order of the calls.
type Given = Result<(&'static [&'static str], Next<CursorPosition>), Kind>;

type Answers = VecDeque<Result<(Vec<&'static str>, Next<CursorPosition>), Error>>;

/// Items that begin with `?` have no id.
#[derive(Clone)]
struct List {
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<CursorPosition>>>,
}

impl List {
    fn new<const N: usize>(answers: [Given; N]) -> Self {
        let answers = answers
            .into_iter()
            .map(|answer| match answer {
                Ok((items, next)) => Ok((items.to_vec(), next)),
                Err(kind) => Err(Error::new(kind)),
            })
            .collect();
        Self {
            answers: Arc::new(Mutex::new(answers)),
            asked: Arc::default(),
        }
    }

    fn items(&self) -> Items<Self> {
        Items::new(self.clone(), CursorPosition::Start)
    }

    fn pages(&self) -> Pages<Self> {
        Pages::new(self.clone(), CursorPosition::Start)
    }

    fn asked(&self) -> Vec<CursorPosition> {
        self.asked.lock().unwrap().clone()
    }
}

impl Paged for List {
    type Item = &'static str;
    type Position = CursorPosition;
    const OPERATION: &'static Operation = &LIST;

    async fn page(self, position: CursorPosition) -> Result<Page<Self>, Error> {
        self.asked.lock().unwrap().push(position);
        // So that a page is not there when it is asked for.
        tokio::task::yield_now().await;
        let answer = self.answers.lock().unwrap().pop_front();
        let (items, next) = answer.expect("one page too many")?;
        Ok(Page { items, next })
    }

    fn id<'a>(item: &'a &'static str) -> Option<&'a str> {
        (!item.starts_with('?')).then_some(*item)
    }
}

fn at(cursor: &str) -> CursorPosition {
    CursorPosition::Cursor(cursor.to_owned())
}

fn then(cursor: &str) -> Next<CursorPosition> {
    Next::Page(at(cursor))
}

/// What comes before the first error or the end.
async fn taken(items: &mut Items<List>) -> (Vec<&'static str>, Option<Error>) {
    let mut taken = Vec::new();
    loop {
        match items.next().await {
            Some(Ok(item)) => taken.push(item),
            Some(Err(error)) => return (taken, Some(error)),
            None => return (taken, None),
        }
    }
}

#[test]
fn streams_can_be_moved_between_threads_and_need_no_pinning() {
    fn check<T: Send + Unpin>() {}
    check::<Items<List>>();
    check::<Pages<List>>();
}

#[tokio::test]
async fn a_page_is_asked_for_when_it_is_needed_and_not_before() {
    let list = List::new([Ok((&["a", "b"], then("1"))), Ok((&["c"], Next::End))]);
    let mut items = list.items();
    assert_eq!(list.asked(), []);
    assert_eq!(items.position(), Some(&CursorPosition::Start));
    assert_eq!(items.next().await.unwrap().unwrap(), "a");
    // In the middle of the first page.
    assert_eq!(items.position(), Some(&CursorPosition::Start));
    assert_eq!(items.next().await.unwrap().unwrap(), "b");
    assert_eq!(items.position(), Some(&at("1")));
    assert_eq!(list.asked(), [CursorPosition::Start]);
    assert_eq!(items.next().await.unwrap().unwrap(), "c");
    assert_eq!(list.asked(), [CursorPosition::Start, at("1")]);
    assert!(items.next().await.is_none());
    assert_eq!(items.position(), None);
    // It stays at its end.
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn an_empty_list_is_the_end_at_once() {
    let list = List::new([Ok((&[], Next::End))]);
    assert!(list.pages().next().await.is_none());
    assert_eq!(list.asked().len(), 1);
}

#[tokio::test]
async fn after_an_error_the_same_page_is_asked_for_again() {
    let list = List::new([
        Ok((&["a"], then("1"))),
        Err(Kind::Timeout),
        Err(Kind::Unavailable),
        Ok((&["b"], Next::End)),
    ]);
    let mut items = list.items();
    let (first, error) = taken(&mut items).await;
    assert_eq!(first, ["a"]);
    let error = error.unwrap();
    assert_eq!(error.kind(), Kind::Timeout);
    assert_eq!(error.operation().unwrap().id, "list");
    assert_eq!(items.position(), Some(&at("1")));
    // Nothing is asked for until the stream is polled again.
    assert_eq!(list.asked().len(), 2);
    let (none, error) = taken(&mut items).await;
    assert!(none.is_empty());
    assert_eq!(error.unwrap().kind(), Kind::Unavailable);
    let (second, end) = taken(&mut items).await;
    assert_eq!(second, ["b"]);
    assert!(end.is_none());
    assert_eq!(
        list.asked(),
        [CursorPosition::Start, at("1"), at("1"), at("1")]
    );
}

#[tokio::test]
async fn a_dropped_next_loses_no_page() {
    let list = List::new([Ok((&["a"], Next::End))]);
    let mut items = list.items();
    {
        let mut next = pin!(items.next());
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(next.as_mut().poll(&mut context), Poll::Pending));
    }
    assert_eq!(items.next().await.unwrap().unwrap(), "a");
    assert_eq!(list.asked().len(), 1);
}

#[tokio::test]
async fn a_cursor_that_comes_again_ends_the_stream() {
    let stuck = List::new([Ok((&["a"], then("1"))), Ok((&["b"], then("1")))]);
    let circle = List::new([
        Ok((&["a"], then("1"))),
        Ok((&["b"], then("2"))),
        Ok((&["?c"], then("1"))),
    ]);
    for (list, expected) in [(stuck, vec!["a", "b"]), (circle, vec!["a", "b", "?c"])] {
        let mut items = list.items();
        let (items_taken, error) = taken(&mut items).await;
        assert_eq!(items_taken, expected);
        let error = error.unwrap();
        assert_eq!(error.kind(), Kind::Decode);
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("`1`, came before"), "{error}");
        assert!(items.next().await.is_none());
    }
}

#[tokio::test]
async fn a_page_that_repeats_ends_the_stream() {
    let list = List::new([
        Ok((&["a", "b"], then("1"))),
        // Once it may be that the list has just moved by a page.
        Ok((&["b", "a"], then("2"))),
        Ok((&["c"], then("3"))),
        Ok((&["c"], then("4"))),
        Ok((&["c"], then("5"))),
    ]);
    let mut items = list.items();
    let (items_taken, error) = taken(&mut items).await;
    assert_eq!(items_taken, ["a", "b", "c"]);
    let error = error.unwrap();
    assert!(error.to_string().contains("repeats"), "{error}");
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn pages_without_anything_new_end_the_stream_in_the_long_run() {
    let cursors = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
    let list = List::new(cursors.map(|cursor| Ok((&[][..], then(cursor)))));
    let (none, error) = taken(&mut list.items()).await;
    assert!(none.is_empty());
    let error = error.unwrap();
    assert!(error.to_string().contains("nothing new"), "{error}");
    assert_eq!(list.asked().len(), 10);
}

#[tokio::test]
async fn a_few_pages_without_anything_new_are_passed_over() {
    let list = List::new([
        Ok((&["a"], then("1"))),
        Ok((&[], then("2"))),
        Ok((&["a"], then("3"))),
        Ok((&["b"], Next::End)),
    ]);
    let mut pages = list.pages();
    assert_eq!(pages.next().await.unwrap().unwrap(), ["a"]);
    assert_eq!(pages.next().await.unwrap().unwrap(), ["b"]);
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn what_comes_twice_is_left_out_if_it_has_an_id() {
    let list = List::new([
        Ok((&["a", "b", "?", "?"], then("1"))),
        Ok((&["b", "c", "c", "?"], Next::End)),
    ]);
    let (items, error) = taken(&mut list.items()).await;
    assert_eq!(items, ["a", "b", "?", "?", "c", "?"]);
    assert!(error.is_none());
}

#[tokio::test]
async fn a_list_that_may_grow_keeps_its_position() {
    let list = List::new([
        Ok((&["a"], then("1"))),
        Ok((&[], Next::Later(at("2")))),
        Ok((&["b"], Next::Later(at("3")))),
    ]);
    let mut pages = list.pages();
    assert_eq!(pages.next().await.unwrap().unwrap(), ["a"]);
    assert!(pages.next().await.is_none());
    assert!(pages.next().await.is_none());
    let reached = pages.position().unwrap().clone();
    assert_eq!(reached, at("2"));
    let mut later = Pages::new(list.clone(), reached);
    assert_eq!(later.next().await.unwrap().unwrap(), ["b"]);
    assert_eq!(list.asked(), [CursorPosition::Start, at("1"), at("2")]);
}

#[test]
fn positions_can_be_stored() {
    for position in [CursorPosition::Start, at("HgAAAg")] {
        let stored = serde_json::to_string(&position).unwrap();
        assert_eq!(
            serde_json::from_str::<CursorPosition>(&stored).unwrap(),
            position
        );
    }
}

#[test]
fn offsets_end_with_the_total_or_an_empty_page() {
    let next = |offset, rows, total| Next::at_offset(offset, rows, total).unwrap();
    assert_eq!(next(0, 100, Some(250)), Next::Page(100));
    assert_eq!(next(200, 50, Some(250)), Next::End);
    // Fewer rows than asked for, but not all there are.
    assert_eq!(next(100, 20, Some(250)), Next::Page(120));
    assert_eq!(next(100, 20, None), Next::Page(120));
    assert_eq!(next(120, 0, None), Next::End);
    assert_eq!(next(0, 0, Some(0)), Next::End);
    // A total that makes no sense is none.
    assert_eq!(next(0, 5, Some(-1)), Next::Page(5));
    let error = Next::at_offset(100, 0, Some(250)).unwrap_err();
    assert!(error.to_string().contains("from row 100 on"), "{error}");
    assert!(Next::at_offset(u32::MAX, 1, None).is_err());
}

#[test]
fn debug_tells_the_call_and_the_position() {
    let text = format!("{:?}", List::new([]).items());
    assert!(text.contains("list") && text.contains("Start"), "{text}");
}
