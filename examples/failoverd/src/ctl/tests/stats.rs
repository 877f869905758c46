//! `stats`.

use super::*;
use dhcp_failover_relationship::cmdlet::ScopeStatistics;
use dhcp_failover_relationship::{AddressCounts, Statistics};
use std::net::Ipv4Addr;

fn figures(request: &AdminRequest) -> AdminResponse {
    let AdminRequest::ScopeStatistics { .. } = request else { return server(request) };
    let counts =
        AddressCounts { this_free: 40, this_in_use: 12, partner_free: 45, partner_in_use: 3 };
    let row =
        ScopeStatistics { scope_id: [10, 0, 1, 0].into(), statistics: Statistics::new(counts) };
    AdminResponse::Statistics { rows: vec![row] }
}

/// The scopes that the server is asked for at the end.
fn asked(line: &str) -> Option<Vec<Ipv4Addr>> {
    let played = play_with(line, None, figures);
    assert!(played.outcome.is_ok(), "{:?}", played.outcome);
    match played.requests.last() {
        Some(AdminRequest::ScopeStatistics { scope_id }) => Some(scope_id.clone()),
        _ => None,
    }
}

#[test]
fn figures_are_a_table_for_people_and_have_windows_names_for_programs() {
    let text = "\
SCOPE     ADDRESSES  FREE  IN USE  PERCENT  FREE HERE  IN USE HERE  FREE AT PARTNER  IN USE AT PARTNER
10.0.1.0  100        85    15      15.0     40         12           45               3
";
    assert_eq!(play_with("stats", None, figures).text(), text);
    let played = play_with("stats --json", None, figures);
    assert_eq!(
        played.text(),
        "[{\"ScopeId\":\"10.0.1.0\",\"numAddr\":100,\"addrFree\":85,\"addrInUse\":15,\
         \"thisAddrFree\":40,\"thisAddrInUse\":12,\"partnerAddrFree\":45,\"partnerAddrInUse\":3}]\n"
    );
}

#[test]
fn a_name_and_scopes_choose_what_is_shown() {
    let [one, two] = [[10, 0, 1, 0], [10, 0, 2, 0]].map(Ipv4Addr::from);
    assert_eq!(asked("stats"), Some(vec![]));
    assert_eq!(asked("stats --scope-id 10.0.9.0"), Some(vec![[10, 0, 9, 0].into()]));
    assert_eq!(asked("stats a-b"), Some(vec![one, two]));
    assert_eq!(asked("stats --name a-b --scope-id 10.0.2.0,10.0.9.0"), Some(vec![two]));
    // To ask for no scope would be to ask for all.
    assert_eq!(asked("stats a-b --scope-id 10.0.9.0"), None);
    assert_eq!(play_with("stats nowhere", None, figures).refused().1, 20115);
}
