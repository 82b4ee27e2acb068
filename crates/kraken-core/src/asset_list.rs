//! Assets of a request, plain or with their classes.

use exchange_wire::open_enum;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scalar::Scalar;

open_enum! {
    /// What sort of asset it is.
    pub enum AssetClass {
        /// Money and crypto.
        Currency = "currency",
        /// Pairs of money.
        Forex = "forex",
        /// Shares.
        Equity = "equity",
        /// Pairs of a share and money.
        EquityPair = "equity_pair",
        /// Collectibles.
        Nft = "nft",
        /// Derivatives.
        Derivatives = "derivatives",
        /// Tokens that stand for shares.
        TokenizedAsset = "tokenized_asset",
        /// Futures.
        FuturesContract = "futures_contract",
    }
}

/// An asset with its class.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClassifiedAsset {
    /// The name of the asset.
    pub asset: String,
    /// What sort of asset it is.
    pub aclass: AssetClass,
}

/// The assets a request is about.
///
/// ```
/// use kraken_core::AssetList;
///
/// let assets = AssetList::from(["XBT", "ETH"]);
/// assert_eq!(serde_json::to_string(&assets).unwrap(), "\"XBT,ETH\"");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AssetList {
    /// Plain names, written as one comma-separated text.
    Names(Vec<String>),
    /// Names with their classes, written as a JSON array.
    Classified(Vec<ClassifiedAsset>),
}

impl From<Vec<String>> for AssetList {
    fn from(names: Vec<String>) -> Self {
        Self::Names(names)
    }
}

impl<const N: usize> From<[&str; N]> for AssetList {
    fn from(names: [&str; N]) -> Self {
        Self::Names(names.map(str::to_owned).into())
    }
}

impl From<&str> for AssetList {
    /// One name, or several separated by commas.
    fn from(names: &str) -> Self {
        Self::Names(split(names))
    }
}

impl From<Vec<ClassifiedAsset>> for AssetList {
    fn from(assets: Vec<ClassifiedAsset>) -> Self {
        Self::Classified(assets)
    }
}

fn split(names: &str) -> Vec<String> {
    names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Serialize for AssetList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Names(names) => serializer.serialize_str(&names.join(",")),
            Self::Classified(assets) => assets.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AssetList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Scalar::deserialize(deserializer)? {
            Scalar::Text(names) => Ok(Self::Names(split(&names))),
            scalar => serde_json::from_str(&scalar.into_text())
                .map(Self::Classified)
                .map_err(serde::de::Error::custom),
        }
    }
}
