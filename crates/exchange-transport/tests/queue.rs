//! The queue of a key under every order of events that is possible.
//!
//! A few calls run on an executor that is a model of all executors: at each
//! step it chooses which of the runnable calls goes on, or drops one. The
//! tests go through all choices, from the start for each, so what holds here
//! holds for every schedule of so many calls. (What happens inside one step,
//! between threads, is the business of `tokio::sync`, which its authors check
//! in the same way.)

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use exchange_transport::{InFlight, KeyQueue, Kind};

/// What the calls did so far.
#[derive(Default)]
struct World {
    last_nonce: u32,
    /// Nonces in the order in which the requests were handed over.
    handed_over: Vec<u32>,
    /// Calls that wait for their turn in the order of their arrival, and how
    /// many each allows in flight.
    waiting: VecDeque<(usize, u32)>,
    /// Calls that have their turn, likewise.
    in_turn: Vec<(usize, u32)>,
    answered: usize,
}

type Shared = Rc<RefCell<World>>;

/// Keeps the world right when a call is dropped.
struct Presence {
    world: Shared,
    call: usize,
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut world = self.world.borrow_mut();
        world.waiting.retain(|(call, _)| *call != self.call);
        world.in_turn.retain(|(call, _)| *call != self.call);
    }
}

/// Anything else may happen here.
async fn meanwhile() {
    let mut first = true;
    poll_fn(|context| {
        if std::mem::take(&mut first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

/// A call as the engine makes it.
async fn call(queue: Rc<KeyQueue>, world: Shared, call: usize, in_flight: u32) {
    world.borrow_mut().waiting.push_back((call, in_flight));
    // Declared first, so that the turn ends before the world is told.
    let presence = Presence {
        world: Rc::clone(&world),
        call,
    };
    let turn = queue.turn(InFlight::new(in_flight).unwrap()).await;
    {
        // Those before it may have been served in the same moment and not have
        // gone on yet. Then there must be room for all of them.
        let mut world = world.borrow_mut();
        let place = world
            .waiting
            .iter()
            .position(|(waiting, _)| *waiting == call);
        let mut served: Vec<(usize, u32)> = world.waiting.drain(..=place.unwrap()).collect();
        let this = served.pop().unwrap();
        for before in served.iter().rev() {
            world.waiting.push_front(*before);
        }
        world.in_turn.push(this);
        served.extend(&world.in_turn);
        let fewest = served.iter().map(|(_, allowed)| *allowed).min().unwrap();
        assert!(served.len() <= fewest as usize, "out of turn, or too many");
    }
    let order = queue.order().await;
    let nonce = {
        let mut world = world.borrow_mut();
        world.last_nonce += 1;
        world.last_nonce
    };
    // The nonce is on its way back from a file.
    meanwhile().await;
    {
        let mut world = world.borrow_mut();
        let rises = world.handed_over.last().is_none_or(|last| *last < nonce);
        assert!(rises, "overtaken");
        world.handed_over.push(nonce);
    }
    drop(order);
    // The answer is on its way.
    meanwhile().await;
    world.borrow_mut().answered += 1;
    // As the turn ends and not after it: who is woken may look at once.
    drop(presence);
    drop(turn);
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    woken: Arc<Woken>,
}

/// The choices of one run: which option was taken of how many.
#[derive(Default)]
struct Choices {
    taken: Vec<(usize, usize)>,
    next: usize,
}

impl Choices {
    fn choose(&mut self, options: usize) -> usize {
        if self.next == self.taken.len() {
            self.taken.push((0, options));
        }
        let (option, known) = self.taken[self.next];
        assert_eq!(known, options, "a run is the same each time");
        self.next += 1;
        option
    }

    /// Moves on to the next run; false if there is none.
    fn advance(&mut self) -> bool {
        self.next = 0;
        while let Some((option, options)) = self.taken.pop() {
            if option + 1 < options {
                self.taken.push((option + 1, options));
                return true;
            }
        }
        false
    }
}

/// Goes through all schedules of calls that allow so many in flight, with at
/// most `drops` of them dropped on the way. Returns how many schedules.
fn explore(in_flight: &[u32], drops: usize) -> usize {
    let mut choices = Choices::default();
    let mut runs = 0;
    loop {
        run(in_flight, drops, &mut choices);
        runs += 1;
        if !choices.advance() {
            return runs;
        }
    }
}

fn run(in_flight: &[u32], mut drops: usize, choices: &mut Choices) {
    let queue = Rc::new(KeyQueue::new());
    let world = Shared::default();
    let mut tasks: Vec<Task> = in_flight
        .iter()
        .enumerate()
        .map(|(number, allowed)| Task {
            future: Some(Box::pin(call(
                Rc::clone(&queue),
                Rc::clone(&world),
                number,
                *allowed,
            ))),
            woken: Arc::new(Woken(AtomicBool::new(true))),
        })
        .collect();
    let mut dropped = 0;
    loop {
        let alive = |task: &Task| task.future.is_some();
        let runnable: Vec<usize> = (0..tasks.len())
            .filter(|task| alive(&tasks[*task]) && tasks[*task].woken.0.load(Ordering::Relaxed))
            .collect();
        if runnable.is_empty() {
            break;
        }
        let droppable: Vec<usize> = match drops {
            0 => Vec::new(),
            _ => (0..tasks.len())
                .filter(|task| alive(&tasks[*task]))
                .collect(),
        };
        let choice = choices.choose(runnable.len() + droppable.len());
        if let Some(task) = runnable.get(choice) {
            let task = &mut tasks[*task];
            task.woken.0.store(false, Ordering::Relaxed);
            let waker = Waker::from(Arc::clone(&task.woken));
            let future = task.future.as_mut().unwrap().as_mut();
            if future.poll(&mut Context::from_waker(&waker)).is_ready() {
                task.future = None;
            }
        } else {
            tasks[droppable[choice - runnable.len()]].future = None;
            drops -= 1;
            dropped += 1;
        }
    }
    // Nobody is woken any more: nobody may be left.
    let world = world.borrow();
    assert!(tasks.iter().all(|task| task.future.is_none()), "forgotten");
    assert!(world.waiting.is_empty() && world.in_turn.is_empty());
    assert!(world.answered + dropped >= in_flight.len());
}

#[test]
fn one_at_a_time_in_every_order() {
    assert!(explore(&[1, 1, 1, 1, 1], 0) > 10_000);
}

#[test]
fn several_at_a_time_in_every_order() {
    assert!(explore(&[2, 2, 2, 2], 0) > 10_000);
}

#[test]
fn clients_that_allow_different_numbers_in_every_order() {
    for in_flight in [[1, 2, 2, 3], [2, 1, 2, 1], [2, 2, 1, 2], [3, 3, 1, 2]] {
        assert!(explore(&in_flight, 0) > 1_000);
    }
}

#[test]
fn calls_that_are_dropped_at_any_moment() {
    assert!(explore(&[1, 1, 1, 1], 1) > 10_000);
    assert!(explore(&[1, 1, 1], 3) > 1_000);
    assert!(explore(&[2, 2, 2], 2) > 10_000);
    assert!(explore(&[2, 1, 2], 2) > 5_000);
}

/// Exactly as many as allowed fit, for each number that can be asked for.
#[test]
fn every_number_in_flight_is_exact() {
    for calls in 1..=InFlight::MAX {
        let queue = KeyQueue::new();
        let in_flight = InFlight::new(calls).unwrap();
        assert_eq!(in_flight.calls(), calls);
        let mut context = Context::from_waker(Waker::noop());
        let mut turns = Vec::new();
        for _ in 0..calls {
            match std::pin::pin!(queue.turn(in_flight)).poll(&mut context) {
                Poll::Ready(turn) => turns.push(turn),
                Poll::Pending => panic!("less than {calls} at the same time"),
            }
        }
        let one_more = std::pin::pin!(queue.turn(in_flight)).poll(&mut context);
        assert!(one_more.is_pending(), "more than {calls} at the same time");
    }
}

#[test]
fn numbers_that_can_not_be_in_flight_are_refused() {
    for calls in [0, InFlight::MAX + 1, u32::MAX] {
        let error = InFlight::new(calls).unwrap_err();
        assert_eq!(error.kind(), Kind::Configuration);
    }
}

#[test]
fn a_key_has_one_queue_for_each_venue_while_somebody_uses_it() {
    let one = KeyQueue::shared("https://a.example", "KEY");
    let same = KeyQueue::shared("https://a.example", "KEY");
    assert!(Arc::ptr_eq(&one, &same));
    for (venue, key) in [
        ("https://b.example", "KEY"),
        ("https://a.example", "OTHER"),
        ("https://a.example", ""),
    ] {
        assert!(!Arc::ptr_eq(&one, &KeyQueue::shared(venue, key)));
    }
    let old = Arc::downgrade(&one);
    drop((one, same));
    assert!(old.upgrade().is_none());
    assert_eq!(
        Arc::strong_count(&KeyQueue::shared("https://a.example", "KEY")),
        1
    );
}
