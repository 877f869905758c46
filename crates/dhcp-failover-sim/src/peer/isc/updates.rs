//! Telling the partner: queues, the window, and what answers do.

use super::Isc;
use super::image::Lease;
use super::link::wire;
use dhcp_failover_wire::{
    BindingAck, BindingStatus as B, BindingUpdate, HardwareAddress, Message, PoolResp, ServerState,
};
use std::net::Ipv4Addr;

impl Isc {
    pub(super) fn message(&mut self, xid: u32, message: Message) {
        match message {
            Message::State(state) => self.partner_state(state),
            Message::BndUpd(updates) => {
                updates.iter().for_each(|update| self.update(xid, update));
            }
            Message::BndAck(acks) => acks.iter().for_each(|ack| self.acked(xid, ack)),
            Message::UpdReq(_) => self.update_request(xid, false),
            Message::UpdReqAll => self.update_request(xid, true),
            Message::UpdDone => self.update_done(),
            // From either role.
            Message::PoolReq => {
                let normal = self.image.state == ServerState::NORMAL;
                let moved = if normal { self.rebalance(false) } else { 0 };
                let addresses_transferred = u32::try_from(moved).unwrap_or(u32::MAX);
                self.answer(xid, Message::PoolResp(PoolResp { addresses_transferred }));
                self.send_updates();
            }
            _ => {}
        }
    }

    /// A change is on stable storage before anybody hears of it.
    pub(super) fn changed(&mut self, address: Ipv4Addr) {
        self.write(address);
        self.sync();
        self.enqueue(address);
    }

    /// isc-U06: one under way is forgotten, and its place in the window is free.
    pub(super) fn enqueue(&mut self, address: Ipv4Addr) {
        self.volatile.xids.remove(&address);
        self.volatile.unanswered.retain(|it| *it != address);
        if !self.volatile.queue.contains(&address) {
            self.volatile.queue.push_back(address);
        }
    }

    /// What was not answered goes to the head of the queue.
    pub(super) fn rescind(&mut self) {
        self.volatile.xids.clear();
        while let Some(address) = self.volatile.unanswered.pop_back() {
            self.volatile.queue.push_front(address);
        }
    }

    pub(super) fn send_updates(&mut self) {
        loop {
            let Some(active) = &self.volatile.active else { return };
            if self.volatile.unanswered.len() >= active.window {
                return;
            }
            let Some(address) = self.volatile.queue.pop_front() else { return };
            self.flush_acks();
            let Some(lease) = self.image.leases.get_mut(&address) else { continue };
            lease.rewind = lease.status;
            let update = update_of(address, lease);
            self.write(address);
            self.sync();
            let xid = self.say(Message::BndUpd(vec![update]));
            self.volatile.xids.insert(address, xid);
            self.volatile.unanswered.push_back(address);
        }
    }

    fn acked(&mut self, xid: u32, ack: &BindingAck) {
        if self.volatile.xids.get(&ack.address) != Some(&xid) {
            return;
        }
        self.volatile.xids.remove(&ack.address);
        self.volatile.unanswered.retain(|it| *it != ack.address);
        match &ack.reject {
            // isc-U07: it is not told again before the next NORMAL.
            Some(reject) => self.log(format!("{} was refused: {}", ack.address, reject.reason)),
            None => {
                let Some(lease) = self.image.leases.get_mut(&ack.address) else { return };
                lease.from_partner = lease.told;
                lease.acknowledged = lease.told;
                if lease.is_over() {
                    lease.status = B::FREE;
                    lease.rewind = B::FREE;
                }
                // Synced later, with something else.
                self.write(ack.address);
            }
        }
        // isc-U02: the answer to the last one ends the request, if others were answered or not.
        if let Some((request, _)) =
            self.volatile.answering.take_if(|(_, last)| *last == ack.address)
        {
            self.answer(request, Message::UpdDone);
        }
        self.send_updates();
        if self.volatile.unanswered.is_empty() {
            self.sync();
        }
    }

    /// isc-U05: one request at a time; isc-U16: unused addresses too.
    fn update_request(&mut self, xid: u32, all: bool) {
        let it = &self.volatile;
        let waiting =
            |address: &Ipv4Addr| it.queue.contains(address) || it.unanswered.contains(address);
        let more: Vec<_> = self
            .image
            .leases
            .iter()
            .filter(|(address, lease)| {
                (all || lease.needs_sending() || lease.is_over()) && !waiting(address)
            })
            .map(|(address, _)| *address)
            .collect();
        self.volatile.queue.extend(more);
        match self.volatile.queue.back() {
            Some(last) => self.volatile.answering = Some((xid, *last)),
            // isc-U02: whatever is still to be answered.
            None => self.answer(xid, Message::UpdDone),
        }
        self.send_updates();
    }

    /// isc-C15: by half of the *partner's* window, or two seconds after the last one.
    pub(super) fn will_accept(&mut self, xid: u32, address: Ipv4Addr) {
        self.volatile.acks.push_back((xid, address));
        self.volatile.acks_since = self.now;
        let window = self.volatile.active.as_ref().map_or(0, |active| active.window);
        if self.volatile.acks.len() >= (window / 2).max(1) {
            self.flush_acks();
        }
    }

    /// isc-U03: those of a connection before, too.
    pub(super) fn flush_acks(&mut self) {
        if self.volatile.active.is_none() {
            return;
        }
        self.sync();
        for (xid, address) in std::mem::take(&mut self.volatile.acks) {
            self.answer(xid, Message::BndAck(vec![BindingAck::accept(address)]));
        }
    }
}

fn update_of(address: Ipv4Addr, lease: &Lease) -> BindingUpdate {
    let client = lease.client.as_ref().filter(|_| lease.status != B::ABANDONED);
    let hardware = client.map(|client| client.hardware());
    BindingUpdate {
        client_identifier: client.and_then(|client| client.identifier()).map(<[u8]>::to_vec),
        client_hardware_address: hardware.map(|hardware| HardwareAddress {
            htype: hardware.hardware_type(),
            bytes: hardware.as_bytes().to_vec(),
        }),
        // These three are in every one.
        lease_expiration_time: Some(wire(lease.ends)),
        potential_expiration_time: Some(wire(lease.told)),
        start_time_of_state: Some(wire(lease.starts)),
        client_last_transaction_time: Some(wire(lease.heard)).filter(|at| *at > 0),
        ..BindingUpdate::new(address, lease.status)
    }
}
