//! Instant orders: a quote for a minute, then the deal.

use std::time::Duration;

use rust_decimal::Decimal;

use super::answer::{Outcome, Refusal};
use super::exchange::{Exchange, bps};
use super::params::value;
use super::symbols::{Product, Symbol, cut};
use super::trading::{side, symbol};
use super::{Access, Call, Operation, TRADER, op};
use crate::Moment;
use crate::books::Holder;
use crate::json::{Json, object};

/// How long a quote holds.
const LIFE: Duration = Duration::from_secs(60);

/// What an instant order costs, in hundredths of a percent.
const FEE_BPS: u32 = 149;

/// Quotes that are kept.
const MOST: usize = 1_000;

const CREATE: &[&str] = &["orders:create"];

pub(crate) static OPERATIONS: [Operation; 2] = [
    op(
        "getInstantQuote",
        "/v1/instant/quote",
        Access::Account,
        TRADER,
        CREATE,
        quote,
    ),
    op(
        "executeInstantOrder",
        "/v1/instant/execute",
        Access::Account,
        TRADER,
        CREATE,
        execute,
    ),
];

#[derive(Clone, Debug)]
struct Quote {
    id: u64,
    account: usize,
    symbol: &'static Symbol,
    buy: bool,
    quantity: Decimal,
    price: Decimal,
    fee: Decimal,
    total: Decimal,
    until: Moment,
}

/// Quotes that were given.
#[derive(Debug, Default)]
pub(crate) struct Instant {
    quotes: Vec<Quote>,
    last: u64,
}

fn quote(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let (symbol, buy) = (symbol(call)?, side(call)?);
    if symbol.product != Product::Spot {
        return Err(Refusal::bad(
            "InvalidSymbol",
            "Instant orders are for spot symbols",
        ));
    }
    let total = call.params.positive("totalSpend", "InvalidQuantity")?;
    if let Some(bank) = call.params.text("paymentMethodUuid")
        && !exchange.funds.has_bank(call.account, &bank)
    {
        return Err(value("paymentMethodUuid", &bank));
    }
    if let Some(kind) = call.params.text("paymentMethodType")
        && ![
            "AccountBalancePaymentType",
            "BankAccountType",
            "CardAccountType",
        ]
        .contains(&kind.as_str())
    {
        return Err(value("paymentMethodType", &kind));
    }
    let market = exchange.market(symbol);
    let half = market.half_spread() * Decimal::TEN;
    let price = if buy {
        market.price + half
    } else {
        market.price - half
    };
    let price = price.max(symbol.price_step());
    let (quantity, fee) = if buy {
        // Quantity times price and the fee are what is spent.
        let fee = cut(
            total - total / (Decimal::ONE + bps(Decimal::ONE, FEE_BPS)),
            8,
        );
        (cut((total - fee) / price, symbol.amount_digits), fee)
    } else {
        let quantity = cut(total, symbol.amount_digits);
        (quantity, cut(bps(quantity * price, FEE_BPS), 8))
    };
    if quantity < symbol.smallest() {
        return Err(Refusal::bad(
            "InvalidQuantity",
            format!("Too little: {total}"),
        ));
    }
    let instant = &mut exchange.instant;
    instant.last += 1;
    let quote = Quote {
        id: instant.last,
        account: call.account,
        symbol,
        buy,
        quantity,
        price,
        fee,
        total,
        until: call.now.plus(LIFE),
    };
    instant.quotes.retain(|quote| call.now < quote.until);
    if instant.quotes.len() == MOST {
        instant.quotes.remove(0);
    }
    let mut body = object! { "quoteId" => quote.id, "maxAgeMs" => 60_000_u32 };
    if let (Json::Object(members), Json::Object(rest)) = (&mut body, quote.json()) {
        members.extend(rest);
    }
    instant.quotes.push(quote);
    Ok(body.into())
}

impl Quote {
    fn json(&self) -> Json {
        let symbol = self.symbol;
        object! {
            "pair" => symbol.upper(),
            "price" => Json::amount(self.price),
            "priceCurrency" => symbol.quote,
            "side" => if self.buy { "buy" } else { "sell" },
            "quantity" => Json::amount(self.quantity),
            "quantityCurrency" => symbol.base,
            "fee" => Json::amount(self.fee),
            "feeCurrency" => symbol.quote,
            "depositFee" => "0",
            "depositFeeCurrency" => symbol.quote,
            "totalSpend" => Json::amount(self.total),
            "totalSpendCurrency" => if self.buy { symbol.quote } else { symbol.base },
        }
    }
}

fn execute(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let (symbol, buy) = (symbol(call)?, side(call)?);
    let id = call.params.required("quoteId")?;
    let quantity = call.params.positive("quantity", "InvalidQuantity")?;
    let price = call.params.positive("price", "InvalidPrice")?;
    let fee = call.params.required("fee")?;
    let quotes = &exchange.instant.quotes;
    let index = quotes
        .iter()
        .position(|quote| quote.id.to_string() == id && quote.account == call.account);
    let quote = index.map(|index| quotes[index].clone()).filter(|quote| {
        call.now < quote.until
            && std::ptr::eq(quote.symbol, symbol)
            && quote.buy == buy
            && quote.quantity == quantity
            && quote.price == price
            && fee.parse() == Ok(quote.fee)
    });
    let (Some(index), Some(quote)) = (index, quote) else {
        return Err(value("quoteId", &id));
    };
    let worth = quantity * price;
    let (base, money) = if buy {
        (quantity, -worth)
    } else {
        (-quantity, worth)
    };
    let (given, needed) = if buy {
        (symbol.quote, worth + quote.fee)
    } else {
        (symbol.base, quantity)
    };
    if exchange.available(call.account, given) < needed {
        return Err(Refusal::funds(format!("Not enough {given}")));
    }
    exchange
        .book(&[
            (call.account, symbol.base, base, Holder::Market),
            (call.account, symbol.quote, money, Holder::Market),
            (call.account, symbol.quote, -quote.fee, Holder::Fees),
        ])
        .map_err(|error| Refusal::internal(&error))?;
    exchange.instant.quotes.remove(index);
    let order = exchange.ids.number();
    let mut body = object! { "orderId" => order };
    if let (Json::Object(members), Json::Object(rest)) = (&mut body, quote.json()) {
        members.extend(rest);
    }
    Ok(body.into())
}
