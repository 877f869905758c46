//! Why a client is answered or not, for an operator: the decisions of the packet path, made for a
//! packet that has not come.

use super::Core;
use crate::admin::{ExplainRow, Refusal, codes};
use crate::dhcp::gate::Gate;
use crate::dhcp::network::Scope;
use crate::dhcp::reply::T1_PERCENT;
use dhcp_failover_lease::{Client, HardwareAddress, LeaseInstant};
use dhcp_failover_proto::{BindingTable, Bindings, Query, RequestClass, ServiceView};
use std::net::Ipv4Addr;

/// The most scopes, and the most addresses of a client in one, that an answer is about.
const SCOPES_MAX: usize = 50;
const ADDRESSES_MAX: usize = 10;
const ETHERNET: u8 = 1;

impl Core {
    /// A row for each decision, by scope: those that know the client, or all if none does.
    pub(super) fn explain(&self, client: &Client, only: Option<&str>) -> Vec<ExplainRow> {
        let now = self.lease_now();
        let scopes = || {
            self.dhcp.networks().scopes().filter_map(|(_, scope)| {
                let domain = self.domains.get(scope.domain)?;
                let Gate::Failover(view) = domain.gate() else { return None };
                let is_meant = only.is_none_or(|name| name == domain.name);
                is_meant.then_some((scope, view, &domain.table))
            })
        };
        let knows = |scope: &Scope, table: &BindingTable| {
            scope.reserved_for(client).is_some() || addresses(scope, table, client).next().is_some()
        };
        let anywhere = scopes().any(|(scope, _, table)| knows(scope, table));
        scopes()
            .filter(|(scope, _, table)| !anywhere || knows(scope, table))
            .take(SCOPES_MAX)
            .flat_map(|(scope, view, table)| {
                let subnet = scope.config.subnet.to_string();
                explain_in(scope, &view, table, client, now)
                    .into_iter()
                    .map(move |explanation| ExplainRow { subnet: subnet.clone(), explanation })
            })
            .collect()
    }
}

/// The client's addresses on record in a scope.
fn addresses<'a>(
    scope: &'a Scope,
    table: &'a BindingTable,
    client: &Client,
) -> impl Iterator<Item = Ipv4Addr> + use<'a> {
    let all: Vec<_> = table.addresses_of(client).collect();
    all.into_iter().filter(|address| scope.config.subnet.contains(address))
}

fn explain_in(
    scope: &Scope,
    view: &ServiceView,
    table: &BindingTable,
    client: &Client,
    now: LeaseInstant,
) -> Vec<String> {
    let own = view.role().own_available();
    let partners = view.role().partner().own_available();
    let query = |class| Query {
        class,
        key: client.balance_key(),
        secs: 0,
        max_delay_s: Some(u16::try_from(scope.config.load_balance_delay_s).unwrap_or(u16::MAX)),
        partner_pool_empty: table.available(scope.pool, partners).next().is_none(),
        now,
    };
    let mut lines: Vec<String> = [RequestClass::New, RequestClass::Renewal]
        .map(|class| view.explain(&query(class)).to_string())
        .into();
    if !scope.config.active {
        lines.push("nobody is answered: the scope is inactive on this server".to_owned());
    }
    let pools = [Some(scope.pool), scope.reserved_for(client).and_then(|it| table.pool_of(it))];
    if pools.into_iter().flatten().any(|pool| !view.gives_new(pool, now)) {
        let because = match view.partner_may_be_alone() {
            true => "the partner was alone, and may have given any address away (S4)",
            false => "the scope is not the same at the partner (S15)",
        };
        lines.push(format!("a new lease is not given: {because}; only leases are renewed"));
    }
    let known = scope.reserved_for(client).into_iter().chain(addresses(scope, table, client));
    let mut known: Vec<_> = known.take(ADDRESSES_MAX).collect();
    known.dedup();
    if known.is_empty() {
        match table.available(scope.pool, own).next() {
            Some(first) => known.push(first),
            None => lines.push("a new client gets nothing: no address is this server's".to_owned()),
        }
    }
    let desired = scope.lease_time(None);
    let bindings = known.into_iter().filter_map(|address| table.get(address));
    lines.extend(
        bindings.map(|binding| {
            view.explain_lease(&binding, client, desired, T1_PERCENT, now).to_string()
        }),
    );
    lines
}

/// The client an operator names.
pub(super) fn client_of(hwaddr: Option<&str>, id: Option<&str>) -> Result<Client, Refusal> {
    let id = id.map(|text| bytes("client identifier", text, 2..=255)).transpose()?;
    let hardware = match hwaddr {
        Some(text) => {
            let address = bytes("hardware address", text, 1..=16)?;
            HardwareAddress::new(ETHERNET, &address)
        }
        None if id.is_none() => {
            return Err(invalid(
                "which client is meant?",
                "name its hwaddr, its client_id, or both",
            ));
        }
        None => HardwareAddress::new(0, &[]),
    };
    let hardware =
        hardware.ok_or_else(|| invalid("the hardware address is empty", "write 1 to 16 bytes"))?;
    Ok(Client::new(id.as_deref(), hardware))
}

fn invalid(message: impl Into<String>, remedy: impl Into<String>) -> Refusal {
    Refusal::new(codes::INVALID_PARAMETER, message, remedy)
}

/// Hexadecimal bytes joined by colons.
fn bytes(
    what: &str,
    text: &str,
    allowed: std::ops::RangeInclusive<usize>,
) -> Result<Vec<u8>, Refusal> {
    let byte = |text: &str| {
        let is_hexadecimal = text.len() <= 2 && text.bytes().all(|it| it.is_ascii_hexdigit());
        u8::from_str_radix(text, 16).ok().filter(|_| is_hexadecimal)
    };
    let read: Option<Vec<u8>> = text.split(':').map(byte).collect();
    read.filter(|bytes| allowed.contains(&bytes.len())).ok_or_else(|| {
        let (least, most) = (allowed.start(), allowed.end());
        let remedy = format!(
            "write {least} to {most} hexadecimal bytes joined by colons, such as 02:00:00:00:00:01"
        );
        invalid(format!("{text:?} is no {what}"), remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_by_its_bytes() {
        let client = client_of(Some("02:00:00:0:0:1"), None).unwrap();
        assert_eq!(client.hardware().to_string(), "02:00:00:00:00:01");
        let client = client_of(None, Some("ff:01")).unwrap();
        assert_eq!(client.identifier(), Some(&[0xff, 1][..]));
        for (hwaddr, id) in
            [(None, None), (Some("printer"), None), (Some("02:+1"), None), (None, Some("01"))]
        {
            assert!(client_of(hwaddr, id).is_err(), "{hwaddr:?} {id:?}");
        }
        let wrong = client_of(Some("02-00-00"), None).unwrap_err();
        assert!(wrong.to_string().contains("joined by colons"), "{wrong}");
    }
}
