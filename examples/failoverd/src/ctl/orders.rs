//! The orders to a relationship: partner-down, recover, pause, shutdown.

use super::arguments::{Caution, OrderArgs, PartnerDownArgs};
use super::output::{Answer, Failure, json};
use super::session::{Session, unexpected};
use crate::admin::{AdminRequest, AdminResponse, Order, Refusal, RiskReport, StatusRow, codes};
use std::time::SystemTime;

pub(super) fn partner_down(
    session: &mut Session<'_>,
    arguments: &PartnerDownArgs,
) -> Result<Answer, Failure> {
    let name = arguments.name.given(session.relationship)?;
    if arguments.dry_run {
        let report = risk(session, name)?;
        let text = if session.json { json(&report) } else { report.to_text(now_s()) };
        return Ok(text.into());
    }
    if arguments.force {
        return order(session, AdminRequest::ForcePartnerDown { relationship: name });
    }
    if arguments.yes {
        return order(session, AdminRequest::PartnerDown { relationship: name });
    }
    session.person.must_be_there("--yes")?;
    let report = risk(session, name)?;
    if let Some(why) = &report.refused {
        let message = format!("{}: {why}", report.relationship);
        return Err(Refusal::new(codes::FAILED, message, "").into());
    }
    session.person.must_agree(&report.to_question(now_s()))?;
    order(session, AdminRequest::PartnerDown { relationship: Some(report.relationship) })
}

fn risk(session: &Session<'_>, relationship: Option<String>) -> Result<RiskReport, Failure> {
    match session.call(&AdminRequest::PartnerDownRisk { relationship })? {
        AdminResponse::Risk { report } => Ok(*report),
        other => Err(unexpected(&other)),
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `recover`, `pause` and `shutdown`. Those after which nobody may be served for long ask first.
pub(super) fn other(
    session: &mut Session<'_>,
    arguments: &OrderArgs,
    what: Order,
) -> Result<Answer, Failure> {
    let Caution { what_if, force } = arguments.caution;
    let asks = what != Order::Pause && !force && !what_if;
    let name = arguments.name.given(session.relationship)?;
    if asks {
        session.person.must_be_there("--force")?;
    }
    let relationship = if asks || what_if {
        let StatusRow { name, state, .. } = session.status_of(name)?;
        let relationship = Some(name.clone());
        session.call(&AdminRequest::WhatIf { order: what, relationship: relationship.clone() })?;
        let text = format!("{name} is in {state}: {}", consequence(what));
        if what_if {
            return Ok(Answer::message(&format!("What if: {text}"), session.json));
        }
        session.person.must_agree(&text)?;
        relationship
    } else {
        name
    };
    let request = match what {
        Order::Recover => AdminRequest::Recover { relationship },
        Order::Pause => AdminRequest::Pause { relationship },
        Order::Shutdown => AdminRequest::Shutdown { relationship },
    };
    order(session, request)
}

const fn consequence(order: Order) -> &'static str {
    match order {
        Order::Recover => {
            "this server will serve nobody in this relationship until it has fetched everything from \
             its partner, and until leases that it gave before and nobody knows of are over; without \
             the partner it serves nobody at all"
        }
        Order::Pause => {
            "the partner will be told of a short absence; this server will serve nobody in this \
             relationship until it is restarted"
        }
        Order::Shutdown => {
            "the partner will be told of a long absence and take over; this server will serve nobody \
             in this relationship until it is restarted"
        }
    }
}

fn order(session: &Session<'_>, request: AdminRequest) -> Result<Answer, Failure> {
    match session.call(&request)? {
        AdminResponse::Done { message: text } => Ok(Answer::message(&text, session.json)),
        other => Err(unexpected(&other)),
    }
}
