//! Reading an order from the parameters of a request.

use std::time::Duration;

use rust_decimal::Decimal;

use super::order::{Close, Flags, InForce, Kind, MOST, Price, SelfTrade, Sign, Terms, plain};
use super::rules::{check_price, check_size, leverages};
use crate::Moment;
use crate::kraken::answer::Refusal;
use crate::kraken::params::Params;
use crate::kraken::spot::assets::Pair;
use crate::kraken::spot::market::Side;

/// How far ahead an order may expire.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);

/// The soonest expiry that counts from now.
const SHORTEST_SECONDS: u64 = 5;

/// How far ahead a deadline may be.
const SOONEST_DEADLINE: Duration = Duration::from_secs(2);
const LATEST_DEADLINE: Duration = Duration::from_secs(60);

/// The conditional close as it was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct CloseFields {
    kind: Option<String>,
    price: Option<String>,
    price2: Option<String>,
}

impl CloseFields {
    /// As single orders have it: flat, with brackets in the names.
    pub(crate) fn flat(params: &Params) -> Self {
        Self {
            kind: params.text("close[ordertype]"),
            price: params.text("close[price]"),
            price2: params.text("close[price2]"),
        }
    }

    /// As orders of a batch have it: an object.
    pub(crate) fn nested(params: &Params) -> Self {
        let close = params.get("close").and_then(Params::of_object);
        close.map_or_else(Self::default, |close| Self {
            kind: close.text("ordertype"),
            price: close.text("price"),
            price2: close.text("price2"),
        })
    }

    fn read(&self, pair: &Pair) -> Result<Option<Close>, Refusal> {
        let Some(kind) = &self.kind else {
            if self.price.is_some() || self.price2.is_some() {
                return Err(Refusal::argument("close[ordertype]"));
            }
            return Ok(None);
        };
        let kind = Kind::parse(kind)
            .filter(|kind| !matches!(kind, Kind::Market | Kind::SettlePosition))
            .ok_or_else(|| Refusal::argument("close[ordertype]"))?;
        let price = price(pair, kind, self.price.as_deref(), "close[price]")?;
        let price2 = price2(pair, kind, self.price2.as_deref(), "close[price2]")?;
        Ok(Some(Close {
            kind,
            price,
            price2,
        }))
    }
}

/// Reads an order and checks all that can be checked without looking at the
/// account. `last` is the price of the last trade.
pub(crate) fn read_terms(
    params: &Params,
    close: &CloseFields,
    pair: &'static Pair,
    last: Decimal,
    now: Moment,
) -> Result<Terms, Refusal> {
    let side = match params.required("type")?.as_str() {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return Err(Refusal::argument("type")),
    };
    let kind = params.required("ordertype")?;
    let kind = Kind::parse(&kind).ok_or_else(|| Refusal::argument("ordertype"))?;
    let volume = params.required("volume")?;
    let volume = plain(&volume).ok_or_else(|| Refusal::argument("volume"))?;
    let price = price(pair, kind, params.text("price").as_deref(), "price")?;
    let price2 = price2(pair, kind, params.text("price2").as_deref(), "price2")?;
    let leverage = leverage(params, pair, side)?;
    let reduce_only = params.boolean("reduce_only")?.unwrap_or_default();
    if reduce_only && leverage.is_none() {
        return Err(Refusal::argument("reduce_only"));
    }
    let trigger = match params.text("trigger").as_deref() {
        None => None,
        Some("index") => Some("index"),
        Some("last") => Some("last"),
        Some(_) => return Err(Refusal::argument("trigger")),
    };
    let in_force = params
        .text("timeinforce")
        .map_or(Ok(InForce::default()), |name| {
            InForce::parse(&name).ok_or_else(|| Refusal::argument("timeinforce"))
        })?;
    let self_trade = params
        .text("stptype")
        .map_or(Ok(SelfTrade::default()), |name| {
            SelfTrade::parse(&name).ok_or_else(|| Refusal::argument("stptype"))
        })?;
    let flags = flags(params, kind, side, leverage, in_force)?;
    let start = start(params, now)?;
    let expire = expiry(params, in_force, start, now)?;
    let (userref, client_id) = own_names(params)?;
    let reckoned = match price {
        Some(Price::At(price)) => price,
        _ => last,
    };
    if volume.is_zero() {
        // It stands for what closes a position.
        if leverage.is_none() && kind != Kind::SettlePosition {
            return Err(Refusal::argument("volume"));
        }
    } else if flags.volume_in_quote {
        let base = volume.checked_div(last).unwrap_or_default();
        if volume.normalize().scale() > pair.lot_decimals {
            return Err(Refusal::argument("volume"));
        }
        check_size(pair, base.trunc_with_scale(pair.lot_decimals), last)?;
    } else {
        check_size(pair, volume, reckoned)?;
    }
    let display = display(params, "displayvol", kind, volume)?;
    if kind == Kind::Iceberg && display.is_none() {
        return Err(Refusal::argument("displayvol"));
    }
    Ok(Terms {
        pair,
        side,
        kind,
        volume,
        display,
        price,
        price2,
        trigger,
        leverage,
        reduce_only,
        self_trade,
        flags,
        in_force,
        start,
        expire,
        close: close.read(pair)?,
        userref,
        client_id,
    })
}

/// The first price of such an order; none for a kind that has none.
pub(crate) fn price(
    pair: &Pair,
    kind: Kind,
    text: Option<&str>,
    name: &str,
) -> Result<Option<Price>, Refusal> {
    if matches!(kind, Kind::Market | Kind::SettlePosition) {
        return Ok(None);
    }
    let text = text.ok_or_else(|| Refusal::argument(name))?;
    let price = Price::parse(text).ok_or_else(|| Refusal::argument(name))?;
    let plus = matches!(
        price,
        Price::Off {
            sign: Sign::Plus,
            ..
        }
    );
    if kind.is_trailing() && !plus {
        return Err(Refusal::argument(name));
    }
    check_price(pair, price)?;
    Ok(Some(price))
}

/// The second price of such an order; none for a kind that has none.
pub(crate) fn price2(
    pair: &Pair,
    kind: Kind,
    text: Option<&str>,
    name: &str,
) -> Result<Option<Price>, Refusal> {
    if !kind.has_second_price() {
        return Ok(None);
    }
    let text = text.ok_or_else(|| Refusal::argument(name))?;
    let price = Price::parse(text).ok_or_else(|| Refusal::argument(name))?;
    let signed = matches!(
        price,
        Price::Off {
            sign: Sign::Plus | Sign::Minus,
            ..
        }
    );
    if kind.is_trailing() && !signed {
        return Err(Refusal::argument(name));
    }
    check_price(pair, price)?;
    Ok(Some(price))
}

fn leverage(params: &Params, pair: &Pair, side: Side) -> Result<Option<u32>, Refusal> {
    let Some(text) = params.text("leverage").filter(|text| text != "none") else {
        return Ok(None);
    };
    let times = text.strip_suffix(":1").unwrap_or(&text);
    let times: u32 = times.parse().map_err(|_| Refusal::argument("leverage"))?;
    if !leverages(pair, side).contains(&times) {
        return Err(Refusal::argument("leverage"));
    }
    Ok(Some(times))
}

fn flags(
    params: &Params,
    kind: Kind,
    side: Side,
    leverage: Option<u32>,
    in_force: InForce,
) -> Result<Flags, Refusal> {
    let refused = || Refusal::argument("oflags");
    let mut flags = Flags::default();
    let mut fee_in_quote = false;
    for flag in params.texts("oflags") {
        match flag.as_str() {
            "post" => flags.post = true,
            "fcib" => flags.fee_in_base = true,
            "fciq" => fee_in_quote = true,
            "nompp" => flags.no_protection = true,
            "viqc" => flags.volume_in_quote = true,
            _ => return Err(refused()),
        }
    }
    let at_once = matches!(in_force, InForce::ImmediateOrCancel | InForce::FillOrKill);
    let cash_market_buy = kind == Kind::Market && side == Side::Buy && leverage.is_none();
    if (flags.post && (kind != Kind::Limit || at_once))
        || (flags.fee_in_base && (fee_in_quote || leverage.is_some()))
        || (flags.volume_in_quote && !cash_market_buy)
    {
        return Err(refused());
    }
    Ok(flags)
}

/// A time as orders have it: `0` for none, seconds since 1970, or `+` and
/// seconds from now. The second part tells whether it counts from now.
fn order_time(
    params: &Params,
    name: &str,
    now: Moment,
) -> Result<Option<(Moment, Option<u64>)>, Refusal> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    let refused = || Refusal::argument(name);
    if let Some(seconds) = text.strip_prefix('+') {
        let seconds: u32 = seconds.parse().map_err(|_| refused())?;
        let seconds = u64::from(seconds);
        let at = now.plus(Duration::from_secs(seconds));
        return Ok(Some((at, Some(seconds))));
    }
    let at = Moment::parse_seconds(&text).ok_or_else(refused)?;
    Ok((at != Moment::default()).then_some((at, None)))
}

fn start(params: &Params, now: Moment) -> Result<Option<Moment>, Refusal> {
    let start = order_time(params, "starttm", now)?;
    Ok(start.map(|(at, _)| at).filter(|at| *at > now))
}

fn expiry(
    params: &Params,
    in_force: InForce,
    start: Option<Moment>,
    now: Moment,
) -> Result<Option<Moment>, Refusal> {
    let expiry = order_time(params, "expiretm", now)?;
    let refused = || Err(Refusal::argument("expiretm"));
    match (expiry, in_force) {
        (None, InForce::UntilDate) => refused(),
        (None, _) => Ok(None),
        (Some((at, seconds)), InForce::UntilDate) => {
            let too_soon = seconds.is_some_and(|seconds| seconds < SHORTEST_SECONDS);
            if too_soon || at <= start.unwrap_or(now) || at > now.plus(LONGEST) {
                return refused();
            }
            Ok(Some(at))
        }
        (Some(_), _) => refused(),
    }
}

/// The customer's own names for an order: a number, or an id.
fn own_names(params: &Params) -> Result<(Option<i32>, Option<String>), Refusal> {
    let userref = params.integer("userref")?;
    let userref = userref
        .map(|userref| i32::try_from(userref).map_err(|_| Refusal::argument("userref")))
        .transpose()?;
    let client_id = params.text("cl_ord_id");
    let well_formed = client_id.as_deref().is_none_or(is_client_id);
    if !well_formed || (client_id.is_some() && userref.is_some()) {
        return Err(Refusal::argument("cl_ord_id"));
    }
    Ok((userref, client_id))
}

/// A UUID with or without dashes, or up to 18 small letters and digits.
fn is_client_id(text: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    if groups == [8, 4, 4, 4, 12] {
        return text.split('-').all(hex);
    }
    let free = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (text.len() == 32 && hex(text)) || (text.len() <= 18 && text.bytes().all(free))
}

/// What an iceberg is to show of `whole`.
pub(crate) fn display(
    params: &Params,
    name: &str,
    kind: Kind,
    whole: Decimal,
) -> Result<Option<Decimal>, Refusal> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    let refused = || Refusal::argument(name);
    let display = plain(&text).filter(|d| !d.is_zero() && *d <= MOST);
    let display = display.ok_or_else(refused)?;
    let least = whole / Decimal::from(15);
    if kind != Kind::Iceberg || display > whole || display < least || display.scale() > 8 {
        return Err(refused());
    }
    Ok(Some(display))
}

/// Refuses a request that comes after its deadline.
pub(crate) fn check_deadline(params: &Params, now: Moment) -> Result<(), Refusal> {
    let Some(text) = params.text("deadline") else {
        return Ok(());
    };
    let deadline = Moment::parse_rfc3339(&text).ok_or_else(|| Refusal::argument("deadline"))?;
    if deadline <= now {
        return Err("EService:Deadline elapsed".into());
    }
    // Half a second either way is the way here.
    let ahead = deadline.since(now);
    let slack = Duration::from_millis(500);
    if ahead + slack < SOONEST_DEADLINE || ahead > LATEST_DEADLINE + slack {
        return Err(Refusal::argument("deadline"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_have_three_forms() {
        for good in [
            "6d1b345e-2821-40e2-ad83-4ecb18a06876",
            "DA8E4AD59B78481C93E589746B0CF91F",
            "abc123",
            "123456789012345678",
        ] {
            assert!(is_client_id(good), "{good}");
        }
        for bad in [
            "1234567890123456789",
            "Abc",
            "a-b",
            "6d1b345e-2821-40e2-ad83-4ecb18a0687g",
            "é",
        ] {
            assert!(!is_client_id(bad), "{bad}");
        }
    }
}
