//! Enums that keep values they do not know: [`open_enum!`](crate::open_enum!).

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

/// What every enum made by [`open_enum!`](crate::open_enum!) can do.
pub trait OpenEnum: Sized + Clone + 'static {
    /// The variants this version knows, each with its text on the wire.
    const TABLE: &'static [(&'static str, Self)];

    /// Keeps a text that is not in [`TABLE`](Self::TABLE).
    fn other(text: Box<str>) -> Self;

    /// The text on the wire.
    fn as_str(&self) -> &str;

    /// The variant a text stands for, if this version knows it.
    fn from_known(text: &str) -> Option<Self> {
        Self::TABLE
            .iter()
            .find(|(spelling, _)| *spelling == text)
            .map(|(_, value)| value.clone())
    }

    /// The value of a text: the variant it stands for, or the text itself.
    fn from_text(text: &str) -> Self {
        Self::from_known(text).unwrap_or_else(|| {
            #[cfg(feature = "watch")]
            crate::watch::unknown_word(text, Self::TABLE.iter().map(|(spelling, _)| *spelling));
            Self::other(text.into())
        })
    }
}

/// The `Deserialize` of every open enum.
#[doc(hidden)]
pub fn deserialize<'de, T: OpenEnum, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_str(OpenEnumVisitor(PhantomData))
}

struct OpenEnumVisitor<T>(PhantomData<fn() -> T>);

impl<T: OpenEnum> Visitor<'_> for OpenEnumVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::from_text(text))
    }
}

/// Declares an enum of texts that also keeps texts it does not know, in `Other`.
///
/// An exchange may add a value any day; decoding then still succeeds and writing gives the same
/// text back. All comparisons are by text, so an `Other` that was built by hand from a known
/// spelling equals the known variant (`From` and `FromStr` never build such a one). A match on it
/// should end in `_`: later versions add variants.
///
/// ```
/// exchange_wire::open_enum! {
///     /// Which way an order goes.
///     pub enum OrderSide {
///         /// Buy the base asset.
///         Buy = "buy",
///         /// Sell the base asset.
///         Sell = "sell",
///     }
/// }
///
/// assert_eq!(OrderSide::from("buy"), OrderSide::Buy);
/// assert_eq!(OrderSide::Sell, "sell");
/// let later = OrderSide::from("short");
/// assert!(!later.is_known());
/// assert_eq!(later.to_string(), "short");
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $text:literal),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone)]
        #[non_exhaustive]
        $visibility enum $name {
            $($(#[$variant_attribute])* $variant,)+
            /// A value this version does not know, as sent.
            Other(::std::boxed::Box<str>),
        }

        impl $name {
            /// The texts this version knows, in the order of the variants.
            pub const KNOWN: &'static [&'static str] = &[$($text),+];

            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }

            /// Whether this version knows the value.
            pub fn is_known(&self) -> bool {
                Self::KNOWN.contains(&self.as_str())
            }
        }

        impl $crate::OpenEnum for $name {
            const TABLE: &'static [(&'static str, Self)] = &[$(($text, Self::$variant)),+];

            fn other(text: ::std::boxed::Box<str>) -> Self {
                Self::Other(text)
            }

            fn as_str(&self) -> &str {
                self.as_str()
            }
        }

        $crate::__open_enum_impls!($name);
    };
}

/// The std and serde impls of an open enum; the same few lines for each.
#[doc(hidden)]
#[macro_export]
macro_rules! __open_enum_impls {
    ($name:ident) => {
        impl ::core::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(self.as_str(), formatter)
            }
        }
        impl ::core::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.pad(self.as_str())
            }
        }
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }
        impl Eq for $name {}
        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }
        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }
        impl ::core::hash::Hash for $name {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> ::core::option::Option<::core::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> ::core::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $crate::OpenEnum::from_text(text)
            }
        }
        impl From<::std::string::String> for $name {
            fn from(text: ::std::string::String) -> Self {
                $crate::OpenEnum::from_text(&text)
            }
        }
        impl ::core::str::FromStr for $name {
            type Err = ::core::convert::Infallible;
            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                Ok($crate::OpenEnum::from_text(text))
            }
        }
        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::open_enum::deserialize(deserializer)
            }
        }
    };
}
