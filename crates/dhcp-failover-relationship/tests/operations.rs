//! Every check of every operation, in the documented order: each case breaks one rule and all
//! later ones, and the first must be reported.

use dhcp_failover_relationship::{
    Changes, Error, FsmState, MAX_ADDED_SCOPES, MAX_NAME_LEN, MAX_RELATIONSHIPS, Mode,
    Relationship, RelationshipBuilder, Relationships, ScopeKind, ServerType, SharedSecret,
    safe_period_from_api, safe_period_to_api,
};
use ipnet::Ipv4Net;

/// Serves 10.0.0.0/8 in networks of 24 bits; 10.66.0.0/16 is for BOOTP only.
fn served(scope: Ipv4Net) -> Option<ScopeKind> {
    match scope.network().octets() {
        [10, 66, ..] => Some(ScopeKind::BootpOnly),
        [10, ..] => Some(ScopeKind::Dhcp),
        _ => None,
    }
}

fn scope(number: u16) -> Ipv4Net {
    let [high, low] = number.to_be_bytes();
    Ipv4Net::new([10, high, low, 0].into(), 24).unwrap()
}

fn bootp() -> Ipv4Net {
    "10.66.1.0/24".parse().unwrap()
}

fn elsewhere() -> Ipv4Net {
    "172.16.0.0/24".parse().unwrap()
}

fn builder(name: &str, scopes: &[Ipv4Net]) -> RelationshipBuilder {
    Relationship::builder(name, [192, 0, 2, 1].into(), [192, 0, 2, 2].into())
        .scopes(scopes.iter().copied())
}

/// One relationship `a` with scopes 1 and 2, in NORMAL.
fn with_a() -> Relationships {
    let mut relationships = Relationships::new();
    relationships.create(builder("a", &[scope(1), scope(2)]), &served).unwrap();
    let changes = Changes { state: Some(FsmState::Normal), ..Changes::default() };
    relationships.set("a", changes).unwrap();
    relationships
}

fn invalid(error: &Error) -> &'static str {
    match error {
        Error::InvalidParameter { parameter, .. } => parameter,
        other => panic!("not an invalid parameter: {other}"),
    }
}

#[test]
fn a_new_relationship_starts_without_history_and_with_the_defaults() {
    let relationship = builder("a", &[scope(1)]).build().unwrap();
    assert_eq!(relationship.state(), FsmState::Startup);
    assert_eq!(relationship.prev_state(), FsmState::Init);
    assert_eq!(relationship.mode(), Mode::LoadBalance { percentage: 50 });
    assert_eq!((relationship.mclt_s(), relationship.safe_period_s()), (3600, None));
    assert_eq!(relationship.shared_secret(), None);
    assert_eq!(relationship.partner_server(), relationship.secondary_server());
    assert!(!relationship.is_synchronizing());
}

#[test]
fn create_reports_the_first_rule_broken() {
    let mut full = Relationships::new();
    for number in 0..MAX_RELATIONSHIPS as u16 {
        full.create(builder(&format!("r{number}"), &[scope(number)]), &served).unwrap();
    }
    let long = "x".repeat(MAX_NAME_LEN + 1);
    let bad = [elsewhere(), bootp(), scope(0)];
    let all_wrong = |new: RelationshipBuilder| full.clone().create(new, &served).unwrap_err();

    assert_eq!(invalid(&all_wrong(builder("", &bad))), "name");
    assert_eq!(invalid(&all_wrong(builder(&long, &[]))), "scopes");
    assert_eq!(all_wrong(builder(&long, &bad)).code(), 20005);
    assert_eq!(invalid(&all_wrong(builder(&long, &bad[1..]))), "scopes");
    assert_eq!(all_wrong(builder(&long, &bad[2..])), Error::NameTooLong { units: 127 });
    assert_eq!(all_wrong(builder("r0", &bad[2..])), Error::MaxRelationships);
    full.delete("r30").unwrap();
    let taken = Error::ScopeAlreadyInRelationship { scope: scope(0), relationship: "r0".into() };
    assert_eq!(full.create(builder("r0", &bad[2..]), &served), Err(taken));
    let exists = Error::RelationshipExists { name: "r0".into() };
    assert_eq!(full.create(builder("r0", &[scope(30)]), &served), Err(exists));
    assert!(full.create(builder("r30", &[scope(30)]), &served).is_ok());
    assert_eq!(full.iter().len(), MAX_RELATIONSHIPS);
}

#[test]
fn parameters_of_a_relationship_are_checked() {
    let zero = Relationship::builder("a", [0, 0, 0, 0].into(), [192, 0, 2, 2].into());
    assert_eq!(invalid(&zero.build().unwrap_err()), "server address");
    let same = Relationship::builder("a", [192, 0, 2, 2].into(), [192, 0, 2, 2].into());
    assert_eq!(invalid(&same.build().unwrap_err()), "server address");
    for mode in
        [Mode::LoadBalance { percentage: 101 }, Mode::HotStandby { reserve_percentage: 255 }]
    {
        assert_eq!(invalid(&builder("a", &[]).mode(mode).build().unwrap_err()), "percentage");
    }
    assert_eq!(invalid(&builder("a", &[]).mclt_s(0).build().unwrap_err()), "MCLT");
    assert_eq!(invalid(&builder("a", &[scope(1); 2]).build().unwrap_err()), "scopes");
    assert_eq!(invalid(&SharedSecret::new("").unwrap_err()), "shared secret");
}

#[test]
fn a_name_is_measured_in_utf16_units() {
    // One character outside the basic plane takes two units.
    let name = "\u{1f600}".repeat(MAX_NAME_LEN / 2);
    assert!(builder(&name, &[]).build().is_ok());
    let error = builder(&format!("{name}x"), &[]).build().unwrap_err();
    assert_eq!(error, Error::NameTooLong { units: 127 });
    assert_eq!(error.to_string(), "name of 127 UTF-16 units is too long: use at most 126");
}

#[test]
fn get_and_delete_report_an_empty_and_an_unknown_name() {
    let mut relationships = with_a();
    assert_eq!(relationships.get("").unwrap_err().code(), 87);
    assert_eq!(relationships.get("b").unwrap_err().code(), 20115);
    assert_eq!(relationships.delete("").unwrap_err().code(), 87);
    assert_eq!(relationships.delete("b").unwrap_err().code(), 20115);
    assert_eq!(relationships.delete("a").unwrap().scopes(), [scope(1), scope(2)]);
    assert_eq!(relationships.get("a").unwrap_err().code(), 20115);
}

#[test]
fn set_changes_only_what_is_named() {
    let mut relationships = with_a();
    assert_eq!(invalid(&relationships.set("b", Changes::default()).unwrap_err()), "changes");
    let over = Changes { percentage: Some(101), ..Changes::default() };
    assert_eq!(invalid(&relationships.set("b", over).unwrap_err()), "percentage");
    let over = Changes { mode: Some(Mode::LoadBalance { percentage: 101 }), ..Changes::default() };
    assert_eq!(invalid(&relationships.set("b", over).unwrap_err()), "percentage");
    let zero = Changes { mclt_s: Some(0), ..Changes::default() };
    assert_eq!(invalid(&relationships.set("b", zero).unwrap_err()), "MCLT");
    let percentage = Changes { percentage: Some(70), ..Changes::default() };
    assert_eq!(relationships.set("b", percentage.clone()).unwrap_err().code(), 20115);

    let before = relationships.get("a").unwrap().clone();
    let after = relationships.set("a", percentage).unwrap();
    assert_eq!(after.mode(), Mode::LoadBalance { percentage: 70 });
    assert_eq!((after.mclt_s(), after.state()), (before.mclt_s(), before.state()));
    let all = Changes {
        mclt_s: Some(60),
        safe_period_s: Some(Some(120)),
        state: Some(FsmState::PartnerDown),
        prev_state: Some(FsmState::Normal),
        mode: Some(Mode::HotStandby { reserve_percentage: 5 }),
        percentage: Some(10),
        shared_secret: Some(Some(SharedSecret::new("s").unwrap())),
    };
    let after = relationships.set("a", all).unwrap();
    assert_eq!(after.mode(), Mode::HotStandby { reserve_percentage: 10 });
    assert_eq!((after.mclt_s(), after.safe_period_s()), (60, Some(120)));
    assert_eq!((after.state(), after.prev_state()), (FsmState::PartnerDown, FsmState::Normal));
    assert_eq!(after.shared_secret().unwrap().expose(), "s");
    let off =
        Changes { safe_period_s: Some(Some(0)), shared_secret: Some(None), ..Changes::default() };
    let after = relationships.set("a", off).unwrap();
    assert_eq!((after.safe_period_s(), after.shared_secret()), (None, None));
}

#[test]
fn add_scopes_reports_the_first_rule_broken() {
    let mut none = Relationships::new();
    let mut some = with_a();
    let startup = Changes { state: Some(FsmState::Startup), ..Changes::default() };
    some.set("a", startup).unwrap();
    some.set_synchronizing("a", true).unwrap();
    let many: Vec<_> = (100..).map(scope).take(MAX_ADDED_SCOPES + 1).collect();

    assert_eq!(invalid(&none.add_scopes("", &[elsewhere()], &served).unwrap_err()), "name");
    assert_eq!(invalid(&none.add_scopes("b", &[], &served).unwrap_err()), "scopes");
    assert_eq!(none.add_scopes("b", &[bootp(), elsewhere()], &served).unwrap_err().code(), 20005);
    assert_eq!(
        invalid(&none.add_scopes("b", &[scope(1), bootp()], &served).unwrap_err()),
        "scopes"
    );
    assert_eq!(none.add_scopes("b", &[scope(1)], &served), Err(Error::NotFound));
    let taken = some.add_scopes("b", &[scope(9), scope(1)], &served).unwrap_err();
    assert_eq!(taken.code(), 20113);
    assert_eq!(some.add_scopes("b", &many, &served).unwrap_err().code(), 20115);
    assert_eq!(some.add_scopes("a", &many, &served), Err(Error::StateNotNormal));
    let normal = Changes { state: Some(FsmState::Normal), ..Changes::default() };
    some.set("a", normal).unwrap();
    assert_eq!(some.add_scopes("a", &many, &served), Err(Error::ScopeSyncInProgress));
    some.set_synchronizing("a", false).unwrap();
    let too_many = Err(Error::MaxAddedScopes { count: 401 });
    assert_eq!(some.add_scopes("a", &many, &served), too_many);
    assert_eq!(some.get("a").unwrap().scopes().len(), 2, "a refused call changes nothing");
    assert_eq!(some.add_scopes("a", &many[1..], &served), Ok(()));
    assert_eq!(some.get("a").unwrap().scopes().len(), 402);
}

#[test]
fn delete_scopes_reports_the_first_rule_broken_and_needs_no_state() {
    let mut none = Relationships::new();
    let mut some = with_a();
    let down = Changes { state: Some(FsmState::PartnerDown), ..Changes::default() };
    some.set("a", down).unwrap();
    some.set_synchronizing("a", true).unwrap();

    assert_eq!(invalid(&none.delete_scopes("", &[elsewhere()], &served).unwrap_err()), "name");
    assert_eq!(invalid(&none.delete_scopes("b", &[], &served).unwrap_err()), "scopes");
    assert_eq!(none.delete_scopes("b", &[elsewhere()], &served).unwrap_err().code(), 20005);
    assert_eq!(invalid(&none.delete_scopes("b", &[bootp()], &served).unwrap_err()), "scopes");
    assert_eq!(none.delete_scopes("b", &[scope(3)], &served), Err(Error::NotFound));
    assert_eq!(some.delete_scopes("b", &[scope(3)], &served).unwrap_err().code(), 20115);
    let stranger = Err(Error::ScopeNotInRelationship { scope: scope(3) });
    assert_eq!(some.delete_scopes("a", &[scope(1), scope(3)], &served), stranger);
    let both = [scope(1), scope(2)];
    assert_eq!(some.delete_scopes("a", &both, &served), Err(Error::ScopeSyncInProgress));
    some.set_synchronizing("a", false).unwrap();
    assert_eq!(some.delete_scopes("a", &both, &served), Ok(()));
    assert!(some.get("a").unwrap().scopes().is_empty(), "a relationship may be empty later");
    assert_eq!(some.of_scope(scope(1)).unwrap_err().code(), 20116);
}

#[test]
fn a_scope_is_known_by_its_network_address() {
    let mut relationships = with_a();
    let inside: Ipv4Net = "10.0.1.77/24".parse().unwrap();
    assert_eq!(relationships.of_scope(inside).unwrap().name(), "a");
    let error = relationships.create(builder("b", &[inside]), &served).unwrap_err();
    assert_eq!(error.code(), 20113);
}

#[test]
fn each_server_sees_its_own_share_and_partner() {
    let mode = Mode::LoadBalance { percentage: 70 };
    let primary = builder("a", &[]).mode(mode).build().unwrap();
    let type_ = primary.server_type().partner();
    let secondary = builder("a", &[]).mode(mode).server_type(type_).build().unwrap();
    assert_eq!(primary.local_load_balance_percent(), Some(70));
    assert_eq!(secondary.local_load_balance_percent(), Some(30));
    assert_eq!(secondary.partner_server(), primary.primary_server());
    let standby = builder("a", &[]).mode(Mode::HotStandby { reserve_percentage: 5 });
    assert_eq!(standby.build().unwrap().local_load_balance_percent(), None);
    assert_eq!(ServerType::Secondary.partner(), ServerType::Primary);
}

#[test]
fn the_safe_period_is_off_as_0_or_all_ones() {
    for seconds in [0, u32::MAX] {
        assert_eq!(safe_period_from_api(seconds), None);
        let relationship = builder("a", &[]).safe_period_s(Some(seconds)).build().unwrap();
        assert_eq!(relationship.safe_period_s(), None);
    }
    assert_eq!(safe_period_to_api(None), u32::MAX);
    assert_eq!(safe_period_from_api(safe_period_to_api(Some(60))), Some(60));
}

#[test]
fn a_secret_does_not_show() {
    let secret = SharedSecret::new("hunter2").unwrap();
    let relationship = builder("a", &[]).shared_secret(Some(secret)).build().unwrap();
    assert!(!format!("{relationship:?}").contains("hunter2"));
}

#[test]
fn states_have_the_numbers_of_windows() {
    for (number, state) in (0_u8..).zip(FsmState::ALL) {
        assert_eq!((state.number(), FsmState::from_number(number)), (number, Some(state)));
    }
    assert_eq!(FsmState::from_number(14), None);
    assert_eq!(FsmState::Normal.number(), 3);
    assert_eq!(FsmState::RecoverDone.number(), 11);
}
