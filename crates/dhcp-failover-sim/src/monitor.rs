//! Watches the wire: windows, transaction ids, and what UPDDONE may say.

use crate::Host;
use crate::check::Rule;
use crate::check::forward::Forward;
use crate::check::offers::Offers;
use crate::server::Server;
use dhcp_failover_lease::{Binding, BindingStatus, LeaseInstant};
use dhcp_failover_proto::Bindings;
use dhcp_failover_wire::{BindingUpdate, Message, Packet, ServerFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// What one host has going on one connection.
#[derive(Clone, Debug, Default)]
struct Flow {
    outstanding: BTreeSet<u32>,
    used_xids: BTreeSet<u32>,
    /// The partner's update requests by xid: before the UPDDONE of each it must hear of these.
    promised: BTreeMap<u32, Promised>,
    /// Updates that were not answered.
    updates: BTreeMap<(u32, Ipv4Addr), BindingUpdate>,
    offers: Offers,
}

/// What an update request was promised.
#[derive(Clone, Debug, Default)]
struct Promised {
    bindings: BTreeMap<Ipv4Addr, Binding>,
    /// The last xid before that request: later updates carry what it asked for.
    before_request: u32,
}

/// What the partner sees of each host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Monitor {
    flows: BTreeMap<(u64, Host), Flow>,
    /// What was said of every address.
    pub(crate) forward: Forward,
    /// Messages sent, by kind.
    pub(crate) counts: BTreeMap<(Host, &'static str), u64>,
}

impl Monitor {
    /// `sender` sends this. S11, S9 and L7.
    pub(crate) fn sent(
        &mut self,
        sender: Host,
        link: u64,
        packet: &Packet,
        window: u32,
        server: &Server,
        now: u64,
    ) -> Result<(), (Rule, String)> {
        let kind = kind(&packet.message);
        *self.counts.entry((sender, kind)).or_default() += 1;
        let flow = self.flows.entry((link, sender)).or_default();
        let answer = matches!(
            packet.message,
            Message::BndAck(_) | Message::UpdDone | Message::PoolResp(_) | Message::ConnectAck(_)
        );
        if !answer && !flow.used_xids.insert(packet.xid) {
            return Err((Rule::S11, format!("{kind} with xid {} again", packet.xid)));
        }
        if let Message::BndUpd(updates) = &packet.message {
            let told = updates.iter().map(|it| ((packet.xid, it.address), it.clone()));
            flow.updates.extend(told);
            flow.outstanding.insert(packet.xid);
            for update in updates {
                flow.offers.offered(update, now).map_err(|text| (Rule::L7, text))?;
            }
            if flow.outstanding.len() > window as usize {
                let count = flow.outstanding.len();
                return Err((Rule::S11, format!("{count} updates unanswered, limit {window}")));
            }
        }
        if matches!(packet.message, Message::State(_)) {
            flow.offers.begin_anew();
        }
        if matches!(packet.message, Message::UpdDone) {
            let instance = server.disk.record().map_or(0, |record| record.instance);
            // The partner may have asked anew meanwhile: that is answered by another UPDDONE.
            let promised = flow.promised.remove(&packet.xid).unwrap_or_default();
            for (address, promised) in &promised.bindings {
                let Some(binding) = server.table.get(*address) else { continue };
                let told = binding.knowledge.acked_version >= promised.version
                    && binding.knowledge.instance == instance;
                if !told && binding.needs_telling(instance) {
                    return Err((
                        Rule::S9,
                        format!("UPDDONE before {address} was answered: {binding:?}"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// A server is configured anew: what it was refused may be taken now.
    pub(crate) fn configured(&mut self, host: Host) {
        let flows = self.flows.iter_mut().filter(|((_, of), _)| *of == host);
        flows.for_each(|(_, flow)| flow.offers.begin_anew());
    }

    /// `to` is about to handle this.
    pub(crate) fn received(&mut self, to: Host, link: u64, packet: &Packet, server: &Server) {
        let flow = self.flows.entry((link, to)).or_default();
        match &packet.message {
            Message::State(_) => flow.offers.begin_anew(),
            Message::BndAck(acks) => {
                flow.outstanding.remove(&packet.xid);
                for ack in acks {
                    let update = flow.updates.remove(&(packet.xid, ack.address));
                    if let Some(update) = &update {
                        flow.offers.answered(update, ack.reject.is_none());
                    }
                    for promised in flow.promised.values_mut() {
                        let newer = packet.xid > promised.before_request;
                        let binding = promised.bindings.get(&ack.address);
                        let same = binding.zip(update.as_ref());
                        let same = same.is_some_and(|(promised, update)| says(update, promised));
                        // A rejected one is disputed, and shown as such.
                        if newer || same || ack.reject.is_some() {
                            promised.bindings.remove(&ack.address);
                        }
                    }
                }
            }
            Message::UpdReq(_) | Message::UpdReqAll => {
                let all = packet.message == Message::UpdReqAll;
                flow.offers.begin_anew();
                let instance = server.disk.record().map_or(0, |record| record.instance);
                let before_request = flow.used_xids.last().copied().unwrap_or(0);
                let bindings = server
                    .table
                    .iter()
                    .filter(|binding| all || binding.needs_telling(instance))
                    .map(|binding| (binding.address, binding.clone()))
                    .collect();
                flow.promised.insert(packet.xid, Promised { bindings, before_request });
            }
            _ => {}
        }
    }
}

/// Whether an update from before the request told all that was on record then.
fn says(update: &BindingUpdate, promised: &Binding) -> bool {
    let time = |at: LeaseInstant| (at > LeaseInstant::ZERO).then(|| at.as_wire_s());
    let windows = update.windows.is_some();
    let status = match promised.status {
        // Windows has no word for it.
        BindingStatus::Reset if windows => BindingStatus::Expired,
        status => status,
    };
    let same_status = update.status.to_string() == status.to_string();
    if windows && status.is_available() {
        return same_status; // it hears no more of such an address than whose it is
    }
    let lease = match promised.status {
        BindingStatus::Active | BindingStatus::Abandoned => time(promised.expiries.lease),
        _ => None,
    };
    let heard = match promised.status {
        BindingStatus::Abandoned => None,
        _ => promised.last_transaction.map(LeaseInstant::as_wire_s).or(windows.then_some(0)),
    };
    same_status
        && update.start_time_of_state == time(promised.start_of_state)
        && update.lease_expiration_time == lease
        && update.client_last_transaction_time == heard
}

/// A short name for the log.
pub(crate) const fn kind(message: &Message) -> &'static str {
    match message {
        Message::PoolReq => "POOLREQ",
        Message::PoolResp(_) => "POOLRESP",
        Message::BndUpd(_) => "BNDUPD",
        Message::BndAck(_) => "BNDACK",
        Message::Connect(_) => "CONNECT",
        Message::ConnectAck(_) => "CONNECTACK",
        Message::UpdReqAll => "UPDREQALL",
        Message::UpdDone => "UPDDONE",
        Message::UpdReq(_) => "UPDREQ",
        Message::State(_) => "STATE",
        Message::Contact => "CONTACT",
        Message::Disconnect(_) => "DISCONNECT",
        _ => "other",
    }
}

/// A message in the words of a transcript.
pub(crate) fn step(message: &Message) -> String {
    let kind = kind(message);
    match message {
        Message::State(state) => {
            let starting = state.server_flags.contains(ServerFlags::STARTUP);
            let flag = if starting { " with STARTUP" } else { "" };
            format!("sends STATE {}{flag}", state.server_state)
        }
        Message::PoolResp(answer) => format!("sends {kind} {}", answer.addresses_transferred),
        Message::BndUpd(updates) => {
            let all: Vec<_> = updates.iter().map(promise).collect();
            format!("sends {kind} {}", all.join("; "))
        }
        _ => format!("sends {kind}"),
    }
}

/// What an update says, with the times of a lease counted from when the client was last heard.
fn promise(update: &BindingUpdate) -> String {
    let heard = update.client_last_transaction_time.unwrap_or(0);
    let time = |name, time: Option<u32>| match time {
        Some(time) => format!(" {name} t+{}", time.wrapping_sub(heard)),
        None => String::new(),
    };
    let lease = time("lease", update.lease_expiration_time);
    let potential = time("potential", update.potential_expiration_time);
    format!("{} {}{lease}{potential}", update.address, update.status)
}

/// One line for the log.
pub(crate) fn line(packet: &Packet) -> String {
    let kind = kind(&packet.message);
    let xid = packet.xid;
    match &packet.message {
        Message::BndUpd(updates) => {
            let what: Vec<_> =
                updates.iter().map(|u| format!("{} {}", u.address.octets()[3], u.status)).collect();
            format!("{kind} {xid} {}", what.join(", "))
        }
        Message::BndAck(acks) => {
            let what: Vec<_> = acks
                .iter()
                .map(|ack| match &ack.reject {
                    None => format!("{} ok", ack.address.octets()[3]),
                    Some(reject) => format!("{} {}", ack.address.octets()[3], reject.reason),
                })
                .collect();
            format!("{kind} {xid} {}", what.join(", "))
        }
        Message::State(state) => {
            let flags = if state.server_flags == dhcp_failover_wire::ServerFlags::NONE {
                ""
            } else {
                " (startup)"
            };
            format!("{kind} {}{flags}", state.server_state)
        }
        _ => format!("{kind} {xid}"),
    }
}
