//! The vendor's description of Kraken Prime as a table, and what of a message does not fit it.
//!
//! The vendor has no machine-readable description, so the table, `tests/fixtures/prime_fields.tsv`,
//! was written by hand from its pages, apart from client and simulator. Its head says how to read
//! it.

use std::collections::BTreeMap;

use serde_json::Value;

/// The table.
#[derive(Debug)]
pub struct Sheet {
    records: BTreeMap<&'static str, Vec<Member>>,
    /// The values of each, unconfirmed ones included.
    enums: BTreeMap<&'static str, Vec<&'static str>>,
}

#[derive(Debug)]
struct Member {
    name: &'static str,
    kind: &'static str,
    required: bool,
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The client.
    Client,
    /// The venue.
    Venue,
}

impl Sheet {
    /// Reads the table.
    pub fn read() -> Self {
        let mut records: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut enums = BTreeMap::new();
        for line in include_str!("../fixtures/prime_fields.tsv").lines() {
            if line.starts_with('#') {
                continue;
            }
            let mut columns = line.split('\t');
            let [first, second, third, fourth] = [(); 4].map(|()| columns.next().unwrap_or(""));
            assert_eq!(columns.next(), None, "{line}");
            if first == "enum" {
                let values = third.split(',').chain(fourth.split(','));
                let values = values.filter(|value| !value.is_empty()).collect();
                assert!(enums.insert(second, values).is_none(), "{second} twice");
                continue;
            }
            let members = records.entry(first).or_default();
            if second.is_empty() {
                continue;
            }
            assert!(
                "Y N y n s c T U".contains(fourth) && !fourth.is_empty(),
                "{line}"
            );
            members.push(Member {
                name: second,
                kind: third,
                required: matches!(fourth, "Y" | "y" | "s"),
            });
        }
        Self { records, enums }
    }

    /// The values of an enum, unconfirmed ones included.
    pub fn values(&self, name: &str) -> &[&'static str] {
        &self.enums[name]
    }

    /// The records whose names begin so, without that beginning.
    pub fn records(&self, beginning: &str) -> Vec<&'static str> {
        let names = self.records.keys();
        names
            .filter_map(|name| name.strip_prefix(beginning))
            .collect()
    }

    /// What of an object does not fit a record.
    pub fn misfits(&self, record: &str, value: &Value) -> Vec<String> {
        let mut misfits = Vec::new();
        self.object(record, record, value, &mut misfits);
        misfits
    }

    /// What of a message does not fit.
    pub fn message(&self, by: By, message: &Value) -> Vec<String> {
        let mut misfits = Vec::new();
        let kind = message["type"].as_str().unwrap_or_default();
        match (by, kind) {
            (By::Client, "subscribe") => {
                self.object("sent subscribe", kind, message, &mut misfits);
                for stream in elements(message, "streams") {
                    let name = stream["name"].as_str().unwrap_or_default();
                    let record = format!("ask {name}");
                    self.object(&record, &record, stream, &mut misfits);
                    if stream["Depth"].is_number() && stream["SizeBuckets"].is_array() {
                        misfits.push("both Depth and SizeBuckets".to_owned());
                    }
                }
            }
            (By::Client, _) => {
                self.object(&format!("sent {kind}"), kind, message, &mut misfits);
                if message["reqid"] == 0 {
                    misfits.push("reqid is 0".to_owned());
                }
                if kind == "Ping" && elements(message, "data").is_empty() {
                    misfits.push("Ping without data".to_owned());
                }
                for command in elements(message, "data") {
                    self.command(kind, command, &mut misfits);
                }
            }
            (By::Venue, "hello" | "Pong" | "error") => {
                self.object(&format!("heard {kind}"), kind, message, &mut misfits);
            }
            (By::Venue, _) => {
                let is_page = message["page"] == true;
                let around = if is_page {
                    "heard page"
                } else {
                    "heard stream"
                };
                self.object(around, kind, message, &mut misfits);
                for record in elements(message, "data") {
                    let of_no_order = record["CxlRejReason"] == "UnknownOrder";
                    let mut found = Vec::new();
                    self.object(kind, kind, record, &mut found);
                    // There is nothing else to tell of an order that there is not.
                    found.retain(|misfit| !(of_no_order && misfit.ends_with(MISSING)));
                    misfits.append(&mut found);
                    if matches!(kind, "ExecutionReport" | "Order") && !of_no_order {
                        order_rules(record, &mut misfits);
                    }
                    if kind == "Quote" {
                        quote_rules(record, &mut misfits);
                    }
                }
            }
        }
        misfits
    }

    /// What the table calls conditional.
    fn command(&self, kind: &str, command: &Value, misfits: &mut Vec<String>) {
        if kind == "Ping" {
            return;
        }
        let has = |name: &str| command.get(name).is_some();
        let text = |name: &str| command[name].as_str().unwrap_or_default();
        let mut must = |good: bool, what: &str| {
            if !good {
                misfits.push(format!("{kind}: {what}"));
            }
        };
        if kind == "NewOrderSingle" {
            let of_quote = text("OrdType") == "RFQ";
            must(
                has("Price") || text("OrdType") != "Limit",
                "Limit without Price",
            );
            must(
                !has("Price") || text("OrdType") != "Market",
                "Market with Price",
            );
            must(has("TimeInForce") || of_quote, "no TimeInForce");
            must(has("QuoteID") == of_quote, "QuoteID is for RFQ only");
            must(has("RFQID") || !of_quote, "RFQ without RFQID");
            must(
                has("Strategy") == has("Parameters"),
                "Strategy and Parameters",
            );
        }
        if matches!(
            kind,
            "OrderCancelRequest" | "OrderCancelReplaceRequest" | "OrderControlRequest"
        ) {
            let one = has("OrigClOrdID") != has("OrderID");
            must(one, "must have one of OrigClOrdID and OrderID");
        }
        let strategy = text("Strategy");
        if has("Strategy") {
            let new = self.values("NewStrategy").contains(&strategy);
            must(new, "a strategy that is not sent");
            self.object(strategy, strategy, &command["Parameters"], misfits);
        }
    }

    fn object(&self, record: &str, path: &str, value: &Value, misfits: &mut Vec<String>) {
        let Some(members) = self.records.get(record) else {
            return misfits.push(format!("{path}: there is no record {record}"));
        };
        let Some(object) = value.as_object() else {
            return misfits.push(format!("{path}: not an object: {value}"));
        };
        for member in members {
            let path = format!("{path}.{}", member.name);
            match object.get(member.name) {
                Some(value) => self.fits(member.kind, &path, value, misfits),
                None if member.required => misfits.push(format!("{path}{MISSING}")),
                None => {}
            }
        }
        let known = |name: &String| members.iter().any(|member| member.name == name);
        for name in object.keys().filter(|name| !known(name)) {
            misfits.push(format!("{path}.{name}: not in the description"));
        }
    }

    fn fits(&self, kind: &str, path: &str, value: &Value, misfits: &mut Vec<String>) {
        let inside = |ends: [char; 2]| kind.strip_prefix(ends[0])?.strip_suffix(ends[1]);
        if let Some(kind) = kind.strip_suffix('?') {
            if !value.is_null() {
                self.fits(kind, path, value, misfits);
            }
        } else if let Some(record) = inside(['{', '}']) {
            self.object(record, path, value, misfits);
        } else if let Some(kind) = inside(['[', ']']) {
            match value.as_array() {
                Some(elements) => {
                    for element in elements {
                        self.fits(kind, path, element, misfits);
                    }
                }
                None => misfits.push(format!("{path}: not an array: {value}")),
            }
        } else if let Some(kind) = inside(['<', '>']) {
            match value.as_object() {
                Some(members) => {
                    for (name, member) in members {
                        self.fits(kind, &format!("{path}.{name}"), member, misfits);
                    }
                }
                None => misfits.push(format!("{path}: not an object: {value}")),
            }
        } else if !self.fits_plain(kind, value) {
            misfits.push(format!("{path}: not of the type {kind}: {value}"));
        }
    }

    fn fits_plain(&self, kind: &str, value: &Value) -> bool {
        if let Some(literal) = kind.strip_prefix('\'') {
            return value.as_str() == literal.strip_suffix('\'');
        }
        if let Some(name) = kind.strip_prefix('=') {
            return value
                .as_str()
                .is_some_and(|text| self.values(name).contains(&text));
        }
        match (kind, value) {
            ("any", value) => !value.is_null(),
            ("bool", Value::Bool(_)) | ("text", Value::String(_)) => true,
            ("int", Value::Number(number)) => number.is_i64() || number.is_u64(),
            // From 2001 to 2286, so that no other unit is taken for it.
            ("nanos", Value::Number(number)) => number
                .as_u64()
                .is_some_and(|nanos| nanos.to_string().len() == 19),
            ("id", Value::String(text)) => (1..=36).contains(&text.chars().count()),
            ("uuid", Value::String(text)) => fits_form(text, UUID),
            ("time", Value::String(text)) => fits_form(text, TIME),
            ("decimal", Value::String(text)) => is_decimal(text),
            ("span", Value::String(text)) => is_span(text),
            ("json", Value::String(text)) => serde_json::from_str::<Value>(text).is_ok(),
            _ => false,
        }
    }
}

const MISSING: &str = ": missing";
const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const TIME: &str = "0000-00-00T00:00:00.000000Z";

/// Whether a text has a digit where the form has `0`, a hexadecimal one where it has `x`, and
/// otherwise the same.
fn fits_form(text: &str, form: &str) -> bool {
    let fits = |(is, form): (u8, u8)| match form {
        b'0' => is.is_ascii_digit(),
        b'x' => is.is_ascii_digit() || (b'a'..=b'f').contains(&is),
        _ => is == form,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    plain(whole) && plain(part)
}

/// A whole number and one of the units that are shown.
fn is_span(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < text.len() && ["ns", "us", "ms", "s", "m"].contains(&unit)
}

fn elements<'a>(message: &'a Value, name: &str) -> &'a [Value] {
    message[name].as_array().map_or(&[], Vec::as_slice)
}

fn number(record: &Value, name: &str) -> Option<rust_decimal::Decimal> {
    record[name].as_str()?.parse().ok()
}

/// What the members of a report say together.
fn order_rules(record: &Value, misfits: &mut Vec<String>) {
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    let amount = |name: &str| number(record, name).unwrap_or_default();
    let mut must = |good: bool, what: &str| {
        if !good {
            misfits.push(format!("{what}: {record}"));
        }
    };
    let is_over = matches!(text("OrdStatus"), "Canceled" | "Rejected");
    let left = amount("OrderQty") - amount("CumQty");
    let leaves = amount("LeavesQty");
    must(
        leaves == left || (is_over && leaves.is_zero()),
        "LeavesQty is not what is left",
    );
    let is_fill = text("ExecType") == "Trade";
    for last in ["LastPx", "LastQty", "LastAmt"] {
        must(
            (amount(last) > 0.into()) == is_fill,
            "the last fill is of Trade only",
        );
    }
    must(
        text("OrdType") != "Limit" || record.get("Price").is_some(),
        "Limit without Price",
    );
    must(
        record.get("Price").is_none() || text("OrdType") != "Market",
        "Market with Price",
    );
    let filled = text("OrdStatus") == "Filled";
    must(!filled || leaves.is_zero(), "Filled, and something is left");
    let refused = text("ExecType") == "Rejected";
    must(
        (text("OrdStatus") == "Rejected") == refused,
        "Rejected in one place only",
    );
    must(
        record.get("OrdRejReason").is_some() == refused,
        "OrdRejReason is of Rejected only",
    );
}

/// What the members of a quote say together.
fn quote_rules(record: &Value, misfits: &mut Vec<String>) {
    let status = record["QuoteStatus"].as_str().unwrap_or_default();
    let has = |name: &str| record.get(name).is_some();
    let mut must = |good: bool, what: &str| {
        if !good {
            misfits.push(format!("{what}: {record}"));
        }
    };
    let priced = has("BidPx") || has("OfferPx");
    must(priced == (status == "Open"), "prices are of Open only");
    must(
        has("ValidUntilTime") == priced,
        "ValidUntilTime goes with prices",
    );
    must(
        has("BidPx") == has("BidAmt") && has("OfferPx") == has("OfferAmt"),
        "prices and amounts",
    );
    must(
        !(has("BidPx") && record["Side"] == "Buy"),
        "a bid for who buys",
    );
    must(
        !(has("OfferPx") && record["Side"] == "Sell"),
        "an offer for who sells",
    );
    must(has("RFQID"), "RFQID is there from PendingNew on");
    must(
        has("QuoteRequestRejectReason") == (status == "Rejected"),
        "the reason of a refusal",
    );
    must(
        has("TradedPx") == (status == "Filled"),
        "what was traded is of Filled only",
    );
}
