use super::*;
use crate::demo::ledger::Purpose;

const SERVER: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 2);
/// The Unix time of millisecond 0 of the ledger.
const EPOCH_S: u64 = 1_800_000_000;
const NOW_MS: u64 = 10_000;

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 77, 1, last)
}

/// `client` was told at `at_ms` that it has `address(last)` for `lease_s` seconds.
fn ack(client: u32, last: u8, at_ms: u64, lease_s: u32) -> Ack {
    Ack {
        client: Identity::numbered(1, client),
        address: address(last),
        server: SERVER,
        purpose: Purpose::New,
        sent_ms: at_ms,
        received_ms: at_ms + 1,
        waited_ms: 1,
        lease_s,
        released_ms: None,
    }
}

/// What a faultless server says about `acks` at `NOW_MS`.
fn table(acks: &[Ack]) -> Table {
    let mut table = Table::new();
    for last in 1..=9 {
        let free = Row {
            address: address(last),
            status: "FREE".to_owned(),
            client_id: None,
            hardware: None,
            expires_unix_s: None,
        };
        table.insert(address(last), free);
    }
    for ack in acks.iter().filter(|ack| ack.ends_ms() > NOW_MS) {
        let row = Row {
            address: ack.address,
            status: "ACTIVE".to_owned(),
            client_id: ack.client.client_id.as_deref().map(hex),
            hardware: Some(hex(&ack.client.hardware)),
            expires_unix_s: Some(EPOCH_S + ack.ends_ms() / 1000),
        };
        table.insert(ack.address, row);
    }
    table
}

fn judged(acks: &[Ack], a: &Table, b: &Table) -> Findings {
    judge(&Evidence {
        acks,
        now_ms: NOW_MS,
        now_unix_ms: EPOCH_S * 1000 + NOW_MS,
        tables: [("a", a), ("b", b)],
    })
}

/// Three clients, one of which renewed and one of which let its lease end.
fn clean() -> Vec<Ack> {
    vec![ack(1, 1, 0, 5), ack(2, 2, 100, 20), ack(3, 3, 200, 5), ack(1, 1, 2_500, 20)]
}

#[test]
fn clean_evidence_passes() {
    let acks = clean();
    let tables = table(&acks);
    let findings = judged(&acks, &tables, &tables);
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!(findings.live_leases, 2);
}

#[test]
fn one_address_for_two_clients_at_once_is_found() {
    let mut acks = clean();
    acks.push(ack(4, 2, 5_000, 20));
    let found = judged(&acks, &table(&acks), &table(&acks)).duplicate_addresses;
    assert_eq!(found.len(), 1, "{found:?}");
    let text = &found[0];
    for part in ["127.77.1.2", "02:fa:01:00:00:04", "02:fa:01:00:00:02", "20100 ms"] {
        assert!(text.contains(part), "{part} in {text:?}");
    }
}

#[test]
fn a_long_lease_counts_although_a_shorter_one_followed() {
    let acks = [ack(1, 1, 0, 20), ack(1, 1, 1_000, 5), ack(2, 1, 8_000, 5)];
    assert_eq!(duplicate_addresses(&acks).len(), 1);
}

#[test]
fn an_address_may_go_to_another_client_when_its_lease_is_over() {
    let acks = [ack(1, 1, 0, 5), ack(2, 1, 5_000, 20)];
    assert!(judged(&acks, &table(&acks), &table(&acks)).is_clean());
}

#[test]
fn a_released_address_may_go_to_another_client() {
    let mut released = ack(1, 1, 0, 20);
    released.released_ms = Some(3_000);
    assert_eq!(duplicate_addresses(&[released.clone(), ack(2, 1, 3_000, 20)]), [""; 0]);
    assert_eq!(duplicate_addresses(&[released, ack(2, 1, 2_000, 20)]).len(), 1);
}

#[test]
fn a_lease_missing_in_one_table_is_lost() {
    let acks = clean();
    let mut b = table(&acks);
    b.remove(&address(2));
    let findings = judged(&acks, &table(&acks), &b);
    assert_eq!(
        findings.lost_leases,
        ["b has no entry for 127.77.1.2, leased to client 02:fa:01:00:00:02"]
    );
}

#[test]
fn a_lease_that_is_not_active_is_lost() {
    let acks = clean();
    let mut a = table(&acks);
    a.get_mut(&address(1)).expect("a row").status = "EXPIRED".to_owned();
    let findings = judged(&acks, &a, &table(&acks));
    assert_eq!(findings.lost_leases.len(), 1);
    assert!(findings.lost_leases[0].starts_with("a has 127.77.1.1 as EXPIRED"), "{findings:?}");
}

#[test]
fn a_lease_of_another_client_is_lost() {
    let acks = clean();
    let mut tables = table(&acks);
    tables.get_mut(&address(2)).expect("a row").client_id = Some("00ff".to_owned());
    tables.get_mut(&address(1)).expect("a row").hardware = Some("020000000000".to_owned());
    assert_eq!(judged(&acks, &tables, &tables).lost_leases.len(), 4);
}

#[test]
fn a_lease_that_a_server_ends_too_early_is_lost() {
    let acks = clean();
    let mut tables = table(&acks);
    let row = tables.get_mut(&address(2)).expect("a row");
    row.expires_unix_s = row.expires_unix_s.map(|expires| expires - EXPIRES_TOLERANCE_S - 1);
    let found = judged(&acks, &tables, &tables).lost_leases;
    assert_eq!(found.len(), 2);
    assert!(
        found[0].contains("but client 02:fa:01:00:00:02 was told until 1800000020"),
        "{found:?}"
    );
    tables.get_mut(&address(2)).expect("a row").expires_unix_s = None;
    assert_eq!(judged(&acks, &tables, &tables).lost_leases.len(), 2);
}

#[test]
fn a_changed_address_is_found() {
    let mut acks = clean();
    acks.push(ack(3, 7, 6_000, 20));
    let found = judged(&acks, &table(&acks), &table(&acks)).changed_addresses;
    let expected = "client 02:fa:01:00:00:03 had 127.77.1.3 and was given 127.77.1.7 \
                    by 127.77.0.2 at 6001 ms";
    assert_eq!(found, [expected]);
}

#[test]
fn unequal_tables_are_found() {
    let acks = clean();
    let a = table(&acks);
    type Change = fn(&mut Row);
    let changes: [(u8, Change); 5] = [
        (9, |row| row.status = "BACKUP".to_owned()),
        (2, |row| row.status = "EXPIRED".to_owned()),
        (2, |row| row.client_id = None),
        (2, |row| row.hardware = Some("020000000000".to_owned())),
        (2, |row| row.expires_unix_s = row.expires_unix_s.map(|expires| expires + 3)),
    ];
    for (last, change) in changes {
        let mut b = a.clone();
        change(b.get_mut(&address(last)).expect("a row"));
        let found = table_differences(("a", &a), ("b", &b));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("127.77.1.{last}: a says ")), "{found:?}");
    }
}

#[test]
fn an_address_only_one_table_has_is_found() {
    let acks = clean();
    let a = table(&acks);
    let mut b = a.clone();
    b.remove(&address(9));
    assert_eq!(
        table_differences(("a", &a), ("b", &b)),
        ["127.77.1.9: a says FREE for nobody, b nothing"]
    );
    assert_eq!(table_differences(("b", &b), ("a", &a)).len(), 1);
}
