//! Values that may stand in a path, a query or a header.

use std::fmt::Display;

/// A parameter: one value, none, or several under the same name.
///
/// Everything whose `Display` is its text on the wire is one value: text,
/// `bool`, integers, decimals, times, open enums. `None` is left out, and a
/// `Vec` stands for its elements one by one.
///
/// `Form` only keeps the three cases apart for the compiler, which finds it by
/// itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sent as a parameter",
    note = "parameters are values with `Display`, or an `Option` or `Vec` of them"
)]
pub trait ToParam<Form> {
    /// Hands each value to `add`, in order.
    fn each(&self, add: &mut dyn FnMut(&dyn Display));
}

/// The form of a single value.
#[derive(Debug)]
pub struct One;

/// The form of a value that may be missing.
#[derive(Debug)]
pub struct Maybe<Form>(Form);

/// The form of a list.
#[derive(Debug)]
pub struct Many<Form>(Form);

impl<T: Display + ?Sized> ToParam<One> for T {
    fn each(&self, add: &mut dyn FnMut(&dyn Display)) {
        add(&self);
    }
}

impl<Form, T: ToParam<Form>> ToParam<Maybe<Form>> for Option<T> {
    fn each(&self, add: &mut dyn FnMut(&dyn Display)) {
        if let Some(value) = self {
            value.each(add);
        }
    }
}

impl<Form, T: ToParam<Form>> ToParam<Many<Form>> for Vec<T> {
    fn each(&self, add: &mut dyn FnMut(&dyn Display)) {
        for value in self {
            value.each(add);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<Form>(value: &(impl ToParam<Form> + ?Sized)) -> Vec<String> {
        let mut texts = Vec::new();
        value.each(&mut |text| texts.push(text.to_string()));
        texts
    }

    #[test]
    fn one_none_and_several() {
        assert_eq!(texts("XBTUSD"), ["XBTUSD"]);
        assert_eq!(texts(&String::from("a")), ["a"]);
        assert_eq!(texts(&"b"), ["b"]);
        assert_eq!(texts(&true), ["true"]);
        assert_eq!(texts(&-5_i64), ["-5"]);
        assert_eq!(texts(&Some(7_u32)), ["7"]);
        assert!(texts(&None::<u32>).is_empty());
        assert_eq!(texts(&vec!["a", "b"]), ["a", "b"]);
        assert_eq!(texts(&Some(vec![1, 2])), ["1", "2"]);
    }
}
