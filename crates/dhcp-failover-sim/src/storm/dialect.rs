//! Ours and a dhcpd: what must hold of ours, and what an operator has to do for the other.

use super::{Action, Storm};
use crate::{Host, Make, Pair, Rng, Rule, Setup, Survives};

/// Both clocks together in one true place: dhcpd refuses a partner that is more than a minute away
/// (isc-C22).
const CLOCKS_APART_MS: u64 = 20_000;
/// In silence: a CONTACT each second at most, and a round of the pools now and then.
const QUIET_S: u64 = 300;
const QUIET_MESSAGES: u64 = 400;

/// The pair of a seed, with a dhcpd in one of the two places.
pub(super) fn with_dhcpd(setup: Setup) -> Setup {
    let mut rng = Rng::new(setup.seed ^ 0xd4cb_d4cb);
    let apart = |rng: &mut Rng| i64::try_from(rng.below(CLOCKS_APART_MS)).unwrap_or(0);
    let ours = if rng.percent(50) { Host::A } else { Host::B };
    let mut makes = [Make::Dhcpd; 2];
    makes[ours.index()] = Make::Ours;
    Setup {
        makes,
        clock_offset_ms: [apart(&mut rng), apart(&mut rng)],
        // A storm may last for days, and nobody tells dhcpd what time it is.
        clock_drift_ppm: setup.clock_drift_ppm.map(|ppm| ppm / 10),
        unlimited_in_partner_down: false,
        secrets: [None, None],
        begin_ms: 0,
        ..setup
    }
}

/// A dhcpd follows its wall clock and refuses a partner with another (isc-C22, isc-C23); what it is
/// configured to changes only with a new process, and it cannot tell an old copy of its file.
pub(super) fn is_not_for_dhcpd(action: &Action) -> bool {
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
    /// How often dhcpd had to be started anew, and how often without its leases, before both came
    /// together. It stays in SHUTDOWN (isc-S07), waits for ever (isc-S01, isc-U01) and keeps what was
    /// refused to itself (isc-U07); only that helps.
    #[must_use]
    pub fn remedies(&self) -> [u64; 2] {
        self.remedies
    }

    /// Everything heals; both come to NORMAL and agree, with the help of dhcpd's operator where its
    /// faults demand it, and ours does not flood it.
    pub(super) fn calm_with_dhcpd(&mut self, dhcpd: Host) {
        self.pair.heal();
        let setup = &self.pair.setup;
        let limit_s = 400 + setup.mclt_s + 3 * setup.receive_timer_s;
        let longest_s = 2 * setup.lease_s + setup.mclt_s + 500 + setup.sweep_ms / 500;
        self.pair.run_s(30);
        for number in 0..self.pair.clients.len() {
            self.pair.mute(number);
        }
        self.pair.run_s(longest_s);
        self.come_together(dhcpd, limit_s);
        let before = self.pair.sent_by(dhcpd.partner());
        self.pair.run_s(QUIET_S);
        let sent = self.pair.sent_by(dhcpd.partner()) - before;
        if sent > QUIET_MESSAGES {
            self.pair.violation(Rule::L4, format!("{sent} messages in {QUIET_S} s of quiet"));
        }
    }

    fn come_together(&mut self, dhcpd: Host, limit_s: u64) {
        let agree = |pair: &Pair| pair.is_settled() && pair.differences().is_empty();
        for remedy in 0..=2 {
            if remedy > 0 {
                self.remedies[remedy - 1] += 1;
                self.pair.crash(dhcpd, Survives::Everything);
                if remedy == 2 {
                    self.pair.lose_disk(dhcpd);
                }
                self.pair.start(dhcpd);
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
