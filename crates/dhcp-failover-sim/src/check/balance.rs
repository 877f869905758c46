//! S12: in NORMAL each new client is answered by exactly one server, and everybody's renewal by both;
//! S15: only servers that fit together get there.

use crate::check::Rule;
use crate::{Host, Pair};
use dhcp_failover_proto::{Decision, EndpointConfig, Query, RequestClass, State};

/// While both stay in NORMAL, the answers are looked at so often; more often as long as a server does not
/// serve yet, or not any more.
const PERIOD_MS: u64 = 60_000;
const NOT_ALIVE_MS: u64 = 500;

/// When to look next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Balanced {
    next_ms: u64,
}

impl Balanced {
    /// A state was entered.
    pub(crate) fn look_again(&mut self) {
        self.next_ms = 0;
    }
}

impl Pair {
    /// After both have come to NORMAL, and every minute they are there.
    pub(crate) fn check_balance(&mut self) {
        if self.now < self.balanced.next_ms || self.states() != [Some(State::Normal); 2] {
            return;
        }
        let alive = Host::BOTH.map(|host| self.answers(host, RequestClass::NamesThisServer, &[0]));
        let pause_ms = if alive == [true; 2] { PERIOD_MS } else { NOT_ALIVE_MS };
        self.balanced.next_ms = self.now + pause_ms;
        let connected = Host::BOTH.map(|host| self.status(host).is_some_and(|it| it.connected));
        let [a, b] = &self.servers;
        if let Some(text) = mismatch(&a.config, &b.config).filter(|_| connected == [true; 2]) {
            self.violation(Rule::S15, text);
        }
        // The 256 keys of one byte fall into the 256 buckets, one each.
        let wrong = (0..=u8::MAX).find_map(|key| self.unbalanced(&[key], alive));
        if let Some(text) = wrong {
            self.violation(Rule::S12, text);
        }
    }

    fn unbalanced(&self, key: &[u8], alive: [bool; 2]) -> Option<String> {
        let answers = |class| Host::BOTH.map(|host| self.answers(host, class, key));
        let new = answers(RequestClass::New);
        let right = match alive {
            [true, true] => new[0] != new[1],
            // Whose disk does not confirm that it is alive answers nobody.
            _ => new != [true; 2],
        };
        if !right {
            return Some(format!("a new client {key:?} is answered: {new:?}, alive {alive:?}"));
        }
        let renewal = answers(RequestClass::Renewal);
        (renewal != alive).then(|| format!("a renewal of {key:?} is answered: {renewal:?}"))
    }

    fn answers(&self, host: Host, class: RequestClass, key: &[u8]) -> bool {
        if let Some(foreign) = &self.servers[host.index()].foreign {
            return foreign.answers(class, key, 0);
        }
        let now = self.servers[host.index()].lease_now(self.now);
        let max_delay_s = Some(3);
        let query = Query { class, key, secs: 0, max_delay_s, partner_pool_empty: false, now };
        self.decide(host, &query) == Some(Decision::Serve)
    }
}

/// S15: in what two servers that have come together do not fit together.
fn mismatch(a: &EndpointConfig, b: &EndpointConfig) -> Option<String> {
    let same_role = (a.role == b.role).then(|| format!("both are {:?}", a.role));
    let names = (a.name != b.name).then(|| format!("relationship {:?} and {:?}", a.name, b.name));
    same_role.or(names).map(|what| format!("in NORMAL, but {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Setup;

    #[test]
    fn s15_servers_that_do_not_fit_together_are_told_apart() {
        let setup = Setup::new(1);
        let [a, b] = Host::BOTH.map(|host| setup.config(host));
        assert_eq!(mismatch(&a, &b), None);
        assert!(mismatch(&a, &a).is_some_and(|text| text.contains("Primary")));
        let other = EndpointConfig { name: "other".to_owned(), ..b };
        assert!(mismatch(&a, &other).is_some_and(|text| text.contains("other")));
    }
}
