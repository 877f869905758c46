//! The pair of a seed's choice.

use super::Regime;
use crate::{Mutation, Rng, Setup};
use dhcp_failover_proto::Balance;

/// What a seed decides before anything happens.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) setup: Setup,
    /// How long the storm rages.
    pub(super) rage_s: u64,
    /// Between two actions, on average.
    pub(super) pause_s: u64,
}

impl Plan {
    pub(super) fn new(seed: u64, regime: Regime, mutation: Mutation) -> Self {
        // Every third storm is a wild one.
        let (rage_s, pause_s) = if seed.is_multiple_of(3) { (600, 1) } else { (3_000, 8) };
        let mut setup = setup(seed, mutation);
        if !regime.is_honest() {
            // A secondary without a disk that is told to go alone has only its configuration.
            setup.secondary_mclt_s = setup.mclt_s;
        }
        Self { setup, rage_s, pause_s }
    }
}

fn setup(seed: u64, mutation: Mutation) -> Setup {
    let mut rng = Rng::new(seed ^ 0x5707_12ab_cdef_0001);
    let hours = |rng: &mut Rng| {
        let ms = i64::try_from(rng.below(20_000_000)).unwrap_or(0);
        if rng.percent(50) { ms } else { -ms }
    };
    // 200 ppm between the two is what the endpoints allow for.
    let drift = |rng: &mut Rng| *rng.pick(&[-100, 0, 100]).unwrap_or(&0);
    let mclt_s = *rng.pick(&[5, 20, 60, 200]).unwrap_or(&60);
    Setup {
        mclt_s,
        lease_s: *rng.pick(&[10, 40, 300, 3_000]).unwrap_or(&300),
        pool: u8::try_from(rng.between(4, 24)).unwrap_or(8),
        clients: rng.between(2, 14) as usize,
        balance: match rng.below(3) {
            0 => Balance::LoadBalance { primary_percent: 50 },
            1 => Balance::LoadBalance { primary_percent: 20 },
            _ => Balance::LoadBalance { primary_percent: 100 },
        },
        clock_offset_ms: [hours(&mut rng), hours(&mut rng)],
        clock_drift_ppm: [drift(&mut rng), drift(&mut rng)],
        receive_timer_s: rng.between(3, 30),
        max_unacked: [
            *rng.pick(&[1, 2, 10, 100]).unwrap_or(&1),
            *rng.pick(&[1, 3, 50]).unwrap_or(&1),
        ],
        max_batch: match rng.below(3) {
            0 => [128, 128],
            1 => [1, 2],
            _ => [3, 1],
        },
        disk_delay_ms: rng.between(0, 30),
        net_delay_ms: rng.between(0, 40),
        unlimited_in_partner_down: rng.percent(20),
        mutation,
        ..Setup::new(seed)
    }
}
