//! Calls for the tests of this crate.

use exchange_transport::{Access, Answer, Effect, Operation, Pace, Permission};
use http::Method;

const BALANCE: Operation = Operation {
    api: "kraken-spot",
    id: "getAccountBalance",
    rust_method: "get_account_balance",
    method: Method::POST,
    path: "/0/private/Balance",
    access: Access::Private,
    permission: Permission::AllOf(&["Funds permissions - Query"]),
    effect: Effect::Read,
    pace: Pace {
        counter: "kraken-private",
        cost: 1,
    },
    answer: Answer::Enveloped,
};

/// A call that only reads.
pub(crate) static READ: Operation = BALANCE;

/// A call that places an order.
pub(crate) static ORDER: Operation = Operation {
    id: "addOrder",
    rust_method: "add_order",
    path: "/0/private/AddOrder",
    permission: Permission::AnyOf(&["Orders A", "Orders B"]),
    effect: Effect::Order,
    ..BALANCE
};

/// A call whose answer is a file.
pub(crate) static FILE: Operation = Operation {
    id: "retrieveExport",
    answer: Answer::Bytes,
    ..BALANCE
};

/// A call whose answer is a secret.
pub(crate) static TOKEN: Operation = Operation {
    id: "getWebsocketsToken",
    ..BALANCE
};

/// A list with its counts beside it.
pub(crate) static WHOLE: Operation = Operation {
    id: "listCustodyVaults",
    answer: Answer::Whole,
    ..BALANCE
};

/// A call without envelope that changes something.
pub(crate) static BARE: Operation = Operation {
    api: "kraken-custody-external",
    id: "postV0InstoCustodyTasks",
    rust_method: "create_task",
    effect: Effect::Funds,
    answer: Answer::Bare,
    ..BALANCE
};

/// A call that moves money and that no table of this crate names.
pub(crate) static TRANSFER: Operation = Operation {
    id: "somethingNew",
    effect: Effect::Funds,
    ..BALANCE
};
