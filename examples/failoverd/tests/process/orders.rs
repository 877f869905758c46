//! Orders of an operator to two real servers.

use crate::hub::{PATIENCE, Site, relationship, scope};
use crate::support::SERVER;
use failoverd::admin::{AdminRequest, AdminResponse, ClientError, Order, RiskReport, call};
use failoverd::demo::pair::free_port;
use failoverd::demo::random::Random;
use std::net::Ipv4Addr;
use std::time::Instant;

const EAST: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 6);

fn dry_run(site: &Site) -> RiskReport {
    match call(&site.admin, &AdminRequest::PartnerDownRisk { relationship: None }) {
        Ok(AdminResponse::Risk { report }) => *report,
        other => panic!("{other:?}"),
    }
}

fn wait_for_states(site: &mut Site, wanted: &[&str]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let rows = site.status();
        if rows.first().is_some_and(|row| wanted.contains(&row.state.as_str())) {
            return;
        }
        assert!(Instant::now() < deadline, "{rows:?}\n{}", site.process.log_tail());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_dry_run_a_refusal_a_recovery_a_farewell_and_a_takeover() {
    let mut random = Random::new(Random::fresh_seed());
    let directory = tempfile::Builder::new().prefix("fo-").tempdir().expect("a directory");
    let mut at = |address| [(); 2].map(|()| free_port(address, &mut random).expect("a port"));
    let (west_at, east_at) = (at(SERVER), at(EAST));
    let config = |role, partner| {
        let pair = relationship("pair", role, partner, "").replace("mclt_s = 30", "mclt_s = 2");
        pair + &scope(78, Some("pair"))
    };
    let dir = directory.path();
    let mut west = Site::start("west", west_at, 6767, &config("primary", east_at[1]), dir);
    let mut east = Site::start("east", east_at, 6767, &config("secondary", west_at[1]), dir);
    west.wait_until_normal(1);
    east.wait_until_normal(1);

    // The partner is there: both the dry run and the order say so, and nothing changes.
    let report = dry_run(&west);
    assert!(report.refused.is_some_and(|why| why.contains("the partner is not down")));
    assert_eq!(report.own + report.partners, 64);
    let order = AdminRequest::PartnerDown { relationship: None };
    let Err(ClientError::Refused(why)) = call(&west.admin, &order) else { panic!("refused") };
    assert!(why.to_string().contains("NORMAL"), "{why}");
    assert_eq!(west.status()[0].state, "NORMAL");

    // What may be ordered and what not is told without doing it.
    for order in [Order::Recover, Order::Pause, Order::Shutdown] {
        let question = AdminRequest::WhatIf { order, relationship: None };
        let Ok(AdminResponse::Done { message }) = call(&east.admin, &question) else {
            panic!("{order:?}")
        };
        assert!(message.contains("would be carried out in NORMAL"), "{message}");
        assert_eq!(east.status()[0].state, "NORMAL");
    }

    // A server that distrusts its data fetches them and comes back.
    let recover = AdminRequest::Recover { relationship: None };
    let Ok(AdminResponse::Done { message }) = call(&east.admin, &recover) else { panic!("done") };
    assert!(message.starts_with("pair: NORMAL -> RECOVER"), "{message}");
    east.wait_until_normal(1);
    west.wait_until_normal(1);

    // SHUTDOWN is announced, and the partner takes over by itself.
    let shutdown = AdminRequest::Shutdown { relationship: None };
    assert!(matches!(call(&east.admin, &shutdown), Ok(AdminResponse::Done { .. })));
    wait_for_states(&mut west, &["PARTNER-DOWN"]);
    assert_eq!(west.status()[0].partner_state, "SHUTDOWN");
    let question = AdminRequest::WhatIf { order: Order::Pause, relationship: None };
    let Err(ClientError::Refused(why)) = call(&east.admin, &question) else { panic!("refused") };
    assert!(why.to_string().contains("pause is not possible in state SHUTDOWN"), "{why}");
    let report = dry_run(&west);
    assert!(report.partners_usable_at <= report.own_usable_at + 4, "{report:?}");
}

/// §9.13: SIGTERM is a pause, and the partner hears of it: it is no accident, and nobody takes over.
#[test]
fn a_server_that_is_told_to_end_says_that_it_pauses() {
    let mut random = Random::new(Random::fresh_seed());
    let directory = tempfile::Builder::new().prefix("fo-").tempdir().expect("a directory");
    let mut at = |address| [(); 2].map(|()| free_port(address, &mut random).expect("a port"));
    let (west_at, east_at) = (at(SERVER), at(EAST));
    let config = |role, partner| relationship("pair", role, partner, "") + &scope(78, Some("pair"));
    let dir = directory.path();
    let mut west = Site::start("west", west_at, 6767, &config("primary", east_at[1]), dir);
    let mut east = Site::start("east", east_at, 6767, &config("secondary", west_at[1]), dir);
    west.wait_until_normal(1);
    east.wait_until_normal(1);
    east.process.terminate().expect("SIGTERM");
    wait_for_states(&mut west, &["COMMUNICATIONS-INTERRUPTED"]);
    assert_eq!(west.status()[0].partner_state, "PAUSED");
}
