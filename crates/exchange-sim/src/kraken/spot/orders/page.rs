//! Which rows of a list an answer has.

use crate::Moment;
use crate::json::{Json, object};
use crate::kraken::answer::Refusal;
use crate::kraken::params::Params;

use super::flag;

/// Which rows of a list are asked for.
pub(super) enum Page {
    /// From so many on, and whether the number of all is told.
    Offset { offset: usize, count: bool },
    /// After the row with this number, going down; from the first if none.
    Cursor(Option<u64>),
}

impl Page {
    pub(super) fn read(params: &Params) -> Result<Self, Refusal> {
        let offset = params.integer("ofs")?.unwrap_or_default();
        let offset = usize::try_from(offset).map_err(|_| Refusal::argument("ofs"))?;
        let cursor = params.text("cursor");
        if flag(params, "with_cursor", false)? {
            if offset > 0 {
                return Err(Refusal::argument("ofs"));
            }
            let cursor = cursor.map(|cursor| {
                let number = u64::from_str_radix(&cursor, 32);
                number.map_err(|_| Refusal::argument("cursor"))
            });
            return Ok(Self::Cursor(cursor.transpose()?));
        }
        if cursor.is_some() {
            return Err(Refusal::argument("cursor"));
        }
        let count = !flag(params, "without_count", false)?;
        Ok(Self::Offset { offset, count })
    }

    /// The rows of the page, out of all in falling order of their numbers, and
    /// what the answer says beside them.
    pub(super) fn cut<T>(
        &self,
        rows: Vec<(u64, T)>,
        size: usize,
    ) -> (Vec<T>, Option<usize>, Option<String>) {
        let total = rows.len();
        match *self {
            Self::Offset { offset, count } => {
                let rows = rows.into_iter().skip(offset).take(size);
                let rows = rows.map(|(_, row)| row).collect();
                (rows, count.then_some(total), None)
            }
            Self::Cursor(after) => {
                let mut rows = rows
                    .into_iter()
                    .skip_while(|(number, _)| after.is_some_and(|after| *number >= after))
                    .peekable();
                let mut page = Vec::new();
                let mut last = 0;
                while page.len() < size
                    && let Some((number, row)) = rows.next()
                {
                    last = number;
                    page.push(row);
                }
                let next = rows.peek().map(|_| in_base_32(last));
                (page, None, next)
            }
        }
    }
}

/// Cursors are opaque to customers; these are numbers.
fn in_base_32(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 32).unwrap_or_default();
        digits.extend(char::from_digit(digit, 32));
        number /= 32;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

pub(super) fn page_json(
    name: &str,
    rows: Json,
    count: Option<usize>,
    next: Option<String>,
) -> Json {
    let mut json = object! { name => rows };
    if let Json::Object(members) = &mut json {
        if let Some(count) = count {
            members.insert("count".into(), count.into());
        }
        if let Some(next) = next {
            members.insert("cursor".into(), object! { "next" => next });
        }
    }
    json
}

/// A bound of a list: a time, or the id of a row.
pub(super) enum Bound {
    Time(Moment),
    Id(String),
}

pub(super) fn bound(params: &Params, name: &str) -> Result<Option<Bound>, Refusal> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    if let Some(moment) = Moment::parse_seconds(&text) {
        return Ok(Some(Bound::Time(moment)));
    }
    let id = text.len() == 19 && text.is_ascii() && text.matches('-').count() == 2;
    if id {
        return Ok(Some(Bound::Id(text)));
    }
    Err(Refusal::argument(name))
}
