//! S5: what is visible is durable, looked up on the disk itself.

use crate::check::Rule;
use crate::server::Server;
use crate::{Host, Pair};
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{State, Token};
use dhcp_failover_wire::{Dialect, Message, Packet, ServerFlags};

/// S5: what a message promises is durable, looked up on the disk itself.
pub(crate) fn durable_before_visible(
    server: &Server,
    link: u64,
    packet: &Packet,
    dialect: Dialect,
) -> Result<(), String> {
    match &packet.message {
        Message::BndUpd(updates) => {
            for update in updates {
                let disk = server.disk.binding(update.address);
                let status = BindingStatus::ALL
                    .into_iter()
                    .find(|known| *known as u8 + 1 == update.status.0)
                    .ok_or_else(|| format!("status {}", update.status))?;
                let said = |it| disk.knowledge.told.contains(it) || disk.knowledge.agreed == it;
                // Windows has no word for RESET.
                let reset = update.windows.is_some()
                    && status == BindingStatus::Expired
                    && said(BindingStatus::Reset);
                if !said(status) && !reset {
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
                    return Err(format!(
                        "BNDACK {}: disk {disk:?}, accepted {adopted:?}",
                        ack.address
                    ));
                }
            }
        }
        Message::State(state) if !state.server_flags.contains(ServerFlags::STARTUP) => {
            let sent = State::from_wire(state.server_state);
            let leaving = matches!(sent, Some(State::Paused | State::Shutdown));
            let known = server.disk.states.iter().any(|(known, _)| Some(*known) == sent);
            // A dhcpd in CONFLICT-DONE hears it in the place of other states (isc-C11).
            let stands_in = dialect == Dialect::IscDhcpd && sent == Some(State::PotentialConflict);
            if !known && !leaving && !stands_in {
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
    /// S5 for a DHCPACK.
    pub(crate) fn check_confirm(&mut self, host: Host, token: Token) {
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
}
