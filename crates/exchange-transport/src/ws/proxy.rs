//! A proxy on the way, given or named by the environment.

use std::fmt;
use std::net::IpAddr;

use http::HeaderValue;
use url::Url;

use crate::error::Error;
use crate::transport::{is_loopback, misconfigured};

/// An HTTP proxy to go through (`CONNECT`).
#[derive(Clone)]
pub struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// From an address such as `http://user:password@proxy.example:3128`; signs that mean something
    /// in an address must be percent-encoded in user and password.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`](crate::Kind::Configuration) if it is not `http` with a host.
    pub fn new(url: &str) -> Result<Self, Error> {
        use base64::Engine as _;
        // The address may hold a password, so no error shows it.
        let url = Url::parse(url).map_err(|_| misconfigured("the proxy's address is no URL"))?;
        let (Some(host), "http") = (url.host_str(), url.scheme()) else {
            return Err(misconfigured(
                "the proxy's address must be http with a host",
            ));
        };
        let authorization = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => {
                let mut pair = decoded(user);
                pair.push(b':');
                pair.extend(decoded(password.unwrap_or_default()));
                let text = base64::engine::general_purpose::STANDARD.encode(pair);
                let mut value = HeaderValue::from_str(&format!("Basic {text}"))
                    .map_err(|_| misconfigured("the proxy's password can't be sent"))?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Ok(Self {
            host: host.to_owned(),
            port: url.port().unwrap_or(80),
            authorization,
        })
    }

    /// The proxy that the environment names for an address, with the variables and rules that
    /// calls over HTTP follow: `variable` gives the value of a variable, such as
    /// `|name| std::env::var(name).ok()`.
    ///
    /// * `HTTPS_PROXY` counts, and without it `ALL_PROXY`; each also in small letters. One without
    ///   a scheme is taken for `http`.
    /// * `NO_PROXY` lists who is reached without, parted by commas: hosts, which stand for what is
    ///   below them too, IP addresses, networks such as `10.0.0.0/8`, or `*` for all.
    /// * Addresses that are not `wss`, and those on loopback, are always reached without.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`](crate::Kind::Configuration) if the environment names a proxy that
    /// can't be gone through, such as a `socks5` one: to go past it might break a rule of the
    /// house.
    pub fn from_environment(
        url: &Url,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, Error> {
        let first = |names: [&str; 2]| {
            let value = names.into_iter().find_map(&variable);
            value.filter(|value| !value.is_empty())
        };
        if url.scheme() != "wss" || is_loopback(url) {
            return Ok(None);
        }
        let host = url.host_str().unwrap_or_default();
        let named = first(["HTTPS_PROXY", "https_proxy"])
            .or_else(|| first(["ALL_PROXY", "all_proxy"]))
            .filter(|_| {
                let exempt = first(["NO_PROXY", "no_proxy"]).unwrap_or_default();
                !is_exempt(host, &exempt)
            });
        let Some(mut address) = named else {
            return Ok(None);
        };
        if !address.contains("://") {
            address.insert_str(0, "http://");
        }
        Self::new(&address).map(Some).map_err(|error| {
            error.with_hint(
                "HTTPS_PROXY or ALL_PROXY names it: set a proxy in the configuration, add the \
                 venue to NO_PROXY, or do not look at the environment",
            )
        })
    }
}

/// Shows host and port only.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}

/// Resolves `%XX`; what is none of it stays.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).filter(|code| {
            // A sign before the digits would be taken for part of the number.
            *first == b'%' && code.iter().all(u8::is_ascii_hexdigit)
        });
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

/// Whether a host is in a list such as that of `NO_PROXY`.
fn is_exempt(host: &str, list: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<IpAddr> = bare.parse().ok();
    list.split(',').map(str::trim).any(|entry| match address {
        Some(address) => entry == "*" || is_within(address, entry),
        None => entry == "*" || is_below(bare, entry.trim_start_matches('.')),
    })
}

/// Whether a host is this domain or one below it.
fn is_below(host: &str, domain: &str) -> bool {
    let Some(at) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    !domain.is_empty()
        && host.is_char_boundary(at)
        && host[at..].eq_ignore_ascii_case(domain)
        && (at == 0 || host.as_bytes()[at - 1] == b'.')
}

/// Whether an address is this one or within this network.
fn is_within(address: IpAddr, entry: &str) -> bool {
    let (network, length) = match entry.split_once('/') {
        Some((network, length)) => (network, length.parse::<u32>().ok()),
        None => (entry, Some(128)),
    };
    let (Ok(network), Some(length)) = (network.parse::<IpAddr>(), length) else {
        return false;
    };
    // The bits after the network's own are shifted out.
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            differ
                .checked_shr(32_u32.saturating_sub(length))
                .unwrap_or(0)
                == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            differ
                .checked_shr(128_u32.saturating_sub(length))
                .unwrap_or(0)
                == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn proxy(url: &str, variables: &[(&str, &str)]) -> Result<Option<String>, Error> {
        let url = Url::parse(url).unwrap();
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let found = Proxy::from_environment(&url, variable)?;
        Ok(found.map(|proxy| format!("{proxy:?}")))
    }

    #[test]
    fn the_environment_is_followed_as_for_calls_over_http() {
        let venue = "wss://ws.venue.example/v1";
        let named = |variables: &[_]| proxy(venue, variables).unwrap();
        assert_eq!(named(&[]), None);
        assert_eq!(named(&[("HTTP_PROXY", "http://p:1")]), None);
        for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let found = named(&[(variable, "http://u:p@proxy.example:3128")]);
            assert_eq!(found.as_deref(), Some("Proxy(proxy.example:3128)"));
        }
        let both = [("ALL_PROXY", "http://all:1"), ("HTTPS_PROXY", "https:2")];
        assert_eq!(named(&both).as_deref(), Some("Proxy(https:2)"));
        assert_eq!(named(&[("HTTPS_PROXY", "")]), None);
        let plain = [("HTTPS_PROXY", "10.0.0.1:8080")];
        assert_eq!(named(&plain).as_deref(), Some("Proxy(10.0.0.1:8080)"));
        for near in ["ws://ws.venue.example/", "wss://127.0.0.1/", "wss://[::1]/"] {
            assert_eq!(proxy(near, &plain).unwrap(), None, "{near}");
        }
    }

    #[test]
    fn a_proxy_that_can_not_be_gone_through_is_not_gone_past() {
        for unusable in ["socks5://user:PASSWORD@p:1", "https://p", "http://", "p p"] {
            let error = proxy("wss://a.example/", &[("ALL_PROXY", unusable)]).unwrap_err();
            assert_eq!(error.kind(), Kind::Configuration, "{unusable}");
            let text = format!("{error} {error:?}");
            assert!(
                text.contains("NO_PROXY") && !text.contains("PASSWORD"),
                "{text}"
            );
        }
    }

    #[test]
    fn some_are_reached_without() {
        for (host, list, exempt) in [
            ("ws.venue.example", "venue.example", true),
            ("ws.venue.example", "other, .Venue.Example", true),
            ("ws.venue.example", "ws.venue.example", true),
            ("ws.venue.example", "*", true),
            ("ws.venue.example", "enue.example", false),
            ("ws.venue.example", "a.ws.venue.example", false),
            ("ws.venue.example", "", false),
            ("ws.venue.example", ",.,", false),
            ("10.1.2.3", "10.0.0.0/8", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "0.0.0.0/0", true),
            ("10.1.2.3", "11.0.0.0/8", false),
            ("10.1.2.3", "10.1.2.4/99", false),
            ("10.1.2.3", "10.0.0.0/x", false),
            ("10.1.2.3", "::/0", false),
            ("[fe80::1]", "fe80::/10", true),
            ("[fe80::1]", "::/0", true),
            ("[fe80::1]", "fe80::2", false),
        ] {
            assert_eq!(is_exempt(host, list), exempt, "{host} in {list}");
        }
    }

    #[test]
    fn passwords_may_hold_anything() {
        let proxy = Proxy::new("http://m%65:p%40ss%3A%zz%+1@p.example").unwrap();
        // me:p@ss:%zz%+1
        assert_eq!(proxy.authorization.unwrap(), "Basic bWU6cEBzczolenolKzE=");
        let proxy = Proxy::new("http://[::1]:3128").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("::1", 3128));
    }
}
