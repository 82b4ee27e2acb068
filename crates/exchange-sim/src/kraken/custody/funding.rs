//! Ways in and out: methods, deposit addresses, the whitelist, fee quotes.

use std::time::Duration;

use rust_decimal::Decimal;

use super::Custody;
use super::assets::{Asset, CURRENCY, METHODS, Method, find_asset, find_method, fixed};
use super::denial::Denial;
use super::transactions::Kind;
use super::vaults::Vault;
use crate::Moment;
use crate::json::{Json, object};

/// Deposit addresses of a vault for one method.
const MOST_ADDRESSES: usize = 10;

/// Addresses that a vault may withdraw to.
pub(crate) const MOST_DESTINATIONS: usize = 200;

/// How long a fee quote holds. "Short-lived" is all that the vendor says.
const QUOTE_LIFE: Duration = Duration::from_secs(60);

/// Quotes beyond these push out the oldest.
const MOST_QUOTES: usize = 1_000;

/// A day's withdrawals of an asset may be so many times the largest single one.
const DAILY_LIMIT: i64 = 10;

/// An address that deposits may come to.
#[derive(Clone, Debug)]
pub(crate) struct DepositAddress {
    /// Id of the method.
    pub method: &'static str,
    pub address: String,
    pub tag: Option<String>,
    /// Something has come to it.
    pub used: bool,
}

/// An address that withdrawals may go to.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// What users call it; unlike all others of its asset in the vault.
    pub name: String,
    pub asset: &'static Asset,
    pub method: &'static Method,
    pub address: String,
    pub tag: Option<String>,
    pub description: Option<String>,
}

/// What a withdrawal would cost.
#[derive(Clone, Debug)]
pub(crate) struct FeeQuote {
    pub id: String,
    pub vault: String,
    pub asset: &'static Asset,
    pub method: &'static Method,
    /// As it was asked for.
    pub amount: Decimal,
    /// The fee is part of the amount, not on top.
    pub fee_included: bool,
    /// Where to, if that was told.
    pub destination: Option<String>,
    pub fee: Decimal,
    pub expires: Moment,
}

impl FeeQuote {
    /// What reaches the destination.
    pub(crate) fn net(&self) -> Decimal {
        if self.fee_included {
            self.amount - self.fee
        } else {
            self.amount
        }
    }
}

impl Vault {
    pub(crate) fn destination(&self, asset: &Asset, name: &str) -> Option<&Destination> {
        self.whitelist
            .iter()
            .find(|destination| destination.asset == asset && destination.name == name)
    }
}

impl Custody {
    /// Makes a deposit address.
    pub(crate) fn create_address(
        &mut self,
        vault: &str,
        method: &'static Method,
    ) -> Result<DepositAddress, Denial> {
        let body = match method.prefix {
            "0x" => self.ids.hex(40),
            "bc1q" => self.ids.base32(38).to_lowercase(),
            _ => self.ids.base32(33),
        };
        let tag = method
            .tagged
            .then(|| (100_000 + self.ids.below(900_000)).to_string());
        let address = DepositAddress {
            method: method.id,
            address: format!("{}{body}", method.prefix),
            tag,
            used: false,
        };
        let vault = self.vault_mut(vault).ok_or(Denial::Unknown("vault_id"))?;
        let there = vault.addresses.iter().filter(|a| a.method == method.id);
        if there.count() >= MOST_ADDRESSES {
            return Err(Denial::TooManyAddresses);
        }
        vault.addresses.push(address.clone());
        Ok(address)
    }

    /// Quotes the fee of a withdrawal.
    pub(crate) fn quote(
        &mut self,
        vault: &str,
        asset: &'static Asset,
        amount: Decimal,
        fee_included: bool,
        destination: Option<&str>,
        now: Moment,
    ) -> Result<&FeeQuote, Denial> {
        let of = self.vault(vault).ok_or(Denial::Unknown("vault_id"))?;
        let method = match destination {
            Some(name) => of.destination(asset, name).map(|found| found.method),
            None => asset.methods().next(),
        };
        let method = method.ok_or(Denial::Argument("address_name"))?;
        let fee = asset.units(method.withdrawal_fee);
        if fee_included && amount <= fee {
            return Err(Denial::Argument("amount"));
        }
        while self.quotes.front().is_some_and(|old| old.expires <= now)
            || self.quotes.len() >= MOST_QUOTES
        {
            self.quotes.pop_front();
        }
        let id = format!("Q{}", self.ids.base32(13));
        self.quotes.push_back(FeeQuote {
            id,
            vault: vault.to_owned(),
            asset,
            method,
            amount,
            fee_included,
            destination: destination.map(str::to_owned),
            fee,
            expires: now.plus(QUOTE_LIFE),
        });
        self.quotes.back().ok_or(Denial::Unknown("fee_quote_id"))
    }

    /// The most of an asset that a vault may still withdraw today, and in any
    /// day.
    pub(crate) fn daily_limit(
        &self,
        vault: &str,
        method: &Method,
        asset: &'static Asset,
        now: Moment,
    ) -> (Decimal, Decimal) {
        let most = asset.units(method.most_withdrawal.saturating_mul(DAILY_LIMIT));
        let gone = self.withdrawn(vault, asset, now);
        let gone = gone.saturating_add(self.hold(vault, asset));
        (most.saturating_sub(gone).max(Decimal::ZERO), most)
    }

    /// The legacy API's withdrawal methods of a vault.
    pub(crate) fn legacy_withdraw_method(&self, vault: &str, method: &Method, now: Moment) -> Json {
        let Some(asset) = method.asset() else {
            return Json::Null;
        };
        let (remaining, maximum) = self.daily_limit(vault, method, asset, now);
        let limits = object! {
            "86400" => object! {
                "remaining" => asset.fixed(remaining),
                "maximum" => asset.fixed(maximum),
            },
        };
        let limit = object! {
            "limit_type" => "amount",
            "description" => format!("{} per day", asset.code),
            "limits" => limits,
        };
        object! {
            "asset" => asset.id,
            "method_id" => method.id,
            "method" => method.name,
            "network_id" => method.network_id,
            "network" => method.network,
            "minimum" => asset.fixed(asset.units(method.least_withdrawal)),
            "limits" => vec![limit],
            "fee" => object! {
                "aclass" => CURRENCY,
                "asset" => asset.id,
                "fee" => asset.fixed(asset.units(method.withdrawal_fee)),
            },
        }
    }

    /// As `withdrawals/info` shows a method.
    pub(crate) fn withdrawal_info(&self, vault: &str, method: &Method, place: usize) -> Json {
        let Some(asset) = method.asset() else {
            return Json::Null;
        };
        let deposited = self
            .transactions
            .of_vault(vault)
            .filter(|row| row.kind == Kind::Deposit && row.asset == asset)
            .map(|row| row.amount)
            .fold(Decimal::ZERO, Decimal::saturating_add);
        let (kind, kind_name) = if asset.crypto {
            ("crypto", "Crypto")
        } else {
            ("fiat", "Fiat")
        };
        let rates: Json = asset
            .rate()
            .iter()
            .map(|rate| object! { "quote_name" => "USD", "rate" => fixed(*rate, 2) })
            .collect();
        object! {
            "id" => method.id,
            "type" => kind,
            "type_name" => kind_name,
            "asset" => asset.code,
            "asset_class" => CURRENCY,
            "name" => method.name,
            "name_display" => method.name,
            "fee" => asset.fixed(asset.units(method.withdrawal_fee)),
            "fee_asset" => asset.code,
            "fee_asset_class" => CURRENCY,
            "fee_percentage" => "0.00",
            "min_amount" => asset.fixed(asset.units(method.least_withdrawal)),
            "max_amount" => asset.fixed(asset.units(method.most_withdrawal)),
            "sort_weight" => place + 1,
            "validate" => Json::object(),
            "validate_meta" => Json::object(),
            "temp_disabled_public" => false,
            "needs_activation" => false,
            "beneficiary" => object! {
                "threshold" => "1000.00",
                "confirmation_required" => false,
            },
            "needs_deposit" => false,
            "deposited" => Json::number(deposited.normalize()),
            "test" => false,
            "withdrawal_network_info" => withdrawal_network(method),
            "rates" => rates,
        }
    }
}

fn withdrawal_network(method: &Method) -> Json {
    object! { "network" => method.network, "explorer" => method.explorer }
}

/// As the legacy API shows a deposit method.
pub(crate) fn legacy_deposit_method(method: &Method) -> Json {
    let units = |units| method.asset().map(|asset| asset.fixed(asset.units(units)));
    object! {
        "method" => method.name,
        "limit" => false,
        "fee" => units(0).unwrap_or_default(),
        "gen-address" => true,
        "minimum" => units(method.least_deposit),
    }
}

/// As the external API shows a deposit method.
pub(crate) fn deposit_method(method: &Method) -> Json {
    let units = |units| {
        let asset = method.asset();
        asset.map_or_else(String::new, |asset| asset.fixed(asset.units(units)))
    };
    object! {
        "name" => method.name,
        "method_id" => method.id,
        "fee" => units(0),
        "minimum" => units(method.least_deposit),
        "is_disabled" => false,
        "asset" => method.asset,
        "asset_class" => CURRENCY,
        "network_info" => object! {
            "network" => method.network,
            "confirmations" => method.confirmations,
            "confirmation_time" => method.confirmation_time,
            "explorer" => method.explorer,
        },
    }
}

/// As the external API shows a withdrawal method.
pub(crate) fn withdrawal_method(method: &Method) -> Json {
    let units = |units| {
        let asset = method.asset();
        asset.map_or_else(String::new, |asset| asset.fixed(asset.units(units)))
    };
    object! {
        "name" => method.name,
        "method_id" => method.id,
        "fee" => units(method.withdrawal_fee),
        "fee_asset" => method.asset,
        "fee_asset_class" => CURRENCY,
        "minimum" => units(method.least_withdrawal),
        "is_disabled" => false,
        "asset" => method.asset,
        "asset_class" => CURRENCY,
        "network_info" => withdrawal_network(method),
    }
}

/// As the external API shows the addresses of a vault for a method; `new` is
/// the one just made.
pub(crate) fn deposit_addresses(
    vault: &Vault,
    method: &Method,
    new: Option<&DepositAddress>,
) -> Vec<Json> {
    let Some(asset) = method.asset() else {
        return Vec::new();
    };
    let of_method = |address: &&DepositAddress| address.method == method.id;
    let all = || vault.addresses.iter().filter(of_method);
    let more = all().count() < MOST_ADDRESSES;
    let show = |(index, address): (usize, &DepositAddress)| {
        let mut shown = object! {
            "asset" => asset.code,
            "asset_class" => CURRENCY,
            "address" => address.address.as_str(),
            "name" => format!("{} {}", method.name, index + 1),
            "expire_time" => "",
            "is_new" => new.is_some_and(|new| new.address == address.address),
            "fee" => asset.fixed(Decimal::ZERO),
            "minimum" => asset.fixed(asset.units(method.least_deposit)),
            "maximum" => "",
            "allow_new_funding_id" => more,
            "max_funding_ids" => MOST_ADDRESSES,
        };
        if let (Json::Object(members), Some(tag)) = (&mut shown, &address.tag) {
            members.insert("tag".into(), tag.as_str().into());
        }
        shown
    };
    all().enumerate().map(show).collect()
}

/// As the legacy API shows an address.
pub(crate) fn legacy_deposit_address(address: &DepositAddress) -> Json {
    let mut shown = object! {
        "address" => address.address.as_str(),
        "expiretm" => "0",
        "new" => !address.used,
    };
    if let (Json::Object(members), Some(tag)) = (&mut shown, &address.tag) {
        members.insert("tag".into(), tag.as_str().into());
    }
    shown
}

impl Destination {
    /// Reads what an `update_withdrawal_addresses` task wants to add. No page
    /// shows its form; this one has the names of the whitelist.
    pub(crate) fn read(item: &Json) -> Option<Self> {
        let text = |name: &str| item.get(name).and_then(Json::as_str);
        let short = |name: &str| text(name).filter(|text| (1..=200).contains(&text.len()));
        let asset = find_asset(text("asset")?)?;
        let method = match (text("method_id"), text("method")) {
            (Some(id), _) => find_method(id).filter(|method| method.asset == asset.code),
            (None, Some(name)) => asset.methods().find(|method| method.name == name),
            (None, None) => asset.methods().next(),
        };
        Some(Self {
            name: short("address_name")?.to_owned(),
            asset,
            method: method?,
            address: short("address")?.to_owned(),
            tag: short("tag").map(str::to_owned),
            description: short("description").map(str::to_owned),
        })
    }

    /// As the external API shows it.
    pub(crate) fn external(&self) -> Json {
        let mut shown = object! {
            "asset" => self.asset.code,
            "asset_class" => CURRENCY,
            "address_name" => self.name.as_str(),
            "address" => self.address.as_str(),
        };
        if let Json::Object(members) = &mut shown {
            for (name, value) in [("tag", &self.tag), ("description", &self.description)] {
                if let Some(value) = value {
                    members.insert(name.into(), value.as_str().into());
                }
            }
            let beneficiary = object! {
                "recipient" => "self",
                "type" => "business",
                "name" => "Example Organization",
                "vasp_name" => "Self-custody",
                "country" => "US",
            };
            members.insert("beneficiary".into(), beneficiary);
        }
        shown
    }

    /// As the legacy API shows it, the asset under its new name or the old.
    pub(crate) fn legacy(&self, new_name: bool) -> Json {
        let asset = if new_name {
            self.asset.code
        } else {
            self.asset.altname
        };
        let mut shown = object! {
            "address" => self.address.as_str(),
            "asset" => asset,
            "method" => self.method.name,
            "key" => self.name.as_str(),
            "verified" => true,
        };
        if let Json::Object(members) = &mut shown {
            if let Some(tag) = &self.tag {
                members.insert("tag".into(), tag.as_str().into());
            }
            members.insert("networks".into(), vec![self.method.network].into());
        }
        shown
    }
}

/// The method of an asset that has this name.
pub(crate) fn method_of_name(asset: &Asset, name: &str) -> Option<&'static Method> {
    asset.methods().find(|method| method.name == name)
}

/// The methods of an asset, or all.
pub(crate) fn methods(asset: Option<&'static Asset>) -> impl Iterator<Item = &'static Method> {
    METHODS
        .iter()
        .filter(move |method| asset.is_none_or(|asset| method.asset == asset.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_an_end_to_new_addresses() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut custody = Custody::new(1, now);
        let vault = custody.vaults.first().unwrap().id.clone();
        let method = METHODS.first().unwrap();
        let made: Vec<String> = (0..MOST_ADDRESSES)
            .map(|_| custody.create_address(&vault, method).unwrap().address)
            .collect();
        let too_many = custody.create_address(&vault, method);
        assert_eq!(too_many.unwrap_err(), Denial::TooManyAddresses);
        let shown = deposit_addresses(custody.vault(&vault).unwrap(), method, None);
        assert_eq!(shown.len(), made.len());
        let more = shown.first().unwrap().get("allow_new_funding_id");
        assert_eq!(more, Some(&Json::Bool(false)));
    }

    #[test]
    fn a_quote_depends_on_where_to() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut custody = Custody::new(1, now);
        let vault = custody.vaults.first().unwrap().id.clone();
        let usdt = find_asset("USDT").unwrap();
        let tron = Destination::read(
            &Json::parse(br#"{"asset":"USDT","method":"Tether USD (TRC20)","address_name":"T","address":"Tx"}"#)
                .unwrap(),
        )
        .unwrap();
        custody.vault_mut(&vault).unwrap().whitelist.push(tron);
        let hundred = Decimal::ONE_HUNDRED;
        let mut fee = |to| {
            let quote = custody.quote(&vault, usdt, hundred, true, to, now);
            quote.map(|quote| (quote.fee, quote.net()))
        };
        assert_eq!(fee(None).unwrap().0, Decimal::from(4));
        let (fee_there, net) = fee(Some("T")).unwrap();
        assert_eq!(fee_there, Decimal::new(25, 1));
        assert_eq!(net, Decimal::new(975, 1));
        assert_eq!(fee(Some("?")), Err(Denial::Argument("address_name")));
    }
}
