//! §9.3: STARTUP.

use super::{BEGIN, Command, ROLES, Role, Scripted, State, config, record};
use crate::support::address;
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_proto::{EndpointConfig, EndpointRecord, Event, StartupPolicy};
use dhcp_failover_wire::ServerFlags;

/// §9.3.1: "MUST be unresponsive to client requests."
#[test]
fn nobody_is_served() {
    for role in ROLES {
        for before in State::ALL {
            let it = Scripted::resumed(role, before);
            assert_eq!(it.state(), State::Startup);
            assert!(!it.renews() && !it.serves_everybody(), "{before}");
        }
    }
}

/// §9.3.1: "the STARTUP bit MUST be set and the previously recorded state MUST be placed in the
/// server-state option"; §9.3.2 step 2 makes that the state without contact.
#[test]
fn the_state_before_is_reported_with_the_startup_bit() {
    for (recorded, reported) in [
        (State::Normal, State::CommunicationsInterrupted),
        (State::PartnerDown, State::PartnerDown),
        (State::PotentialConflict, State::ResolutionInterrupted),
        (State::RecoverWait, State::RecoverWait),
    ] {
        let mut it = Scripted::resumed(Role::Primary, recorded);
        it.connect();
        assert_eq!(it.reported(), [(reported, true)]);
    }
}

/// §9.3.2 step 1: without a record the previous state is RECOVER, and everything is asked for.
#[test]
fn without_a_record_it_recovers() {
    for role in ROLES {
        let mut it = Scripted::start(config(role), None);
        it.meets(State::Normal);
        assert_eq!(it.state(), State::Recover);
        assert_eq!(it.request().map(|(_, all)| all), Some(true));
    }
}

/// §9.3.2 step 5: "when communications become okay, set the current state to the previous state,
/// then take the transition for the partner's".
#[test]
fn contact_ends_it() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::Normal);
        it.meets(State::CommunicationsInterrupted);
        assert_eq!(it.state(), State::Normal);
        assert!(it.why(State::CommunicationsInterrupted).contains("the state before"));
        let mut it = Scripted::resumed(role, State::Normal);
        it.connect();
        it.partner_starting(State::Normal);
        // The partner has not decided yet: no further.
        assert_eq!(it.state(), State::CommunicationsInterrupted);
    }
}

/// §9.3.2 step 5: a partner in PARTNER-DOWN later than this server last served: RECOVER; earlier:
/// POTENTIAL-CONFLICT. In doubt RECOVER (H5). With other addresses than before, too: in a conflict
/// that is interrupted it would serve beside a partner that has taken over every address (S4).
#[test]
fn h5_a_partner_that_was_alone_means_recover_unless_both_certainly_served() {
    for role in ROLES {
        let begin = u32::try_from(BEGIN).expect("this century");
        for (since, expected) in [
            (begin + 1, State::Recover),
            (begin - 3, State::Recover),
            (begin - 600, State::PotentialConflict),
        ] {
            for pools_digest in [0, 5] {
                let config = EndpointConfig { pools_digest, ..config(role) };
                let mut it = Scripted::resumed_with(config, State::Normal);
                it.connect();
                it.partner_since(State::PartnerDown, ServerFlags::NONE, since);
                assert_eq!(it.state(), expected, "since {since}, pools {pools_digest}");
            }
        }
    }
}

/// §9.3.2 step 5, S4: of two that were alone and start at one time each hears of the other first with
/// the STARTUP bit; neither serves by way of PARTNER-DOWN then.
#[test]
fn two_that_were_alone_compare_before_either_serves() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::PartnerDown);
        it.connect();
        it.partner_starting(State::PartnerDown);
        assert_eq!(it.state(), State::PotentialConflict);
        assert!(!it.lease(address(3), 1));
    }
}

/// H4, S4: a partner that was alone for longer than the MCLT has given away addresses of this server's,
/// and does not say so when it takes its leave. On its word a server that starts just then serves
/// nobody, and waits when it is ordered to; after a short absence it goes on as before.
#[test]
fn h4_the_word_of_a_partner_that_leaves_does_not_end_it_after_a_long_absence() {
    for (role, word) in ROLES
        .into_iter()
        .flat_map(|role| [State::Paused, State::Shutdown].into_iter().map(move |word| (role, word)))
    {
        for (absent_s, goes_on) in [(10, true), (4_000, false)] {
            let alive_until = LeaseInstant::from_unix_s(BEGIN - absent_s);
            let record = EndpointRecord { alive_until, ..record(role, State::Normal) };
            let mut it = Scripted::start(config(role), Some(record));
            it.connect();
            it.partner(word);
            assert_eq!(it.state() != State::Startup, goes_on, "{word}, {absent_s} s");
            if !goes_on {
                it.cut();
                it.order(Command::PartnerDown);
                assert_eq!(it.state(), State::PartnerDown);
                assert!(!it.lease(address(3), 1), "not before the MCLT has passed");
            }
        }
    }
}

/// §9.14, H4: configured to go on alone it takes over from such a partner when STARTUP is over, and waits
/// before it gives an address away.
#[test]
fn configured_to_go_on_it_takes_over_from_a_partner_that_shuts_down() {
    for role in ROLES {
        let alive_until = LeaseInstant::from_unix_s(BEGIN - 4_000);
        let record = EndpointRecord { alive_until, ..record(role, State::Normal) };
        let startup_policy = StartupPolicy::Resume;
        let config = EndpointConfig { startup_policy, ..config(role) };
        let mut it = Scripted::start(config, Some(record));
        it.connect();
        it.partner(State::Shutdown);
        assert_eq!(it.state(), State::Startup);
        it.pass_in_contact_s(60);
        assert_eq!(it.state(), State::PartnerDown);
        assert!(!it.lease(address(3), 1), "not before the MCLT has passed");
    }
}

/// §9.7.2, H21: in RECOVER-DONE it does not take over from a partner that shuts down, and not by way of
/// STARTUP either. (A storm found it.)
#[test]
fn h21_a_shutdown_heard_while_starting_does_not_end_recover_done() {
    for role in ROLES {
        let config = EndpointConfig { startup_policy: StartupPolicy::Resume, ..config(role) };
        let mut it = Scripted::start(config, Some(record(role, State::RecoverDone)));
        it.connect();
        it.partner(State::Shutdown);
        it.pass_in_contact_s(60);
        assert_eq!(it.state(), State::RecoverDone);
    }
}

fn alone(role: Role, before: State, policy: StartupPolicy) -> Scripted {
    let config = EndpointConfig { startup_policy: policy, ..config(role) };
    let mut it = Scripted::start(config, Some(record(role, before)));
    it.pass_s(30);
    it
}

/// §9.3.2 step 6, H4, H12: what a server does that finds no partner, by policy, from every state.
#[test]
fn h4_h12_the_policy_decides_when_nobody_answers() {
    use State::*;
    for role in ROLES {
        for before in State::ALL {
            let resumed = match before {
                Normal => CommunicationsInterrupted,
                PotentialConflict => ResolutionInterrupted,
                ConflictDone if role == Role::Secondary => ResolutionInterrupted,
                Startup | Paused | Shutdown => Recover,
                other => other,
            };
            let waits = match resumed {
                Recover | RecoverWait => resumed,
                _ => Startup,
            };
            let it = alone(role, before, StartupPolicy::Wait);
            assert_eq!(it.state(), waits, "{before}");
            assert!(!it.renews(), "{before}");
            let it = alone(role, before, StartupPolicy::Resume);
            assert_eq!(it.state(), resumed, "{before}");
            let it = alone(role, before, StartupPolicy::PartnerDown);
            let down = if resumed == RecoverWait { RecoverWait } else { PartnerDown };
            assert_eq!(it.state(), down, "{before}");
        }
    }
}

/// The same: somebody is told that a server waits and why, and can order otherwise.
#[test]
fn h12_a_server_that_waits_says_so_and_can_be_ordered_to_serve() {
    for before in [State::Normal, State::Recover] {
        let mut it = alone(Role::Primary, before, StartupPolicy::Wait);
        let waiting = it.events.iter().any(|event| matches!(event, Event::Waiting { .. }));
        assert!(waiting && it.alarms() > 0, "{:?}", it.events);
        it.order(Command::PartnerDown);
        assert_eq!(it.state(), State::PartnerDown);
        assert!(it.renews());
    }
}

/// The default: a server that ran before waits.
#[test]
fn h4_waiting_is_the_default() {
    let default = EndpointConfig::new("x", Role::Primary, std::net::Ipv4Addr::LOCALHOST.into());
    assert_eq!(default.startup_policy, StartupPolicy::Wait);
}
