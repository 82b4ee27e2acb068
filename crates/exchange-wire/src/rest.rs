//! Objects with a few named members among many others: [`impl_with_rest!`](crate::impl_with_rest!).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::ser::SerializeMap;

use crate::codec::{Codec, Coded, MayBeAbsent, MemberSeed, Seed};
use crate::scalar::Text;

/// Implements serde for a struct that is a JSON object with named members and a map for all
/// others, without the buffer (and the floats) of `#[serde(flatten)]`.
///
/// The struct is declared as usual. A member is `field => "name"`, with other spellings that are
/// read too after `|`, and a codec after `:` as in [`impl_tuple!`](crate::impl_tuple!). Members
/// are `Option`s or collections, and their default when missing or `null`; mark any other type
/// with `!`. The last entry is the map, an `IndexMap<String, V>`, and may have a codec for
/// its values; `V` may be [`RawJson`](crate::RawJson).
///
/// A `None` is left out when writing. Should a member come twice, the last one counts.
///
/// ```
/// use exchange_wire::{Decimal, IndexMap, RawJson};
///
/// struct Page { count: u32, fee: Option<Decimal>, others: IndexMap<String, RawJson> }
/// exchange_wire::impl_with_rest! {
///     Page { count! => "count", fee => "fee" | "min_fee": decimal, ..others }
/// }
///
/// let page: Page = serde_json::from_str(r#"{"count":1,"min_fee":0.10,"new":0.1000000000000000001}"#)?;
/// assert_eq!(
///     serde_json::to_string(&page)?,
///     r#"{"count":1,"fee":"0.10","new":0.1000000000000000001}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! impl_with_rest {
    // The lifetime is never given: it only lets the expansion see whether the mark was there.
    ($name:ident {
        $($field:ident $(! $($required:lifetime)?)? => $key:literal $(| $alias:literal)* $(: $codec:ident)?,)*
        .. $rest:ident $(: $rest_codec:ident)? $(,)?
    }) => {
        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                $($crate::rest::member$(::required$($required)?)?::write::<
                    $crate::codec::by_name$(::$codec)?::Codec, _, _,
                >(&mut map, $key, &self.$field)?;)*
                $crate::rest::write_rest::<
                    $crate::codec::by_name$(::$rest_codec)?::Codec, _, _,
                >(&mut map, &self.$rest)?;
                $crate::__private::serde::ser::SerializeMap::end(map)
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                struct Visitor;
                impl<'de> $crate::__private::serde::de::Visitor<'de> for Visitor {
                    type Value = $name;
                    fn expecting(
                        &self,
                        formatter: &mut ::core::fmt::Formatter<'_>,
                    ) -> ::core::fmt::Result {
                        formatter.write_str(concat!("an object of ", stringify!($name)))
                    }
                    fn visit_map<A: $crate::__private::serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> ::core::result::Result<$name, A::Error> {
                        $(let mut $field = None;)*
                        let mut rest = $crate::IndexMap::new();
                        while let Some(key) = $crate::rest::next_key(&mut map)? {
                            match &*key {
                                $($key $(| $alias)* => {
                                    $field = Some($crate::rest::member$(::required$($required)?)?::read::<
                                        $crate::codec::by_name$(::$codec)?::Codec, _, _,
                                    >(&mut map)?);
                                })*
                                _ => $crate::rest::read_rest::<
                                    $crate::codec::by_name$(::$rest_codec)?::Codec, _, _,
                                >(&mut map, key, &mut rest)?,
                            }
                        }
                        Ok($name {
                            $($field: $crate::rest::member$(::required$($required)?)?::take($field, $key)?,)*
                            $rest: rest,
                        })
                    }
                }
                // Says which members are known; `serde_json` reads it as any object.
                deserializer.deserialize_struct(
                    stringify!($name),
                    &[$($key $(, $alias)*),*],
                    Visitor,
                )
            }
        }
    };
}

/// The next member's name.
///
/// # Errors
/// When the JSON is broken.
#[doc(hidden)]
pub fn next_key<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_key::<Text<'de>>()?.map(|text| text.0))
}

/// What the next member's name stands for.
///
/// # Errors
/// When the JSON is broken.
#[doc(hidden)]
#[inline]
pub fn next_member<'de, M: From<Cow<'de, str>>, A: MapAccess<'de>>(
    map: &mut A,
) -> Result<Option<M>, A::Error> {
    map.next_key_seed(NameSeed(PhantomData))
}

struct NameSeed<M>(PhantomData<fn() -> M>);

impl<'de, M: From<Cow<'de, str>>> DeserializeSeed<'de> for NameSeed<M> {
    type Value = M;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<M, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, M: From<Cow<'de, str>>> Visitor<'de> for NameSeed<M> {
    type Value = M;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<M, E> {
        Ok(Cow::Borrowed(name).into())
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<M, E> {
        Ok(Cow::<str>::Owned(name.to_owned()).into())
    }
}

/// # Errors
/// Those of the codec.
#[doc(hidden)]
pub fn read_rest<'de, C: Codec<V>, V, A: MapAccess<'de>>(
    map: &mut A,
    key: Cow<'de, str>,
    rest: &mut IndexMap<String, V>,
) -> Result<(), A::Error> {
    let value = map.next_value_seed(Seed::<C, V>::NEW)?;
    rest.insert(key.into_owned(), value);
    Ok(())
}

/// # Errors
/// Those of the codec and the serializer.
#[doc(hidden)]
pub fn write_rest<C: Codec<V>, V, S: SerializeMap>(
    map: &mut S,
    rest: &IndexMap<String, V>,
) -> Result<(), S::Error> {
    for (key, value) in rest {
        map.serialize_entry(key, &Coded::<C, V>::new(value))?;
    }
    Ok(())
}

/// How a member is read and written; the path the macro takes when there is no mark.
#[doc(hidden)]
pub mod member {
    use super::{Codec, Coded, MapAccess, MayBeAbsent, MemberSeed, SerializeMap};

    /// # Errors
    /// Those of the codec.
    pub fn read<'de, C: Codec<T>, T: MayBeAbsent, A: MapAccess<'de>>(
        map: &mut A,
    ) -> Result<T, A::Error> {
        map.next_value_seed(MemberSeed::<C, T>::NEW)
    }

    /// # Errors
    /// None; the signature is that of the required kind.
    pub fn take<T: MayBeAbsent, E>(value: Option<T>, _key: &'static str) -> Result<T, E> {
        Ok(value.unwrap_or_default())
    }

    /// # Errors
    /// Those of the codec and the serializer.
    pub fn write<C: Codec<T>, T: MayBeAbsent, S: SerializeMap>(
        map: &mut S,
        key: &str,
        value: &T,
    ) -> Result<(), S::Error> {
        if value.is_absent() {
            Ok(())
        } else {
            required::write::<C, T, S>(map, key, value)
        }
    }

    /// The path the macro takes for `!`.
    pub mod required {
        use super::super::{Error, Seed};
        use super::{Codec, Coded, MapAccess, SerializeMap};

        /// # Errors
        /// Those of the codec.
        pub fn read<'de, C: Codec<T>, T, A: MapAccess<'de>>(map: &mut A) -> Result<T, A::Error> {
            map.next_value_seed(Seed::<C, T>::NEW)
        }

        /// # Errors
        /// When the member was not there.
        pub fn take<T, E: Error>(value: Option<T>, key: &'static str) -> Result<T, E> {
            value.ok_or_else(|| E::missing_field(key))
        }

        /// # Errors
        /// Those of the codec and the serializer.
        pub fn write<C: Codec<T>, T, S: SerializeMap>(
            map: &mut S,
            key: &str,
            value: &T,
        ) -> Result<(), S::Error> {
            map.serialize_entry(key, &Coded::<C, T>::new(value))
        }
    }
}
