//! What the packet path of a DHCP server needs to know.

use crate::explain::{Because, Explanation, LeaseExplanation};
use crate::{Quarantine, State};
use core::fmt;
use dhcp_failover_lease::{
    AddressRules, Allocator, Binding, BindingStatus, Client, Control, Grant, GrantTerms,
    LeaseInstant, LeaseLimit, LeaseSpan, Mclt, Mutant, Refusal, Reservation, Role, grant,
};
use dhcp_loadbalance::{Answer, DelayedService, HashBuckets, LoadBalance, hash};

/// Which clients a state answers ("Who answers which client" in `ARCHITECTURE.md`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "section 9 knows these four")]
pub enum Service {
    /// Nobody.
    Nobody,
    /// Only DHCPREQUEST/RENEWAL and REBINDING (§9.7.1).
    RenewalsOnly,
    /// Everybody, new clients by load balance (§9.8.2).
    Balanced,
    /// Everybody.
    Everybody,
}

impl Service {
    /// The service of a state. The endpoint may give less: while a state is not yet durable, or in
    /// PARTNER-DOWN once the partner is in RECOVER-DONE.
    #[must_use]
    pub const fn of(state: State) -> Self {
        match state {
            State::Startup
            | State::Recover
            | State::RecoverWait
            | State::PotentialConflict
            | State::Paused
            | State::Shutdown => Self::Nobody,
            State::RecoverDone => Self::RenewalsOnly,
            State::Normal => Self::Balanced,
            State::CommunicationsInterrupted
            | State::ResolutionInterrupted
            | State::ConflictDone
            | State::PartnerDown => Self::Everybody,
        }
    }
}

/// What a client asks for, as far as it matters who answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "every DHCP client message is one of these")]
pub enum RequestClass {
    /// DHCPREQUEST in RENEWING or REBINDING: answered by both servers.
    Renewal,
    /// SELECTING, RELEASE and DECLINE that name this server: answered by the server named.
    NamesThisServer,
    /// DISCOVER, INIT-REBOOT, INFORM: balanced.
    New,
}

/// One request, as far as it matters who answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built by the caller, field by field")]
pub struct Query<'a> {
    /// What is asked.
    pub class: RequestClass,
    /// Option 61, else `chaddr`: see [`dhcp_loadbalance::client_key`].
    pub key: &'a [u8],
    /// The packet's `secs`.
    pub secs: u16,
    /// Answer the partner's clients too once `secs` is greater (RFC 3074); `None`: never.
    pub max_delay_s: Option<u16>,
    /// The partner has no address to give on this wire.
    pub partner_pool_empty: bool,
    /// Now, on the lease clock.
    pub now: LeaseInstant,
}

/// Whether to answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "yes or no")]
pub enum Decision {
    /// Yes.
    Serve,
    /// No: and leave no trace of the request (§9.2).
    Ignore(Ignored),
}

/// Why a request is not answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Ignored {
    /// The state does not serve this request.
    State(State),
    /// The partner answers this client.
    PartnersClient,
    /// The stable-storage stamp that allows service has run out: the disk is slow or failed.
    NotAlive,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(state) => write!(f, "not served in state {state}"),
            Self::PartnersClient => f.write_str("the partner serves this client"),
            Self::NotAlive => f.write_str("stable storage has not confirmed lately"),
        }
    }
}

/// A small copy of what the endpoint allows, for the packet path.
///
/// Take a fresh one after every [`Endpoint::handle`](crate::Endpoint::handle). One that is out of
/// date does no harm: a grant decided with it is refused ([`Stale`](crate::Stale)), and after its
/// deadline it serves nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ServiceView {
    pub(crate) epoch: u64,
    pub(crate) state: State,
    pub(crate) service: Service,
    pub(crate) role: Role,
    pub(crate) my_buckets: HashBuckets,
    pub(crate) control: Control,
    pub(crate) mclt: Mclt,
    pub(crate) unlimited: bool,
    /// The partner may be giving addresses away as if it were alone, although this server renews.
    pub(crate) partner_alone: bool,
    pub(crate) storage_lost: Option<LeaseInstant>,
    pub(crate) quarantine: Quarantine,
    pub(crate) deadline: LeaseInstant,
    pub(crate) expiry_grace: LeaseSpan,
}

impl ServiceView {
    /// Counts the changes of what the endpoint allows.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The endpoint's state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// This server's role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whom the endpoint allows this server to answer.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// The view serves nobody after this moment.
    #[must_use]
    pub const fn deadline(&self) -> LeaseInstant {
        self.deadline
    }

    /// *May I serve this request?*
    #[must_use]
    pub fn decide(&self, query: &Query<'_>) -> Decision {
        self.explain(query).decision()
    }

    /// The same with the reason: *why was this client not answered?*
    #[must_use]
    pub fn explain(&self, query: &Query<'_>) -> Explanation {
        let because = match (self.service, query.class) {
            (Service::Nobody, _) => Because::StateServesNobody,
            _ if query.now > self.deadline => Because::NotAlive { since: self.deadline },
            (Service::Everybody, _) => Because::StateServesEverybody,
            (Service::RenewalsOnly | Service::Balanced, RequestClass::Renewal) => Because::Renewal,
            (Service::Balanced, RequestClass::NamesThisServer) => Because::NamesThisServer,
            (Service::RenewalsOnly, _) => Because::RenewalsOnly,
            (Service::Balanced, RequestClass::New) => {
                let bucket = hash(query.key);
                let limit_s = query.max_delay_s;
                let balance = LoadBalance {
                    buckets_of_mine: self.my_buckets,
                    delayed_service: limit_s.map_or(DelayedService::NEVER, DelayedService::after_s),
                    check_secs_byte_order: false,
                };
                let secs = if Mutant::SecsOverrideBothWays.is_on() { u16::MAX } else { query.secs };
                match (balance.decide_bucket(bucket, secs), limit_s) {
                    (Answer::Mine, _) => Because::OwnBucket { bucket },
                    (Answer::Delayed, Some(limit_s)) => {
                        Because::WaitedLongEnough { bucket, secs: query.secs, limit_s }
                    }
                    _ if query.partner_pool_empty => Because::PartnerHasNoAddress { bucket },
                    _ => Because::PartnersBucket { bucket },
                }
            }
        };
        Explanation { role: self.role, state: self.state, class: query.class, because }
    }

    /// Whether load balance, or the role in hot standby, gives the client with this
    /// [`key`](Query::key) to this server in NORMAL.
    #[must_use]
    pub fn is_own_client(&self, key: &[u8]) -> bool {
        self.my_buckets.contains(hash(key))
    }

    /// *Why this lease time, or why not this address?* What [`may_allocate`](Self::may_allocate) and
    /// [`grant`](Self::grant) answer, with what they are computed from.
    #[must_use]
    pub fn explain_lease(
        &self,
        binding: &Binding,
        client: &Client,
        desired: LeaseSpan,
        renewal_percent: u8,
        now: LeaseInstant,
    ) -> LeaseExplanation {
        let expiries = binding.expiries_for(client);
        LeaseExplanation {
            address: binding.address,
            status: binding.status,
            is_clients: binding.is_for(client),
            allowed: self.may_allocate(binding, client, now),
            now,
            desired,
            limit: self.limit(),
            acked_potential: expiries.acked_potential,
            received_potential: expiries.received_potential,
            grant: self.grant(binding, client, desired, renewal_percent, now),
        }
    }

    /// *May I give this address to this client?* ([`Allocator::check`])
    ///
    /// # Errors
    /// The reason why not.
    pub fn may_allocate(
        &self,
        binding: &Binding,
        client: &Client,
        now: LeaseInstant,
    ) -> Result<(), Refusal> {
        if Mutant::SecondaryServesFree.is_on()
            && (self.state, self.role) == (State::CommunicationsInterrupted, Role::Secondary)
            && binding.status == BindingStatus::Free
        {
            return Ok(());
        }
        self.allocator(now).check(binding, client)
    }

    /// The same for an address that is reserved for this client (§5.13).
    ///
    /// # Errors
    /// The reason why not.
    pub fn may_allocate_reserved(
        &self,
        binding: &Binding,
        client: &Client,
        now: LeaseInstant,
    ) -> Result<(), Refusal> {
        let reservation = Reservation::ThisClient;
        let rules = AddressRules { reservation, ..AddressRules::default() };
        self.allocator(now).check_with(binding, client, rules)
    }

    /// Whether clients may get new leases of a pool at all. If not, the pool is under
    /// [`Quarantine`], or the [partner may be alone](Self::partner_may_be_alone); a client's own ACTIVE
    /// lease is renewed all the same.
    #[must_use]
    pub fn gives_new(&self, pool: usize, now: LeaseInstant) -> bool {
        let held = self.quarantine.holds(pool) && !self.allocator(now).partner_is_over();
        !held && !self.partner_alone
    }

    /// Whether the partner may have given any address away as if it were alone, although this server
    /// serves: in RECOVER-DONE, and in RESOLUTION-INTERRUPTED if the partner was alone before. No client
    /// gets a new lease then, and renewals are short (S1, S4).
    #[must_use]
    pub const fn partner_may_be_alone(&self) -> bool {
        self.partner_alone
    }

    /// The pools that are not the same at both servers.
    #[must_use]
    pub const fn quarantine(&self) -> Quarantine {
        self.quarantine
    }

    /// *For how long may I lease it?* ([`grant`])
    ///
    /// `renewal_percent` is when this server tells its clients to renew (T1), 50 unless configured.
    #[must_use]
    pub fn grant(
        &self,
        binding: &Binding,
        client: &Client,
        desired: LeaseSpan,
        renewal_percent: u8,
        now: LeaseInstant,
    ) -> Grant {
        let terms = GrantTerms { now, desired, limit: self.limit(), renewal_percent };
        grant(&terms, &binding.expiries_for(client))
    }

    /// When this server may take the lease for ended: pass that to
    /// [`LeaseEvent::Expired`](crate::LeaseEvent::Expired).
    ///
    /// In NORMAL the secondary leaves the primary a minute to do it first, so that the two do not
    /// tell each other the same thing; it still does it if the primary does not (L3).
    #[must_use]
    pub fn ends_at(&self, binding: &Binding) -> LeaseInstant {
        self.allocator(LeaseInstant::ZERO).ends_at(binding) + self.expiry_grace
    }

    /// The rules for allocating at `now`, for checking many addresses.
    #[must_use]
    pub const fn allocator(&self, now: LeaseInstant) -> Allocator {
        Allocator {
            role: self.role,
            control: self.control,
            mclt: self.mclt.for_waits(),
            now,
            storage_lost: self.storage_lost,
        }
    }

    pub(crate) const fn limit(&self) -> LeaseLimit {
        match LeaseLimit::under(self.control, self.mclt.for_grants(), !self.unlimited) {
            LeaseLimit::Mclt(mclt) if self.partner_alone => LeaseLimit::McltBeyondPartner(mclt),
            limit => limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dhcp_loadbalance::serves;

    fn view(state: State, role: Role) -> ServiceView {
        let primary = HashBuckets::from_percent(50).unwrap();
        ServiceView {
            epoch: 1,
            state,
            service: Service::of(state),
            role,
            my_buckets: if role == Role::Primary { primary } else { primary.complement() },
            control: Control::Shared,
            mclt: Mclt::new(LeaseSpan::from_s(60)),
            unlimited: false,
            partner_alone: false,
            storage_lost: None,
            quarantine: Quarantine::NONE,
            deadline: LeaseInstant::from_unix_s(1_000),
            expiry_grace: LeaseSpan::ZERO,
        }
    }

    fn query(class: RequestClass, key: &[u8]) -> Query<'_> {
        let now = LeaseInstant::from_unix_s(1_000);
        Query { class, key, secs: 0, max_delay_s: Some(3), partner_pool_empty: false, now }
    }

    #[test]
    fn s12_in_normal_each_new_client_is_served_by_exactly_one_server() {
        let [primary, secondary] =
            [Role::Primary, Role::Secondary].map(|role| view(State::Normal, role));
        for key in 0..=255u8 {
            let new = query(RequestClass::New, core::slice::from_ref(&key));
            let answers = [primary.decide(&new), secondary.decide(&new)];
            assert_eq!(answers.iter().filter(|a| **a == Decision::Serve).count(), 1);
            let renewal = Query { class: RequestClass::Renewal, ..new };
            assert_eq!(primary.decide(&renewal), Decision::Serve);
            assert_eq!(secondary.decide(&renewal), Decision::Serve);
            let waiting = Query { secs: 4, ..new };
            assert_eq!(primary.decide(&waiting), Decision::Serve);
            assert_eq!(secondary.decide(&waiting), Decision::Serve);
        }
    }

    #[test]
    fn s7_unresponsive_states_serve_nobody() {
        use RequestClass::{NamesThisServer, New, Renewal};
        for state in State::ALL {
            let view = view(state, Role::Primary);
            let served =
                [Renewal, NamesThisServer, New].map(|class| view.decide(&query(class, &[1])));
            match state {
                State::Startup
                | State::Recover
                | State::RecoverWait
                | State::PotentialConflict
                | State::Paused
                | State::Shutdown => {
                    assert!(served.iter().all(|d| *d != Decision::Serve), "{state}");
                }
                State::RecoverDone => {
                    assert_eq!(served[0], Decision::Serve);
                    assert!(served[1..].iter().all(|d| *d != Decision::Serve));
                }
                _ => assert_eq!(served[..2], [Decision::Serve; 2]),
            }
        }
    }

    /// An explanation is the decision, for every state and request, and names what decided: with a
    /// copy of the rules as section 9 gives them.
    #[test]
    fn s12_an_explanation_never_disagrees_with_the_rules() {
        use RequestClass::{NamesThisServer, New, Renewal};
        let late = LeaseInstant::from_unix_s(1_001);
        for state in State::ALL {
            for role in [Role::Primary, Role::Secondary] {
                let view = view(state, role);
                for number in 0..1_536_u32 {
                    let key = [(number % 256) as u8];
                    let class = [Renewal, NamesThisServer, New][(number / 256 % 3) as usize];
                    let base = query(class, &key);
                    let query = Query {
                        secs: if number % 5 == 0 { 4 } else { 3 },
                        max_delay_s: Some(3).filter(|_| number % 7 != 0),
                        partner_pool_empty: number % 11 == 0,
                        now: if number % 13 == 0 { late } else { base.now },
                        ..base
                    };
                    let explained = view.explain(&query);
                    assert_eq!(view.decide(&query), explained.decision());
                    let mine = serves(&view.my_buckets, &key, query.secs, query.max_delay_s);
                    let expected = match Service::of(state) {
                        Service::Nobody => Decision::Ignore(Ignored::State(state)),
                        _ if query.now == late => Decision::Ignore(Ignored::NotAlive),
                        Service::Everybody => Decision::Serve,
                        _ if class == Renewal => Decision::Serve,
                        Service::RenewalsOnly => Decision::Ignore(Ignored::State(state)),
                        Service::Balanced
                            if class == NamesThisServer || mine || query.partner_pool_empty =>
                        {
                            Decision::Serve
                        }
                        Service::Balanced => Decision::Ignore(Ignored::PartnersClient),
                    };
                    assert_eq!(explained.decision(), expected, "{explained}");
                    let bucket = match explained.because {
                        Because::OwnBucket { bucket } => Some((bucket, true)),
                        Because::PartnersBucket { bucket }
                        | Because::PartnerHasNoAddress { bucket }
                        | Because::WaitedLongEnough { bucket, .. } => Some((bucket, false)),
                        _ => None,
                    };
                    if let Some((bucket, own)) = bucket {
                        assert_eq!((bucket, own), (hash(&key), view.my_buckets.contains(bucket)));
                    }
                }
            }
        }
    }

    /// S2, S4: the same for addresses and lease times.
    #[test]
    fn s2_the_explanation_of_a_lease_is_the_grant() {
        let now = LeaseInstant::from_unix_s(900);
        let client = |last| {
            let hardware = dhcp_failover_lease::HardwareAddress::new(1, &[2, 0, 0, 0, 0, last]);
            Client::new(None, hardware.unwrap())
        };
        let desired = LeaseSpan::from_s(300);
        for state in State::ALL {
            for role in [Role::Primary, Role::Secondary] {
                for status in dhcp_failover_lease::BindingStatus::ALL {
                    for acked in [0, 800, 950, 2_000] {
                        let mut binding = Binding::unused([192, 0, 2, 1].into());
                        binding.status = status;
                        binding.client = Some(client(1));
                        binding.expiries.acked_potential = LeaseInstant::from_unix_s(acked);
                        for who in [client(1), client(2)] {
                            let view = view(state, role);
                            let it = view.explain_lease(&binding, &who, desired, 50, now);
                            assert_eq!(it.allowed, view.may_allocate(&binding, &who, now));
                            assert_eq!(it.grant, view.grant(&binding, &who, desired, 50, now));
                            assert_eq!(it.is_clients, who == client(1));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_view_past_its_deadline_serves_nobody() {
        let view = view(State::CommunicationsInterrupted, Role::Primary);
        let now = LeaseInstant::from_unix_s(1_001);
        let late = Query { now, ..query(RequestClass::Renewal, &[1]) };
        assert_eq!(view.decide(&late), Decision::Ignore(Ignored::NotAlive));
    }
}
