//! Codecs as types, for places that take no serde attribute.
//!
//! `#[serde(with = …)]` needs a field. Where a bare value is decoded, say an answer that is an
//! object of balances, decode `AsDecimal<IndexMap<String, Decimal>>` and take `.0`. Unlike a
//! field, such a value does not take `null` for an empty collection.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::Codec;
use crate::{comma, decimal, integer};

macro_rules! adapters {
    ($($(#[$doc:meta])* $name:ident = $codec:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $name<T>(
            /// The value.
            pub T,
        );

        impl<'de, T> Deserialize<'de> for $name<T>
        where
            $codec: Codec<T>,
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$codec>::read_strict(deserializer).map(Self)
            }
        }

        impl<T> Serialize for $name<T>
        where
            $codec: Codec<T>,
        {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$codec>::write(&self.0, serializer)
            }
        }
    )+};
}

adapters! {
    /// Decimals as in [`decimal`](mod@crate::decimal): read from strings or numbers, written as
    /// strings.
    AsDecimal = decimal::Text;
    /// A comma-separated list as in [`comma`](mod@crate::comma).
    AsComma = comma::Comma;
    /// Integers as in [`integer`](mod@crate::integer): read from numbers or strings, written as
    /// numbers.
    AsInteger = integer::Integer;
}
