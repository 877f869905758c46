//! What the endpoints report, as log lines.

use crate::metrics::Metrics;
use dhcp_failover_proto::Event;
use dhcp_failover_wire::RejectReason;

/// Writes a log line for an event of a relationship.
pub(super) fn log(relationship: &str, event: &Event, metrics: &Metrics) {
    match event {
        Event::State { from, to } => {
            metrics.set_state(relationship, Some(from.name()), to.name());
            tracing::info!(relationship, "state {from} -> {to}");
        }
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
        // Both servers found out the same thing, or one was out of touch: no reason to worry.
        Event::UpdateRejected {
            address,
            reason: RejectReason::OUTDATED_BINDING_INFORMATION,
            ..
        }
        | Event::UpdateRefused { address, reason: RejectReason::OUTDATED_BINDING_INFORMATION } => {
            tracing::debug!(relationship, %address, "an update was outdated");
        }
        Event::UpdateRejected { address, reason, message } => {
            tracing::warn!(relationship, %address, "the partner disputes this: {reason}: {message}");
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
        Event::Synchronized { bindings } => {
            tracing::info!(relationship, bindings, "answered the partner's update request");
        }
        Event::CommandRefused(error) => tracing::warn!(relationship, "command refused: {error}"),
        other => tracing::info!(relationship, "{other:?}"),
    }
}
