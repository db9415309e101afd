//! From which address a request comes. Behind a proxy every connection is the proxy's own; what the proxy writes down
//! of the client is believed only when the operator has said that the proxy is theirs, because anybody can write it.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use axum::{
    extract::{ConnectInfo, Request},
    http::HeaderMap,
};

/// The address of the client, kept with each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client(pub IpAddr);

/// An address, or all that begin with the same bits, as `10.1.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither an address nor a network as 10.1.0.0/16");
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(wrong());
        }
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Network {
    /// Whether an address is this one, or one of these.
    pub fn contains(self, address: IpAddr) -> bool {
        let differs = match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).checked_shr(32 - self.bits).unwrap_or(0) != 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).checked_shr(128 - self.bits).unwrap_or(0) != 0
            }
            _ => true,
        };
        !differs
    }
}

/// Notes the client's address at the request; nothing where the connection has none, as in some tests.
pub fn note(trusted: &[Network], request: &mut Request) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let address = client(trusted, peer.ip(), request.headers());
    request.extensions_mut().insert(Client(address));
    Some(address)
}

/// The address that the outermost trusted proxy saw; the connection's own when it is no trusted proxy's.
fn client(trusted: &[Network], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let last_untrusted = |written: Vec<Option<IpAddr>>| {
        let mut nearest = peer;
        for hop in written.into_iter().rev() {
            // What stands before something that is no address was written by nobody we know.
            let Some(hop) = hop else { break };
            nearest = hop;
            if !is_trusted(hop) {
                break;
            }
        }
        nearest
    };
    let (old, new) = (hops(headers, "x-forwarded-for", address), hops(headers, "forwarded", forwarded_for));
    match (old.is_empty(), new.is_empty()) {
        (_, true) => last_untrusted(old),
        (true, false) => last_untrusted(new),
        // A proxy that writes one of them hands on what a client wrote into the other: then neither is believed.
        (false, false) => {
            let (old, new) = (last_untrusted(old), last_untrusted(new));
            if old == new { old } else { peer }
        }
    }
}

/// The addresses of a header, however many lines it has; the nearest proxy's entry is the last.
fn hops(headers: &HeaderMap, name: &str, read: fn(&str) -> Option<IpAddr>) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line.to_str().unwrap_or("?").split(',').map(read).collect::<Vec<_>>()).collect()
}

/// `192.0.2.43`, `192.0.2.43:47011`, `2001:db8::17` or `[2001:db8::17]:47011`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|found| found.ip()));
    address.map(|address| address.to_canonical())
}

/// The client of one element of `Forwarded`, as `for="[2001:db8::17]:47011";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn seen(peer: &str, written: &[(&'static str, &'static str)]) -> String {
        let trusted: Vec<Network> =
            ["10.1.0.0/16", "fd00::1"].map(|text| text.parse().expect("is a network")).into();
        let mut headers = HeaderMap::new();
        for (name, value) in written {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        client(&trusted, peer.parse().expect("is an address"), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let says = [("x-forwarded-for", "192.0.2.7")];
        assert_eq!(seen("10.1.2.3", &says), "192.0.2.7");
        assert_eq!(seen("10.2.2.3", &says), "10.2.2.3");
        assert_eq!(seen("fd00::2", &says), "fd00::2");
        assert_eq!(seen("::ffff:10.1.2.3", &says), "192.0.2.7");
        assert_eq!(seen("10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn what_a_client_writes_before_the_proxy_counts_for_nothing() {
        assert_eq!(seen("10.1.2.3", &[("x-forwarded-for", "198.51.100.1, 192.0.2.7")]), "192.0.2.7");
        assert_eq!(seen("10.1.2.3", &[("x-forwarded-for", "10.1.9.9, 192.0.2.7, 10.1.0.4")]), "192.0.2.7");
        let two = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "192.0.2.7")];
        assert_eq!(seen("10.1.2.3", &two), "192.0.2.7");
        assert_eq!(seen("10.1.2.3", &[("x-forwarded-for", "192.0.2.7, nonsense")]), "10.1.2.3");
        let both = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=198.51.100.1")];
        assert_eq!(seen("10.1.2.3", &both), "10.1.2.3");
    }

    #[test]
    fn both_headers_are_read_with_ports_brackets_and_quotes() {
        for value in
            ["for=192.0.2.7;proto=https", "for=\"192.0.2.7:4711\"", "For=198.51.100.1, for=192.0.2.7"]
        {
            assert_eq!(seen("fd00::1", &[("forwarded", value)]), "192.0.2.7", "{value}");
        }
        assert_eq!(seen("fd00::1", &[("forwarded", "for=\"[2001:db8::7]:47011\"")]), "2001:db8::7");
        assert_eq!(seen("fd00::1", &[("forwarded", "for=unknown")]), "fd00::1");
        assert_eq!(seen("fd00::1", &[("x-forwarded-for", "192.0.2.7:80")]), "192.0.2.7");
        let both = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.7")];
        assert_eq!(seen("fd00::1", &both), "192.0.2.7");
    }

    #[test]
    fn a_network_is_an_address_or_its_first_bits() {
        for wrong in ["10.0.0.0/33", "proxy.example", "10.0.0.0/x", "::/129", ""] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong:?}");
        }
        let all: Network = "0.0.0.0/0".parse().expect("is a network");
        assert!(all.contains(IpAddr::from([192, 0, 2, 7])) && !all.contains(IpAddr::from([0; 16])));
    }
}
