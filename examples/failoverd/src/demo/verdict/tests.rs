use super::*;
use crate::admin::StatusRow;
use crate::demo::checker::{Findings, Table};
use crate::demo::cli::Fault;
use crate::demo::pace::FULL;
use crate::demo::packet::Identity;
use crate::demo::story::Moments;
use std::net::Ipv4Addr;

fn args() -> DemoArgs {
    DemoArgs { fault: Fault::Kill, clients: 10, seed: None, json: true, keep: None, quick: false }
}

/// Ten clients of the survivor, each with a renewal during the outage and one in the last round, and
/// four new clients.
fn acks() -> Vec<Ack> {
    let ack = |client, purpose, at_ms| Ack {
        client: Identity::numbered(1, client),
        address: Ipv4Addr::from(0x7f4d_0100 + client),
        server: SERVERS[1],
        purpose,
        sent_ms: at_ms,
        received_ms: at_ms,
        waited_ms: 0,
        lease_s: 12,
        released_ms: None,
    };
    let mut acks: Vec<Ack> = (0..10).map(|client| ack(client, Purpose::Renew, 1_500)).collect();
    acks.extend((10..14).map(|client| ack(client, Purpose::New, 1_600)));
    acks.extend((0..14).map(|client| ack(client, Purpose::Renew, 4_000)));
    acks
}

fn played() -> Played {
    Played {
        lease_s: FULL.lease_s,
        moments: Moments {
            fault_ms: 1_000,
            back_ms: 2_000,
            normal_ms: 3_000,
            last_round_ms: 3_500,
        },
        findings: Findings { live_leases: 14, ..Findings::default() },
        tables: [Table::new(), Table::new()],
        final_status: [status(), status()],
    }
}

fn status() -> StatusRow {
    StatusRow {
        name: "demo".to_owned(),
        role: "primary".to_owned(),
        state: "NORMAL".to_owned(),
        partner_state: "NORMAL".to_owned(),
        pending: 0,
        disputed: 0,
    }
}

fn counts() -> Counts {
    Counts { clients: 14, longest_wait_ms: 2_345, ..Counts::default() }
}

fn refusal() -> Refusal {
    Refusal {
        client: Identity::numbered(1, 1),
        address: None,
        server: Some(SERVERS[0]),
        purpose: Purpose::Renew,
        received_ms: 1,
        reason: "no".to_owned(),
    }
}

fn failed(report: &Report) -> Vec<&'static str> {
    report.checks.iter().filter(|check| !check.passed).map(|check| check.name).collect()
}

#[test]
fn a_faultless_run_passes_with_its_figures() {
    let report = report(&args(), 7, &played(), &acks(), &[], &counts());
    assert_eq!(failed(&report), [""; 0]);
    assert_eq!((report.renewals_during_outage, report.new_leases_during_outage), (10, 4));
    assert_eq!((report.outage_ms, report.back_to_normal_ms), (1_000, 1_000));
    assert!(report.tables_equal);
}

#[test]
fn every_finding_fails_its_check() {
    let found = || vec!["something".to_owned()];
    let mut played = played();
    played.findings = Findings {
        duplicate_addresses: found(),
        lost_leases: found(),
        changed_addresses: found(),
        table_differences: found(),
        live_leases: 13,
    };
    played.final_status[0].state = "RECOVER".to_owned();
    played.final_status[1].pending = 1;
    let counts = Counts { longest_wait_ms: 12_000, without_circuit: 1, ..counts() };
    let report = report(&args(), 7, &played, &[], &[refusal()], &counts);
    assert_eq!(failed(&report).len(), report.checks.len(), "{:?}", failed(&report));
    assert_eq!(report.lost_leases, 1);
    assert!(!report.tables_equal);
}

#[test]
fn service_by_the_server_that_is_away_does_not_count() {
    let mut acks = acks();
    acks.iter_mut().for_each(|ack| ack.server = SERVERS[0]);
    let report = report(&args(), 7, &played(), &acks, &[], &counts());
    assert_eq!(failed(&report), ["renewals during the outage", "new leases during the outage"]);
}

#[test]
fn a_client_that_does_not_renew_at_the_end_is_missed() {
    let mut acks = acks();
    acks.pop();
    let report = report(&args(), 7, &played(), &acks, &[], &counts());
    assert_eq!(failed(&report), ["clients that renewed at the end"]);
}
