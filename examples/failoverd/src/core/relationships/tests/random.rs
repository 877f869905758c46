//! Operators at work, in any order, with crashes between.

use super::*;
use crate::admin::ScopeState;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

const SCOPE_COUNT: u8 = 3;
const NAMES: [&str; 3] = ["pair", "a \"b\" = [c]\\ ☃ #", "scopes without failover"];

fn network(scope: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, scope, 0)
}

fn address(scope: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, scope, 10)
}

fn tables() -> String {
    let scope = |it| {
        format!(
            "[[scope]]\nsubnet = \"10.1.{it}.0/24\"\nranges = [\"10.1.{it}.10-10.1.{it}.19\"]\nlease_s \
             = 600\nreservations = [{{ hw_address = \"02:00:00:00:00:99\", address = \
             \"10.1.{it}.5\" }}]\n"
        )
    };
    (0..SCOPE_COUNT).map(scope).collect()
}

/// What must be so, whatever was done.
#[derive(Clone, Default, Debug)]
struct Model {
    /// By name: whether it served, and its scopes.
    relationships: BTreeMap<&'static str, (bool, BTreeSet<u8>)>,
    /// Scopes that a partner may have leased addresses of; they are never given without waiting.
    waits: BTreeSet<u8>,
    /// Scopes with a lease of the first address.
    leases: BTreeSet<u8>,
    /// Scopes that are not served.
    inactive: BTreeSet<u8>,
}

impl Model {
    fn leaves(&mut self, scope: u8, served: bool) {
        if served {
            self.waits.insert(scope);
        }
    }

    fn of(&self, scope: u8) -> Option<&'static str> {
        let found = self.relationships.iter().find(|(_, (_, scopes))| scopes.contains(&scope));
        found.map(|(name, _)| *name)
    }
}

struct Story {
    lab: Option<Lab>,
    model: Model,
    random: Random,
    refused: u32,
    done: u32,
}

impl Story {
    fn lab(&mut self) -> &mut Lab {
        self.lab.as_mut().unwrap()
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random.below(end)
    }

    /// Whether the server did it.
    async fn order(&mut self, request: AdminRequest) -> bool {
        let lab = self.lab();
        let mut answer = lab.ask(request);
        lab.settle().await;
        let done = match answer.try_recv().unwrap() {
            AdminResponse::Changed(_) | AdminResponse::Done { .. } => true,
            AdminResponse::Failed(_) => false,
            other => panic!("{other:?}"),
        };
        if done {
            self.done += 1;
        } else {
            self.refused += 1;
        }
        done
    }

    async fn step(&mut self) {
        let name = NAMES[self.below(NAMES.len() as u64) as usize];
        let scope = self.below(SCOPE_COUNT.into()) as u8;
        match self.below(10) {
            0 | 1 => self.add(name, scope).await,
            2 => self.remove(name).await,
            3 => self.move_scope(name, scope, true).await,
            4 => self.move_scope(name, scope, false).await,
            5 => self.partner_down(name).await,
            6 => self.lease(scope).await,
            7 => {
                let percent = self.below(101) as u32;
                let change =
                    SetFailover { load_balance_percent: Some(percent), ..Default::default() };
                let done = self.order(set(name, change)).await;
                assert_eq!(done, self.model.relationships.contains_key(name));
            }
            8 => self.set_scope(scope).await,
            _ => self.crash().await,
        }
    }

    async fn add(&mut self, name: &'static str, scope: u8) {
        let (there, of) = (self.model.relationships.contains_key(name), self.model.of(scope));
        let done = self.order(add(parameters(name, &[&network(scope).to_string()]))).await;
        if there || of.is_some() {
            assert!(!done);
        } else if !self.model.waits.contains(&scope) {
            assert!(done);
        }
        if done {
            self.model.relationships.insert(name, (false, [scope].into()));
        }
    }

    async fn remove(&mut self, name: &'static str) {
        let done = self.order(remove(name)).await;
        let removed = self.model.relationships.remove(name);
        assert_eq!(done, removed.is_some());
        let (served, scopes) = removed.unwrap_or_default();
        scopes.into_iter().for_each(|it| self.model.leaves(it, served));
    }

    async fn move_scope(&mut self, name: &'static str, scope: u8, join: bool) {
        let scope_id = vec![network(scope).to_string()];
        let (to, what_if) = (name.to_owned(), false);
        let done = match join {
            true => {
                self.order(AdminRequest::AddFailoverScope { name: to, scope_id, what_if }).await
            }
            false => {
                self.order(AdminRequest::RemoveFailoverScope { name: to, scope_id, what_if }).await
            }
        };
        let of = self.model.of(scope);
        let Some((served, scopes)) = self.model.relationships.get_mut(name) else {
            return assert!(!done);
        };
        let served = *served;
        if join {
            assert!(!(done && of.is_some()));
            done.then(|| scopes.insert(scope));
        } else {
            assert_eq!(done, of == Some(name));
            if done {
                scopes.remove(&scope);
                self.model.leaves(scope, served);
            }
        }
    }

    async fn partner_down(&mut self, name: &'static str) {
        let relationship = Some(name.to_owned());
        if self.order(AdminRequest::ForcePartnerDown { relationship }).await {
            self.model.relationships.get_mut(name).unwrap().0 = true;
        }
    }

    async fn set_scope(&mut self, scope: u8) {
        let is_active = self.model.inactive.remove(&scope);
        let state = if is_active {
            ScopeState::Active
        } else {
            self.model.inactive.insert(scope);
            ScopeState::Inactive
        };
        let scope_id = vec![network(scope).to_string()];
        assert!(self.order(AdminRequest::SetScope { scope_id, state, what_if: false }).await);
    }

    /// A lease of the first address, where this server may give it.
    async fn lease(&mut self, scope: u8) {
        if self.model.leases.contains(&scope) || self.lab().check(address(scope)).is_err() {
            return;
        }
        let lab = self.lab();
        let (_, domain) = lab.found(address(scope));
        lab.grant_of(domain, address(scope)).await;
        if lab.found(address(scope)).0 == BindingStatus::Active {
            self.model.leases.insert(scope);
        }
    }

    /// kill -9, sometimes with a change that is not on disk, which was not answered then.
    async fn crash(&mut self) {
        let mut lab = self.lab.take().unwrap();
        if self.below(2) == 0 {
            lab.store.stop_syncing();
            let name = NAMES[self.below(NAMES.len() as u64) as usize];
            drop(lab.ask(remove(name)));
            lab.settle().await;
        }
        let Lab { core, inputs, store, directory } = lab;
        drop((core, inputs));
        store.crash();
        let contents = store.clone().load().unwrap();
        let fresh = MemoryStore::new();
        let mut writes: Vec<Write> = Vec::new();
        let of = |(address, record)| Write::Binding { address, record };
        writes.extend(contents.bindings.into_iter().map(of));
        let of = |(relationship, record)| Write::Endpoint { relationship, record };
        writes.extend(contents.endpoints.into_iter().map(of));
        writes.extend(contents.live.map(|record| Write::Live { record }));
        fresh.clone().commit(&writes).unwrap();
        let mut lab = Lab::with(&tables(), fresh, directory);
        lab.core.tick_all();
        lab.settle().await;
        self.lab = Some(lab);
    }

    fn check(&mut self) {
        let lab = self.lab.as_mut().unwrap();
        let answer = lab.ask(AdminRequest::GetFailover { name: vec![], scope_id: vec![] });
        let Ok(AdminResponse::Failovers { rows }) = { answer }.try_recv() else { panic!() };
        let shown: BTreeMap<_, BTreeSet<_>> = rows
            .iter()
            .map(|row| (row.name.as_str(), row.scope_id.iter().copied().collect()))
            .collect();
        let expected: BTreeMap<_, BTreeSet<_>> = self
            .model
            .relationships
            .iter()
            .map(|(name, (_, scopes))| (*name, scopes.iter().map(|it| network(*it)).collect()))
            .collect();
        assert_eq!(shown, expected);
        for scope in 0..SCOPE_COUNT {
            let (status, domain) = lab.found(address(scope));
            let gate = lab.core.domains[domain].gate();
            match self.model.of(scope) {
                Some(name) => {
                    assert_eq!(lab.core.domains[domain].name, name);
                    assert!(matches!(gate, Gate::Failover(_)), "{scope} in {name:?}");
                }
                None if self.model.waits.contains(&scope) => {
                    assert!(matches!(gate, Gate::Former(_)), "S1: {scope} {gate:?}");
                }
                None => assert_eq!(domain, ALONE),
            }
            let subnet = ipnet::Ipv4Net::new(network(scope), 24).unwrap();
            let is_active = lab.core.dhcp.networks().scope(subnet).unwrap().config.active;
            assert_eq!(is_active, !self.model.inactive.contains(&scope));
            let reserved = Ipv4Addr::new(10, 1, scope, 5);
            assert_eq!(lab.found(reserved).1, domain);
            if self.model.leases.contains(&scope) {
                assert_eq!(status, BindingStatus::Active, "the lease of {scope} is lost");
                assert!(lab.check(address(scope)).is_err(), "S1: {scope}");
            }
        }
        let AdminResponse::Config { toml } =
            lab.ask(AdminRequest::ExportConfig).try_recv().unwrap()
        else {
            panic!()
        };
        let read = crate::config::Config::parse(&lab.core.settings.file.file, &toml).unwrap();
        assert_eq!(read.relationships, lab.core.settings.in_force.relationships);
        assert_eq!(read.scopes, lab.core.settings.in_force.scopes);
    }
}

#[tokio::test]
async fn s1_s5_whatever_operators_do_and_whenever_it_crashes() {
    let given = std::env::var("FAILOVERD_SEED").ok().map(|it| it.parse().unwrap());
    let began = Instant::now();
    let (mut done, mut refused) = (0, 0);
    for _ in 0..if given.is_some() { 1 } else { 12 } {
        let seed = given.unwrap_or_else(Random::fresh_seed);
        println!("FAILOVERD_SEED={seed}");
        let lab = Some(Lab::with(&tables(), MemoryStore::new(), tempfile::tempdir().unwrap()));
        let (model, random) = (Model::default(), Random::new(seed));
        let mut story = Story { lab, model, random, refused: 0, done: 0 };
        for _ in 0..200 {
            story.step().await;
            story.check();
        }
        done += story.done;
        refused += story.refused;
    }
    println!("{done} done, {refused} refused in {:?}", began.elapsed());
    assert!(given.is_some() || done > 300 && refused > 300);
}
