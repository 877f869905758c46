//! Telling the partner, and what its answers do.

use super::image::{Lease, free_of};
use super::{MAX_UNACKED, Windows, wire};
use dhcp_failover_lease::Role;
use dhcp_failover_wire::windows::{Binding, ClientType, Status, Text};
use dhcp_failover_wire::{
    BindingAck, BindingStatus as B, BindingUpdate, HardwareAddress, Message, UpdReq,
};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

impl Windows {
    pub(super) fn message(&mut self, xid: u32, message: Message) {
        match message {
            Message::State(state) => self.partner_state(state),
            Message::BndUpd(updates) => self.updated(xid, &updates),
            // win-14.
            Message::BndAck(acks) => {
                if let [ack] = acks.as_slice() {
                    self.acknowledged(xid, ack);
                }
            }
            Message::UpdReq(UpdReq { scope_ids }) => self.update_request(xid, &scope_ids, false),
            Message::UpdReqAll => self.update_request(xid, &[], true),
            Message::UpdDone => self.updates_done(xid),
            _ => {}
        }
        self.send_updates();
    }

    pub(super) fn enqueue(&mut self, address: Ipv4Addr) {
        if !self.volatile.queue.contains(&address) {
            self.volatile.queue.push_back(address);
        }
    }

    /// A lease has changed here: durable, then told.
    pub(super) fn changed(&mut self, address: Ipv4Addr, change: impl FnOnce(&mut Lease)) {
        let Some(lease) = self.image.leases.get_mut(&address) else { return };
        change(lease);
        lease.version += 1;
        lease.is_news = true;
        self.enqueue(address);
    }

    /// Everything the partner has not acknowledged, also what it refused.
    pub(super) fn tell_news(&mut self) {
        let news: Vec<_> = self
            .image
            .leases
            .iter()
            .filter(|(_, lease)| lease.is_news)
            .map(|(address, _)| *address)
            .collect();
        news.into_iter().for_each(|address| self.enqueue(address));
        self.send_updates();
    }

    pub(super) fn send_updates(&mut self) {
        if !self.is_connected() {
            return;
        }
        let asked = self.volatile.answering.is_some();
        while self.may_tell(asked) && self.volatile.unanswered.len() < MAX_UNACKED as usize {
            let Some(address) = self.volatile.queue.pop_front() else { return };
            let Some(lease) = self.image.leases.get(&address).filter(|it| it.is_news) else {
                self.answered(address);
                continue;
            };
            let version = lease.version;
            let update = self.update_of(address, lease);
            let xid = self.say(Message::BndUpd(vec![update]));
            self.volatile.unanswered.insert(xid, (address, version));
        }
    }

    /// What it knows may decide a conflict, so the partner asks for it first.
    fn may_tell(&self, asked: bool) -> bool {
        use dhcp_failover_wire::ServerState as S;
        match self.state() {
            S::RECOVER | S::RECOVER_WAIT | S::POTENTIAL_CONFLICT => asked,
            S::RESOLUTION_INTERRUPTED => false,
            _ => true,
        }
    }

    fn acknowledged(&mut self, xid: u32, ack: &BindingAck) {
        let sent =
            self.volatile.unanswered.get(&xid).filter(|(address, _)| *address == ack.address);
        let Some((address, version)) = sent.copied() else { return };
        self.volatile.unanswered.remove(&xid);
        if let Some(reject) = &ack.reject {
            self.log(format!("{address} was refused: {}", reject.reason));
        } else if let Some(lease) = self.image.leases.get_mut(&address)
            && lease.version == version
        {
            lease.is_news = false;
            lease.from_partner = lease.from_partner.max(lease.told);
            if lease.is_over() || lease.reclaimed {
                lease.becomes(free_of(Role::Primary));
            }
        }
        let again = self.image.leases.get(&address).is_some_and(|it| it.version != version);
        if again && self.image.leases[&address].is_news {
            self.enqueue(address);
        }
        self.answered(address);
    }

    /// One that the partner asked for is done.
    fn answered(&mut self, address: Ipv4Addr) {
        if let Some((_, waits)) = &mut self.volatile.answering {
            waits.remove(&address);
        }
        if let Some((xid, _)) = self.volatile.answering.take_if(|(_, waits)| waits.is_empty()) {
            self.answer(xid, Message::UpdDone);
        }
    }

    fn update_request(&mut self, xid: u32, scope_ids: &[Ipv4Addr], all: bool) {
        if all {
            let primary = free_of(Role::Primary);
            let leases = self.image.leases.values_mut();
            leases.filter(|lease| lease.status != primary).for_each(|lease| lease.is_news = true);
        }
        let in_scope = |address: &Ipv4Addr| {
            let scope = self.config.scopes.iter().find(|it| it.addresses.contains(address));
            scope_ids.is_empty() || scope.is_some_and(|scope| scope_ids.contains(&scope.id))
        };
        let news = self.image.leases.iter();
        let waits: BTreeSet<_> = news
            .filter(|(address, lease)| lease.is_news && in_scope(address))
            .map(|(address, _)| *address)
            .collect();
        waits.iter().for_each(|address| {
            let under_way = self.volatile.unanswered.values().any(|(it, _)| it == address);
            if !under_way && !self.volatile.queue.contains(address) {
                self.volatile.queue.push_back(*address);
            }
        });
        match waits.is_empty() {
            true => self.answer(xid, Message::UpdDone),
            false => self.volatile.answering = Some((xid, waits)),
        }
        // win-8: the partner's operator has added scopes here, too.
        if !scope_ids.is_empty() && !self.is_primary() {
            self.ask_for_scopes(scope_ids.to_vec());
        }
    }

    fn update_of(&self, address: Ipv4Addr, lease: &Lease) -> BindingUpdate {
        let status = if lease.reclaimed { B::FREE } else { lease.status };
        let scope = self.config.scopes.iter().find(|scope| scope.addresses.contains(&address));
        let (id, mask) = scope.map_or((address, Ipv4Addr::BROADCAST), |it| (it.id, it.mask));
        let part = Binding::new(status, self.config.settings, mask);
        let mut part = part.unwrap_or_else(|| unreachable!("{status} has a word"));
        if lease.reclaimed {
            part.status = Status::RECONCILE;
        }
        let update = BindingUpdate::new(address, status);
        if status == B::FREE || status == B::BACKUP {
            return BindingUpdate { windows: Some(Box::new(part)), ..update };
        }
        part.scope_id = Some(id);
        part.client_name = Some(Text::new("client"));
        part.server_name = Some(Text::new("SERVER1"));
        part.client_type = Some(ClientType::DHCP);
        (part.nap_status, part.nap_probation, part.nap_capable) = (Some(0), Some(0), Some(0));
        let hardware = lease.client.as_ref().map(|client| client.hardware());
        // win-7: no other name of the client.
        let hardware = hardware.map_or_else(
            || HardwareAddress { htype: 1, bytes: address.octets().to_vec() },
            |it| HardwareAddress { htype: it.hardware_type(), bytes: it.as_bytes().to_vec() },
        );
        // As captured: 0 but for a new lease, and with a release the potential expiry is 0.
        let is_active = lease.status == B::ACTIVE;
        BindingUpdate {
            client_hardware_address: Some(hardware),
            lease_expiration_time: Some(wire(lease.ends)),
            potential_expiration_time: Some(if is_active { wire(lease.told) } else { 0 }),
            start_time_of_state: Some(wire(if lease.status == B::RELEASED {
                0
            } else {
                lease.began
            })),
            client_last_transaction_time: Some(wire(lease.heard)),
            windows: Some(Box::new(part)),
            ..update
        }
    }
}
