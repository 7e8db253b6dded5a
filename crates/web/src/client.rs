//! Whose address a request comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap};

const FORWARDED: &str = "x-forwarded-for";

/// The address that limits count by: the peer's, or behind `proxies` of ours what the first of them wrote into
/// `X-Forwarded-For`. Each adds who called it at the end; what stands before is whatever the client claimed.
pub(crate) fn address(headers: &HeaderMap, extensions: &Extensions, proxies: u8) -> IpAddr {
    let forwarded = proxies.checked_sub(1).and_then(|behind| hop(headers, usize::from(behind)));
    let address = forwarded.or_else(|| {
        let peer: Option<&ConnectInfo<SocketAddr>> = extensions.get();
        peer.map(|peer| peer.0.ip())
    });
    countable(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

/// Whether a proxy handed the request on.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED)
}

/// The hop before the last `behind` ones.
fn hop(headers: &HeaderMap, behind: usize) -> Option<IpAddr> {
    let lines = headers.get_all(FORWARDED).iter().rev();
    let mut hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    let hop = hops.nth(behind)?.trim();
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

    fn seen(forwarded: &[&'static str], proxies: u8) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED, http::HeaderValue::from_static(line));
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 9))));
        address(&headers, &extensions, proxies).to_string()
    }

    #[test]
    fn only_trusted_proxies_name_the_client_and_only_the_first_of_them() {
        let cases: [(&[&'static str], u8, &str); 13] = [
            (&[], 1, "192.0.2.1"),
            (&["203.0.113.9"], 0, "192.0.2.1"),
            (&["203.0.113.9"], 1, "203.0.113.9"),
            (&["6.6.6.6, 203.0.113.9"], 1, "203.0.113.9"),
            (&["6.6.6.6", "7.7.7.7,203.0.113.9 "], 1, "203.0.113.9"),
            (&["203.0.113.9:4711"], 1, "203.0.113.9"),
            (&["::ffff:203.0.113.9"], 1, "203.0.113.9"),
            (&["[2001:db8:1:2:3:4:5:6]:443"], 1, "2001:db8:1:2::"),
            (&["unknown"], 1, "192.0.2.1"),
            // As Render hands it on.
            (&["6.6.6.6,203.0.113.9, 172.71.95.118, 10.19.64.237"], 3, "203.0.113.9"),
            (&["6.6.6.6,203.0.113.9", "172.71.95.118", "10.19.64.237"], 3, "203.0.113.9"),
            // Who came past the first proxies is counted by their own address.
            (&["10.19.64.237"], 3, "192.0.2.1"),
            (&["203.0.113.9, unknown, 10.19.64.237"], 2, "192.0.2.1"),
        ];
        for (forwarded, proxies, expected) in cases {
            assert_eq!(seen(forwarded, proxies), expected, "{forwarded:?} {proxies}");
        }
    }
}
