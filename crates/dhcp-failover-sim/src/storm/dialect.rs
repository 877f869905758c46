//! Ours and a server of another make: what must hold of ours, and what an operator has to do for the
//! other.

use super::{Action, Storm};
use crate::{Host, Make, Pair, Rng, Rule, Setup, Survives, windows};

/// Both clocks together in one true place: dhcpd and Windows refuse a partner that is more than a minute
/// away (isc-C22, win-13).
const CLOCKS_APART_MS: u64 = 20_000;
/// In silence: a CONTACT each second at most, and a round of the pools now and then.
const QUIET_S: u64 = 300;
const QUIET_MESSAGES: u64 = 400;

/// The pair of a seed, with a dhcpd or a Windows server in one of the two places.
pub(super) fn with_other(setup: Setup) -> Setup {
    let mut rng = Rng::new(setup.seed ^ 0xd4cb_d4cb);
    let apart = |rng: &mut Rng| i64::try_from(rng.below(CLOCKS_APART_MS)).unwrap_or(0);
    let ours = if rng.percent(50) { Host::A } else { Host::B };
    let clock_offset_ms = [apart(&mut rng), apart(&mut rng)];
    let make = if rng.percent(50) { Make::Windows } else { Make::Dhcpd };
    let mut makes = [make; 2];
    makes[ours.index()] = Make::Ours;
    let mut max_unacked = setup.max_unacked;
    if make == Make::Windows {
        max_unacked[ours.partner().index()] = windows::MAX_UNACKED;
    }
    Setup {
        makes,
        max_unacked,
        clock_offset_ms,
        // Both have it from their tools (win-12); a dhcpd is told.
        secondary_mclt_s: setup.mclt_s,
        // A storm may last for days, and nobody tells the other what time it is.
        clock_drift_ppm: setup.clock_drift_ppm.map(|ppm| ppm / 10),
        unlimited_in_partner_down: false,
        secrets: [None, None],
        begin_ms: 0,
        ..setup
    }
}

/// The other follows its wall clock and refuses a partner with another (isc-C22, isc-C23, win-13); what it
/// is configured to changes only with a new process, and it cannot tell an old copy of its data.
pub(super) fn is_not_for_other(action: &Action) -> bool {
    matches!(
        action,
        Action::SetClock { .. }
            | Action::CopyDisk { .. }
            | Action::RestoreDisk { .. }
            | Action::StrayConnection { .. }
            | Action::Configure { .. }
            | Action::AddPool { .. }
            | Action::RemovePool { .. }
    )
}

impl Storm {
    /// How often the other had to be started anew, and how often without its leases, before both came
    /// together. A dhcpd stays in SHUTDOWN (isc-S07), waits for ever (isc-S01, isc-U01) and keeps what was
    /// refused to itself (isc-U07); only that helps.
    #[must_use]
    pub fn remedies(&self) -> [u64; 2] {
        self.remedies
    }

    /// Everything heals; both come to NORMAL and agree, with the help of the other's operator where its
    /// faults demand it, and ours does not flood it.
    pub(super) fn calm_with_other(&mut self, other: Host) {
        self.pair.heal();
        let setup = &self.pair.setup;
        let limit_s = 400 + setup.mclt_s + 3 * setup.receive_timer_s;
        let longest_s = 2 * setup.lease_s + setup.mclt_s + 500 + setup.sweep_ms / 500;
        self.pair.run_s(30);
        for number in 0..self.pair.clients.len() {
            self.pair.mute(number);
        }
        self.pair.run_s(longest_s);
        self.come_together(other, limit_s);
        // Two rounds of balancing.
        self.pair.run_s(130);
        let before = self.pair.sent_by(other.partner());
        self.pair.run_s(QUIET_S);
        let sent = self.pair.sent_by(other.partner()) - before;
        if sent > QUIET_MESSAGES {
            self.pair.violation(Rule::L4, format!("{sent} messages in {QUIET_S} s of quiet"));
        }
    }

    fn come_together(&mut self, other: Host, limit_s: u64) {
        let agree = |pair: &Pair| pair.is_settled() && pair.differences().is_empty();
        for remedy in 0..=2 {
            if remedy > 0 {
                self.remedies[remedy - 1] += 1;
                self.pair.crash(other, Survives::Everything);
                if remedy == 2 {
                    self.pair.lose_disk(other);
                }
                self.pair.start(other);
            }
            if self.pair.run_until(2 * limit_s, agree) {
                return;
            }
        }
        let (states, differ) = (self.pair.states(), self.pair.differences());
        let text = format!("not together after {limit_s} s: {states:?}, {differ:#?}");
        self.pair.violation(Rule::L1, text);
    }
}
