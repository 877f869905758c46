//! Packets of clients and relay agents, from decision to answer.

use super::domain::Domain;
use super::{Core, kind};
use crate::dhcp::gate::Gate;
use crate::dhcp::offers::PinChange;
use crate::dhcp::server::{Action, GrantAction, Ignore, World};
use crate::metrics::Direction;
use crate::net::{Datagram, Via};
use dhcp_failover_proto::{BindingTable, Input, LeaseEvent, Token};

/// The lease tables, apart from the [`DhcpServer`] that looks at them.
struct Domains<'a> {
    domains: &'a [Domain],
    /// Whether as many answers as may wait for the disk.
    is_busy: bool,
}

impl World for Domains<'_> {
    fn table(&self, domain: usize) -> &BindingTable {
        &self.domains[domain].table
    }

    fn gate(&self, domain: usize) -> Gate {
        self.domains[domain].gate()
    }

    fn is_busy(&self) -> bool {
        self.is_busy
    }
}

impl Core {
    /// Answers a packet, or does not; an answer that promises a lease waits for the disk.
    pub(super) async fn datagram(&mut self, datagram: Datagram) {
        let kind = kind::message_name(&datagram.bytes);
        self.metrics.dhcp_message(Direction::In, kind);
        // A grant can be refused because the endpoint has just learnt something; then the second
        // decision knows it too.
        if !self.answer(&datagram, kind).await {
            self.answer(&datagram, kind).await;
        }
    }

    /// Decides what to do about a packet and does it; `false` if the decision came too late.
    async fn answer(&mut self, datagram: &Datagram, kind: &'static str) -> bool {
        let now = self.lease_now();
        let world = Domains { domains: &self.domains, is_busy: self.replies.is_full() };
        let outcome = self.dhcp.handle(&datagram.incoming(), &world, now);
        self.pin(&outcome.pins);
        match outcome.action {
            Action::Ignore(reason) => {
                tracing::debug!(source = %datagram.source, "{kind} not answered: {reason}");
                self.metrics.dhcp_dropped(drop_reason(&reason));
            }
            Action::Reply(answer) => {
                let name = kind::message_name(&answer.bytes);
                self.metrics.dhcp_message(Direction::Out, name);
                self.replies.send_now(datagram.via, answer, &mut self.limits).await;
            }
            Action::Grant(grant) => return self.grant(*grant, datagram.via),
            Action::Release { domain, address, client } => {
                self.feed(domain, Input::Lease(LeaseEvent::Released { address, client }));
            }
            Action::Decline { domain, address, until } => {
                if self.limits.allow("addresses that clients found in use") {
                    tracing::warn!(%address, "a client found the address in use");
                }
                self.feed(domain, Input::Lease(LeaseEvent::Declined { address, until }));
            }
        }
        true
    }

    /// Whether the grant was taken; its answer then waits for the disk.
    fn grant(&mut self, action: GrantAction, via: Via) -> bool {
        let GrantAction {
            domain,
            address,
            client,
            grant,
            version,
            epoch,
            flags,
            request_options,
            answer,
        } = action;
        let token: Token = self.replies.hold(domain, via, answer);
        let granted = LeaseEvent::Granted {
            token,
            address,
            client,
            grant,
            version,
            epoch,
            flags,
            request_options,
        };
        self.feed(domain, Input::Lease(granted));
        self.replies.is_held(token)
    }

    pub(super) fn pin(&mut self, changes: &[PinChange]) {
        for change in changes {
            match *change {
                PinChange::Pin { domain, address } => {
                    if let Some(domain) = self.domains.get_mut(domain) {
                        domain.table.pin(address);
                    }
                }
                PinChange::Unpin { domain, address } => {
                    if let Some(domain) = self.domains.get_mut(domain) {
                        domain.table.unpin(address);
                    }
                }
            }
        }
    }

    /// Sends the answers whose leases are durable.
    pub(super) async fn send_replies(&mut self) {
        while let Some(bytes) = self.replies.send_next(&mut self.limits).await {
            let name = kind::message_name(&bytes);
            self.metrics.dhcp_message(Direction::Out, name);
        }
    }
}

/// A short word for the metrics.
fn drop_reason(reason: &Ignore) -> &'static str {
    match reason {
        Ignore::Packet(_) | Ignore::Kind(_) => "malformed",
        Ignore::UnknownLink(_) => "unknown-link",
        Ignore::Failover(_) => "failover",
        Ignore::OtherServer(_) => "other-server",
        Ignore::NoAddress => "no-address",
        Ignore::Busy => "busy",
        _ => "not-allowed",
    }
}

#[cfg(test)]
mod tests;
