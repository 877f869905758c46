//! Who may answer, give an address, and for how long: with failover the endpoint's view says so,
//! without it the server is alone.

use super::reply::T1_PERCENT;
use dhcp_failover_lease::{
    AddressRules, Allocator, Binding, BindingStatus, Client, Control, Expiries, Grant, GrantTerms,
    LeaseInstant, LeaseLimit, LeaseSpan, Refusal, Reservation, Role, grant,
};
use dhcp_failover_proto::{Explanation, Query, ServiceView};

/// What is allowed for the scopes of one failover relationship, or for those without one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    /// No failover: everything is allowed.
    Alone,
    /// A relationship no longer: what the partner may have given before it ended is waited for, as if
    /// the partner had gone down (draft-12 §9.4.2).
    Former(Allocator),
    /// What the endpoint of the relationship allows at the moment.
    Failover(ServiceView),
    /// What a test wants.
    #[cfg(test)]
    Fake(Fake),
}

impl Gate {
    /// Whether to answer, and why; without failover there is nothing to explain.
    #[must_use]
    pub fn explain(&self, query: &Query<'_>) -> Option<Explanation> {
        match self {
            Self::Alone | Self::Former(_) => None,
            Self::Failover(view) => Some(view.explain(query)),
            #[cfg(test)]
            Self::Fake(fake) => Some(fake.explain(query)),
        }
    }

    /// Whether the address of `binding` may be leased to `client`.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(
        &self,
        binding: &Binding,
        client: &Client,
        reservation: Reservation,
        now: LeaseInstant,
    ) -> Result<(), Refusal> {
        let rules = AddressRules { reservation, ..AddressRules::default() };
        self.allocator(now).check_with(binding, client, rules)
    }

    /// Whether clients may get new leases of a pool of its table.
    #[must_use]
    pub fn gives_new(&self, pool: usize, now: LeaseInstant) -> bool {
        match self {
            Self::Failover(view) => view.gives_new(pool, now),
            _ => true,
        }
    }

    /// For how long.
    #[must_use]
    pub fn grant(
        &self,
        binding: &Binding,
        client: &Client,
        desired: LeaseSpan,
        now: LeaseInstant,
    ) -> Grant {
        match self {
            Self::Failover(view) => view.grant(binding, client, desired, T1_PERCENT, now),
            _ => {
                let limit = LeaseLimit::Unlimited;
                let terms = GrantTerms { now, desired, limit, renewal_percent: T1_PERCENT };
                grant(&terms, &Expiries::default())
            }
        }
    }

    /// The view's epoch, for the endpoint to notice that a decision is out of date; 0 without
    /// failover.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        match self {
            Self::Failover(view) => view.epoch(),
            _ => 0,
        }
    }

    /// Whether another server may know of leases this one does not.
    #[must_use]
    pub const fn has_partner(&self) -> bool {
        !matches!(self, Self::Alone)
    }

    /// The status of the unused addresses this server gives out, then that of its partner's.
    #[must_use]
    pub const fn available(&self) -> (BindingStatus, BindingStatus) {
        let role = match self {
            Self::Alone => Role::Primary,
            Self::Former(former) => former.role,
            Self::Failover(view) => view.role(),
            #[cfg(test)]
            Self::Fake(fake) => fake.role,
        };
        (role.own_available(), role.partner().own_available())
    }

    const fn allocator(&self, now: LeaseInstant) -> Allocator {
        match self {
            Self::Failover(view) => view.allocator(now),
            Self::Former(former) => Allocator { now, ..*former },
            Self::Alone => Allocator {
                role: Role::Primary,
                control: Control::Alone,
                mclt: LeaseSpan::ZERO,
                now,
                storage_lost: None,
            },
            #[cfg(test)]
            Self::Fake(fake) => Allocator {
                role: fake.role,
                control: fake.control,
                mclt: LeaseSpan::from_s(60),
                now,
                storage_lost: None,
            },
        }
    }
}

/// A stand-in for an endpoint's view.
#[cfg(test)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fake {
    /// The server's role.
    pub role: Role,
    /// Who else gives out addresses.
    pub control: Control,
    /// Whether renewals are answered.
    pub renewals: bool,
    /// Whether requests that name this server are answered.
    pub named: bool,
    /// Whether new clients are answered, if the partner has addresses.
    pub new: bool,
}

#[cfg(test)]
impl Fake {
    fn explain(&self, query: &Query<'_>) -> Explanation {
        use dhcp_failover_proto::{Because, RequestClass, State};
        let serve = match query.class {
            RequestClass::Renewal => self.renewals,
            RequestClass::NamesThisServer => self.named,
            RequestClass::New => self.new || query.partner_pool_empty,
        };
        let because =
            if serve { Because::StateServesEverybody } else { Because::StateServesNobody };
        Explanation { role: self.role, state: State::Normal, class: query.class, because }
    }
}
