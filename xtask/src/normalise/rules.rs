//! Rules that hold for a whole API: which names mean amounts, which mean times, what a format is
//! in Rust. Exceptions are overlay actions with `x-format`.

/// A format the generator knows, with its type in the generated code.
///
/// `marker` names a type that only exists between progenitor and the rewriting stage. It carries
/// the codec through generics such as `Vec` and `IndexMap`; see `rewrite::codecs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Name used in `x-format`.
    pub name: &'static str,
    /// Marker type that stands for it until the rewriting.
    pub marker: &'static str,
    /// Type in the generated code.
    pub rust: &'static str,
    /// Module for `#[serde(with = "…")]`, if the type alone does not say how it travels.
    pub codec: Option<&'static str>,
}

/// All formats.
pub const FORMATS: &[Format] = &[
    Format {
        name: "decimal",
        marker: "DecimalText",
        rust: "::rust_decimal::Decimal",
        codec: Some("exchange_wire::decimal"),
    },
    Format {
        name: "decimal-number",
        marker: "DecimalNumber",
        rust: "::rust_decimal::Decimal",
        codec: Some("exchange_wire::decimal::number"),
    },
    Format {
        name: "timestamp",
        marker: "Timestamp",
        rust: "::exchange_wire::Timestamp",
        codec: None,
    },
    Format {
        name: "unix-text",
        marker: "UnixSeconds",
        rust: "::exchange_wire::UnixSeconds",
        codec: None,
    },
    Format {
        name: "rfc3339",
        marker: "Rfc3339",
        rust: "::exchange_wire::Rfc3339",
        codec: None,
    },
    Format {
        name: "integer",
        marker: "Integer64",
        rust: "i64",
        codec: Some("exchange_wire::integer"),
    },
    Format {
        name: "integer-32",
        marker: "Integer32",
        rust: "i32",
        codec: Some("exchange_wire::integer"),
    },
    Format {
        name: "unsigned-32",
        marker: "Unsigned32",
        rust: "u32",
        codec: Some("exchange_wire::integer"),
    },
    Format {
        name: "unsigned",
        marker: "Unsigned64",
        rust: "u64",
        codec: Some("exchange_wire::integer"),
    },
    Format {
        name: "string",
        marker: "Text",
        rust: "::std::string::String",
        codec: None,
    },
    Format {
        name: "json",
        marker: "Json",
        rust: "::exchange_wire::RawJson",
        codec: None,
    },
    Format {
        name: "order-price",
        marker: "OrderPrice",
        rust: "::kraken_core::OrderPrice",
        codec: None,
    },
    Format {
        name: "order-time",
        marker: "OrderTime",
        rust: "::kraken_core::OrderTime",
        codec: None,
    },
    Format {
        name: "time-or-id",
        marker: "TimeOrId",
        rust: "::kraken_core::TimeOrId",
        codec: None,
    },
    Format {
        name: "order-ref",
        marker: "OrderRef",
        rust: "::kraken_core::OrderRef",
        codec: None,
    },
    Format {
        name: "cursor",
        marker: "Cursor",
        rust: "::kraken_core::Cursor",
        codec: None,
    },
    Format {
        name: "deposit-limit",
        marker: "DepositLimit",
        rust: "::kraken_core::DepositLimit",
        codec: None,
    },
    Format {
        name: "secret",
        marker: "SecretText",
        rust: "::kraken_core::SecretText",
        codec: None,
    },
    Format {
        name: "asset-list",
        marker: "AssetList",
        rust: "::kraken_core::AssetList",
        codec: None,
    },
];

/// Marker of a comma-separated list; it takes the type of an entry.
pub const COMMA_MARKER: &str = "Comma";

/// Looks a format up by its `x-format` name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Words of a property name that mean an amount, price, fee or rate.
const AMOUNT_WORDS: &[&str] = &[
    "amount",
    "available",
    "balance",
    "converted",
    "cost",
    "credit",
    "deposited",
    "fee",
    "fees",
    "hold",
    "margin",
    "maximum",
    "minimum",
    "native",
    "net",
    "percentage",
    "pledged",
    "price",
    "qty",
    "quantity",
    "rate",
    "remaining",
    "rewarded",
    "spot",
    "staked",
    "threshold",
    "total",
    "used",
    "value",
    "vol",
    "volume",
];

/// Names that mean an amount though no word in them says so.
const AMOUNT_NAMES: &[&str] = &[
    "ccost",
    "cfee",
    "cmargin",
    "costmin",
    "cprice",
    "cvol",
    "debt_to_equity",
    "displayvol",
    "displayvolremain",
    "domain_assets_on_platform",
    "domain_futures_volume_30d",
    "domain_spot_volume_30d",
    "equity_usd",
    "limitprice",
    "maxfee",
    "min_assets_on_platform",
    "min_lot",
    "minfee",
    "nextfee",
    "nextfuturesvolume",
    "nextvolume",
    "ordermin",
    "price2",
    "stopprice",
    "tick_size",
    "tierfuturesvolume",
    "tiervolume",
    "total_allocated",
    "total_collateral_value_usd",
    "total_credit_usd",
    "total_credit_used_usd",
    "user_cap",
    "user_min_allocation",
    "volumeoffset",
];

/// Last words that make a name something else than an amount: `fee_asset`, `quote_id`.
const NOT_AN_AMOUNT: &[&str] = &[
    "asset", "class", "currency", "id", "info", "label", "name", "type",
];

/// Whether a text or number of this name is an amount, price, fee, volume or rate.
pub fn is_amount(name: &str) -> bool {
    if AMOUNT_NAMES.contains(&name) {
        return true;
    }
    let words: Vec<&str> = name
        .split(['_', '-', '[', ']'])
        .filter(|w| !w.is_empty())
        .collect();
    let Some(last) = words.last() else {
        return false;
    };
    !NOT_AN_AMOUNT.contains(last) && words.iter().any(|word| AMOUNT_WORDS.contains(word))
}

/// Whether a text or number of this name is a time.
pub fn is_time(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "last_used",
        "period_end",
        "period_start",
        "query_from",
        "query_to",
        "time",
        "timestamp",
        "valid_until",
    ];
    const ENDINGS: &[&str] = &["tm", "_time", "Time", "_at", "_ts", "_utc"];
    NAMES.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a string format means a time.
pub fn is_time_format(format: &str) -> bool {
    matches!(format, "date-time" | "ISO 8601" | "date")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_told_by_name() {
        for name in [
            "price",
            "vol_exec",
            "hold_trade",
            "fee-percentage",
            "max_fee",
            "user_cap",
            "vol_closed",
            "total_rewarded",
            "quote_spot_balance",
            "credit_used",
            "amount_token",
            "order_qty",
        ] {
            assert!(is_amount(name), "{name}");
        }
        for name in [
            "fee_asset",
            "fee_asset_class",
            "fee_quote_id",
            "fee_volume_currency",
            "native_asset",
            "id",
            "status",
            "converted_asset",
            "name",
            "method",
            "",
        ] {
            assert!(!is_amount(name), "{name}");
        }
    }

    #[test]
    fn times_are_told_by_name() {
        for name in [
            "opentm",
            "time",
            "created_at",
            "currentTime",
            "trade_ts",
            "expire_time",
        ] {
            assert!(is_time(name), "{name}");
        }
        for name in [
            "timeout",
            "status",
            "timeinforce",
            "time_in_force",
            "atm_flag",
        ] {
            assert!(!is_time(name), "{name}");
        }
    }
}
