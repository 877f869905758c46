//! The exact shapes, numbers and flag words of the Windows API.

use dhcp_failover_relationship::{
    Changes, Error, FsmState, Invalid, Mode, ModeName, Percent, Registry, Relationship,
    SecretUtf16, ServerType, SetFlags, SharedSecret, WindowsRelationship, safe_period_from_api,
    safe_period_to_api,
};

use crate::pair::{BOOTP, ELSEWHERE, PRIMARY, SECONDARY, codes, invalid, scope, served, with_a};

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// A shape with every field set.
fn shape() -> WindowsRelationship {
    WindowsRelationship {
        primary_server: 0xC000_0201,
        secondary_server: 0xC000_0202,
        mode: 1,
        server_type: 1,
        state: 3,
        prev_state: 4,
        mclt: 1800,
        safe_period: 7200,
        relationship_name: utf16("SFO-SIN \u{1f600}"),
        primary_server_name: utf16("sfo"),
        secondary_server_name: utf16("sin"),
        scopes: vec![0x0A00_0100, 0x0A00_0200],
        percentage: 10,
        shared_secret: Some(SecretUtf16::new(utf16("sEcReT"))),
    }
}

fn secret(units: &[u16]) -> Option<SecretUtf16> {
    Some(SecretUtf16::new(units.to_vec()))
}

#[test]
fn every_field_goes_to_its_place_and_back() {
    let it = Relationship::from_windows(&shape()).unwrap();
    assert_eq!((it.primary_server(), it.secondary_server()), (PRIMARY, SECONDARY));
    assert_eq!((it.primary_server_name(), it.secondary_server_name()), ("sfo", "sin"));
    assert_eq!(it.name(), "SFO-SIN \u{1f600}");
    assert_eq!(it.mode(), Mode::HotStandby { reserve_percentage: Percent::new(10).unwrap() });
    assert_eq!(it.server_type(), ServerType::Secondary);
    assert_eq!(it.state(), FsmState::Normal);
    assert_eq!(it.prev_state(), FsmState::CommunicationInterrupted);
    assert_eq!((it.mclt_s(), it.safe_period_s()), (1800, Some(7200)));
    assert_eq!(it.scopes(), [scope(1), scope(2)]);
    assert_eq!(it.shared_secret().unwrap().expose(), "sEcReT");
    assert_eq!(it.to_windows(), shape());
}

#[test]
fn the_safe_period_is_off_as_0_or_all_ones() {
    for safe_period in [0, u32::MAX] {
        assert_eq!(safe_period_from_api(safe_period), None);
        let off = Relationship::from_windows(&WindowsRelationship { safe_period, ..shape() });
        let off = off.unwrap();
        assert_eq!(off.safe_period_s(), None);
        assert_eq!(off.to_windows().safe_period, u32::MAX, "0 is stored as all ones");
    }
    assert_eq!(safe_period_to_api(None), u32::MAX);
    assert_eq!(safe_period_from_api(safe_period_to_api(Some(60))), Some(60));
}

#[test]
fn numbers_and_texts_without_a_meaning_are_told_all_at_once() {
    let wrong = WindowsRelationship {
        primary_server: 0,
        mode: 2,
        server_type: 2,
        state: 14,
        prev_state: u32::MAX,
        mclt: 0,
        relationship_name: vec![0xD800],
        primary_server_name: utf16("a\0b"),
        secondary_server_name: vec![0xDC00],
        percentage: 101,
        shared_secret: secret(&[0xD800]),
        ..shape()
    };
    let number = |parameter, value, greatest| Invalid::Number { parameter, value, greatest };
    let seen: Vec<_> = Relationship::from_windows(&wrong).unwrap_err().into_iter().collect();
    let expected = [
        Invalid::NotUtf16 { parameter: "Name" },
        Invalid::Percent { parameter: "Percentage", value: 101 },
        number("Mode", 2, 1),
        Invalid::NotUtf16 { parameter: "SecondaryServerName" },
        number("ServerType", 2, 1),
        Invalid::NotUtf16 { parameter: "SharedSecret" },
        number("State", 14, 13),
        number("PrevState", u32::MAX, 13),
        Invalid::Nul { parameter: "PrimaryServerName" },
        Invalid::ServerAddressZero { server: ServerType::Primary },
        Invalid::MaxClientLeadTimeZero,
    ];
    assert_eq!(seen, expected.map(Error::from));
}

#[test]
fn a_secret_without_a_character_or_with_a_nul_is_refused() {
    for (units, problem) in
        [(vec![], Invalid::SecretEmpty), (utf16("a\0"), Invalid::Nul { parameter: "SharedSecret" })]
    {
        let wrong = WindowsRelationship { shared_secret: secret(&units), ..shape() };
        assert_eq!(invalid(Relationship::from_windows(&wrong)), problem);
    }
    let none = WindowsRelationship { shared_secret: None, ..shape() };
    assert_eq!(Relationship::from_windows(&none).unwrap().shared_secret(), None);
}

#[test]
fn create_takes_the_shape_and_no_history() {
    let mut registry = Registry::new();
    let unread = WindowsRelationship { state: 99, prev_state: 99, safe_period: 0, ..shape() };
    let created = registry.create_windows(&unread, &served).unwrap();
    assert_eq!((created.state(), created.prev_state()), (FsmState::Startup, FsmState::Init));
    assert_eq!(created.safe_period_s(), None);
    let again = registry.create_windows(&shape(), &served);
    assert_eq!(codes(again), [20113, 20113, 20114]);
}

#[test]
fn create_reports_what_cannot_be_read_with_the_rest_in_the_order_of_windows() {
    let mut registry = with_a();
    let wrong = WindowsRelationship {
        secondary_server: 0,
        mode: 7,
        percentage: 255,
        relationship_name: utf16(&"x".repeat(127)),
        scopes: [ELSEWHERE, BOOTP, scope(1)].map(u32::from).to_vec(),
        ..shape()
    };
    let refused = registry.create_windows(&wrong, &served);
    assert_eq!(codes(refused), [87, 87, 87, 20005, 87, 20125, 20113]);
    let null = WindowsRelationship { relationship_name: vec![], scopes: vec![], ..shape() };
    assert_eq!(codes(registry.create_windows(&null, &served)), [87, 87]);
}

#[test]
fn flags_have_the_bits_of_the_header() {
    for (bits, flag) in [
        (0x01, SetFlags::MCLT),
        (0x02, SetFlags::SAFE_PERIOD),
        (0x04, SetFlags::CHANGE_STATE),
        (0x08, SetFlags::PERCENTAGE),
        (0x10, SetFlags::MODE),
        (0x20, SetFlags::PREV_STATE),
        (0x40, SetFlags::SHARED_SECRET),
    ] {
        assert_eq!((flag.bits(), SetFlags::new(bits)), (bits, Ok(flag)));
    }
    assert_eq!(SetFlags::new(0), Err(Invalid::NothingToChange));
    assert_eq!(SetFlags::new(0x81), Err(Invalid::UnknownFlags { bits: 0x80 }));
    let both = SetFlags::MCLT.with(SetFlags::MODE);
    assert!(both.contains(SetFlags::MODE) && !both.contains(SetFlags::PERCENTAGE));
    assert!(!SetFlags::MODE.contains(both));
}

#[test]
fn each_flag_changes_its_field_and_no_other() {
    let new = WindowsRelationship {
        mode: 1,
        state: 5,
        prev_state: 4,
        mclt: 60,
        safe_period: 120,
        percentage: 33,
        ..shape()
    };
    let old = with_a().get("a").unwrap().to_windows();
    for bits in 1..=0x7F_u32 {
        let mut registry = with_a();
        let changed = registry.set_windows("a", bits, &new).unwrap().to_windows();
        let on = |flag: SetFlags| bits & flag.bits() != 0;
        let mut expected = old.clone();
        if on(SetFlags::MCLT) {
            expected.mclt = 60;
        }
        if on(SetFlags::SAFE_PERIOD) {
            expected.safe_period = 120;
        }
        if on(SetFlags::CHANGE_STATE) {
            expected.state = 5;
        }
        if on(SetFlags::PERCENTAGE) {
            expected.percentage = 33;
        }
        if on(SetFlags::MODE) {
            expected.mode = 1;
        }
        if on(SetFlags::PREV_STATE) {
            expected.prev_state = 4;
        }
        if on(SetFlags::SHARED_SECRET) {
            expected.shared_secret.clone_from(&new.shared_secret);
        }
        assert_eq!(changed, expected, "flags {bits:#x}");
        assert_eq!(Changes::from_windows(bits, &new).unwrap().flags().bits(), bits);
    }
}

#[test]
fn fields_without_their_flag_are_not_looked_at() {
    let unread = WindowsRelationship {
        mode: 9,
        state: 99,
        percentage: 255,
        mclt: 60,
        shared_secret: secret(&[0xD800]),
        ..WindowsRelationship::default()
    };
    let changes = Changes::from_windows(SetFlags::MCLT.bits(), &unread).unwrap();
    assert_eq!(changes, Changes { mclt_s: Some(60), ..Changes::default() });
}

#[test]
fn set_reports_what_cannot_be_read_with_the_rest_in_the_order_of_windows() {
    let mut registry = with_a();
    let before = registry.clone();
    let wrong = WindowsRelationship { mode: 2, percentage: 101, mclt: 0, state: 12, ..shape() };
    let all = registry.set_windows("b", 0x7F, &wrong);
    assert_eq!(codes(all), [87, 87, 87, 87, 20115]);
    assert_eq!(invalid(registry.set_windows("a", 0, &shape())), Invalid::NothingToChange);
    let unknown = invalid(registry.set_windows("a", 0x180, &shape()));
    assert_eq!(unknown, Invalid::UnknownFlags { bits: 0x180 });
    let reserved = invalid(registry.set_windows("a", SetFlags::CHANGE_STATE.bits(), &wrong));
    assert_eq!(reserved, Invalid::State { state: FsmState::Paused });
    assert_eq!(registry, before);
}

#[test]
fn an_unset_flag_means_an_unset_change() {
    assert_eq!(Changes::default().flags(), SetFlags::default());
    let some = Changes {
        mode: Some(ModeName::HotStandby),
        shared_secret: Some(Some(SharedSecret::new("s").unwrap())),
        ..Changes::default()
    };
    assert_eq!(some.flags(), SetFlags::MODE.with(SetFlags::SHARED_SECRET));
}
