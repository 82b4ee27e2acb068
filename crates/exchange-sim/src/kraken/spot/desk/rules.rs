//! What the venue's state and the table of pairs say about an order.

use rust_decimal::Decimal;

use super::order::{Kind, MOST, Price, Terms};
use crate::kraken::answer::Refusal;
use crate::kraken::spot::assets::{AssetClass, Pair};
use crate::kraken::spot::market::Side;
use crate::kraken::spot::market::status::KrakenStatus;

/// The leverage on offer.
pub(crate) fn leverages(pair: &Pair, side: Side) -> &'static [u32] {
    match side {
        Side::Buy => pair.leverage_buy,
        Side::Sell => pair.leverage_sell,
    }
}

/// The largest margin position.
pub(crate) fn position_limit(pair: &Pair, side: Side) -> Decimal {
    let (long, short) = pair.position_limits.unwrap_or_default();
    Decimal::from(match side {
        Side::Buy => long,
        Side::Sell => short,
    })
}

/// Whether a request names the class of its pair as it must.
pub(crate) fn check_class(pair: &Pair, class: Option<&str>) -> Result<(), Refusal> {
    match (pair.class, class) {
        (AssetClass::TokenizedAsset, Some("tokenized_asset"))
        | (AssetClass::Currency, None | Some("currency")) => Ok(()),
        // Without the class the venue does not look among them.
        (AssetClass::TokenizedAsset, None) | (AssetClass::Currency, Some("tokenized_asset")) => {
            Err("EQuery:Unknown asset pair".into())
        }
        _ => Err(Refusal::argument("asset_class")),
    }
}

/// Whether orders can be changed and cancelled at all.
pub(crate) fn check_up(status: KrakenStatus) -> Result<(), Refusal> {
    if status == KrakenStatus::Maintenance {
        return Err("EService:Unavailable".into());
    }
    Ok(())
}

/// Whether the venue takes such an order now.
pub(crate) fn check_status(status: KrakenStatus, terms: &Terms) -> Result<(), Refusal> {
    match status {
        KrakenStatus::Online => Ok(()),
        KrakenStatus::Maintenance => Err("EService:Unavailable".into()),
        KrakenStatus::CancelOnly => Err("EService:Market in cancel_only mode".into()),
        KrakenStatus::PostOnly if terms.flags.post && terms.kind == Kind::Limit => Ok(()),
        KrakenStatus::PostOnly => Err("EService:Market in post_only mode".into()),
    }
}

/// Whether a volume is fine enough for a pair, and large enough. `price` is
/// what the least cost is reckoned with.
pub(crate) fn check_size(pair: &Pair, volume: Decimal, price: Decimal) -> Result<(), Refusal> {
    if volume > MOST || volume.normalize().scale() > pair.lot_decimals {
        return Err(Refusal::argument("volume"));
    }
    if volume < pair.order_minimum() {
        return Err("EOrder:Order minimum not met".into());
    }
    let cost = volume.checked_mul(price);
    if cost.is_some_and(|cost| cost < pair.cost_minimum()) {
        return Err("EOrder:Cost minimum not met".into());
    }
    Ok(())
}

/// Whether a price has no more digits than the pair's.
pub(crate) fn check_price(pair: &Pair, price: Price) -> Result<(), Refusal> {
    let (value, digits) = match price {
        Price::At(price) => (price, pair.price_decimals),
        Price::Off { by, percent, .. } => (by, if percent { 4 } else { pair.price_decimals }),
    };
    if value.normalize().scale() > digits {
        let altname = pair.altname;
        return Err(Refusal::new(format!(
            "EOrder:Invalid price:{altname} price can only be specified up to {digits} decimals."
        )));
    }
    if matches!(price, Price::At(_)) {
        let steps = value.checked_div(pair.tick());
        if steps.is_none_or(|steps| !steps.fract().is_zero()) {
            return Err("EOrder:Tick size check failed".into());
        }
    }
    Ok(())
}
