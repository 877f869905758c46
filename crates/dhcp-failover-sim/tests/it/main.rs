//! Stories of two failover servers, in virtual time. One file per theme.

mod balance;
mod bulk;
mod canonical;
mod clocks;
mod conflict;
mod connections;
mod dhcpd;
mod dhcpds_faults;
mod durability;
mod extras;
mod faults;
mod grants;
mod hints;
mod holes;
mod hostile;
mod isc;
mod leases;
mod leaving;
mod lost_in_conflict;
mod mutants;
mod operator;
mod other_makes;
mod outage;
mod peers;
mod pools;
mod quarantine;
mod reconfigured;
mod recovery;
mod reference;
mod scopes;
mod scripted;
mod sections;
mod soak;
mod support;
mod transcripts;
mod updates;
mod windows;
mod wire_trace;

use dhcp_failover_proto::State;
use dhcp_failover_sim::{Host, Pair, Setup};

/// A pair that has come together, without clients.
fn normal(setup: Setup) -> Pair {
    let mut pair = Pair::new(setup);
    pair.start_both();
    assert!(pair.run_until(30, Pair::is_settled), "{}", pair.log_text());
    pair.run_s(1);
    assert!(pair.run_until(30, Pair::is_settled), "{}", pair.log_text());
    pair
}

/// A pair in NORMAL whose clients all have leases both servers know.
fn busy(setup: Setup) -> Pair {
    let clients = setup.clients;
    let mut pair = normal(setup);
    for number in 0..clients {
        pair.join(number);
    }
    pair.run_s(20);
    assert!(pair.run_until(30, Pair::is_settled), "{}", pair.log_text());
    assert_eq!(served(&pair, clients), clients, "{}", pair.log_text());
    pair
}

/// How many clients have a lease.
fn served(pair: &Pair, clients: usize) -> usize {
    (0..clients).filter(|number| pair.lease_of(*number).is_some()).count()
}

/// Every state a server has entered, in order.
fn path(pair: &Pair, host: Host) -> Vec<State> {
    pair.events_of(host)
        .filter_map(|(_, event)| match event {
            dhcp_failover_proto::Event::State { to, .. } => Some(*to),
            _ => None,
        })
        .collect()
}

/// When a server last entered this state.
fn entered(pair: &Pair, host: Host, state: State) -> u64 {
    pair.events_of(host)
        .filter(|(_, event)| {
            matches!(event, dhcp_failover_proto::Event::State { to, .. } if *to == state)
        })
        .map(|(at, _)| at)
        .last()
        .unwrap_or_else(|| panic!("{host:?} never was in {state}\n{}", pair.log_text()))
}
