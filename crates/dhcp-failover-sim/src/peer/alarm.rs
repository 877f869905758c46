//! What a partner of another make does wrong is told by ours when it hears of it.

use crate::{Host, Pair, Rule};
use dhcp_failover_lease::{Binding, BindingStatus as Status};
use dhcp_failover_proto::{Bindings, Event};
use dhcp_failover_wire::{BindingStatus, BindingUpdate, HardwareAddress};
use std::net::Ipv4Addr;

impl Pair {
    /// The addresses that the partner has given to somebody else than this server's record says,
    /// while that lease still runs.
    pub(crate) fn contradictions(&self, to: Host, updates: &[BindingUpdate]) -> Vec<Ipv4Addr> {
        // What comes on a connection that its operator has ended, while the last words on it wait for
        // the disk, is not taken.
        let listens = self.status(to).is_some_and(|status| status.connected);
        if self.foreigner() != Some(to.partner()) || !listens {
            return Vec::new();
        }
        let server = &self.servers[to.index()];
        let now = server.lease_now(self.now);
        let contradicts = |update: &&BindingUpdate| {
            server.table.get(update.address).is_some_and(|own| {
                own.status == Status::Active
                    && own.expiries.lease > now
                    && update.status == BindingStatus::ACTIVE
                    && !names(update, &own)
            })
        };
        updates.iter().filter(contradicts).map(|update| update.address).collect()
    }

    /// Each of them was told, of the events from number `since` on.
    pub(crate) fn check_told(&mut self, to: Host, contradicted: &[Ipv4Addr], since: usize) {
        for address in contradicted {
            let told = self.events[since..].iter().any(|(_, host, event)| {
                *host == to
                    && match event {
                        // Nothing was taken then.
                        Event::Disconnected { .. } => true,
                        Event::ClientOverridden { address: it, .. }
                        | Event::UpdateRefused { address: it, .. } => it == address,
                        _ => false,
                    }
            });
            if !told {
                let text = format!("{to:?} says nothing of {address}, given to two clients");
                self.violation(Rule::S13, text);
            }
        }
    }
}

/// Whether an update is about the client of a binding.
fn names(update: &BindingUpdate, own: &Binding) -> bool {
    let hardware = |it: &HardwareAddress| {
        own.client.as_ref().is_some_and(|client| {
            client.hardware().hardware_type() == it.htype
                && client.hardware().as_bytes() == it.bytes
        })
    };
    update.client_hardware_address.as_ref().is_some_and(hardware)
}
