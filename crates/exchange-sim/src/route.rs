//! Paths with parameters in them.

/// What stands in place of the braces, percent-decoded; `None` if the path is
/// another one.
pub(crate) fn matched(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut parts = path.split('/');
    for expected in pattern.split('/') {
        let part = parts.next()?;
        if expected == "{}" {
            found.push(decoded(part).filter(|part| !part.is_empty())?);
        } else if expected != part {
            return None;
        }
    }
    parts.next().is_none().then_some(found)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_matched_part_by_part() {
        let found = matched("/v2/candles/{}/{}", "/v2/candles/btcusd/1h%72");
        assert_eq!(found.unwrap(), ["btcusd", "1hr"]);
        for other in [
            "/v2/candles/btcusd",
            "/v2/candles//1m",
            "/v2/candles/a/b/c",
            "/v2/candles/%/b",
        ] {
            assert_eq!(matched("/v2/candles/{}/{}", other), None, "{other}");
        }
    }

    #[test]
    fn decoded_parts_and_broken_ones_are_told_apart() {
        let found = matched("/vaults/{}/policies", "/vaults/AA%2088%C3%A9/policies");
        assert_eq!(found.unwrap(), ["AA 88é"]);
        assert_eq!(matched("/vaults/{}", "/vaults/"), None);
        assert_eq!(matched("/vaults/{}", "/vaults/V/x"), None);
        assert_eq!(matched("/vaults", "/vaults/V"), None);
        assert_eq!(matched("/vaults/{}", "/vaults/%4"), None);
        assert_eq!(matched("/vaults/{}", "/vaults/%zz"), None);
        assert!(matched("/vaults", "/vaults").is_some());
    }
}
