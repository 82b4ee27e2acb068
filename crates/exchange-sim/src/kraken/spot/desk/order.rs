//! What an order is.

use std::collections::VecDeque;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::Moment;
use crate::kraken::spot::assets::{Pair, find_asset};
use crate::kraken::spot::market::Side;

/// How an order is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Market,
    Limit,
    Iceberg,
    StopLoss,
    TakeProfit,
    StopLossLimit,
    TakeProfitLimit,
    TrailingStop,
    TrailingStopLimit,
    SettlePosition,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Market,
        Self::Limit,
        Self::Iceberg,
        Self::StopLoss,
        Self::TakeProfit,
        Self::StopLossLimit,
        Self::TakeProfitLimit,
        Self::TrailingStop,
        Self::TrailingStopLimit,
        Self::SettlePosition,
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// As requests and answers spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit => "limit",
            Self::Iceberg => "iceberg",
            Self::StopLoss => "stop-loss",
            Self::TakeProfit => "take-profit",
            Self::StopLossLimit => "stop-loss-limit",
            Self::TakeProfitLimit => "take-profit-limit",
            Self::TrailingStop => "trailing-stop",
            Self::TrailingStopLimit => "trailing-stop-limit",
            Self::SettlePosition => "settle-position",
        }
    }

    /// As descriptions spell its first price.
    fn words(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit => "limit",
            Self::Iceberg => "iceberg",
            Self::StopLoss | Self::StopLossLimit => "stop loss",
            Self::TakeProfit | Self::TakeProfitLimit => "take profit",
            Self::TrailingStop | Self::TrailingStopLimit => "trailing stop",
            Self::SettlePosition => "settle position",
        }
    }

    /// It waits for a price before it goes to the book.
    pub(crate) fn is_triggered(self) -> bool {
        !matches!(
            self,
            Self::Market | Self::Limit | Self::Iceberg | Self::SettlePosition
        )
    }

    pub(crate) fn is_trailing(self) -> bool {
        matches!(self, Self::TrailingStop | Self::TrailingStopLimit)
    }

    /// `price2` is its limit.
    pub(crate) fn has_second_price(self) -> bool {
        matches!(
            self,
            Self::StopLossLimit | Self::TakeProfitLimit | Self::TrailingStopLimit
        )
    }

    /// It has a limit price, as `price` or as `price2`.
    pub(crate) fn has_limit(self) -> bool {
        matches!(self, Self::Limit | Self::Iceberg) || self.has_second_price()
    }

    pub(crate) fn takes_profit(self) -> bool {
        matches!(self, Self::TakeProfit | Self::TakeProfitLimit)
    }
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum InForce {
    #[default]
    UntilCancelled,
    ImmediateOrCancel,
    UntilDate,
    FillOrKill,
}

impl InForce {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "GTC" => Self::UntilCancelled,
            "IOC" => Self::ImmediateOrCancel,
            "GTD" => Self::UntilDate,
            "FOK" => Self::FillOrKill,
            _ => return None,
        })
    }

    /// As answers spell it, in lower case.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UntilCancelled => "gtc",
            Self::ImmediateOrCancel => "ioc",
            Self::UntilDate => "gtd",
            Self::FillOrKill => "fok",
        }
    }
}

/// Which order goes when two of one account would meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SelfTrade {
    #[default]
    Newest,
    Oldest,
    Both,
}

impl SelfTrade {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "cancel-newest" => Self::Newest,
            "cancel-oldest" => Self::Oldest,
            "cancel-both" => Self::Both,
            _ => return None,
        })
    }
}

/// Which way a relative price goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Plus,
    Minus,
    /// `#`: whichever suits the side and the kind of the order.
    Suitable,
}

/// A price as it was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Price {
    At(Decimal),
    /// So much from the price of the last trade, or from the trigger price.
    Off {
        sign: Sign,
        by: Decimal,
        percent: bool,
    },
}

/// The largest price, volume and cost that is looked at: beyond it decimals
/// would lose digits.
pub(crate) const MOST: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0);

impl Price {
    /// `None` if the text is no price.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let sign = match text.as_bytes().first()? {
            b'+' => Some(Sign::Plus),
            b'-' => Some(Sign::Minus),
            b'#' => Some(Sign::Suitable),
            _ => None,
        };
        let Some(sign) = sign else {
            return Some(Self::At(positive(text)?));
        };
        let rest = text.get(1..)?;
        let (number, percent) = rest
            .strip_suffix('%')
            .map_or((rest, false), |number| (number, true));
        let by = positive(number)?;
        Some(Self::Off { sign, by, percent })
    }

    /// The price itself; `up` is where `#` goes. `None` if it would not be
    /// above zero.
    pub(crate) fn resolve(self, from: Decimal, up: bool, pair: &Pair) -> Option<Decimal> {
        let (sign, by, percent) = match self {
            Self::At(price) => return Some(price),
            Self::Off { sign, by, percent } => (sign, by, percent),
        };
        let by = if percent {
            from.checked_mul(by)?.checked_div(Decimal::ONE_HUNDRED)?
        } else {
            by
        };
        let up = match sign {
            Sign::Plus => true,
            Sign::Minus => false,
            Sign::Suitable => up,
        };
        let price = if up {
            from.checked_add(by)?
        } else {
            from.checked_sub(by)?
        };
        let price = price.round_dp(pair.price_decimals);
        (price > Decimal::ZERO && price <= MOST).then_some(price)
    }

    /// As answers spell it.
    pub(crate) fn text(self, pair: &Pair) -> String {
        match self {
            Self::At(price) => fixed(price, pair.price_decimals),
            Self::Off { sign, by, percent } => {
                let sign = match sign {
                    Sign::Plus => '+',
                    Sign::Minus => '-',
                    Sign::Suitable => '#',
                };
                if percent {
                    format!("{sign}{}%", fixed(by, 4))
                } else {
                    format!("{sign}{}", fixed(by, pair.price_decimals))
                }
            }
        }
    }

    pub(crate) fn is_relative(self) -> bool {
        matches!(self, Self::Off { .. })
    }
}

/// A number of plain digits that is small enough.
pub(crate) fn plain(text: &str) -> Option<Decimal> {
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if text.len() > 30 || !text.bytes().all(plain) {
        return None;
    }
    let value: Decimal = text.parse().ok()?;
    (value <= MOST).then(|| value.normalize())
}

/// A number of plain digits above zero that is small enough.
fn positive(text: &str) -> Option<Decimal> {
    plain(text).filter(|value| !value.is_zero())
}

/// With exactly so many digits after the point, rounded to the nearest.
pub(crate) fn fixed(value: Decimal, digits: u32) -> String {
    let mut value = value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    if value.is_zero() {
        value = Decimal::ZERO;
    }
    value.rescale(digits);
    value.to_string()
}

/// The order that follows each fill of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Close {
    pub kind: Kind,
    pub price: Option<Price>,
    pub price2: Option<Price>,
}

/// Which flags an order has.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the venue's flags, each on its own"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// It must not take.
    pub post: bool,
    /// The fee is taken in what is traded, not in what is paid.
    pub fee_in_base: bool,
    /// Taken and ignored.
    pub no_protection: bool,
    /// The volume is in what is paid.
    pub volume_in_quote: bool,
}

impl Flags {
    /// As answers spell them.
    pub(crate) fn text(self) -> String {
        let mut all = Vec::new();
        if self.post {
            all.push("post");
        }
        all.push(if self.fee_in_base { "fcib" } else { "fciq" });
        if self.no_protection {
            all.push("nompp");
        }
        if self.volume_in_quote {
            all.push("viqc");
        }
        all.join(",")
    }
}

/// What somebody orders, checked for all that can be checked without looking
/// at the account.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub pair: &'static Pair,
    pub side: Side,
    pub kind: Kind,
    /// Of the base asset, or of the quote asset if the flags say so. Zero asks
    /// for what closes a position.
    pub volume: Decimal,
    /// What an iceberg shows.
    pub display: Option<Decimal>,
    pub price: Option<Price>,
    pub price2: Option<Price>,
    /// `index` or `last`, if given.
    pub trigger: Option<&'static str>,
    pub leverage: Option<u32>,
    pub reduce_only: bool,
    pub self_trade: SelfTrade,
    pub flags: Flags,
    pub in_force: InForce,
    pub start: Option<Moment>,
    pub expire: Option<Moment>,
    pub close: Option<Close>,
    pub userref: Option<i32>,
    pub client_id: Option<String>,
}

impl Terms {
    /// `buy 1.25000000 XBTUSD @ limit 27500.0`; `pair` is the name to use.
    pub(crate) fn description(&self, pair: &str) -> String {
        let side = side_name(self.side);
        let volume = fixed(self.volume, self.pair.lot_decimals);
        let at = prices_in_words(self.kind, self.price, self.price2, self.pair);
        let leverage = self
            .leverage
            .map_or_else(String::new, |times| format!(" with {times}:1 leverage"));
        format!("{side} {volume} {pair} @ {at}{leverage}")
    }

    /// `close position @ stop loss 22000.0 -> limit 21000.0`; empty without a
    /// conditional close.
    pub(crate) fn close_description(&self) -> String {
        self.close.map_or_else(String::new, |close| {
            let at = prices_in_words(close.kind, close.price, close.price2, self.pair);
            format!("close position @ {at}")
        })
    }

    /// Whether `#` in the first price adds.
    pub(crate) fn suitable_is_up(&self) -> bool {
        let beyond = self.kind.is_triggered() && !self.kind.takes_profit();
        (self.side == Side::Buy) == beyond
    }
}

fn prices_in_words(kind: Kind, price: Option<Price>, price2: Option<Price>, pair: &Pair) -> String {
    let mut words = kind.words().to_owned();
    if let Some(price) = price {
        words = format!("{words} {}", price.text(pair));
    }
    if let Some(price2) = price2.filter(|_| kind.has_second_price()) {
        words = format!("{words} -> limit {}", price2.text(pair));
    }
    words
}

pub(crate) fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It waits for its start.
    Pending,
    Open,
    Closed,
    Canceled,
    Expired,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }
}

/// One version of an order.
#[derive(Clone, Debug)]
pub(crate) struct Amend {
    pub id: String,
    pub original: bool,
    pub volume: Decimal,
    pub remaining: Decimal,
    pub display: Option<Decimal>,
    pub limit: Option<Decimal>,
    /// A trailing order's is an offset.
    pub trigger: Option<Price>,
    pub post_only: bool,
    pub time: Moment,
}

/// How many versions are kept of an order, and how many of its trades' ids.
pub(crate) const MOST_VERSIONS: usize = 1_000;

/// An order and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub id: String,
    pub account: String,
    pub terms: Terms,
    pub status: Status,
    /// Why it closed.
    pub reason: Option<&'static str>,
    pub opened: Moment,
    pub closed: Option<Moment>,
    /// When it was placed or last amended; young ones are dear to change.
    pub changed: Moment,
    /// Its place in the queue at its price.
    pub priority: u64,
    /// Its limit, once that is known.
    pub limit: Option<Decimal>,
    /// The price that triggers it, which a trailing order moves.
    pub stop: Option<Decimal>,
    pub triggered: bool,
    /// What is filled of the base asset.
    pub filled: Decimal,
    /// What was paid for that.
    pub cost: Decimal,
    /// The fees, valued in the quote asset.
    pub fee: Decimal,
    /// What is held back for it, of the asset that it spends.
    pub held: Decimal,
    /// Fees in percent, settled when the order comes in.
    pub taker_percent: Decimal,
    pub maker_percent: Decimal,
    pub trades: VecDeque<String>,
    /// The order that brought it about.
    pub refid: Option<String>,
    /// Its counterpart in an edit.
    pub link: Option<String>,
    pub amends: VecDeque<Amend>,
    pub liquidated: bool,
}

impl Order {
    /// What is still to be filled of the base asset; none is known of an order
    /// whose volume is in the quote asset.
    pub(crate) fn remaining(&self) -> Decimal {
        if self.terms.flags.volume_in_quote {
            return Decimal::ZERO;
        }
        (self.terms.volume - self.filled).max(Decimal::ZERO)
    }

    /// What is filled, in the unit of the volume.
    pub(crate) fn executed(&self) -> Decimal {
        if self.terms.flags.volume_in_quote {
            self.cost
        } else {
            self.filled
        }
    }

    /// It is in the book with a limit.
    pub(crate) fn is_resting(&self) -> bool {
        self.status == Status::Open
            && self.limit.is_some()
            && (self.triggered || !self.terms.kind.is_triggered())
    }

    /// It waits for a price.
    pub(crate) fn awaits_trigger(&self) -> bool {
        self.status == Status::Open && self.terms.kind.is_triggered() && !self.triggered
    }

    pub(crate) fn average_price(&self) -> Decimal {
        self.cost.checked_div(self.filled).unwrap_or_default()
    }

    /// What it spends: that is held back.
    pub(crate) fn spends(&self) -> &'static str {
        let pair = self.terms.pair;
        if self.terms.side == Side::Sell && self.terms.leverage.is_none() {
            pair.base
        } else {
            pair.quote
        }
    }

    /// What must be held back for what is still to be filled. Rounded up,
    /// while costs and fees are cut: so what is held is always enough.
    ///
    /// `opens` is how much of the rest would open a margin position.
    pub(crate) fn to_hold(&self, opens: Decimal) -> Option<Decimal> {
        let Terms {
            pair, side, flags, ..
        } = self.terms;
        let remaining = self.remaining();
        let fee = |amount: Decimal| part(amount, self.taker_percent);
        if let Some(times) = self.terms.leverage {
            let price = self.limit.or(self.stop)?;
            let cost = price.checked_mul(remaining)?;
            let margin = price.checked_mul(opens)?.checked_div(times.into())?;
            let digits = money_digits(pair);
            return round_up(margin, digits).checked_add(round_up(fee(cost)?, digits));
        }
        if side == Side::Sell {
            let digits = asset_digits(pair.base);
            let fee = if flags.fee_in_base {
                round_up(fee(remaining)?, digits)
            } else {
                Decimal::ZERO
            };
            return remaining.checked_add(fee);
        }
        let cost = self.limit.or(self.stop)?.checked_mul(remaining)?;
        let digits = money_digits(pair);
        let fee = if flags.fee_in_base {
            Decimal::ZERO
        } else {
            round_up(fee(cost)?, digits)
        };
        round_up(cost, digits).checked_add(fee)
    }

    /// Writes down the version that holds from now on.
    pub(crate) fn note_version(&mut self, id: String, original: bool, time: Moment) {
        if self.amends.len() == MOST_VERSIONS {
            // The first one stays: it is the order as it was entered.
            self.amends.remove(1);
        }
        let trailing = self.terms.price.filter(|_| self.terms.kind.is_trailing());
        let version = Amend {
            id,
            original,
            volume: self.terms.volume,
            remaining: self.remaining(),
            display: self.terms.display,
            limit: self.limit,
            trigger: trailing.or(self.stop.map(Price::At)),
            post_only: self.terms.flags.post,
            time,
        };
        self.amends.push_back(version);
    }

    pub(crate) fn misc(&self) -> String {
        let mut notes = Vec::new();
        if self.triggered {
            notes.push(if self.terms.kind.takes_profit() {
                "touched"
            } else {
                "stopped"
            });
        }
        if self.liquidated {
            notes.push("liquidated");
        }
        if !self.filled.is_zero() && self.status != Status::Closed {
            notes.push("partial");
        }
        if self.amends.len() > 1 {
            notes.push("amended");
        }
        notes.join(",")
    }
}

/// So many percent of an amount, not rounded.
pub(crate) fn part(amount: Decimal, percent: Decimal) -> Option<Decimal> {
    amount
        .checked_mul(percent)?
        .checked_div(Decimal::ONE_HUNDRED)
}

pub(crate) fn round_up(amount: Decimal, digits: u32) -> Decimal {
    amount.round_dp_with_strategy(digits, RoundingStrategy::AwayFromZero)
}

/// Costs and fees are cut, never rounded up.
pub(crate) fn cut(amount: Decimal, digits: u32) -> Decimal {
    amount.round_dp_with_strategy(digits, RoundingStrategy::ToZero)
}

/// Digits of an asset in the books.
pub(crate) fn asset_digits(asset: &str) -> u32 {
    find_asset(asset).map_or(8, |asset| asset.decimals)
}

/// Digits of costs and fees in a pair's quote asset: as many as both the pair
/// and the books know.
pub(crate) fn money_digits(pair: &Pair) -> u32 {
    asset_digits(pair.quote).min(pair.cost_decimals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kraken::spot::assets::find_pair;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn prices_are_read_resolved_and_written() {
        let pair = find_pair("XBTUSD").unwrap();
        let from = decimal("60000");
        for (text, up, expected, written) in [
            ("27500", true, "27500", "27500.0"),
            ("+100", true, "60100", "+100.0"),
            ("-5%", true, "57000", "-5.0000%"),
            ("#2.5%", true, "61500", "#2.5000%"),
            ("#2.5%", false, "58500", "#2.5000%"),
        ] {
            let price = Price::parse(text).unwrap();
            assert_eq!(price.resolve(from, up, pair), Some(decimal(expected)));
            assert_eq!(price.text(pair), written);
        }
        for text in [
            "",
            "+",
            "0",
            "-0",
            "1e5",
            "--1",
            "5%",
            "+-1",
            "99999999999",
            "é",
        ] {
            assert_eq!(Price::parse(text), None, "{text}");
        }
        assert_eq!(MOST, decimal("10000000000"));
        let below_zero = Price::parse("-100%").unwrap();
        assert_eq!(below_zero.resolve(from, true, pair), None);
    }

    #[test]
    fn rounding_goes_the_way_its_name_says() {
        assert_eq!(fixed(decimal("1.23456"), 4), "1.2346");
        assert_eq!(fixed(decimal("-0.00001"), 4), "0.0000");
        assert_eq!(fixed(decimal("5"), 8), "5.00000000");
        assert_eq!(cut(decimal("1.99999"), 4), decimal("1.9999"));
        assert_eq!(round_up(decimal("1.00001"), 4), decimal("1.0001"));
    }
}
