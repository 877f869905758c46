//! Codes, texts and remedies of refusals.

use dhcp_failover_relationship::{Error, Errors, FsmState, Invalid};

use crate::pair::scope;

/// One of each, with the code of the Windows header.
fn all() -> Vec<(u32, Error)> {
    let server = || String::from("west");
    let relationship = || String::from("a");
    let scope = scope(1);
    vec![
        (2, Error::NotFound),
        (2, Error::NoStatistics { scope }),
        (5, Error::AccessDenied),
        (87, Invalid::Missing { parameter: "Name" }.into()),
        (259, Error::NoMoreItems { resume: 3 }),
        (20005, Error::ScopeNotPresent { scope }),
        (20013, Error::ClientNotFound { client: "01:02".into() }),
        (20113, Error::ScopeAlreadyInRelationship { scope, relationship: relationship() }),
        (20114, Error::RelationshipExists { name: relationship() }),
        (20115, Error::RelationshipDoesNotExist { name: relationship() }),
        (20116, Error::ScopeNotInRelationship { scope, relationship: None }),
        (20117, Error::RelationIsSecondary { relationship: relationship() }),
        (20118, Error::NotSupported { operation: "x".into() }),
        (20119, Error::TimeOutOfSync { server: server(), difference_s: -61 }),
        (20120, Error::StateNotNormal { relationship: relationship(), state: FsmState::Startup }),
        (20121, Error::NoAdminPermission { server: server() }),
        (20122, Error::ServerNotReachable { server: server() }),
        (20123, Error::ServerNotRunning { server: server() }),
        (20124, Error::ServerNameNotResolved { server: server() }),
        (20125, Error::NameTooLong { units: 127 }),
        (20126, Error::EndOfSelection),
        (20127, Error::AddedScopeLeasesNotSynced { relationship: relationship() }),
        (20128, Error::MaxRelationships { limit: 31 }),
        (20129, Error::IllegalRangeTypeConversion { scope }),
        (20130, Error::MaxAddedScopes { count: 401 }),
        (20131, Error::BootNotSupported { scope }),
        (20132, Error::RangePartOfRelationship { scope, relationship: relationship() }),
        (20133, Error::ScopeSyncInProgress { relationship: relationship() }),
        (20134, Error::FeatureNotSupported { server: server() }),
    ]
}

#[test]
fn every_refusal_has_the_code_of_the_header_and_says_what_to_do() {
    for (code, error) in all() {
        assert_eq!(error.code(), code);
        for text in [error.to_string(), error.remedy().into_owned()] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{error:?}: {text}");
        }
        assert_ne!(error.to_string(), error.remedy());
    }
}

/// 20113 to 20134 without a gap.
#[test]
fn no_code_of_failover_is_left_out() {
    let failover: Vec<_> =
        all().into_iter().map(|(code, _)| code).filter(|it| *it > 20100).collect();
    assert_eq!(failover, (20113..=20134).collect::<Vec<_>>());
}

#[test]
fn texts_name_the_thing_and_the_value() {
    for (error, text, remedy) in [
        (
            Error::ScopeAlreadyInRelationship { scope: scope(1), relationship: "a b".into() },
            "scope 10.0.1.0 is already in relationship \"a b\"",
            "remove the scope from \"a b\" first",
        ),
        (
            Error::StateNotNormal { relationship: "a".into(), state: FsmState::PartnerDown },
            "relationship \"a\" is in state PartnerDown, not Normal",
            "wait until both servers are in state Normal",
        ),
        (
            Error::ScopeNotInRelationship { scope: scope(1), relationship: Some("a".into()) },
            "scope 10.0.1.0 is not in relationship \"a\"",
            "name a scope of the relationship",
        ),
        (
            Invalid::Percent { parameter: "ReservePercent", value: 101 }.into(),
            "ReservePercent 101 is more than 100",
            "use 0 to 100",
        ),
        (
            Invalid::Number { parameter: "Mode", value: 2, greatest: 1 }.into(),
            "Mode 2 has no meaning",
            "use 0 to 1",
        ),
        (
            Invalid::UnknownFlags { bits: 0x180 }.into(),
            "flags 0x180 have no meaning",
            "use the flags 0x01 to 0x40",
        ),
    ] {
        assert_eq!((error.to_string().as_str(), error.remedy().as_ref()), (text, remedy));
    }
}

#[test]
fn errors_are_joined_and_repeated_ones_left_out() {
    assert_eq!(Errors::check(vec![]), Ok(()));
    let missing = |parameter| Error::from(Invalid::Missing { parameter });
    let long = Error::NameTooLong { units: 200 };
    let all = vec![missing("ScopeId"), long.clone(), missing("ScopeId"), missing("Name")];
    let errors = Errors::check(all).unwrap_err();
    assert_eq!((errors.code(), errors.first()), (87, &missing("ScopeId")));
    assert_eq!(
        errors.to_string(),
        "ScopeId is missing; name of the relationship has 200 UTF-16 units, more than 126; \
         Name is missing"
    );
    assert_eq!(errors.remedy(), "give ScopeId; use at most 126; give Name");
    let list: Vec<_> = errors.into_iter().collect();
    assert_eq!(list, [missing("ScopeId"), long, missing("Name")]);
}

#[test]
fn one_remedy_for_two_problems_is_told_once() {
    let over = |parameter| Error::from(Invalid::Percent { parameter, value: 101 });
    let errors = Errors::check(vec![over("LoadBalancePercent"), over("ReservePercent")]);
    assert_eq!(errors.unwrap_err().remedy(), "use 0 to 100");
}
