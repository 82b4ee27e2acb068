//! Names that the venue takes in either case.

/// Declares a text whose letter case does not matter when two are compared.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a text as it is; white space around it is dropped.
            pub fn new(text: impl Into<String>) -> Self {
                let text = text.into();
                match text.trim() {
                    trimmed if trimmed.len() == text.len() => Self(text),
                    trimmed => Self(trimmed.to_owned()),
                }
            }

            /// The text, in the case in which it was given or sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text in lower case.
            pub fn to_lower(&self) -> String {
                self.0.to_ascii_lowercase()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0.eq_ignore_ascii_case(other)
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0.eq_ignore_ascii_case(other)
            }
        }

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                for byte in self.0.bytes() {
                    state.write_u8(byte.to_ascii_lowercase());
                }
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                let lower = |name: &Self| name.0.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
                lower(self).cmp(&lower(other))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::new(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name! {
    /// A trading pair or contract, such as `btcusd`, `BTCGUSDPERP` or `GEMI-FEDJAN26-DN25`.
    ///
    /// The venue takes either case and answers in either, so `BTCUSD` and `btcusd` are equal. The
    /// case is kept for what is sent and shown.
    ///
    /// ```
    /// use gemini_exchange::Symbol;
    ///
    /// assert_eq!(Symbol::new("BTCUSD"), "btcusd");
    /// assert_eq!(Symbol::new("BTCUSD").to_string(), "BTCUSD");
    /// ```
    Symbol
}

name! {
    /// A currency code, such as `BTC` or `usd`; either case.
    Currency
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn case_does_not_matter_and_is_kept() {
        let set: HashSet<Symbol> = ["BTCUSD", "btcusd", "BtcUsd"].map(Symbol::new).into();
        assert_eq!(set.len(), 1);
        assert_eq!(
            Symbol::new("BTC").cmp(&Symbol::new("btc")),
            std::cmp::Ordering::Equal
        );
        assert!(Symbol::new("A") < Symbol::new("b"));
        let json = r#""BtcUsd""#;
        let symbol: Symbol = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&symbol).unwrap(), json);
        assert_eq!(Currency::new(" usd\n"), "USD");
        assert_ne!(Currency::new("usd"), "USDC");
    }
}
