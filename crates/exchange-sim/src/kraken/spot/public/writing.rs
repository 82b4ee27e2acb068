//! Numbers as market data has them, and long lists of them, written without a
//! detour.

use std::fmt::Write as _;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::json::Json;

/// Writes `units` of 10^-`decimals` with so many digits after the point; what
/// is left out is zero or cut.
fn write_units(out: &mut String, units: i128, decimals: u32, digits: u32) {
    let mut magnitude = units.unsigned_abs();
    let mut scale = decimals;
    while scale > digits {
        magnitude /= 10;
        scale -= 1;
    }
    if units < 0 && magnitude != 0 {
        out.push('-');
    }
    let after_point = scale as usize;
    let width = after_point + 1;
    // Writing to a string can't fail.
    let _ = write!(out, "{magnitude:0width$}");
    if digits > 0 {
        // At least `width` digits were written.
        out.insert(out.len() - after_point, '.');
    }
    for _ in scale..digits {
        out.push('0');
    }
}

fn write_padded(out: &mut String, number: Decimal, digits: u32) {
    if number.scale() <= digits {
        return write_units(out, number.mantissa(), number.scale(), digits);
    }
    let nearest = RoundingStrategy::MidpointAwayFromZero;
    let number = number.round_dp_with_strategy(digits, nearest);
    write_units(out, number.mantissa(), number.scale(), digits);
}

/// `units` of 10^-`decimals` with so many digits after the point; what is left
/// out is zero or cut.
pub(super) fn written(units: i128, decimals: u32, digits: u32) -> String {
    let mut text = String::new();
    write_units(&mut text, units, decimals, digits);
    text
}

/// A number with so many digits after the point.
pub(super) fn padded(number: Decimal, digits: u32) -> String {
    let mut text = String::new();
    write_padded(&mut text, number, digits);
    text
}

/// A volume in the three digits in which books show it, rounded up so that
/// nothing looks like none.
pub(super) fn in_lots(volume: Decimal) -> Decimal {
    if volume.scale() <= 3 {
        return volume;
    }
    volume.round_dp_with_strategy(3, RoundingStrategy::AwayFromZero)
}

/// A list of lists, being written.
pub(super) struct Rows(String);

impl Rows {
    /// Room for so many bytes is made at once.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('[');
        Self(text)
    }

    /// Begins a row.
    pub(super) fn begin(&mut self) {
        let separator = if self.0.len() > 1 { ",[" } else { "[" };
        self.0.push_str(separator);
    }

    pub(super) fn end(&mut self) {
        self.0.push(']');
    }

    fn separate(&mut self) {
        if !self.0.ends_with('[') {
            self.0.push(',');
        }
    }

    /// A string of `units` of 10^-`decimals`, as [`written`].
    pub(super) fn units(&mut self, units: i128, decimals: u32, digits: u32) {
        self.separate();
        self.0.push('"');
        write_units(&mut self.0, units, decimals, digits);
        self.0.push('"');
    }

    /// A string of a decimal, as [`padded`].
    pub(super) fn padded(&mut self, number: Decimal, digits: u32) {
        self.separate();
        self.0.push('"');
        write_padded(&mut self.0, number, digits);
        self.0.push('"');
    }

    /// A string of letters.
    pub(super) fn word(&mut self, word: &'static str) {
        self.separate();
        self.0.push('"');
        self.0.push_str(word);
        self.0.push('"');
    }

    /// A number.
    pub(super) fn number(&mut self, number: u64) {
        self.separate();
        let _ = write!(self.0, "{number}");
    }

    /// A number of `units` of 10^-`decimals` without zeros at the end.
    pub(super) fn shortest(&mut self, units: u64, decimals: u32) {
        self.separate();
        write_units(&mut self.0, units.into(), decimals, decimals);
        let end = self.0.trim_end_matches('0').trim_end_matches('.').len();
        if decimals > 0 {
            self.0.truncate(end);
        }
    }

    pub(super) fn finish(mut self) -> Json {
        self.0.push(']');
        Json::Written(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_asked_for() {
        for (units, decimals, digits, text) in [
            (600_001, 1, 5, "60000.10000"),
            (402_285, 1, 5, "40228.50000"),
            (118_656_041_254, 8, 8, "1186.56041254"),
            (5, 8, 8, "0.00000005"),
            (0, 2, 5, "0.00000"),
            (1_299, 2, 1, "12.9"),
            (1_299, 2, 0, "12"),
            (7, 0, 0, "7"),
            (7, 0, 2, "7.00"),
            (-1_250, 3, 2, "-1.25"),
            (-9, 3, 2, "0.00"),
        ] {
            assert_eq!(written(units, decimals, digits), text);
        }
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(padded(decimal("1.5"), 3), "1.500");
        assert_eq!(padded(decimal("1.23456"), 3), "1.235");
        assert_eq!(padded(decimal("1.25"), 1), "1.3");
        assert_eq!(padded(Decimal::MAX, 2), format!("{}.00", Decimal::MAX));
        assert_eq!(in_lots(decimal("0.00000001")), decimal("0.001"));
        assert_eq!(in_lots(decimal("2.001")), decimal("2.001"));
        assert_eq!(in_lots(decimal("2.0010001")), decimal("2.002"));
    }

    #[test]
    fn rows_are_the_json_that_their_parts_would_be() {
        let mut rows = Rows::with_capacity(0);
        assert_eq!(Rows::with_capacity(9).finish().to_string(), "[]");
        for number in [10, 0] {
            rows.begin();
            rows.number(number);
            rows.units(number.into(), 1, 2);
            rows.padded(Decimal::ONE, 1);
            rows.word("b");
            rows.word("");
            rows.shortest(number, 1);
            rows.shortest(16_886_695_978_277_000, 7);
            rows.end();
        }
        assert_eq!(
            rows.finish().to_string(),
            r#"[[10,"1.00","1.0","b","",1,1688669597.8277],[0,"0.00","1.0","b","",0,1688669597.8277]]"#
        );
    }
}
