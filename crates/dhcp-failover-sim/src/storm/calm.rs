//! The calm after the storm, and what must hold then.

use super::Storm;
use crate::{Host, Pair, Rule};
use dhcp_failover_lease::BindingStatus;

/// What a lease is before its address is available again.
const NOT_AVAILABLE: [BindingStatus; 5] = [
    BindingStatus::Active,
    BindingStatus::Abandoned,
    BindingStatus::Expired,
    BindingStatus::Released,
    BindingStatus::Reset,
];

impl Storm {
    /// Heals everything and checks what must eventually hold: both servers come to NORMAL and agree
    /// within a bound, every lease ends and its address becomes available, and then there is silence.
    pub fn calm(&mut self) {
        if self.broken().is_some() {
            return;
        }
        self.repair();
        if let Some(other) = self.pair.foreigner() {
            return self.calm_with_other(other);
        }
        self.pair.heal();
        let (healed_ms, limit) = (self.pair.now, self.pair.healing_s());
        self.pair.run_s(30);
        self.make_alike();
        for number in 0..self.pair.clients.len() {
            self.pair.mute(number);
        }
        if self.regime.is_honest() {
            self.pair.check_convergence(limit);
        } else if !self.pair.run_until(limit, Pair::is_settled) {
            // Servers that both lost their memory may hold one lease for different lengths of time,
            // and dispute its end until the longer one is over.
            self.pair.violation(Rule::L1, format!("not settled after {limit} s"));
        }
        // What a server knows better it says after half a minute (§7.2.1).
        self.pair.run_s(120);
        self.pair.check_resolved();
        self.pair.check_stays(healed_ms);
        if self.regime.is_honest() {
            self.pair.check_service();
        }
        // Every lease ends.
        let setup = &self.pair.setup;
        let longest_s = 2 * setup.lease_s + setup.mclt_s + 500 + setup.sweep_ms / 500;
        let end = self.pair.now + 1_000 * longest_s;
        while self.pair.now < end
            && Host::BOTH.into_iter().any(|host| self.waiting(host, &NOT_AVAILABLE) > 0)
        {
            self.pair.run_s(10);
        }
        // Two rounds of balancing.
        self.pair.run_s(130);
        self.pair.check_convergence(limit);
        self.check_all_available();
        if self.broken().is_none() {
            self.pair.check_silence(120);
            let left = if self.pair.setup.seed.is_multiple_of(2) { Host::A } else { Host::B };
            self.pair.check_whole_pool(left);
        }
    }

    /// How many addresses have such a status.
    fn waiting(&self, host: Host, such: &[BindingStatus]) -> usize {
        such.iter().map(|status| self.pair.count(host, *status)).sum()
    }

    /// L3.
    fn check_all_available(&mut self) {
        for host in Host::BOTH {
            let waiting = self.waiting(host, &NOT_AVAILABLE[2..]);
            if waiting > 0 {
                self.pair.violation(Rule::L3, format!("{host:?}: {waiting} never became FREE"));
            }
        }
    }
}
