//! Decisions with their reasons, for people.

use crate::{Decision, Ignored, RequestClass, State};
use core::fmt;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{
    BindingStatus, Grant, LeaseInstant, LeaseLimit, LeaseSpan, Refusal, Role,
};

/// Why a request is answered, or is not: what [`ServiceView::explain`](crate::ServiceView::explain)
/// found. The decision itself is made of it, so the two cannot differ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an embedder explains scopes without failover alike")]
pub struct Explanation {
    /// This server's role.
    pub role: Role,
    /// Its state.
    pub state: State,
    /// What was asked.
    pub class: RequestClass,
    /// The rule that decided.
    pub because: Because,
}

/// The rule that decided whether a request is answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Because {
    /// No: in this state nobody is served (§9.2).
    StateServesNobody,
    /// No: in this state only renewals are served (§9.7.1).
    RenewalsOnly,
    /// No: the stable-storage stamp that allows service ran out then (§9.3.2).
    NotAlive {
        /// When; [`LeaseInstant::ZERO`] if the state itself is not durable yet.
        since: LeaseInstant,
    },
    /// No: the client's bucket is the partner's (§5.3, RFC 3074).
    PartnersBucket {
        /// The client's hash.
        bucket: u8,
    },
    /// Yes: in this state everybody is served.
    StateServesEverybody,
    /// Yes: both servers renew (§9.8.2).
    Renewal,
    /// Yes: the request names this server (§9.8.2).
    NamesThisServer,
    /// Yes: the client's bucket is this server's (§5.3).
    OwnBucket {
        /// The client's hash.
        bucket: u8,
    },
    /// Yes, though the bucket is the partner's: the client has asked for longer than allowed.
    WaitedLongEnough {
        /// The client's hash.
        bucket: u8,
        /// What the packet says.
        secs: u16,
        /// What is allowed.
        limit_s: u16,
    },
    /// Yes, though the bucket is the partner's: the partner has no address to give.
    PartnerHasNoAddress {
        /// The client's hash.
        bucket: u8,
    },
}

impl Because {
    /// The section of draft-12.
    #[must_use]
    pub const fn section(&self) -> &'static str {
        match self {
            Self::StateServesNobody | Self::StateServesEverybody => "9.2",
            Self::RenewalsOnly => "9.7.1",
            Self::NotAlive { .. } => "9.3.2",
            Self::Renewal | Self::NamesThisServer => "9.8.2",
            Self::PartnersBucket { .. }
            | Self::OwnBucket { .. }
            | Self::WaitedLongEnough { .. }
            | Self::PartnerHasNoAddress { .. } => "5.3",
        }
    }
}

impl Explanation {
    /// What [`ServiceView::decide`](crate::ServiceView::decide) answers.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        match self.because {
            Because::StateServesNobody | Because::RenewalsOnly => {
                Decision::Ignore(Ignored::State(self.state))
            }
            Because::NotAlive { .. } => Decision::Ignore(Ignored::NotAlive),
            Because::PartnersBucket { .. } => Decision::Ignore(Ignored::PartnersClient),
            Because::StateServesEverybody
            | Because::Renewal
            | Because::NamesThisServer
            | Because::OwnBucket { .. }
            | Because::WaitedLongEnough { .. }
            | Because::PartnerHasNoAddress { .. } => Decision::Serve,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, state, because, .. } = self;
        let kind = match self.class {
            RequestClass::Renewal => "a renewal",
            RequestClass::NamesThisServer => "a request that names this server",
            RequestClass::New => "a new client",
        };
        let answer = match self.decision() {
            Decision::Serve => "answered",
            Decision::Ignore(_) => "not answered",
        };
        write!(f, "{kind} is {answer} by the {role} in {state}: ")?;
        match because {
            Because::StateServesNobody => f.write_str("nobody is served in this state"),
            Because::RenewalsOnly => f.write_str("only leases are renewed in this state"),
            Because::NotAlive { since: LeaseInstant::ZERO } => {
                f.write_str("stable storage has not confirmed this state yet")
            }
            Because::NotAlive { since } => {
                let at = since.as_unix_s();
                write!(
                    f,
                    "stable storage has confirmed nothing that allows it since Unix time {at}"
                )
            }
            Because::StateServesEverybody => f.write_str("everybody is served in this state"),
            Because::Renewal => f.write_str("both servers renew"),
            Because::NamesThisServer => f.write_str("it is meant for this server"),
            Because::OwnBucket { bucket } => {
                write!(f, "its hash, {bucket}, is one of this server's buckets")
            }
            Because::PartnersBucket { bucket } => {
                write!(f, "its hash, {bucket}, is one of the partner's buckets")
            }
            Because::WaitedLongEnough { bucket, secs, limit_s } => write!(
                f,
                "its hash, {bucket}, is one of the partner's buckets, but it has asked for {secs} s, \
                 more than {limit_s} s"
            ),
            Because::PartnerHasNoAddress { bucket } => write!(
                f,
                "its hash, {bucket}, is one of the partner's buckets, but the partner has no address"
            ),
        }?;
        write!(f, " (section {})", because.section())
    }
}

/// Why a client gets, or would get, an address for so long: what
/// [`ServiceView::explain_lease`](crate::ServiceView::explain_lease) found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct LeaseExplanation {
    /// The address.
    pub address: Ipv4Addr,
    /// Its status.
    pub status: BindingStatus,
    /// Whether the client is the one on record.
    pub is_clients: bool,
    /// Whether it may be leased to the client now.
    pub allowed: Result<(), Refusal>,
    /// When this was asked.
    pub now: LeaseInstant,
    /// The lease time the configuration would give.
    pub desired: LeaseSpan,
    /// What failover limits it to.
    pub limit: LeaseLimit,
    /// Up to when the partner has acknowledged to protect the client's lease; zero if never.
    pub acked_potential: LeaseInstant,
    /// Up to when the partner has told that it may have given it; zero if never.
    pub received_potential: LeaseInstant,
    /// The lease, if it is allowed.
    pub grant: Grant,
}

/// What bounds a lease time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "S2 knows these four")]
pub enum BoundBy {
    /// Nothing: the client gets the desired time.
    Nothing,
    /// The MCLT from now: the partner knows of no later time (§5.2.1).
    Mclt(LeaseSpan),
    /// The MCLT from what the partner has acknowledged.
    McltFromAcked(LeaseSpan),
    /// The MCLT from what the partner has told.
    McltFromReceived(LeaseSpan),
}

impl LeaseExplanation {
    /// What bounds the lease time.
    #[must_use]
    pub fn bound_by(&self) -> BoundBy {
        match self.limit {
            LeaseLimit::Mclt(mclt) | LeaseLimit::McltBeyondPartner(mclt)
                if self.grant.lease < self.desired =>
            {
                let known = self.acked_potential.max(self.received_potential);
                if known <= self.now {
                    BoundBy::Mclt(mclt)
                } else if known == self.acked_potential {
                    BoundBy::McltFromAcked(mclt)
                } else {
                    BoundBy::McltFromReceived(mclt)
                }
            }
            _ => BoundBy::Nothing,
        }
    }
}

impl fmt::Display for LeaseExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = if self.is_clients { ", this client's" } else { "" };
        write!(f, "{} ({}{whose}) ", self.address, self.status)?;
        if let Err(refusal) = self.allowed {
            return write!(
                f,
                "may not be leased to it now: {refusal} (sections 5.2.2, 5.4, 9.4.2)"
            );
        }
        let (lease, desired) = (self.grant.lease.as_s(), self.desired.as_s());
        write!(f, "may be leased to it for {lease} s: ")?;
        let ahead = |at: LeaseInstant| (at - self.now).as_s();
        match self.bound_by() {
            BoundBy::Nothing => write!(f, "the desired {desired} s in full"),
            BoundBy::Mclt(mclt) => write!(
                f,
                "{desired} s are desired, but the partner knows of none of it yet, so it is the MCLT \
                 of {} s",
                mclt.as_s()
            ),
            BoundBy::McltFromAcked(mclt) => write!(
                f,
                "{desired} s are desired; the partner has acknowledged {} s, and the MCLT of {} s is \
                 added",
                ahead(self.acked_potential),
                mclt.as_s()
            ),
            BoundBy::McltFromReceived(mclt) => write!(
                f,
                "{desired} s are desired; the partner has told of {} s, and the MCLT of {} s is added",
                ahead(self.received_potential),
                mclt.as_s()
            ),
        }?;
        let potential = ahead(self.grant.potential_expiry);
        write!(f, "; the partner is told {potential} s (section 5.2.1)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use dhcp_failover_lease::{Expiries, GrantTerms, grant};

    #[test]
    fn an_explanation_says_state_rule_and_numbers() {
        let of = |because| {
            let (role, class) = (Role::Secondary, RequestClass::New);
            Explanation { role, state: State::Normal, class, because }.to_string()
        };
        assert_eq!(
            of(Because::PartnersBucket { bucket: 17 }),
            "a new client is not answered by the secondary in NORMAL: its hash, 17, is one of the \
             partner's buckets (section 5.3)"
        );
        assert_eq!(
            of(Because::WaitedLongEnough { bucket: 17, secs: 9, limit_s: 3 }),
            "a new client is answered by the secondary in NORMAL: its hash, 17, is one of the \
             partner's buckets, but it has asked for 9 s, more than 3 s (section 5.3)"
        );
    }

    /// S2: the reason given for a lease time is the one that it was computed with.
    #[test]
    fn s2_the_bound_named_is_the_one_that_bounds() {
        let now = LeaseInstant::from_unix_s(1_000_000);
        let at = |ahead_s: u64| match ahead_s {
            0 => LeaseInstant::ZERO,
            ahead_s => now + LeaseSpan::from_s(ahead_s),
        };
        let mclt = LeaseSpan::from_s(60);
        let desired = LeaseSpan::from_s(600);
        for (acked, received, limited, expected, lease) in [
            (0, 0, true, BoundBy::Mclt(mclt), 60),
            (100, 0, true, BoundBy::McltFromAcked(mclt), 160),
            (100, 100, true, BoundBy::McltFromAcked(mclt), 160),
            (100, 200, true, BoundBy::McltFromReceived(mclt), 260),
            (600, 0, true, BoundBy::Nothing, 600),
            (540, 0, true, BoundBy::Nothing, 600),
            (0, 0, false, BoundBy::Nothing, 600),
        ] {
            let limit = if limited { LeaseLimit::Mclt(mclt) } else { LeaseLimit::Unlimited };
            let expiries = Expiries {
                acked_potential: at(acked),
                received_potential: at(received),
                ..Expiries::default()
            };
            let terms = GrantTerms { now, desired, limit, renewal_percent: 50 };
            let explanation = LeaseExplanation {
                address: Ipv4Addr::LOCALHOST,
                status: BindingStatus::Active,
                is_clients: true,
                allowed: Ok(()),
                now,
                desired,
                limit,
                acked_potential: at(acked),
                received_potential: at(received),
                grant: grant(&terms, &expiries),
            };
            assert_eq!(explanation.bound_by(), expected, "{acked} {received}");
            assert_eq!(explanation.grant.lease.as_s(), lease);
            let text = explanation.to_string();
            assert!(text.contains(&alloc::format!(" for {lease} s: ")), "{text}");
            let refusal = Refusal::PartnersPool;
            let refused = LeaseExplanation { allowed: Err(refusal), ..explanation }.to_string();
            assert!(refused.contains(&refusal.to_string()), "{refused}");
        }
    }
}
