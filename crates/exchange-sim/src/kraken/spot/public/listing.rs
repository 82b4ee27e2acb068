//! Assets and pairs.

use rust_decimal::Decimal;

use super::{Names, UNKNOWN_PAIR, class, pair_of_class};
use crate::json::{Json, list, object};
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::spot::assets::{
    ASSETS, Asset, FeeTier, MARGIN_CALL, MARGIN_STOP, PAIRS, Pair, find_asset,
};
use crate::kraken::spot::{Call, Spot};

pub(super) fn assets(_spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let names = Names::asked(call.params)?;
    let class = class(call.params, "aclass")?;
    let asked = call.params.texts("asset");
    let of_class = |asset: &&Asset| asset.class == class;
    let found: Vec<&Asset> = if asked.is_empty() {
        ASSETS.iter().filter(of_class).collect()
    } else {
        let found = asked.iter().map(|name| find_asset(name).filter(of_class));
        let found: Option<Vec<_>> = found.collect();
        found.ok_or("EQuery:Unknown asset")?
    };
    let described = found
        .into_iter()
        .map(|asset| (asset_name(asset.id, names), describe_asset(asset)));
    Ok(described.collect::<Json>().into())
}

/// An asset's name as asked for, by its id.
fn asset_name(id: &'static str, names: Names) -> &'static str {
    match names {
        Names::Ids => id,
        Names::Display => find_asset(id).map_or(id, |asset| asset.display_name),
    }
}

fn describe_asset(asset: &Asset) -> Json {
    let mut described = object! {
        "aclass" => asset.class.name(),
        "altname" => asset.altname,
        "decimals" => asset.decimals,
        "display_decimals" => asset.display_decimals,
    };
    if let Json::Object(members) = &mut described {
        let mut add = |name: &str, value| members.insert(name.to_owned(), value);
        if let Some(share) = asset.collateral_value() {
            add("collateral_value", Json::number(share));
        }
        add("status", "enabled".into());
        if let Some(rate) = asset.margin_rate() {
            add("margin_rate", Json::number(rate));
        }
    }
    described
}

pub(super) fn asset_pairs(_spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let params = call.params;
    let names = Names::asked(params)?;
    let class = class(params, "aclass_base")?;
    let describe = match params.text("info").as_deref() {
        None | Some("info") => describe_pair,
        Some("leverage") => describe_leverage,
        Some("fees") => describe_fees,
        Some("margin") => describe_margin,
        Some(_) => return Err(Refusal::argument("info")),
    };
    let here = is_here(&params.texts("execution_venue"))?;
    let asked = params.texts("pair");
    let found: Vec<&Pair> = if asked.is_empty() {
        PAIRS
            .iter()
            .filter(|pair| pair.class == class && here)
            .collect()
    } else {
        let found = asked.iter().map(|name| pair_of_class(name, class));
        let found: Result<_, Refusal> = found.collect();
        if !here {
            return Err(UNKNOWN_PAIR.into());
        }
        found?
    };
    let described = found
        .into_iter()
        .map(|pair| (names.of(pair), describe(pair, names)));
    Ok(described.collect::<Json>().into())
}

/// Whether the one venue that is simulated is among those asked for.
fn is_here(venues: &[String]) -> Result<bool, Refusal> {
    let known = |venue: &String| ["international", "bitnomial_exchange"].contains(&venue.as_str());
    if !venues.iter().all(known) {
        return Err(Refusal::argument("execution_venue"));
    }
    Ok(venues.is_empty() || venues.iter().any(|venue| venue == "international"))
}

fn describe_pair(pair: &Pair, names: Names) -> Json {
    let mut described = object! {
        "altname" => pair.altname,
        "wsname" => pair.wsname,
        "aclass_base" => pair.class.name(),
        "base" => asset_name(pair.base, names),
        "aclass_quote" => "currency",
        "quote" => asset_name(pair.quote, names),
        "execution_venue" => "international",
        "lot" => "unit",
        "cost_decimals" => pair.cost_decimals,
        "pair_decimals" => pair.price_decimals,
        "lot_decimals" => pair.lot_decimals,
        "lot_multiplier" => 1_u32,
        "leverage_buy" => numbers(pair.leverage_buy),
        "leverage_sell" => numbers(pair.leverage_sell),
        "fees" => schedule(pair.fees, FeeTier::taker_percent),
        "fees_maker" => schedule(pair.fees, FeeTier::maker_percent),
        "fee_volume_currency" => asset_name("ZUSD", names),
        "margin_call" => MARGIN_CALL,
        "margin_stop" => MARGIN_STOP,
        "ordermin" => Json::amount(pair.order_minimum()),
        "costmin" => Json::amount(pair.cost_minimum()),
        "tick_size" => Json::amount(pair.tick()),
        "status" => "online",
    };
    if let (Json::Object(members), Some((long, short))) = (&mut described, pair.position_limits) {
        members.insert("long_position_limit".to_owned(), long.into());
        members.insert("short_position_limit".to_owned(), short.into());
    }
    described
}

fn describe_leverage(pair: &Pair, _names: Names) -> Json {
    object! {
        "leverage_buy" => numbers(pair.leverage_buy),
        "leverage_sell" => numbers(pair.leverage_sell),
    }
}

fn describe_fees(pair: &Pair, names: Names) -> Json {
    object! {
        "fees" => schedule(pair.fees, FeeTier::taker_percent),
        "fees_maker" => schedule(pair.fees, FeeTier::maker_percent),
        "fee_volume_currency" => asset_name("ZUSD", names),
    }
}

/// Here the level at which positions are closed bears another name.
fn describe_margin(_pair: &Pair, _names: Names) -> Json {
    object! { "margin_call" => MARGIN_CALL, "margin_level" => MARGIN_STOP }
}

fn numbers(numbers: &[u32]) -> Json {
    numbers.iter().copied().collect()
}

fn schedule(tiers: &[FeeTier], percent: fn(FeeTier) -> Decimal) -> Json {
    tiers
        .iter()
        .map(|tier| list![tier.volume, Json::number(percent(*tier).normalize())])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ask, at, spot};
    use super::*;

    fn keys(json: &Json) -> Vec<String> {
        json.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn assets_are_as_on_the_wire() {
        let spot = &mut spot();
        assert_eq!(
            ask(spot, "Assets", "asset=BTC,USD").to_string(),
            concat!(
                r#"{"XXBT":{"aclass":"currency","altname":"XBT","decimals":10,"#,
                r#""display_decimals":5,"collateral_value":0.99,"status":"enabled","#,
                r#""margin_rate":0.01},"ZUSD":{"aclass":"currency","altname":"USD","#,
                r#""decimals":4,"display_decimals":2,"collateral_value":1,"status":"enabled"}}"#
            )
        );
        let shown = ask(spot, "Assets", "asset=XXDG&assetVersion=1");
        assert_eq!(keys(&shown), ["DOGE"]);
        let tokenized = ask(spot, "Assets", "aclass=tokenized_asset");
        assert_eq!(keys(&tokenized), ["AAPLx"]);
        assert_eq!(keys(&ask(spot, "Assets", "")).len(), ASSETS.len() - 1);
    }

    #[test]
    fn pairs_are_as_on_the_wire() {
        let spot = &mut spot();
        let pair = at(&ask(spot, "AssetPairs", "pair=ETH/XBT"), "XETHXXBT");
        let text = pair.to_string();
        assert!(text.starts_with(concat!(
            r#"{"altname":"ETHXBT","wsname":"ETH/XBT","aclass_base":"currency","base":"XETH","#,
            r#""aclass_quote":"currency","quote":"XXBT","execution_venue":"international","#,
            r#""lot":"unit","cost_decimals":6,"pair_decimals":5,"lot_decimals":8,"#,
            r#""lot_multiplier":1,"leverage_buy":[2,3,4,5],"leverage_sell":[2,3,4,5],"#,
            r#""fees":[[0,0.4],[10000,0.35],"#
        )));
        assert!(text.ends_with(concat!(
            r#""fee_volume_currency":"ZUSD","margin_call":80,"margin_stop":40,"#,
            r#""ordermin":"0.002","costmin":"0.00002","tick_size":"0.00001","#,
            r#""status":"online","long_position_limit":1000,"short_position_limit":600}"#
        )));
        assert_eq!(keys(&ask(spot, "AssetPairs", "")).len(), PAIRS.len() - 1);
        let other = ask(spot, "AssetPairs", "execution_venue=bitnomial_exchange");
        assert_eq!(other, Json::object());
    }

    #[test]
    fn only_the_fields_asked_for_come() {
        let spot = &mut spot();
        for (info, expected) in [
            ("leverage", ["leverage_buy", "leverage_sell"].as_slice()),
            ("fees", &["fees", "fees_maker", "fee_volume_currency"]),
            ("margin", &["margin_call", "margin_level"]),
        ] {
            let pairs = ask(spot, "AssetPairs", &format!("pair=BTC/USD&info={info}"));
            assert_eq!(keys(&at(&pairs, "XXBTZUSD")), expected);
        }
        let query = "pair=XDGUSD,XBTUSD&assetVersion=1";
        let shown = ask(spot, "AssetPairs", query);
        assert_eq!(keys(&shown), ["DOGE/USD", "BTC/USD"]);
        assert_eq!(
            shown.get("BTC/USD").unwrap().get("base"),
            Some(&"BTC".into())
        );
    }
}
