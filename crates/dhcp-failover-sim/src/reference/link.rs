//! One connection: the order of its messages, answers, windows, timers (§7.9-7.12, §8).

use super::{Facts, Refusal, refuse, slack_ms};
use dhcp_failover_proto::State;
use dhcp_failover_wire::{Message, Packet};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing was said.
    New,
    /// The CONNECT of this xid waits for its answer.
    Asked(u32),
    /// It was accepted.
    Accepted,
    /// It was refused, or ended by DISCONNECT: there is nothing left to say.
    Over,
}

/// An update request of the partner's.
#[derive(Clone, Debug)]
struct Request {
    xid: u32,
    /// The updates that were unanswered when it came: they are part of the answer.
    first: BTreeSet<u32>,
}

/// A state that was entered and is not told yet.
#[derive(Clone, Debug)]
struct Owed {
    state: (State, bool),
    /// The partner was in CONFLICT-DONE in it.
    partner_was_done: bool,
}

/// What is known of one connection.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) phase: Phase,
    said_ms: u64,
    heard_ms: u64,
    /// tReceive of the partner, which it told.
    partner_timer_s: Option<u32>,
    /// The MCLT in the partner's CONNECT.
    pub(super) mclt_s: Option<u32>,
    /// So many unanswered BNDUPDs the partner takes.
    limit: Option<u32>,
    /// The xids of requests said, as runs of numbers.
    xids: Vec<(u32, u32)>,
    /// The last state told.
    told: Option<(State, bool)>,
    /// States entered and not told yet, the oldest first.
    owed: VecDeque<Owed>,
    /// The partner was in CONFLICT-DONE while this server was in the state told: what it says now may
    /// have been decided then, and have waited for its disk.
    pub(super) partner_was_done: bool,
    /// The partner's last STATE, and whether the STARTUP bit was set.
    pub(super) partner: Option<(State, bool)>,
    /// BNDUPDs said and not answered.
    unanswered: BTreeSet<u32>,
    /// BNDUPDs heard and not answered, with the addresses in them.
    updates: BTreeMap<u32, Vec<Ipv4Addr>>,
    requests: Vec<Request>,
    pool_requests: BTreeSet<u32>,
    /// The partner said DISCONNECT.
    left: bool,
    /// This server's update request that was not answered yet.
    pub(super) asked_updates: Option<u32>,
    /// So often everything was ordered to be fetched anew while a request from before may still have been
    /// on its way out: so many requests more may come.
    pub(super) asks_anew: u32,
    /// The xid of the partner's CONNECT that came where its CONNECTACK was due.
    pub(super) crossed: Option<u32>,
    /// The vendor class of its CONNECT or CONNECTACK says so.
    pub(super) with_dhcpd: bool,
    /// The same of CONNECT or CONNECTACK.
    pub(super) with_windows: bool,
}

impl Link {
    pub(super) const fn new(now: u64) -> Self {
        Self {
            phase: Phase::New,
            said_ms: now,
            heard_ms: now,
            partner_timer_s: None,
            mclt_s: None,
            limit: None,
            left: false,
            xids: Vec::new(),
            told: None,
            owed: VecDeque::new(),
            partner: None,
            unanswered: BTreeSet::new(),
            updates: BTreeMap::new(),
            requests: Vec::new(),
            pool_requests: BTreeSet::new(),
            asked_updates: None,
            asks_anew: 0,
            partner_was_done: false,
            crossed: None,
            with_dhcpd: false,
            with_windows: false,
        }
    }

    /// A CONNECT was accepted: both timers start (§7.9.1, §7.9.2).
    pub(super) const fn accepted(&mut self, now: u64) {
        self.phase = Phase::Accepted;
        self.begin_timers(now);
    }

    pub(super) const fn begin_timers(&mut self, now: u64) {
        self.said_ms = now;
        self.heard_ms = now;
    }

    /// What the partner's CONNECT or CONNECTACK says of itself.
    pub(super) const fn offers(&mut self, limit: Option<u32>, timer_s: Option<u32>) {
        self.limit = limit;
        self.partner_timer_s = timer_s;
    }

    /// The first state to tell, if it is not known yet.
    pub(super) fn begins_with(&mut self, state: (State, bool)) {
        if self.owed.is_empty() {
            self.owes(state);
        }
    }

    /// §7.10: a STATE must be sent for this change.
    pub(super) fn owes_state(&mut self, state: State, starting: bool) {
        if self.phase == Phase::Accepted || !self.owed.is_empty() {
            self.owes((state, starting));
        }
    }

    fn owes(&mut self, state: (State, bool)) {
        self.owed.push_back(Owed { state, partner_was_done: false });
        self.note_partner();
    }

    /// The partner may be in CONFLICT-DONE now.
    pub(super) fn note_partner(&mut self) {
        if self.partner == Some((State::ConflictDone, false)) {
            let now = self.owed.back_mut().map(|owed| &mut owed.partner_was_done);
            *now.unwrap_or(&mut self.partner_was_done) = true;
        }
    }

    /// In STARTUP, another state than the recorded one is the one to go on from.
    pub(super) fn owes_instead(&mut self, state: State) {
        if let Some(due) = self.owed.front_mut().filter(|due| due.state.1) {
            due.state.0 = state;
        }
    }

    /// The state that a STATE stands for. Departure (isc-C11): a dhcpd in CONFLICT-DONE is told of
    /// POTENTIAL-CONFLICT instead of what would end it.
    pub(super) fn meant(&self, state: State) -> State {
        let was_done = matches!(self.partner, Some((State::ConflictDone, _)))
            || self.partner_was_done
            || self.owed.iter().any(|due| due.partner_was_done);
        let stands_in = self.with_dhcpd && was_done && state == State::PotentialConflict;
        // The first STATE to a dhcpd waits until that one has told its own.
        let first = self.owed.iter().find(|due| self.told.is_none() && due.partner_was_done);
        match first.or(self.owed.front()) {
            Some(due) if stands_in => due.state.0,
            _ => state,
        }
    }

    /// How many states that go into stable storage wait to be told.
    pub(super) fn still_owed(&self) -> usize {
        let announced = |state| matches!(state, State::Paused | State::Shutdown); // §9.13, §9.14
        let owed = self.owed.iter().map(|due| due.state);
        owed.filter(|(state, starting)| !starting && !announced(*state)).count()
    }

    /// Its state, as the partner knows it: what waits behind a slow disk was decided in it.
    pub(super) fn told(&self) -> Option<State> {
        self.told.map(|(state, starting)| if starting { State::Startup } else { state })
    }

    /// Its own state was told, and no newer one waits.
    pub(super) fn is_told(&self) -> bool {
        self.told.is_some() && self.owed.is_empty()
    }

    /// §8.3: connected, and a STATE was heard.
    pub(super) fn is_okay(&self) -> bool {
        self.is_established() && self.partner.is_some()
    }

    pub(super) fn heard(&mut self, now: u64, packet: &Packet) {
        self.heard_ms = now;
        match &packet.message {
            Message::BndUpd(updates) => {
                let addresses = updates.iter().map(|update| update.address).collect();
                self.updates.insert(packet.xid, addresses);
            }
            Message::BndAck(_) => {
                self.unanswered.remove(&packet.xid);
                for request in &mut self.requests {
                    request.first.remove(&packet.xid);
                }
            }
            Message::UpdReq(_) | Message::UpdReqAll => {
                let first = self.unanswered.clone();
                self.requests.push(Request { xid: packet.xid, first });
            }
            Message::PoolReq => {
                self.pool_requests.insert(packet.xid);
            }
            Message::Disconnect(_) => self.left = true,
            _ => {}
        }
    }

    /// Accepted, and neither server has said that it ends.
    pub(super) fn is_established(&self) -> bool {
        self.phase == Phase::Accepted && !self.left
    }

    /// What holds in every state. Departure ("a server that is paused"): its last words wait for its
    /// disk, and nothing is said meanwhile.
    pub(super) fn says(
        &mut self,
        now: u64,
        packet: &Packet,
        facts: &Facts,
        leaves: bool,
    ) -> Result<(), Refusal> {
        let name = packet.message.message_type();
        let quiet = now - std::mem::replace(&mut self.said_ms, now);
        let deaf = now - self.heard_ms;
        let (was, xid) = (self.phase, packet.xid);
        if let Message::Disconnect(_) = packet.message {
            self.phase = Phase::Over;
        }
        match was {
            Phase::Over => return refuse("7.12.1", format!("{name} after the last message")),
            Phase::New
                if !matches!(packet.message, Message::Connect(_) | Message::Disconnect(_)) =>
            {
                return refuse("7.8.1", format!("{name} before CONNECT"));
            }
            Phase::Accepted if !leaves => self.timers(quiet, deaf, packet, facts)?,
            _ => {}
        }
        if !is_answer(&packet.message) && !self.use_xid(xid) {
            return refuse("6.1", format!("{name} with xid {xid} again"));
        }
        self.answers(packet)
    }

    /// §7.9.1, §7.9.2, §8.3.
    fn timers(&self, quiet: u64, deaf: u64, packet: &Packet, facts: &Facts) -> Result<(), Refusal> {
        // Departure: tSend is a third of the partner's timer at both servers.
        // Not before STATE, which may wait for the disk and is the second message (§8.2).
        let timer = self.partner_timer_s.filter(|timer_s| *timer_s > 0 && self.told.is_some());
        if let Some(timer_s) = timer {
            let send = u64::from(timer_s) * 1_000 / 3;
            if quiet > send + slack_ms(send) {
                return refuse("7.9.2", format!("nothing was said for {quiet} ms"));
            }
        }
        let receive = facts.receive_timer_s * 1_000;
        if deaf > receive + slack_ms(receive) && !matches!(packet.message, Message::Disconnect(_)) {
            return refuse("8.3", format!("goes on after {deaf} ms of silence"));
        }
        if self.told.is_none()
            && !matches!(packet.message, Message::State(_) | Message::Disconnect(_))
        {
            let name = packet.message.message_type();
            return refuse("8.2", format!("{name} before STATE"));
        }
        Ok(())
    }

    /// Whether it is new; then it is used now.
    fn use_xid(&mut self, xid: u32) -> bool {
        if self.xids.iter().any(|(low, high)| (*low..=*high).contains(&xid)) {
            return false;
        }
        match self.xids.last_mut() {
            Some((_, high)) if high.checked_add(1) == Some(xid) => *high = xid,
            _ => self.xids.push((xid, xid)),
        }
        true
    }

    /// Answers belong to a request of this connection, and are given once (§7.2, §7.5, §7.7, §8.6);
    /// the window is kept (§8.4).
    fn answers(&mut self, packet: &Packet) -> Result<(), Refusal> {
        let xid = packet.xid;
        match &packet.message {
            Message::BndUpd(_) => {
                self.unanswered.insert(xid);
                let (count, limit) = (self.unanswered.len(), self.limit.unwrap_or(1));
                if count > limit as usize {
                    return refuse("8.4", format!("{count} BNDUPDs unanswered of {limit}"));
                }
            }
            Message::BndAck(acks) => {
                let Some(asked) = self.updates.remove(&xid) else {
                    return refuse("8.6", format!("BNDACK {xid} of no BNDUPD"));
                };
                if !acks.iter().map(|ack| &ack.address).eq(asked.iter()) {
                    return refuse("7.2.1", format!("BNDACK {xid} of other addresses"));
                }
            }
            Message::UpdDone => {
                let Some(index) = self.requests.iter().position(|it| it.xid == xid) else {
                    return refuse("7.5", format!("UPDDONE {xid} of no request"));
                };
                let open = self.requests.remove(index).first;
                if !open.is_empty() {
                    return refuse("7.3.2", format!("UPDDONE {xid}, but {open:?} unanswered"));
                }
            }
            Message::PoolResp(_) if !self.pool_requests.remove(&xid) => {
                return refuse("7.7", format!("POOLRESP {xid} of no POOLREQ"));
            }
            _ => {}
        }
        Ok(())
    }

    /// §7.10, §9.3.1: every change is told, in order, and nothing else.
    pub(super) fn tells(&mut self, state: State, starting: bool) -> Result<(), Refusal> {
        let again = match self.told {
            Some((State::PartnerDown, false)) => true, // ordered again, it tells since when
            // Departure (isc-S02): a dhcpd that was started anew does not look the first time.
            Some((State::RecoverDone, false)) => self.with_dhcpd,
            _ => false,
        };
        if again && self.told == Some((state, starting)) {
            return Ok(());
        }
        // What changed before the first STATE is in it.
        while self.told.is_none()
            && self.owed.len() > 1
            && self.owed.front().is_some_and(|due| due.state != (state, starting))
        {
            self.owed.pop_front();
        }
        let next = self.owed.pop_front();
        self.partner_was_done =
            next.as_ref().map_or(self.partner_was_done, |it| it.partner_was_done);
        let due = next.map(|it| it.state).or(self.told);
        self.told = Some((state, starting));
        if due == Some((state, starting)) {
            return Ok(());
        }
        let bit = if starting { " with STARTUP" } else { "" };
        refuse("7.10", format!("STATE {state}{bit}, due is {due:?}"))
    }
}

const fn is_answer(message: &Message) -> bool {
    matches!(
        message,
        Message::BndAck(_) | Message::UpdDone | Message::PoolResp(_) | Message::ConnectAck(_)
    )
}
