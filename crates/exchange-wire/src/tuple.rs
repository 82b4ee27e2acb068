//! Rows sent as arrays: [`impl_tuple!`](crate::impl_tuple!).

use std::fmt::{self, Display};

use serde::de::{Error, IgnoredAny, SeqAccess};
use serde::ser::SerializeSeq;

use crate::codec::{Codec, Coded, OptionSeed, Seed};

/// Implements serde for a struct that travels as a JSON array, field after field.
///
/// The struct is declared as usual. After a field's name comes its codec, if it has one:
/// `decimal`, `decimal_number`, `integer` or `comma`, the same as the modules of this crate. Fields at the end may be optional, marked `?`; they must be
/// an `Option` or a collection, are empty when the array is shorter or holds `null`, and a `None` at
/// the end is left out when writing. Elements beyond the last field are ignored. An error names the
/// struct, the position (from 1) and the field.
///
/// ```
/// use exchange_wire::{Decimal, Timestamp};
///
/// struct Trade { price: Decimal, time: Timestamp, id: Option<u64> }
/// exchange_wire::impl_tuple! { Trade { price: decimal, time, id?: integer } }
///
/// let trade: Trade = serde_json::from_str(r#"["37500.10", 1688669597.8277369]"#)?;
/// assert_eq!(trade.price.to_string(), "37500.10");
/// assert_eq!(serde_json::to_string(&trade)?, r#"["37500.10",1688669597.8277369]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! impl_tuple {
    // The lifetime is never given: it only lets the expansion see whether the mark was there.
    ($name:ident { $($field:ident $(? $($optional:lifetime)?)? $(: $codec:ident)?),+ $(,)? }) => {
        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                let mut row = $crate::tuple::RowOut::new(serializer.serialize_seq(None)?);
                $($crate::tuple::element$(::optional$($optional)?)?::write::<
                    $crate::codec::by_name$(::$codec)?::Codec, _, _,
                >(&mut row, &self.$field)?;)+
                row.end()
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
                        formatter.write_str(concat!("an array of ", stringify!($name)))
                    }
                    fn visit_seq<A: $crate::__private::serde::de::SeqAccess<'de>>(
                        self,
                        seq: A,
                    ) -> ::core::result::Result<$name, A::Error> {
                        let mut row = $crate::tuple::Row::new(stringify!($name), seq);
                        $(let $field = $crate::tuple::element$(::optional$($optional)?)?::read::<
                            $crate::codec::by_name$(::$codec)?::Codec, _, _,
                        >(&mut row, stringify!($field))?;)+
                        row.end()?;
                        Ok($name { $($field),+ })
                    }
                }
                // Says how many positions are known; `serde_json` reads it as any array.
                deserializer.deserialize_tuple_struct(
                    stringify!($name),
                    [$(stringify!($field)),+].len(),
                    Visitor,
                )
            }
        }
    };
}

/// A row being read; what [`impl_tuple!`](crate::impl_tuple!) expands to.
#[doc(hidden)]
#[derive(Debug)]
pub struct Row<A> {
    name: &'static str,
    position: usize,
    seq: A,
}

impl<'de, A: SeqAccess<'de>> Row<A> {
    pub fn new(name: &'static str, seq: A) -> Self {
        Self {
            name,
            position: 0,
            seq,
        }
    }

    /// Passes over elements that have no field.
    ///
    /// # Errors
    /// When the JSON is broken.
    pub fn end(mut self) -> Result<(), A::Error> {
        while self.seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn read<C: Codec<T>, T>(&mut self, field: &str) -> Result<T, A::Error> {
        self.position += 1;
        match self.seq.next_element_seed(Seed::<C, T>::NEW) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.error(field, &"missing")),
            Err(error) => Err(self.error(field, &error)),
        }
    }

    fn read_optional<C: Codec<T>, T: Default>(&mut self, field: &str) -> Result<T, A::Error> {
        self.position += 1;
        match self.seq.next_element_seed(OptionSeed::<C, T>::NEW) {
            Ok(value) => Ok(value.flatten().unwrap_or_default()),
            Err(error) => Err(self.error(field, &error)),
        }
    }

    /// `serde_json` takes a line and column at the end of `what` back into the error's position.
    fn error(&self, field: &str, what: &dyn Display) -> A::Error {
        A::Error::custom(Place {
            row: self.name,
            position: self.position,
            field,
            what,
        })
    }
}

/// A row being written; what [`impl_tuple!`](crate::impl_tuple!) expands to.
#[doc(hidden)]
#[derive(Debug)]
pub struct RowOut<S> {
    seq: S,
    /// Absent elements so far: nothing at the end of a row, `null` before another element.
    held_back: usize,
}

impl<S: SerializeSeq> RowOut<S> {
    pub fn new(seq: S) -> Self {
        Self { seq, held_back: 0 }
    }

    /// Closes the row.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.seq.end()
    }

    fn write<C: Codec<T>, T>(&mut self, value: &T) -> Result<(), S::Error> {
        for _ in 0..std::mem::take(&mut self.held_back) {
            self.seq.serialize_element(&())?;
        }
        self.seq.serialize_element(&Coded::<C, T>::new(value))
    }
}

struct Place<'a> {
    row: &'a str,
    position: usize,
    field: &'a str,
    what: &'a dyn Display,
}

impl Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            row,
            position,
            field,
            what,
        } = self;
        let field = field.trim_start_matches("r#");
        write!(formatter, "{row}: position {position} `{field}`: {what}")
    }
}

/// How an element is read and written; the path the macro takes when there is no mark.
#[doc(hidden)]
pub mod element {
    use super::{Codec, Row, RowOut, SeqAccess, SerializeSeq};

    /// # Errors
    /// When the element is missing or its codec refuses it.
    pub fn read<'de, C: Codec<T>, T, A: SeqAccess<'de>>(
        row: &mut Row<A>,
        field: &str,
    ) -> Result<T, A::Error> {
        row.read::<C, T>(field)
    }

    /// # Errors
    /// Those of the codec and the serializer.
    pub fn write<C: Codec<T>, T, S: SerializeSeq>(
        row: &mut RowOut<S>,
        value: &T,
    ) -> Result<(), S::Error> {
        row.write::<C, T>(value)
    }

    /// The path the macro takes for `?`.
    pub mod optional {
        use super::{Codec, Row, RowOut, SeqAccess, SerializeSeq};
        use crate::codec::MayBeAbsent;

        /// # Errors
        /// When the codec refuses the element.
        pub fn read<'de, C: Codec<T>, T: MayBeAbsent, A: SeqAccess<'de>>(
            row: &mut Row<A>,
            field: &str,
        ) -> Result<T, A::Error> {
            row.read_optional::<C, T>(field)
        }

        /// # Errors
        /// Those of the codec and the serializer.
        pub fn write<C: Codec<T>, T: MayBeAbsent, S: SerializeSeq>(
            row: &mut RowOut<S>,
            value: &T,
        ) -> Result<(), S::Error> {
            if value.is_absent() {
                row.held_back += 1;
                return Ok(());
            }
            row.write::<C, T>(value)
        }
    }
}
