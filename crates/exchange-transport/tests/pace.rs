//! The counters against what they model.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::time::{Duration, Instant};

use exchange_transport::Kind;
use exchange_transport::pace::{Counted, Counter, CounterMap, Decay, LONGEST_HOLD, UNIT, Window};
use proptest::prelude::*;

fn rule() -> impl Strategy<Value = Decay> {
    (UNIT..400 * UNIT, 1_u64..10 * UNIT).prop_map(|(limit, per_second)| Decay { limit, per_second })
}

fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        (0_u64..5_000_000_000).prop_map(Duration::from_nanos),
        (0_u64..5_000).prop_map(Duration::from_secs),
    ]
}

/// A counter that has seen something.
fn used_counter() -> impl Strategy<Value = (Decay, Vec<(Duration, u64)>)> {
    (
        rule(),
        prop::collection::vec((time(), 0_u64..9 * UNIT), 0..40),
    )
}

/// Counts each cost when there is room for it and gives the counter, the time
/// after that, and when each was counted.
fn fill_in_turn(
    rule: Decay,
    costs: &[(Duration, u64)],
    start: Instant,
) -> (Counter, Instant, Vec<(Instant, u64)>) {
    let mut counter = Counter::new(rule).unwrap();
    let mut now = start;
    let mut sent = Vec::new();
    for (pause, cost) in costs {
        now += *pause;
        let wait = counter.wait_for(*cost, now);
        counter.count(*cost, wait, now);
        sent.push((now + wait, *cost));
    }
    (counter, now, sent)
}

proptest! {
    #[test]
    fn what_stands_on_it_only_falls_and_stops_at_zero(
        (rule, costs) in used_counter(),
        pauses in prop::collection::vec(time(), 1..20),
    ) {
        let (counter, mut now, _) = fill_in_turn(rule, &costs, Instant::now());
        let mut last = counter.used(now);
        for pause in pauses {
            now += pause;
            let used = counter.used(now);
            prop_assert!(used <= last, "{used} after {last}");
            last = used;
        }
        let empty = now + Duration::from_secs(last / rule.per_second + 1);
        prop_assert_eq!(counter.used(empty), 0);
        prop_assert_eq!(counter.wait_for(rule.limit, empty), Duration::ZERO);
    }

    #[test]
    fn looking_often_changes_nothing(
        (rule, costs) in used_counter(),
        pauses in prop::collection::vec(time(), 1..200),
    ) {
        let (mut often, mut now, _) = fill_in_turn(rule, &costs, Instant::now());
        let once = often.clone();
        for pause in pauses {
            now += pause;
            let counted = often.count(0, Duration::ZERO, now);
            often.take_back(counted, now);
        }
        prop_assert_eq!(often.used(now), once.used(now));
        prop_assert_eq!(often.wait_for(UNIT, now), once.wait_for(UNIT, now));
    }

    #[test]
    fn the_wait_is_the_shortest_that_is_enough(
        (rule, costs) in used_counter(),
        cost in 0_u64..9 * UNIT,
    ) {
        let (counter, now, _) = fill_in_turn(rule, &costs, Instant::now());
        let wait = counter.wait_for(cost, now);
        prop_assert_eq!(counter.wait_for(cost, now + wait), Duration::ZERO);
        if let Some(sooner) = wait.checked_sub(Duration::from_nanos(1)) {
            prop_assert_eq!(counter.wait_for(cost, now + sooner), Duration::from_nanos(1));
        }
    }

    /// A venue that counts call by call, in fractions with the nanosecond as
    /// their unit of time.
    #[test]
    fn calls_sent_when_told_never_find_the_venue_full((rule, costs) in used_counter()) {
        let costs: Vec<_> = costs
            .into_iter()
            .map(|(pause, cost)| (pause, cost.min(rule.limit)))
            .collect();
        let start = Instant::now();
        let (_, _, sent) = fill_in_turn(rule, &costs, start);
        let nanos = 1_000_000_000_i128;
        let (mut level, mut at) = (0_i128, start);
        for (time, cost) in sent {
            prop_assert!(time >= at, "calls must not overtake each other");
            let passed = i128::try_from((time - at).as_nanos()).unwrap();
            level = (level - passed * i128::from(rule.per_second)).max(0);
            level += i128::from(cost) * nanos;
            prop_assert!(level <= i128::from(rule.limit) * nanos);
            at = time;
        }
    }

    /// Calls that leave at once, some of which are taken back later on.
    #[test]
    fn what_is_taken_back_is_as_if_it_had_never_been_counted(
        rule in rule(),
        steps in prop::collection::vec((time(), 0_u64..9 * UNIT, any::<prop::sample::Index>(), any::<bool>()), 1..60),
    ) {
        let mut counter = Counter::new(rule).unwrap();
        let mut now = Instant::now();
        let mut calls = Vec::new();
        for (pause, cost, index, takes_back) in steps {
            now += pause;
            if takes_back && !calls.is_empty() {
                let (_, _, counted) = calls.remove(index.index(calls.len()));
                counter.take_back(counted, now);
            } else {
                let counted = counter.count(cost, Duration::ZERO, now);
                calls.push((now, cost, counted));
            }
            let mut others = Counter::new(rule).unwrap();
            for (time, cost, _) in &calls {
                others.count(*cost, Duration::ZERO, *time);
            }
            prop_assert_eq!(counter.used(now), others.used(now));
        }
    }

    #[test]
    fn a_clock_that_steps_back_makes_nothing_decay_twice(
        (rule, costs) in used_counter(),
        back in 0_u64..1_000_000,
    ) {
        let start = Instant::now() + Duration::from_secs(1);
        let (mut counter, now, _) = fill_in_turn(rule, &costs, start);
        let undisturbed = counter.clone();
        counter.count(0, Duration::ZERO, now);
        let earlier = now.checked_sub(Duration::from_nanos(back)).unwrap();
        counter.count(0, Duration::ZERO, earlier);
        prop_assert!(counter.used(now) >= undisturbed.used(now));
        let later = now + Duration::from_secs(1);
        prop_assert_eq!(counter.used(later), undisturbed.used(later));
    }

    #[test]
    fn no_stretch_of_time_holds_more_calls_than_the_window(
        limit in 1_u32..20,
        pauses in prop::collection::vec(0_u64..400, 1..120),
    ) {
        let period = Duration::from_secs(1);
        let mut window = Window::new(limit, period).unwrap();
        let mut now = Instant::now();
        let mut sent: Vec<Instant> = Vec::new();
        for pause in pauses {
            now += Duration::from_millis(pause);
            let wait = window.wait(now);
            // One call less within the period is needed, and not one more.
            let within = |time: Instant| sent.iter().filter(|at| **at + period > time).count();
            prop_assert!(within(now + wait) < limit as usize);
            if let Some(sooner) = wait.checked_sub(Duration::from_nanos(1)) {
                prop_assert!(within(now + sooner) >= limit as usize);
            }
            window.count(wait, now);
            sent.push(now + wait);
        }
        for first in &sent {
            let together = sent.iter().filter(|at| *at >= first && **at < *first + period);
            prop_assert!(together.count() <= limit as usize);
        }
    }
}

#[test]
fn calls_that_do_not_wait_fill_it_and_no_more() {
    let rule = Decay {
        limit: 5 * UNIT,
        per_second: UNIT,
    };
    let mut counter = Counter::new(rule).unwrap();
    let now = Instant::now();
    let mut used = Vec::new();
    let mut last = None;
    for _ in 0..4 {
        last = Some(counter.count_up_to_full(2 * UNIT, now));
        used.push(counter.used(now) / UNIT);
    }
    assert_eq!(used, [2, 4, 5, 5]);
    counter.take_back(last.unwrap(), now);
    assert_eq!(counter.used(now), 5 * UNIT);
}

#[test]
fn a_call_dearer_than_the_limit_waits_until_the_counter_is_empty() {
    let rule = Decay {
        limit: 4 * UNIT,
        per_second: UNIT,
    };
    let mut counter = Counter::new(rule).unwrap();
    let now = Instant::now();
    counter.count(3 * UNIT, Duration::ZERO, now);
    assert_eq!(counter.wait_for(9 * UNIT, now), Duration::from_secs(3));
    counter.count(9 * UNIT, Duration::from_secs(3), now);
    assert_eq!(counter.wait_for(UNIT, now), Duration::from_secs(9));
}

#[test]
fn a_call_that_waits_for_another_reason_is_counted_for_when_it_leaves() {
    let rule = Decay {
        limit: 2 * UNIT,
        per_second: UNIT,
    };
    let mut counter = Counter::new(rule).unwrap();
    let now = Instant::now();
    counter.count(2 * UNIT, Duration::from_secs(10), now);
    assert_eq!(counter.used(now + Duration::from_secs(10)), 2 * UNIT);
}

#[test]
fn a_counter_the_venue_calls_full_is_full() {
    let rule = Decay {
        limit: 15 * UNIT,
        per_second: UNIT / 2,
    };
    let mut counter = Counter::new(rule).unwrap();
    let now = Instant::now();
    counter.fill(Duration::ZERO, now);
    assert_eq!(counter.wait_for(UNIT, now), Duration::from_secs(2));
    counter.fill(Duration::from_secs(7), now);
    counter.fill(Duration::from_secs(3), now);
    assert_eq!(counter.wait_for(UNIT, now), Duration::from_secs(9));
    counter.fill(Duration::MAX, now);
    let longest = LONGEST_HOLD + Duration::from_secs(2);
    assert_eq!(counter.wait_for(UNIT, now), longest);
}

#[test]
fn calls_that_wait_already_push_back_those_after_them_once() {
    let rule = Decay {
        limit: 2 * UNIT,
        per_second: UNIT,
    };
    let mut counter = Counter::new(rule).unwrap();
    let now = Instant::now();
    for _ in 0..12 {
        counter.count(UNIT, counter.wait_for(UNIT, now), now);
    }
    let wait = |counter: &Counter, seconds| {
        let later = now + Duration::from_secs(seconds);
        counter.wait_for(UNIT, later).as_secs() + seconds
    };
    assert_eq!(wait(&counter, 0), 11);
    counter.fill(Duration::from_secs(5), now);
    assert_eq!(wait(&counter, 0), 16);
    for seconds in 0..5 {
        counter.fill(Duration::from_secs(5), now + Duration::from_secs(seconds));
        assert_eq!(wait(&counter, seconds), 16);
    }
    counter.fill(Duration::from_secs(5), now + Duration::from_secs(5));
    assert_eq!(wait(&counter, 5), 21);
}

#[test]
fn a_window_the_venue_calls_full_is_closed_for_a_while() {
    let mut window = Window::new(3, Duration::from_secs(30)).unwrap();
    let now = Instant::now();
    window.fill(Duration::ZERO, now);
    assert_eq!(window.wait(now), Duration::from_secs(15));
    window.fill(Duration::from_secs(20), now);
    assert_eq!(window.wait(now), Duration::from_secs(20));
    window.fill(Duration::MAX, now);
    assert_eq!(window.wait(now), LONGEST_HOLD);
    assert_eq!(window.count_up_to_full(now), None);
    assert_eq!(window.used(now), 0);
    let later = now + LONGEST_HOLD;
    assert_eq!(window.count_up_to_full(later), Some(later));
    assert_eq!(window.used(later), 1);
}

#[test]
fn a_call_taken_back_leaves_the_window_as_if_it_had_not_been() {
    let mut window = Window::new(3, Duration::from_secs(30)).unwrap();
    let now = Instant::now();
    let counted: Vec<_> = [0, 20, 25]
        .map(|seconds| window.count(Duration::from_secs(seconds), now))
        .into();
    assert_eq!(window.wait(now), Duration::from_secs(30));
    window.take_back(counted[0]);
    window.take_back(counted[0]);
    assert_eq!(window.wait(now), Duration::ZERO);
    window.count(Duration::from_secs(26), now);
    assert_eq!(window.wait(now), Duration::from_secs(50));
}

#[test]
fn what_decayed_in_a_stall_is_not_taken_back() {
    let rule = Decay {
        limit: 15 * UNIT,
        per_second: UNIT / 3,
    };
    let mut counter = Counter::new(rule).unwrap();
    let now = Instant::now();
    let waiting: Vec<_> = (0..15)
        .map(|_| counter.count(UNIT, Duration::ZERO, now))
        .map(|counted| Counted::from_bits(counted.to_bits()))
        .collect();
    // Nothing left for a minute; then each call is counted anew.
    let later = now + Duration::from_secs(60);
    for counted in waiting {
        counter.take_back(counted, later);
        counter.count(UNIT, Duration::ZERO, later);
    }
    assert_eq!(counter.used(later), 15 * UNIT);
}

#[test]
fn what_was_counted_before_a_refusal_is_not_taken_back() {
    let rule = Decay {
        limit: 5 * UNIT,
        per_second: UNIT,
    };
    let mut counter = Counter::new(rule).unwrap();
    let now = Instant::now();
    let counted = counter.count(3 * UNIT, Duration::ZERO, now);
    counter.fill(Duration::ZERO, now);
    counter.take_back(counted, now);
    assert_eq!(counter.used(now), 5 * UNIT);
}

#[test]
fn what_has_no_name_counts_for_every_name() {
    let rule = Decay {
        limit: 10 * UNIT,
        per_second: UNIT,
    };
    let mut map = CounterMap::new(rule).unwrap();
    let now = Instant::now();
    let count = |map: &mut CounterMap, name, cost| {
        map.update(name, now, |counter| {
            counter.count(cost, Duration::ZERO, now);
        });
    };
    count(&mut map, Some("a"), UNIT);
    count(&mut map, None, 2 * UNIT);
    count(&mut map, Some("b"), 4 * UNIT);
    let used = |name| map.counter(name, now).used(now) / UNIT;
    assert_eq!(used(Some("a")), 3);
    assert_eq!(used(Some("b")), 6);
    assert_eq!(used(Some("never seen")), 2);
    assert_eq!(used(None), 6, "the fullest");
    assert_eq!(map.base().used(now) / UNIT, 2);
}

#[test]
fn names_that_are_not_used_any_more_are_dropped() {
    let rule = Decay {
        limit: 10 * UNIT,
        per_second: UNIT,
    };
    let mut map = CounterMap::new(rule).unwrap();
    let mut now = Instant::now();
    for number in 0..10_000 {
        now += Duration::from_millis(500);
        map.update(Some(&format!("pair {number}")), now, |counter| {
            counter.count(UNIT, Duration::ZERO, now);
        });
    }
    assert!(map.named().count() <= 128, "{}", map.named().count());
    let newest = map.counter(Some("pair 9999"), now);
    assert_eq!(newest.used(now), UNIT);
}

/// Venues that count by the minute, and their tighter rules for single calls: Gemini allows 120
/// public and 600 private calls a minute, one look at the transfers in five seconds, one new
/// address in two.
#[test]
fn buckets_of_so_many_calls_in_a_time_are_used_up_and_never_overrun() {
    let hour = Duration::from_secs(3_600);
    for (limit, seconds) in [(120, 60), (600, 60), (1, 5), (1, 2)] {
        let period = Duration::from_secs(seconds);
        let start = Instant::now();
        let mut window = Window::new(limit, period).unwrap();
        let mut sent: Vec<Duration> = Vec::new();
        let mut now = start;
        while now < start + hour {
            let wait = window.wait(now);
            window.count(wait, now);
            now += wait;
            sent.push(now - start);
        }
        // The venue's own count begins anew each period, wherever its periods begin.
        for offset in [Duration::ZERO, period / 3, period / 2] {
            let mut counts = std::collections::HashMap::new();
            for time in &sent {
                let bucket = (*time + offset).as_nanos() / period.as_nanos();
                *counts.entry(bucket).or_insert(0_u32) += 1;
            }
            assert!(
                counts.values().all(|count| *count <= limit),
                "{limit} in {seconds} s"
            );
        }
        let allowed = u64::from(limit) * 3_600 / seconds;
        let used = u64::try_from(sent.len()).unwrap();
        assert!(used * 100 >= allowed * 95, "{used} of {allowed}");
    }
}

#[test]
fn rules_that_can_not_work_are_refused() {
    let decay = |limit, per_second| Decay { limit, per_second };
    let day = Duration::from_secs(24 * 60 * 60);
    for (error, says) in [
        (Counter::new(decay(0, 1)).unwrap_err(), "limit of 0"),
        (Counter::new(decay(1, 0)).unwrap_err(), "does not decay"),
        (CounterMap::new(decay(0, 1)).unwrap_err(), "limit of 0"),
        (
            decay(3 * UNIT / 2, 1).check(2 * UNIT).unwrap_err(),
            "limit of 1.5 has no room for a call that costs 2",
        ),
        (
            decay(5 * UNIT, 1)
                .keep_free(4 * UNIT, 2 * UNIT)
                .unwrap_err(),
            "limit of 5, of which 4 are kept free",
        ),
        (decay(5, 1).keep_free(9, 0).unwrap_err(), "kept free"),
        (Window::new(0, day).unwrap_err(), "limit of 0"),
        (Window::new(1, Duration::ZERO).unwrap_err(), "no time"),
        (Window::new(1, 2 * day).unwrap_err(), "more than a day"),
    ] {
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(
        decay(5 * UNIT, UNIT).keep_free(UNIT, 4 * UNIT).unwrap(),
        decay(4 * UNIT, UNIT)
    );
}

#[test]
fn a_call_over_the_limit_moves_those_back_that_wait_and_no_more_than_needed() {
    let rule = Decay {
        limit: 10 * UNIT,
        per_second: 2 * UNIT,
    };
    let mut counter = Counter::new(rule).unwrap();
    let now = Instant::now();
    // There is room for it.
    counter.count_over_full(8 * UNIT, now);
    assert_eq!(counter.moved(), Duration::ZERO);
    // 3 too many, which decay in 1.5 s.
    counter.count_over_full(5 * UNIT, now);
    assert_eq!(counter.moved(), Duration::from_millis(1_500));
    // Nothing is left of the room: all of its 5 units are taken from others.
    counter.count_over_full(5 * UNIT, now);
    assert_eq!(counter.moved(), Duration::from_secs(4));
    assert_eq!(counter.used(now), 18 * UNIT);
}

#[test]
fn a_call_that_got_cheaper_is_corrected_to_what_it_costs() {
    let rule = Decay {
        limit: 10 * UNIT,
        per_second: UNIT,
    };
    let mut counter = Counter::new(rule).unwrap();
    let now = Instant::now();
    let counted = counter.count(8 * UNIT, Duration::ZERO, now);
    counter.correct(counted, 9 * UNIT, now);
    assert_eq!(counter.used(now), 8 * UNIT);
    counter.correct(counted, 6 * UNIT, now);
    assert_eq!(counter.used(now), 6 * UNIT);
}

#[test]
fn calls_of_a_window_that_leave_late_leave_no_more_than_it_holds() {
    let mut window = Window::new(2, Duration::from_secs(60)).unwrap();
    let start = Instant::now();
    let due: Vec<_> = (0..5)
        .map(|_| window.count(window.wait(start), start))
        .collect();
    let now = start + Duration::from_secs(600);
    for (number, due) in due.into_iter().enumerate() {
        let left = window.still_to_wait(due, now);
        assert_eq!(left.is_zero(), number < 2);
        window.sent(now);
    }
    assert_eq!(window.used(now), 2);
    let due = now + Duration::from_secs(90);
    assert_eq!(window.still_to_wait(due, now), Duration::from_secs(90));
    assert_eq!(window.still_to_wait(now, now), Duration::from_secs(60));
}

#[test]
fn a_call_counted_far_ahead_does_not_hold_up_others() {
    let mut window = Window::new(2, Duration::from_secs(10)).unwrap();
    let now = Instant::now();
    window.count(Duration::from_secs(60), now);
    window.count(Duration::from_secs(100), now);
    // Two in each ten seconds, with those that were there.
    for expected in [
        0, 0, 10, 10, 20, 20, 30, 30, 40, 40, 50, 50, 60, 70, 70, 80, 80, 90, 90, 100, 110,
    ] {
        let wait = window.wait(now);
        assert_eq!(wait, Duration::from_secs(expected));
        window.count(wait, now);
    }
}
