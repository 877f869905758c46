//! From what an operator wants to what is done, on disk and answered.

use super::super::domain::Domain;
use super::wishes::Wanted;
use super::{Core, model};
use crate::admin::{AdminResponse, Changed, Problem, Refusal};
use crate::config::{Config, Live};
use dhcp_failover_relationship::cmdlet::Failover;
use dhcp_failover_relationship::{Errors, Registry};
use tokio::sync::oneshot;

/// An operator who waits until a change is on disk.
pub(in crate::core) struct Waiting {
    submission: u64,
    changed: Changed,
    reply: oneshot::Sender<AdminResponse>,
}

impl Core {
    /// Carries out what is wanted, or only says what would be done.
    pub(in crate::core) fn change(
        &mut self,
        wanted: Result<Wanted, Refusal>,
        what_if: bool,
        reply: oneshot::Sender<AdminResponse>,
    ) {
        let outcome = wanted.and_then(|Wanted { name, live, done }| {
            // What could not be read again would keep the server from starting.
            let stored = live.encode().map_err(|error| error.to_string());
            let again = stored.and_then(|it| Live::decode(&it).map_err(|error| error.to_string()));
            if again.map_err(Refusal::from)? != live {
                return Err("the change would not be the same after a restart".into());
            }
            let (config, _) = self.would_change_to(&mut live.clone()).map_err(in_the_way)?;
            let changed = self.changed(&config, &name, done, what_if)?;
            if what_if {
                return Ok((None, changed));
            }
            let submission = self.change_to(live).map_err(in_the_way)?;
            for line in &changed.done {
                tracing::warn!(relationship = name, "an operator changed this: {line}");
            }
            Ok((Some(submission), changed))
        });
        // An operator that has gone needs no answer.
        match outcome {
            Ok((Some(submission), changed)) => {
                self.waiting.push_back(Waiting { submission, changed, reply });
            }
            Ok((None, changed)) => drop(reply.send(AdminResponse::Changed(changed))),
            Err(refusal) => drop(reply.send(AdminResponse::Failed(refusal))),
        }
    }

    /// What the operator is told: the relationship as `config` has it, or nothing if it is gone.
    fn changed(
        &self,
        config: &Config,
        name: &str,
        done: Vec<String>,
        what_if: bool,
    ) -> Result<Changed, Refusal> {
        let new = config.relationships.iter().find(|it| it.name == name);
        let view = new.map(|relationship| -> Result<Failover, Errors> {
            let local = self.local_server(Some(relationship.partner));
            let scopes = config
                .scopes
                .iter()
                .filter(|scope| config.relationship_of(scope).is_some_and(|it| it.name == name));
            let scopes = scopes.map(|scope| scope.subnet.network());
            let mut registry = Registry::with_max_relationships(0);
            registry.insert(model::to_model(relationship, &local, scopes)?)?;
            let of_name = |it: &&Domain| it.relationship().is_some_and(|it| it.name == name);
            let running = self.domains.iter().find(of_name).and_then(Domain::states);
            if let Some((state, previous)) = running {
                registry.set_state(name, state, previous)?;
            }
            Ok(Failover::of(registry.get(name)?))
        });
        Ok(Changed { relationship: view.transpose()?, done, what_if })
    }

    /// Answers the operators whose changes are on disk up to this submission.
    pub(in crate::core) fn changes_are_durable(&mut self, submission: u64) {
        while self.waiting.front().is_some_and(|it| it.submission <= submission) {
            let Some(Waiting { changed, reply, .. }) = self.waiting.pop_front() else { return };
            drop(reply.send(AdminResponse::Changed(changed)));
        }
    }
}

fn in_the_way(problems: Vec<Problem>) -> Refusal {
    Refusal::all(problems).unwrap_or_else(|| Refusal::from("nothing was done"))
}
