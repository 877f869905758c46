//! L9: loss in one direction, or both, is seen by both servers; L8: a client's answer waits for its
//! server's own disk and for nothing else.

use crate::check::Rule;
use crate::{Host, Pair};

/// Timers that are not exact to the moment, and clocks that drift.
const SLACK_MS: u64 = 2_000;
/// Within one step of the harness.
const AT_ONCE_MS: u64 = 5;

impl Pair {
    /// Something happened to what the servers hear of each other, or to one of them: silence counts
    /// from here.
    pub(crate) fn silence_begins(&mut self) {
        let silent = self.network.blocked != [false; 2];
        self.silent_since_ms = silent.then_some(self.now);
    }

    /// L9: nothing gets through in one direction at least, and no server may take the link for good
    /// for longer than tReceive, and until the other's word has come: that of an order which fell into
    /// this time waits for the disk.
    pub(crate) fn check_contact(&mut self) {
        let Some(since_ms) = self.silent_since_ms else { return };
        let timer_ms = self.setup.receive_timer_s * 1_000;
        let disk_ms = self.servers.iter().map(|server| server.disk.delay_ms).max().unwrap_or(0);
        let word_ms = 2 * (self.network.delay_ms + disk_ms);
        if self.now <= since_ms + timer_ms + word_ms + SLACK_MS {
            return;
        }
        for host in Host::BOTH {
            let awake = !self.network.frozen[host.index()];
            if awake && self.status(host).is_some_and(|status| status.connected) {
                self.violation(Rule::L9, format!("{host:?} still hears, nothing since {since_ms}"));
            }
        }
    }

    /// L8: whatever else goes on, such as a refill of the partner, a DHCPACK leaves when the disk has
    /// taken the sync under way, and the next one.
    pub(crate) fn check_answer(&mut self, host: Host, asked_ms: u64) {
        let disk = &self.servers[host.index()].disk;
        if disk.steady_since_ms > asked_ms {
            return;
        }
        let (took_ms, most_ms) = (self.now - asked_ms, 2 * disk.delay_ms + AT_ONCE_MS);
        if took_ms > most_ms {
            let text = format!("{host:?}: DHCPACK after {took_ms} ms, at most {most_ms}");
            self.violation(Rule::L8, text);
        }
    }
}
