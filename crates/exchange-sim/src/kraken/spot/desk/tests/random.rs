//! Sequences that chance makes.

use super::*;

/// Parameters of all these operations.
const NAMES: &[&str] = &[
    "pair",
    "ordertype",
    "type",
    "volume",
    "price",
    "price2",
    "leverage",
    "reduce_only",
    "stptype",
    "oflags",
    "timeinforce",
    "starttm",
    "expiretm",
    "close[ordertype]",
    "close[price]",
    "close[price2]",
    "deadline",
    "userref",
    "cl_ord_id",
    "displayvol",
    "txid",
    "order_qty",
    "display_qty",
    "limit_price",
    "trigger_price",
    "post_only",
    "orders",
    "cl_ord_ids",
    "timeout",
    "asset",
    "trades",
    "start",
    "end",
    "ofs",
    "cursor",
    "with_cursor",
    "limit",
    "closetime",
    "order_id",
    "docalcs",
    "consolidation",
    "account_id",
    "consolidate_taker",
    "trigger",
];

/// Whatever is sent is answered, and leaves the books right.
#[test]
fn nonsense_is_refused_without_a_fault() {
    let mut chance = fastrand::Rng::with_seed(3);
    let mut stand = Stand::new();
    let id = stand.add(r#""ordertype":"limit","type":"buy","volume":"0.1","price":"50000""#);
    let order = r#"{"ordertype":"limit","type":"buy","volume":"0.1","price":"50000"}"#;
    let orders = format!("[{order},{order},{{}}]");
    let id = format!("\"{id}\"");
    let values = [
        "0",
        "1",
        "-1",
        "0.00000001",
        "9999999999",
        "79228162514264337593543950335",
        "1e400",
        "9223372036854775807",
        "null",
        "[]",
        "{}",
        "true",
        "\"\"",
        "\"+5\"",
        "\"-5%\"",
        "\"#5%\"",
        "\"+99999999999\"",
        "\"+9999999999%\"",
        "\"é\"",
        "\"5:1\"",
        "\"XBTUSD\"",
        "\"ETHXBT\"",
        "\"buy\"",
        "\"sell\"",
        "\"limit\"",
        "\"market\"",
        "\"iceberg\"",
        "\"trailing-stop-limit\"",
        "\"take-profit\"",
        "\"settle-position\"",
        "\"viqc\"",
        "\"post\"",
        "\"GTD\"",
        "\"FOK\"",
        "\"market,\"",
        "\"2027-01-15T08:00:10Z\"",
        "\"OAAAAA-AAAAA-AAAAAA\"",
        "\"USDT\"",
        orders.as_str(),
        id.as_str(),
    ];
    let operations = [trading::OPERATIONS, orders::OPERATIONS]
        .into_iter()
        .flatten()
        .map(|operation| operation.name)
        .collect::<Vec<_>>();
    for _ in 0..6_000 {
        let operation = operations[chance.usize(..operations.len())];
        let mut params = vec![
            r#""pair":"XBTUSD""#.to_owned(),
            r#""ordertype":"limit","type":"buy","volume":"0.01","price":"50000""#.to_owned(),
        ];
        for _ in 0..chance.usize(..5) {
            let name = NAMES[chance.usize(..NAMES.len())];
            let value = values[chance.usize(..values.len())];
            params.push(format!(r#""{name}":{value}"#));
        }
        let params = format!("{{{}}}", params.join(","));
        let answer = stand.call_as(0, operation, &params);
        if let Err(Refusal(errors)) = answer {
            let internal = errors.iter().any(|error| error.contains("Internal"));
            assert!(!internal, "{operation} {params}: {errors:?}");
        }
        stand.check();
    }
}

/// Some call: an order for `pair`, or something about the order `id` for the
/// pair `of`; `most` is its volume, in units of 10^-8.
fn some_call(
    chance: &mut fastrand::Rng,
    most: i64,
    pair: &str,
    id: &str,
    of: &str,
) -> (&'static str, String) {
    let volume = Decimal::new(chance.i64(1..most), 8);
    let offset = format!(
        "{}0.{:02}%",
        ["+", "-", "#"][chance.usize(..3)],
        chance.u8(1..30)
    );
    match chance.u8(..10) {
        0..6 => {
            let kinds = [
                "market",
                "limit",
                "limit",
                "iceberg",
                "stop-loss",
                "take-profit",
                "stop-loss-limit",
                "take-profit-limit",
                "trailing-stop",
                "trailing-stop-limit",
                "settle-position",
            ];
            let kind = kinds[chance.usize(..kinds.len())];
            let price = if kind.starts_with("trailing") {
                "+2%"
            } else {
                &offset
            };
            let side = ["buy", "sell"][chance.usize(..2)];
            let mut more = String::new();
            if chance.u8(..3) == 0 {
                more += r#","leverage":"3""#;
            } else if chance.bool() {
                more += r#","oflags":"fcib""#;
            }
            if kind == "iceberg" {
                more += &format!(r#","displayvol":"{}""#, volume / Decimal::TWO);
            }
            if chance.u8(..4) == 0 {
                more += r#","close[ordertype]":"limit","close[price]":"+1%""#;
            }
            more += [
                "",
                r#","timeinforce":"IOC""#,
                r#","timeinforce":"GTD","expiretm":"+90""#,
                r#","starttm":"+20""#,
                r#","stptype":"cancel-oldest""#,
            ][chance.usize(..5)];
            let params = format!(
                r#"{{"pair":"{pair}","ordertype":"{kind}","type":"{side}","volume":"{volume}","price":"{price}","price2":"{}"{more}}}"#,
                offset.replace('#', "+"),
            );
            ("AddOrder", params)
        }
        6 => (
            "AmendOrder",
            format!(r#"{{"txid":"{id}","order_qty":"{volume}","limit_price":"-1%"}}"#),
        ),
        7 => (
            "EditOrder",
            format!(r#"{{"pair":"{of}","txid":"{id}","volume":"{volume}"}}"#),
        ),
        8 => ("CancelOrder", format!(r#"{{"txid":"{id}"}}"#)),
        _ => ("CancelAllOrdersAfter", r#"{"timeout":200}"#.to_owned()),
    }
}

/// Whatever customers do, and wherever the market goes.
#[test]
fn money_is_neither_made_nor_lost() {
    for seed in 0..4 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut stand = Stand::new();
        for market in stand.spot.markets.all_mut() {
            market.frozen = false;
            market.volatility = 1_000;
        }
        for (account, asset, amount) in [("A", "XETH", "10"), ("B", "ZEUR", "5000")] {
            stand.give(account, asset, amount);
        }
        // The rich order more than the book has at one price.
        let most = if seed % 2 == 0 {
            30_000_000
        } else {
            900_000_000
        };
        if seed % 2 == 1 {
            for (account, asset) in [("A", "XXBT"), ("A", "ZUSD"), ("B", "XETH"), ("B", "ZUSD")] {
                let amount = if asset == "ZUSD" { "3000000" } else { "50" };
                stand.give(account, asset, amount);
            }
        }
        let (mut taken, mut partial) = (0, 0);
        for _ in 0..400 {
            let key = chance.usize(..2);
            let pair = ["XBTUSD", "ETHUSD", "ETHXBT", "XBTEUR"][chance.usize(..4)];
            let open = stand.spot.desk.open_of(&stand.keys[key].account);
            let some = (!open.is_empty()).then(|| open[chance.usize(..open.len())]);
            let id = some.and_then(|number| stand.spot.desk.order(number));
            let (id, of) = id.map_or_else(
                || ("O".to_owned(), pair),
                |order| (order.id.clone(), order.terms.pair.altname),
            );
            let (name, params) = some_call(&mut chance, most, pair, &id, of);
            let answer = stand.call_as(key, name, &params);
            taken += u32::from(answer.is_ok());
            if let Err(Refusal(errors)) = answer {
                let internal = errors.iter().any(|error| error.contains("Internal"));
                assert!(!internal, "{name} {params}: {errors:?}");
            }
            stand.check();
            let mut open = stand.spot.desk.open();
            partial += u32::from(open.any(|(_, order)| !order.filled.is_zero()));
            drop(open);
            stand.pass(chance.u64(..20));
            stand.check();
        }
        stand.pass(400 * 86_400);
        stand.check();
        assert!(partial > 0 || seed % 2 == 0);
        assert!(taken > 100, "{taken}");
        assert!(stand.spot.desk.trades_of("A").count() > 20);
    }
}
