//! Every setting with its default and why it is that, and where we leave the draft.
//!
//! # Defaults
//!
//! What [`EndpointConfig::new`](crate::proto::EndpointConfig::new) sets, given a name, a role and the
//! partner's address:
//!
//! | field | default | why |
//! |---|---|---|
//! | `name` | no default | must be the same at both servers; it tells relationships apart |
//! | `role` | no default | one of each |
//! | `partner` | no default | connections from elsewhere are refused |
//! | `balance` | load balance, 50 % | two servers that are both used are both known to work |
//! | `mclt` | 1 h | that of the draft's example. Longer: longer waits after a failure. Shorter: more renewals of new clients |
//! | `safe_period` | none | only somebody who looks knows whether the partner is down or the cable cut; both alone may give one address twice |
//! | `receive_timer` | 60 s | a stalled partner is noticed in a minute, and CONTACT every 20 s costs nothing. A partner that closes its connection is noticed at once |
//! | `max_unacked_bndupd` | 100 | a slow disk answers many at once, so 10 would wait for it ten times as often |
//! | `max_batch` | 128 | most that helps; a message is full before that |
//! | `longest_message` | 2048 bytes | the draft's. More only helps where many leases change at once |
//! | `startup` | 10 s | time to find a partner that is there |
//! | `startup_policy` | `Wait` | the one choice that cannot give an address twice: the partner may have been told that this server is down |
//! | `unlimited_in_partner_down` | `false` | with full lease times, a server that loses its disk while alone can never be sure of a lease again |
//! | `pools_digest` | 0 | the embedder sees to it; failoverd sets it from the ranges |
//! | `secret` | none | both servers need the same. Set one |
//! | `second_secret` | none | only while the secret changes |
//! | `time_policy` | `Correct` | a difference that is known does no harm |
//! | `tls` | `false` | an embedder brings connections that are TLS already, or not |
//! | `seed` | from name and role | so that two servers do not dial in step for ever |
//! | `dialect` | found out | by the partner's vendor class |
//!
//! The same as code, so that this table cannot forget one:
//!
//! ```
//! use dhcp_failover::lease::{LeaseSpan, Role};
//! use dhcp_failover::proto::{Balance, EndpointConfig, StartupPolicy, TimePolicy};
//! use dhcp_failover::wire::MessageLimit;
//!
//! let partner = [192, 0, 2, 2].into();
//! let default = EndpointConfig::new("building-1", Role::Primary, partner);
//! assert_eq!(default, EndpointConfig {
//!     name: "building-1".into(),
//!     role: Role::Primary,
//!     partner,
//!     balance: Balance::LoadBalance { primary_percent: 50 },
//!     mclt: LeaseSpan::from_s(3_600),
//!     safe_period: None,
//!     receive_timer: LeaseSpan::from_s(60),
//!     max_unacked_bndupd: 100,
//!     max_batch: 128,
//!     longest_message: MessageLimit::new(2_048),
//!     startup: LeaseSpan::from_s(10),
//!     startup_policy: StartupPolicy::Wait,
//!     unlimited_in_partner_down: false,
//!     pools_digest: 0,
//!     secret: None,
//!     second_secret: None,
//!     time_policy: TimePolicy::Correct,
//!     tls: false,
//!     seed: default.seed,
//!     dialect: None,
//! });
//! ```
//!
//! An MCLT, a receive timer or a window of 0 counts as 1, a batch of 0 or more than 128 as the nearest
//! of those; a longer message than 8192 bytes counts as that. Nothing else is judged by the endpoint.
//! [`for_relationship`](crate::proto::EndpointConfig::for_relationship) takes mode, percentages, MCLT,
//! safe period and secret from the [`relationship`](crate::relationship) model, which judges its own.
//!
//! What an embedder decides with each request, and should decide alike on both servers:
//!
//! | what | failoverd's value |
//! |---|---|
//! | [`max_delay_s`](crate::proto::Query::max_delay_s): when the partner's clients are answered, too | 3 s |
//! | `renewal_percent` of [`grant`](crate::proto::ServiceView::grant): when its clients renew | 50 |
//!
//! # Numbers that are not settings
//!
//! | what | value |
//! |---|---|
//! | alive-until stamp | written every 2 s, 5 s ahead |
//! | leases looked at in one call | 1,024 |
//! | disputes remembered | 10,000; offered again 5 times by themselves, a minute apart |
//! | opaque data of a client (options, DNS) | [`MAX_OPAQUE_OPTIONS`](crate::proto::MAX_OPAQUE_OPTIONS) bytes each |
//! | an address changes hands | from a tenth of the pool out of balance on |
//! | the secondary leaves the end of a lease to the primary | for 60 s, in NORMAL |
//!
//! # Where we leave the draft
//!
//! The draft was never finished, contradicts itself in places, and has holes through which an address
//! reaches two clients. The short list; each has a row with the reason in `ARCHITECTURE.md` of the
//! repository ("Where we leave the draft, and why"), and `docs/requirements` says of every MUST and
//! SHOULD what became of it.
//!
//! * **Leases** never run further than the MCLT beyond what the partner knows, renewals included (H1).
//! * **Ownership** of an address is on disk before it is told (H2). Reserved addresses count when both
//!   servers know of them (H3).
//! * **PARTNER-DOWN** is refused while the partner is at work, unless forced; after an absence even a
//!   server's own addresses wait (H4). A server alone after its start waits, unless configured
//!   otherwise (H12).
//! * **Crossing updates** are decided so that both servers end with the same (H6); what is refused is
//!   kept and offered again (H7).
//! * **Leases the partner never heard of** go back to the pool when they end (H10).
//! * **Balancing** has a threshold and ends after one round (H11).
//! * **On the wire** the payload offset is 12 (H13), RECOVER-WAIT is 254 (H14), the digest is HMAC and
//!   comes first (H15), transaction ids are not compared (H16), IP-flags have two bytes and client
//!   identifiers are those of option 61 (H17).
//! * **Both servers dial** (H18).
//! * **Recovery** tells every address that was ever used (H20), waits longer for leases of before a loss
//!   (H19), and ends PARTNER-DOWN's liberties in time (H21).
