//! The rules that are checked at every step.

use crate::client::Held;
use crate::forward::recorded;
use crate::server::Server;
use crate::{Host, Pair, Setup};
use dhcp_failover_lease::{
    Binding, BindingStatus, Client, Control, Grant, HardwareAddress, LeaseInstant, LeaseSpan,
};
use dhcp_failover_proto::{Bindings, Service, ServiceView, State};
use dhcp_failover_wire::{BindingUpdate, Message, Packet, ServerFlags};
use std::fmt;
use std::net::Ipv4Addr;

/// So many violations of one rule are kept.
const KEPT_PER_RULE: usize = 100;

/// The names of the rules are those of `ARCHITECTURE.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are described there, once")]
pub enum Rule {
    S1,
    S2,
    S3,
    S4,
    S5,
    S7,
    S8,
    S9,
    S10,
    S11,
    S13,
    L1,
    L2,
    L3,
    L4,
    L9,
    /// A harness-level impossibility: the endpoint did not come to rest.
    Livelock,
}

/// A rule was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// When, in true time.
    pub at_ms: u64,
    /// How.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} ms: {}", self.rule, self.at_ms, self.text)
    }
}

/// S2, recomputed from the binding before the grant.
pub(crate) fn grant_within_bounds(
    grant: &Grant,
    binding: &Binding,
    who: &Client,
    view: &ServiceView,
    now: LeaseInstant,
    setup: &Setup,
) -> Result<(), String> {
    let down = matches!(view.allocator(now).control, Control::PartnerDown { .. });
    if down && setup.unlimited_in_partner_down {
        return Ok(());
    }
    let present = binding.is_for(who) && !binding.status.is_available();
    let known = if present {
        binding.expiries.acked_potential.max(binding.expiries.received_potential)
    } else {
        LeaseInstant::ZERO
    };
    let bound = now.max(known) + LeaseSpan::from_s(setup.mclt_s);
    if grant.lease_expiry > bound {
        return Err(format!("{} until {:?}, bound {bound:?}", binding.address, grant.lease_expiry));
    }
    Ok(())
}

/// S5: what a message promises is durable, looked up on the disk itself.
pub(crate) fn durable_before_visible(
    server: &Server,
    link: u64,
    packet: &Packet,
) -> Result<(), String> {
    match &packet.message {
        Message::BndUpd(updates) => {
            for update in updates {
                let disk = server.disk.binding(update.address);
                let status = BindingStatus::ALL
                    .into_iter()
                    .find(|known| *known as u8 + 1 == update.status.0)
                    .ok_or_else(|| format!("status {}", update.status))?;
                if !disk.knowledge.told.contains(status) && disk.knowledge.agreed != status {
                    return Err(format!("BNDUPD {} {status}: disk {disk:?}", update.address));
                }
            }
        }
        Message::BndAck(acks) => {
            for ack in acks.iter().filter(|ack| ack.reject.is_none()) {
                let key = (link, packet.xid, ack.address);
                let Some(adopted) = server.adopted.get(&key) else { continue };
                let disk = server.disk.binding(ack.address);
                let (have, need) = (&disk.expiries, &adopted.expiries);
                let stored = disk.version > adopted.version
                    || disk.version == adopted.version
                        && disk.status == adopted.status
                        && have.received_potential_latest >= need.received_potential_latest;
                if !stored {
                    return Err(format!("BNDACK {}: disk {disk:?}", ack.address));
                }
            }
        }
        Message::State(state) if !state.server_flags.contains(ServerFlags::STARTUP) => {
            let sent = State::from_wire(state.server_state);
            let leaving = matches!(sent, Some(State::Paused | State::Shutdown));
            let known = server.disk.states.iter().any(|(known, _)| Some(*known) == sent);
            if !known && !leaving {
                return Err(format!("STATE {sent:?}: never on disk"));
            }
        }
        Message::ConnectAck(ack) if ack.reject.is_none() => {
            let record = server.disk.record();
            if record.is_none_or(|record| record.connect_time == 0) {
                return Err("CONNECTACK before the CONNECT's time was stored".to_owned());
            }
        }
        _ => {}
    }
    Ok(())
}

impl Pair {
    pub(crate) fn violation(&mut self, rule: Rule, text: String) {
        if self.violations.iter().filter(|known| known.rule == rule).count() < KEPT_PER_RULE {
            self.log(None, format!("VIOLATION {rule:?}: {text}"));
            self.violations.push(Violation { rule, at_ms: self.now, text });
        }
    }

    /// S5 for a DHCPACK.
    pub(crate) fn check_confirm(&mut self, host: Host, token: dhcp_failover_proto::Token) {
        let Some((address, client, grant, version)) = self.grants.get(&(host, token)) else {
            return;
        };
        let disk = self.servers[host.index()].disk.binding(*address);
        let stored = disk.version > *version
            || disk.version == *version
                && disk.status == BindingStatus::Active
                && disk.is_for(client)
                && disk.expiries.lease >= grant.lease_expiry
                && disk.expiries.sent_potential >= grant.potential_expiry;
        if !stored {
            let text = format!("{host:?} DHCPACK {address}: disk {disk:?}");
            self.violation(Rule::S5, text);
        }
    }

    /// S3, for every lease a client has: what the partner of the server that gave it has on its disk,
    /// or its waits, cover it. They must from the moment of the DHCPACK, and whatever happens then.
    pub(crate) fn check_protection(&mut self) {
        let held = self.clients.iter().enumerate().filter_map(|(number, client)| {
            client.held.filter(|held| held.expires_ms > self.now).map(|held| (number, held))
        });
        let found: Vec<_> =
            held.filter_map(|(number, held)| self.unprotected(number, &held)).collect();
        for text in found {
            self.violation(Rule::S3, text);
        }
    }

    fn unprotected(&self, number: usize, held: &Held) -> Option<String> {
        let partner = &self.servers[held.server.partner().index()];
        if self.setup.unlimited_in_partner_down || partner.incomplete {
            return None;
        }
        let binding = partner.disk.binding(held.address);
        let nobodys = binding.client.is_none() && !binding.status.is_available();
        let known = if nobodys || binding.is_for(&self.clients[number].client) {
            partner.true_ms_of_lease(binding.expiries.latest())
        } else {
            0
        };
        // It waits from when it was told to go alone, which may still be to come.
        let alone = partner
            .disk
            .record()
            .filter(|record| record.state == State::PartnerDown && !record.partner_returned);
        let waits_from =
            alone.map_or(self.now, |record| partner.true_ms_of_lease(record.state_since));
        // Two whole-second clocks, each up to a second behind the truth, and less than another
        // of drift, here and in the MCLT.
        let drifts = self.setup.clock_drift_ppm[0] != self.setup.clock_drift_ppm[1];
        let slack_ms = if drifts { 4_000 } else { 3_000 };
        let mclt_ms = self.setup.mclt_s * 1_000;
        let protected = known.max(waits_from).saturating_add(mclt_ms + slack_ms);
        (held.expires_ms > protected).then(|| {
            format!(
                "client {number} has {} of {:?} until {}, protected until {protected}: {binding:?}",
                held.address, held.server, held.expires_ms
            )
        })
    }

    /// S10, of what a server is about to say.
    pub(crate) fn check_forward(&mut self, host: Host, updates: &[BindingUpdate]) {
        let now = self.servers[host.index()].lease_now(self.now);
        for update in updates {
            if let Err(text) = self.monitor.forward.told(host, update, now) {
                self.violation(Rule::S10, format!("{host:?} {text}"));
            }
        }
    }

    /// S10, of what a server puts on record; one whose data were lost takes its partner's word.
    pub(crate) fn check_recorded(&mut self, host: Host, new: &Binding) {
        let server = &self.servers[host.index()];
        let old = server.binding(new.address).filter(|_| !server.incomplete);
        if let Some(Err(text)) = old.map(|old| recorded(&old, new)) {
            self.violation(Rule::S10, format!("{host:?} {text}"));
        }
    }

    /// S4: no address may be given to a new client by both servers, as they are now, nor as one of
    /// them would come back from its disk.
    pub(crate) fn check_disjoint(&mut self) {
        let fresh = Client::new(
            Some(b"nobody"),
            HardwareAddress::new(1, &[9]).unwrap_or_else(|| unreachable!("one byte")),
        );
        let mut shared = Vec::new();
        for &address in &self.addresses {
            let both = Host::BOTH.map(|host| self.may_allocate(host, address, &fresh));
            if both == [true; 2] {
                shared.push(address);
            }
        }
        for address in shared {
            let text = format!(
                "{address} is allocatable by both: A {:?} B {:?}",
                self.servers[0].binding(address),
                self.servers[1].binding(address)
            );
            self.violation(Rule::S4, text);
        }
    }

    fn may_allocate(&self, host: Host, address: Ipv4Addr, fresh: &Client) -> bool {
        let server = &self.servers[host.index()];
        let now = server.lease_now(self.now);
        let Some(endpoint) = &server.endpoint else {
            // Down: as it would be after a restart that loses everything not synced.
            let Some(record) = server.disk.record() else { return false };
            let partner_alone = self.servers[host.partner().index()]
                .endpoint
                .as_ref()
                .is_some_and(|partner| partner.status().state == State::PartnerDown);
            if partner_alone || Service::of(record.state) == Service::Nobody {
                return false; // it will have to recover first
            }
            if record.role != server.config.role || server.table.pool_of(address).is_none() {
                return false; // likewise, or none of its addresses
            }
            let allocator = dhcp_failover_lease::Allocator {
                role: record.role,
                control: Control::Shared,
                mclt: record.mclt.for_waits(),
                now,
                storage_lost: record.storage_lost_at,
            };
            return allocator.check(&server.disk.binding(address), fresh).is_ok();
        };
        let view = endpoint.view();
        matches!(view.service(), Service::Balanced | Service::Everybody)
            && server.table.pool_of(address).is_some_and(|pool| view.gives_new(pool, now))
            && server
                .table
                .get(address)
                .is_some_and(|binding| view.may_allocate(&binding, fresh, now).is_ok())
    }
}
