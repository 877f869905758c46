//! What a seed does next to a pair, in the sight of it.

use super::Regime;
use super::action::{Action, Change, Step, Stray};
use super::directed::Directed;
use crate::{DiskFailure, Host, Pair, Rng, Survives};
use dhcp_failover_proto::{Balance, Bindings, Command, State};

/// Chooses actions. Everything comes from the seed and from what the pair looks like.
#[derive(Clone, Debug)]
pub(super) struct Chooser {
    rng: Rng,
    regime: Regime,
    pause_s: u64,
    first: Option<Directed>,
}

impl Chooser {
    pub(super) fn new(seed: u64, regime: Regime, pause_s: u64) -> Self {
        let first = Directed::new(seed, regime);
        Self { rng: Rng::new(seed ^ 0x5707_12ab_cdef_0002), regime, pause_s, first }
    }

    pub(super) fn next(&mut self, pair: &Pair) -> Step {
        if let Some(step) = self.first.as_mut().and_then(|first| first.next(pair)) {
            return step;
        }
        self.first = None;
        let pause_ms = self.pause_ms(pair);
        let action = match self.rng.below(100) {
            0..=34 => self.client(pair),
            35..=41 => self.operator(pair),
            _ => self.fault(pair),
        };
        Step { pause_ms, action }
    }

    /// Mostly short, sometimes as long as the protocol's waits, and as leases last if little happens
    /// meanwhile.
    fn pause_ms(&mut self, pair: &Pair) -> u64 {
        let setup = &pair.setup;
        let quiet = pair.is_settled() || Host::BOTH.into_iter().all(|host| !pair.is_up(host));
        let longest_s = match self.rng.below(100) {
            0..=29 => 2,
            30..=91 => 2 * self.pause_s,
            92..=97 if setup.mclt_s < 600 || self.rng.percent(50) => setup.mclt_s + 100,
            98.. if quiet => setup.lease_s + setup.lease_s / 5,
            _ => 2 * self.pause_s,
        };
        self.rng.below(1_000 * longest_s)
    }

    fn host(&mut self) -> Host {
        if self.rng.percent(50) { Host::A } else { Host::B }
    }

    fn pick<T: Copy>(&mut self, from: &[T], otherwise: T) -> T {
        self.rng.pick(from).copied().unwrap_or(otherwise)
    }

    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.rng.below(u64::from(bound))).unwrap_or(0)
    }

    fn survives(&mut self) -> Survives {
        let all = [Survives::Nothing, Survives::SomePrefix, Survives::Torn, Survives::Everything];
        self.pick(&all, Survives::Nothing)
    }

    fn fault(&mut self, pair: &Pair) -> Action {
        let host = self.host();
        if !pair.is_up(host) && self.rng.percent(40) {
            return self.while_down(pair, host);
        }
        match self.rng.below(30) {
            0..=7 => self.network(pair, host),
            8..=14 => self.process(pair, host),
            15..=19 => self.disk(host),
            20..=22 => self.order(pair, host),
            23 => self.clock(host),
            _ => Action::Repair,
        }
    }

    fn network(&mut self, pair: &Pair, host: Host) -> Action {
        match self.rng.below(12) {
            0 | 1 => Action::Cut,
            2 => Action::CutAfter { messages: 1 + self.below(30) },
            3 | 4 => {
                let bytes = self.rng.below(2_000) as usize;
                Action::ResetAfter { from: host, bytes }
            }
            5 => Action::HalfOpen { host },
            6 => {
                let blocked = pair.network.blocked[host.index()];
                Action::Block { from: host, blocked: !blocked }
            }
            7 => Action::Partition { blocked: self.rng.percent(60) },
            8 | 9 => Action::NetDelay { ms: self.pick(&[0, 5, 100, 900], 5) },
            10 => {
                let some = self.rng.between(16, 200) as usize;
                Action::ShortReads { longest: self.rng.percent(60).then_some(some) }
            }
            _ => {
                let all = [Stray::Silence, Stray::OldConnect, Stray::HalfAConnect];
                Action::StrayConnection { by: host, says: self.pick(&all, Stray::Silence) }
            }
        }
    }

    fn process(&mut self, pair: &Pair, host: Host) -> Action {
        let survives = self.survives();
        match self.rng.below(8) {
            0 | 1 => Action::Crash { host, survives },
            2 | 3 => Action::CrashAfter { host, outputs: 1 + self.below(40), survives },
            4 => Action::PowerOff { host },
            5 => {
                let (times, every_ms) = (2 + self.below(5), self.rng.between(1, 3_000));
                Action::Restarts { host, times, every_ms, survives }
            }
            _ if pair.network.frozen[host.index()] => Action::Thaw { host },
            _ => Action::Freeze { host },
        }
    }

    fn disk(&mut self, host: Host) -> Action {
        match self.rng.below(7) {
            0 | 1 => Action::StallDisk { host, stalled: self.rng.percent(50) },
            2 | 3 => Action::SlowDisk { host, ms: self.pick(&[0, 5, 200, 3_000], 5) },
            4 => Action::CopyDisk { host },
            5 => Action::FailDisk { host, failure: DiskFailure::NextSync },
            _ => Action::FailDisk { host, failure: DiskFailure::Full },
        }
    }

    fn while_down(&mut self, pair: &Pair, host: Host) -> Action {
        match self.rng.below(8) {
            0 => Action::LoseDisk { host },
            1 => Action::RestoreDisk { host },
            2 if pair.keeps_its_clock(host) => self.clock(host),
            3 => self.order(pair, host.partner()),
            _ => Action::Start { host },
        }
    }

    fn clock(&mut self, host: Host) -> Action {
        let ms = i64::try_from(self.rng.below(20_000_000)).unwrap_or(0);
        Action::SetClock { host, ms: if self.rng.percent(50) { -ms } else { ms } }
    }

    fn order(&mut self, pair: &Pair, host: Host) -> Action {
        let alone = pair.state(host) == Some(State::CommunicationsInterrupted);
        let command = match self.rng.below(8) {
            0 => Command::Recover,
            1 => Command::Pause,
            2 => Command::Shutdown,
            _ if alone || self.regime.is_honest() => Command::PartnerDown,
            _ => Command::ForcePartnerDown,
        };
        Action::Order { host, command }
    }

    fn operator(&mut self, pair: &Pair) -> Action {
        let host = self.host();
        let percent = u8::try_from(self.rng.below(101)).unwrap_or(50);
        let change = match self.rng.below(10) {
            0..=3 => {
                // What one server has the other one gets, sooner or later.
                let both = Host::BOTH.into_iter().all(|it| pair.table(it).pool_count() > 1);
                let gone = pair.table(host).pool_count() > pair.table(host.partner()).pool_count();
                let removes = both || gone && self.rng.percent(70);
                return if removes {
                    Action::RemovePool { host }
                } else {
                    Action::AddPool { host }
                };
            }
            4 => {
                let now_s = pair.setup.mclt_s;
                Change::Mclt(self.rng.between(now_s / 2 + 1, 2 * now_s).clamp(5, 3_600))
            }
            5 if self.rng.percent(50) => {
                Change::Balance(Balance::HotStandby { reserve_percent: percent })
            }
            5 => Change::Balance(Balance::LoadBalance { primary_percent: percent }),
            6 => Change::MaxUnacked(1 + self.below(20)),
            7 => Change::MaxBatch(self.rng.between(1, 20) as usize),
            8 => {
                let now_s = pair.setup.receive_timer_s;
                Change::ReceiveTimer(self.rng.between(now_s / 2 + 1, now_s))
            }
            _ => Change::Reservation(u8::try_from(self.rng.below(2)).unwrap_or(0)),
        };
        Action::Configure { host, change }
    }

    fn client(&mut self, pair: &Pair) -> Action {
        let client = self.rng.below(pair.clients.len() as u64) as usize;
        let host = self.host();
        match self.rng.below(20) {
            0..=3 => Action::Release { client },
            4 => Action::Decline { client, for_s: 100 },
            5..=7 => Action::Reach { client, host, reaches: self.rng.percent(60) },
            8 | 9 => Action::AskAgain { client, host },
            10 | 11 => Action::ReleaseAndAsk { client, host },
            12 => Action::AskTwice { client, host },
            13 | 14 => Action::AskBoth { client, first: host },
            15 => Action::AskSwapped { client, host, secs: self.pick(&[1, 2, 3, 4, 60], 3) },
            16 => Action::Reboot { client },
            17 if self.rng.percent(30) => Action::Avalanche,
            _ => Action::Renew { client, host },
        }
    }
}
