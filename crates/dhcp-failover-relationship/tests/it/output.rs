//! What the cmdlets print.

use dhcp_failover_relationship::{
    FsmState, Mode, Percent, Registry, Relationship, ServerRole, ServerType, SharedSecret,
    TimeSpan,
    cmdlet::{Failover, ScopeView},
};

use crate::pair::{builder, scope};

/// Seed 001, example 1 of viewing, letter by letter but for blanks at the ends of lines.
#[test]
fn the_listing_is_that_of_windows() {
    let mut registry = Registry::new();
    let reserve_percentage = Percent::DEFAULT_RESERVE;
    let standby = Relationship::builder(
        "dc1.contoso.com-192.168.0.254",
        [192, 168, 0, 1].into(),
        [192, 168, 0, 254].into(),
    )
    .mode(Mode::HotStandby { reserve_percentage })
    .scopes([[192, 168, 50, 0].into(), [192, 168, 0, 0].into()]);
    let balanced = Relationship::builder(
        "dhcp1-dc1 load balance",
        [192, 168, 0, 2].into(),
        [192, 168, 0, 1].into(),
    )
    .server_names("dhcp1.contoso.com", "dc1.contoso.com")
    .server_type(ServerType::Secondary);
    for it in [standby, balanced] {
        registry.insert(it.build().unwrap()).unwrap();
    }
    for name in ["dc1.contoso.com-192.168.0.254", "dhcp1-dc1 load balance"] {
        registry.set_state(name, FsmState::Normal, FsmState::Startup).unwrap();
    }
    let printed: Vec<_> = registry.iter().map(|it| Failover::of(it).to_list()).collect();
    assert_eq!(
        printed.join("\n"),
        "\
Name                : dc1.contoso.com-192.168.0.254
PartnerServer       : 192.168.0.254
Mode                : HotStandby
LoadBalancePercent  :
ServerRole          : Active
ReservePercent      : 5
MaxClientLeadTime   : 01:00:00
StateSwitchInterval :
State               : Normal
ScopeId             : {192.168.50.0, 192.168.0.0}
AutoStateTransition : False
EnableAuth          : False

Name                : dhcp1-dc1 load balance
PartnerServer       : dhcp1.contoso.com
Mode                : LoadBalance
LoadBalancePercent  : 50
ServerRole          :
ReservePercent      :
MaxClientLeadTime   : 01:00:00
StateSwitchInterval :
State               : Normal
ScopeId             :
AutoStateTransition : False
EnableAuth          : False
"
    );
}

#[test]
fn a_relationship_is_shown_from_the_local_servers_view() {
    let percentage = Percent::new(70).unwrap();
    let secret = SharedSecret::new("hunter2").unwrap();
    let pair = || {
        builder("a", &[scope(1)])
            .server_names("east", "west")
            .safe_period_s(Some(90_061))
            .shared_secret(Some(secret.clone()))
    };
    let balanced = |server_type| {
        pair().mode(Mode::LoadBalance { percentage }).server_type(server_type).build().unwrap()
    };
    let primary = Failover::of(&balanced(ServerType::Primary));
    let secondary = Failover::of(&balanced(ServerType::Secondary));
    assert_eq!(
        (primary.load_balance_percent, secondary.load_balance_percent),
        (Some(70), Some(30))
    );
    assert_eq!((&*primary.partner_server, &*secondary.partner_server), ("west", "east"));
    assert_eq!(primary.primary_server_name.as_deref(), Some("east"));
    assert_eq!(secondary.secondary_server_name.as_deref(), Some("west"));
    assert!(primary.enable_auth && primary.auto_state_transition);
    assert_eq!(primary.state_switch_interval, Some(TimeSpan::from_s(90_061)));
    let list = primary.to_list();
    assert!(list.contains("\nStateSwitchInterval : 1.01:01:01\n"));
    assert!(list.ends_with("\nAutoStateTransition : True\nEnableAuth          : True\n"));
    assert!(!list.contains("hunter2"));

    let reserve_percentage = Percent::new(0).unwrap();
    let standby = pair().mode(Mode::HotStandby { reserve_percentage });
    let standby = Failover::of(&standby.server_type(ServerType::Secondary).build().unwrap());
    assert_eq!(
        (standby.server_role, standby.reserve_percent),
        (Some(ServerRole::Standby), Some(0))
    );
    assert_eq!(standby.load_balance_percent, None);
}

#[test]
fn a_scope_shows_the_relationship_it_is_in() {
    let mut registry = Registry::new();
    let percentage = Percent::new(70).unwrap();
    let it = builder("a", &[scope(1)]).mode(Mode::LoadBalance { percentage });
    registry.insert(it.server_type(ServerType::Secondary).build().unwrap()).unwrap();
    let view: ScopeView = registry.scope_view(scope(1)).unwrap();
    assert_eq!((view.scope_id, &*view.name, &*view.partner_server), (scope(1), "a", "192.0.2.1"));
    assert_eq!((view.load_balance_percent, view.state), (Some(30), FsmState::Startup));
    assert_eq!(registry.scope_view(scope(2)).unwrap_err().code(), 20116);
}
