//! States and the other enumerations: numbers and words.

use dhcp_failover_relationship::{
    AddressStatus, FsmState, Invalid, ModeName, ServerRole, ServerType,
};

/// Seed 002: the order is that of the header.
#[test]
fn states_have_the_numbers_of_windows() {
    for (number, state) in (0_u8..).zip(FsmState::ALL) {
        assert_eq!((state.number(), FsmState::from_number(number)), (number, Some(state)));
    }
    assert_eq!(FsmState::from_number(14), None);
    assert_eq!(FsmState::Normal.number(), 3);
    assert_eq!(FsmState::RecoverDone.number(), 11);
}

#[test]
fn states_have_the_words_of_the_header() {
    let words = FsmState::ALL.map(FsmState::as_str);
    assert_eq!(
        words,
        [
            "NoState",
            "Init",
            "Startup",
            "Normal",
            "CommunicationInterrupted",
            "PartnerDown",
            "PotentialConflict",
            "ConflictDone",
            "ResolutionInterrupted",
            "Recover",
            "RecoverWait",
            "RecoverDone",
            "Paused",
            "Shutdown"
        ]
    );
    assert_eq!(format!("{:>8}", FsmState::Normal), "  Normal");
}

#[test]
fn twelve_states_have_a_name_in_the_draft() {
    for state in FsmState::ALL {
        match state.draft_name() {
            Some(name) => assert_eq!(FsmState::from_draft_name(name), Some(state)),
            None => assert!(matches!(state, FsmState::NoState | FsmState::Init)),
        }
    }
    let interrupted = FsmState::CommunicationInterrupted;
    assert_eq!(interrupted.draft_name(), Some("COMMUNICATIONS-INTERRUPTED"));
    assert_eq!(FsmState::from_draft_name("Normal"), None);
    let reserved: Vec<_> = FsmState::ALL.into_iter().filter(|it| it.is_reserved()).collect();
    assert_eq!(reserved, [FsmState::Paused, FsmState::Shutdown]);
}

#[test]
fn words_are_read_in_any_case() {
    for text in ["HotStandby", "hotstandby", "HOTSTANDBY", "hot-standby"] {
        assert_eq!(text.parse(), Ok(ModeName::HotStandby));
    }
    assert_eq!("load-balance".parse(), Ok(ModeName::LoadBalance));
    assert_eq!("secondary".parse(), Ok(ServerType::Secondary));
    assert_eq!("Standby".parse(), Ok(ServerRole::Standby));
    for it in ModeName::ALL {
        assert_eq!(it.to_string().parse(), Ok(it));
    }
    let unknown = "passive".parse::<ServerRole>().unwrap_err();
    assert!(matches!(unknown, Invalid::Unknown { parameter: "ServerRole", .. }));
    assert_eq!(unknown.to_string(), "ServerRole \"passive\" is unknown");
}

#[test]
fn types_and_roles_go_together() {
    for it in ServerType::ALL {
        assert_eq!(it.partner().partner(), it);
        assert_eq!(it.role().server_type(), it);
    }
    assert_eq!(ServerType::Primary.role(), ServerRole::Active);
}

#[test]
fn address_statuses_have_the_numbers_of_windows() {
    for (number, status) in (0_u8..).zip(AddressStatus::ALL) {
        assert_eq!((status.number(), AddressStatus::from_number(number)), (number, Some(status)));
    }
    assert_eq!(AddressStatus::from_number(4), None);
}
