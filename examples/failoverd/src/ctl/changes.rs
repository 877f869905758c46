//! The commands that change relationships.

use super::arguments::Caution;
use super::output::{Answer, Failure, json};
use super::relationship::{AddArgs, Change, RemoveArgs, ScopeArgs, SetArgs, SetScopeArgs};
use super::session::{Session, unexpected};
use super::view;
use crate::admin::{AdminRequest, AdminResponse, Changed, Refusal, ScopeState};
use dhcp_failover_relationship::cmdlet::Failover;

pub(super) fn add(session: &mut Session<'_>, arguments: &AddArgs) -> Result<Answer, Failure> {
    let parameters = arguments.parameters(session.relationship)?;
    let request = |what_if| vec![AdminRequest::add_failover(parameters.clone(), what_if)];
    let done = carry_out(session, arguments.change.caution, false, request)?;
    Ok(done.told(arguments.change, session.json))
}

pub(super) fn set(session: &mut Session<'_>, arguments: &SetArgs) -> Result<Answer, Failure> {
    let name = arguments.name.required(session.relationship)?;
    let asks = arguments.asks();
    must_have_someone(session, arguments.change.caution, asks)?;
    let parameters = Box::new(arguments.parameters()?);
    let request = |what_if| {
        let (name, parameters) = (name.clone(), parameters.clone());
        vec![AdminRequest::SetFailover { name, parameters, what_if }]
    };
    let done = carry_out(session, arguments.change.caution, asks, request)?;
    Ok(done.told(arguments.change, session.json))
}

pub(super) fn remove(session: &mut Session<'_>, arguments: &RemoveArgs) -> Result<Answer, Failure> {
    let names = arguments.names.required(session.relationship)?;
    let change = arguments.change;
    must_have_someone(session, change.caution, true)?;
    // What is removed cannot be shown afterwards.
    let removed = if change.pass_thru { session.failovers(names.clone())? } else { Vec::new() };
    let requests = |what_if| {
        let of = |name: &String| AdminRequest::RemoveFailover { name: name.clone(), what_if };
        names.iter().map(of).collect()
    };
    let done = carry_out(session, change.caution, true, requests)?;
    Ok(Done { relationships: removed, ..done }.told(change, session.json))
}

pub(super) fn add_scope(session: &mut Session<'_>, it: &ScopeArgs) -> Result<Answer, Failure> {
    let name = it.name.required(session.relationship)?;
    let request = |what_if| {
        let (name, scope_id) = (name.clone(), it.scope_id.clone());
        vec![AdminRequest::AddFailoverScope { name, scope_id, what_if }]
    };
    let done = carry_out(session, it.change.caution, false, request)?;
    Ok(done.told(it.change, session.json))
}

pub(super) fn set_scope(session: &mut Session<'_>, it: &SetScopeArgs) -> Result<Answer, Failure> {
    let asks = it.state == ScopeState::Inactive;
    must_have_someone(session, it.change.caution, asks)?;
    let (scope_id, state) = (&it.scope_id, it.state);
    let request =
        |what_if| vec![AdminRequest::SetScope { scope_id: scope_id.clone(), state, what_if }];
    let done = carry_out(session, it.change.caution, asks, request)?;
    Ok(done.told(it.change, session.json))
}

pub(super) fn remove_scope(session: &mut Session<'_>, it: &ScopeArgs) -> Result<Answer, Failure> {
    let name = it.name.required(session.relationship)?;
    must_have_someone(session, it.change.caution, true)?;
    let request = |what_if| {
        let (name, scope_id) = (name.clone(), it.scope_id.clone());
        vec![AdminRequest::RemoveFailoverScope { name, scope_id, what_if }]
    };
    let done = carry_out(session, it.change.caution, true, request)?;
    Ok(done.told(it.change, session.json))
}

/// Refuses at once where a question will have to be asked and nobody could answer it.
fn must_have_someone(session: &Session<'_>, caution: Caution, asks: bool) -> Result<(), Failure> {
    let Caution { what_if, force } = caution;
    if asks && !what_if && !force { session.person.must_be_there("--force") } else { Ok(()) }
}

/// What several requests led to, or would lead to.
#[derive(Default)]
struct Done {
    lines: Vec<String>,
    relationships: Vec<Failover>,
    /// Why it was not all of it.
    but: Option<Refusal>,
}

/// Carries out requests: all of them, or none if the server refuses one beforehand. If `asks`, the
/// question says what will happen.
fn carry_out(
    session: &mut Session<'_>,
    caution: Caution,
    asks: bool,
    requests: impl Fn(bool) -> Vec<AdminRequest>,
) -> Result<Done, Failure> {
    let asks = asks && !caution.force;
    let orders = requests(false);
    if caution.what_if || asks || orders.len() > 1 {
        let would = try_all(session, &requests(true))?;
        if caution.what_if {
            return Ok(would);
        }
        if asks {
            let lines = would.lines.join("\n  ");
            session.person.must_agree(&format!("This will be done:\n  {lines}"))?;
        }
    }
    let mut done = Done::default();
    for order in &orders {
        match changed(session, order) {
            Ok(changed) => done.take(changed),
            // What was done before must be told.
            Err(Failure::Refused(refusal)) if !done.lines.is_empty() => {
                return Ok(Done { but: Some(refusal), ..done });
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(done)
}

/// What requests would lead to; all that is wrong with any of them.
fn try_all(session: &Session<'_>, requests: &[AdminRequest]) -> Result<Done, Failure> {
    let mut done = Done::default();
    let mut problems = Vec::new();
    for request in requests {
        match changed(session, request) {
            Ok(changed) => done.take(changed),
            Err(Failure::Refused(refusal)) => problems.extend(refusal.into_problems()),
            Err(failure) => return Err(failure),
        }
    }
    Refusal::all(problems).map_or(Ok(done), |refusal| Err(refusal.into()))
}

fn changed(session: &Session<'_>, request: &AdminRequest) -> Result<Changed, Failure> {
    match session.call(request)? {
        AdminResponse::Changed(changed) => Ok(changed),
        other => Err(unexpected(&other)),
    }
}

impl Done {
    fn take(&mut self, changed: Changed) {
        self.lines.extend(changed.done);
        self.relationships.extend(changed.relationship);
    }

    /// In sentences, with the relationships if they are wanted.
    fn told(self, change: Change, as_json: bool) -> Answer {
        let Change { pass_thru, caution: Caution { what_if, .. } } = change;
        let text = if as_json {
            let mut told = serde_json::json!({ "done": self.lines, "what_if": what_if });
            if pass_thru {
                told["relationships"] = serde_json::json!(self.relationships);
            }
            json(&told)
        } else {
            let before = if what_if { "What if: " } else { "" };
            let mut text: String =
                self.lines.iter().map(|line| format!("{before}{line}\n")).collect();
            if pass_thru && !self.relationships.is_empty() {
                text.push('\n');
                text += &view::shown(&self.relationships, false);
            }
            text
        };
        Answer { text, but: self.but, code: 0 }
    }
}
