//! What is shown of each relationship.

use super::{Direction, Metrics, saturate};
use dhcp_failover_lease::{PoolCounts, Role};
use dhcp_failover_proto::{Event, Monotonic, Severity, State, Stats, Status};
use dhcp_failover_wire::MessageType;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Name {
    relationship: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    relationship: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Side {
    relationship: String,
    side: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Message {
    relationship: String,
    direction: &'static str,
    r#type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Counted {
    relationship: String,
    event: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reported {
    relationship: String,
    severity: &'static str,
}

/// This server, and the other one.
const SIDES: [&str; 2] = ["this", "partner"];
const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Alarm];

/// The metrics that have a relationship as a label.
#[derive(Clone, Debug, Default)]
pub(super) struct Relationships {
    states: Family<InState, Gauge>,
    partner_states: Family<InState, Gauge>,
    connected: Family<Name, Gauge>,
    pending: Family<Name, Gauge>,
    disputed: Family<Name, Gauge>,
    available: Family<Side, Gauge>,
    since_contact: Family<Name, Gauge>,
    clock_ahead: Family<Name, Gauge>,
    messages: Family<Message, Counter>,
    counted: Family<Counted, Counter>,
    entered: Family<InState, Counter>,
    reported: Family<Reported, Counter>,
}

impl Relationships {
    pub(super) fn register(&self, r: &mut Registry) {
        let help = "1 for the state this server is in, 0 for the others";
        r.register("relationship_state", help, self.states.clone());
        let help = "1 for the state the partner was in when it was last heard, 0 for the others";
        r.register("partner_state", help, self.partner_states.clone());
        let help = "1 while communications with the partner are okay";
        r.register("connected", help, self.connected.clone());
        let help = "Addresses the partner has to be told about";
        r.register("pending_updates", help, self.pending.clone());
        let help = "Addresses the servers disagree on";
        r.register("disputed_addresses", help, self.disputed.clone());
        let help = "Addresses that this server or its partner may give to new clients, without \
                    reserved ones";
        r.register("available_addresses", help, self.available.clone());
        let help = "Time since the partner was last heard; absent when not since the start";
        r.register_with_unit("contact_age", help, Unit::Seconds, self.since_contact.clone());
        let help = "How far the partner's clock is ahead, as far as is known; absent without \
                    connection";
        r.register_with_unit("partner_clock_ahead", help, Unit::Seconds, self.clock_ahead.clone());
        let help = "Failover messages by relationship, direction and type";
        r.register("failover_messages", help, self.messages.clone());
        let help = "What the endpoint of a relationship counts, by event";
        r.register("endpoint_events", help, self.counted.clone());
        let help = "How often a relationship entered a state";
        r.register("states_entered", help, self.entered.clone());
        let help = "What was reported of a relationship, by severity: alarm means that somebody has \
                    to do something";
        r.register("reports", help, self.reported.clone());
    }

    /// Takes away everything about a relationship.
    fn forget(&self, relationship: &str) {
        let relationship = || relationship.to_owned();
        let name = Name { relationship: relationship() };
        let of_name = [
            &self.connected,
            &self.pending,
            &self.disputed,
            &self.since_contact,
            &self.clock_ahead,
        ];
        for family in of_name {
            family.remove(&name);
        }
        for state in State::ALL {
            let labels = InState { relationship: relationship(), state: state.name() };
            self.states.remove(&labels);
            self.partner_states.remove(&labels);
            self.entered.remove(&labels);
        }
        for side in SIDES {
            self.available.remove(&Side { relationship: relationship(), side });
        }
        for r#type in (0..=u8::MAX).map(message_name) {
            for direction in [Direction::In, Direction::Out].map(Direction::label) {
                self.messages.remove(&Message { relationship: relationship(), direction, r#type });
            }
        }
        for (event, _) in Stats::default().named() {
            self.counted.remove(&Counted { relationship: relationship(), event });
        }
        for severity in SEVERITIES.map(word) {
            self.reported.remove(&Reported { relationship: relationship(), severity });
        }
    }
}

impl Metrics {
    /// Shows an endpoint as it is at `now`; `available` addresses of its pools by binding status.
    pub fn set_status(&self, status: &Status, available: PoolCounts, now: Monotonic) {
        let all = &self.relationships;
        let relationship = || status.name.clone();
        for state in State::ALL {
            let labels = InState { relationship: relationship(), state: state.name() };
            all.states.get_or_create(&labels).set(i64::from(state == status.state));
            let partner = status.partner_state == Some(state);
            all.partner_states.get_or_create(&labels).set(i64::from(partner));
        }
        let name = Name { relationship: relationship() };
        all.connected.get_or_create(&name).set(i64::from(status.connected));
        all.pending.get_or_create(&name).set(saturate(status.pending as u64));
        all.disputed.get_or_create(&name).set(saturate(status.disputed as u64));
        let PoolCounts { free, backup } = available;
        let counts = match status.role {
            Role::Primary => [free, backup],
            Role::Secondary => [backup, free],
        };
        for (side, count) in SIDES.into_iter().zip(counts) {
            all.available
                .get_or_create(&Side { relationship: relationship(), side })
                .set(count.into());
        }
        let show = |family: &Family<Name, Gauge>, value: Option<i64>| match value {
            Some(value) => drop(family.get_or_create(&name).set(value)),
            None => drop(family.remove(&name)),
        };
        let age = status.last_heard.map(|at| saturate(now.ms_since(at) / 1_000));
        show(&all.since_contact, age);
        // What has to be added to the partner's time is how far its clock is behind.
        let ahead = status.skew_s.map(|(low, high)| low.midpoint(high).saturating_neg());
        show(&all.clock_ahead, ahead);
    }

    /// Counts a failover message by its type.
    pub fn failover_message(&self, relationship: &str, way: Direction, r#type: u8) {
        let (relationship, direction) = (relationship.to_owned(), way.label());
        let labels = Message { relationship, direction, r#type: message_name(r#type) };
        self.relationships.messages.get_or_create(&labels).inc();
    }

    /// Counts what an endpoint reports.
    pub fn report(&self, relationship: &str, event: &Event) {
        let severity = word(event.severity());
        let labels = Reported { relationship: relationship.to_owned(), severity };
        self.relationships.reported.get_or_create(&labels).inc();
    }

    /// Takes over what the endpoint of a relationship has counted so far.
    pub fn set_endpoint(&self, relationship: &str, stats: &Stats) {
        let rise = |counter: &Counter, to: u64| {
            counter.inc_by(to.saturating_sub(counter.get()));
        };
        for (event, count) in stats.named() {
            let labels = Counted { relationship: relationship.to_owned(), event };
            rise(&self.relationships.counted.get_or_create(&labels), count);
        }
        for state in State::ALL {
            let labels = InState { relationship: relationship.to_owned(), state: state.name() };
            rise(&self.relationships.entered.get_or_create(&labels), stats.entered(state));
        }
        for severity in SEVERITIES.map(word) {
            // An alert on a rise needs the zero before it.
            let labels = Reported { relationship: relationship.to_owned(), severity };
            let _ = self.relationships.reported.get_or_create(&labels);
        }
    }

    /// Takes a relationship that is gone off the page.
    pub fn forget_relationship(&self, relationship: &str) {
        self.relationships.forget(relationship);
    }
}

fn message_name(number: u8) -> &'static str {
    MessageType(number).name().unwrap_or("other")
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Alarm => "alarm",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dhcp_failover_lease::LeaseInstant;
    use dhcp_failover_proto::{BindingTable, Command, Endpoint, EndpointConfig, Input, Output};

    /// An endpoint that could not reach its partner and was told that it is down; what it reports is
    /// counted.
    fn alone(metrics: &Metrics, role: Role) -> Endpoint {
        let config = EndpointConfig::new("lab", role, std::net::Ipv4Addr::LOCALHOST.into());
        let now = LeaseInstant::from_unix_s(1_700_000_000);
        let mut endpoint = Endpoint::new(config, None, Monotonic::default(), now);
        let table = BindingTable::new();
        for input in [Input::DialFailed, Input::Command(Command::PartnerDown)] {
            endpoint.handle(Monotonic::default(), input, &table);
            loop {
                match endpoint.poll_output() {
                    Output::Wait(_) => break,
                    Output::Event(event) => metrics.report("lab", &event),
                    _ => {}
                }
            }
        }
        endpoint
    }

    fn shown(metrics: &Metrics, lines: &[&str]) {
        let page = metrics.encode().unwrap();
        for line in lines {
            assert!(page.contains(&format!("failoverd_{line}\n")), "{line} is not in {page}");
        }
    }

    #[test]
    fn what_an_endpoint_counts_is_shown_and_never_counted_twice() {
        let metrics = Metrics::new();
        let endpoint = alone(&metrics, Role::Primary);
        metrics.set_endpoint("lab", endpoint.stats());
        metrics.set_endpoint("lab", endpoint.stats());
        shown(
            &metrics,
            &[
                "endpoint_events_total{relationship=\"lab\",event=\"dials_failed\"} 1",
                "endpoint_events_total{relationship=\"lab\",event=\"bndupd_sent\"} 0",
                "states_entered_total{relationship=\"lab\",state=\"PARTNER-DOWN\"} 1",
                "reports_total{relationship=\"lab\",severity=\"alarm\"} 1",
                "reports_total{relationship=\"lab\",severity=\"warning\"} 0",
            ],
        );
    }

    #[test]
    fn a_relationship_is_shown_from_this_servers_side() {
        for (role, this, partner) in [(Role::Primary, 9, 4), (Role::Secondary, 4, 9)] {
            let metrics = Metrics::new();
            let mut status = alone(&metrics, role).status();
            status.pending = 3;
            status.disputed = 1;
            status.last_heard = Some(Monotonic::from_ms(5_000));
            status.skew_s = Some((-8, -6));
            let counts = PoolCounts { free: 9, backup: 4 };
            metrics.set_status(&status, counts, Monotonic::from_ms(12_999));
            shown(
                &metrics,
                &[
                    "relationship_state{relationship=\"lab\",state=\"STARTUP\"} 0",
                    "relationship_state{relationship=\"lab\",state=\"PARTNER-DOWN\"} 1",
                    "connected{relationship=\"lab\"} 0",
                    "pending_updates{relationship=\"lab\"} 3",
                    "disputed_addresses{relationship=\"lab\"} 1",
                    &format!("available_addresses{{relationship=\"lab\",side=\"this\"}} {this}"),
                    &format!(
                        "available_addresses{{relationship=\"lab\",side=\"partner\"}} {partner}"
                    ),
                    "contact_age_seconds{relationship=\"lab\"} 7",
                    "partner_clock_ahead_seconds{relationship=\"lab\"} 7",
                ],
            );
            (status.last_heard, status.skew_s) = (None, None);
            metrics.set_status(&status, counts, Monotonic::from_ms(13_000));
            let page = metrics.encode().unwrap();
            assert!(!page.contains("_age_seconds{") && !page.contains("_ahead_seconds{"), "{page}");
        }
    }

    #[test]
    fn a_relationship_that_is_gone_is_on_the_page_no_more() {
        let metrics = Metrics::new();
        let empty = metrics.encode().unwrap();
        let endpoint = alone(&metrics, Role::Primary);
        let mut status = endpoint.status();
        (status.last_heard, status.skew_s) = (Some(Monotonic::default()), Some((0, 0)));
        metrics.set_status(&status, PoolCounts::default(), Monotonic::default());
        metrics.set_endpoint("lab", endpoint.stats());
        for number in 0..=u8::MAX {
            metrics.failover_message("lab", Direction::In, number);
            metrics.failover_message("lab", Direction::Out, number);
        }
        let full = metrics.encode().unwrap();
        metrics.failover_message("lab 2", Direction::In, 1);
        metrics.forget_relationship("lab");
        let page = metrics.encode().unwrap();
        assert!(full.contains("\"lab\"") && !page.contains("\"lab\""), "{page}");
        assert!(page.contains("\"lab 2\""));
        metrics.forget_relationship("lab 2");
        assert_eq!(metrics.encode().unwrap(), empty);
    }
}
