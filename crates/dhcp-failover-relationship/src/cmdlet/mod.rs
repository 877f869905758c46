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

use crate::{Invalid, TimeSpan};

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
