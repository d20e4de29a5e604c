//! What a connection knows about a request that came over it: who is at the other end.
//!
//! Made by `serve` for each request, read by the layers. It knows addresses, never what was asked.

use std::net::IpAddr;

use ipnet::IpNet;

#[derive(Debug, Clone)]
pub struct Wire {
    /// Who is at the other end: a person's browser, or a proxy.
    pub peer: IpAddr,
    /// HTTP/1.1 requires exactly one Host (RFC 9112, 3.2); with two, a proxy may have read a different one than we
    /// do.
    pub hosts_wrong: bool,
}

impl Wire {
    /// Whether the other end is a proxy that we are configured to trust.
    pub fn is_trusted(&self, proxies: &[IpNet]) -> bool {
        is_one_of(proxies, self.peer)
    }

    /// Whose request it is: the peer, or the nearest `forwarded` address that is not one of our proxies. For IPv6 the
    /// network counts, not the address: a household has billions of addresses.
    pub fn client<'a>(&self, forwarded: impl Iterator<Item = &'a str>, proxies: &[IpNet]) -> IpAddr {
        let mut client = self.peer;
        for address in forwarded {
            if !is_one_of(proxies, client) {
                break;
            }
            let Ok(before) = address.trim().parse() else { break };
            client = before;
        }
        match client.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            v4 => v4,
        }
    }
}

fn is_one_of(nets: &[IpNet], address: IpAddr) -> bool {
    nets.iter().any(|net| net.contains(&address.to_canonical()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_known_behind_trusted_proxies_only() {
        let proxies: Vec<IpNet> = ["10.0.0.0/8", "2001:db8::7/128"].iter().map(|net| net.parse().unwrap()).collect();
        let client = |peer: &str, forwarded: &str| {
            let wire = Wire { peer: peer.parse().unwrap(), hosts_wrong: false };
            wire.client(forwarded.rsplit(','), &proxies).to_string()
        };
        assert_eq!(client("192.0.2.1", "198.51.100.1"), "192.0.2.1", "anyone may write the header");
        assert_eq!(client("10.1.1.1", "203.0.113.9, 198.51.100.1, 10.2.2.2"), "198.51.100.1");
        assert_eq!(client("::ffff:10.1.1.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(client("10.1.1.1", "nonsense"), "10.1.1.1");
        assert_eq!(client("2001:db8::7", "2001:db8:1:2:3::4"), "2001:db8:1:2::");
    }
}
