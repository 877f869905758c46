//! Carrying out what an endpoint asks for, as the contract of `dhcp-failover-proto` says.

use crate::check::{Rule, durable_before_visible};
use crate::monitor::line;
use crate::reference::Seen;
use crate::setup::Mutation;
use crate::{Host, Pair};
use dhcp_failover_lease::{Binding, BindingStatus as Status, LeaseSpan, StatusSet};
use dhcp_failover_proto::{Event, Input, Output, Record, State};
use dhcp_failover_wire::rules::{self, Part, Violation};
use dhcp_failover_wire::{BindingStatus, Dialect, Message, OptionCode, Packet, RawMessage, decode};

impl Pair {
    /// One input, and all that comes of it.
    pub(crate) fn feed(&mut self, host: Host, input: Input<'_>) {
        self.changed = true;
        self.seen_input(host, &input);
        let now = self.now;
        let server = &mut self.servers[host.index()];
        let monotonic = server.monotonic(now);
        let Some(endpoint) = &mut server.endpoint else { return };
        self.tally.events += 1;
        endpoint.handle(monotonic, input, &server.table);
        loop {
            let server = &mut self.servers[host.index()];
            let Some(endpoint) = &mut server.endpoint else { return };
            match endpoint.poll_output() {
                Output::Wait(at) => {
                    let at = at.filter(|_| self.setup.mutation != Mutation::NoTimers);
                    server.wake = at.map(|at| server.true_ms(at).max(now));
                    self.seen(host, Seen::Rests);
                    return;
                }
                output => self.carry_out(host, output),
            }
            if self.count_down_to_crash(host) {
                return;
            }
        }
    }

    pub(crate) fn count_down_to_crash(&mut self, host: Host) -> bool {
        match &mut self.crash_after {
            Some((which, left, survives)) if *which == host => {
                *left = left.saturating_sub(1);
                let survives = *survives;
                if *left > 0 {
                    return false;
                }
                self.crash_after = None;
                self.crash(host, survives);
                true
            }
            _ => false,
        }
    }

    fn carry_out(&mut self, host: Host, output: Output) {
        let now = self.now;
        if let Output::Persist { record: Record::Binding(binding), .. } = &output {
            self.check_recorded(host, binding);
        }
        let server = &mut self.servers[host.index()];
        match output {
            Output::Persist { ticket, record } => {
                if let Record::Binding(binding) = &record {
                    let mut binding = (**binding).clone();
                    mutate(self.setup.mutation, host, &mut binding);
                    self.kept.touch(binding.address);
                    if let Some(taken_in) = &mut server.taken_in {
                        taken_in.entry(binding.address).or_insert_with(|| binding.clone());
                    }
                    server.table.apply(binding);
                }
                server.disk.write(ticket, record, now);
                if self.setup.mutation == Mutation::PersistedBeforeSync {
                    self.early.push_back((host, ticket));
                }
            }
            Output::Transmit { link, bytes } => self.transmit(host, link.0, &bytes),
            Output::Dial => {
                self.notes.dials[host.index()].push(now);
                self.network.dial(host, now);
            }
            Output::Close { link } => {
                self.seen(host, Seen::Closes { link: link.0 });
                let server = &mut self.servers[host.index()];
                self.notes.closes[host.index()] += 1;
                server.inboxes.remove(&link.0);
                self.network.close(host, link.0, now);
            }
            Output::Confirm { token } => {
                self.check_confirm(host, token);
                self.confirmed(host, token);
            }
            Output::Refuse { token, why } => {
                self.log(Some(host), format!("refused a grant: {why:?}"));
                self.refused(host, token);
            }
            Output::Event(event) => self.event(host, event),
            _ => {}
        }
    }

    fn transmit(&mut self, host: Host, link: u64, bytes: &[u8]) {
        if let Ok(packet) = decode(bytes, self.read_as()) {
            self.seen(host, Seen::Says { link, packet: &packet });
            if let Some(trace) = &mut self.trace {
                trace.push((self.now, host, crate::monitor::step(&packet.message)));
            }
            if self.log.is_kept() && packet.message != Message::Contact {
                self.log.sent(self.now, host, line(&packet));
            }
            let server = &self.servers[host.index()];
            let mut window = self.setup.max_unacked[host.partner().index()];
            if self.setup.mutation == Mutation::StricterWindow {
                window -= 1;
            }
            let sent = self.monitor.sent(host, link, &packet, window, server, self.now);
            if let Err((rule, text)) = sent {
                self.violation(rule, format!("{host:?}: {text}"));
            }
            if let Message::BndUpd(updates) = &packet.message {
                self.check_forward(host, updates);
            }
            // What a dhcpd never said of a client cannot be said on.
            if let Err(text) = keeps_the_tables(bytes, &packet, self.dialect()) {
                self.violation(Rule::S11, format!("{host:?}: {text}"));
            }
            let server = &self.servers[host.index()];
            if let Err(text) = durable_before_visible(server, link, &packet, self.dialect()) {
                self.violation(Rule::S5, format!("{host:?} {text}"));
            }
        } else {
            self.violation(Rule::S11, format!("{host:?} sends what nobody can read"));
        }
        self.notes.sent(link, bytes);
        if bytes.get(2) == Some(&5) {
            self.last_connect = Some(bytes.to_vec());
        }
        let mut bytes = bytes.to_vec();
        let shift = self.stamp_shift_s[host.index()];
        if let Some(stamp) = bytes.get_mut(4..8)
            && shift != 0
        {
            let sent = u32::from_be_bytes([stamp[0], stamp[1], stamp[2], stamp[3]]);
            stamp.copy_from_slice(&sent.wrapping_add(shift as u32).to_be_bytes());
        }
        self.network.send(host, link, &bytes, self.now);
        self.count_down_to_cut();
    }

    pub(crate) fn count_down_to_cut(&mut self) {
        if let Some(left) = &mut self.cut_after {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.cut_after = None;
                self.cut();
            }
        }
    }

    fn event(&mut self, host: Host, event: Event) {
        if matches!(event, Event::OldStore { .. }) {
            self.seen(host, Seen::OldCopyFound);
        }
        if let Event::State { from, to, .. } = &event {
            self.seen(host, Seen::Enters(*to));
            if let Some(trace) = &mut self.trace {
                trace.push((self.now, host, format!("enters {to}")));
            }
            self.log(Some(host), format!("{from} -> {to}"));
            self.balanced.look_again();
            if *to == State::Normal {
                self.servers[host.index()].incomplete = false;
            }
        } else if self.log.is_kept() {
            self.log(Some(host), format!("{event:?}"));
        }
        if self.setup.mutation != Mutation::SwallowReports {
            self.note_report(&event);
        }
        self.events.push((self.now, host, event));
    }
}

fn mutate(mutation: Mutation, host: Host, binding: &mut Binding) {
    match mutation {
        Mutation::ForgetTold => {
            binding.knowledge.agreed = binding.status;
            binding.knowledge.told = StatusSet::EMPTY;
        }
        Mutation::HeardEarly => {
            let an_hour = LeaseSpan::from_s(3_600);
            let early = binding.last_transaction.map(|heard| heard.saturating_sub(an_hour));
            binding.last_transaction = early;
        }
        Mutation::FreeUnasked if binding.status.is_transitional() => {
            *binding =
                binding.clone().made_available(host.role().own_available(), binding.start_of_state);
            binding.knowledge.agreed = binding.status;
            binding.knowledge.told = StatusSet::EMPTY;
        }
        Mutation::LoseLeases if binding.status == Status::Active => {
            *binding = Binding::unused(binding.address);
        }
        Mutation::OwnEverything if binding.status.is_available() => {
            binding.status = host.role().own_available();
            binding.knowledge.agreed = binding.status;
            binding.knowledge.told = StatusSet::EMPTY;
        }
        _ => {}
    }
}

/// Every message has the options its table demands and none it forbids (draft-12 §7).
fn keeps_the_tables(bytes: &[u8], packet: &Packet, dialect: Dialect) -> Result<(), String> {
    let raw = RawMessage::parse(bytes).map_err(|error| error.to_string())?;
    let checked = match &packet.message {
        Message::BndUpd(updates) => updates.iter().try_for_each(|update| {
            // The one deviation: it says when an ABANDONED address may be tried again.
            let allowed = (update.status == BindingStatus::ABANDONED)
                .then_some(Violation::Forbidden { option: OptionCode::LEASE_EXPIRATION_TIME });
            rules::check(dialect, Part::Update(update.status), update.options()).or_else(
                |violation| if Some(violation) == allowed { Ok(()) } else { Err(violation) },
            )
        }),
        message => rules::check_message(dialect, raw, message),
    };
    checked.map_err(|violation| format!("{}: {violation}", packet.message.message_type()))
}
