//! Networks from which a listener takes connections.

use super::section::Section;
use super::setting::Network;
use ipnet::IpNet;
use std::net::IpAddr;

/// From where a listener may be connected to: from everywhere, or from the networks of its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow(Option<Vec<IpNet>>);

impl Allow {
    /// The key `allow`; an empty list lets nobody in.
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let set = section.has("allow");
        let networks = section.list::<Network>("allow");
        let networks = networks.into_iter().map(|Network(network)| network);
        Self(set.then(|| networks.collect()))
    }

    /// Whether whoever has this address may connect.
    #[must_use]
    pub fn lets_in(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let Self(networks) = self;
        networks
            .as_ref()
            .is_none_or(|networks| networks.iter().any(|network| network.contains(&address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_a_list_is_kept_out() {
        let net = |text: &str| text.parse::<IpNet>().unwrap();
        let [inside, mapped, outside] =
            ["10.1.2.3", "::ffff:10.1.2.3", "11.0.0.1"].map(|text| text.parse().unwrap());
        assert!(Allow::default().lets_in(outside), "no list, no rule");
        let allow = Allow(Some(vec![net("192.0.2.7/32"), net("10.0.0.0/8")]));
        assert!(allow.lets_in(inside) && allow.lets_in(mapped));
        assert!(!allow.lets_in(outside));
        assert!(!Allow(Some(Vec::new())).lets_in(inside), "an empty list");
    }
}
