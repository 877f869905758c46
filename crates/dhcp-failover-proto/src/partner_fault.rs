//! Faults of ISC dhcpd that only its operator can mend.

use core::fmt;
use core::net::Ipv4Addr;

/// A dhcpd does not tell what it was asked for, because of a fault of its own (isc-U01, isc-U02).
///
/// When a connection breaks while it waits for answers in certain states, it goes on waiting for them
/// on the next one: it sends less or nothing, and takes what was never answered for told. Its text says
/// what to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PartnerFault {
    /// It was asked for updates and has sent none for so long, but it lives.
    Silent {
        /// Seconds since the last one, or since it was asked.
        silent_s: u64,
    },
    /// It was asked for everything and said that it was done, but it did not tell of these addresses.
    /// A dhcpd tells of each address it has, used or not.
    Untold {
        /// How many of this server's addresses.
        addresses: usize,
        /// The lowest of one pool.
        first: Ipv4Addr,
        /// Whether this server waits for them: the partner may have leased them. It does not if the
        /// partner fetches everything itself, and so has leased nothing.
        waits: bool,
    },
}

impl fmt::Display for PartnerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent { silent_s } => write!(
                f,
                "the partner was asked for its leases and has sent none for {silent_s} s: a dhcpd that \
                 lost a connection at the wrong moment sends no more until it is started anew; \
                 restart dhcpd"
            ),
            Self::Untold { addresses, first, waits } => {
                let consequence = match waits {
                    true => "nobody is served here until it does",
                    false => "it may not have them",
                };
                write!(
                    f,
                    "the partner says that it has told everything, but not of {addresses} addresses \
                     ({first} first); {consequence}. Compare the ranges of both servers; if they are \
                     the same, restart dhcpd, which then tells of them"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn each_fault_names_its_remedy() {
        let first = Ipv4Addr::new(192, 0, 2, 9);
        for waits in [true, false] {
            let text = PartnerFault::Untold { addresses: 7, first, waits }.to_string();
            for word in ["7 addresses", "192.0.2.9", "Compare the ranges", "restart dhcpd"] {
                assert!(text.contains(word), "{word}: {text}");
            }
        }
        let text = PartnerFault::Silent { silent_s: 240 }.to_string();
        assert!(text.contains("240 s") && text.ends_with("restart dhcpd"), "{text}");
    }
}
