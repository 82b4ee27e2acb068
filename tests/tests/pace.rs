//! The models of the rate limits know every call of the tables.

use std::time::Instant;

use exchange_transport::{CallFacts, Operation, PaceMode, Pacer};
use kraken_core::pace::{ExternalLimits, ExternalPacer, KrakenPacer, Limits};

/// Whether a model counts a call.
fn counts(pacer: &dyn Pacer, operation: &'static Operation) -> bool {
    let call = CallFacts {
        operation,
        path_and_query: operation.path,
        body: Some(r#"{"pair":"XBTUSD","txid":"O1"}"#),
    };
    let now = Instant::now();
    let reservation = pacer.reserve(&call, PaceMode::WAIT, now);
    assert!(reservation.granted && reservation.wait.is_zero());
    assert_eq!(reservation.counter, operation.pace.counter);
    // Some are counted when they leave.
    pacer.sent(&call, &reservation, now);
    pacer.state(now).iter().any(|state| state.used > 0)
}

#[test]
fn every_call_is_counted() {
    let spot = kraken_spot::table::ALL;
    let custody = kraken_custody::table::ALL;
    for operation in spot.iter().chain(custody) {
        let pacer = KrakenPacer::new(&Limits::default()).unwrap();
        assert!(counts(&pacer, operation), "{}", operation.id);
    }
    for operation in kraken_custody::external::table::ALL {
        let pacer = ExternalPacer::new(&ExternalLimits::default()).unwrap();
        assert!(counts(&pacer, operation), "{}", operation.id);
    }
}

/// The models tell some calls apart by their ids.
#[test]
fn calls_with_a_rule_of_their_own_are_in_the_table() {
    for id in [
        "getRecentTrades",
        "addOrder",
        "addOrderBatch",
        "amendOrder",
        "editOrder",
        "cancelOrder",
        "cancelOrderBatch",
        "cancelAllOrders",
    ] {
        assert!(
            kraken_spot::table::ALL.iter().any(|row| row.id == id),
            "{id}"
        );
    }
}
