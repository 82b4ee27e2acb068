//! What may be a parameter of a call, and how it is written.

use exchange_wire::{AsDecimal, Decimal, DecodeError, RawJson};

use crate::types::{Currency, Hours, IsoTime, Symbol, Timestamp};

/// A value that can stand in a payload, a path or a query.
pub(crate) trait Parameter: Sized {
    /// Its JSON, for the payload. Decimals go out in quotes, as the vendor wants them.
    fn json(&self) -> serde_json::Result<RawJson>;

    /// Its texts, for a path or query: one, or for a list one for each item.
    fn texts(&self, add: &mut dyn FnMut(&str));

    /// The other way round, for calls named at run time.
    #[allow(dead_code, reason = "used with the feature `dispatch` only")]
    fn read(json: &RawJson) -> Result<Self, DecodeError>;
}

/// Types whose own serde impls and `Display` are their forms on the wire.
macro_rules! plain {
    ($($type:ty),* $(,)?) => {$(
        impl crate::parameter::Parameter for $type {
            fn json(&self) -> serde_json::Result<exchange_wire::RawJson> {
                exchange_wire::RawJson::from_serialize(self)
            }

            fn texts(&self, add: &mut dyn FnMut(&str)) {
                add(&self.to_string());
            }

            fn read(
                json: &exchange_wire::RawJson,
            ) -> Result<Self, exchange_wire::DecodeError> {
                json.decode()
            }
        }
    )*};
}
pub(crate) use plain;

plain!(
    bool, u32, u64, i64, String, Symbol, Currency, Timestamp, IsoTime, Hours
);

impl Parameter for Decimal {
    fn json(&self) -> serde_json::Result<RawJson> {
        RawJson::from_serialize(&AsDecimal(*self))
    }

    fn texts(&self, add: &mut dyn FnMut(&str)) {
        add(&self.to_string());
    }

    fn read(json: &RawJson) -> Result<Self, DecodeError> {
        json.decode::<AsDecimal<Self>>().map(|value| value.0)
    }
}

/// A list: an array in a payload, a repeated name in a query.
impl<T: Parameter> Parameter for Vec<T> {
    fn json(&self) -> serde_json::Result<RawJson> {
        let items: serde_json::Result<Vec<RawJson>> = self.iter().map(Parameter::json).collect();
        RawJson::from_serialize(&items?)
    }

    fn texts(&self, add: &mut dyn FnMut(&str)) {
        for item in self {
            item.texts(add);
        }
    }

    fn read(json: &RawJson) -> Result<Self, DecodeError> {
        let items: Vec<RawJson> = json.decode()?;
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| {
                exchange_wire::decode::member(&index.to_string(), || T::read(item))
            })
            .collect()
    }
}

/// A request object, such as one order of a batch: it only ever stands in a payload.
#[cfg(feature = "prediction-markets")]
macro_rules! object {
    ($($type:ty),* $(,)?) => {$(
        impl crate::parameter::Parameter for $type {
            fn json(&self) -> serde_json::Result<exchange_wire::RawJson> {
                exchange_wire::RawJson::from_serialize(self)
            }

            fn texts(&self, _add: &mut dyn FnMut(&str)) {}

            fn read(
                json: &exchange_wire::RawJson,
            ) -> Result<Self, exchange_wire::DecodeError> {
                json.decode()
            }
        }
    )*};
}
#[cfg(feature = "prediction-markets")]
pub(crate) use object;
