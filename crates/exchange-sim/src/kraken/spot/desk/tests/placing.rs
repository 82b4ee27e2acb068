//! Orders that are placed, or refused.

use super::*;

#[test]
fn a_resting_order_is_held_filled_and_told_of_to_the_last_digit() {
    let mut stand = Stand::new();
    let limit = r#""ordertype":"limit","type":"buy","volume":"0.01234567","price":"50000.1""#;
    let id = stand.add(limit);
    // 617.284734... and 0.40 % of it, rounded up together: 617.2848 + 2.4692
    assert_eq!(stand.available("A", "ZUSD"), "9380.246");
    assert_eq!(stand.of(&id, "status"), "open");
    stand.check();

    stand.price("XBTUSD", "49990");
    assert_eq!(stand.of(&id, "status"), "closed");
    // Cost and the maker's 0.25 % are cut: 617.2847 and 1.5432
    assert_eq!(stand.balance("A", "ZUSD"), "9381.1721");
    assert_eq!(stand.available("A", "ZUSD"), "9381.1721");
    assert_eq!(stand.balance("A", "XXBT"), "1.01234567");
    for (member, expected) in [
        ("vol_exec", "0.01234567"),
        ("cost", "617.28470"),
        ("fee", "1.54320"),
        ("misc", ""),
        ("oflags", "fciq"),
        ("reason", "null"),
    ] {
        assert_eq!(stand.of(&id, member), expected, "{member}");
    }

    let history = stand.call("TradesHistory", r#"{"ledgers":true}"#);
    assert_eq!(history.get("count").unwrap().scalar().unwrap(), "1");
    let trades = history.get("trades").unwrap().as_object().unwrap();
    let (trade_id, trade) = trades.first().unwrap();
    for (member, expected) in [
        ("ordertxid", id.as_str()),
        ("pair", "XXBTZUSD"),
        ("price", "50000.10000"),
        ("cost", "617.28470"),
        ("fee", "1.54320"),
        ("vol", "0.01234567"),
        ("maker", "true"),
    ] {
        let value = trade.get(member).unwrap().scalar().unwrap();
        assert_eq!(value, expected, "{member}");
    }
    let ledgers = trade.get("ledgers").unwrap().as_list().unwrap();
    let entries: Vec<_> = stand.spot.statements["A"].entries.iter().collect();
    let [.., quote, base] = entries.as_slice() else {
        panic!("too few entries");
    };
    assert_eq!(ledgers[0].as_str().unwrap(), quote.id);
    assert_eq!(ledgers[1].as_str().unwrap(), base.id);
    assert_eq!(quote.refid, *trade_id);
    assert_eq!(quote.amount, decimal("-617.2847"));
    assert_eq!(quote.fee, decimal("1.5432"));
    assert_eq!(quote.balance, decimal("9381.1721"));
    assert_eq!(base.amount, decimal("0.01234567"));

    // The public tape has the trade.
    let market = stand.spot.markets.get(find_pair("XBTUSD").unwrap());
    let tape = market.unwrap().trades();
    let told = trade.get("trade_id").unwrap().scalar().unwrap();
    let public = tape.iter().find(|public| public.id.to_string() == told);
    assert_eq!(public.unwrap().volume, decimal("0.01234567"));
    stand.check();
}

#[test]
fn market_orders_take_the_book_at_once() {
    let mut stand = Stand::new();
    let id = stand.add(r#""ordertype":"market","type":"sell","volume":"0.01""#);
    // The best bid is a tick below the price that was set: 599.999, 0.40 % cut.
    assert_eq!(stand.of(&id, "status"), "closed");
    assert_eq!(stand.of(&id, "cost"), "599.99900");
    assert_eq!(stand.of(&id, "fee"), "2.39990");
    assert_eq!(stand.balance("A", "ZUSD"), "10597.5991");
    assert_eq!(stand.balance("A", "XXBT"), "0.99");
    let funds = stand.refusal(
        "AddOrder",
        r#"{"pair":"XBTUSD","ordertype":"market","type":"buy","volume":"0.2"}"#,
    );
    assert_eq!(funds, "EOrder:Insufficient funds");
    let id = stand.add(r#""ordertype":"market","type":"buy","volume":"100","oflags":"viqc""#);
    assert_eq!(stand.of(&id, "status"), "closed");
    assert_eq!(stand.of(&id, "vol"), "100.00000000");
    stand.check();
}

#[test]
fn fees_in_the_base_asset_are_taken_there() {
    let mut stand = Stand::new();
    stand
        .add(r#""ordertype":"limit","type":"sell","volume":"0.5","price":"70000","oflags":"fcib""#);
    assert_eq!(stand.available("A", "XXBT"), "0.498");
    stand.price("XBTUSD", "70100");
    assert_eq!(stand.balance("A", "XXBT"), "0.49875");
    assert_eq!(stand.balance("A", "ZUSD"), "45000");
    stand.check();
}

#[test]
fn orders_are_described_as_the_venue_does() {
    let mut stand = Stand::new();
    let mut described = |params: &str| {
        let params = format!(r#"{{"pair":"BTC/USD","validate":true,{params}}}"#);
        let answer = stand.call("AddOrder", &params);
        assert!(answer.get("txid").is_none());
        answer.get("descr").unwrap().to_string()
    };
    assert_eq!(
        described(r#""ordertype":"limit","type":"buy","volume":"1.25","price":"27500""#),
        r#"{"order":"buy 1.25000000 XBTUSD @ limit 27500.0"}"#
    );
    assert_eq!(
        described(
            r#""ordertype":"limit","type":"buy","volume":2.1234,"price":"25000.1","leverage":2,"close[ordertype]":"stop-loss-limit","close[price]":"22000","close[price2]":"21000""#
        ),
        r#"{"order":"buy 2.12340000 XBTUSD @ limit 25000.1 with 2:1 leverage","close":"close position @ stop loss 22000.0 -> limit 21000.0"}"#
    );
    assert_eq!(
        described(r#""ordertype":"trailing-stop","type":"sell","volume":"1","price":"+5%""#),
        r#"{"order":"sell 1.00000000 XBTUSD @ trailing stop +5.0000%"}"#
    );
    assert_eq!(
        described(r#""ordertype":"market","type":"sell","volume":"1""#),
        r#"{"order":"sell 1.00000000 XBTUSD @ market"}"#
    );
    stand.check();
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_is_wrong_is_refused_in_the_venues_words() {
    let mut stand = Stand::new();
    let limit = r#""type":"buy","ordertype":"limit""#;
    for (params, expected) in [
        (
            r#""pair":"NOPE","volume":"1","price":"1""#,
            "EQuery:Unknown asset pair",
        ),
        (
            r#""pair":"AAPLxUSD","volume":"1","price":"1""#,
            "EQuery:Unknown asset pair",
        ),
        (
            r#""pair":"XBTUSD","price":"1""#,
            "EGeneral:Invalid arguments:volume",
        ),
        (
            r#""pair":"XBTUSD","volume":"-1","price":"1""#,
            "EGeneral:Invalid arguments:volume",
        ),
        (
            r#""pair":"XBTUSD","volume":"1e3","price":"1""#,
            "EGeneral:Invalid arguments:volume",
        ),
        (
            r#""pair":"XBTUSD","volume":"1""#,
            "EGeneral:Invalid arguments:price",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.00001","price":"50000""#,
            "EOrder:Order minimum not met",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.0001","price":"1""#,
            "EOrder:Cost minimum not met",
        ),
        (
            r#""pair":"XBTUSD","volume":"1","price":"50000.12""#,
            "EOrder:Invalid price:XBTUSD price can only be specified up to 1 decimals.",
        ),
        (
            r#""pair":"XBTUSD","volume":"1","price":"50000""#,
            "EOrder:Insufficient funds",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","oflags":"fcib,fciq""#,
            "EGeneral:Invalid arguments:oflags",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","oflags":"viqc""#,
            "EGeneral:Invalid arguments:oflags",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","cl_ord_id":"Not Allowed""#,
            "EGeneral:Invalid arguments:cl_ord_id",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","cl_ord_id":"a","userref":1"#,
            "EGeneral:Invalid arguments:cl_ord_id",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","expiretm":"+60""#,
            "EGeneral:Invalid arguments:expiretm",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","timeinforce":"GTD","expiretm":"+4""#,
            "EGeneral:Invalid arguments:expiretm",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","deadline":"2020-01-01T00:00:00Z""#,
            "EService:Deadline elapsed",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","leverage":"50""#,
            "EGeneral:Invalid arguments:leverage",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","leverage":"2","reduce_only":true"#,
            "EOrder:Reduce only:No position exists",
        ),
        (
            r#""pair":"XBTUSD","volume":"0","price":"50000","leverage":"2""#,
            "EOrder:Unknown position",
        ),
        (
            r#""pair":"XBTUSD","volume":"2","price":"50000","leverage":"2""#,
            "EOrder:Margin level too low",
        ),
        (
            r#""pair":"XBTUSD","volume":"9999999999","price":"9999999999","leverage":"2""#,
            "EOrder:Margin position size exceeded",
        ),
    ] {
        let refusal = stand.refusal("AddOrder", &format!("{{{limit},{params}}}"));
        assert_eq!(refusal, expected, "{params}");
    }
    assert_eq!(
        stand.refusal("CancelOrder", r#"{"txid":"7"}"#),
        "EOrder:Unknown order"
    );
    assert_eq!(
        stand.refusal("CancelAllOrdersAfter", r#"{"timeout":86400}"#),
        "EGeneral:Invalid arguments:timeout"
    );
    stand.check();
}

#[test]
fn the_status_of_the_venue_stops_orders() {
    let mut stand = Stand::new();
    let order = r#"{"pair":"XBTUSD","type":"buy","ordertype":"limit","volume":"0.1","price":"50000","oflags":"OF"}"#;
    let plain = order.replace("OF", "");
    let post = order.replace("OF", "post");
    stand.spot.markets.status = KrakenStatus::CancelOnly;
    assert_eq!(
        stand.refusal("AddOrder", &post),
        "EService:Market in cancel_only mode"
    );
    stand.spot.markets.status = KrakenStatus::PostOnly;
    assert_eq!(
        stand.refusal("AddOrder", &plain),
        "EService:Market in post_only mode"
    );
    stand.call("AddOrder", &post);
    stand.spot.markets.status = KrakenStatus::Maintenance;
    assert_eq!(stand.refusal("CancelAll", "{}"), "EService:Unavailable");
    stand.spot.markets.status = KrakenStatus::CancelOnly;
    let count = stand.call("CancelAll", "{}");
    assert_eq!(count.to_string(), r#"{"count":1}"#);
    stand.check();
}

#[test]
fn post_fill_or_kill_and_immediate_orders_do_not_rest() {
    let mut stand = Stand::new();
    let order = r#""ordertype":"limit","type":"buy","volume":"0.01","price":"60010""#;
    let id = stand.add(&format!(r#"{order},"oflags":"post""#));
    assert_eq!(stand.of(&id, "reason"), "Post only order");
    let none = r#""ordertype":"limit","type":"buy","volume":"0.01","price":"59000""#;
    for tif in ["FOK", "IOC"] {
        let id = stand.add(&format!(r#"{none},"timeinforce":"{tif}""#));
        assert_eq!(stand.of(&id, "status"), "canceled", "{tif}");
        let id = stand.add(&format!(r#"{order},"timeinforce":"{tif}""#));
        assert_eq!(stand.of(&id, "status"), "closed", "{tif}");
    }
    stand.check();
}

#[test]
fn orders_of_one_account_do_not_meet_but_those_of_two_do() {
    let mut stand = Stand::new();
    let sell = r#""ordertype":"limit","type":"sell","volume":"0.1","price":"60000""#;
    let buy = r#""ordertype":"limit","type":"buy","volume":"0.05","price":"60000""#;
    let resting = stand.add(sell);
    let newest = stand.add(buy);
    assert_eq!(stand.of(&newest, "reason"), "Self trade prevention");
    assert_eq!(stand.of(&resting, "status"), "open");
    stand.add_as(1, buy);
    assert_eq!(stand.of(&resting, "vol_exec"), "0.05000000");
    assert_eq!(stand.of(&resting, "misc"), "partial");
    assert_eq!(stand.available("A", "XXBT"), "0.9");
    stand.check();
    // 3000 and the maker's 0.25 %; the other paid the taker's 0.40 %
    assert_eq!(stand.balance("A", "ZUSD"), "12992.5");
    assert_eq!(stand.balance("B", "ZUSD"), "96988");
    let oldest = stand.add(&format!(r#"{buy},"stptype":"cancel-oldest""#));
    assert_eq!(stand.of(&resting, "reason"), "Self trade prevention");
    assert_eq!(stand.of(&oldest, "status"), "open");
    let both = stand.add(&format!(r#"{sell},"stptype":"cancel-both""#));
    assert_eq!(stand.of(&oldest, "status"), "canceled");
    assert_eq!(stand.of(&both, "status"), "canceled");
    stand.check();
}
