//! Scopes that leave and come back, live and in the file.

use super::*;
use crate::core::load::LoadError;
use crate::core::testing::Place;

fn pair(partner: &str) -> String {
    related("pair", partner, "primary")
}

/// The scopes with the first in a relationship.
fn related(name: &str, partner: &str, role: &str) -> String {
    let scopes =
        SCOPES.replacen("lease_s = 600\n", &format!("lease_s = 600\nrelationship = {name:?}\n"), 1);
    format!(
        "[[relationship]]\nname = {name:?}\nrole = {role:?}\npartner = {partner:?}\nmclt_s = \
         1\n{scopes}"
    )
}

impl Lab {
    /// The error of a start with this configuration; the disk is as it was.
    fn restart_fails(self, tables: &str) -> (String, Self) {
        let Self { core, inputs, store, directory } = self;
        drop((core, inputs));
        let before = store.clone().load().unwrap();
        let mut random = Random::new(Random::fresh_seed());
        let listen = free_port(Ipv4Addr::LOCALHOST, &mut random).unwrap();
        let place = Place { directory: directory.path(), listen, relay_port: 67 };
        let error: LoadError = match place.try_start(tables, &store) {
            Err(crate::core::CoreError::Load(error)) => error,
            other => panic!("{:?}", other.map(drop)),
        };
        assert_eq!(store.clone().load().unwrap(), before);
        (error.to_string(), Self::with(SCOPES, store, directory))
    }

    fn is_former(&self, address: Ipv4Addr) -> bool {
        matches!(self.core.domains[self.found(address).1].gate(), Gate::Former(_))
    }
}

/// What the partner of the first time may have leased is not forgotten because the relationship was
/// made once more, and removed before the two servers met.
#[tokio::test]
async fn s1_a_relationship_made_and_removed_again_does_not_end_the_wait() {
    let mut lab = Lab::new();
    let secondary = || AddFailover {
        server_type: Some(ServerType::Secondary),
        ..parameters("pair", &["10.1.0.0"])
    };
    lab.done(add(secondary())).await;
    lab.partner_down("pair").await;
    lab.done(remove("pair")).await;
    let first = lab.core.settings.live.former.clone();
    assert!(matches!(lab.check(LEASED), Err(Refusal::WaitUntil(_))));
    lab.done(add(secondary())).await;
    lab.done(remove("pair")).await;
    assert!(matches!(lab.check(LEASED), Err(Refusal::WaitUntil(_))), "{:?}", lab.check(LEASED));
    assert_eq!(lab.core.settings.live.former, first);
    lab.done(add(secondary())).await;
    let mut lab = lab.restart();
    lab.done(remove("pair")).await;
    let lab = lab.restart();
    assert!(matches!(lab.check(LEASED), Err(Refusal::WaitUntil(_))), "{:?}", lab.check(LEASED));
}

/// The name alone does not tell who may have leased what.
#[tokio::test]
async fn s1_a_scope_does_not_come_back_at_once_to_a_relationship_with_another_partner_or_role() {
    let mut lab = Lab::new();
    lab.done(add(parameters("pair", &["10.1.0.0"]))).await;
    lab.partner_down("pair").await;
    lab.done(remove("pair")).await;
    let AdminRequest::AddFailover { parameters: asked, what_if, .. } =
        add(parameters("pair", &["10.1.0.0"]))
    else {
        panic!()
    };
    let partner =
        Partner { name: "127.78.9.8".to_owned(), address: "127.78.9.8:647".parse().unwrap() };
    let other = AddFailover { partner_server: Some(partner.name.clone()), ..*asked };
    let other = AdminRequest::AddFailover { parameters: Box::new(other), partner, what_if };
    assert_eq!(lab.refused(other), 20133);
    let secondary = AddFailover {
        server_type: Some(ServerType::Secondary),
        ..parameters("pair", &["10.1.0.0"])
    };
    assert_eq!(lab.refused(add(secondary)), 20133);
    lab.done(add(parameters("pair", &["10.1.0.0"]))).await;
}

/// A secondary that never gave an address has no record of any; the primary may have given them all.
#[tokio::test]
async fn s1_a_scope_without_leases_on_record_that_leaves_in_the_file_waits_too() {
    let mut lab = Lab::new().restart_with(&related("pair", "127.78.9.9", "secondary"));
    lab.settle().await;
    lab.partner_down("pair").await;
    assert!(lab.store.clone().load().unwrap().bindings.is_empty());
    let mut lab = lab.restart();
    lab.settle().await;
    assert!(lab.is_former(LEASED) && !lab.is_former(Ipv4Addr::new(10, 2, 0, 10)));
    assert!(matches!(lab.check(LEASED), Err(Refusal::WaitUntil(_))), "{:?}", lab.check(LEASED));
    // Whoever makes that relationship again later makes another one.
    assert!(lab.store.clone().load().unwrap().endpoints.is_empty());
    let mut lab = lab.restart();
    assert!(lab.is_former(LEASED));
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    lab.core.housekeeping().unwrap();
    lab.settle().await;
    let lab = lab.restart();
    assert_eq!(lab.found(LEASED), (BindingStatus::Free, ALONE));
}

#[tokio::test]
async fn s1_a_scope_does_not_go_from_one_partner_to_another_in_the_file() {
    let mut lab = Lab::new().restart_with(&pair("127.78.9.9"));
    lab.settle().await;
    lab.partner_down("pair").await;
    let to_other = related("other", "127.78.9.8", "primary");
    let (error, mut lab) = lab.restart_fails(&to_other);
    assert!(error.contains("10.1.0.0/24") && error.contains("\"other\""), "{error}");
    assert!(error.contains("\"pair\"") && error.contains("remove `relationship`"), "{error}");
    // Nor on a detour.
    lab.settle().await;
    assert!(lab.is_former(LEASED));
    let (_, mut lab) = lab.restart_fails(&to_other);
    // But back to where it was, and to the same pair under another name.
    lab.settle().await;
    let mut lab = lab.restart_with(&pair("127.78.9.9"));
    lab.settle().await;
    lab.partner_down("pair").await;
    let mut lab = lab.restart_with(&related("renamed", "127.78.9.9", "primary"));
    lab.settle().await;
    lab.partner_down("renamed").await;
    let mut lab = lab.restart();
    lab.settle().await;
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    lab.core.housekeeping().unwrap();
    lab.settle().await;
    let lab = lab.restart_with(&to_other);
    assert_eq!(lab.core.domains[lab.found(LEASED).1].name, "other");
}

/// A server that never met its partner waits for nobody, and one that only heard of it does.
#[tokio::test]
async fn a_scope_whose_partner_was_never_met_leaves_at_once_in_the_file_too() {
    let mut lab = Lab::new().restart_with(&pair("127.78.9.9"));
    lab.core.tick_all();
    lab.settle().await;
    let lab = lab.restart();
    assert_eq!(lab.found(LEASED), (BindingStatus::Free, ALONE));
}

/// Half of the addresses are another scope now: what the partner may have leased of it is the same.
#[tokio::test]
async fn s1_a_scope_that_leaves_with_another_size_waits_too() {
    let mut lab = Lab::new().restart_with(&pair("127.78.9.9"));
    lab.settle().await;
    lab.partner_down("pair").await;
    let other_size = |tables: &str| {
        tables.replace("10.1.0.0/24", "10.1.0.0/25").replace("10.2.0.0/24", "10.2.0.0/16")
    };
    let (error, mut lab) =
        lab.restart_fails(&other_size(&related("other", "127.78.9.8", "primary")));
    assert!(error.contains("10.1.0.0/25"), "{error}");
    lab.settle().await;
    let lab = lab.restart_with(&other_size(SCOPES));
    assert!(lab.is_former(LEASED) && !lab.is_former(Ipv4Addr::new(10, 2, 0, 10)));
    assert!(matches!(lab.check(LEASED), Err(Refusal::WaitUntil(_))), "{:?}", lab.check(LEASED));
}

/// Whoever checks a file beside the running server learns that it would not start with it.
#[tokio::test]
async fn a_file_that_the_server_would_not_start_with_is_told_of() {
    let mut lab = Lab::new().restart_with(&pair("127.78.9.9"));
    lab.settle().await;
    let told = |lab: &mut Lab, tables: &str| {
        let file = &lab.core.settings.file.file;
        let text = std::fs::read_to_string(file).unwrap();
        let at = text.find("[[relationship]]").unwrap();
        std::fs::write(file, format!("{}{tables}", &text[..at])).unwrap();
        match lab.ask(AdminRequest::ConfigDifferences).try_recv().unwrap() {
            AdminResponse::Differences { lines } => lines,
            other => panic!("{other:?}"),
        }
    };
    let other = related("other", "127.78.9.8", "primary");
    assert_eq!(told(&mut lab, &other), [""; 0], "no partner was met");
    lab.partner_down("pair").await;
    let lines = told(&mut lab, &other);
    assert!(lines.len() == 1 && lines[0].contains("\"other\""), "{lines:?}");
    assert_eq!(told(&mut lab, &pair("127.78.9.9")), [""; 0]);
    // And of a scope that the file puts into what an operator removed.
    lab.done(remove("pair")).await;
    let second = pair("127.78.9.9").replace("10.1.0.", "10.3.0.");
    let lines = told(&mut lab, &second);
    assert!(lines.iter().any(|line| line.contains("10.3.0.0/24")), "{lines:?}");
}

/// As many relationships as Windows has, and hundreds of scopes in them.
#[tokio::test]
async fn thirty_one_relationships_share_four_hundred_scopes() {
    let scope = |it: u32| {
        let net = format!("10.{}.{}", 1 + it / 256, it % 256);
        format!(
            "[[scope]]\nsubnet = \"{net}.0/24\"\nranges = [\"{net}.10-{net}.250\"]\nlease_s = 600\n"
        )
    };
    let tables: String = (0..400).map(scope).collect();
    let network = |it: u32| Ipv4Addr::new(10, (1 + it / 256) as u8, (it % 256) as u8, 0);
    let mut lab = Lab::new().restart_with(&tables);
    let name = |it: u32| format!("pair {it}");
    for at in 0..31 {
        let scopes: Vec<_> = (0..400).filter(|it| it % 31 == at).map(network).collect();
        let scopes: Vec<_> = scopes.iter().map(ToString::to_string).collect();
        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
        lab.done(add(parameters(&name(at), &scopes))).await;
    }
    assert_eq!(lab.refused(add(parameters("pair 31", &[]))), 20128);
    let mut lab = lab.restart_with(&tables);
    for at in 0..31 {
        lab.partner_down(&name(at)).await;
    }
    // The middle of every pool list goes, and comes back as the last.
    for at in 0..31 {
        let scope_id = vec![network(at + 31 * 5).to_string()];
        let (name, what_if) = (name(at), false);
        lab.done(AdminRequest::RemoveFailoverScope { name, scope_id, what_if }).await;
    }
    let check = |lab: &Lab, scope: u32, is_former: bool| {
        let first = Ipv4Addr::from_bits(network(scope).to_bits() + 10);
        assert_eq!(lab.is_former(first), is_former, "{first}");
        let domain = &lab.core.domains[lab.found(first).1];
        let subnet = lab.core.subnet(network(scope)).unwrap();
        let pool = lab.core.dhcp.networks().scope(subnet).unwrap().pool;
        assert_eq!(domain.table.pool_of(first), Some(pool), "{first}");
        assert!(is_former || domain.name == name(scope % 31), "{first}");
    };
    (0..400).for_each(|it| check(&lab, it, it / 31 == 5));
    let mut lab = lab.restart_with(&tables);
    (0..400).for_each(|it| check(&lab, it, it / 31 == 5));
    for at in 0..31 {
        lab.done(remove(&name(at))).await;
    }
    let first = |it| Ipv4Addr::from_bits(network(it).to_bits() + 10);
    assert!((0..400).all(|it| lab.is_former(first(it))));
}
