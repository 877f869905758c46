//! From what was found to a report: the questions the demo answers.

use super::cli::DemoArgs;
use super::fleet::Counts;
use super::ledger::{Ack, Purpose, Refusal};
use super::report::{Check, Report};
use super::story::{Played, SERVERS};
use std::collections::BTreeSet;

/// In a demo of full size the other server must do at least this much during the outage.
const ENOUGH: usize = 100;

pub(super) fn report(
    args: &DemoArgs,
    seed: u64,
    played: &Played,
    acks: &[Ack],
    refusals: &[Refusal],
    counts: &Counts,
) -> Report {
    let [a, b] = &played.final_status;
    let findings = &played.findings;
    let mut report = Report {
        fault: args.fault,
        seed,
        clients: counts.clients,
        leases: leases_in_both(played),
        duplicate_addresses: findings.duplicate_addresses.len(),
        lost_leases: findings.lost_leases.len(),
        changed_addresses: findings.changed_addresses.len(),
        renewals_during_outage: during_outage(played, acks, false),
        new_leases_during_outage: during_outage(played, acks, true),
        longest_wait_ms: counts.longest_wait_ms,
        outage_ms: played.moments.back_ms - played.moments.fault_ms,
        back_to_normal_ms: played.moments.normal_ms - played.moments.back_ms,
        acks: acks.len(),
        final_state_a: a.state.clone(),
        final_state_b: b.state.clone(),
        tables_equal: findings.table_differences.is_empty(),
        checks: Vec::new(),
        timeline: Vec::new(),
        total_ms: 0,
    };
    report.checks = checks(args, &report, played, acks, refusals, counts);
    report
}

/// Addresses that both servers have ACTIVE.
fn leases_in_both(played: &Played) -> usize {
    let [a, b] = &played.tables;
    let active = |table: &super::checker::Table, address| {
        table.get(address).is_some_and(|row| row.status == "ACTIVE")
    };
    a.keys().filter(|address| active(a, address) && active(b, address)).count()
}

/// How many leases the surviving server gave, or extended, while the other was away.
fn during_outage(played: &Played, acks: &[Ack], new: bool) -> usize {
    let [_, survivor] = SERVERS;
    acks.iter()
        .filter(|ack| ack.server == survivor && (ack.purpose == Purpose::New) == new)
        .filter(|ack| ack.received_ms >= played.moments.fault_ms)
        .filter(|ack| ack.received_ms < played.moments.back_ms)
        .count()
}

fn checks(
    args: &DemoArgs,
    report: &Report,
    played: &Played,
    acks: &[Ack],
    refusals: &[Refusal],
    counts: &Counts,
) -> Vec<Check> {
    let findings = &played.findings;
    let clients = usize::from(args.clients);
    let list = |name, of: usize, found: &[String]| Check {
        name,
        passed: found.is_empty(),
        figure: format!("{} of {of}", found.len()),
        details: found.to_vec(),
    };
    let at_least = |name, found: usize, wanted: usize| Check {
        name,
        passed: found >= wanted,
        figure: format!("{found}, {wanted} wanted"),
        details: Vec::new(),
    };
    let last_round: BTreeSet<_> = acks
        .iter()
        .filter(|ack| ack.received_ms >= played.moments.last_round_ms)
        .map(|ack| ack.client.hardware)
        .collect();
    let (longest_ms, lease_s) = (counts.longest_wait_ms, played.lease_s);
    let both_normal = report.final_state_a == "NORMAL" && report.final_state_b == "NORMAL";
    let owed: u64 = played.final_status.iter().map(|it| it.pending + it.disputed).sum();
    let tables: usize =
        played.tables.iter().map(std::collections::BTreeMap::len).max().unwrap_or(0);
    vec![
        list("addresses given to two clients", acks.len(), &findings.duplicate_addresses),
        list("leases a server has lost", findings.live_leases, &findings.lost_leases),
        list("clients whose address changed", report.clients, &findings.changed_addresses),
        list("addresses the servers differ on", tables, &findings.table_differences),
        at_least("leases that run at the end", findings.live_leases, report.clients),
        at_least("clients that renewed at the end", last_round.len(), report.clients),
        at_least("renewals during the outage", report.renewals_during_outage, clients.min(ENOUGH)),
        at_least(
            "new leases during the outage",
            report.new_leases_during_outage,
            (clients * 2 / 5).min(ENOUGH),
        ),
        Check {
            name: "longest wait for an answer",
            passed: longest_ms < u64::from(lease_s) * 1000,
            figure: format!(
                "{}.{} s, lease {lease_s} s",
                longest_ms / 1000,
                longest_ms % 1000 / 100
            ),
            details: Vec::new(),
        },
        Check {
            name: "refusals (DHCPNAK)",
            passed: refusals.is_empty(),
            figure: refusals.len().to_string(),
            details: refusals.iter().map(ToString::to_string).collect(),
        },
        Check {
            name: "answers without the relay's option 82",
            passed: counts.without_circuit == 0,
            figure: counts.without_circuit.to_string(),
            details: Vec::new(),
        },
        Check {
            name: "updates the servers still owe each other",
            passed: owed == 0,
            figure: owed.to_string(),
            details: Vec::new(),
        },
        Check {
            name: "states at the end",
            passed: both_normal,
            figure: format!("{} and {}", report.final_state_a, report.final_state_b),
            details: Vec::new(),
        },
    ]
}

#[cfg(test)]
mod tests;
