//! The picture of seed 001: three servers, four scopes, two relationships.

use core::net::Ipv4Addr;

use dhcp_failover_relationship::{
    Registry, ScopeKind, ServerRole,
    cmdlet::{AddFailover, LocalServer, PartnerServer},
};

const ADDRESSES: [Ipv4Addr; 3] =
    [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2), Ipv4Addr::new(192, 0, 2, 3)];
/// Scopes A, B, C and D.
const SCOPES: [Ipv4Addr; 4] = [
    Ipv4Addr::new(10, 0, 1, 0),
    Ipv4Addr::new(10, 0, 2, 0),
    Ipv4Addr::new(10, 0, 3, 0),
    Ipv4Addr::new(10, 0, 4, 0),
];

fn local(number: usize) -> LocalServer {
    let address = ADDRESSES[number - 1];
    LocalServer { name: format!("DHCP{number}"), addresses: vec![address], address }
}

fn partner(number: usize) -> PartnerServer {
    PartnerServer { name: format!("DHCP{number}"), address: ADDRESSES[number - 1] }
}

fn served(scope: Ipv4Addr) -> Option<ScopeKind> {
    SCOPES.contains(&scope).then_some(ScopeKind::Dhcp)
}

fn add(name: &str, partner: &str, scopes: &[usize], role: Option<ServerRole>) -> AddFailover {
    AddFailover {
        name: Some(name.into()),
        partner_server: Some(partner.into()),
        scope_id: scopes.iter().map(|it| SCOPES[*it].to_string()).collect(),
        server_role: role,
        ..AddFailover::default()
    }
}

#[test]
fn three_servers_share_four_scopes_in_two_relationships() {
    let mut servers = [Registry::new(), Registry::new(), Registry::new()];
    let mut create = |at: usize, with: usize, parameters: &AddFailover| {
        parameters.create(&mut servers[at - 1], &local(at), &partner(with), &served).unwrap();
    };
    create(1, 2, &add("DHCP1-DHCP2", "DHCP2", &[0, 2], None));
    let at_dhcp2 = AddFailover {
        server_type: Some(dhcp_failover_relationship::ServerType::Secondary),
        ..add("DHCP1-DHCP2", "DHCP1", &[0, 2], None)
    };
    create(2, 1, &at_dhcp2);
    create(3, 2, &add("DHCP3-DHCP2", "DHCP2", &[1], Some(ServerRole::Active)));
    create(2, 3, &add("DHCP3-DHCP2", "DHCP3", &[1], Some(ServerRole::Standby)));

    let [dhcp1, dhcp2, dhcp3] = &servers;
    assert_eq!((dhcp1.iter().len(), dhcp2.iter().len(), dhcp3.iter().len()), (1, 2, 1));
    for (name, here, there) in [("DHCP1-DHCP2", dhcp1, dhcp2), ("DHCP3-DHCP2", dhcp3, dhcp2)] {
        let (here, there) = (here.get(name).unwrap(), there.get(name).unwrap());
        // Only the server type differs.
        let (mine, theirs) = (here.to_windows(), there.to_windows());
        assert_eq!((mine.server_type, theirs.server_type), (0, 1));
        let theirs = dhcp_failover_relationship::WindowsRelationship { server_type: 0, ..theirs };
        assert_eq!(mine, theirs);
        // Seen from either server.
        assert_eq!(here.scopes(), there.scopes());
        let shares = (here.local_load_balance_percent(), there.local_load_balance_percent());
        assert_eq!(shares.0.map(|it| it.rest()), shares.1);
    }
    assert_eq!(dhcp2.of_scope(SCOPES[0]).unwrap().name(), "DHCP1-DHCP2");
    assert_eq!(dhcp2.of_scope(SCOPES[2]).unwrap().name(), "DHCP1-DHCP2");
    let b = dhcp2.scope_view(SCOPES[1]).unwrap();
    assert_eq!((&*b.name, b.server_role), ("DHCP3-DHCP2", Some(ServerRole::Standby)));
    let b = dhcp3.scope_view(SCOPES[1]).unwrap();
    assert_eq!(b.server_role, Some(ServerRole::Active));
    assert_eq!(dhcp2.of_scope(SCOPES[3]).unwrap_err().code(), 20116, "scope D has no failover");
}
