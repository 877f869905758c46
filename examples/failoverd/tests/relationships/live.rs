//! Relationships and scopes that change while two servers run and clients have leases.

use crate::site::{Site, Sites, scope, served_by};
use dhcp_failover_relationship::cmdlet::{AddFailover, SetFailover};
use dhcp_failover_relationship::{ServerType, TimeSpan};
use failoverd::admin::{AdminRequest, AdminResponse, Changed, ScopeState, call};
use failoverd::demo::process::Process;
use std::path::PathBuf;

/// Asks for a change, which must be made.
fn change(site: &Site, request: &AdminRequest) -> Changed {
    match call(&site.admin, request) {
        Ok(AdminResponse::Changed(changed)) => changed,
        other => panic!("{}: {other:?}\n{}", site.name, site.process.log_tail()),
    }
}

/// Two servers that do not know each other, each with the scopes of two networks.
fn two(sites: &mut Sites) -> [Site; 2] {
    let scopes = [scope(81, 49, ""), scope(82, 49, "")].concat();
    [(2, "dhcp1"), (3, "dhcp2")].map(|(number, name)| sites.start(number, name, &scopes))
}

fn add(name: &str, partner: &Site, server_type: ServerType, scopes: &[&str]) -> AdminRequest {
    let parameters = AddFailover {
        name: Some(name.to_owned()),
        partner_server: Some(partner.failover.to_string()),
        scope_id: scopes.iter().map(|&it| it.to_owned()).collect(),
        empty: scopes.is_empty(),
        server_type: Some(server_type),
        max_client_lead_time: Some(TimeSpan::from_s(300)),
        ..AddFailover::default()
    };
    AdminRequest::add_failover(parameters, false)
}

fn move_scope(site: &Site, name: &str, scope: &str, join: bool) {
    let (name, scope_id, what_if) = (name.to_owned(), vec![scope.to_owned()], false);
    let request = match join {
        true => AdminRequest::AddFailoverScope { name, scope_id, what_if },
        false => AdminRequest::RemoveFailoverScope { name, scope_id, what_if },
    };
    change(site, &request);
}

#[test]
fn no_lease_is_lost_while_a_scope_joins_a_relationship_and_leaves_it() {
    let mut sites = Sites::new();
    let [mut one, mut two] = two(&mut sites);
    // Both serve alone; only the first has clients.
    let leased: Vec<_> = (0..10).map(|who| one.lease(81, who).expect("a lease")).collect();

    // An empty relationship finds its partner, and then the scope joins it on both sides.
    change(&one, &add("pair", &two, ServerType::Primary, &[]));
    change(&two, &add("pair", &one, ServerType::Secondary, &[]));
    one.wait_for_state("pair", "NORMAL");
    two.wait_for_state("pair", "NORMAL");
    move_scope(&one, "pair", "127.81.0.0", true);
    two.wait_for_state("pair", "NORMAL");
    move_scope(&two, "pair", "127.81.0.0", true);
    one.wait_for_state("pair", "NORMAL");
    two.wait_for_state("pair", "NORMAL");
    // The other server learns of every lease, and renews them all (S5).
    for (who, address) in (0..).zip(&leased) {
        two.wait("the lease at the partner", |two| two.renews(81, who, *address).then_some(()));
        assert!(one.renews(81, who, *address), "{address}");
    }
    // New clients are shared, each served by one of the two (S12).
    let shared: Vec<_> = (100..120)
        .map(|who| {
            let by = served_by(&[&one, &two], 81, who);
            // Asked once more it is told the same address.
            (by, [&one, &two][by].lease(81, who).expect("its lease"))
        })
        .collect();
    assert!(shared.iter().any(|it| it.0 == 0) && shared.iter().any(|it| it.0 == 1), "{shared:?}");

    // The split is changed on both sides without a restart.
    let all = SetFailover { load_balance_percent: Some(100), ..SetFailover::default() };
    let none = SetFailover { load_balance_percent: Some(0), ..SetFailover::default() };
    for (site, parameters) in [(&one, all), (&two, none)] {
        let (name, parameters) = ("pair".to_owned(), Box::new(parameters));
        change(site, &AdminRequest::SetFailover { name, parameters, what_if: false });
    }
    one.wait_for_state("pair", "NORMAL");
    two.wait_for_state("pair", "NORMAL");
    for who in 200..205 {
        assert_eq!(served_by(&[&one, &two], 81, who), 0, "client {who}");
    }

    // The scope leaves again; the first server keeps every lease, over a restart too.
    move_scope(&two, "pair", "127.81.0.0", false);
    move_scope(&one, "pair", "127.81.0.0", false);
    one.restart();
    for (who, address) in (0..).zip(&leased) {
        assert!(one.renews(81, who, *address), "{address}");
    }
    for (who, (_, address)) in (100..).zip(&shared) {
        assert!(one.renews(81, who, *address), "{address}");
    }
    assert!(one.lease(82, 1).is_some(), "a scope that was in no relationship");
}

/// What is discarded is what operators wanted, not what protects clients (S1).
#[test]
fn s1_live_changes_that_are_discarded_leave_the_waits_behind() {
    let mut sites = Sites::new();
    let [mut one, two] = two(&mut sites);
    let leased = one.lease(81, 1).expect("a lease");
    change(&one, &add("pair", &two, ServerType::Secondary, &["127.81.0.0"]));
    let relationship = Some("pair".to_owned());
    let down = call(&one.admin, &AdminRequest::ForcePartnerDown { relationship });
    assert!(matches!(down, Ok(AdminResponse::Done { .. })), "{down:?}");
    one.wait_for_state("pair", "PARTNER-DOWN");
    let (scope_id, state) = (vec!["127.82.0.0".to_owned()], ScopeState::Inactive);
    change(&one, &AdminRequest::SetScope { scope_id, state, what_if: false });
    assert_eq!(one.lease(82, 2), None);

    one.process.kill().expect("the server is killed");
    let executable = PathBuf::from(env!("CARGO_BIN_EXE_failoverd"));
    let (config, log) = (sites.path("dhcp1.toml"), sites.path("dhcp1.log"));
    one.process = Process::new(executable, config, log).with_arguments(&["--discard-live-changes"]);
    one.start();
    assert!(one.everything().is_empty(), "no relationship is left");
    // The primary had all addresses, and may have leased them, until the MCLT is over.
    assert_eq!(one.lease(81, 3), None);
    assert!(one.renews(81, 1, leased));
    assert_eq!(one.lease(82, 4), None, "another server may serve it");
    let active = ScopeState::Active;
    let scope_id = vec!["127.82.0.0".to_owned()];
    change(&one, &AdminRequest::SetScope { scope_id, state: active, what_if: false });
    assert!(one.lease(82, 4).is_some());
}
