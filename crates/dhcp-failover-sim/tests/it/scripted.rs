//! One real endpoint and a partner that says what a test has it say.

use dhcp_failover_lease::{BindingFlags, Client, HardwareAddress, LeaseInstant, LeaseSpan, Role};
use dhcp_failover_proto::{
    BindingTable, Bindings, ClockStamp, Command, Endpoint, EndpointConfig, EndpointRecord, Event,
    Input, LeaseEvent, LinkId, LinkSide, Monotonic, Output, Record, RequestClass, Severity, Stale,
    State, Token,
};
use dhcp_failover_proto::{Decision, Query};
use dhcp_failover_wire::{
    BindingAck, BindingUpdate, Connect, ConnectAck, Dialect, Message, Packet, RejectReason,
    ServerFlags, State as StateMessage, UpdReq, decode, encode,
};
use std::net::Ipv4Addr;

pub(crate) const BEGIN: u64 = 1_700_000_000;
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

pub(crate) struct Scripted {
    pub(crate) endpoint: Endpoint,
    pub(crate) config: EndpointConfig,
    pub(crate) table: BindingTable,
    /// On disk.
    pub(crate) record: Option<EndpointRecord>,
    pub(crate) events: Vec<Event>,
    /// What it said, the last connection only.
    pub(crate) said: Vec<Packet>,
    /// The same as bytes.
    pub(crate) said_bytes: Vec<Vec<u8>>,
    /// What becomes of the partner's messages on the way.
    pub(crate) on_the_way: fn(&mut Vec<u8>),
    /// The connections it closed.
    pub(crate) closed: Vec<LinkId>,
    /// How often it wanted to connect.
    pub(crate) dials: usize,
    /// Why it refused what.
    pub(crate) refused: Vec<Stale>,
    /// The map of a partner that is the primary.
    pub(crate) hash_buckets: [u8; 32],
    /// How many updates the partner takes unanswered.
    pub(crate) max_unacked: u32,
    /// Whether writes are reported durable at once.
    pub(crate) disk_works: bool,
    pub(crate) now_ms: u64,
    pub(crate) link: LinkId,
    xid: u32,
}

/// How a partner that is one of ours calls itself.
pub(crate) const VENDOR_CLASS: &[u8] = b"dhcp-failover-0.1";

/// What such a partner says in vendor-specific-options: items of type and value.
pub(crate) fn hints(items: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![2];
    for (kind, value) in items {
        let length = u16::try_from(value.len()).expect("an item of a few bytes");
        bytes.push(*kind);
        bytes.extend(length.to_be_bytes());
        bytes.extend_from_slice(value);
    }
    bytes
}

/// A configuration with an MCLT of 60 s.
pub(crate) fn config(role: Role) -> EndpointConfig {
    EndpointConfig {
        mclt: LeaseSpan::from_s(60),
        receive_timer: LeaseSpan::from_s(20),
        ..EndpointConfig::new("pair", role, Ipv4Addr::LOCALHOST.into())
    }
}

impl Scripted {
    pub(crate) fn start(config: EndpointConfig, record: Option<EndpointRecord>) -> Self {
        #[cfg(failover_mutants)]
        dhcp_failover_sim::mutants::switch_on_named();
        let wall = LeaseInstant::from_unix_s(BEGIN);
        let endpoint = Endpoint::new(config.clone(), record, Monotonic::from_ms(0), wall);
        let mut table = BindingTable::new();
        table.add_pool([ADDRESS..=Ipv4Addr::new(192, 0, 2, 4)]).expect("one pool");
        let mut scripted = Self {
            endpoint,
            config,
            table,
            record,
            events: Vec::new(),
            said: Vec::new(),
            said_bytes: Vec::new(),
            on_the_way: |_| {},
            closed: Vec::new(),
            dials: 0,
            refused: Vec::new(),
            hash_buckets: [0xff; 32],
            max_unacked: 10,
            disk_works: true,
            now_ms: 0,
            link: LinkId(0),
            xid: 1_000,
        };
        scripted.feed(Input::Tick);
        scripted
    }

    /// As a server that had been in this state until `BEGIN`, and had run failover before.
    pub(crate) fn resumed(role: Role, state: State) -> Self {
        Self::start(config(role), Some(record(role, state)))
    }

    /// The same with a configuration of its own.
    pub(crate) fn resumed_with(config: EndpointConfig, state: State) -> Self {
        let record = record(config.role, state);
        Self::start(config, Some(record))
    }

    /// The process ends and starts again from its disk.
    pub(crate) fn restart(&mut self) {
        let wall = LeaseInstant::from_unix_s(BEGIN + self.now_ms / 1_000);
        let now = Monotonic::from_ms(self.now_ms);
        self.endpoint = Endpoint::new(self.config.clone(), self.record, now, wall);
        self.feed(Input::Tick);
    }

    pub(crate) fn feed(&mut self, input: Input<'_>) {
        self.endpoint.handle(Monotonic::from_ms(self.now_ms), input, &self.table);
        let mut last = None;
        loop {
            match self.endpoint.poll_output() {
                Output::Wait(_) => break,
                Output::Persist { ticket, record } => {
                    match record {
                        Record::Binding(binding) => {
                            self.table.apply(*binding);
                        }
                        Record::Endpoint(record) if self.disk_works => self.record = Some(record),
                        Record::Endpoint(_) => {}
                    }
                    last = Some(ticket);
                }
                Output::Transmit { bytes, .. } => {
                    self.said.push(decode(&bytes, Dialect::Draft12).expect("it can be read"));
                    self.said_bytes.push(bytes);
                }
                Output::Close { link } => self.closed.push(link),
                Output::Dial => self.dials += 1,
                Output::Refuse { why, .. } => self.refused.push(why),
                Output::Event(event) => self.events.push(event),
                _ => {}
            }
        }
        if let Some(ticket) = last.filter(|_| self.disk_works) {
            self.feed(Input::Persisted(ticket));
        }
    }

    /// Time passes, second by second, without a word from the partner.
    pub(crate) fn pass_s(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now_ms += 1_000;
            self.feed(Input::Tick);
        }
    }

    /// The same, with a sign of life every second.
    pub(crate) fn pass_in_contact_s(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now_ms += 1_000;
            self.say(Message::Contact);
        }
    }

    pub(crate) fn wire_now(&self) -> u32 {
        u32::try_from(BEGIN + self.now_ms / 1_000).expect("this century")
    }

    /// The partner says this.
    pub(crate) fn say(&mut self, message: Message) {
        self.xid += 1;
        self.answer(self.xid, message);
    }

    pub(crate) fn answer(&mut self, xid: u32, message: Message) {
        let mut bytes = Vec::new();
        let packet = Packet { time: self.wire_now(), xid, message };
        encode(&packet, Dialect::Draft12, &mut bytes).expect("it can be written");
        (self.on_the_way)(&mut bytes);
        self.feed(Input::Frame { link: self.link, bytes: &bytes });
    }

    /// A new connection, with nothing on it yet.
    pub(crate) fn link_up(&mut self, side: LinkSide) {
        self.said.clear();
        self.said_bytes.clear();
        self.link = LinkId(self.link.0 + 1);
        self.feed(Input::LinkUp { link: self.link, side });
    }

    /// The partner, a primary, connects and says this; the answer.
    pub(crate) fn offers(&mut self, connect: Connect) -> ConnectAck {
        self.link_up(LinkSide::Accepted);
        self.say(Message::Connect(connect));
        let mut answers = self.said.iter().filter_map(|packet| match &packet.message {
            Message::ConnectAck(answer) => Some(answer.clone()),
            _ => None,
        });
        answers.next_back().expect("an answer")
    }

    /// Whether the connection made last is neither closed nor refused.
    pub(crate) fn keeps_link(&self) -> bool {
        !self.closed.contains(&self.link)
    }

    /// A connection, CONNECT and CONNECTACK; the first STATE is still to come.
    pub(crate) fn connect(&mut self) {
        self.connect_with(None);
    }

    /// The same, as one of ours with these [`hints`] in vendor-specific-options.
    pub(crate) fn connect_with(&mut self, vendor_specific: Option<Vec<u8>>) {
        let name = b"pair".to_vec();
        let vendor_class_identifier = vendor_specific.is_some().then(|| VENDOR_CLASS.to_vec());
        match self.config.role {
            Role::Secondary => {
                self.link_up(LinkSide::Accepted);
                self.say(Message::Connect(Connect {
                    relationship_name: name,
                    max_unacked_bndupd: Some(self.max_unacked),
                    receive_timer: Some(60),
                    protocol_version: 1,
                    tls_request: Some(0),
                    mclt: Some(60),
                    hash_buckets: Some(self.hash_buckets),
                    vendor_class_identifier,
                    vendor_specific,
                    ..Connect::default()
                }));
            }
            Role::Primary => {
                self.pass_s(3); // until it dials
                self.link_up(LinkSide::Dialed);
                let xid = self.said.last().expect("it sent CONNECT").xid;
                self.answer(
                    xid,
                    Message::ConnectAck(ConnectAck {
                        relationship_name: name,
                        max_unacked_bndupd: Some(self.max_unacked),
                        receive_timer: Some(60),
                        protocol_version: 1,
                        tls_reply: Some(0),
                        vendor_class_identifier,
                        vendor_specific,
                        ..ConnectAck::default()
                    }),
                );
            }
        }
    }

    /// The partner is in this state, since now.
    pub(crate) fn partner(&mut self, state: State) {
        self.partner_since(state, ServerFlags::NONE, self.wire_now());
    }

    /// The partner is starting, and was in this state before.
    pub(crate) fn partner_starting(&mut self, state: State) {
        self.partner_since(state, ServerFlags::STARTUP, self.wire_now());
    }

    pub(crate) fn partner_since(&mut self, state: State, flags: ServerFlags, since: u32) {
        self.say(Message::State(StateMessage {
            server_state: state.to_wire(),
            server_flags: flags,
            start_time_of_state: since,
        }));
    }

    /// A connection with a partner in this state.
    pub(crate) fn meets(&mut self, state: State) {
        self.connect();
        self.partner(state);
    }

    /// A connection with a partner that recovers and has asked for what it has missed: before, it is
    /// told nothing.
    pub(crate) fn is_asked(&mut self) {
        self.meets(State::Recover);
        self.say(Message::UpdReq(UpdReq::default()));
    }

    pub(crate) fn cut(&mut self) {
        self.feed(Input::LinkDown { link: self.link });
    }

    pub(crate) fn order(&mut self, command: Command) {
        self.feed(Input::Command(command));
    }

    pub(crate) fn configure(&mut self, config: EndpointConfig) {
        self.config = config;
        self.feed(Input::Configure(Box::new(self.config.clone())));
    }

    pub(crate) fn state(&self) -> State {
        self.endpoint.status().state
    }

    /// The transaction of the update request it sent last, and whether it asked for everything.
    pub(crate) fn request(&self) -> Option<(u32, bool)> {
        self.said.iter().rev().find_map(|packet| match packet.message {
            Message::UpdReq(UpdReq { .. }) => Some((packet.xid, false)),
            Message::UpdReqAll => Some((packet.xid, true)),
            _ => None,
        })
    }

    /// The partner has nothing (more) to tell.
    pub(crate) fn updates_done(&mut self) {
        let (xid, _) = self.request().expect("it asked for updates");
        self.answer(xid, Message::UpdDone);
    }

    /// The BNDUPD messages it sent on this connection, in order, with their transactions.
    pub(crate) fn updates(&self) -> Vec<(u32, Vec<BindingUpdate>)> {
        let messages = self.said.iter().filter_map(|packet| match &packet.message {
            Message::BndUpd(updates) => Some((packet.xid, updates.clone())),
            _ => None,
        });
        messages.collect()
    }

    /// The updates in them.
    pub(crate) fn told(&self) -> Vec<BindingUpdate> {
        self.updates().into_iter().flat_map(|(_, updates)| updates).collect()
    }

    /// The partner answers the BNDUPD of this number, and refuses of it what it likes to; whether
    /// there is such a message.
    pub(crate) fn judge(&mut self, number: usize, refuse: impl Fn(&BindingUpdate) -> bool) -> bool {
        let Some((xid, updates)) = self.updates().into_iter().nth(number) else { return false };
        let answer = |update: &BindingUpdate| match refuse(update) {
            true => BindingAck::reject(update.address, RejectReason::UNKNOWN_ERROR, None),
            false => BindingAck::accept(update.address),
        };
        self.answer(xid, Message::BndAck(updates.iter().map(answer).collect()));
        true
    }

    /// The partner accepts the BNDUPD of this number.
    pub(crate) fn accept(&mut self, number: usize) -> bool {
        self.judge(number, |_| false)
    }

    /// The partner accepts the BNDUPDs from this number on, and those that follow.
    pub(crate) fn accept_from(&mut self, first: usize) {
        let mut number = first;
        while self.accept(number) {
            number += 1;
        }
    }

    /// The partner accepts every update it has been sent on this connection.
    pub(crate) fn accept_updates(&mut self) {
        for number in 0..self.updates().len() {
            self.accept(number);
        }
    }

    /// The states it reported on this connection, with the STARTUP flag.
    pub(crate) fn reported(&self) -> Vec<(State, bool)> {
        let states = self.said.iter().filter_map(|packet| match packet.message {
            Message::State(state) => Some(state),
            _ => None,
        });
        states
            .map(|it| {
                let state = State::from_wire(it.server_state).expect("a state");
                (state, it.server_flags.contains(ServerFlags::STARTUP))
            })
            .collect()
    }

    pub(crate) fn count(&self, kind: fn(&Message) -> bool) -> usize {
        self.said.iter().filter(|packet| kind(&packet.message)).count()
    }

    fn decides(&self, class: RequestClass) -> bool {
        let view = self.endpoint.view();
        let now = self.endpoint.lease_now();
        let of = |key: u8| {
            let query = Query {
                class,
                key: &[key],
                secs: 0,
                max_delay_s: None,
                partner_pool_empty: false,
                now,
            };
            view.decide(&query) == Decision::Serve
        };
        // The keys meet all kinds of buckets: balanced service answers some only.
        (0..32).all(of)
    }

    /// Whether it answers every new client.
    pub(crate) fn serves_everybody(&self) -> bool {
        self.decides(RequestClass::New)
    }

    /// Whether it answers every renewal.
    pub(crate) fn renews(&self) -> bool {
        self.decides(RequestClass::Renewal)
    }

    /// A client is promised an address, if that is possible; whether it was.
    pub(crate) fn lease(&mut self, address: Ipv4Addr, client: u8) -> bool {
        let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, client]).expect("six bytes");
        self.renew(address, Client::new(None, hardware))
    }

    /// The same, for any client.
    pub(crate) fn renew(&mut self, address: Ipv4Addr, client: Client) -> bool {
        self.lease_with(address, client, Vec::new())
    }

    /// The same, of an address that is reserved for the client.
    pub(crate) fn lease_reserved(&mut self, address: Ipv4Addr, client: u8) -> bool {
        let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, client]).expect("six bytes");
        let flags = BindingFlags { reserved: true, ..BindingFlags::default() };
        self.grant(address, Client::new(None, hardware), Vec::new(), flags)
    }

    /// The same, with options of its request.
    pub(crate) fn lease_with(
        &mut self,
        address: Ipv4Addr,
        client: Client,
        request_options: Vec<u8>,
    ) -> bool {
        let binding = self.table.get(address).expect("in the pool");
        let reserved = binding.flags.reserved && binding.is_for(&client);
        let flags = BindingFlags { reserved, ..binding.flags };
        self.grant(address, client, request_options, flags)
    }

    /// The same, with flags of its own.
    pub(crate) fn grant(
        &mut self,
        address: Ipv4Addr,
        client: Client,
        request_options: Vec<u8>,
        flags: BindingFlags,
    ) -> bool {
        let (view, now) = (self.endpoint.view(), self.endpoint.lease_now());
        let binding = self.table.get(address).expect("in the pool");
        let allowed = match flags.reserved {
            true => view.may_allocate_reserved(&binding, &client, now),
            false => view.may_allocate(&binding, &client, now),
        };
        if allowed.is_err() {
            return false;
        }
        let grant = view.grant(&binding, &client, LeaseSpan::from_s(3_600), 50, now);
        let refused = self.refused.len();
        self.feed(Input::Lease(LeaseEvent::Granted {
            token: Token(1),
            address,
            client,
            grant,
            version: binding.version,
            epoch: view.epoch(),
            flags,
            request_options,
        }));
        self.refused.len() == refused
    }

    /// The reason given for the last change to this state.
    pub(crate) fn why(&self, state: State) -> String {
        let why = self.events.iter().rev().find_map(|event| match event {
            Event::State { to, because, .. } if *to == state => Some(because.to_string()),
            _ => None,
        });
        why.unwrap_or_else(|| panic!("it never entered {state}: {:?}", self.events))
    }

    pub(crate) fn alarms(&self) -> usize {
        self.events.iter().filter(|event| event.severity() == Severity::Alarm).count()
    }
}

/// A record of a server that had been in a state for a minute.
pub(crate) fn record(role: Role, state: State) -> EndpointRecord {
    let mut new = Scripted::start(config(role), None);
    new.order(Command::PartnerDown);
    let made = new.record.expect("it is on record");
    let began = LeaseInstant::from_unix_s(BEGIN - 60);
    EndpointRecord {
        state,
        state_since: began,
        storage_lost: false,
        ran_failover: true,
        partner_down_ordered: state == State::PartnerDown,
        partner_was_alone: false,
        alive_until: LeaseInstant::from_unix_s(BEGIN),
        written_at: LeaseInstant::from_unix_s(BEGIN),
        clock: ClockStamp { boot: 0, monotonic_ms: 0, shown: LeaseInstant::from_unix_s(BEGIN) },
        partner_offset: None,
        ..made
    }
}
