//! Buying or selling, in all the ways the vendor spells it.

use exchange_wire::open_enum;

open_enum! {
    /// Which way an order or trade goes.
    ///
    /// The vendor writes `buy` for orders and public trades, `Buy` for one's own trades,
    /// `SIDE_TYPE_BUY` in the transaction history. All are kept as they were sent;
    /// [`is_buy`](Self::is_buy) and [`is_sell`](Self::is_sell) understand all of them.
    pub enum Side {
        /// Buy the base currency.
        Buy = "buy",
        /// Sell the base currency.
        Sell = "sell",
    }
}

impl Side {
    /// Whether it buys, whatever its spelling.
    pub fn is_buy(&self) -> bool {
        self.word().eq_ignore_ascii_case("buy")
    }

    /// Whether it sells, whatever its spelling.
    pub fn is_sell(&self) -> bool {
        self.word().eq_ignore_ascii_case("sell")
    }

    fn word(&self) -> &str {
        let text = self.as_str();
        text.strip_prefix("SIDE_TYPE_").unwrap_or(text)
    }
}

crate::parameter::plain!(Side);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_understood() {
        for text in ["buy", "Buy", "BUY", "SIDE_TYPE_BUY"] {
            let side = Side::from(text);
            assert!(side.is_buy() && !side.is_sell(), "{text}");
            assert_eq!(side.to_string(), text);
        }
        for text in ["sell", "Sell", "SIDE_TYPE_SELL"] {
            let side = Side::from(text);
            assert!(side.is_sell() && !side.is_buy(), "{text}");
        }
        assert!(!Side::from("short").is_buy());
    }
}
