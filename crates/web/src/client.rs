//! Whose address a request comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap};

/// The address that limits count by: the peer's, or the last hop of `X-Forwarded-For` where a proxy is
/// trusted. Only the last hop was written by that proxy; the others are whatever the client claimed.
pub(crate) fn address(headers: &HeaderMap, extensions: &Extensions, trust_proxy: bool) -> IpAddr {
    let forwarded = if trust_proxy { last_hop(headers) } else { None };
    let address = forwarded.or_else(|| {
        let peer: Option<&ConnectInfo<SocketAddr>> = extensions.get();
        peer.map(|peer| peer.0.ip())
    });
    countable(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

fn last_hop(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let hop = line.rsplit(',').next()?.trim();
    hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

/// One subscriber is one key: an IPv6 customer holds at least a /64.
pub(crate) fn countable(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(forwarded: &[&'static str], trust: bool) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", http::HeaderValue::from_static(line));
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 9))));
        address(&headers, &extensions, trust).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_names_the_client_and_only_in_the_last_hop() {
        let cases: [(&[&'static str], bool, &str); 9] = [
            (&[], true, "192.0.2.1"),
            (&["203.0.113.9"], false, "192.0.2.1"),
            (&["203.0.113.9"], true, "203.0.113.9"),
            (&["6.6.6.6, 203.0.113.9"], true, "203.0.113.9"),
            (&["6.6.6.6", "7.7.7.7,203.0.113.9 "], true, "203.0.113.9"),
            (&["203.0.113.9:4711"], true, "203.0.113.9"),
            (&["::ffff:203.0.113.9"], true, "203.0.113.9"),
            (&["[2001:db8:1:2:3:4:5:6]:443"], true, "2001:db8:1:2::"),
            (&["unknown"], true, "192.0.2.1"),
        ];
        for (forwarded, trust, expected) in cases {
            assert_eq!(seen(forwarded, trust), expected, "{forwarded:?} {trust}");
        }
    }
}
