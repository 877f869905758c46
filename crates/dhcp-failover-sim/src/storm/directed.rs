//! The way to pairs of states that storms seldom come to by themselves: what some seeds do first.

use super::Regime;
use super::action::{Action, Step};
use crate::{Host, Pair, Rng, Survives};
use dhcp_failover_proto::{Command, Event, State};
use std::collections::VecDeque;

/// A step that waits for longer than so many looks is given up, and the rest with it.
const PATIENCE: u32 = 2_000;

/// One thing to do, when the pair is ready for it.
type Stage = (fn(&Pair, Host) -> bool, fn(Host) -> Action);

/// What is done first.
#[derive(Clone, Debug)]
pub(super) struct Directed {
    stages: VecDeque<Stage>,
    host: Host,
    looks: u32,
    /// The network is so slow meanwhile that states last.
    net_delay_ms: u64,
}

impl Directed {
    /// What a seed begins with: one or two in sixteen.
    pub(super) fn new(seed: u64, regime: Regime) -> Option<Self> {
        let mut rng = Rng::new(seed ^ 0x5707_12ab_cdef_0003);
        let host = if rng.percent(50) { Host::A } else { Host::B };
        let (stages, host) = match (regime, seed % 16, rng.below(4)) {
            (Regime::Honest, 4, end) => (EACH_ALONE[end as usize % EACH_ALONE.len()], host),
            (Regime::Honest, 12, _) => (LOSS_WHEN_ALONE, host),
            (Regime::Unsafe, 9, 0) => (LOSS_IN_A_CONFLICT, host),
            // Only the primary knows CONFLICT-DONE.
            (Regime::Unsafe, 9, 1) => (LOSS_AFTER_HALF_A_CONFLICT, Host::B),
            (Regime::Unsafe, 9, 2) => (SHUTDOWN_IN_A_CONFLICT, host),
            (Regime::Unsafe, 9, _) => (OLD_WAIT, host),
            _ => return None,
        };
        let net_delay_ms = rng.between(100, 900);
        Some(Self { stages: stages.iter().copied().collect(), host, looks: 0, net_delay_ms })
    }

    /// The next step; `None` when all is done.
    pub(super) fn next(&mut self, pair: &Pair) -> Option<Step> {
        let (ready, action) = self.stages.front()?;
        if ready(pair, self.host) {
            let step = Step { pause_ms: 0, action: action(self.host) };
            self.stages.pop_front();
            self.looks = 0;
            return Some(step);
        }
        self.looks += 1;
        if self.looks > PATIENCE {
            self.stages.clear();
        }
        Some(Step { pause_ms: 500, action: Action::NetDelay { ms: self.net_delay_ms } })
    }
}

/// One server loses its data in a conflict and recovers, but cannot tell its partner.
const LOSS_IN_A_CONFLICT: &[Stage] = &[
    (normal, |_| Action::Partition { blocked: true }),
    (interrupted, |host| order(host, Command::ForcePartnerDown)),
    (always, |host| order(host.partner(), Command::ForcePartnerDown)),
    (always, |_| Action::Partition { blocked: false }),
    (partner_compares, |host| Action::Crash { host, survives: Survives::Everything }),
    (always, |host| Action::LoseDisk { host }),
    (always, |host| Action::Start { host }),
    (waits, |_| Action::Partition { blocked: true }),
    (recovered, |_| Action::Repair),
];

/// The same where the partner is in CONFLICT-DONE already.
const LOSS_AFTER_HALF_A_CONFLICT: &[Stage] = &[
    (normal, |_| Action::Partition { blocked: true }),
    (interrupted, |host| order(host, Command::ForcePartnerDown)),
    (always, |host| order(host.partner(), Command::ForcePartnerDown)),
    (always, |_| Action::Partition { blocked: false }),
    (partner_is_done, |host| Action::Crash { host, survives: Survives::Everything }),
    (always, |host| Action::LoseDisk { host }),
    (always, |host| Action::Start { host }),
    (waits, |_| Action::Partition { blocked: true }),
    (recovered, |_| Action::Repair),
];

/// One server is shut down when a conflict was interrupted.
const SHUTDOWN_IN_A_CONFLICT: &[Stage] = &[
    (normal, |_| Action::Partition { blocked: true }),
    (interrupted, |host| order(host, Command::ForcePartnerDown)),
    (always, |host| order(host.partner(), Command::ForcePartnerDown)),
    (always, |_| Action::Partition { blocked: false }),
    (both_compare, |_| Action::Partition { blocked: true }),
    (both_interrupted, |host| order(host, Command::Shutdown)),
];

/// A copy of a disk from RECOVER-WAIT comes back when all was well and nobody has noticed yet, with a
/// clock that was set back, so that the wait is not over.
const OLD_WAIT: &[Stage] = &[
    (normal, |host| Action::Crash { host, survives: Survives::Everything }),
    (always, |host| Action::LoseDisk { host }),
    (always, |host| Action::Start { host }),
    (waits, |host| Action::CopyDisk { host }),
    (settled, |_| Action::Partition { blocked: true }),
    (interrupted, |_| Action::Partition { blocked: false }),
    (settled_later, |host| Action::PowerOff { host }),
    (always, |_| Action::Partition { blocked: true }),
    (always, |host| Action::RestoreDisk { host }),
    (always, |host| Action::SetClock { host, ms: -20_000_000 }),
    (always, |host| Action::Start { host }),
    (waits, |_| Action::Repair),
];

/// One server is sent alone, gives addresses of the other one's to clients, and loses its disk when that
/// one comes back.
const LOSS_WHEN_ALONE: &[Stage] = &[
    (normal, |host| Action::Crash { host: host.partner(), survives: Survives::Everything }),
    (interrupted_here, |host| Action::CallDown { host }),
    (alone_for_long, |_| Action::Avalanche),
    (gave_most, |host| Action::Crash { host, survives: Survives::Everything }),
    (always, |host| Action::LoseDisk { host }),
    (always, |host| Action::Start { host: host.partner() }),
    (always, |host| Action::Start { host }),
    (started_there, |_| Action::Avalanche),
    (served, |_| Action::NetDelay { ms: 5 }),
];

/// Each server is sent alone when the other is down, one after the other; when they meet, the comparison
/// is interrupted.
const EACH_ALONE: [&[Stage]; 4] = [
    &each_alone((compares, |_| Action::Partition { blocked: true })),
    &each_alone((compares, |host| order(host.partner(), Command::Shutdown))),
    &each_alone((compares, |host| Action::PowerOff { host: host.partner() })),
    &each_alone((both_compare, |_| Action::Partition { blocked: true })),
];

const fn each_alone(end: Stage) -> [Stage; 10] {
    [
        (normal, |host| Action::Crash { host: host.partner(), survives: Survives::Everything }),
        (interrupted_here, |host| Action::CallDown { host }),
        (alone_for_long, |host| Action::Crash { host, survives: Survives::Everything }),
        (always, |host| Action::Start { host: host.partner() }),
        (waiting_there, |host| Action::CallDown { host: host.partner() }),
        (alone_there, |_| Action::Avalanche),
        (served, |host| Action::Start { host }),
        end,
        (always, |_| Action::Avalanche),
        (served, |_| Action::NetDelay { ms: 5 }),
    ]
}

const fn order(host: Host, command: Command) -> Action {
    Action::Order { host, command }
}

fn both(pair: &Pair, state: State) -> bool {
    pair.states() == [Some(state); 2]
}

const fn always(_: &Pair, _: Host) -> bool {
    true
}

fn normal(pair: &Pair, _: Host) -> bool {
    both(pair, State::Normal)
}

fn interrupted(pair: &Pair, _: Host) -> bool {
    both(pair, State::CommunicationsInterrupted)
}

fn both_compare(pair: &Pair, _: Host) -> bool {
    both(pair, State::PotentialConflict)
}

fn both_interrupted(pair: &Pair, _: Host) -> bool {
    both(pair, State::ResolutionInterrupted)
}

fn partner_compares(pair: &Pair, host: Host) -> bool {
    pair.state(host.partner()) == Some(State::PotentialConflict)
}

fn partner_is_done(pair: &Pair, host: Host) -> bool {
    pair.state(host.partner()) == Some(State::ConflictDone)
}

fn waits(pair: &Pair, host: Host) -> bool {
    pair.state(host) == Some(State::RecoverWait)
}

fn recovered(pair: &Pair, host: Host) -> bool {
    pair.state(host) == Some(State::RecoverDone)
}

fn interrupted_here(pair: &Pair, host: Host) -> bool {
    pair.state(host) == Some(State::CommunicationsInterrupted)
}

fn compares(pair: &Pair, host: Host) -> bool {
    pair.state(host) == Some(State::PotentialConflict)
}

fn waiting_there(pair: &Pair, host: Host) -> bool {
    pair.state(host.partner()) == Some(State::Startup)
}

/// In PARTNER-DOWN, and all waits are over.
fn alone_for_long(pair: &Pair, host: Host) -> bool {
    let alone = pair.endpoint(host).filter(|it| it.state() == State::PartnerDown);
    alone.is_some_and(|it| it.view().allocator(it.lease_now()).partner_is_over())
}

fn alone_there(pair: &Pair, host: Host) -> bool {
    alone_for_long(pair, host.partner())
}

fn served(pair: &Pair, _: Host) -> bool {
    (0..pair.setup().clients).any(|client| pair.lease_of(client).is_some())
}

/// Two of three of the addresses, or of the clients.
fn gave_most(pair: &Pair, _: Host) -> bool {
    let setup = pair.setup();
    let leases = (0..setup.clients).filter(|client| pair.lease_of(*client).is_some()).count();
    3 * leases >= 2 * setup.clients.min(usize::from(setup.pool))
}

fn started_there(pair: &Pair, host: Host) -> bool {
    pair.state(host.partner()).is_some_and(|state| state != State::Startup)
}

fn settled(pair: &Pair, _: Host) -> bool {
    pair.is_settled()
}

/// Connected anew for some seconds, and settled: then a copy from before can be told from the truth.
fn settled_later(pair: &Pair, host: Host) -> bool {
    let connections = pair.events_of(host.partner()).filter(|(_, it)| **it == Event::Connected);
    let last = connections.last();
    pair.is_settled() && last.is_some_and(|(at, _)| pair.now_ms() > at + 4_000)
}
