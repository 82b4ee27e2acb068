//! What the table of pairs says about orders, in the form the desk asks for it.

use rust_decimal::Decimal;

use crate::kraken::spot::assets::Pair;
use crate::kraken::spot::market::Side;

/// The tiers of 30-day volume in US dollars, with the fees of takers and makers
/// in hundredths of a percent.
const FEES: [(i64, i64, i64); 6] = [
    (0, 40, 25),
    (10_000, 35, 20),
    (50_000, 24, 14),
    (100_000, 22, 12),
    (250_000, 20, 8),
    (1_000_000, 16, 4),
];

/// The fees of takers and of makers, in percent, after so much was traded in 30
/// days.
pub(crate) fn fee_percents(_pair: &Pair, volume: Decimal) -> (Decimal, Decimal) {
    let reached = FEES
        .iter()
        .rev()
        .find(|(from, ..)| Decimal::from(*from) <= volume);
    let (_, taker, maker) = reached.unwrap_or(&FEES[0]);
    (Decimal::new(*taker, 2), Decimal::new(*maker, 2))
}

/// The least that an order must cost.
pub(crate) fn cost_minimum(_pair: &Pair) -> Decimal {
    Decimal::new(5, 1)
}

/// The leverage on offer.
pub(crate) fn leverages(_pair: &Pair, _side: Side) -> &'static [u32] {
    &[2, 3, 4, 5]
}

/// Orders on the pair must name its class.
pub(crate) fn is_tokenized(_pair: &Pair) -> bool {
    false
}

/// Equity in percent of the margin in use below which positions are closed.
pub(crate) const MARGIN_STOP: Decimal = Decimal::from_parts(40, 0, 0, false, 0);
