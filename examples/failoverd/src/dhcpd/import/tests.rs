use super::*;
use std::path::Path;

const CONFIG: &str = r#"
[server]
store = "s.redb"
admin_socket = "s.sock"

[[relationship]]
name = "pair"
role = "secondary"
partner = "192.0.2.1:647"

[[scope]]
subnet = "10.77.0.0/24"
ranges = ["10.77.0.100-10.77.0.199"]
exclude = ["10.77.0.199"]
relationship = "pair"
lease_s = 600

[[scope]]
subnet = "10.78.0.0/24"
ranges = ["10.78.0.100-10.78.0.199"]
lease_s = 600
decline_hold_s = 500
"#;

const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_795_248_700);

fn config(directory: &Path) -> Config {
    let text = CONFIG.replace("s.redb", directory.join("s.redb").to_str().expect("text"));
    Config::parse(Path::new("s.toml"), &text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn import(leases: &str) -> Imported {
    let directory = tempfile::tempdir().expect("a directory");
    Imported::new(&config(directory.path()), &LeaseFile::parse(leases.as_bytes()), NOW)
}

fn lease(address: &str, state: &str, rest: &str) -> String {
    format!(
        "lease {address} {{\n starts epoch 1795248637;\n ends epoch 1795248937;\n \
         tstp epoch 1795249087;\n tsfp epoch 1795249000;\n binding state {state};\n {rest}\n}}\n"
    )
}

const CLIENT: &str =
    "hardware ethernet 02:aa:00:00:00:01; uid \"\\001\\002\\252\\000\\000\\000\\001\";";

/// S1, S14: the client keeps its address, and every promise made to it or about it is waited for.
#[test]
fn a_lease_keeps_its_client_its_end_and_every_promise() {
    let rest = format!(
        "{CLIENT} cltt epoch 1795248640; client-hostname \"pc\"; \
         option agent.circuit-id \"eth0\"; option agent.remote-id 0:1;"
    );
    let imported = import(&lease("10.77.0.150", "active", &rest));
    assert!(imported.left_out.is_empty(), "{:?}", imported.left_out);
    let [binding] = &imported.bindings[..] else { panic!("{imported:?}") };
    assert_eq!(binding.status, BindingStatus::Active);
    let client = binding.client.as_ref().expect("a client");
    assert_eq!(client.hardware().as_bytes(), [2, 0xaa, 0, 0, 0, 1]);
    assert_eq!(client.identifier(), Some(&[1, 2, 0xaa, 0, 0, 0, 1][..]));
    let at = LeaseInstant::from_unix_s;
    assert_eq!(binding.expiries.lease, at(1_795_248_937));
    assert_eq!(binding.expiries.latest(), at(1_795_249_087));
    // S2: nothing shows that the partner remembers what it once promised.
    assert_eq!(binding.expiries.partner_known(), LeaseInstant::ZERO);
    assert_eq!(binding.last_transaction, Some(at(1_795_248_640)));
    let options = noted::options(&binding.request_options);
    assert_eq!(options[&HOST_NAME], b"pc");
    assert_eq!(options[&RELAY_AGENT], [1, 4, b'e', b't', b'h', b'0', 2, 2, 0, 1]);
    // H10: not undone in silence.
    assert!(!binding.knowledge.is_certainly(BindingStatus::Free));
    assert!(binding.needs_telling(1));
}

#[test]
fn every_state_has_its_counterpart() {
    let states = ["expired", "released", "reset", "abandoned", "free", "backup"];
    let file = |subnet: u8| -> String {
        let leases = states.iter().enumerate().map(|(number, state)| {
            lease(&format!("10.{subnet}.0.{}", 100 + number), state, CLIENT)
        });
        leases.collect()
    };
    let statuses = |imported: &Imported| -> Vec<_> {
        imported.bindings.iter().map(|binding| binding.status).collect()
    };
    use BindingStatus::{Abandoned, Expired, Free, Released, Reset};
    // Who owns what is free, the partner tells.
    let shared = import(&file(77));
    assert_eq!(statuses(&shared), [Expired, Released, Reset, Abandoned]);
    assert_eq!(shared.unremarkable, 2);
    // Alone, the server remembers who had an address last.
    let alone = import(&file(78));
    assert_eq!(statuses(&alone), [Expired, Released, Reset, Abandoned, Free, Free]);
    assert!(alone.bindings.iter().all(|binding| binding.client.is_some()));
    let abandoned = &alone.bindings[3];
    assert_eq!(abandoned.expiries.lease, NOW + LeaseSpan::from_s(500));
    assert_eq!(
        alone.to_string(),
        "6 addresses imported: 1 ABANDONED, 1 EXPIRED, 2 FREE, 1 RELEASED, 1 RESET; 0 free ones had \
         nothing to carry over"
    );
}

#[test]
fn an_endless_lease_stays_endless_and_an_unknown_end_is_over() {
    let imported = import(&format!(
        "lease 10.77.0.101 {{ ends never; binding state active; {CLIENT} }}\n\
         lease 10.77.0.102 {{ binding state active; {CLIENT} }}"
    ));
    let ends: Vec<_> = imported.bindings.iter().map(|binding| binding.expiries.lease).collect();
    assert_eq!(ends, [LeaseInstant::NEVER, LeaseInstant::ZERO]);
}

#[test]
fn what_cannot_be_carried_over_is_told_with_its_line() {
    let reserved = format!("{CLIENT} reserved;");
    let file = [
        lease("10.99.0.1", "active", CLIENT),
        lease("10.77.0.199", "active", CLIENT),
        lease("10.77.0.100", "active", ""),
        lease("10.77.0.101", "active", &reserved),
        lease("10.77.0.102", "odd", CLIENT),
    ];
    let imported = import(&file.concat());
    let told = |line: &str, what: &str| {
        let found = imported.left_out.iter().any(|it| it.starts_with(line) && it.contains(what));
        assert!(found, "{line} {what}: {:#?}", imported.left_out);
    };
    told("line 1:", "10.99.0.1: it is in no range");
    told("line 9:", "10.77.0.199: it is in no range");
    told("line 17:", "names no client");
    told("line 25:", "the reservation");
    told("line 38:", "not understood");
    // With a state that nobody knows, the lease still counts.
    assert_eq!(imported.bindings.len(), 2);
}

/// Nothing is half-applied, nothing overwritten.
#[test]
fn only_an_empty_store_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = config(directory.path());
    let file = LeaseFile::parse(lease("10.77.0.150", "active", CLIENT).as_bytes());
    let imported = Imported::new(&config, &file, NOW);
    imported.store(&config).expect("an empty store takes it");
    let error = imported.store(&config).expect_err("it is not empty any more").to_string();
    assert!(
        error.contains("already holds 1 addresses") && error.contains("move it away"),
        "{error}"
    );
    let mut store = RedbStore::open(&config.server.store, None).expect("a store");
    let error = imported.store(&config).expect_err("it is open").to_string();
    assert!(error.contains("in use by another process"), "{error}");
    assert_eq!(store.load().expect("contents").bindings.len(), 1);
}

/// S1: a scope that has no partner any more waits for what the former one may have leased, and one
/// that never had one waits for nothing.
#[test]
fn a_scope_on_its_own_knows_of_a_partner_only_if_dhcpd_had_one() {
    let had_one = lease("10.78.0.150", "active", CLIENT);
    let never = had_one.replace("tsfp epoch 1795249000;\n", "");
    for (file, knows) in [(had_one, true), (never, false)] {
        let imported = import(&file);
        let [binding] = &imported.bindings[..] else { panic!("{imported:?}") };
        assert_eq!(binding.knowledge != Knowledge::default(), knows, "{file}");
    }
}
