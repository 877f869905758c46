//! What an order of partner-down would risk, before it is given (draft-12 §9.4.2).

use super::{Budget, Endpoint};
use crate::{Bindings, Command, CommandError, State};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{
    Allocator, Binding, BindingStatus, Client, Control, HardwareAddress, Knowledge, LeaseInstant,
    Refusal,
};

/// What [`Command::PartnerDown`] would risk and bring if it were given at this moment: a dry run.
///
/// Made by [`Endpoint::partner_down_risk`]; then [`examine`](Self::examine) looks through the
/// bindings, a bounded number in each call, so that other work can be done in between. The order
/// itself changes nothing at once but what the fields say.
///
/// ```
/// # use dhcp_failover_proto::{BindingTable, Endpoint, EndpointConfig, Monotonic};
/// # use dhcp_failover_proto::lease::{LeaseInstant, Role};
/// # let mut table = BindingTable::new();
/// # table.add_pool(["192.0.2.10".parse()?..="192.0.2.19".parse()?])?;
/// # let config = EndpointConfig::new("a-b", Role::Primary, "192.0.2.2".parse()?);
/// # let wall = LeaseInstant::from_unix_s(1_700_000_000);
/// # let endpoint = Endpoint::new(config, None, Monotonic::from_ms(0), wall);
/// let mut risk = endpoint.partner_down_risk();
/// while !risk.examine(&table) {} // other work goes between the calls
/// assert_eq!(risk.pools.len(), 1);
/// println!("{} addresses at {:?}", risk.pools[0].partners, risk.partners_usable_at);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PartnerDownRisk {
    /// Why the order would be refused, if it would be.
    pub refused: Option<CommandError>,
    /// Seconds since the partner was last heard, since this server was started. A partner that was
    /// heard a moment ago may only be out of reach, and serving.
    pub heard_s_ago: Option<u64>,
    /// While this server did not serve, the partner may have been alone: this server's own addresses
    /// have to wait, too, unless an operator vouches for it ([`Command::ForcePartnerDown`]).
    pub partner_may_have_been_alone: bool,
    /// This server's own available addresses can be given to clients from then on.
    pub own_usable_at: LeaseInstant,
    /// The partner's: it may have leased any of them and not told.
    pub partners_usable_at: LeaseInstant,
    /// Available addresses of each pool, in the order of their numbers.
    pub pools: Vec<PoolRisk>,
    /// Leases on record.
    pub leases: u64,
    /// Those of them that the partner may have renewed for longer than is known here: all but the
    /// ones it never heard of.
    pub leases_partner_knows: u64,
    /// The last of those renewals can run until then; the end of time if one of them never ends.
    pub renewals_run_until: LeaseInstant,
    /// Addresses whose lease has ended without the partner's agreement, and available ones on their
    /// way from one server to the other. They are usable at the latest from `waiting_usable_at`.
    pub waiting: u64,
    /// When the last of the addresses counted in `waiting` becomes usable.
    pub waiting_usable_at: LeaseInstant,
    /// How many bindings have been looked at.
    pub examined: u64,
    allocator: Allocator,
    after: Option<Ipv4Addr>,
    complete: bool,
}

/// The available addresses of one pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct PoolRisk {
    /// This server's.
    pub own: u32,
    /// The partner's: each of them it may have leased since it was last heard.
    pub partners: u32,
}

impl Endpoint {
    /// What [`Command::PartnerDown`] would risk if it were given at the moment of the last
    /// [`handle`](Self::handle). Nothing changes.
    #[must_use]
    pub fn partner_down_risk(&self) -> PartnerDownRisk {
        let from = if self.state == State::Startup { self.record.state } else { self.state };
        let was_alone = self.record.partner_was_alone || self.partner_may_have_been_alone(from);
        let goes_on = self.state == State::PartnerDown && !self.record.partner_returned;
        let since = if goes_on { self.record.state_since } else { self.lease_now };
        let control = if self.record.storage_lost || was_alone {
            Control::PartnerDownWithoutData { since }
        } else {
            Control::PartnerDown { since }
        };
        let allocator = Allocator { control, ..self.view().allocator(self.lease_now) };
        let available = |status| usable_at(&allocator, &of_status(status));
        PartnerDownRisk {
            refused: self.permits(Command::PartnerDown).err(),
            heard_s_ago: self.last_heard.map(|at| self.now.ms_since(at) / 1_000),
            partner_may_have_been_alone: was_alone,
            own_usable_at: available(self.config.role.own_available()),
            partners_usable_at: available(self.config.role.partner().own_available()),
            pools: Vec::new(),
            leases: 0,
            leases_partner_knows: 0,
            renewals_run_until: self.lease_now,
            waiting: 0,
            waiting_usable_at: self.lease_now,
            examined: 0,
            allocator,
            after: None,
            complete: false,
        }
    }
}

impl PartnerDownRisk {
    /// Looks at the next bindings, at most 1,024. Returns whether that was all; then the fields are
    /// complete. Bindings that change between two calls are counted as they are found.
    pub fn examine<B: Bindings>(&mut self, bindings: &B) -> bool {
        let mut budget = Budget::FULL;
        let mut found = bindings.used_after(self.after);
        while !self.complete && budget.take() {
            match found.next() {
                Some(binding) => self.count(binding),
                None => self.complete = true,
            }
        }
        if self.complete && self.pools.is_empty() {
            let own = self.allocator.role.own_available();
            let pools = (0..bindings.pool_count()).map(|pool| bindings.counts(pool));
            self.pools = pools
                .map(|counts| match own {
                    BindingStatus::Free => PoolRisk { own: counts.free, partners: counts.backup },
                    _ => PoolRisk { own: counts.backup, partners: counts.free },
                })
                .collect();
        }
        self.complete
    }

    /// Whether every binding has been looked at.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    fn count(&mut self, binding: &Binding) {
        self.examined = self.examined.saturating_add(1);
        self.after = Some(binding.address);
        let now = self.allocator.now;
        match binding.status {
            BindingStatus::Active => {
                self.leases = self.leases.saturating_add(1);
                let ended = Binding { status: BindingStatus::Expired, ..binding.clone() };
                let until = usable_at(&self.allocator, &ended);
                if until > now {
                    self.leases_partner_knows = self.leases_partner_knows.saturating_add(1);
                    self.renewals_run_until = self.renewals_run_until.max(until);
                }
            }
            BindingStatus::Abandoned => {}
            status => {
                let until = usable_at(&self.allocator, binding);
                let counted_in_a_pool = status.is_available()
                    && binding.knowledge.is_certainly(status)
                    && !binding.knowledge.may_have_ended();
                if until > now && !counted_in_a_pool {
                    self.waiting = self.waiting.saturating_add(1);
                    self.waiting_usable_at = self.waiting_usable_at.max(until);
                }
            }
        }
    }
}

/// An address nobody had, that both know to have this status.
fn of_status(status: BindingStatus) -> Binding {
    let knowledge = Knowledge { agreed: status, ..Knowledge::default() };
    Binding { status, knowledge, ..Binding::unused(Ipv4Addr::UNSPECIFIED) }
}

/// When a new client may have the address.
fn usable_at(allocator: &Allocator, binding: &Binding) -> LeaseInstant {
    // Hardware of type 0 is nobody's, so it is not the client on record.
    let stranger = HardwareAddress::new(0, &[]).map(|hardware| Client::new(None, hardware));
    match stranger.map(|stranger| allocator.check(binding, &stranger)) {
        Some(Err(Refusal::WaitUntil(until))) => until,
        Some(Ok(())) => allocator.now,
        _ => LeaseInstant::NEVER,
    }
}
