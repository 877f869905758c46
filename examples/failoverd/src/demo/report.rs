//! What the demo found, for people and for programs.

use super::cli::Fault;
use super::timeline::{Event, Timeline, Tone};
use serde_json::{Value, json};

/// How many sentences of one check are printed.
const SHOWN: usize = 5;

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was asked.
    pub name: &'static str,
    /// Whether the answer is good.
    pub passed: bool,
    /// The figure behind it.
    pub figure: String,
    /// What is wrong, one sentence each.
    pub details: Vec<String>,
}

/// The outcome of a demo.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What was made to fail.
    pub fault: Fault,
    /// The seed of the run.
    pub seed: u64,
    /// Clients that took part, those that came during the outage included.
    pub clients: usize,
    /// Leases both servers know at the end.
    pub leases: usize,
    /// Addresses two clients held at once.
    pub duplicate_addresses: usize,
    /// Unexpired leases a server does not know.
    pub lost_leases: usize,
    /// Clients whose address changed.
    pub changed_addresses: usize,
    /// Leases the other server extended during the outage.
    pub renewals_during_outage: usize,
    /// Leases the other server gave to new clients during the outage.
    pub new_leases_during_outage: usize,
    /// The longest time from a client's first send to its DHCPACK.
    pub longest_wait_ms: u64,
    /// How long the server was away.
    pub outage_ms: u64,
    /// From its return until both servers were NORMAL.
    pub back_to_normal_ms: u64,
    /// All DHCPACKs.
    pub acks: usize,
    /// The state of the server that failed, at the end.
    pub final_state_a: String,
    /// The state of the other one, at the end.
    pub final_state_b: String,
    /// Whether both lease tables agree.
    pub tables_equal: bool,
    /// Every check.
    pub checks: Vec<Check>,
    /// What happened when.
    pub timeline: Vec<Event>,
    /// How long it all took.
    pub total_ms: u64,
}

impl Report {
    /// Whether all checks passed.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }

    /// The report as one JSON object.
    pub fn json(&self) -> Value {
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|check| {
                json!({
                    "name": check.name, "passed": check.passed, "figure": check.figure,
                    "details": check.details,
                })
            })
            .collect();
        let timeline: Vec<Value> = self
            .timeline
            .iter()
            .map(|event| json!({ "at_s": seconds(event.at_ms), "text": event.text.trim() }))
            .collect();
        json!({
            "passed": self.passed(),
            "fault": self.fault.to_string(),
            "seed": self.seed,
            "clients": self.clients,
            "leases": self.leases,
            "duplicate_addresses": self.duplicate_addresses,
            "lost_leases": self.lost_leases,
            "changed_addresses": self.changed_addresses,
            "renewals_during_outage": self.renewals_during_outage,
            "new_leases_during_outage": self.new_leases_during_outage,
            "seconds_without_service": seconds(self.longest_wait_ms),
            "outage_seconds": seconds(self.outage_ms),
            "seconds_back_to_normal": seconds(self.back_to_normal_ms),
            "acks": self.acks,
            "final_state_a": self.final_state_a,
            "final_state_b": self.final_state_b,
            "tables_equal": self.tables_equal,
            "total_seconds": seconds(self.total_ms),
            "checks": checks,
            "timeline": timeline,
        })
    }

    /// Prints the report to standard output.
    pub fn print(&self, timeline: &Timeline, as_json: bool) {
        if as_json {
            println!("{}", self.json());
            return;
        }
        timeline.line(Tone::Plain, "");
        let width = self.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
        for check in &self.checks {
            let (mark, tone) = match (check.passed, timeline.is_fancy()) {
                (true, true) => ("\u{2713} ", Tone::Good),
                (true, false) => ("ok  ", Tone::Good),
                (false, true) => ("\u{2717} ", Tone::Bad),
                (false, false) => ("BAD ", Tone::Bad),
            };
            let mark = timeline.painted(tone, mark);
            timeline
                .line(Tone::Plain, &format!("  {mark}{:<width$}  {}", check.name, check.figure));
            for detail in check.details.iter().take(SHOWN) {
                timeline.line(Tone::Bad, &format!("        {detail}"));
            }
            if check.details.len() > SHOWN {
                timeline
                    .line(Tone::Bad, &format!("        and {} more", check.details.len() - SHOWN));
            }
        }
        timeline.line(Tone::Plain, "");
        let took = seconds(self.total_ms);
        if self.passed() {
            timeline.line(Tone::Good, &format!("Nobody noticed. ({took} s)"));
        } else {
            timeline.line(Tone::Bad, &format!("The demo failed; --seed {} ({took} s)", self.seed));
        }
    }
}

/// Milliseconds as seconds with three decimals.
fn seconds(ms: u64) -> f64 {
    // Far below 2^52 ms, so that the conversion is exact.
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            fault: Fault::DiskLoss,
            seed: 7,
            clients: 420,
            leases: 420,
            duplicate_addresses: 0,
            lost_leases: 0,
            changed_addresses: 0,
            renewals_during_outage: 512,
            new_leases_during_outage: 120,
            longest_wait_ms: 1_250,
            outage_ms: 12_000,
            back_to_normal_ms: 800,
            acks: 2_000,
            final_state_a: "NORMAL".to_owned(),
            final_state_b: "NORMAL".to_owned(),
            tables_equal: true,
            checks: vec![Check {
                name: "lease tables agree",
                passed: true,
                figure: "420".to_owned(),
                details: Vec::new(),
            }],
            timeline: vec![Event { at_ms: 1_500, text: "  a is in NORMAL".to_owned() }],
            total_ms: 40_000,
        }
    }

    #[test]
    fn the_json_has_every_promised_key() {
        let value = report().json();
        for key in [
            "clients",
            "leases",
            "duplicate_addresses",
            "lost_leases",
            "renewals_during_outage",
            "new_leases_during_outage",
            "seconds_without_service",
            "final_state_a",
            "final_state_b",
            "tables_equal",
        ] {
            assert!(!value[key].is_null(), "{key}");
        }
        assert_eq!(value["seconds_without_service"], 1.25);
        assert_eq!(value["timeline"][0]["text"], "a is in NORMAL");
        assert_eq!(value["fault"], "disk-loss");
    }

    #[test]
    fn one_failed_check_fails_the_demo() {
        let mut report = report();
        assert!(report.passed());
        report.checks.push(Check {
            name: "no address given twice",
            passed: false,
            figure: "1".to_owned(),
            details: vec!["127.77.1.1 was given to two".to_owned()],
        });
        assert!(!report.passed());
        assert_eq!(report.json()["passed"], false);
    }
}
