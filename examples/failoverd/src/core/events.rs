//! What the endpoints report, as log lines.

use crate::log_limit::LogLimits;
use crate::metrics::Metrics;
use dhcp_failover_proto::{Event, Severity};
use dhcp_failover_wire::RejectReason;

/// Writes a log line for an event of a relationship.
pub(super) fn log(relationship: &str, event: &Event, metrics: &Metrics, limits: &mut LogLimits) {
    metrics.report(relationship, event);
    if let Event::State { from, to, because } = event {
        match event.severity() {
            Severity::Alarm => {
                tracing::error!(relationship, "state {from} -> {to}: {because}");
            }
            Severity::Warning => tracing::warn!(relationship, "state {from} -> {to}: {because}"),
            Severity::Info => tracing::info!(relationship, "state {from} -> {to}: {because}"),
        }
    } else if is_outdated(event) {
        tracing::debug!(relationship, "outdated: {event:?}");
    } else if limits.allow(topic(event)) {
        write(relationship, event);
    }
}

/// Both servers found out the same thing, or one was out of touch: no reason to worry.
const fn is_outdated(event: &Event) -> bool {
    matches!(
        event,
        Event::UpdateRejected { reason: RejectReason::OUTDATED_BINDING_INFORMATION, .. }
            | Event::UpdateRefused { reason: RejectReason::OUTDATED_BINDING_INFORMATION, .. }
    )
}

/// Events of one topic share their lines in the log: a partner, or the clients of both, can make
/// any number of them.
const fn topic(event: &Event) -> &'static str {
    match event {
        Event::PartnerState { .. } => "states of the partner",
        Event::Connected | Event::Disconnected { .. } => "connections made and lost",
        Event::Refused { .. } => "connections refused",
        Event::PeerError { .. } => "what the partner should not have sent",
        Event::UpdateRejected { .. } => "updates that the partner disputes",
        Event::UpdateRefused { .. } => "updates of the partner that were refused",
        Event::ClientOverridden { .. } => "clients that lost an address given to two",
        Event::ReservationDiffers { .. } => "reservations that differ",
        Event::PoolMoved { .. } => "addresses that changed hands",
        _ => "other events of a relationship",
    }
}

fn write(relationship: &str, event: &Event) {
    match event {
        Event::PartnerState { state, startup } => {
            let starting = if *startup { " (starting up)" } else { "" };
            tracing::info!(relationship, "partner is in {state}{starting}");
        }
        Event::Connected => tracing::info!(relationship, "communications are okay"),
        Event::Disconnected { reason } => {
            tracing::warn!(relationship, "communications failed: {reason}");
        }
        Event::Refused { reason, message } => {
            tracing::error!(relationship, "connection refused, {reason}: {message}");
        }
        Event::PeerError { message } => {
            tracing::warn!(relationship, "the partner sent what it should not: {message}");
        }
        Event::UpdateRejected { address, reason, message } => {
            tracing::warn!(relationship, %address, "the partner disputes this: {reason}: {message}");
        }
        Event::UpdateRefused { address, reason: RejectReason::ILLEGAL_IP_ADDRESS } => {
            tracing::warn!(
                relationship,
                %address,
                "an update of the partner was refused: not an address of this relationship; compare the \
                 scopes"
            );
        }
        Event::UpdateRefused { address, reason } => {
            tracing::warn!(relationship, %address, "an update of the partner was refused: {reason}");
        }
        Event::ClientOverridden { address, client } => {
            tracing::error!(
                relationship,
                %address,
                hwaddr = %client.hardware(),
                "the address was given to two clients; this one loses it"
            );
        }
        Event::PoolMoved { to_secondary, to_primary } => {
            tracing::info!(relationship, to_secondary, to_primary, "addresses changed hands");
        }
        Event::ReservationDiffers { address, reserved_here } => {
            let where_ = if *reserved_here { "here" } else { "at the partner" };
            tracing::error!(
                relationship,
                %address,
                "reserved only {where_}: give both servers the same [[scope.reservations]]"
            );
        }
        Event::PoolsDiffer(difference) => tracing::error!(relationship, "{difference}"),
        Event::PoolsAgree => {
            tracing::warn!(relationship, "the pools are the same at both servers again");
        }
        Event::UnsafeSettings(settings) => tracing::error!(relationship, "{settings}"),
        Event::PoolShort(shortage) => tracing::error!(relationship, "{shortage}"),
        Event::PoolSupplied { pool, counts } => tracing::warn!(
            relationship,
            primary = counts.free,
            secondary = counts.backup,
            "pool {pool} has addresses again"
        ),
        Event::Synchronized { bindings } => {
            tracing::info!(relationship, bindings, "answered the partner's update request");
        }
        Event::Waiting { state, because } => {
            tracing::error!(relationship, "waits in {state}, serving nobody: {because}");
        }
        Event::OldStore { missing_s } => tracing::error!(
            relationship,
            "the store is an older copy: at least {missing_s} s of this server's service are \
             missing; everything is fetched from the partner and the MCLT waited for"
        ),
        Event::ValueReplaced { option, found, used } => {
            tracing::error!(
                relationship,
                "the partner's {option} {found:?} makes no sense; using {used}"
            );
        }
        Event::PrimarysMclt { configured, used } => tracing::warn!(
            relationship,
            "the primary's MCLT of {} s counts, not this server's {} s: give both the same mclt_s",
            used.as_s(),
            configured.as_s()
        ),
        Event::PartnerFault(fault) => tracing::error!(relationship, "{fault}"),
        Event::Unheard { connections } => tracing::error!(
            relationship,
            "the partner has closed {connections} connections without a word: it does not expect them \
             from this server's address, or has no such relationship; compare its configuration \
             (dhcpd: `peer address`) with failover_listen"
        ),
        Event::ConnectsAnew { dialect } => {
            tracing::info!(relationship, %dialect, "the partner speaks another dialect: connecting anew");
        }
        Event::PartnerClockStepped { by_s } => {
            tracing::error!(relationship, by_s, "the partner's clock was set");
        }
        Event::WallClockDiffers { ahead_s } => {
            tracing::error!(relationship, ahead_s, "{}", wall_clock_differs(*ahead_s));
        }
        Event::ClockDoubtful { ahead_s } => {
            tracing::error!(relationship, ahead_s, "{}", clock_doubtful(*ahead_s));
        }
        Event::CommandRefused(error) => tracing::warn!(relationship, "command refused: {error}"),
        other => tracing::info!(relationship, "{other:?}"),
    }
}

fn wall_clock_differs(ahead_s: i64) -> String {
    let by_s = ahead_s.unsigned_abs();
    if ahead_s > 0 {
        format!(
            "the wall clock is {by_s} s ahead of the clock of the leases, which goes on as before; \
             no lease ends early. To take it over, start failoverd once with --trust-wall-clock: \
             every lease given so far then ends {by_s} s early"
        )
    } else {
        format!(
            "the wall clock is {by_s} s behind the clock of the leases, which goes on as before; \
             stored times never go back. To take it over, start failoverd without its store while \
             the partner runs: it fetches everything anew"
        )
    }
}

fn clock_doubtful(ahead_s: i64) -> String {
    let by_s = ahead_s.unsigned_abs();
    if ahead_s > 0 {
        format!(
            "this machine's clock was set forward by {by_s} s while it was off, or the partner's \
             back. If it was this one, leases end {by_s} s early here: stop failoverd, set the clock \
             right, and start it without its store while the partner runs"
        )
    } else {
        format!(
            "this machine's clock was set back by {by_s} s while it was off, or the partner's \
             forward. If it was this one, leases end late, which is safe: set the clock right and \
             start failoverd once with --trust-wall-clock"
        )
    }
}
