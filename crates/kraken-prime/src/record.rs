//! How the records of the streams are declared, and what they keep that is not known.

use std::fmt;

use exchange_wire::{IndexMap, RawJson};

/// The members of a record that this version does not know, as they came. There are none as a
/// rule, and then it costs no more than a pointer.
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Option<Box<IndexMap<String, RawJson>>>);

impl Extra {
    pub(crate) fn keep(&mut self, name: String, value: RawJson) {
        self.0.get_or_insert_default().insert(name, value);
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&RawJson> {
        self.0.as_ref()?.get(name)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |members| members.len())
    }

    /// All of them, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawJson)> {
        let members = self.0.iter().flat_map(|members| members.iter());
        members.map(|(name, value)| (name.as_str(), value))
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Declares a record: an object whose named members have types, and whose other members are kept
/// in `extra`. A field is `name: type => "Name"`, with other names that are read too after `|`, and
/// a codec of `exchange-wire` after `as`; `!` marks a member without which the record can't be
/// understood.
///
/// It is `exchange_wire::impl_with_rest!` with [`Extra`] in place of a map: there are thousands of
/// records a second, and an empty map is larger than most of them.
macro_rules! record {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $(
                $(#[$field_attribute:meta])*
                $field:ident $(! $($required:lifetime)?)?: $type:ty
                    => $key:literal $(| $alias:literal)* $(as $codec:ident)?,
            )+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_attribute])* pub $field: $type,)+
            /// Members this version does not know, as they came.
            pub extra: crate::record::Extra,
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $(exchange_wire::rest::member$(::required$($required)?)?::write::<
                    exchange_wire::codec::by_name$(::$codec)?::Codec, _, _,
                >(&mut map, $key, &self.$field)?;)+
                for (name, value) in self.extra.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // What a member's name stands for is found out while the name is read, so that it
                // need not be kept.
                #[expect(non_camel_case_types, reason = "named after the fields")]
                enum Member<'de> {
                    $($field,)+
                    __Other(std::borrow::Cow<'de, str>),
                }

                impl<'de> From<std::borrow::Cow<'de, str>> for Member<'de> {
                    #[inline]
                    fn from(name: std::borrow::Cow<'de, str>) -> Self {
                        match &*name {
                            $($key $(| $alias)* => Self::$field,)+
                            _ => Self::__Other(name),
                        }
                    }
                }

                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object of ", stringify!($name)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$name, A::Error> {
                        $(let mut $field = None;)+
                        let mut extra = crate::record::Extra::default();
                        while let Some(member) = exchange_wire::rest::next_member(&mut map)? {
                            match member {
                                $(Member::$field => {
                                    $field = Some(
                                        exchange_wire::rest::member$(::required$($required)?)?::read::<
                                            exchange_wire::codec::by_name$(::$codec)?::Codec, _, _,
                                        >(&mut map)?,
                                    );
                                })+
                                Member::__Other(name) => {
                                    extra.keep(name.into_owned(), map.next_value()?);
                                }
                            }
                        }
                        Ok($name {
                            $($field: exchange_wire::rest::member$(::required$($required)?)?::take(
                                $field, $key,
                            )?,)+
                            extra,
                        })
                    }
                }
                // Says which members are known; `serde_json` reads it as any object.
                deserializer.deserialize_struct(
                    stringify!($name),
                    &[$($key $(, $alias)*),+],
                    Visitor,
                )
            }
        }
    };
}
pub(crate) use record;
