//! What must hold once nothing goes wrong any more.

use crate::check::{Rule, Violation};
use crate::peer::Foreign;
use crate::{Host, Pair};
use dhcp_failover_lease::{Binding, BindingStatus};
use dhcp_failover_proto::{Bindings, State};

/// Expiries of one lease may differ by this much between the servers: clocks in whole seconds, and
/// a partner's times are taken at their latest possible meaning.
const CLOCK_SLACK_MS: u64 = 25_000;

impl Pair {
    /// Both servers are in NORMAL with nothing left to tell.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        Host::BOTH.into_iter().all(|host| {
            let foreign = &self.servers[host.index()].foreign;
            foreign.as_ref().is_some_and(Foreign::is_settled)
                || self.status(host).is_some_and(|status| {
                    status.state == State::Normal && status.connected && status.pending == 0
                })
        })
    }

    /// The state of both servers.
    #[must_use]
    pub fn states(&self) -> [Option<State>; 2] {
        Host::BOTH.map(|host| self.state(host))
    }

    /// L1, L2, S8, S13: both come to NORMAL within `limit_s` of now, and agree on every address.
    pub fn check_convergence(&mut self, limit_s: u64) {
        if !self.run_until(limit_s, Self::is_settled) {
            let both = Host::BOTH.map(|host| self.status(host));
            return self.violation(Rule::L1, format!("not settled after {limit_s} s: {both:?}"));
        }
        let agreed = |pair: &Self| {
            let disputed = Host::BOTH
                .into_iter()
                .any(|host| pair.status(host).is_some_and(|status| status.disputed > 0));
            pair.is_settled() && !disputed && pair.differences().is_empty()
        };
        // A server that lost its memory in the second in which a lease began holds it to the end of
        // every promise (H19), while its partner, which lost nothing, says that it has ended: they
        // dispute that until the promise is over.
        let promised_s = 2 * self.setup.lease_s.min(u64::from(u32::MAX)) + self.setup.mclt_s;
        if self.run_until(limit_s + promised_s, agreed) {
            return;
        }
        for host in Host::BOTH {
            let disputed = self.status(host).map_or(0, |status| status.disputed);
            if disputed > 0 {
                self.violation(Rule::L2, format!("{host:?}: {disputed} still disputed"));
            }
        }
        for text in self.differences() {
            self.violation(Rule::S8, text);
        }
        if !self.is_settled() {
            self.violation(Rule::L1, "settled, and then not".to_owned());
        }
    }

    /// L4: for `seconds` there is nothing on the wire but CONTACT and empty pool rounds.
    pub fn check_silence(&mut self, seconds: u64) {
        let noise = |pair: &Self| {
            pair.monitor
                .counts
                .iter()
                .filter(|((_, kind), _)| !matches!(*kind, "CONTACT" | "POOLREQ" | "POOLRESP"))
                .map(|(_, count)| *count)
                .sum::<u64>()
        };
        let before = noise(self);
        self.run_s(seconds);
        let after = noise(self);
        if after > before {
            let text = format!("{} messages in {seconds} s of quiet", after - before);
            self.violation(Rule::L4, text);
        }
    }

    /// In what the two tables differ.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        if let Some(foreigner) = self.foreigner() {
            return self.differences_to_foreign(foreigner);
        }
        let mut found = Vec::new();
        for &address in &self.addresses {
            let [Some(a), Some(b)] = Host::BOTH.map(|host| self.binding(host, address)) else {
                continue;
            };
            if !self.same(&a, &b) {
                found.push(format!("{address}: A {a:?}, B {b:?}"));
            }
        }
        found
    }

    fn same(&self, a: &Binding, b: &Binding) -> bool {
        let [ends_a, ends_b] = [(Host::A, a), (Host::B, b)].map(|(host, binding)| {
            self.servers[host.index()].true_ms_of_lease(binding.expiries.lease)
        });
        // The last client of an available address is a server's own memory: a lease that the partner
        // never heard of is undone without telling it (H10).
        let client = match (&a.client, &b.client) {
            _ if a.status.is_available() => true,
            (Some(one), Some(other)) => one.is_same(other),
            (None, None) => true,
            _ => false,
        };
        let lease = a.status != BindingStatus::Active || ends_a.abs_diff(ends_b) <= CLOCK_SLACK_MS;
        let known = a.status == b.status
            || matches!((a.status, b.status), (x, y) if x.is_transitional() || y.is_transitional());
        // The host names that came with the requests (isc-L32).
        let said = a.status != BindingStatus::Active
            || b.status != BindingStatus::Active
            || (&a.request_options, &a.reply_options, &a.ddns)
                == (&b.request_options, &b.reply_options, &b.ddns);
        known && (client || a.status != b.status) && lease && said
    }

    /// Panics with the log and how to see it again, if any rule was broken.
    ///
    /// # Panics
    /// If any rule was broken.
    pub fn assert_clean(&self) {
        if let Some(first) = self.violations.first() {
            let all: Vec<_> = self.violations.iter().map(Violation::to_string).collect();
            panic!(
                "{}\nfirst broken: {first}\nall: {}\nseed {:#x}",
                self.log_text(),
                all.join("\n     "),
                self.setup.seed
            );
        }
    }

    /// Whether this rule was broken.
    #[must_use]
    pub fn broke(&self, rule: Rule) -> bool {
        self.violations.iter().any(|violation| violation.rule == rule)
    }
}

impl Pair {
    /// Addresses of this status at a server.
    #[must_use]
    pub fn count(&self, host: Host, status: BindingStatus) -> usize {
        let table = &self.servers[host.index()].table;
        let all = self.addresses.iter();
        all.filter(|address| table.get(**address).is_some_and(|b| b.status == status)).count()
    }
}
