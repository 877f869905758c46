//! The pair of a seed's choice.

use super::Regime;
use crate::{Mutation, Rng, Setup};
use dhcp_failover_proto::{Balance, StartupPolicy};
use dhcp_failover_wire::digest::{Key, Scheme};

/// The true times at which a wire clock overflows: in 2038 if it is taken for signed, and in 2106.
const OVERFLOWS_S: [u64; 2] = [(1 << 31) - BEGIN_S, (1 << 32) - BEGIN_S];
/// When true time 0 is, in seconds since 1970.
const BEGIN_S: u64 = 1_700_000_000;

/// What a seed decides before anything happens.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) setup: Setup,
    /// How long the storm rages at most.
    pub(super) rage_s: u64,
    /// Between two actions, on average, where nothing is waited for.
    pub(super) pause_s: u64,
    /// How many things happen meanwhile at most.
    pub(super) events: u64,
}

impl Plan {
    pub(super) fn new(seed: u64, regime: Regime, mutation: Mutation) -> Self {
        let mut rng = Rng::new(seed ^ 0x5707_12ab_cdef_0001);
        let mut setup = Setup { mutation, ..Self::scale(&mut rng, seed) };
        Self::circumstances(&mut rng, &mut setup);
        if regime == Regime::Dialect {
            setup = super::dialect::with_other(setup);
        }
        if !regime.is_honest() {
            // A secondary without a disk that is told to go alone has only its configuration.
            setup.secondary_mclt_s = setup.mclt_s;
            // Both are a decision nobody checks: the partner may not be down.
            setup.safe_period_s = rng.percent(25).then(|| rng.between(10, 2 * setup.mclt_s + 10));
            let policies = [StartupPolicy::Wait, StartupPolicy::Resume, StartupPolicy::PartnerDown];
            setup.startup_policy = rng.pick(&policies).copied().unwrap_or_default();
        }
        // Long enough for the longest wait, and for a lease to end, several times.
        let rage_s = (8 * setup.mclt_s + 2 * setup.lease_s).max(900);
        let busy = 600 / setup.clients as u64;
        let pause_s = if rng.percent(30) { 1 } else { (setup.mclt_s / 8).clamp(2, 60).min(busy) };
        Self { setup, rage_s, pause_s, events: 4_000 }
    }

    /// From seconds to days; the longer, the fewer clients.
    fn scale(rng: &mut Rng, seed: u64) -> Setup {
        let (mclt, lease, clients, pool) = match rng.below(200) {
            0 => ((300, 3_600), (3_600, 259_200), 6, 64),
            1..=9 => ((5, 3_600), (600, 7_200), 8, 64),
            10..=49 => ((30, 600), (60, 1_800), 16, 256),
            _ => ((5, 120), (10, 600), 64, 256),
        };
        let mclt_s = spread(rng, mclt.0, mclt.1);
        let lease_s = spread(rng, lease.0, lease.1);
        let clients = spread(rng, 1, clients);
        let scarce = rng.percent(60);
        let pool = spread(rng, 1, if scarce { (2 * clients).min(pool) } else { pool });
        let slow_s = (lease_s + mclt_s) / 150;
        Setup {
            mclt_s,
            lease_s,
            pool: u16::try_from(pool).unwrap_or(u16::MAX),
            clients: usize::try_from(clients).unwrap_or(1),
            receive_timer_s: rng.between(slow_s.max(3), (2 * slow_s).max(30)),
            longest_retry_s: (mclt_s / 4).clamp(1, 64),
            sweep_ms: 1_000 * (lease_s / 300).max(1),
            ..Setup::new(seed)
        }
    }

    fn circumstances(rng: &mut Rng, setup: &mut Setup) {
        let percent = u8::try_from(rng.below(101)).unwrap_or(50);
        setup.balance = match rng.below(4) {
            0 => Balance::HotStandby { reserve_percent: percent },
            1 => Balance::LoadBalance { primary_percent: 50 },
            _ => Balance::LoadBalance { primary_percent: percent },
        };
        for i in 0..2 {
            let offset_ms = i64::try_from(rng.below(20_000_000)).unwrap_or(0);
            setup.clock_offset_ms[i] = if rng.percent(50) { -offset_ms } else { offset_ms };
            // 200 ppm between the two is what the endpoints allow for.
            setup.clock_drift_ppm[i] = match rng.below(3) {
                0 => 0,
                _ => i32::try_from(rng.below(201)).unwrap_or(100) - 100,
            };
            setup.max_unacked[i] = u32::try_from(spread(rng, 1, 100)).unwrap_or(1);
            setup.max_batch[i] = usize::try_from(spread(rng, 1, 128)).unwrap_or(1);
        }
        setup.startup_s = rng.between(1, 20);
        setup.disk_delay_ms = rng.between(0, 30);
        setup.net_delay_ms = rng.between(0, 40);
        setup.unlimited_in_partner_down = rng.percent(20);
        if rng.percent(25) {
            let key = Key::new(Scheme::HMAC_SHA256, "a shared secret");
            setup.secrets = [Some(key.clone()), Some(key)];
        }
        if rng.percent(15) {
            let overflow_s = OVERFLOWS_S[usize::from(setup.seed & 0x20 != 0)];
            setup.begin_ms = 1_000 * (overflow_s - rng.below(2 * setup.lease_s + 1_000));
        }
    }
}

/// A number of any magnitude between these.
fn spread(rng: &mut Rng, low: u64, high: u64) -> u64 {
    let doublings = u64::from((high / low).max(1).ilog2());
    let from = low << rng.below(doublings + 1);
    rng.between(from, (2 * from).min(high))
}
