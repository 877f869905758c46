//! How to speak to this partner, as far as its last CONNECT or CONNECTACK told.
//!
//! The primary speaks first, and so writes its first CONNECT before it knows to whom. If the answer
//! shows that the CONNECT was misunderstood, it connects anew: dhcpd reads the hash buckets the other
//! way round, and both servers would serve the same half of the clients (isc-L28).

use super::Endpoint;
use crate::Event;
use crate::timer::Timer;
use alloc::string::String;
use dhcp_failover_wire::{Dialect, RejectReason};

/// What dhcpd offers unless its configuration says more.
const DHCPDS_USUAL_WINDOW: u32 = 10;

/// What a CONNECT or CONNECTACK of ours says that depends on who reads it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Manner {
    pub(super) dialect: Dialect,
    /// Our max-unacked-bndupd (§12.14).
    pub(super) max_unacked: u32,
}

/// What the partner said of itself last.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Heard {
    pub(super) dialect: Dialect,
    pub(super) max_unacked: Option<u32>,
}

impl Endpoint {
    /// How to speak to a partner of which this was heard last.
    pub(super) fn manner_to(&self, heard: Option<Heard>) -> Manner {
        let heard_dialect = heard.map(|heard| heard.dialect);
        let dialect = self.config.dialect.or(heard_dialect).unwrap_or(Dialect::Draft12);
        let ours = self.config.max_unacked_bndupd;
        let max_unacked = match dialect {
            // It answers when half of this is full, or after two seconds. If it cannot fill that half
            // because its partner's window is smaller, every window takes two seconds (isc-C15).
            Dialect::IscDhcpd => {
                let theirs = heard.and_then(|heard| heard.max_unacked);
                ours.min(theirs.unwrap_or(DHCPDS_USUAL_WINDOW).max(1).saturating_mul(2))
            }
            _ => ours,
        };
        Manner { dialect, max_unacked }
    }

    /// How the next CONNECT is written.
    pub(super) fn manner(&self) -> Manner {
        self.manner_to(self.heard)
    }

    /// Our CONNECT was answered by a partner for whom it should have been written in another manner.
    /// Connects anew if so, and returns `true`.
    pub(super) fn was_misunderstood(&mut self, heard: Heard) -> bool {
        let wrote = self.manner();
        let first_time = self.heard.is_none();
        self.heard = Some(heard);
        let better = self.manner();
        if wrote == better {
            return false;
        }
        self.say_why(RejectReason::UNKNOWN_ERROR, String::from("connects anew, in your manner"));
        let Some(link) = self.link.take() else { return false };
        self.flush_and_close(link.id);
        self.event(Event::ConnectsAnew { dialect: better.dialect });
        match first_time {
            true => self.timers.set(Timer::Dial, self.now),
            // Who calls itself something else each time gets no quick loop out of it.
            false => self.dial_failed(),
        }
        true
    }
}
