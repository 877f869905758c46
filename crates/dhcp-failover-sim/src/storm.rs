//! A seeded storm of faults, and the calm after it.

use crate::check::{Rule, Violation};
use crate::{Host, Mutation, Pair, Rng, Setup, Survives};
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Balance, Command, RequestClass, State};

/// Random faults. In the honest regime the operator calls a partner down only when it is, and no
/// two disks are lost at once: then nothing may go wrong, ever. In the other one duplicates are
/// possible (S1, S3 and S4 do not count), but nothing may stay stuck and both must agree in the end.
#[derive(Clone, Debug)]
pub struct Storm {
    /// The pair in the storm.
    pub pair: Pair,
    rng: Rng,
    /// Decides on clocks alone, so that everything else stays as a seed had it before.
    clock_rng: Rng,
    /// By how much each wall clock was set.
    wall_set_ms: [i64; 2],
    /// Faults injected so far.
    pub faults: u64,
    honest: bool,
}

impl Storm {
    /// A pair of the seed's choice.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_mutation(seed, Mutation::None)
    }

    /// The same with a fault in the harness, which the checkers should find.
    #[must_use]
    pub fn with_mutation(seed: u64, mutation: Mutation) -> Self {
        let mut rng = Rng::new(seed ^ 0x5707_12ab_cdef_0001);
        let hours = |rng: &mut Rng| {
            let ms = i64::try_from(rng.below(20_000_000)).unwrap_or(0);
            if rng.percent(50) { ms } else { -ms }
        };
        // 200 ppm between the two is what the endpoints allow for.
        let drift = |rng: &mut Rng| *rng.pick(&[-100, 0, 100]).unwrap_or(&0);
        let mut clock_rng = Rng::new(seed ^ 0xc10c_c10c);
        let setup = Setup {
            mclt_s: *rng.pick(&[5, 20, 60, 200]).unwrap_or(&60),
            lease_s: *rng.pick(&[10, 40, 300, 3_000]).unwrap_or(&300),
            pool: u8::try_from(rng.between(4, 24)).unwrap_or(8),
            clients: rng.between(2, 14) as usize,
            balance: match rng.below(3) {
                0 => Balance::LoadBalance { primary_percent: 50 },
                1 => Balance::LoadBalance { primary_percent: 20 },
                _ => Balance::LoadBalance { primary_percent: 100 },
            },
            clock_offset_ms: [hours(&mut rng), hours(&mut rng)],
            clock_drift_ppm: [drift(&mut clock_rng), drift(&mut clock_rng)],
            receive_timer_s: rng.between(3, 30),
            max_unacked: [
                *rng.pick(&[1, 2, 10, 100]).unwrap_or(&1),
                *rng.pick(&[1, 3, 50]).unwrap_or(&1),
            ],
            max_batch: match seed % 3 {
                0 => [128, 128],
                1 => [1, 2],
                _ => [3, 1],
            },
            disk_delay_ms: rng.between(0, 30),
            net_delay_ms: rng.between(0, 40),
            unlimited_in_partner_down: rng.percent(20),
            mutation,
            ..Setup::new(seed)
        };
        Self {
            pair: Pair::new(setup),
            rng,
            clock_rng,
            wall_set_ms: [0; 2],
            faults: 0,
            honest: true,
        }
    }

    /// A storm with an operator who does not care whether the partner is down, and any disk may go.
    #[must_use]
    pub fn dishonest(seed: u64) -> Self {
        let mut storm = Self::new(seed);
        // A secondary without a disk that is told to go alone has only its configuration.
        storm.pair.setup.secondary_mclt_s = storm.pair.setup.mclt_s;
        storm.pair = Pair::new(storm.pair.setup);
        Self { honest: false, ..storm }
    }

    /// What counts as broken in this regime.
    #[must_use]
    pub fn broken(&self) -> Option<&Violation> {
        let excused = [Rule::S1, Rule::S3, Rule::S4];
        let counts = |violation: &&Violation| self.honest || !excused.contains(&violation.rule);
        self.pair.violations().iter().find(counts)
    }

    /// Lets the storm rage for so long, with so many seconds between faults on average.
    pub fn rage(&mut self, seconds: u64, pause_s: u64) {
        self.pair.start_both();
        for number in 0..self.pair.clients.len() {
            self.pair.join(number);
        }
        let end = self.pair.now + seconds * 1_000;
        while self.pair.now < end && self.broken().is_none() {
            let pause = self.rng.below(2_000 * pause_s);
            self.pair.run_ms(pause);
            self.faults += 1;
            if self.rng.percent(35) { self.client_acts() } else { self.fault() }
        }
    }

    fn host(&mut self) -> Host {
        if self.rng.percent(50) { Host::A } else { Host::B }
    }

    fn fault(&mut self) {
        let host = self.host();
        match self.rng.below(15) {
            0 => self.pair.cut(),
            1 => {
                let after = self.rng.between(1, 30);
                self.pair.cut_after_messages(u32::try_from(after).unwrap_or(1));
            }
            2 => {
                let survives = self.survives();
                self.pair.crash(host, survives);
            }
            3 => {
                let survives = self.survives();
                let outputs = u32::try_from(self.rng.between(1, 40)).unwrap_or(1);
                self.pair.crash_after_outputs(host, outputs, survives);
            }
            4 => {
                self.pair.power_off(host);
                self.set_wall_clock(host, 0);
            }
            5 if !self.pair.is_up(host) => self.maybe_lose_disk(host),
            5..=7 if !self.pair.is_up(host) => self.start(host),
            8 => {
                let blocked = self.pair.network.blocked[host.index()];
                self.pair.block(host, !blocked);
            }
            9 => {
                let blocked = self.rng.percent(30);
                self.pair.partition(blocked);
            }
            10 => {
                let frozen = self.pair.network.frozen[host.index()];
                if frozen { self.pair.thaw(host) } else { self.pair.freeze(host) }
            }
            11 => {
                let ms = *self.rng.pick(&[0, 5, 100, 900]).unwrap_or(&5);
                self.pair.set_net_delay_ms(ms);
            }
            12 => {
                let stalled = self.rng.percent(30);
                self.pair.stall_disk(host, stalled);
                let ms = *self.rng.pick(&[0, 5, 200, 3_000]).unwrap_or(&5);
                self.pair.set_disk_delay_ms(host, ms);
            }
            13 | 14 => self.maybe_partner_down(host),
            _ => {
                // Calm: more often than not things work again.
                self.pair.partition(false);
                for host in Host::BOTH {
                    self.pair.thaw(host);
                    self.pair.stall_disk(host, false);
                    if !self.pair.is_up(host) {
                        self.start(host);
                    }
                }
            }
        }
    }

    /// Sometimes with another wall clock than before, where that must not matter: the machine ran on,
    /// and the store is there.
    fn start(&mut self, host: Host) {
        if self.pair.keeps_its_clock(host) && self.clock_rng.percent(40) {
            let by_ms = i64::try_from(self.clock_rng.below(20_000_000)).unwrap_or(0);
            let back = self.clock_rng.percent(50);
            self.set_wall_clock(host, if back { -by_ms } else { by_ms });
        }
        self.pair.start(host);
    }

    /// So far from where it was at the beginning.
    fn set_wall_clock(&mut self, host: Host, ms: i64) {
        let before = std::mem::replace(&mut self.wall_set_ms[host.index()], ms);
        if ms != before {
            self.pair.step_clock(host, ms - before);
        }
    }

    fn survives(&mut self) -> Survives {
        *self
            .rng
            .pick(&[Survives::Nothing, Survives::SomePrefix, Survives::Everything])
            .unwrap_or(&Survives::Nothing)
    }

    fn durable_state(&self, host: Host) -> Option<State> {
        self.pair.servers[host.index()].disk.record().map(|record| record.state)
    }

    /// Only if the other server has everything.
    fn maybe_lose_disk(&mut self, host: Host) {
        let other = host.partner();
        let harmless = !self.pair.is_incomplete(other)
            && !self.pair.is_incomplete(host)
            && self.durable_state(host) != Some(State::PartnerDown);
        if harmless || !self.honest {
            self.pair.lose_disk(host);
            self.set_wall_clock(host, 0);
        }
    }

    /// Only if it is true, and this server knows all that the partner told.
    fn maybe_partner_down(&mut self, host: Host) {
        let serving = self.pair.state(host) == Some(State::CommunicationsInterrupted);
        let other = host.partner();
        let truthful = serving
            && !self.pair.is_up(other)
            && !self.pair.is_incomplete(host)
            && self.durable_state(other) != Some(State::PartnerDown);
        if (truthful || !self.honest) && !self.pair.network.frozen[host.index()] {
            let order = if truthful { Command::PartnerDown } else { Command::ForcePartnerDown };
            self.pair.command(host, order);
        }
    }

    fn client_acts(&mut self) {
        let number = self.rng.below(self.pair.clients.len() as u64) as usize;
        let host = self.host();
        match self.rng.below(12) {
            0..=3 => self.pair.release(number),
            4 => self.pair.decline(number, 100),
            5 | 6 => {
                let reaches = self.rng.percent(60);
                self.pair.set_reach(number, host, reaches);
            }
            7 | 8 => {
                if let Some(held) = self.pair.lease_of(number) {
                    self.pair.ask(number, RequestClass::New, &[host], Some(held.address));
                }
            }
            9 => {
                self.pair.release(number);
                self.pair.ask(number, RequestClass::New, &[host], None);
            }
            _ => {
                if let Some(held) = self.pair.lease_of(number) {
                    self.pair.ask(number, RequestClass::Renewal, &[host], Some(held.address));
                }
            }
        }
    }

    /// Heals everything and checks what must eventually hold.
    pub fn calm(&mut self) {
        if self.broken().is_some() {
            return;
        }
        self.pair.heal();
        let limit = 400 + self.pair.setup.mclt_s;
        self.pair.run_s(30);
        for number in 0..self.pair.clients.len() {
            self.pair.mute(number);
        }
        if self.honest {
            self.pair.check_convergence(limit);
        } else if !self.pair.run_until(limit, Pair::is_settled) {
            // Servers that both lost their memory may hold one lease for different lengths of time,
            // and dispute its end until the longer one is over.
            self.pair.violation(Rule::L1, format!("not settled after {limit} s"));
        }
        // Every lease ends.
        let longest = 2 * self.pair.setup.lease_s + self.pair.setup.mclt_s + 200;
        self.pair.run_s(longest + 300);
        self.pair.check_convergence(limit);
        for host in Host::BOTH {
            let waiting: usize =
                [BindingStatus::Expired, BindingStatus::Released, BindingStatus::Reset]
                    .into_iter()
                    .map(|status| self.pair.count(host, status))
                    .sum();
            if waiting > 0 {
                self.pair.violation(Rule::L3, format!("{host:?}: {waiting} never became FREE"));
            }
        }
        if self.broken().is_none() {
            self.pair.check_silence(300);
        }
    }
}
