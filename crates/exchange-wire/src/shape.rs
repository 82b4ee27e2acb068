//! Values told apart by their JSON shape.

use serde::de::{Deserializer, MapAccess, SeqAccess, value};

/// The content of an object that is open already.
pub fn reopened_map<'de, A: MapAccess<'de>>(map: A) -> impl Deserializer<'de, Error = A::Error> {
    reopened(value::MapAccessDeserializer::new(map))
}

/// The content of an array that is open already.
pub fn reopened_seq<'de, A: SeqAccess<'de>>(seq: A) -> impl Deserializer<'de, Error = A::Error> {
    reopened(value::SeqAccessDeserializer::new(seq))
}

#[cfg(feature = "watch")]
use crate::watch::Reopened as reopened;
#[cfg(not(feature = "watch"))]
use std::convert::identity as reopened;

/// Implements serde for an enum whose variant is told by the JSON: an array or an object.
///
/// Unlike `#[serde(untagged)]` nothing is buffered, so numbers stay exact and an error says what
/// is wrong inside the value rather than that no variant matched.
///
/// ```
/// enum Deposits { List(Vec<String>), Page(exchange_wire::IndexMap<String, String>) }
/// exchange_wire::impl_by_shape!(Deposits {
///     array => List(Vec<String>),
///     object => Page(exchange_wire::IndexMap<String, String>),
/// });
///
/// let deposits: Deposits = serde_json::from_str(r#"["a"]"#)?;
/// assert!(matches!(deposits, Deposits::List(list) if list == ["a"]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! impl_by_shape {
    ($name:ident {
        array => $array:ident($array_type:ty), object => $object:ident($object_type:ty) $(,)?
    }) => {
        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                match self {
                    Self::$array(value) => {
                        $crate::__private::serde::Serialize::serialize(value, serializer)
                    }
                    Self::$object(value) => {
                        $crate::__private::serde::Serialize::serialize(value, serializer)
                    }
                }
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                use $crate::__private::serde::de;
                struct Visitor;
                impl<'de> de::Visitor<'de> for Visitor {
                    type Value = $name;
                    fn expecting(
                        &self,
                        formatter: &mut ::core::fmt::Formatter<'_>,
                    ) -> ::core::fmt::Result {
                        formatter.write_str("an array or an object")
                    }
                    fn visit_seq<A: de::SeqAccess<'de>>(
                        self,
                        seq: A,
                    ) -> ::core::result::Result<$name, A::Error> {
                        <$array_type as de::Deserialize<'de>>::deserialize(
                            $crate::__private::reopened_seq(seq),
                        )
                        .map($name::$array)
                    }
                    fn visit_map<A: de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> ::core::result::Result<$name, A::Error> {
                        <$object_type as de::Deserialize<'de>>::deserialize(
                            $crate::__private::reopened_map(map),
                        )
                        .map($name::$object)
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }
    };
}
