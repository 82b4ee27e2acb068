//! What the lists of the legacy API are asked for: filters, orderings and
//! pagination, in one language for all three.

use std::cmp::Ordering;

use super::denial::Denial;
use super::people::same_iiban;
use crate::json::Json;
use crate::kraken::params::Params;

/// More filters in one request, or values in one filter, are refused.
const MOST: usize = 1_000;

/// A row's field, as filters and orderings see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Number(u64),
    Text(String),
    /// A name, whose case may not count.
    Name(String),
    /// A UUID, with or without dashes.
    Uuid(String),
    /// The IIBANs of some users.
    Users(Vec<String>),
    /// Nothing: no filter matches it, and it comes last.
    Nothing,
}

/// A list that can be asked for.
pub(crate) struct Language<T> {
    /// What `by` may be in a filter, with what `type` may be then.
    pub filters: &'static [(&'static str, &'static [&'static str])],
    /// What `by` may be in an ordering.
    pub orderings: &'static [&'static str],
    /// What rows are ordered by, downwards, unless told otherwise.
    pub ordered_by: &'static str,
    pub field: fn(&T, &str) -> Field,
}

/// One page of what was asked for.
pub(crate) struct Page<T> {
    pub rows: Vec<T>,
    /// Position of the first row, from one.
    pub start: usize,
    /// Rows that match.
    pub total: usize,
}

#[derive(Debug)]
enum Test {
    Equals(Vec<String>),
    StartsWith(Vec<String>),
    Contains(Vec<String>),
    /// Both ends belong to it.
    In(Option<u64>, Option<u64>),
}

#[derive(Debug)]
struct Filter {
    by: String,
    test: Test,
    /// Case counts.
    sensitive: bool,
}

impl<T> Language<T> {
    /// Those of `rows`, which come oldest first, that a request asks for.
    pub(crate) fn page(&self, rows: Vec<T>, params: &Params) -> Result<Page<T>, Denial> {
        let groups = self.read_filters(params.get("filters"))?;
        let orderings = self.read_orderings(params.get("orderings"))?;
        let (limit, offset) = read_pagination(params.get("pagination"))?;
        let matches = |row: &T| {
            groups.iter().all(|group| {
                let mut group = group.iter();
                group.any(|filter| filter.matches(&(self.field)(row, &filter.by)))
            })
        };
        // Rows that are equal otherwise go by age, in the direction of the first
        // ordering. They come oldest first.
        let newest_first = orderings.first().is_none_or(|(_, downwards)| *downwards);
        let mut rows: Vec<T> = rows.into_iter().filter(matches).collect();
        if newest_first {
            rows.reverse();
        }
        rows.sort_by(|a, b| {
            let compare = |(by, downwards): &(String, bool)| {
                compare(&(self.field)(a, by), &(self.field)(b, by), *downwards)
            };
            orderings
                .iter()
                .map(compare)
                .fold(Ordering::Equal, Ordering::then)
        });
        Ok(Page {
            start: offset.saturating_add(1),
            total: rows.len(),
            rows: rows.into_iter().skip(offset).take(limit).collect(),
        })
    }

    fn read_filters(&self, filters: Option<&Json>) -> Result<Vec<Vec<Filter>>, Denial> {
        let wrong = Denial::Argument("filters");
        let Some(filters) = filters else {
            return Ok(Vec::new());
        };
        let groups = filters.get("and").and_then(Json::as_list).ok_or(&wrong);
        let mut left = MOST;
        let mut read = Vec::new();
        for group in groups.map_err(Clone::clone)? {
            let group = group.get("or").and_then(Json::as_list);
            let group = group.ok_or_else(|| wrong.clone())?;
            left = left
                .checked_sub(group.len().max(1))
                .ok_or_else(|| wrong.clone())?;
            let filters = group.iter().map(|filter| self.read_filter(filter));
            read.push(
                filters
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(|| wrong.clone())?,
            );
        }
        Ok(read)
    }

    fn read_filter(&self, filter: &Json) -> Option<Filter> {
        let by = filter.get("by")?.as_str()?;
        let kind = filter.get("type")?.as_str()?;
        let (_, kinds) = self.filters.iter().find(|(name, _)| *name == by)?;
        if !kinds.contains(&kind) {
            return None;
        }
        let values = || -> Option<Vec<String>> {
            let values = filter.get("values")?.as_list()?;
            if values.len() > MOST {
                return None;
            }
            values.iter().map(Json::scalar).collect()
        };
        let bound = |name: &str| match filter.get(name) {
            None | Some(Json::Null) => Some(None),
            Some(bound) => bound.scalar()?.parse().ok().map(Some),
        };
        let test = match kind {
            "equals" => Test::Equals(values()?),
            "starts_with" => Test::StartsWith(values()?),
            "contains" => Test::Contains(values()?),
            _ => Test::In(bound("left")?, bound("right")?),
        };
        let sensitive = match filter.get("case") {
            None | Some(Json::Null) => false,
            Some(case) => match case.as_str()? {
                "sensitive" => true,
                "insensitive" => false,
                _ => return None,
            },
        };
        let by = by.to_owned();
        Some(Filter {
            by,
            test,
            sensitive,
        })
    }

    fn read_orderings(&self, orderings: Option<&Json>) -> Result<Vec<(String, bool)>, Denial> {
        let Some(orderings) = orderings else {
            return Ok(vec![(self.ordered_by.to_owned(), true)]);
        };
        let read = |ordering: &Json| {
            let by = ordering.get("by")?.as_str()?;
            if !self.orderings.contains(&by) {
                return None;
            }
            let downwards = match ordering.get("direction") {
                None | Some(Json::Null) => true,
                Some(direction) => match direction.as_str()? {
                    "desc" => true,
                    "asc" => false,
                    _ => return None,
                },
            };
            Some((by.to_owned(), downwards))
        };
        let orderings = orderings.as_list().filter(|list| list.len() <= MOST);
        orderings
            .and_then(|list| list.iter().map(read).collect())
            .ok_or(Denial::Argument("orderings"))
    }
}

/// Limit and offset.
fn read_pagination(pagination: Option<&Json>) -> Result<(usize, usize), Denial> {
    let Some(pagination) = pagination else {
        return Ok((100, 0));
    };
    let number = |name| -> Option<usize> {
        match pagination.get(name)? {
            Json::Number(text) => text.parse::<u32>().ok()?.try_into().ok(),
            _ => None,
        }
    };
    let limit = number("limit").filter(|limit| (1..=1_000).contains(limit));
    limit
        .zip(number("offset"))
        .ok_or(Denial::Argument("pagination"))
}

impl Filter {
    fn matches(&self, field: &Field) -> bool {
        let name = |name: &str| {
            if self.sensitive {
                name.to_owned()
            } else {
                name.to_lowercase()
            }
        };
        let uuid = |text: &str| text.replace('-', "").to_lowercase();
        match (&self.test, field) {
            (Test::Equals(values), Field::Number(number)) => {
                values.iter().any(|value| value.parse() == Ok(*number))
            }
            (Test::Equals(values), Field::Text(text)) => values.contains(text),
            (Test::Equals(values), Field::Name(text)) => {
                values.iter().any(|value| name(value) == name(text))
            }
            (Test::Equals(values), Field::Uuid(text)) => {
                values.iter().any(|value| uuid(value) == uuid(text))
            }
            (Test::Equals(values), Field::Users(users)) => users
                .iter()
                .any(|user| values.iter().any(|value| same_iiban(value, user))),
            (Test::StartsWith(values), Field::Name(text)) => values
                .iter()
                .any(|value| name(text).starts_with(&name(value))),
            (Test::Contains(values), Field::Name(text)) => {
                values.iter().any(|value| name(text).contains(&name(value)))
            }
            (Test::In(left, right), Field::Number(number)) => {
                left.is_none_or(|left| left <= *number)
                    && right.is_none_or(|right| *number <= right)
            }
            _ => false,
        }
    }
}

/// In the direction asked for, but nothing comes last in either.
fn compare(a: &Field, b: &Field, downwards: bool) -> Ordering {
    match (a, b) {
        (Field::Nothing, Field::Nothing) => Ordering::Equal,
        (Field::Nothing, _) => Ordering::Greater,
        (_, Field::Nothing) => Ordering::Less,
        _ if downwards => b.cmp(a),
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (u64, &'static str, Option<&'static str>);

    const LANGUAGE: Language<Row> = Language {
        filters: &[
            ("age", &["equals", "in"]),
            ("name", &["equals", "starts_with", "contains"]),
            ("friend", &["equals"]),
        ],
        orderings: &["age", "friend"],
        ordered_by: "age",
        field: |row, by| match by {
            "age" => Field::Number(row.0),
            "name" => Field::Name(row.1.into()),
            _ => row
                .2
                .map_or(Field::Nothing, |friend| Field::Text(friend.into())),
        },
    };

    fn names(body: &str) -> Result<Vec<&'static str>, Denial> {
        let rows = vec![
            (30, "Anna", None),
            (20, "Hanna", Some("b")),
            (40, "Bob", Some("a")),
        ];
        let params = Params::of_object(&Json::parse(body.as_bytes()).unwrap()).unwrap();
        let page = LANGUAGE.page(rows, &params)?;
        Ok(page.rows.into_iter().map(|row| row.1).collect())
    }

    #[test]
    fn groups_are_all_met_by_one_filter_each() {
        let all = ["Bob", "Anna", "Hanna"];
        for (body, expected) in [
            ("{}", &all[..]),
            (r#"{"filters":{"and":[]}}"#, &all[..]),
            (
                r#"{"filters":{"and":[{"or":[{"by":"name","type":"contains","values":["ANNA"]}]}]}}"#,
                &all[1..],
            ),
            (
                r#"{"filters":{"and":[{"or":[{"by":"name","type":"contains","values":["Anna"],"case":"sensitive"}]}]}}"#,
                &all[1..2],
            ),
            (
                r#"{"filters":{"and":[{"or":[{"by":"name","type":"starts_with","values":["b","x"]},{"by":"age","type":"equals","values":["20"]}]},{"or":[{"by":"age","type":"in","right":39}]}]}}"#,
                &all[2..],
            ),
            (
                r#"{"filters":{"and":[{"or":[{"by":"age","type":"in","left":"30","right":40}]}]}}"#,
                &all[..2],
            ),
            (r#"{"filters":{"and":[{"or":[]}]}}"#, &[]),
        ] {
            assert_eq!(names(body).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn nothing_comes_last_in_either_direction() {
        let up = names(r#"{"orderings":[{"by":"friend","direction":"asc"}]}"#);
        assert_eq!(up.unwrap(), ["Bob", "Hanna", "Anna"]);
        let down = names(r#"{"orderings":[{"by":"friend"}]}"#);
        assert_eq!(down.unwrap(), ["Hanna", "Bob", "Anna"]);
    }

    #[test]
    fn pages_follow_each_other() {
        let page = r#"{"pagination":{"limit":1,"offset":1}}"#;
        assert_eq!(names(page).unwrap(), ["Anna"]);
        let page = r#"{"pagination":{"limit":1,"offset":4000000000}}"#;
        assert!(names(page).unwrap().is_empty());
    }

    #[test]
    fn what_is_not_of_the_language_is_refused() {
        for (body, name) in [
            (r#"{"filters":[]}"#, "filters"),
            (r#"{"filters":{"and":[{}]}}"#, "filters"),
            (
                r#"{"filters":{"and":[{"or":[{"by":"x","type":"equals","values":[]}]}]}}"#,
                "filters",
            ),
            (
                r#"{"filters":{"and":[{"or":[{"by":"age","type":"contains","values":[]}]}]}}"#,
                "filters",
            ),
            (
                r#"{"filters":{"and":[{"or":[{"by":"age","type":"equals","values":1}]}]}}"#,
                "filters",
            ),
            (
                r#"{"filters":{"and":[{"or":[{"by":"age","type":"in","left":"x"}]}]}}"#,
                "filters",
            ),
            (r#"{"pagination":{"limit":1}}"#, "pagination"),
            (r#"{"pagination":{"limit":0,"offset":0}}"#, "pagination"),
            (r#"{"pagination":{"limit":1001,"offset":0}}"#, "pagination"),
            (r#"{"orderings":[{"by":"name"}]}"#, "orderings"),
            (
                r#"{"orderings":[{"by":"age","direction":"up"}]}"#,
                "orderings",
            ),
        ] {
            assert_eq!(names(body), Err(Denial::Argument(name)), "{body}");
        }
    }
}
