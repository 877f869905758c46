//! Every check of every operation, in the documented order: each case breaks one rule less than the
//! one before. All that is broken must be reported, the first as Windows would.

use dhcp_failover_relationship::{
    Changes, Error, FsmState, Invalid, MAX_ADDED_SCOPES, MAX_NAME_LEN, MAX_RELATIONSHIPS, Mode,
    ModeName, Percent, Registry, Relationship, ServerType, SharedSecret,
};

use crate::pair::{BOOTP, ELSEWHERE, SECONDARY, builder, codes, invalid, scope, served, with_a};

fn percent(value: u32) -> Percent {
    Percent::new(value).unwrap()
}

#[test]
fn a_new_relationship_starts_without_history_and_with_the_defaults() {
    let relationship = builder("a", &[scope(1)]).build().unwrap();
    assert_eq!(relationship.state(), FsmState::Startup);
    assert_eq!(relationship.prev_state(), FsmState::Init);
    assert_eq!(relationship.mode(), Mode::LoadBalance { percentage: percent(50) });
    assert_eq!((relationship.mclt_s(), relationship.safe_period_s()), (3600, None));
    assert_eq!(relationship.shared_secret(), None);
    assert_eq!(relationship.partner_server(), relationship.secondary_server());
    assert_eq!(relationship.partner_server_name(), "");
    assert!(!relationship.is_synchronizing());
}

#[test]
fn create_reports_every_rule_broken_in_the_order_of_windows() {
    let mut full = Registry::new();
    for number in 0..MAX_RELATIONSHIPS as u16 {
        full.create(builder(&format!("r{number}"), &[scope(number)]), &served).unwrap();
    }
    let before = full.clone();
    let long = "x".repeat(MAX_NAME_LEN + 1);
    let bad = [ELSEWHERE, BOOTP, scope(0)];
    let mut create = |new| codes(full.create(new, &served));

    assert_eq!(create(builder("", &bad).mclt_s(0)), [87, 87, 20005, 87, 20128, 20113]);
    assert_eq!(create(builder(&long, &[])), [87, 20125, 20128]);
    assert_eq!(create(builder(&long, &bad)), [20005, 87, 20125, 20128, 20113]);
    assert_eq!(create(builder(&long, &bad[1..])), [87, 20125, 20128, 20113]);
    assert_eq!(create(builder(&long, &bad[2..])), [20125, 20128, 20113]);
    assert_eq!(create(builder("r0", &bad[2..])), [20128, 20113, 20114]);
    assert_eq!(full, before, "a refused call changes nothing");
    full.delete("r30").unwrap();
    assert_eq!(codes(full.create(builder("r0", &bad[2..]), &served)), [20113, 20114]);
    let exists = full.create(builder("r0", &[scope(30)]), &served).unwrap_err();
    assert_eq!(*exists.first(), Error::RelationshipExists { name: "r0".into() });
    assert!(full.create(builder("r30", &[scope(30)]), &served).is_ok());
    assert_eq!(full.iter().len(), MAX_RELATIONSHIPS);
}

#[test]
fn create_wants_a_scope_unless_the_relationship_may_be_empty() {
    let mut registry = Registry::new();
    let none = invalid(registry.create(builder("a", &[]), &served));
    assert_eq!(none, Invalid::Missing { parameter: "ScopeId" });
    let empty = registry.create(builder("a", &[]).may_be_empty(), &served).unwrap();
    assert!(empty.scopes().is_empty());
    assert_eq!(*empty, builder("a", &[]).build().unwrap(), "the permission is no part of it");
}

/// One that is there may have both on one machine, with different ports.
#[test]
fn a_new_relationship_is_between_two_servers() {
    let same = Relationship::builder("a", SECONDARY, SECONDARY).scopes([scope(1)]);
    let refused = Invalid::SameServers { address: SECONDARY };
    assert_eq!(invalid(Registry::new().create(same.clone(), &served)), refused);
    let there = same.build().unwrap();
    assert_eq!(invalid(Registry::new().create_windows(&there.to_windows(), &served)), refused);
    assert!(Registry::new().insert(there).is_ok());
}

#[test]
fn the_limit_of_31_can_be_changed_and_lifted() {
    let mut two = Registry::with_max_relationships(2);
    let mut any = Registry::with_max_relationships(0);
    for number in 0..40 {
        let new = || builder(&format!("r{number}"), &[scope(number)]);
        any.create(new(), &served).unwrap();
        if number < 2 {
            two.create(new(), &served).unwrap();
        } else {
            let refused = two.create(new(), &served).unwrap_err();
            assert_eq!(*refused.first(), Error::MaxRelationships { limit: 2 });
        }
    }
    assert_eq!((any.iter().len(), two.iter().len()), (40, 2));
    assert_eq!(Registry::default().max_relationships(), 31);
}

#[test]
fn many_relationships_may_join_the_same_two_servers() {
    let mut registry = with_a();
    let second = registry.create(builder("b", &[scope(3)]), &served).unwrap();
    assert_eq!(second.partner_server(), SECONDARY);
    assert_eq!(registry.get("a").unwrap().partner_server(), SECONDARY);
}

#[test]
fn parameters_of_a_relationship_are_checked() {
    let zero = Relationship::builder("a", [0, 0, 0, 0].into(), SECONDARY);
    let zero_primary = Invalid::ServerAddressZero { server: ServerType::Primary };
    assert_eq!(invalid(zero.build()), zero_primary);
    let zero = Relationship::builder("a", SECONDARY, [0, 0, 0, 0].into());
    let zero_secondary = Invalid::ServerAddressZero { server: ServerType::Secondary };
    assert_eq!(invalid(zero.build()), zero_secondary);
    let both = Relationship::builder("a", [0; 4].into(), [0; 4].into()).build().unwrap_err();
    assert_eq!(both.into_iter().collect::<Vec<_>>(), [zero_primary.into(), zero_secondary.into()]);
    assert_eq!(invalid(builder("a", &[]).mclt_s(0).build()), Invalid::MaxClientLeadTimeZero);
    let thrice = [scope(2), scope(1), scope(1), scope(1)];
    assert_eq!(invalid(builder("a", &thrice).build()), Invalid::ScopeTwice { scope: scope(1) });
    assert_eq!(invalid(builder("a\0b", &[]).build()), Invalid::Nul { parameter: "Name" });
    let names = builder("a", &[]).server_names("x\0", "y");
    assert_eq!(invalid(names.build()), Invalid::Nul { parameter: "PrimaryServerName" });
    assert_eq!(SharedSecret::new("").unwrap_err(), Invalid::SecretEmpty);
    assert_eq!(SharedSecret::new("a\0").unwrap_err(), Invalid::Nul { parameter: "SharedSecret" });
    assert_eq!(Percent::new(100).unwrap().get(), 100);
    let over = Invalid::Percent { parameter: "Percentage", value: 101 };
    assert_eq!(Percent::new(101), Err(over));
}

#[test]
fn a_name_is_measured_in_utf16_units() {
    // One character outside the basic plane takes two units.
    let name = "\u{1f600}".repeat(MAX_NAME_LEN / 2);
    assert!(builder(&name, &[]).build().is_ok());
    let errors = builder(&format!("{name}x"), &[]).build().unwrap_err();
    assert_eq!(*errors.first(), Error::NameTooLong { units: 127 });
    assert_eq!(errors.to_string(), "name of the relationship has 127 UTF-16 units, more than 126");
    assert_eq!(errors.remedy(), "use at most 126");
}

#[test]
fn get_and_delete_report_an_empty_and_an_unknown_name() {
    let mut registry = with_a();
    assert_eq!(registry.get("").unwrap_err().code(), 87);
    assert_eq!(registry.get("b").unwrap_err().code(), 20115);
    assert_eq!(registry.delete("").unwrap_err().code(), 87);
    assert_eq!(registry.delete("b").unwrap_err().code(), 20115);
    assert_eq!(registry.delete("a").unwrap().scopes(), [scope(1), scope(2)]);
    assert_eq!(registry.get("a").unwrap_err().code(), 20115);
}

#[test]
fn set_reports_every_rule_broken_in_the_order_of_windows() {
    let mut registry = with_a();
    let before = registry.clone();
    assert_eq!(codes(registry.set("b", Changes::default())), [87, 20115]);
    let wrong = Changes {
        state: Some(FsmState::Paused),
        prev_state: Some(FsmState::Shutdown),
        mclt_s: Some(0),
        ..Changes::default()
    };
    assert_eq!(codes(registry.set("b", wrong.clone())), [87, 87, 87, 20115]);
    assert_eq!(codes(registry.set("a", wrong)), [87, 87, 87]);
    let percentage = Changes { percentage: Some(percent(70)), ..Changes::default() };
    assert_eq!(codes(registry.set("b", percentage.clone())), [20115]);
    assert_eq!(codes(registry.set("", percentage)), [87]);
    assert_eq!(registry, before, "a refused call changes nothing");
}

#[test]
fn set_changes_only_what_is_named() {
    let mut registry = with_a();
    let before = registry.get("a").unwrap().clone();
    let percentage = Changes { percentage: Some(percent(70)), ..Changes::default() };
    let after = registry.set("a", percentage).unwrap();
    assert_eq!(after.mode(), Mode::LoadBalance { percentage: percent(70) });
    assert_eq!((after.mclt_s(), after.state()), (before.mclt_s(), before.state()));
    // As in Windows, where mode and percentage are two fields.
    let mode = Changes { mode: Some(ModeName::HotStandby), ..Changes::default() };
    let after = registry.set("a", mode).unwrap();
    assert_eq!(after.mode(), Mode::HotStandby { reserve_percentage: percent(70) });
    let all = Changes {
        mclt_s: Some(60),
        safe_period_s: Some(Some(120)),
        state: Some(FsmState::PartnerDown),
        prev_state: Some(FsmState::Normal),
        mode: Some(ModeName::LoadBalance),
        percentage: Some(percent(10)),
        shared_secret: Some(Some(SharedSecret::new("s").unwrap())),
    };
    let after = registry.set("a", all).unwrap();
    assert_eq!(after.mode(), Mode::LoadBalance { percentage: percent(10) });
    assert_eq!((after.mclt_s(), after.safe_period_s()), (60, Some(120)));
    assert_eq!((after.state(), after.prev_state()), (FsmState::PartnerDown, FsmState::Normal));
    assert_eq!(after.shared_secret().unwrap().expose(), "s");
    for off in [None, Some(0), Some(u32::MAX)] {
        let off =
            Changes { safe_period_s: Some(off), shared_secret: Some(None), ..Changes::default() };
        let after = registry.set("a", off).unwrap();
        assert_eq!((after.safe_period_s(), after.shared_secret()), (None, None));
    }
}

#[test]
fn a_state_is_recorded_that_cannot_be_set() {
    let mut registry = with_a();
    for state in FsmState::ALL {
        registry.set_state("a", state, FsmState::Normal).unwrap();
        assert_eq!(registry.get("a").unwrap().state(), state);
        let set = registry.set("a", Changes { state: Some(state), ..Changes::default() });
        let refused = [FsmState::NoState, FsmState::Init, FsmState::Paused, FsmState::Shutdown];
        match refused.contains(&state) {
            true => assert_eq!(invalid(set), Invalid::State { state }),
            false => assert_eq!(set.unwrap().state(), state),
        }
    }
    assert_eq!(codes(registry.set_state("b", FsmState::Normal, FsmState::Init)), [20115]);
}

#[test]
fn add_scopes_reports_every_rule_broken_in_the_order_of_windows() {
    let mut none = Registry::new();
    let mut some = with_a();
    some.set_state("a", FsmState::Startup, FsmState::Init).unwrap();
    some.set_synchronizing("a", true).unwrap();
    let many: Vec<_> = (100..).map(scope).take(MAX_ADDED_SCOPES + 1).collect();
    let most: Vec<_> = [ELSEWHERE, BOOTP, scope(1)].into_iter().chain(many.clone()).collect();

    let mut add = |name: &str, scopes: &[_]| codes(none.add_scopes(name, scopes, &served));
    assert_eq!(add("", &[]), [87, 87, 2]);
    assert_eq!(add("", &most), [87, 20005, 87, 2, 20130]);
    assert_eq!(add("b", &[BOOTP, ELSEWHERE]), [20005, 87, 2]);
    assert_eq!(add("b", &[scope(1), BOOTP]), [87, 2]);
    assert_eq!(add("b", &[scope(1)]), [2]);
    let before = some.clone();
    let mut add = |name: &str, scopes: &[_]| codes(some.add_scopes(name, scopes, &served));
    assert_eq!(add("a", &most), [20005, 87, 20113, 20120, 20133, 20130]);
    assert_eq!(add("", &[scope(3), scope(3)]), [87, 87]);
    assert_eq!(add("b", &[scope(9), scope(1)]), [20113, 20115]);
    assert_eq!(add("b", &many), [20115, 20130]);
    assert_eq!(add("a", &many), [20120, 20133, 20130]);
    assert_eq!(some, before, "a refused call changes nothing");
    some.set_state("a", FsmState::Normal, FsmState::Startup).unwrap();
    assert_eq!(codes(some.add_scopes("a", &many, &served)), [20133, 20130]);
    some.set_synchronizing("a", false).unwrap();
    let too_many = some.add_scopes("a", &many, &served).unwrap_err();
    assert_eq!(*too_many.first(), Error::MaxAddedScopes { count: 401 });
    let added = some.add_scopes("a", &many[1..], &served).unwrap();
    assert_eq!(added.scopes().len(), 402);
}

#[test]
fn delete_scopes_reports_every_rule_broken_and_needs_no_state() {
    let mut none = Registry::new();
    let mut some = with_a();
    some.set_state("a", FsmState::PartnerDown, FsmState::Normal).unwrap();
    some.set_synchronizing("a", true).unwrap();

    let mut delete = |name: &str, scopes: &[_]| codes(none.delete_scopes(name, scopes, &served));
    assert_eq!(delete("", &[]), [87, 87, 2]);
    assert_eq!(delete("", &[ELSEWHERE, BOOTP]), [87, 20005, 87, 2]);
    assert_eq!(delete("b", &[ELSEWHERE]), [20005, 2]);
    assert_eq!(delete("b", &[BOOTP]), [87, 2]);
    assert_eq!(delete("b", &[scope(3)]), [2]);
    let before = some.clone();
    let mut delete = |name: &str, scopes: &[_]| codes(some.delete_scopes(name, scopes, &served));
    assert_eq!(delete("b", &[scope(3)]), [20115]);
    assert_eq!(delete("a", &[scope(1), scope(3)]), [20116, 20133]);
    assert_eq!(delete("a", &[ELSEWHERE]), [20005, 20116, 20133]);
    let both = [scope(1), scope(2)];
    assert_eq!(delete("a", &both), [20133]);
    assert_eq!(some, before, "a refused call changes nothing");
    some.set_synchronizing("a", false).unwrap();
    assert_eq!(codes(some.delete_scopes("a", &[scope(1), scope(3)], &served)), [20116]);
    let left = some.delete_scopes("a", &both, &served).unwrap();
    assert!(left.scopes().is_empty(), "a relationship may be empty later");
    assert_eq!(some.of_scope(scope(1)).unwrap_err().code(), 20116);
}

#[test]
fn a_scope_can_move_to_another_relationship() {
    let mut registry = with_a();
    registry.create(builder("b", &[scope(3)]), &served).unwrap();
    registry.set_state("b", FsmState::Normal, FsmState::Startup).unwrap();
    assert_eq!(codes(registry.add_scopes("b", &[scope(1)], &served)), [20113]);
    registry.delete_scopes("a", &[scope(1)], &served).unwrap();
    registry.add_scopes("b", &[scope(1)], &served).unwrap();
    assert_eq!(registry.of_scope(scope(1)).unwrap().name(), "b");
    assert_eq!(registry.get("b").unwrap().scopes(), [scope(3), scope(1)]);
}

#[test]
fn a_scope_that_is_no_longer_served_can_leave_its_relationship() {
    let mut registry = with_a();
    registry.delete_scopes("a", &[scope(2)], &|_| None).unwrap();
    assert_eq!(registry.get("a").unwrap().scopes(), [scope(1)]);
}

#[test]
fn a_scope_is_known_by_the_address_of_its_subnet_only() {
    let mut registry = with_a();
    let inside = [10, 0, 1, 77].into();
    assert_eq!(registry.of_scope(inside).unwrap_err().code(), 20116);
    assert_eq!(codes(registry.create(builder("b", &[inside]), &served)), [20005]);
}

#[test]
fn what_was_stored_is_taken_over_with_its_state_but_not_twice() {
    let mut registry = with_a();
    let stored = registry.delete("a").unwrap();
    assert_eq!(registry.insert(stored.clone()).unwrap(), &stored);
    assert_eq!(registry.get("a").unwrap().state(), FsmState::Normal);
    assert_eq!(codes(registry.insert(stored.clone())), [20113, 20113, 20114]);
    let mut full = Registry::with_max_relationships(1);
    full.insert(stored.clone()).unwrap();
    assert_eq!(codes(full.insert(stored)), [20128, 20113, 20113, 20114]);
}

#[test]
fn each_server_sees_its_own_share_and_partner() {
    let mode = Mode::LoadBalance { percentage: percent(70) };
    let pair = || builder("a", &[]).mode(mode).server_names("east", "west");
    let primary = pair().build().unwrap();
    let secondary = pair().server_type(ServerType::Secondary).build().unwrap();
    assert_eq!(primary.local_load_balance_percent(), Some(percent(70)));
    assert_eq!(secondary.local_load_balance_percent(), Some(percent(30)));
    assert_eq!(secondary.partner_server(), primary.primary_server());
    assert_eq!((primary.partner_server_name(), secondary.partner_server_name()), ("west", "east"));
    assert_eq!((primary.server_role(), primary.reserve_percent()), (None, None));
    let standby = pair().mode(Mode::HotStandby { reserve_percentage: percent(5) }).build().unwrap();
    assert_eq!(standby.local_load_balance_percent(), None);
    assert_eq!(standby.reserve_percent(), Some(percent(5)));
    assert_eq!(standby.server_role(), Some(ServerType::Primary.role()));
}
