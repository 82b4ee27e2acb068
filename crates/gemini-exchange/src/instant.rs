//! Instant orders: a price that holds for a short time, taken as it is.

use exchange_wire::{Decimal, open_enum};
use serde::{Deserialize, Serialize};

use crate::types::{Currency, Side, Symbol};

endpoints! {
    "gemini", "Instant", crate::Client;

    /// A price for an instant order, which holds for
    /// [`max_age_ms`](InstantQuote::max_age_ms).
    GetInstantQuote = get_instant_quote "getInstantQuote" {
        call: POST "/v1/instant/quote",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["orders:create"],
        effect: Read,
        pace: PRIVATE,
        answer: json InstantQuote,
        also: [],
        required {
            /// Which symbol.
            symbol: Symbol => into field "symbol";
            /// Whether to buy or to sell.
            side: Side => field "side";
            /// How much to spend: of the quote currency to buy, of the base currency to sell.
            total_spend: Decimal => into field "totalSpend", positive();
        }
        optional {
            /// What to pay with: the id of a bank, see
            /// [`list_payment_methods`](crate::Client::list_payment_methods).
            payment_method_uuid: String => into field "paymentMethodUuid";
            /// What sort of payment that is.
            payment_method_type: PaymentMethodType => field "paymentMethodType";
        }
    }

    /// Takes a quote. All values are those of the quote, unchanged.
    ExecuteInstantOrder = execute_instant_order "executeInstantOrder" {
        call: POST "/v1/instant/execute",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["orders:create"],
        effect: Order,
        pace: PRIVATE,
        answer: json InstantFill,
        also: [],
        required {
            /// [`InstantQuote::pair`].
            symbol: Symbol => into field "symbol";
            /// [`InstantQuote::side`].
            side: Side => field "side";
            /// [`InstantQuote::quantity`].
            quantity: Decimal => into field "quantity", positive();
            /// [`InstantQuote::price`].
            price: Decimal => into field "price", positive();
            /// [`InstantQuote::fee`].
            fee: Decimal => into field "fee";
            /// [`InstantQuote::quote_id`].
            quote_id: i64 => field "quoteId";
        }
        optional {}
    }
}

impl ExecuteInstantOrder {
    /// All values from the quote.
    pub fn quote(
        self,
        quote: &InstantQuote,
    ) -> ExecuteInstantOrder<Symbol, Side, Decimal, Decimal, Decimal, i64> {
        self.symbol(quote.pair.clone())
            .side(quote.side.clone())
            .quantity(quote.quantity)
            .price(quote.price)
            .fee(quote.fee)
            .quote_id(quote.quote_id)
    }
}

open_enum! {
    /// What is paid with.
    pub enum PaymentMethodType {
        /// A balance of the account.
        AccountBalance = "AccountBalancePaymentType",
        /// A bank account.
        BankAccount = "BankAccountType",
        /// A card.
        Card = "CardAccountType",
    }
}

crate::parameter::plain!(PaymentMethodType);

/// A price that holds for a short time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InstantQuote {
    /// Its id.
    #[serde(rename = "quoteId", with = "exchange_wire::integer")]
    pub quote_id: i64,
    /// For how long it holds, in milliseconds.
    #[serde(rename = "maxAgeMs", with = "exchange_wire::integer")]
    pub max_age_ms: i64,
    /// Which symbol.
    pub pair: Symbol,
    /// The price.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// What the price is in.
    #[serde(rename = "priceCurrency")]
    pub price_currency: Currency,
    /// Whether it is to buy or to sell.
    pub side: Side,
    /// How much would be bought or sold.
    #[serde(with = "exchange_wire::decimal")]
    pub quantity: Decimal,
    /// What the quantity is in.
    #[serde(rename = "quantityCurrency")]
    pub quantity_currency: Currency,
    /// The fee.
    #[serde(with = "exchange_wire::decimal")]
    pub fee: Decimal,
    /// What the fee is in.
    #[serde(rename = "feeCurrency")]
    pub fee_currency: Currency,
    /// The fee for the payment.
    #[serde(rename = "depositFee", with = "exchange_wire::decimal")]
    pub deposit_fee: Decimal,
    /// What that is in.
    #[serde(rename = "depositFeeCurrency")]
    pub deposit_fee_currency: Currency,
    /// What would be spent.
    #[serde(rename = "totalSpend", with = "exchange_wire::decimal")]
    pub total_spend: Decimal,
    /// What that is in.
    #[serde(rename = "totalSpendCurrency")]
    pub total_spend_currency: Currency,
}

/// What became of an instant order or of a wrap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InstantFill {
    /// The venue's id.
    #[serde(rename = "orderId", with = "exchange_wire::integer")]
    pub order_id: i64,
    /// Which symbol.
    pub pair: Symbol,
    /// The price.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// What the price is in.
    #[serde(rename = "priceCurrency")]
    pub price_currency: Currency,
    /// Whether it bought or sold.
    pub side: Side,
    /// How much was bought or sold.
    #[serde(with = "exchange_wire::decimal")]
    pub quantity: Decimal,
    /// What the quantity is in.
    #[serde(rename = "quantityCurrency")]
    pub quantity_currency: Currency,
    /// What was spent.
    #[serde(rename = "totalSpend", with = "exchange_wire::decimal")]
    pub total_spend: Decimal,
    /// What that is in.
    #[serde(rename = "totalSpendCurrency")]
    pub total_spend_currency: Currency,
    /// The fee.
    #[serde(with = "exchange_wire::decimal")]
    pub fee: Decimal,
    /// What the fee is in.
    #[serde(rename = "feeCurrency")]
    pub fee_currency: Currency,
    /// The fee for the payment.
    #[serde(rename = "depositFee", with = "exchange_wire::decimal")]
    pub deposit_fee: Decimal,
    /// What that is in.
    #[serde(rename = "depositFeeCurrency")]
    pub deposit_fee_currency: Currency,
}
