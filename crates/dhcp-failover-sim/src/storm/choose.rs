//! What a seed does next to a pair, in the sight of it.

use super::action::{Action, Step};
use crate::{Host, Pair, Rng, Survives};
use dhcp_failover_proto::{Command, State};

/// Chooses actions. Everything comes from the seed and from what the pair looks like.
#[derive(Clone, Debug)]
pub(super) struct Chooser {
    rng: Rng,
    pause_s: u64,
}

impl Chooser {
    pub(super) fn new(seed: u64, pause_s: u64) -> Self {
        Self { rng: Rng::new(seed ^ 0x5707_12ab_cdef_0002), pause_s }
    }

    pub(super) fn next(&mut self, pair: &Pair) -> Step {
        let pause_ms = self.rng.below(2_000 * self.pause_s);
        let action = if self.rng.percent(35) { self.client(pair) } else { self.fault(pair) };
        Step { pause_ms, action }
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
        let all = [Survives::Nothing, Survives::SomePrefix, Survives::Everything];
        self.pick(&all, Survives::Nothing)
    }

    fn fault(&mut self, pair: &Pair) -> Action {
        let host = self.host();
        if !pair.is_up(host) && self.rng.percent(25) {
            return self.while_down(pair, host);
        }
        match self.rng.below(14) {
            0 => Action::Cut,
            1 => Action::CutAfter { messages: 1 + self.below(30) },
            2 => Action::Crash { host, survives: self.survives() },
            3 => {
                let outputs = 1 + self.below(40);
                Action::CrashAfter { host, outputs, survives: self.survives() }
            }
            4 => Action::PowerOff { host },
            5 => {
                let blocked = pair.network.blocked[host.index()];
                Action::Block { from: host, blocked: !blocked }
            }
            6 => Action::Partition { blocked: self.rng.percent(30) },
            7 => {
                let frozen = pair.network.frozen[host.index()];
                if frozen { Action::Thaw { host } } else { Action::Freeze { host } }
            }
            8 => Action::NetDelay { ms: self.pick(&[0, 5, 100, 900], 5) },
            9 => Action::StallDisk { host, stalled: self.rng.percent(30) },
            10 => Action::SlowDisk { host, ms: self.pick(&[0, 5, 200, 3_000], 5) },
            11 | 12 => self.order(pair, host),
            _ => Action::Repair,
        }
    }

    fn while_down(&mut self, pair: &Pair, host: Host) -> Action {
        match self.rng.below(6) {
            0 => Action::LoseDisk { host },
            1 | 2 if pair.keeps_its_clock(host) => {
                let ms = i64::try_from(self.rng.below(20_000_000)).unwrap_or(0);
                Action::SetClock { host, ms: if self.rng.percent(50) { -ms } else { ms } }
            }
            _ => Action::Start { host },
        }
    }

    fn order(&mut self, pair: &Pair, host: Host) -> Action {
        let alone = pair.state(host) == Some(State::CommunicationsInterrupted);
        let command = if alone { Command::PartnerDown } else { Command::ForcePartnerDown };
        Action::Order { host, command }
    }

    fn client(&mut self, pair: &Pair) -> Action {
        let client = self.rng.below(pair.clients.len() as u64) as usize;
        let host = self.host();
        match self.rng.below(12) {
            0..=3 => Action::Release { client },
            4 => Action::Decline { client, for_s: 100 },
            5 | 6 => Action::Reach { client, host, reaches: self.rng.percent(60) },
            7 | 8 => Action::AskAgain { client, host },
            9 => Action::ReleaseAndAsk { client, host },
            _ => Action::Renew { client, host },
        }
    }
}
