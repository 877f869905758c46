//! `Add-DhcpServerv4Failover`: its examples, its defaults, and everything that can be wrong at once.

use core::net::Ipv4Addr;

use dhcp_failover_relationship::{
    Error, FsmState, Invalid, Mode, ModeName, Percent, Registry, Relationship, ServerRole,
    ServerType, SharedSecret, TimeSpan,
    cmdlet::{AddFailover, LocalServer, PartnerServer},
};

use crate::pair::{PRIMARY, SECONDARY, codes, invalid, scope, served, with_a};

fn local() -> LocalServer {
    LocalServer {
        name: "dhcpserver.contoso.com".into(),
        addresses: vec![PRIMARY, [10, 10, 10, 1].into()],
        address: PRIMARY,
    }
}

fn partner() -> PartnerServer {
    PartnerServer { name: "dhcpserver2.contoso.com".into(), address: SECONDARY }
}

/// What the examples of the cmdlet have in common.
fn example() -> AddFailover {
    AddFailover {
        name: Some("SFO-SIN-Failover".into()),
        partner_server: Some("dhcpserver2.contoso.com".into()),
        scope_id: vec!["10.10.10.0".into(), "10.20.20.0".into()],
        ..AddFailover::default()
    }
}

fn two_hours() -> Option<TimeSpan> {
    Some("2:00:00".parse().unwrap())
}

fn percent(value: u32) -> Percent {
    Percent::new(value).unwrap()
}

fn made(parameters: &AddFailover) -> Relationship {
    parameters.resolve(&local(), &partner()).unwrap().build().unwrap()
}

fn refused(parameters: &AddFailover) -> Vec<Invalid> {
    let errors = parameters.resolve(&local(), &partner()).unwrap_err();
    errors
        .into_iter()
        .map(|error| match error {
            Error::InvalidParameter(invalid) => invalid,
            other => panic!("not an invalid parameter: {other}"),
        })
        .collect()
}

/// Seed 004, example 1.
#[test]
fn example_1_is_load_balance_with_a_secret() {
    let secret = SharedSecret::new("sEcReT").unwrap();
    let it = made(&AddFailover { shared_secret: Some(secret.clone()), ..example() });
    assert_eq!(it.name(), "SFO-SIN-Failover");
    assert_eq!(it.mode(), Mode::LoadBalance { percentage: percent(50) });
    assert_eq!(it.shared_secret(), Some(&secret));
    assert_eq!((it.primary_server(), it.secondary_server()), (PRIMARY, SECONDARY));
    assert_eq!(it.primary_server_name(), "dhcpserver.contoso.com");
    assert_eq!(it.secondary_server_name(), "dhcpserver2.contoso.com");
    assert_eq!(it.server_type(), ServerType::Primary);
    assert_eq!(it.scopes(), [Ipv4Addr::new(10, 10, 10, 0), Ipv4Addr::new(10, 20, 20, 0)]);
    assert_eq!((it.mclt_s(), it.safe_period_s()), (3600, None));
}

/// Seed 004, example 2.
#[test]
fn example_2_a_standby_is_the_secondary() {
    let it = made(&AddFailover { server_role: Some(ServerRole::Standby), ..example() });
    assert_eq!(it.mode(), Mode::HotStandby { reserve_percentage: percent(5) });
    assert_eq!(it.server_type(), ServerType::Secondary);
    assert_eq!((it.primary_server(), it.secondary_server()), (SECONDARY, PRIMARY));
    assert_eq!(it.primary_server_name(), "dhcpserver2.contoso.com");
    assert_eq!(it.partner_server(), SECONDARY);
    assert_eq!(it.shared_secret(), None, "without a secret nothing is signed");
}

/// Seed 004, example 3.
#[test]
fn example_3_has_shares_times_and_automatic_transition() {
    let it = made(&AddFailover {
        load_balance_percent: Some(70),
        max_client_lead_time: two_hours(),
        auto_state_transition: Some(true),
        state_switch_interval: two_hours(),
        ..example()
    });
    assert_eq!(it.mode(), Mode::LoadBalance { percentage: percent(70) });
    assert_eq!((it.mclt_s(), it.safe_period_s()), (7200, Some(7200)));
}

/// Seed 004, example 4: the mode follows from its parameter.
#[test]
fn example_4_a_reserve_makes_hot_standby_with_the_local_server_active() {
    let it = made(&AddFailover {
        reserve_percent: Some(10),
        max_client_lead_time: two_hours(),
        auto_state_transition: Some(true),
        state_switch_interval: two_hours(),
        ..example()
    });
    assert_eq!(it.mode(), Mode::HotStandby { reserve_percentage: percent(10) });
    assert_eq!(it.server_role(), Some(ServerRole::Active));
    assert_eq!(it.server_type(), ServerType::Primary);
}

#[test]
fn a_given_mode_needs_no_other_parameter() {
    let standby = made(&AddFailover { mode: Some(ModeName::HotStandby), ..example() });
    assert_eq!(standby.mode(), Mode::HotStandby { reserve_percentage: percent(5) });
    assert_eq!(standby.server_role(), Some(ServerRole::Active));
    let balanced = made(&AddFailover { mode: Some(ModeName::LoadBalance), ..example() });
    assert_eq!(balanced.mode(), Mode::LoadBalance { percentage: percent(50) });
}

#[test]
fn the_percentage_is_the_local_servers_and_stored_as_the_primarys() {
    let it = made(&AddFailover {
        load_balance_percent: Some(70),
        server_type: Some(ServerType::Secondary),
        ..example()
    });
    assert_eq!(it.mode(), Mode::LoadBalance { percentage: percent(30) });
    assert_eq!(it.local_load_balance_percent(), Some(percent(70)));
    assert_eq!((it.primary_server(), it.secondary_server()), (SECONDARY, PRIMARY));
}

/// Seed 004: the interval turns the transition on. Seed 003: 0 is off.
#[test]
fn automatic_transition_follows_the_interval() {
    for (automatic, interval_s, safe_period_s) in [
        (None, None, None),
        (Some(false), None, None),
        (None, Some(0), None),
        (Some(false), Some(0), None),
        (None, Some(60), Some(60)),
        (Some(true), Some(60), Some(60)),
        (Some(true), None, Some(3600)),
    ] {
        let it = made(&AddFailover {
            auto_state_transition: automatic,
            state_switch_interval: interval_s.map(TimeSpan::from_s),
            ..example()
        });
        assert_eq!(it.safe_period_s(), safe_period_s, "{automatic:?} {interval_s:?}");
    }
    let off = TimeSpan::default();
    let contradiction = AddFailover {
        auto_state_transition: Some(true),
        state_switch_interval: Some(off),
        ..example()
    };
    assert_eq!(refused(&contradiction), [Invalid::OnButNoInterval { interval: off }]);
    let contradiction = AddFailover {
        auto_state_transition: Some(false),
        state_switch_interval: two_hours(),
        ..example()
    };
    let interval = TimeSpan::from_s(7200);
    assert_eq!(refused(&contradiction), [Invalid::IntervalButOff { interval }]);
}

#[test]
fn parameters_of_the_other_mode_are_refused() {
    let other = |parameter, mode| Invalid::OtherMode { parameter, mode };
    let lb = AddFailover {
        mode: Some(ModeName::LoadBalance),
        reserve_percent: Some(5),
        server_role: Some(ServerRole::Active),
        ..example()
    };
    let mode = ModeName::LoadBalance;
    assert_eq!(refused(&lb), [other("ReservePercent", mode), other("ServerRole", mode)]);
    let hs = AddFailover {
        mode: Some(ModeName::HotStandby),
        load_balance_percent: Some(50),
        ..example()
    };
    assert_eq!(refused(&hs), [other("LoadBalancePercent", ModeName::HotStandby)]);
    let both = AddFailover { mode: None, load_balance_percent: Some(50), ..lb };
    let of_both = |parameter| Invalid::BothModes { parameter };
    assert_eq!(refused(&both), [of_both("ReservePercent"), of_both("ServerRole")]);
    assert_eq!(
        of_both("ServerRole").to_string(),
        "LoadBalancePercent and ServerRole belong to different modes"
    );
}

#[test]
fn role_and_type_must_agree() {
    let it = AddFailover {
        server_role: Some(ServerRole::Standby),
        server_type: Some(ServerType::Primary),
        ..example()
    };
    let (role, server_type) = (ServerRole::Standby, ServerType::Primary);
    assert_eq!(refused(&it), [Invalid::RoleAgainstType { role, server_type }]);
    let agreed = AddFailover { server_type: Some(ServerType::Secondary), ..it };
    assert_eq!(made(&agreed).server_role(), Some(ServerRole::Standby));
    let by_type = AddFailover { server_role: None, reserve_percent: Some(5), ..agreed };
    assert_eq!(made(&by_type).server_role(), Some(ServerRole::Standby));
}

#[test]
fn a_percentage_of_101_is_refused_in_either_mode() {
    let lb = AddFailover { load_balance_percent: Some(101), ..example() };
    let over = |parameter, value| Invalid::Percent { parameter, value };
    assert_eq!(refused(&lb), [over("LoadBalancePercent", 101)]);
    let hs = AddFailover { reserve_percent: Some(u32::MAX), ..example() };
    assert_eq!(refused(&hs), [over("ReservePercent", u32::MAX)]);
    for value in [0, 100] {
        let it = made(&AddFailover { reserve_percent: Some(value), ..example() });
        assert_eq!(it.reserve_percent(), Some(percent(value)));
    }
}

#[test]
fn the_partner_must_be_another_server() {
    for address in [PRIMARY, [10, 10, 10, 1].into()] {
        let partner = PartnerServer { name: "me".into(), address };
        let refused = invalid(example().resolve(&local(), &partner));
        assert_eq!(refused, Invalid::PartnerIsLocal { partner: "me".into(), address });
    }
    let unlisted = LocalServer { addresses: vec![], ..local() };
    let me = PartnerServer { name: "me".into(), address: PRIMARY };
    let refused_too = invalid(example().resolve(&unlisted, &me));
    assert_eq!(refused_too, Invalid::PartnerIsLocal { partner: "me".into(), address: PRIMARY });
    // No address is nobody's, not this server's.
    let nowhere = Ipv4Addr::UNSPECIFIED;
    let me = LocalServer { address: nowhere, addresses: vec![nowhere], ..local() };
    let it = PartnerServer { name: "it".into(), address: nowhere };
    let zero = |server| Error::from(Invalid::ServerAddressZero { server });
    assert_eq!(
        example().resolve(&me, &it).unwrap_err().into_iter().collect::<Vec<_>>(),
        ServerType::ALL.map(zero)
    );
    for none in [None, Some(String::new())] {
        let missing = Invalid::Missing { parameter: "PartnerServer" };
        assert_eq!(refused(&AddFailover { partner_server: none, ..example() }), [missing]);
    }
}

#[test]
fn scopes_are_read_one_by_one() {
    let scopes = ["10.10.10.0", "2001:db8::/64", "fe80::", "10.20.20.0/24", "ten", "10.10.10.0"];
    let it = AddFailover { scope_id: scopes.map(String::from).into(), ..example() };
    let ipv6 = |text: &str| Invalid::ScopeIpv6 { text: text.into() };
    let unreadable = |text: &str| Invalid::ScopeUnreadable { text: text.into() };
    assert_eq!(
        refused(&it),
        [
            ipv6("2001:db8::/64"),
            ipv6("fe80::"),
            unreadable("10.20.20.0/24"),
            unreadable("ten"),
            Invalid::ScopeTwice { scope: [10, 10, 10, 0].into() }
        ]
    );
}

#[test]
fn an_empty_relationship_must_be_meant() {
    let none = AddFailover { scope_id: vec![], ..example() };
    assert_eq!(refused(&none), [Invalid::Missing { parameter: "ScopeId" }]);
    let meant = AddFailover { empty: true, ..none };
    assert!(made(&meant).scopes().is_empty());
    let mut registry = Registry::new();
    assert!(meant.create(&mut registry, &local(), &partner(), &served).is_ok());
    let both = AddFailover { empty: true, ..example() };
    assert_eq!(refused(&both), [Invalid::ScopesForEmpty]);
}

#[test]
fn the_default_name_is_made_of_the_two_short_names() {
    let unnamed = AddFailover { name: None, ..example() };
    for (partner, name) in [
        ("dhcpserver2.contoso.com", "dhcpserver-dhcpserver2"),
        ("dhcpserver2.contoso.com:1647", "dhcpserver-dhcpserver2"),
        ("b", "dhcpserver-b"),
        ("192.0.2.2", "dhcpserver-192.0.2.2"),
        ("192.0.2.2:1647", "dhcpserver-192.0.2.2"),
    ] {
        let partner = PartnerServer { name: partner.into(), address: SECONDARY };
        let it = unnamed.resolve(&local(), &partner).unwrap().build().unwrap();
        assert_eq!(it.name(), name);
    }
    let standby = AddFailover { server_role: Some(ServerRole::Standby), ..unnamed };
    assert_eq!(made(&standby).name(), "dhcpserver2-dhcpserver", "as the other server makes it");
    let empty = AddFailover { name: Some(String::new()), ..example() };
    assert_eq!(refused(&empty), [Invalid::Missing { parameter: "Name" }]);
}

#[test]
fn an_address_is_not_kept_as_a_name() {
    for (given, kept) in [("192.0.2.2", ""), ("192.0.2.2:1647", ""), ("b.example:647", "b.example")]
    {
        let partner = PartnerServer { name: given.into(), address: SECONDARY };
        let it = example().resolve(&local(), &partner).unwrap().build().unwrap();
        assert_eq!(it.partner_server_name(), kept);
    }
}

#[test]
fn everything_wrong_is_told_at_once_and_nothing_is_created() {
    let mut registry = with_a();
    let before = registry.clone();
    let wrong = AddFailover {
        name: Some("x".repeat(127)),
        partner_server: None,
        scope_id: ["10.0.1.0", "172.16.0.0", "10.66.1.0", "::"].map(String::from).into(),
        mode: Some(ModeName::HotStandby),
        load_balance_percent: Some(101),
        max_client_lead_time: Some(TimeSpan::default()),
        auto_state_transition: Some(true),
        state_switch_interval: Some(TimeSpan::default()),
        ..AddFailover::default()
    };
    let me = PartnerServer { name: "me".into(), address: PRIMARY };
    let refused = wrong.create(&mut registry, &local(), &me, &served).unwrap_err();
    let seen: Vec<_> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        seen,
        [
            "PartnerServer is missing",
            "PartnerServer \"me\" (192.0.2.1) is this server itself",
            "ScopeId \"::\" is an IPv6 scope, which failover does not support",
            "LoadBalancePercent does not belong to mode HotStandby",
            "LoadBalancePercent 101 is more than 100",
            "AutoStateTransition true is given with StateSwitchInterval 00:00:00, which is off",
            "MaxClientLeadTime is 0",
            "scope 172.16.0.0 does not exist on this server",
            "scope 10.66.1.0 serves BOOTP only",
            "name of the relationship has 127 UTF-16 units, more than 126",
            "scope 10.0.1.0 is already in relationship \"a\"",
        ]
    );
    assert_eq!(refused.code(), 87);
    assert_eq!(registry, before);
}

#[test]
fn created_relationships_begin_at_startup() {
    let mut registry = Registry::new();
    let it = AddFailover { scope_id: vec![scope(1).to_string()], ..example() };
    let created = it.create(&mut registry, &local(), &partner(), &served).unwrap();
    assert_eq!((created.state(), created.prev_state()), (FsmState::Startup, FsmState::Init));
    let again = it.create(&mut registry, &local(), &partner(), &served);
    assert_eq!(codes(again), [20113, 20114]);
}
