//! Any of them.

use super::isc::{self, Isc};
use super::windows::{self, Scope, Windows};
use super::{Make, Request, Word};
use crate::setup::{SUBNET, Setup};
use crate::{Host, Survives};
use dhcp_failover_lease::Client;
use dhcp_failover_proto::{Balance, RequestClass};
use dhcp_failover_wire::windows::Settings;
use dhcp_failover_wire::{BindingStatus, Dialect, ServerState};
use dhcp_loadbalance::HashBuckets;
use std::net::Ipv4Addr;

/// A server of another make.
#[derive(Clone, Debug)]
pub(crate) enum Foreign {
    Dhcpd(Box<Isc>),
    Windows(Box<Windows>),
}

/// What one has on record of an address.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) status: BindingStatus,
    pub(crate) is_over: bool,
    pub(crate) client: Option<Client>,
    /// In seconds.
    pub(crate) ends: u64,
}

/// The server of another make at `host`, if there is to be one.
pub(crate) fn foreign(setup: &Setup, host: Host) -> Option<Foreign> {
    let primary_percent = match setup.balance {
        Balance::LoadBalance { primary_percent } => primary_percent,
        _ => 50,
    };
    let available_percent = match setup.balance {
        Balance::HotStandby { reserve_percent } => 100 - reserve_percent.min(100),
        _ => primary_percent,
    };
    let split = HashBuckets::from_percent(primary_percent);
    let split = split.unwrap_or_else(|error| unreachable!("{error}"));
    let name = setup.names[host.index()].clone();
    match setup.makes[host.index()] {
        Make::Ours => None,
        Make::Dhcpd => Some(Foreign::Dhcpd(Box::new(Isc::new(isc::Config {
            role: host.role(),
            name: name.into_bytes(),
            mclt_s: setup.mclt_s,
            lease_s: setup.lease_s,
            max_unacked: setup.max_unacked[host.index()],
            receive_timer_s: setup.receive_timer_s,
            split,
            pool: setup.addresses().collect(),
            seed: setup.seed,
        })))),
        Make::Windows => Some(Foreign::Windows(Box::new(Windows::new(windows::Config {
            role: host.role(),
            name,
            mclt_s: setup.mclt_s,
            lease_s: setup.lease_s,
            receive_timer_s: setup.receive_timer_s,
            startup_ms: 30_000,
            retry_ms: 15_000,
            rebalance_ms: 60_000,
            primary_buckets: setup.balance.primary_buckets(),
            primary_percent: available_percent,
            scopes: vec![Scope {
                id: SUBNET.id,
                mask: SUBNET.mask,
                addresses: setup.addresses().collect(),
            }],
            settings: Settings::DEFAULT,
            secret: setup.secrets[host.index()].clone(),
        })))),
    }
}

macro_rules! either {
    ($self:ident, $it:ident => $call:expr) => {
        match $self {
            Self::Dhcpd($it) => $call,
            Self::Windows($it) => $call,
        }
    };
}

impl Foreign {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Dhcpd(_) => Dialect::IscDhcpd,
            Self::Windows(it) => it.dialect(),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        either!(self, it => it.is_up())
    }

    pub(crate) fn is_starting(&self) -> bool {
        either!(self, it => it.is_starting())
    }

    pub(crate) fn state(&self) -> ServerState {
        either!(self, it => it.state())
    }

    pub(crate) fn stored_state(&self) -> ServerState {
        match self {
            Self::Dhcpd(it) => it.stored_state(),
            // All of it is durable.
            Self::Windows(it) => it.state(),
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        either!(self, it => it.is_settled())
    }

    pub(crate) fn keeps(&self, address: Ipv4Addr, who: &Client) -> bool {
        either!(self, it => it.keeps(address, who))
    }

    pub(crate) fn recorded(&self, address: Ipv4Addr) -> Option<Recorded> {
        either!(self, it => it.lease(address).map(|lease| Recorded {
            status: lease.status,
            is_over: lease.is_over(),
            client: lease.client.clone(),
            ends: lease.ends,
        }))
    }

    pub(crate) fn take_words(&mut self) -> Vec<Word> {
        either!(self, it => it.take_words())
    }

    pub(crate) fn start(&mut self, now: u64) {
        either!(self, it => it.start(now));
    }

    pub(crate) fn stop(&mut self, survives: Survives) {
        match self {
            Self::Dhcpd(it) => it.stop(survives),
            Self::Windows(it) => it.stop(),
        }
    }

    pub(crate) fn lose_disk(&mut self) {
        either!(self, it => it.lose_disk());
    }

    pub(crate) fn order_partner_down(&mut self, now: u64) {
        either!(self, it => it.order_partner_down(now));
    }

    /// Only a dhcpd knows how to: the service of Windows is stopped.
    pub(crate) fn order_shutdown(&mut self, now: u64) {
        if let Self::Dhcpd(it) = self {
            it.order_shutdown(now);
        }
    }

    pub(crate) fn wake(&self) -> Option<u64> {
        either!(self, it => it.wake())
    }

    pub(crate) fn tick(&mut self, now: u64) -> bool {
        either!(self, it => it.tick(now))
    }

    pub(crate) fn dialed(&mut self, now: u64, link: Option<u64>) {
        either!(self, it => it.dialed(now, link));
    }

    pub(crate) fn accepted(&mut self, now: u64, link: u64) {
        either!(self, it => it.accepted(now, link));
    }

    pub(crate) fn bytes(&mut self, now: u64, link: u64, bytes: &[u8]) {
        either!(self, it => it.bytes(now, link, bytes));
    }

    pub(crate) fn closed(&mut self, now: u64, link: u64) {
        either!(self, it => it.closed(now, link));
    }

    pub(crate) fn serve(&mut self, now: u64, request: &Request<'_>) -> Option<(Ipv4Addr, u64)> {
        either!(self, it => it.serve(now, request))
    }

    pub(crate) fn answers(&self, class: RequestClass, key: &[u8], secs: u16) -> bool {
        match self {
            Self::Dhcpd(it) => it.answers(class, key, secs),
            Self::Windows(it) => it.answers(class, key),
        }
    }

    pub(crate) fn released(&mut self, now: u64, address: Ipv4Addr, who: &Client) {
        either!(self, it => it.released(now, address, who));
    }

    pub(crate) fn declined(&mut self, now: u64, address: Ipv4Addr) {
        either!(self, it => it.declined(now, address));
    }
}
