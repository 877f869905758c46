//! What the `DhcpServerv4Failover` cmdlets of PowerShell take and print, by their names.
//!
//! Parameters are as they were given: `None` is "not given", and nothing is checked before
//! [`AddFailover::resolve`] or [`SetFailover::changes`]. With the feature `serde` the keys are the
//! cmdlets' own (`LoadBalancePercent`); unknown ones are refused in parameters.
//!
//! A percentage of load balance is here always the *local* server's share, as in PowerShell; in a
//! [`Relationship`](crate::Relationship) it is the primary's.

mod add;
mod output;
mod set;

pub use add::{AddFailover, LocalServer, PartnerServer};
pub use output::{Failover, ScopeStatistics, ScopeView};
pub use set::SetFailover;

use alloc::{string::String, vec::Vec};
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::{Error, Errors, Invalid, Percent, Registry, Scopes, TimeSpan};

/// The scopes that texts name, each by the IPv4 address of its subnet (`ScopeId`).
///
/// ```
/// use dhcp_failover_relationship::cmdlet::scope_ids;
/// assert_eq!(scope_ids(&["10.1.0.0".into()])?[0].octets(), [10, 1, 0, 0]);
/// assert_eq!(scope_ids(&["2001:db8::".into()]).unwrap_err().code(), 87);
/// # Ok::<(), dhcp_failover_relationship::Errors>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidParameter`] for each text that is none.
pub fn scope_ids(texts: &[String]) -> Result<Vec<Ipv4Addr>, Errors> {
    let mut invalid = Vec::new();
    let scopes = read_scope_ids(texts, &mut invalid);
    Errors::check(invalid.into_iter().map(Error::from).collect())?;
    Ok(scopes)
}

/// `Add-DhcpServerv4FailoverScope`: reads the scopes and adds them, and gives them back.
///
/// # Errors
///
/// What [`scope_ids`] refuses and what [`Registry::add_scopes`] does, all at once.
pub fn add_failover_scope(
    registry: &mut Registry,
    name: &str,
    scope_id: &[String],
    served: &impl Scopes,
) -> Result<Vec<Ipv4Addr>, Errors> {
    let mut invalid = Vec::new();
    let scopes = read_scope_ids(scope_id, &mut invalid);
    let problems = invalid.into_iter().map(Error::from).collect();
    registry.add_scopes_unless(problems, name, &scopes, served)?;
    Ok(scopes)
}

/// `Remove-DhcpServerv4FailoverScope`: reads the scopes and removes them, and gives them back.
///
/// # Errors
///
/// What [`scope_ids`] refuses and what [`Registry::delete_scopes`] does, all at once.
pub fn remove_failover_scope(
    registry: &mut Registry,
    name: &str,
    scope_id: &[String],
    served: &impl Scopes,
) -> Result<Vec<Ipv4Addr>, Errors> {
    let mut invalid = Vec::new();
    let scopes = read_scope_ids(scope_id, &mut invalid);
    let problems = invalid.into_iter().map(Error::from).collect();
    registry.delete_scopes_unless(problems, name, &scopes, served)?;
    Ok(scopes)
}

fn read_scope_ids(texts: &[String], invalid: &mut Vec<Invalid>) -> Vec<Ipv4Addr> {
    let read = texts.iter().map(|text| scope(text));
    read.filter_map(|it| it.map_err(|it| invalid.push(it)).ok()).collect()
}

fn scope(text: &str) -> Result<Ipv4Addr, Invalid> {
    if let Ok(scope) = text.parse() {
        return Ok(scope);
    }
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    Err(match address.parse::<Ipv6Addr>() {
        Ok(_) => Invalid::ScopeIpv6 { text: text.into() },
        Err(_) => Invalid::ScopeUnreadable { text: text.into() },
    })
}

/// The safe period that `AutoStateTransition` and `StateSwitchInterval` ask for: `None` if neither
/// is given, `Some(None)` for off. `now_s` is the one there is, which "on" alone leaves as it is.
fn safe_period_s(
    automatic: Option<bool>,
    interval: Option<TimeSpan>,
    now_s: Option<u32>,
) -> Result<Option<Option<u32>>, Invalid> {
    let given = interval.map(|it| (it, crate::safe_period_from_api(it.as_s())));
    Ok(match (automatic, given) {
        (None, None) => None,
        (Some(false), Some((interval, Some(_)))) => {
            return Err(Invalid::IntervalButOff { interval });
        }
        (Some(true), Some((interval, None))) => {
            return Err(Invalid::OnButNoInterval { interval });
        }
        (Some(false), _) => Some(None),
        (Some(true), None) => Some(Some(now_s.unwrap_or(TimeSpan::HOUR.as_s()))),
        (_, Some((_, seconds))) => Some(seconds),
    })
}

/// A percentage, if one is given and can be one.
fn read_percent(
    parameter: &'static str,
    given: Option<u32>,
    problems: &mut Vec<Invalid>,
) -> Option<Percent> {
    given.and_then(|value| {
        Percent::named(parameter, value).map_err(|invalid| problems.push(invalid)).ok()
    })
}
