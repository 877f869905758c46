//! Two servers whose disks sync when they are told to, a cable that can be cut, and a number for a
//! clock.

use crate::server::Server;
use crate::story::Story;
use dhcp_failover::lease::{BindingStatus, LeaseInstant, Role};
use dhcp_failover::proto::{Bindings, Input, LinkId, LinkSide, Monotonic, State};
use dhcp_failover::wire::{Dialect, Message, ServerFlags, decode};
use std::net::Ipv4Addr;

/// Both servers and the cable between them.
#[derive(Debug)]
pub struct Pair {
    /// The clock of both.
    pub now: Monotonic,
    /// What they do.
    pub story: Story,
    /// The primary and the secondary.
    pub servers: [Server; 2],
    /// The connection, while there is one.
    link: Option<LinkId>,
    links_so_far: u64,
    cable_is_cut: bool,
}

impl Pair {
    /// Two servers with empty disks, both new to the relationship.
    #[must_use]
    pub fn new() -> Self {
        let story = Story::default();
        Self {
            now: Monotonic::default(),
            servers: [
                Server::new("A", Role::Primary, [198, 51, 100, 2], story.clone()),
                Server::new("B", Role::Secondary, [198, 51, 100, 1], story.clone()),
            ],
            story,
            link: None,
            links_so_far: 0,
            cable_is_cut: false,
        }
    }

    /// Ends the connection; there will be no other before [`mend_cable`](Self::mend_cable).
    pub fn cut_cable(&mut self) {
        self.cable_is_cut = true;
        self.hang_up();
    }

    /// Lets connections be made again.
    pub fn mend_cable(&mut self) {
        self.cable_is_cut = false;
    }

    /// Whether both servers are in `state`.
    #[must_use]
    pub fn both_are(&self, state: State) -> bool {
        self.servers.iter().all(|server| server.endpoint.view().state() == state)
    }

    /// The addresses available to new clients of each.
    #[must_use]
    pub fn available(&self) -> [u32; 2] {
        let counts = self.servers[0].table.counts(0);
        [counts.free, counts.backup]
    }

    /// Panics unless both hold the same addresses for the same clients, for as long but for what
    /// whole seconds hide and what two clocks may drift apart until the end of a lease of a day, and
    /// neither has anything left to tell.
    pub fn assert_same_leases(&self) {
        let [a, b] = &self.servers;
        for last in 10..=29 {
            let address = Ipv4Addr::new(192, 0, 2, last);
            let (mine, theirs) = a.table.get(address).zip(b.table.get(address)).expect("one pool");
            assert_eq!((mine.status, &mine.client), (theirs.status, &theirs.client), "{address}");
            let of = |at: LeaseInstant| at.as_unix_s();
            let apart_s = of(mine.expiries.lease).abs_diff(of(theirs.expiries.lease));
            let is_leased = mine.status == BindingStatus::Active;
            assert!(!is_leased || apart_s <= 4 + 18, "{address}: the times are {apart_s} s apart");
        }
        for server in &self.servers {
            let status = server.endpoint.status();
            assert_eq!((status.pending, status.disputed), (0, 0), "{}", server.name);
        }
    }

    /// Lets time pass and everything happen that is due.
    pub fn run_s(&mut self, seconds: u64) {
        let end = self.now.plus_ms(seconds * 1_000);
        loop {
            while self.exchange() {}
            let next = self.servers.iter().filter_map(|server| server.wake).min();
            match next.filter(|at| *at <= end) {
                Some(at) => self.now = self.now.max(at),
                None => break,
            }
            for server in &mut self.servers {
                if server.wake.is_some_and(|at| at <= self.now) {
                    server.feed(self.now, Input::Tick);
                }
            }
        }
        self.now = end;
    }

    /// Disks, the connection, one frame each way. Whether anything happened.
    fn exchange(&mut self) -> bool {
        let mut happened = false;
        for number in [0, 1] {
            let server = &mut self.servers[number];
            if !server.disk_stalls && !server.unsynced.is_empty() {
                server.sync(self.now);
                happened = true;
            }
            if std::mem::take(&mut server.wants_to_dial) {
                self.dial(number);
                happened = true;
            }
            match self.servers[number].outbox.pop_front() {
                Some((link, frame)) => {
                    happened = true;
                    self.carry(number, link, &frame);
                }
                // Only once everything said on it has been carried over.
                None => {
                    let closing = self.servers[number].closing.take();
                    if closing.is_some() && closing == self.link {
                        self.hang_up();
                        happened = true;
                    }
                }
            }
        }
        happened
    }

    fn carry(&mut self, from: usize, link: LinkId, frame: &[u8]) {
        if self.link != Some(link) {
            return; // said on a connection that is gone
        }
        self.servers[from].tell(self.now, &format!("sends {}", describe(frame)));
        self.servers[1 - from].feed(self.now, Input::Frame { link, bytes: frame });
    }

    fn hang_up(&mut self) {
        let Some(link) = self.link.take() else { return };
        for server in &mut self.servers {
            server.feed(self.now, Input::LinkDown { link });
        }
    }

    fn dial(&mut self, from: usize) {
        if self.cable_is_cut {
            return self.servers[from].feed(self.now, Input::DialFailed);
        }
        self.links_so_far += 1;
        let link = LinkId(self.links_so_far);
        self.link = Some(link);
        // A real server asks a `Listener` which relationship the first message is for.
        let [accepted, dialed] = [LinkSide::Accepted, LinkSide::Dialed];
        self.servers[1 - from].feed(self.now, Input::LinkUp { link, side: accepted });
        self.servers[from].feed(self.now, Input::LinkUp { link, side: dialed });
    }
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

/// A message in a few words.
fn describe(frame: &[u8]) -> String {
    let message = match decode(frame, Dialect::Draft12) {
        Ok(packet) => packet.message,
        Err(error) => return error.to_string(),
    };
    let kind = message.message_type();
    match message {
        Message::State(state) => {
            let startup = state.server_flags.contains(ServerFlags::STARTUP);
            format!("{kind} {}{}", state.server_state, if startup { " (starting)" } else { "" })
        }
        Message::BndUpd(updates) => {
            let said =
                updates.iter().map(|update| format!(" {} {}", update.address, update.status));
            format!("{kind}{}", said.collect::<String>())
        }
        Message::BndAck(acks) => {
            format!(
                "{kind}{}",
                acks.iter().map(|ack| format!(" {}", ack.address)).collect::<String>()
            )
        }
        _ => kind.to_string(),
    }
}
