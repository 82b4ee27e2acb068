//! Required parameters of a call, checked when compiling.

/// Stands in a builder's type for a required parameter that is not set yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Missing;

/// A required parameter that has been set.
///
/// A builder holds each required parameter in a type parameter that starts as
/// [`Missing`]; `send` asks for `Given<T>`, which only a set one has.
///
/// ```
/// use exchange_transport::{Given, Missing};
///
/// #[derive(Default)]
/// struct Transfer<Amount = Missing> { amount: Amount }
///
/// impl<Amount> Transfer<Amount> {
///     fn amount(self, amount: u32) -> Transfer<u32> { Transfer { amount } }
///     fn send(self) -> u32 where Amount: Given<u32> { self.amount.given() }
/// }
///
/// assert_eq!(Transfer::<Missing>::default().amount(5).send(), 5);
/// ```
///
/// Without the amount it does not compile:
///
/// ```compile_fail,E0277
/// # use exchange_transport::{Given, Missing};
/// # #[derive(Default)]
/// # struct Transfer<Amount = Missing> { amount: Amount }
/// # impl<Amount> Transfer<Amount> {
/// #     fn send(self) -> u32 where Amount: Given<u32> { self.amount.given() }
/// # }
/// Transfer::<Missing>::default().send();
/// ```
#[diagnostic::on_unimplemented(
    message = "a required parameter of this call is not set",
    label = "a required parameter of type `{T}` is missing before this",
    note = "call the builder's method for it before `send()`; the call's documentation lists the required ones"
)]
pub trait Given<T> {
    /// The value.
    fn given(self) -> T;
}

impl<T> Given<T> for T {
    fn given(self) -> T {
        self
    }
}
