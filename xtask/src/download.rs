//! Getting a vendor's file: over https, up to a size and a time, or from a local file.

use std::{
    io::Read,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};

/// More than any description of an API; what is longer is something else.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What getting a file may take altogether.
pub const TIMEOUT: Duration = Duration::from_secs(60);

const REDIRECTS: u32 = 4;

/// Where a file comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An address that is safe to ask.
    Url(String),
    /// A local file.
    File(PathBuf),
}

impl Origin {
    /// Tells addresses from files, and refuses addresses anyone on the way could answer for.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::File(PathBuf::from(text)));
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            bail!("an address with a name or password in it is not used: it would be written down");
        }
        match scheme {
            "https" => Ok(Self::Url(text.to_owned())),
            "http" if is_loopback(authority) => Ok(Self::Url(text.to_owned())),
            "http" => bail!("{text} is not https: anyone on the way could change the file"),
            other => {
                bail!("`{other}` is no scheme that is fetched; give an https address or a file")
            }
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Whether a host (with or without port) is this machine.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The bytes of the file. Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY`).
pub fn get(origin: &Origin, timeout: Duration) -> anyhow::Result<Vec<u8>> {
    match origin {
        Origin::File(path) => read_file(path),
        Origin::Url(url) => read_url(url, timeout),
    }
    .with_context(|| format!("getting {origin}"))
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    limited(file)
}

fn read_url(url: &str, timeout: Duration) -> anyhow::Result<Vec<u8>> {
    let secure = url.starts_with("https://");
    let mut config = ureq::Agent::config_builder()
        .https_only(secure)
        .timeout_global(Some(timeout))
        .max_redirects(if secure { REDIRECTS } else { 0 })
        .max_redirects_will_error(true)
        .http_status_as_error(false)
        .user_agent("exchange-bindings xtask");
    if !secure {
        // This machine is not behind a proxy.
        config = config.proxy(None);
    }
    let agent = ureq::Agent::new_with_config(config.build());
    let mut response = agent.get(url).call()?;
    let status = response.status();
    if !status.is_success() {
        bail!("the server answers {status}: look in a browser where the file is now");
    }
    limited(response.body_mut().as_reader())
}

fn limited(reader: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!(
            "the file is larger than {} MiB, so it is no description",
            MAX_BYTES >> 20
        );
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_on_the_way_can_change_is_fetched() {
        for url in [
            "https://docs.kraken.com/openapi/spot-rest.yaml",
            "http://127.0.0.1:8080/a.yaml",
            "http://[::1]:8080/a.yaml",
            "http://localhost/a.yaml",
        ] {
            assert_eq!(Origin::parse(url).unwrap(), Origin::Url(url.to_owned()));
        }
        for url in [
            "http://docs.kraken.com/openapi/spot-rest.yaml",
            "http://127.0.0.1.example/a.yaml",
            "http://localhost.example/a.yaml",
            "ftp://docs.kraken.com/a.yaml",
            "file:///etc/passwd",
            "https://user:word@docs.kraken.com/a.yaml",
        ] {
            assert!(Origin::parse(url).is_err(), "{url}");
        }
        assert_eq!(
            Origin::parse("specs/new.yaml").unwrap(),
            Origin::File("specs/new.yaml".into())
        );
    }
}
