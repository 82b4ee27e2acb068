//! The one trait behind every `#[serde(with = …)]` module and behind the macros.

use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// One way of carrying a `T` in JSON, such as [`decimal::Text`](crate::decimal::Text).
///
/// A codec for a value also carries `Option`, `Vec` and `IndexMap<String, _>` of it. `null` is
/// read as `None` or as an empty collection (the latter not by [`read_strict`](Self::read_strict)).
pub trait Codec<T> {
    /// Reads a value.
    ///
    /// # Errors
    /// When the JSON is broken or holds something this codec does not take.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>;

    /// Writes a value.
    ///
    /// # Errors
    /// When the serializer fails, or the value has no form in this codec.
    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads a value that may be `null`; a codec may take other spellings of "nothing" too.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn read_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_option(OptionVisitor::<Self, T>(PhantomData))
    }

    /// Reads a value that is a document of its own, where `null` instead of a collection is not
    /// "empty" but an answer that did not come.
    ///
    /// # Errors
    /// As [`read`](Self::read), and for `null` unless `T` is an `Option`.
    fn read_strict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        Self::read(deserializer)
    }
}

/// The codec of a field that has none: the type's own serde impls.
#[derive(Debug, Clone, Copy)]
pub enum Plain {}

impl<T: Serialize + DeserializeOwned> Codec<T> for Plain {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }

    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}

/// Lets a codec for a value carry containers of it as well.
macro_rules! containers {
    ($($codec:ty),+) => {$(
        impl<T> $crate::Codec<Option<T>> for $codec
        where
            $codec: $crate::Codec<T>,
        {
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
                <$codec as $crate::Codec<T>>::read_option(deserializer)
            }

            fn write<S: serde::Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
                match value {
                    Some(value) => <$codec as $crate::Codec<T>>::write(value, serializer),
                    None => serializer.serialize_none(),
                }
            }
        }

        impl<T> $crate::Codec<Vec<T>> for $codec
        where
            $codec: $crate::Codec<T>,
        {
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
                $crate::codec::read_list::<$codec, T, D>(deserializer)
            }

            fn read_strict<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Vec<T>, D::Error> {
                $crate::codec::read_list_strict::<$codec, T, D>(deserializer)
            }

            fn write<S: serde::Serializer>(value: &Vec<T>, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::codec::write_list::<$codec, T, S>(value, serializer)
            }
        }

        impl<T> $crate::Codec<indexmap::IndexMap<String, T>> for $codec
        where
            $codec: $crate::Codec<T>,
        {
            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<indexmap::IndexMap<String, T>, D::Error> {
                $crate::codec::read_map::<$codec, T, D>(deserializer)
            }

            fn read_strict<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<indexmap::IndexMap<String, T>, D::Error> {
                $crate::codec::read_map_strict::<$codec, T, D>(deserializer)
            }

            fn write<S: serde::Serializer>(
                value: &indexmap::IndexMap<String, T>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                $crate::codec::write_map::<$codec, T, S>(value, serializer)
            }
        }
    )+};
}
pub(crate) use containers;

/// A value to be read by codec `C`.
pub(crate) struct Seed<C: ?Sized, T>(PhantomData<(fn() -> T, C)>);

impl<C: ?Sized, T> Seed<C, T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<'de, C: Codec<T> + ?Sized, T> DeserializeSeed<'de> for Seed<C, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        C::read(deserializer)
    }
}

/// A value that may be `null`, to be read by codec `C`.
pub(crate) struct OptionSeed<C: ?Sized, T>(PhantomData<(fn() -> T, C)>);

impl<C: ?Sized, T> OptionSeed<C, T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<'de, C: Codec<T> + ?Sized, T> DeserializeSeed<'de> for OptionSeed<C, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        C::read_option(deserializer)
    }
}

/// A member that may be missing or `null`, to be read by codec `C`.
pub(crate) struct MemberSeed<C, T>(PhantomData<(fn() -> T, C)>);

impl<C, T> MemberSeed<C, T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<'de, C: Codec<T>, T: MayBeAbsent> DeserializeSeed<'de> for MemberSeed<C, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read_member::<C, D>(deserializer)
    }
}

/// A value to be written by codec `C`.
pub(crate) struct Coded<'a, C: ?Sized, T>(&'a T, PhantomData<C>);

impl<'a, C: ?Sized, T> Coded<'a, C, T> {
    pub(crate) fn new(value: &'a T) -> Self {
        Self(value, PhantomData)
    }
}

impl<C: Codec<T> + ?Sized, T> Serialize for Coded<'_, C, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        C::write(self.0, serializer)
    }
}

struct OptionVisitor<C: ?Sized, T>(PhantomData<(fn() -> T, C)>);

impl<'de, C: Codec<T> + ?Sized, T> Visitor<'de> for OptionVisitor<C, T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value or null")
    }

    fn visit_none<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        C::read(deserializer).map(Some)
    }
}

struct CollectionVisitor<C: ?Sized, V>(PhantomData<(fn() -> V, C)>);

impl<'de, C: Codec<T>, T> Visitor<'de> for CollectionVisitor<C, Vec<T>> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_none<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element_seed(Seed::<C, T>::NEW)? {
            list.push(item);
        }
        Ok(list)
    }
}

impl<'de, C: Codec<T>, T> Visitor<'de> for CollectionVisitor<C, IndexMap<String, T>> {
    type Value = IndexMap<String, T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(IndexMap::new())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(IndexMap::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = IndexMap::new();
        while let Some(key) = map.next_key::<String>()? {
            members.insert(key, map.next_value_seed(Seed::<C, T>::NEW)?);
        }
        Ok(members)
    }
}

/// Passes on an array or an object and refuses the rest.
struct StrictVisitor<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for StrictVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(map)
    }
}

pub(crate) fn read_list<'de, C: Codec<T>, T, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_option(CollectionVisitor::<C, Vec<T>>(PhantomData))
}

pub(crate) fn read_list_strict<'de, C: Codec<T>, T, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(StrictVisitor(CollectionVisitor::<C, Vec<T>>(PhantomData)))
}

pub(crate) fn write_list<C: Codec<T>, T, S: Serializer>(
    list: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(Coded::<C, T>::new))
}

pub(crate) fn read_map<'de, C: Codec<T>, T, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, T>, D::Error> {
    deserializer.deserialize_option(CollectionVisitor::<C, IndexMap<String, T>>(PhantomData))
}

pub(crate) fn read_map_strict<'de, C: Codec<T>, T, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, T>, D::Error> {
    let visitor = CollectionVisitor::<C, IndexMap<String, T>>(PhantomData);
    deserializer.deserialize_map(StrictVisitor(visitor))
}

pub(crate) fn write_map<C: Codec<T>, T, S: Serializer>(
    members: &IndexMap<String, T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(members.len()))?;
    for (key, value) in members {
        map.serialize_entry(key, &Coded::<C, T>::new(value))?;
    }
    map.end()
}

/// A type with a value that stands for "not there": what an optional member of
/// [`impl_with_rest!`](crate::impl_with_rest) or [`impl_tuple!`](crate::impl_tuple) must be.
pub trait MayBeAbsent: Default {
    /// Whether to leave the value out when writing. An empty collection is written: it may have
    /// been sent as such.
    fn is_absent(&self) -> bool;

    /// Reads a member, `null` as the default.
    ///
    /// # Errors
    /// Those of the codec.
    fn read_member<'de, C: Codec<Self>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        C::read_option(deserializer).map(Option::unwrap_or_default)
    }
}

impl<T> MayBeAbsent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }

    /// A codec of an `Option` takes `null` by itself.
    fn read_member<'de, C: Codec<Self>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        C::read(deserializer)
    }
}

impl<T> MayBeAbsent for Vec<T> {
    fn is_absent(&self) -> bool {
        false
    }
}

impl<V> MayBeAbsent for IndexMap<String, V> {
    fn is_absent(&self) -> bool {
        false
    }
}

/// Codecs by the names the macros take; the bare module is the codec of a field without a name.
#[doc(hidden)]
pub mod by_name {
    pub use super::Plain as Codec;

    pub mod decimal {
        pub use crate::decimal::Text as Codec;
    }
    pub mod decimal_number {
        pub use crate::decimal::Number as Codec;
    }
    pub mod integer {
        pub use crate::integer::Integer as Codec;
    }
    pub mod comma {
        pub use crate::comma::Comma as Codec;
    }
}
