//! `cargo xtask fetch`: the vendor's description of today, compared with what is committed, and
//! put in its place on demand.

use std::{
    fs,
    io::Write,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{
    apis::{self, APIS, Api},
    diff::{self, Format, Side},
    download::{self, Origin},
    load,
    sources::{self, Fetched},
};

/// What to fetch, and what to do with it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only this API.
    pub api: Option<String>,
    /// An address or a file in place of the recorded address.
    pub from: Option<String>,
    /// Put it in place.
    pub accept: bool,
}

/// Gets, checks, compares, and with `accept` writes; `Ok(false)` when a description could not be
/// read in full. All are checked before the first file is changed.
pub fn fetch(root: &Path, options: &Options, out: &mut dyn Write) -> anyhow::Result<bool> {
    let chosen: Vec<&Api> = match (&options.api, &options.from) {
        (Some(name), _) => vec![apis::named(name)?],
        (None, Some(_)) => bail!("which API is it of? Say it with --api NAME"),
        (None, None) => APIS.iter().collect(),
    };
    let mut arrived = Vec::new();
    let mut failures = Vec::new();
    for api in chosen {
        match get(root, api, options.from.as_deref()) {
            Ok(got) => arrived.push((api, got)),
            Err(error) => failures.push(format!("{}: {error:#}", api.name)),
        }
    }
    let mut readable = true;
    for (api, got) in &arrived {
        let new = Side::Bytes(got.origin.to_string(), got.bytes.clone());
        let report = diff::between(root, &[api], &Side::Tree, &new)?;
        readable &= !report.has_problems();
        writeln!(out, "{}", report.print(Format::Text)?)?;
    }
    if !failures.is_empty() {
        bail!("nothing was changed:\n{}", failures.join("\n"));
    }
    for (api, got) in &arrived {
        let committed = fs::read(root.join(api.spec)).unwrap_or_default();
        if committed == got.bytes {
            writeln!(out, "{} is what is committed.", api.spec)?;
        } else if options.accept {
            accept(root, api, got)?;
            writeln!(
                out,
                "{} is now the file of {}, and {} says so. Next: cargo xtask regen",
                api.spec,
                got.origin,
                sources::FILE
            )?;
        } else {
            writeln!(
                out,
                "{} was left as it is; --accept puts this in its place.",
                api.spec
            )?;
        }
    }
    // What is in the way of an accepted file is mended in the overlay, with the file in its place.
    Ok(readable || options.accept)
}

/// A description that has arrived and is one.
struct Got {
    origin: Origin,
    bytes: Vec<u8>,
    title: String,
    version: String,
}

fn get(root: &Path, api: &Api, from: Option<&str>) -> anyhow::Result<Got> {
    let recorded = sources::entry(root, api).map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let origin = Origin::parse(from.unwrap_or(&recorded.url))?;
    let bytes = download::get(&origin, download::TIMEOUT)?;
    let (title, version) = check(&bytes, &origin.to_string())?;
    Ok(Got {
        origin,
        bytes,
        title,
        version,
    })
}

/// Title and version of what must be an OpenAPI 3.0 description with operations.
fn check(bytes: &[u8], name: &str) -> anyhow::Result<(String, String)> {
    let start = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    match start {
        None => bail!("{name} is empty"),
        Some(b'<') => bail!("{name} is a web page and no description; look where the file is now"),
        Some(_) => {}
    }
    let loaded = load::parse(bytes, name).map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let document = &loaded.value;
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    match text("/openapi") {
        Some(version) if version.starts_with("3.0") => {}
        Some(version) => bail!("{name} is OpenAPI {version}; convert it to 3.0 first"),
        None => bail!("{name} is no OpenAPI description: it does not start with `openapi: 3.0.x`"),
    }
    if crate::normalise::operations::find(document).is_empty() {
        bail!("{name} has no operations");
    }
    Ok((
        text("/info/title").unwrap_or_default().to_owned(),
        text("/info/version").unwrap_or_default().to_owned(),
    ))
}

/// Puts description and record in place, both or neither.
fn accept(root: &Path, api: &Api, got: &Got) -> anyhow::Result<()> {
    let digest = load::digest(&got.bytes);
    let record = root.join(sources::FILE);
    let text =
        fs::read_to_string(&record).with_context(|| format!("reading {}", record.display()))?;
    let url = match &got.origin {
        Origin::Url(url) if url.starts_with("https://") => Some(url.as_str()),
        _ => None,
    };
    let text = sources::recorded(
        &text,
        api,
        &Fetched {
            url,
            title: &got.title,
            version: &got.version,
            date: &today()?,
            sha256: &digest,
        },
    )?;
    let spec = root.join(api.spec);
    let (new_spec, new_record) = (beside(&spec), beside(&record));
    let prepared = fs::write(&new_spec, &got.bytes)
        .and_then(|()| fs::write(&new_record, &text))
        .and_then(|()| {
            let old = fs::read(&spec)?;
            fs::rename(&new_spec, &spec)?;
            fs::rename(&new_record, &record).inspect_err(|_| {
                // The digest would no longer fit: the old description goes back.
                let _ = fs::write(&spec, &old);
            })
        });
    if prepared.is_err() {
        // Only drafts; what keeps them from going is in the first error.
        let _ = fs::remove_file(&new_spec);
        let _ = fs::remove_file(&new_record);
    }
    prepared.with_context(|| format!("putting {} in place; nothing was changed", api.spec))
}

fn beside(path: &Path) -> std::path::PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

/// The date in UTC, `2026-10-03`.
fn today() -> anyhow::Result<String> {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock is before 1970")?
        .as_secs();
    Ok(date(seconds / 86_400))
}

/// The date of a day since 1970, in the Gregorian calendar.
fn date(day: u64) -> String {
    let mut rest = day;
    let mut year = 1970;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while rest >= 365 + u64::from(leap(year)) {
        rest -= 365 + u64::from(leap(year));
        year += 1;
    }
    let months = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 1;
    for days in months {
        if rest < days {
            break;
        }
        rest -= days;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (day, text) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
        ] {
            assert_eq!(date(day), text);
        }
    }

    #[test]
    fn only_a_description_is_taken_for_one() {
        let good = b"openapi: 3.0.0\ninfo: {title: T, version: '2'}\npaths: {/a: {get: {}}}\n";
        assert_eq!(check(good, "f").unwrap(), ("T".into(), "2".into()));
        for (bytes, part) in [
            (b"".as_slice(), "empty"),
            (b"\n <!doctype html>", "web page"),
            (b"openapi: 3.1.0\npaths: {/a: {get: {}}}", "3.1.0"),
            (b"swagger: '2.0'\npaths: {/a: {get: {}}}", "no OpenAPI"),
            (b"openapi: 3.0.0\npaths: {}", "no operations"),
            (b"openapi: 3.0.0\npaths: [", "not YAML"),
            (b"just words", "no OpenAPI"),
        ] {
            let error = check(bytes, "f").unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
