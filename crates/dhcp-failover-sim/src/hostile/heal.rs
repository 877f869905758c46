//! After the storm: an honest partner without any history, and a network that works.

use super::{Storm, empty_table};
use dhcp_failover_lease::{LeaseInstant, LeaseSpan, Role};
use dhcp_failover_proto::{
    BindingTable, Endpoint, EndpointConfig, Input, LinkId, LinkSide, Monotonic, Output, Record,
    State, Ticket,
};
use std::collections::VecDeque;

/// Steps until the pair is given up.
const MOST_STEPS: usize = 200_000;

struct Side {
    endpoint: Endpoint,
    table: BindingTable,
    inputs: VecDeque<Event>,
    wake: Option<Monotonic>,
}

enum Event {
    Frame(LinkId, Vec<u8>),
    Up(LinkId, LinkSide),
    Down(LinkId),
    Persisted(Ticket),
}

/// The endpoint of a storm comes to NORMAL with an honest partner, within the waits that what it
/// was told justifies.
pub(super) fn reaches_normal(storm: &Storm) {
    let honest = EndpointConfig {
        role: match storm.config.role {
            Role::Primary => Role::Secondary,
            Role::Secondary => Role::Primary,
        },
        ..storm.config.clone()
    };
    let wall = storm.wall_s();
    let mut now = storm.now_ms;
    let mut hurt =
        Side::new(storm.endpoint.clone(), storm.table.clone(), &storm.links, &storm.unsynced);
    if matches!(hurt.endpoint.status().state, State::Paused | State::Shutdown) {
        // These end with a restart.
        let record = storm.disk.0;
        hurt.endpoint = start(storm.config.clone(), record, now, wall);
        hurt.table = storm.disk.1.clone();
        hurt.inputs.clear();
    }
    let partner = start(honest, None, now, wall);
    let mut sides = [hurt, Side::new(partner, empty_table(), &[], &[])];
    let waits = sides.iter().map(|side| side.endpoint.status().mclt).max();
    // RECOVER-WAIT on either side, refused dials, silence; twice, and the longest MCLT of a storm.
    let limit = now + 2_000 * (waits.unwrap_or(LeaseSpan::ZERO).as_s() + 4_096) + 1_200_000;
    let mut next_link = 1 << 40;
    for _ in 0..MOST_STEPS {
        let normal = |side: &Side| {
            side.endpoint.status().state == State::Normal && side.endpoint.status().connected
        };
        if sides.iter().all(normal) {
            return;
        }
        let idle = sides.iter().all(|side| side.inputs.is_empty());
        if idle {
            let next = sides.iter().filter_map(|side| side.wake).min();
            now = next.map_or(limit + 1, |at| at.as_ms().max(now));
            if now > limit {
                break;
            }
        }
        for i in 0..2 {
            step(&mut sides, i, now, &mut next_link);
        }
    }
    let [hurt, honest] = sides.map(|side| side.endpoint.status());
    panic!("no NORMAL after {} s: {hurt:?} with {honest:?}", (now - storm.now_ms) / 1_000);
}

fn start(
    config: EndpointConfig,
    record: Option<dhcp_failover_proto::EndpointRecord>,
    now_ms: u64,
    wall_s: u64,
) -> Endpoint {
    let wall = LeaseInstant::from_unix_s(wall_s);
    Endpoint::new(config, record, Monotonic::from_ms(now_ms), wall)
}

impl Side {
    fn new(
        endpoint: Endpoint,
        table: BindingTable,
        links: &[LinkId],
        unsynced: &[(Ticket, Record)],
    ) -> Self {
        // The connections of the storm are gone, and the disk answers again.
        let down = links.iter().map(|link| Event::Down(*link));
        let synced = unsynced.last().map(|(ticket, _)| Event::Persisted(*ticket));
        let inputs = down.chain(synced).collect();
        Self { endpoint, table, inputs, wake: Some(Monotonic::from_ms(0)) }
    }
}

fn step(sides: &mut [Side; 2], i: usize, now_ms: u64, next_link: &mut u64) {
    let now = Monotonic::from_ms(now_ms);
    let side = &mut sides[i];
    let event = side.inputs.pop_front();
    let input = match &event {
        Some(Event::Frame(link, bytes)) => Input::Frame { link: *link, bytes },
        Some(Event::Up(link, side)) => Input::LinkUp { link: *link, side: *side },
        Some(Event::Down(link)) => Input::LinkDown { link: *link },
        Some(Event::Persisted(ticket)) => Input::Persisted(*ticket),
        None if side.wake.is_some_and(|at| at <= now) => Input::Tick,
        None => return,
    };
    side.endpoint.handle(now, input, &side.table);
    let mut persisted = None;
    let mut other = VecDeque::new();
    loop {
        match side.endpoint.poll_output() {
            Output::Wait(at) => {
                side.wake = at;
                break;
            }
            Output::Persist { ticket, record } => {
                if let Record::Binding(binding) = record {
                    side.table.apply(*binding);
                }
                persisted = Some(ticket);
            }
            Output::Transmit { link, bytes } => other.push_back(Event::Frame(link, bytes)),
            Output::Close { link } => other.push_back(Event::Down(link)),
            Output::Dial => {
                *next_link += 1;
                let link = LinkId(*next_link);
                side.inputs.push_back(Event::Up(link, LinkSide::Dialed));
                other.push_back(Event::Up(link, LinkSide::Accepted));
            }
            _ => {}
        }
    }
    side.inputs.extend(persisted.map(Event::Persisted));
    sides[1 - i].inputs.extend(other);
}
