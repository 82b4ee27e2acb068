//! How the records of the streams are declared.

/// Declares a record: an object whose named members have types, and whose other members are kept
/// in `extra`. A field is `name: type => "Name"`, with other names that are read too after `|`, and
/// a codec of `exchange-wire` after `as`; `!` marks a member without which the record can't be understood.
macro_rules! record {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $(
                $(#[$field_attribute:meta])*
                $field:ident $(! $($required:lifetime)?)?: $type:ty => $key:literal $(| $alias:literal)* $(as $codec:ident)?,
            )+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_attribute])* pub $field: $type,)+
            /// Members this version does not know, as they came.
            pub extra: exchange_wire::IndexMap<String, exchange_wire::RawJson>,
        }

        exchange_wire::impl_with_rest! {
            $name { $($field $(! $($required)?)? => $key $(| $alias)* $(: $codec)?,)+ ..extra }
        }
    };
}
pub(crate) use record;
