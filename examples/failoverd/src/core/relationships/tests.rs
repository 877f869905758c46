use super::super::domain::binding_write;
use super::super::testing::Place;
use super::super::{Core, Inputs};
use crate::admin::{AdminRequest, AdminResponse, Changed, Partner, codes};
use crate::config::Live;
use crate::demo::pair::free_port;
use crate::demo::random::Random;
use crate::dhcp::gate::Gate;
use crate::dhcp::network::ALONE;
use crate::store::{LeaseStore, MemoryStore, Write};
use dhcp_failover_lease::{
    BindingFlags, BindingStatus, Client, HardwareAddress, LeaseSpan, Refusal, Reservation, Role,
};
use dhcp_failover_proto::{Bindings, Input, LeaseEvent, Token};
use dhcp_failover_relationship::cmdlet::{AddFailover, SetFailover};
use dhcp_failover_relationship::{FsmState, ServerType, SharedSecret, TimeSpan};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

mod again;
mod random;

const SCOPES: &str = r#"
[[scope]]
subnet = "10.1.0.0/24"
ranges = ["10.1.0.10-10.1.0.19"]
lease_s = 600
reservations = [{ hw_address = "02:00:00:00:00:99", address = "10.1.0.5" }]
[[scope]] # the second
subnet = "10.2.0.0/24"
ranges = ["10.2.0.10-10.2.0.19"]
lease_s = 600
"#;
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 0);
const LEASED: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 10);

struct Lab {
    core: Core,
    inputs: Inputs,
    store: MemoryStore,
    directory: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        Self::with(SCOPES, MemoryStore::new(), tempfile::tempdir().unwrap())
    }

    fn with(tables: &str, store: MemoryStore, directory: tempfile::TempDir) -> Self {
        let mut random = Random::new(Random::fresh_seed());
        let listen = free_port(Ipv4Addr::LOCALHOST, &mut random).unwrap();
        let place = Place { directory: directory.path(), listen, relay_port: 67 };
        let (core, inputs) = place.start(tables, &store);
        Self { core, inputs, store, directory }
    }

    /// Stops without a word, and starts on what is on disk.
    fn restart(self) -> Self {
        self.restart_with(SCOPES)
    }

    /// The same with another configuration.
    fn restart_with(self, tables: &str) -> Self {
        let Self { core, inputs, store, directory } = self;
        drop((core, inputs));
        store.crash();
        Self::with(tables, store, directory)
    }

    fn ask(&mut self, request: AdminRequest) -> oneshot::Receiver<AdminResponse> {
        let (reply, answer) = oneshot::channel();
        self.core.admin((request, reply));
        answer
    }

    /// Waits for the disk.
    async fn settle(&mut self) {
        self.core.submit().unwrap();
        while !self.core.persistence.is_idle() {
            let event = timeout(Duration::from_secs(5), self.inputs.store_events.recv()).await;
            self.core.stored(event.unwrap().unwrap()).unwrap();
            self.core.submit().unwrap();
        }
    }

    async fn done(&mut self, request: AdminRequest) -> Changed {
        let mut answer = self.ask(request);
        self.settle().await;
        match answer.try_recv().unwrap() {
            AdminResponse::Changed(changed) => changed,
            other => panic!("{other:?}"),
        }
    }

    /// The code of a refusal, after which everything is as before.
    fn refused(&mut self, request: AdminRequest) -> u32 {
        let before = (format!("{:?}", self.core.settings), self.core.domains.len());
        let mut answer = self.ask(request);
        let AdminResponse::Failed(refusal) = answer.try_recv().unwrap() else { panic!() };
        assert_eq!((format!("{:?}", self.core.settings), self.core.domains.len()), before);
        assert!(self.core.persistence.is_idle());
        println!("{refusal:?}");
        assert!(!refusal.first.remedy.is_empty() || refusal.first.message.contains(':'));
        refusal.code()
    }

    /// The server serves alone, so the relationship has a past.
    async fn partner_down(&mut self, relationship: &str) {
        let relationship = Some(relationship.to_owned());
        let mut answer = self.ask(AdminRequest::ForcePartnerDown { relationship });
        self.settle().await;
        assert!(matches!(answer.try_recv(), Ok(AdminResponse::Done { .. })));
    }

    /// A lease of the first address, given while the scope is served alone.
    async fn lease(&mut self) {
        self.grant(ALONE).await;
    }

    async fn grant(&mut self, domain: usize) {
        self.grant_of(domain, LEASED).await;
        assert_eq!(self.found(LEASED), (BindingStatus::Active, domain));
    }

    async fn grant_of(&mut self, domain: usize, address: Ipv4Addr) {
        let now = self.core.lease_now();
        let gate = self.core.domains[domain].gate();
        let binding = self.core.domains[domain].table.get(address).unwrap();
        let (version, desired) = (binding.version, LeaseSpan::from_s(600));
        let granted = LeaseEvent::Granted {
            token: Token(1),
            address,
            client: client(1),
            grant: gate.grant(&binding, &client(1), desired, now),
            version,
            epoch: gate.epoch(),
            flags: BindingFlags::default(),
            request_options: Vec::new(),
        };
        self.core.feed(domain, Input::Lease(granted));
        self.settle().await;
    }

    /// The status of an address, and the domain it is in; it is in no other.
    fn found(&self, address: Ipv4Addr) -> (BindingStatus, usize) {
        let all = self.core.domains.iter().enumerate();
        let found: Vec<_> =
            all.filter_map(|(at, domain)| Some((domain.table.get(address)?.status, at))).collect();
        assert_eq!(found.len(), 1, "{address}: {found:?}");
        found[0]
    }

    /// Whether a new client may have an address.
    fn check(&self, address: Ipv4Addr) -> Result<(), Refusal> {
        let (_, domain) = self.found(address);
        let domain = &self.core.domains[domain];
        let binding = domain.table.get(address).unwrap();
        domain.gate().check(&binding, &client(7), Reservation::None, self.core.lease_now())
    }
}

fn client(last: u8) -> Client {
    Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]).unwrap())
}

fn parameters(name: &str, scopes: &[&str]) -> AddFailover {
    AddFailover {
        name: Some(name.to_owned()),
        partner_server: Some("127.78.9.9".to_owned()),
        scope_id: scopes.iter().map(|&it| it.to_owned()).collect(),
        empty: scopes.is_empty(),
        ..AddFailover::default()
    }
}

fn add(parameters: AddFailover) -> AdminRequest {
    let name = parameters.partner_server.clone().unwrap_or_default();
    let partner = Partner { name, address: "127.78.9.9:647".parse().unwrap() };
    AdminRequest::AddFailover { parameters: Box::new(parameters), partner, what_if: false }
}

fn set(name: &str, parameters: SetFailover) -> AdminRequest {
    let parameters = Box::new(parameters);
    AdminRequest::SetFailover { name: name.to_owned(), parameters, what_if: false }
}

fn remove(name: &str) -> AdminRequest {
    AdminRequest::RemoveFailover { name: name.to_owned(), what_if: false }
}

#[tokio::test]
async fn s5_a_change_is_answered_when_it_is_on_disk_and_not_before() {
    let mut lab = Lab::new();
    lab.store.hold();
    let mut answer = lab.ask(add(parameters("pair", &["10.1.0.0"])));
    lab.core.submit().unwrap();
    assert!(answer.try_recv().is_err());
    lab.store.release();
    lab.settle().await;
    let AdminResponse::Changed(changed) = answer.try_recv().unwrap() else { panic!() };
    let relationship = changed.relationship.unwrap();
    assert_eq!((relationship.scope_id, relationship.state), (vec![FIRST], FsmState::Startup));

    // What is not on disk was not said, and is not there after a crash.
    lab.store.stop_syncing();
    lab.done(set("pair", SetFailover { load_balance_percent: Some(70), ..Default::default() }))
        .await;
    let lab = lab.restart();
    let [pair] = &lab.core.settings.in_force.relationships[..] else { panic!() };
    assert_eq!(pair.mode, crate::config::Mode::LoadBalance { primary_percent: 50 });
}

#[tokio::test]
async fn changes_are_in_force_after_a_restart_and_win_over_the_file() {
    let mut lab = Lab::new();
    let secret = SharedSecret::new("sEcReT").unwrap();
    let standby = AddFailover {
        reserve_percent: Some(7),
        max_client_lead_time: Some(TimeSpan::from_s(90)),
        state_switch_interval: Some(TimeSpan::from_s(120)),
        shared_secret: Some(secret),
        ..parameters("standby", &["10.1.0.0"])
    };
    lab.done(add(standby)).await;
    lab.done(add(parameters("empty", &[]))).await;
    let before = lab.ask(AdminRequest::GetFailover { name: vec![], scope_id: vec![] }).try_recv();
    let mut lab = lab.restart();
    let after = lab.ask(AdminRequest::GetFailover { name: vec![], scope_id: vec![] }).try_recv();
    let (
        Ok(AdminResponse::Failovers { rows: before }),
        Ok(AdminResponse::Failovers { rows: after }),
    ) = (before, after)
    else {
        panic!();
    };
    let mut after = after;
    after.sort_by_key(|it| before.iter().position(|old| old.name == it.name));
    assert_eq!(before, after);
    assert!(before[0].enable_auth && before[0].auto_state_transition);
    let standby = lab.core.settings.in_force.relationships.iter().find(|it| it.name == "standby");
    assert_eq!(standby.and_then(|it| it.secret.as_ref()).unwrap().bytes(), b"sEcReT");
    let answer = lab.ask(AdminRequest::ConfigDifferences).try_recv().unwrap();
    let AdminResponse::Differences { lines } = answer else { panic!() };
    assert_eq!(lines.len(), 3, "{lines:?}");
    let AdminResponse::Config { toml } = lab.ask(AdminRequest::ExportConfig).try_recv().unwrap()
    else {
        panic!();
    };
    assert!(toml.contains("[[scope]] # the second") && !toml.contains("sEcReT"), "{toml}");
}

#[tokio::test]
async fn a_lease_goes_with_its_scope_into_a_relationship_and_out_of_it() {
    let mut lab = Lab::new();
    lab.lease().await;
    lab.done(add(parameters("pair", &["10.1.0.0"]))).await;
    let (status, domain) = lab.found(LEASED);
    assert_eq!((status, lab.core.domains[domain].name.as_str()), (BindingStatus::Active, "pair"));
    assert!(matches!(lab.core.domains[domain].gate(), Gate::Failover(_)));
    let reserved = Ipv4Addr::new(10, 1, 0, 5);
    assert_eq!(lab.found(reserved).1, domain);
    let counts = |lab: &Lab| lab.core.domains[domain].table.pool_count();
    assert_eq!(counts(&lab), 2);

    lab.partner_down("pair").await;
    lab.done(remove("pair")).await;
    assert_eq!(counts(&lab), 0);
    let (status, domain) = lab.found(LEASED);
    assert_eq!(status, BindingStatus::Active);
    assert!(matches!(lab.core.domains[domain].gate(), Gate::Former(_)));
    assert_eq!(lab.found(reserved).1, domain);
    let lab = lab.restart();
    let (status, domain) = lab.found(LEASED);
    assert_eq!(status, BindingStatus::Active);
    assert!(matches!(lab.core.domains[domain].gate(), Gate::Former(_)));
    assert!(lab.store.clone().load().unwrap().endpoints.is_empty());
}

#[tokio::test]
async fn a_scope_leaves_at_once_where_no_partner_ever_served() {
    let mut lab = Lab::new();
    lab.lease().await;
    lab.done(add(parameters("pair", &["10.1.0.0", "10.2.0.0"]))).await;
    // The endpoint looks for its partner: it begins anew, with the scope that stays.
    let before = lab.core.domains[lab.found(Ipv4Addr::new(10, 2, 0, 10)).1].record();
    let leave = AdminRequest::RemoveFailoverScope {
        name: "pair".to_owned(),
        scope_id: vec!["10.1.0.0".to_owned()],
        what_if: false,
    };
    let changed = lab.done(leave).await;
    assert_eq!(changed.relationship.unwrap().scope_id, [Ipv4Addr::new(10, 2, 0, 0)]);
    assert_eq!(lab.found(LEASED), (BindingStatus::Active, ALONE));
    let (_, domain) = lab.found(Ipv4Addr::new(10, 2, 0, 10));
    assert_eq!(lab.core.domains[domain].name, "pair");
    let after = lab.core.domains[domain].record();
    assert_eq!(before.map(|it| it.instance), after.map(|it| it.instance), "the same relationship");
    let lab = lab.restart();
    assert_eq!(lab.found(LEASED), (BindingStatus::Active, ALONE));
    assert_eq!(lab.core.settings.in_force.scopes[1].relationship, Some(0));
}

#[tokio::test]
async fn s1_what_was_the_partners_waits_for_the_mclt_after_a_scope_has_left() {
    let mut lab = Lab::new();
    let secondary = AddFailover {
        server_type: Some(ServerType::Secondary),
        max_client_lead_time: Some(TimeSpan::from_s(1)),
        ..parameters("pair", &["10.1.0.0"])
    };
    lab.done(add(secondary)).await;
    lab.partner_down("pair").await;
    lab.done(remove("pair")).await;
    assert!(matches!(lab.check(LEASED), Err(Refusal::WaitUntil(_))), "{:?}", lab.check(LEASED));
    assert_eq!(lab.check(Ipv4Addr::new(10, 2, 0, 10)), Ok(()));
    let mut lab = lab.restart();
    let Gate::Former(rules) = lab.core.domains[lab.found(LEASED).1].gate() else { panic!() };
    assert_eq!((rules.role, rules.mclt), (Role::Secondary, LeaseSpan::from_s(1)));
    // Nor does it come into another relationship before, for its leases may not be known.
    assert_eq!(lab.refused(add(parameters("other", &["10.1.0.0"]))), 20133);

    tokio::time::sleep(Duration::from_millis(3_500)).await;
    assert_eq!(lab.check(LEASED), Ok(()));
    lab.core.housekeeping().unwrap();
    lab.settle().await;
    assert_eq!(lab.found(LEASED).1, ALONE);
    let related = Some(Default::default());
    assert_eq!(lab.core.settings.live, Live { related, ..Live::default() });
    assert_eq!(lab.restart().found(LEASED), (BindingStatus::Free, ALONE));
}

#[tokio::test]
async fn s1_a_scope_that_leaves_in_the_file_waits_too_and_only_once() {
    let related = SCOPES.replacen("lease_s = 600\n", "lease_s = 600\nrelationship = \"pair\"\n", 1);
    let pair = "[[relationship]]\nname = \"pair\"\nrole = \"primary\"\npartner = \"127.78.9.9\"\n\
                mclt_s = 1\n";
    let mut lab = Lab::new().restart_with(&format!("{pair}{related}"));
    lab.partner_down("pair").await;
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    let (_, domain) = lab.found(LEASED);
    lab.grant(domain).await;
    // The partner heard of it.
    let mut told = lab.core.domains[domain].table.get(LEASED).unwrap();
    told.knowledge.agreed = BindingStatus::Active;
    lab.store.clone().commit(&[binding_write(&told)]).unwrap();
    let mut lab = lab.restart();
    let (status, domain) = lab.found(LEASED);
    assert_eq!(status, BindingStatus::Active);
    assert!(matches!(lab.core.domains[domain].gate(), Gate::Former(_)));
    assert!(matches!(lab.check(Ipv4Addr::new(10, 1, 0, 11)), Err(Refusal::WaitUntil(_))));
    assert_eq!(lab.check(Ipv4Addr::new(10, 2, 0, 10)), Ok(()));
    lab.settle().await;
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    lab.core.housekeeping().unwrap();
    lab.settle().await;
    assert_eq!(lab.found(LEASED), (BindingStatus::Active, ALONE));
    let lab = lab.restart();
    assert_eq!(lab.found(LEASED), (BindingStatus::Active, ALONE));
    assert_eq!(lab.check(Ipv4Addr::new(10, 1, 0, 11)), Ok(()));
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let mut lab = Lab::new();
    lab.done(add(parameters("pair", &["10.1.0.0"]))).await;
    let again = parameters("pair", &["10.1.0.0", "10.9.0.0"]);
    // In Windows' order: the scope that is not there comes first.
    assert_eq!(lab.refused(add(again)), 20005);
    assert_eq!(lab.refused(add(parameters("pair", &["10.2.0.0"]))), 20114);
    assert_eq!(lab.refused(add(parameters("other", &["10.1.0.0"]))), 20113);
    assert_eq!(lab.refused(add(parameters("other", &["2001:db8::"]))), 87);
    let long = TimeSpan::from_s(8 * 86_400);
    let long = SetFailover { max_client_lead_time: Some(long), ..SetFailover::default() };
    assert_eq!(lab.refused(set("pair", long)), 87);
    assert_eq!(lab.refused(set("pair", SetFailover::default())), 87);
    assert_eq!(lab.refused(set("nobody", SetFailover::default())), 20115);
    assert_eq!(lab.refused(remove("nobody")), 20115);
    let scopes = |join: bool, name: &str, scope: &str| {
        let (name, scope_id, what_if) = (name.to_owned(), vec![scope.to_owned()], false);
        match join {
            true => AdminRequest::AddFailoverScope { name, scope_id, what_if },
            false => AdminRequest::RemoveFailoverScope { name, scope_id, what_if },
        }
    };
    assert_eq!(lab.refused(scopes(true, "pair", "10.2.0.0")), 20120);
    assert_eq!(lab.refused(scopes(false, "pair", "10.2.0.0")), 20116);
    assert_eq!(lab.refused(scopes(false, "nobody", "10.1.0.0")), 20115);
    assert_eq!(
        lab.refused(AdminRequest::ScopeStatistics { scope_id: vec![FIRST, [10, 2, 0, 0].into()] }),
        2
    );
    assert_eq!(
        lab.refused(AdminRequest::GetFailover { name: vec!["x".into()], scope_id: vec![] }),
        20115
    );
}

#[tokio::test]
async fn a_port_that_is_taken_is_no_matter_of_a_state() {
    let mut lab = Lab::new();
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    lab.core.settings.file.server.failover_listen = Some(taken.local_addr().unwrap());
    assert_eq!(lab.refused(add(parameters("pair", &["10.1.0.0"]))), codes::FAILED);
}

#[tokio::test]
async fn what_if_says_what_would_be_done_and_does_nothing() {
    let mut lab = Lab::new();
    let mut request = add(parameters("pair", &["10.1.0.0"]));
    let AdminRequest::AddFailover { what_if, .. } = &mut request else { panic!() };
    *what_if = true;
    let before = format!("{:?}", lab.core.settings);
    let AdminResponse::Changed(changed) = lab.ask(request).try_recv().unwrap() else { panic!() };
    assert_eq!(changed.relationship.unwrap().scope_id, [FIRST]);
    assert!(changed.what_if && changed.done.len() == 2, "{:?}", changed.done);
    assert_eq!(format!("{:?}", lab.core.settings), before);
    assert!(lab.core.persistence.is_idle());
}
