//! Traces made by hand.

use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, State};
use dhcp_failover_sim::reference::{Alone, Facts, Reference, Seen};
use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, Connect, ConnectAck, Disconnect, Message, Packet,
    RejectReason, ServerFlags,
};
use std::net::Ipv4Addr;

/// What was seen of one server, and what the reference thought of it.
pub(super) struct Trace {
    reference: Reference,
    role: Role,
    now: u64,
    link: u64,
    next_xid: u32,
    refused: Option<&'static str>,
}

const ADDRESS: u32 = 0xC000_0200;

impl Trace {
    pub(super) fn new(role: Role) -> Self {
        Self::with(role, |_| ())
    }

    pub(super) fn with(role: Role, change: impl FnOnce(&mut Facts)) -> Self {
        let mut facts = Facts {
            role,
            mclt_s: 60,
            receive_timer_s: 20,
            startup_s: 10,
            alone: Alone::Waits,
            safe_period_s: None,
        };
        change(&mut facts);
        let reference = Reference::new(facts);
        Self { reference, role, now: 0, link: 0, next_xid: 100, refused: None }
    }

    /// The section of the first thing that was not allowed.
    pub(super) const fn refused(&self) -> Option<&'static str> {
        self.refused
    }

    fn see(&mut self, seen: Seen<'_>) {
        if let Err(refusal) = self.reference.see(self.now, seen) {
            self.refused.get_or_insert(refusal.section);
        }
    }

    pub(super) const fn passes_s(&mut self, seconds: u64) {
        self.now += seconds * 1_000;
    }

    pub(super) fn starts(&mut self, recorded: Option<State>) {
        self.see(Seen::Started { recorded });
    }

    pub(super) fn stops(&mut self) {
        self.see(Seen::Stopped);
    }

    pub(super) fn loses_storage(&mut self) {
        self.see(Seen::StorageLost);
    }

    pub(super) fn gets_an_old_copy(&mut self) {
        self.see(Seen::StorageReplaced);
    }

    pub(super) fn rests(&mut self) {
        self.see(Seen::Rests);
    }

    pub(super) fn finds_an_old_copy(&mut self) {
        self.see(Seen::OldCopyFound);
    }

    pub(super) fn is_called_down(&mut self) {
        self.see(Seen::CalledDown);
    }

    pub(super) fn partners_clock_is_set(&mut self) {
        self.see(Seen::PartnersClockSet);
    }

    pub(super) fn resumes(&mut self) {
        self.see(Seen::Resumed);
    }

    pub(super) fn orders(&mut self, command: Command) {
        self.see(Seen::Ordered(command));
    }

    pub(super) fn enters(&mut self, state: State) {
        if self.reference.state() != state {
            self.see(Seen::Enters(state));
        }
    }

    pub(super) fn answers(&mut self, renewal: bool) {
        self.see(Seen::Answers { renewal });
    }

    /// Started, and out of STARTUP into this state without a partner.
    pub(super) fn starts_in(&mut self, state: State) {
        let before = self.refused;
        self.starts(Some(state));
        self.see(Seen::Enters(state));
        self.refused = before; // how it came there is of no interest
    }

    pub(super) fn link_up(&mut self) {
        self.link += 1;
        self.see(Seen::Up { link: self.link });
    }

    pub(super) fn loses_the_link(&mut self) {
        self.see(Seen::Down { link: self.link });
    }

    pub(super) fn closes(&mut self) {
        self.see(Seen::Closes { link: self.link });
    }

    pub(super) fn says(&mut self, xid: u32, message: Message) {
        let packet = Packet { time: 0, xid, message };
        self.see(Seen::Says { link: self.link, packet: &packet });
    }

    pub(super) fn says_new(&mut self, message: Message) -> u32 {
        self.next_xid += 1;
        self.says(self.next_xid, message);
        self.next_xid
    }

    pub(super) fn hears(&mut self, xid: u32, message: Message) {
        let packet = Packet { time: 0, xid, message };
        self.see(Seen::Heard { link: self.link, packet: &packet });
    }

    pub(super) fn says_connect(&mut self) -> u32 {
        self.says_new(Message::Connect(Connect::default()))
    }

    pub(super) fn hears_connect(&mut self) -> u32 {
        let connect = Connect {
            max_unacked_bndupd: Some(3),
            receive_timer: Some(20),
            mclt: Some(60),
            ..Connect::default()
        };
        self.hears(1, Message::Connect(connect));
        1
    }

    pub(super) fn acknowledges(&mut self, xid: u32) {
        self.says(xid, Message::ConnectAck(ConnectAck::default()));
    }

    /// A new connection, accepted; nothing was told yet.
    pub(super) fn connects_silently(&mut self) {
        self.link_up();
        match self.role {
            Role::Primary => {
                let xid = self.says_connect();
                let ack = ConnectAck {
                    max_unacked_bndupd: Some(3),
                    receive_timer: Some(20),
                    ..ConnectAck::default()
                };
                self.hears(xid, Message::ConnectAck(ack));
            }
            Role::Secondary => {
                let xid = self.hears_connect();
                self.acknowledges(xid);
            }
        }
    }

    /// The same, and the state was told.
    pub(super) fn connects(&mut self, state: State) {
        self.connects_silently();
        self.tells(state, self.reference.state() == State::Startup);
    }

    pub(super) fn reconnects(&mut self, partner: State) {
        self.loses_the_link();
        self.enters(State::CommunicationsInterrupted);
        self.connects(State::CommunicationsInterrupted);
        self.hears_state(partner, false);
    }

    pub(super) fn tells(&mut self, state: State, starting: bool) {
        self.says_new(state_message(state, starting));
    }

    pub(super) fn hears_state(&mut self, state: State, starting: bool) {
        self.hears(2, state_message(state, starting));
    }

    pub(super) fn says_update(&mut self) -> u32 {
        self.says_new(update())
    }

    pub(super) fn hears_update(&mut self, xid: u32) {
        self.hears(xid, update());
    }

    pub(super) fn acknowledges_update(&mut self, xid: u32, address: u32) {
        let ack = BindingAck::accept(Ipv4Addr::from(ADDRESS + address));
        self.says(xid, Message::BndAck(vec![ack]));
    }

    pub(super) fn disconnects(&mut self, reason: RejectReason) {
        let last = Disconnect { reject_reason: reason, message: None };
        self.says_new(Message::Disconnect(last));
    }
}

fn update() -> Message {
    let address = Ipv4Addr::from(ADDRESS + 1);
    Message::BndUpd(vec![BindingUpdate::new(address, BindingStatus::ACTIVE)])
}

fn state_message(state: State, starting: bool) -> Message {
    Message::State(dhcp_failover_wire::State {
        server_state: state.to_wire(),
        server_flags: if starting { ServerFlags::STARTUP } else { ServerFlags::NONE },
        start_time_of_state: 0,
    })
}

/// In this state, connected, and it was told.
pub(super) fn accepted(role: Role, state: State) -> Trace {
    let mut it = Trace::new(role);
    it.starts_in(state);
    it.connects(state);
    it
}

/// The same, and the partner's state was heard.
pub(super) fn together(role: Role, state: State, partner: State) -> Trace {
    let mut it = accepted(role, state);
    it.hears_state(partner, false);
    it
}

/// A secondary in this state, without a connection.
pub(super) fn secondary(state: State) -> Trace {
    let mut it = Trace::new(Role::Secondary);
    it.starts_in(state);
    it
}
