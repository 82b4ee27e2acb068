//! Market data, and the three private calls beside it.

use rust_decimal::Decimal;

use super::answer::{Outcome, Refusal, Reply};
use super::derivatives::funding_amount;
use super::exchange::Exchange;
use super::orders::all_symbols;
use super::params::{decimal, time, value};
use super::sheet::{self, Cell};
use super::symbols::{CURRENCIES, Product, currency_of, is_network, perpetual, symbol};
use super::{AUDITOR, Access, Call, MANAGER_OR_AUDITOR, Operation, get, public};
use crate::json::{Json, list, object};

pub(crate) static OPERATIONS: [Operation; 17] = [
    public("listSymbols", "/v1/symbols", symbols),
    public("getSymbolDetails", "/v1/symbols/details/{}", details),
    public("getTicker", "/v1/pubticker/{}", ticker),
    public("getTickerV2", "/v2/ticker/{}", ticker_v2),
    public("listPrices", "/v1/pricefeed", prices),
    public("getCurrentOrderBook", "/v1/book/{}", book),
    public("listTrades", "/v1/trades/{}", trades),
    public("listCandles", "/v2/candles/{}/{}", candles),
    public(
        "listDerivativeCandles",
        "/v2/derivatives/candles/{}/{}",
        perpetual_candles,
    ),
    public("listFeePromos", "/v1/feepromos", fee_promos),
    public("getFundingAmount", "/v1/fundingamount/{}", funding),
    public(
        "getNextFundingTimestamp",
        "/v1/nextfundingtimestamp/{}",
        next_funding,
    ),
    public(
        "getFundingAmountReportFile",
        "/v1/fundingamountreport/records.xlsx",
        funding_report,
    ),
    public("getRiskStats", "/v1/riskstats/{}", risk_stats),
    get(
        "getAssetsForNetwork",
        "/v2/networks/{}/assets",
        Access::Key,
        MANAGER_OR_AUDITOR,
        assets,
    ),
    get(
        "getTokenNetworkV2",
        "/v2/network/{}",
        Access::Key,
        MANAGER_OR_AUDITOR,
        networks,
    ),
    get(
        "getFXRate",
        "/v2/fxrate/{}/{}",
        Access::Key,
        AUDITOR,
        fx_rate,
    ),
];

fn symbols(_: &mut Exchange, _: &Call<'_>) -> Outcome {
    Ok(all_symbols()
        .map(|symbol| symbol.name)
        .collect::<Json>()
        .into())
}

fn details(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = symbol(&call.path[0])?;
    let (product, contract, currency) = match symbol.product {
        Product::Spot => ("spot", "vanilla", symbol.quote),
        Product::Perpetual => ("swap", "linear", "GUSD"),
    };
    Ok(object! {
        "symbol" => symbol.upper(),
        "base_currency" => symbol.base,
        "quote_currency" => symbol.quote,
        "tick_size" => step(symbol.amount_digits),
        "quote_increment" => step(symbol.price_digits),
        "min_order_size" => Json::amount(symbol.smallest().normalize()),
        "status" => "open",
        "wrap_enabled" => symbol.wrap,
        "product_type" => product,
        "contract_type" => contract,
        "contract_price_currency" => currency,
    }
    .into())
}

/// A step as the venue writes small numbers: `1E-8`.
fn step(digits: u32) -> Json {
    if digits > 6 {
        return Json::Number(format!("1E-{digits}"));
    }
    Json::number(Decimal::new(1, digits))
}

fn ticker(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = symbol(&call.path[0])?;
    let (bid, ask) = best(exchange, call)?;
    let market = exchange.market(symbol);
    let volume = market.day_ago(call.now).volume;
    let last = market.price;
    Ok(object! {
        "bid" => Json::amount(bid),
        "ask" => Json::amount(ask),
        "last" => Json::amount(last),
        "volume" => object! {
            symbol.base => Json::amount(volume),
            symbol.quote => Json::amount((volume * last).round_dp(10)),
            "timestamp" => call.now.milliseconds(),
        },
    }
    .into())
}

/// Best bid and best ask.
fn best(exchange: &mut Exchange, call: &Call<'_>) -> Result<(Decimal, Decimal), Refusal> {
    let symbol = symbol(&call.path[0])?;
    let last = exchange.price(symbol);
    let first = |side: Vec<super::market::Level>| side.first().map_or(last, |level| level.price);
    let bid = first(exchange.side(symbol, true));
    let ask = first(exchange.side(symbol, false));
    Ok((bid, ask))
}

fn ticker_v2(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = symbol(&call.path[0])?;
    let (bid, ask) = best(exchange, call)?;
    let market = exchange.market(symbol);
    let day = market.day_ago(call.now);
    let hours = market.candles_of(60);
    let changes = hours.iter().rev().take(24);
    Ok(object! {
        "symbol" => symbol.upper(),
        "open" => Json::amount(day.open),
        "high" => Json::amount(day.high),
        "low" => Json::amount(day.low),
        "close" => Json::amount(market.price),
        "changes" => changes.map(|hour| Json::amount(hour.close)).collect::<Json>(),
        "bid" => Json::amount(bid),
        "ask" => Json::amount(ask),
    }
    .into())
}

fn prices(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let rows = all_symbols().map(|symbol| {
        let market = exchange.market(symbol);
        let open = market.day_ago(call.now).open.max(symbol.price_step());
        let change = (market.price - open) / open;
        object! {
            "pair" => symbol.upper(),
            "price" => Json::amount(market.price),
            "percentChange24h" => Json::amount(change.round_dp(4)),
        }
    });
    Ok(rows.collect::<Json>().into())
}

fn book(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = symbol(&call.path[0])?;
    let at = call.now.seconds().to_string();
    let mut side = |bids: bool| {
        let name = if bids { "limit_bids" } else { "limit_asks" };
        let limit = match call.params.limit(name, 50, usize::MAX)? {
            0 => usize::MAX,
            limit => limit,
        };
        let levels = exchange.side(symbol, bids);
        let rows = levels.iter().take(limit).map(|level| {
            object! {
                "price" => Json::amount(level.price),
                "amount" => Json::amount(level.amount),
                "timestamp" => at.as_str(),
            }
        });
        Ok::<Json, Refusal>(rows.collect())
    };
    Ok(object! { "bids" => side(true)?, "asks" => side(false)? }.into())
}

fn trades(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = symbol(&call.path[0])?;
    let limit = call.params.limit("limit_trades", 50, 500)?;
    call.params.boolean("include_breaks", false)?;
    let since_tid = call.params.integer("since_tid")?;
    let from = match call.params.time("timestamp")? {
        None => call.params.time("since")?,
        given => given,
    };
    let from_start = since_tid.is_some() || from.is_some();
    let trades = exchange.market(symbol).trades.iter();
    let mut rows: Vec<_> = trades
        .filter(|trade| match (since_tid, from) {
            (Some(tid), _) => i128::from(trade.tid) > i128::from(tid),
            (None, Some(from)) => trade.at > from,
            (None, None) => true,
        })
        .copied()
        .collect();
    super::trading::page(&mut rows, from_start, limit, |trade| trade.at);
    let rows = rows.into_iter().map(|trade| {
        object! {
            "timestamp" => trade.at.seconds(),
            "timestampms" => trade.at.milliseconds(),
            "tid" => trade.tid,
            "price" => Json::amount(trade.price),
            "amount" => Json::amount(trade.amount),
            "exchange" => "gemini",
            "type" => if trade.buy { "buy" } else { "sell" },
        }
    });
    Ok(rows.collect::<Json>().into())
}

fn candles(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let minutes = match call.path[1].as_str() {
        "1m" => 1,
        "5m" => 5,
        "15m" => 15,
        "30m" => 30,
        // Both spellings are in use.
        "1hr" | "1h" => 60,
        "6hr" | "6h" => 360,
        "1day" | "1d" => 1_440,
        other => return Err(value("time_frame", other)),
    };
    let symbol = symbol(&call.path[0])?;
    let all = exchange.market(symbol).candles_of(minutes);
    let rows = all.iter().rev().take(1_440).map(|candle| {
        list![
            candle.start,
            Json::number(candle.open),
            Json::number(candle.high),
            Json::number(candle.low),
            Json::number(candle.close),
            Json::number(candle.volume),
        ]
    });
    Ok(rows.collect::<Json>().into())
}

fn perpetual_candles(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    perpetual(&call.path[0])?;
    if call.path[1] != "1m" {
        return Err(value("time_frame", &call.path[1]));
    }
    candles(exchange, call)
}

fn fee_promos(_: &mut Exchange, _: &Call<'_>) -> Outcome {
    Ok(object! { "symbols" => list!["GUSDUSD"] }.into())
}

fn funding(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = perpetual(&call.path[0])?;
    let last = super::derivatives::last_funding(call.now);
    let amount = funding_amount(symbol, last);
    let next = super::derivatives::next_funding(call.now);
    let estimate = funding_amount(symbol, next);
    Ok(object! {
        "symbol" => symbol.upper(),
        "fundingDateTime" => last.rfc3339_milliseconds(),
        "fundingTimestampMilliSecs" => last.milliseconds(),
        "nextFundingTimestamp" => next.milliseconds(),
        "fundingAmount" => Json::number(amount),
        "estimatedFundingAmount" => Json::number(estimate),
    }
    .into())
}

fn next_funding(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    perpetual(&call.path[0])?;
    let next = super::derivatives::next_funding(call.now);
    Ok(Json::from(next.milliseconds()).into())
}

fn funding_report(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = perpetual(&call.params.required("symbol")?)?;
    let times = super::derivatives::report_hours(call)?;
    let mut rows = vec![vec![
        Cell::text("symbol"),
        Cell::text("fundingDateTime"),
        Cell::text("fundingAmount"),
    ]];
    for at in times {
        rows.push(vec![
            Cell::text(symbol.upper()),
            Cell::text(at.rfc3339_milliseconds()),
            Cell::Number(funding_amount(symbol, at)),
        ]);
    }
    let bytes = sheet::xlsx(&rows).map_err(|error| Refusal::internal(&error))?;
    Ok(Reply::File {
        content_type: sheet::XLSX,
        name: format!("FundingAmount_{}.xlsx", symbol.upper()),
        bytes,
    })
}

fn risk_stats(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = perpetual(&call.path[0])?;
    let mark = exchange.price(symbol);
    let index = exchange.worth(symbol.base);
    let open = exchange.open_interest(symbol);
    Ok(object! {
        "product_type" => "PerpetualSwapContract",
        "mark_price" => Json::amount(mark),
        "index_price" => Json::amount(index),
        "open_interest" => Json::amount(open),
        "open_interest_notional" => Json::amount((open * mark).round_dp(2)),
    }
    .into())
}

fn assets(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let network = call.path[0].as_str();
    if !is_network(network) {
        let message = format!("Supplied value '{network}' is not a supported network");
        return Err(Refusal {
            status: 400,
            why: message.clone(),
            body: object! { "errorMessage" => message },
            retry_after: None,
        });
    }
    let mut assets: Vec<&str> = CURRENCIES
        .iter()
        .filter(|currency| currency.networks.contains(&network))
        .map(|currency| currency.code)
        .collect();
    assets.sort_unstable();
    Ok(object! { "network" => network, "assets" => assets }.into())
}

fn networks(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let token = &call.path[0];
    let currency = currency_of(token).filter(|currency| !currency.networks.is_empty());
    let currency = currency.ok_or_else(|| {
        Refusal::new(
            404,
            "UnsupportedNetwork",
            format!("Supplied value '{token}' is not a supported token"),
        )
    })?;
    Ok(object! { "token" => currency.code, "network" => currency.networks.to_vec() }.into())
}

/// What one of the first currency is worth in US dollars, the same on every day.
const FX: [(&str, &str); 14] = [
    ("AUDUSD", "0.69"),
    ("CADUSD", "0.72"),
    ("COPUSD", "0.00025"),
    ("EURUSD", "1.08"),
    ("CHFUSD", "1.12"),
    ("HKDUSD", "0.128"),
    ("NZDUSD", "0.61"),
    ("GBPUSD", "1.27"),
    ("BRLUSD", "0.18"),
    ("INRUSD", "0.0119"),
    ("SGDUSD", "0.74"),
    ("KRWUSD", "0.00073"),
    ("JPYUSD", "0.0067"),
    ("CNYUSD", "0.139"),
];

fn fx_rate(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let pair = call.path[0].to_uppercase();
    let found = FX.iter().find(|(name, _)| *name == pair);
    let (name, rate) = found.ok_or_else(|| {
        Refusal::bad("InvalidSymbol", format!("'{pair}' is not a supported pair"))
    })?;
    let at = time(&call.path[1])
        .filter(|at| *at <= call.now)
        .ok_or_else(|| {
            Refusal::bad(
                "InvalidTimestampInPayload",
                format!("Invalid timestamp '{}'", call.path[1]),
            )
        })?;
    Ok(object! {
        "fxPair" => *name,
        "rate" => Json::amount(decimal(rate).unwrap_or_default()),
        "asOf" => at.milliseconds(),
        "provider" => "bcb",
        "benchmark" => "Spot",
    }
    .into())
}
