//! What holds for any relationship and after any operations.

use core::{mem::discriminant, net::Ipv4Addr};
use std::collections::HashMap;

use dhcp_failover_relationship::{
    Changes, FsmState, Mode, ModeName, Percent, Registry, Relationship, ServerType, SetFlags,
    SharedSecret, TimeSpan, WindowsRelationship,
    cmdlet::{AddFailover, Failover, LocalServer, PartnerServer, SetFailover},
};
use proptest::{
    collection::vec, option, prelude::*, sample::select, strategy::ValueTree,
    test_runner::TestRunner,
};

use crate::pair::{PRIMARY, SECONDARY, builder, scope, served};

fn text(length: core::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
    vec(any::<char>().prop_filter("no NUL", |it| *it != '\0'), length)
        .prop_map(|characters| characters.into_iter().collect())
}

fn percent() -> impl Strategy<Value = Percent> {
    (0_u32..=100).prop_map(|value| Percent::new(value).unwrap())
}

fn state() -> impl Strategy<Value = FsmState> {
    select(&FsmState::ALL[..])
}

fn mode() -> impl Strategy<Value = Mode> {
    (select(&ModeName::ALL[..]), percent()).prop_map(|(name, percent)| Mode::new(name, percent))
}

fn secret() -> impl Strategy<Value = Option<SharedSecret>> {
    option::of(text(1..=20).prop_map(|it| SharedSecret::new(it).unwrap()))
}

prop_compose! {
    fn relationship()(
        // A character takes up to two units.
        name in text(1..=63), names in (text(0..=9), text(0..=9)),
        servers in any::<(u32, u32)>().prop_filter("two", |(a, b)| a != b && *a != 0 && *b != 0),
        server_type in select(&ServerType::ALL[..]), mode in mode(),
        mclt_s in 1_u32.., safe_period_s in option::of(any::<u32>()), secret in secret(),
        scopes in proptest::collection::btree_set(any::<u32>(), 0..9),
        states in (state(), state()),
    ) -> Relationship {
        let built = Relationship::builder(name, servers.0.into(), servers.1.into())
            .server_names(names.0, names.1)
            .server_type(server_type)
            .mode(mode)
            .mclt_s(mclt_s)
            .safe_period_s(safe_period_s)
            .shared_secret(secret)
            .scopes(scopes.into_iter().map(Ipv4Addr::from))
            .build()
            .unwrap();
        let (state, prev_state) = (states.0.number().into(), states.1.number().into());
        let windows = WindowsRelationship { state, prev_state, ..built.to_windows() };
        Relationship::from_windows(&windows).unwrap()
    }
}

fn local() -> LocalServer {
    LocalServer { name: "here".into(), addresses: vec![], address: PRIMARY }
}

fn partner() -> PartnerServer {
    PartnerServer { name: "there".into(), address: SECONDARY }
}

proptest! {
    #[test]
    fn a_relationship_survives_the_shape_of_windows(it in relationship()) {
        let windows = it.to_windows();
        let back = Relationship::from_windows(&windows).unwrap();
        prop_assert_eq!(&back, &it);
        prop_assert_eq!(back.to_windows(), windows);
    }

    /// Every shape is either refused or means exactly itself, but for 0 of the safe period.
    #[test]
    fn a_shape_is_refused_or_means_itself(
        numbers in any::<[u8; 5]>(), percentage in any::<u8>(), mclt in 0_u32..3,
        safe_period in select(vec![0, 1, 60, u32::MAX]), servers in any::<[u8; 2]>(),
        name in vec(any::<u16>(), 0..4), secret in option::of(vec(any::<u16>(), 0..4)),
        scopes in vec(0_u32..4, 0..4),
    ) {
        let windows = WindowsRelationship {
            primary_server: (servers[0] % 3).into(),
            secondary_server: (servers[1] % 3).into(),
            mode: (numbers[0] % 3).into(),
            server_type: (numbers[1] % 3).into(),
            state: (numbers[2] % 16).into(),
            prev_state: (numbers[3] % 16).into(),
            mclt,
            safe_period,
            relationship_name: name,
            scopes,
            percentage: percentage % 128,
            shared_secret: secret.map(dhcp_failover_relationship::SecretUtf16::new),
            ..WindowsRelationship::default()
        };
        let legal = windows.mode < 2
            && windows.server_type < 2
            && windows.state < 14
            && windows.prev_state < 14
            && windows.percentage <= 100
            && mclt != 0
            && windows.primary_server != 0
            && windows.secondary_server != 0
            && is_text(&windows.relationship_name)
            && windows.shared_secret.as_ref().is_none_or(|it| is_text(it.expose()))
            && (1..windows.scopes.len()).all(|at| !windows.scopes[..at].contains(&windows.scopes[at]));
        match Relationship::from_windows(&windows) {
            Ok(it) => {
                prop_assert!(legal);
                let off = if safe_period == 0 { u32::MAX } else { safe_period };
                prop_assert_eq!(it.to_windows(), WindowsRelationship { safe_period: off, ..windows });
            }
            Err(errors) => prop_assert!(!legal, "{}", errors),
        }
    }

    #[test]
    fn flags_say_what_changes(bits in 0_u32..0x100, it in relationship()) {
        match Changes::from_windows(bits, &it.to_windows()) {
            Ok(changes) => {
                prop_assert_eq!(changes.flags().bits(), bits);
                prop_assert_eq!(SetFlags::new(bits), Ok(changes.flags()));
            }
            Err(_) => prop_assert!(bits == 0 || bits > 0x7F),
        }
    }

    /// Setting all fields of one relationship at another makes them alike, unless it is in a state
    /// that is not to be set.
    #[test]
    fn set_with_all_flags_takes_all_fields_over(from in relationship(), to in relationship()) {
        let settable = from.state().is_settable() && !from.prev_state().is_reserved();
        let mut registry = Registry::new();
        registry.insert(to.clone()).unwrap();
        let from = from.to_windows();
        let expected = WindowsRelationship {
            mode: from.mode,
            state: from.state,
            prev_state: from.prev_state,
            mclt: from.mclt,
            safe_period: from.safe_period,
            percentage: from.percentage,
            shared_secret: from.shared_secret.clone(),
            ..to.to_windows()
        };
        match registry.set_windows(to.name(), 0x7F, &from) {
            Ok(changed) => prop_assert!(settable && changed.to_windows() == expected),
            Err(refused) => {
                prop_assert!(!settable && refused.code() == 87, "{}", refused);
                prop_assert_eq!(registry.get(to.name()), Ok(&to));
            }
        }
    }

    /// The local server's percentage goes in and comes out, at either server, in add and in set; the
    /// partner sees the rest.
    #[test]
    fn the_local_percentage_comes_back(
        added in 0_u32..=100, later in 0_u32..=100, server_type in select(&ServerType::ALL[..]),
    ) {
        let add = AddFailover {
            partner_server: Some("there".into()),
            empty: true,
            load_balance_percent: Some(added),
            server_type: Some(server_type),
            ..AddFailover::default()
        };
        let mut registry = Registry::new();
        let it = add.create(&mut registry, &local(), &partner(), &served).unwrap().clone();
        prop_assert_eq!(Failover::of(&it).load_balance_percent.map(u32::from), Some(added));
        let set = SetFailover { load_balance_percent: Some(later), ..SetFailover::default() };
        let it = registry.set(it.name(), set.changes(&it).unwrap()).unwrap();
        prop_assert_eq!(Failover::of(it).load_balance_percent.map(u32::from), Some(later));
        let other = u32::from(server_type.partner() == ServerType::Primary);
        let there = WindowsRelationship { server_type: 1 - other, ..it.to_windows() };
        let there = Relationship::from_windows(&there).unwrap();
        prop_assert_eq!(there.server_type(), server_type.partner());
        prop_assert_eq!(
            Failover::of(&there).load_balance_percent.map(u32::from), Some(100 - later)
        );
    }

    #[test]
    fn a_time_span_is_read_as_it_was_printed(seconds in any::<u32>()) {
        let span = TimeSpan::from_s(seconds);
        prop_assert_eq!(span.to_string().parse(), Ok(span));
        prop_assert_eq!(seconds.to_string().parse(), Ok(span));
    }

    #[test]
    fn no_text_makes_a_time_span_panic(text in "[0-9.:dhms+ -]{0,16}|\\PC{0,9}") {
        if let Ok(span) = text.parse::<TimeSpan>() {
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}

#[cfg(feature = "serde")]
proptest! {
    #[test]
    fn a_relationship_survives_being_stored_apart_from_its_secret(it in relationship()) {
        let (bare, secret) = it.clone().split_secret();
        let text = serde_json::to_string(&bare).unwrap();
        let back: Relationship = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(back.with_secret(secret), it);
    }
}

/// UTF-16 that can be a name or a secret.
fn is_text(units: &[u16]) -> bool {
    !units.is_empty() && !units.contains(&0) && String::from_utf16(units).is_ok()
}

#[derive(Clone, Debug)]
enum Operation {
    Create(u8, Vec<u16>, bool),
    Set(u8, Changes),
    Delete(u8),
    AddScopes(u8, Vec<u16>),
    DeleteScopes(u8, Vec<u16>),
    SetState(u8, FsmState),
    SetSynchronizing(u8, bool),
}

fn operation() -> impl Strategy<Value = Operation> {
    let one = || vec(0_u16..8, 1);
    let scopes = || prop_oneof![5 => one(), 2 => vec(0_u16..9, 0..4)];
    // Number 0 has no name; with five others the limit is met.
    let name = || prop_oneof![1 => Just(0_u8), 20 => 1_u8..6];
    let usual = prop_oneof![9 => Just(FsmState::Normal), 1 => state()];
    prop_oneof![
        5 => (name(), scopes(), any::<bool>()).prop_map(|(n, s, e)| Operation::Create(n, s, e)),
        1 => (name(), changes()).prop_map(|(name, changes)| Operation::Set(name, changes)),
        1 => name().prop_map(Operation::Delete),
        3 => (name(), scopes()).prop_map(|(name, scopes)| Operation::AddScopes(name, scopes)),
        3 => (name(), scopes()).prop_map(|(name, scopes)| Operation::DeleteScopes(name, scopes)),
        5 => (name(), usual).prop_map(|(name, state)| Operation::SetState(name, state)),
        1 => (name(), proptest::bool::weighted(0.3))
            .prop_map(|(name, on)| Operation::SetSynchronizing(name, on)),
    ]
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), 1..100)
}

fn changes() -> impl Strategy<Value = Changes> {
    let state = || option::weighted(0.2, state());
    (option::of(0_u32..3), state(), state(), option::of(percent())).prop_map(
        |(mclt_s, state, prev_state, percentage)| Changes {
            mclt_s,
            state,
            prev_state,
            percentage,
            ..Changes::default()
        },
    )
}

const LIMIT: usize = 4;

fn name(number: u8) -> String {
    "abcdef"[..usize::from(number)].into()
}

/// Number 8 is served nowhere.
fn scopes(numbers: &[u16]) -> Vec<Ipv4Addr> {
    numbers.iter().map(|it| if *it == 8 { [172, 16, 0, 0].into() } else { scope(*it) }).collect()
}

/// Does it, and whether that succeeded.
fn run(registry: &mut Registry, operation: &Operation) -> bool {
    match operation.clone() {
        Operation::Create(number, numbers, empty) => {
            let new = builder(&name(number), &scopes(&numbers));
            let new = if empty { new.may_be_empty() } else { new };
            registry.create(new, &served).is_ok()
        }
        Operation::Set(number, changes) => registry.set(&name(number), changes).is_ok(),
        Operation::Delete(number) => registry.delete(&name(number)).is_ok(),
        Operation::AddScopes(number, numbers) => {
            registry.add_scopes(&name(number), &scopes(&numbers), &served).is_ok()
        }
        Operation::DeleteScopes(number, numbers) => {
            registry.delete_scopes(&name(number), &scopes(&numbers), &served).is_ok()
        }
        Operation::SetState(number, state) => {
            registry.set_state(&name(number), state, FsmState::Init).is_ok()
        }
        Operation::SetSynchronizing(number, on) => {
            registry.set_synchronizing(&name(number), on).is_ok()
        }
    }
}

/// The rules once more, in their plainest form: whether it must succeed.
fn allowed(registry: &Registry, operation: &Operation) -> bool {
    let get = |number: u8| registry.iter().find(|it| it.name() == name(number));
    let good = |numbers: &[u16]| {
        let distinct = (0..numbers.len()).all(|at| !numbers[..at].contains(&numbers[at]));
        distinct && !numbers.contains(&8)
    };
    let unused = |numbers: &[u16]| {
        scopes(numbers).iter().all(|scope| registry.iter().all(|it| !it.has_scope(*scope)))
    };
    match operation {
        Operation::Create(number, numbers, empty) => {
            *number != 0
                && get(*number).is_none()
                && (*empty || !numbers.is_empty())
                && good(numbers)
                && unused(numbers)
                && registry.iter().len() < LIMIT
        }
        Operation::Set(number, changes) => {
            *changes != Changes::default()
                && changes.mclt_s != Some(0)
                && changes.state.is_none_or(|it| (2..12).contains(&it.number()))
                && changes.prev_state.is_none_or(|it| it.number() < 12)
                && get(*number).is_some()
        }
        Operation::AddScopes(number, numbers) => {
            !numbers.is_empty()
                && good(numbers)
                && unused(numbers)
                && get(*number)
                    .is_some_and(|it| it.state() == FsmState::Normal && !it.is_synchronizing())
        }
        Operation::DeleteScopes(number, numbers) => {
            !numbers.is_empty()
                && good(numbers)
                && get(*number).is_some_and(|it| {
                    !it.is_synchronizing()
                        && scopes(numbers).iter().all(|scope| it.has_scope(*scope))
                })
        }
        Operation::Delete(number)
        | Operation::SetState(number, _)
        | Operation::SetSynchronizing(number, _) => get(*number).is_some(),
    }
}

proptest! {
    /// Unique names, a scope in one relationship at most, the limit, and a refusal changes nothing.
    #[test]
    fn a_registry_keeps_its_rules_under_any_operations(operations in operations()) {
        let mut registry = Registry::with_max_relationships(LIMIT);
        for operation in &operations {
            let before = registry.clone();
            let expected = allowed(&registry, operation);
            let done = run(&mut registry, operation);
            prop_assert_eq!(done, expected, "{:?} at {:?}", operation, before);
            if !done {
                prop_assert_eq!(&registry, &before);
            }
            prop_assert!(registry.iter().len() <= LIMIT);
            let mut names: Vec<_> = registry.iter().map(Relationship::name).collect();
            let mut scopes: Vec<_> = registry.iter().flat_map(Relationship::scopes).collect();
            let (many, all) = (names.len(), scopes.len());
            names.sort_unstable();
            names.dedup();
            scopes.sort_unstable();
            scopes.dedup();
            prop_assert_eq!((names.len(), scopes.len()), (many, all));
            prop_assert!(registry.iter().all(|it| it.mclt_s() > 0 && !it.name().is_empty()));
        }
    }
}

/// The test before would prove nothing if nearly everything were refused.
#[test]
fn random_operations_succeed_and_are_refused() {
    let mut runner = TestRunner::deterministic();
    let mut done = HashMap::new();
    for _ in 0..200 {
        let mut registry = Registry::with_max_relationships(LIMIT);
        for operation in operations().new_tree(&mut runner).unwrap().current() {
            let succeeded = run(&mut registry, &operation);
            *done.entry((discriminant(&operation), succeeded)).or_insert(0_u32) += 1;
        }
    }
    assert_eq!(done.len(), 14, "seven operations, done and refused");
    for (operation, times) in done {
        assert!(times > 50, "{operation:?}: {times} times");
    }
}
