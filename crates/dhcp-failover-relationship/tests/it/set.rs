//! `Set-DhcpServerv4Failover`.

use dhcp_failover_relationship::{
    Changes, Error, Invalid, Mode, ModeName, Percent, Registry, Relationship, ServerRole,
    ServerType, SharedSecret, TimeSpan, cmdlet::SetFailover,
};

use crate::pair::{builder, codes, invalid, scope, with_a};

fn percent(value: u32) -> Percent {
    Percent::new(value).unwrap()
}

/// Load balance, 60 percent for the primary.
fn balanced(server_type: ServerType) -> Relationship {
    let mode = Mode::LoadBalance { percentage: percent(60) };
    builder("a", &[scope(1)]).mode(mode).server_type(server_type).build().unwrap()
}

fn standby(server_type: ServerType) -> Relationship {
    let mode = Mode::HotStandby { reserve_percentage: percent(8) };
    builder("a", &[scope(1)]).mode(mode).server_type(server_type).build().unwrap()
}

fn changed(set: &SetFailover, of: &Relationship) -> Relationship {
    let mut registry = Registry::new();
    registry.insert(of.clone()).unwrap();
    registry.set("a", set.changes(of).unwrap()).unwrap().clone()
}

/// Seed 001: "on the local server".
#[test]
fn the_percentage_is_the_local_servers() {
    let set = SetFailover { load_balance_percent: Some(70), ..SetFailover::default() };
    let primary = changed(&set, &balanced(ServerType::Primary));
    assert_eq!(primary.mode(), Mode::LoadBalance { percentage: percent(70) });
    let secondary = changed(&set, &balanced(ServerType::Secondary));
    assert_eq!(secondary.mode(), Mode::LoadBalance { percentage: percent(30) });
    assert_eq!(secondary.local_load_balance_percent(), Some(percent(70)));
}

#[test]
fn another_mode_gets_its_own_default_percentage() {
    let to_standby = SetFailover { mode: Some(ModeName::HotStandby), ..SetFailover::default() };
    let now = changed(&to_standby, &balanced(ServerType::Primary));
    assert_eq!(now.mode(), Mode::HotStandby { reserve_percentage: percent(5) });
    let same = changed(&to_standby, &standby(ServerType::Primary));
    assert_eq!(same.mode(), Mode::HotStandby { reserve_percentage: percent(8) });
    let to_balance = SetFailover { mode: Some(ModeName::LoadBalance), ..SetFailover::default() };
    let now = changed(&to_balance, &standby(ServerType::Secondary));
    assert_eq!(now.mode(), Mode::LoadBalance { percentage: percent(50) });
    let with_percent = SetFailover { reserve_percent: Some(0), ..to_standby };
    let now = changed(&with_percent, &balanced(ServerType::Primary));
    assert_eq!(now.mode(), Mode::HotStandby { reserve_percentage: percent(0) });
}

#[test]
fn parameters_must_belong_to_the_mode_there_will_be() {
    let all = SetFailover {
        load_balance_percent: Some(101),
        reserve_percent: Some(5),
        server_role: Some(ServerRole::Active),
        ..SetFailover::default()
    };
    let other = |parameter, mode| Error::from(Invalid::OtherMode { parameter, mode });
    let refused = all.changes(&balanced(ServerType::Primary)).unwrap_err();
    let over = Invalid::Percent { parameter: "LoadBalancePercent", value: 101 };
    let mode = ModeName::LoadBalance;
    assert_eq!(
        refused.into_iter().collect::<Vec<_>>(),
        [other("ReservePercent", mode), other("ServerRole", mode), over.clone().into()]
    );
    let to_standby = SetFailover { mode: Some(ModeName::HotStandby), ..all };
    let refused = to_standby.changes(&balanced(ServerType::Primary)).unwrap_err();
    assert_eq!(
        refused.into_iter().collect::<Vec<_>>(),
        [other("LoadBalancePercent", ModeName::HotStandby), over.into()]
    );
}

#[test]
fn both_percentages_are_judged() {
    let set = SetFailover {
        load_balance_percent: Some(101),
        reserve_percent: Some(102),
        ..SetFailover::default()
    };
    let refused = set.changes(&balanced(ServerType::Primary)).unwrap_err();
    let over = |parameter, value| Error::from(Invalid::Percent { parameter, value });
    let other = Invalid::OtherMode { parameter: "ReservePercent", mode: ModeName::LoadBalance };
    assert_eq!(
        refused.into_iter().collect::<Vec<_>>(),
        [other.into(), over("LoadBalancePercent", 101), over("ReservePercent", 102)]
    );
}

#[test]
fn roles_cannot_be_exchanged() {
    let set = |role| SetFailover { server_role: Some(role), ..SetFailover::default() };
    let active = set(ServerRole::Active);
    assert_eq!(
        invalid(active.changes(&standby(ServerType::Secondary))),
        Invalid::RoleOfPartner { role: ServerRole::Active }
    );
    let mode = Some(ModeName::HotStandby);
    let wrong = SetFailover { mode, ..set(ServerRole::Standby) };
    let refused = wrong.changes(&balanced(ServerType::Primary));
    assert_eq!(invalid(refused), Invalid::RoleOfPartner { role: ServerRole::Standby });
    let right = SetFailover { mode, ..set(ServerRole::Standby) };
    let now = changed(&right, &balanced(ServerType::Secondary));
    assert_eq!(now.server_role(), Some(ServerRole::Standby));
}

/// A role alone changes nothing, which is a mistake, too.
#[test]
fn a_change_of_nothing_is_refused() {
    let nothing = SetFailover::default().changes(&balanced(ServerType::Primary));
    assert_eq!(invalid(nothing), Invalid::NothingToChange);
    let role = SetFailover { server_role: Some(ServerRole::Active), ..SetFailover::default() };
    let nothing = role.changes(&standby(ServerType::Primary));
    assert_eq!(invalid(nothing), Invalid::NothingToChange);
}

#[test]
fn automatic_transition_keeps_its_interval() {
    let with = |safe_period_s| builder("a", &[]).safe_period_s(safe_period_s).build().unwrap();
    for (automatic, interval_s, before, after) in [
        (Some(true), None, None, Some(3600)),
        (Some(true), None, Some(90), Some(90)),
        (Some(true), Some(60), Some(90), Some(60)),
        (None, Some(60), None, Some(60)),
        (None, Some(0), Some(90), None),
        (Some(false), None, Some(90), None),
        (Some(false), Some(0), Some(90), None),
    ] {
        let set = SetFailover {
            auto_state_transition: automatic,
            state_switch_interval: interval_s.map(TimeSpan::from_s),
            ..SetFailover::default()
        };
        let now = changed(&set, &with(before)).safe_period_s();
        assert_eq!(now, after, "{automatic:?} {interval_s:?} {before:?}");
    }
}

#[test]
fn only_what_is_given_becomes_a_change() {
    let mclt = SetFailover {
        max_client_lead_time: Some("90m".parse().unwrap()),
        ..SetFailover::default()
    };
    let changes = mclt.changes(&balanced(ServerType::Primary)).unwrap();
    assert_eq!(changes, Changes { mclt_s: Some(5400), ..Changes::default() });
    let zero =
        SetFailover { max_client_lead_time: Some(TimeSpan::default()), ..SetFailover::default() };
    let refused = zero.changes(&balanced(ServerType::Primary));
    assert_eq!(invalid(refused), Invalid::MaxClientLeadTimeZero);
}

#[test]
fn a_secret_turns_authentication_on_and_its_absence_off() {
    let secret = SharedSecret::new("s").unwrap();
    let on = SetFailover { shared_secret: Some(Some(secret)), ..SetFailover::default() };
    let signed = changed(&on, &balanced(ServerType::Primary));
    assert_eq!(signed.shared_secret().unwrap().expose(), "s");
    let mclt = SetFailover { max_client_lead_time: Some(TimeSpan::HOUR), ..SetFailover::default() };
    assert!(changed(&mclt, &signed).shared_secret().is_some(), "not given is not changed");
    let off = SetFailover { shared_secret: Some(None), ..SetFailover::default() };
    assert_eq!(changed(&off, &signed).shared_secret(), None);
}

#[test]
fn an_unknown_relationship_cannot_be_set() {
    let mut registry = with_a();
    let changes = Changes { mclt_s: Some(1), ..Changes::default() };
    assert_eq!(codes(registry.set("b", changes)), [20115]);
}
