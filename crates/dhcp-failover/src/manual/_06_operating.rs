//! What an operator sees and orders, and what the answers mean.
//!
//! The commands named here are those of `failoverctl`; each is a call an embedder can offer as well.
//!
//! # What to watch
//!
//! | what | where | says |
//! |---|---|---|
//! | state, partner's state | [`Status`](crate::proto::Status), `failoverctl status` | NORMAL on both is the aim |
//! | events | [`Event`](crate::proto::Event), by [`severity`](crate::proto::Event::severity) | `Alarm`: page somebody; `Warning`: look some time |
//! | counters | [`Stats`](crate::proto::Stats), `/metrics` | how much, for graphs |
//! | disputes | [`disputes`](crate::proto::Endpoint::disputes), `failoverctl leases` | what the partner refused, and why |
//!
//! COMMUNICATIONS-INTERRUPTED is no reason to hurry: both servers serve everybody. What runs out is
//! the addresses of each, and [`Event::PoolShort`](crate::proto::Event::PoolShort) says so before it
//! happens, from the rate at which they are taken: it comes early enough for somebody to decide and
//! for the MCLT that PARTNER-DOWN has to wait. It says why the partner's addresses cannot be had,
//! too; [`PoolSupplied`](crate::proto::Event::PoolSupplied) says that it is over.
//!
//! # Orders
//!
//! | order | failoverctl | use it when |
//! |---|---|---|
//! | [`PartnerDown`](crate::proto::Command::PartnerDown) | `partner-down` | the partner does not run, and its addresses will be needed |
//! | [`ForcePartnerDown`](crate::proto::Command::ForcePartnerDown) | `partner-down --force` | the same, and you know that it did not serve alone meanwhile |
//! | [`Recover`](crate::proto::Command::Recover) | `recover` | you distrust what this server has on disk |
//! | [`Pause`](crate::proto::Command::Pause) | `pause`, or SIGTERM | it will be back in minutes |
//! | [`Shutdown`](crate::proto::Command::Shutdown) | `shutdown` | it will be away for long; the partner goes to PARTNER-DOWN |
//!
//! `failoverctl` asks before `partner-down`, `recover` and `shutdown`, and does nothing where nobody can
//! be asked; scripts add `--yes`, which is not `--force`.
//!
//! [`permits`](crate::proto::Endpoint::permits) says whether an order would be carried out, and if
//! not, why and what to do instead. PAUSED and SHUTDOWN are announced to the partner, not remembered:
//! a server that starts again begins with the state before.
//!
//! **PARTNER-DOWN is a promise of yours: the partner does not serve.** The server cannot check it. It
//! refuses only what is plainly wrong: a partner that is connected and at work. First ask what the
//! order would risk:
//!
//! ```
//! # use dhcp_failover::lease::{LeaseInstant, Role};
//! # use dhcp_failover::proto::*;
//! # let mut table = BindingTable::new();
//! # table.add_pool(["192.0.2.10".parse()?..="192.0.2.19".parse()?])?;
//! # let partner = [198, 51, 100, 2].into();
//! # let config = EndpointConfig::new("east-west", Role::Primary, partner);
//! # let (now, wall) = (Monotonic::from_ms(0), LeaseInstant::from_unix_s(1_700_000_000));
//! # let mut endpoint = Endpoint::new(config, None, now, wall);
//! let mut risk = endpoint.partner_down_risk();
//! while !risk.examine(&table) {} // 1,024 bindings a call; other work goes between
//! assert_eq!(risk.refused, None);
//! assert_eq!((risk.leases, risk.pools[0].own), (0, 10));
//! // When can clients have this server's own addresses, and when the partner's?
//! assert!(risk.own_usable_at <= risk.partners_usable_at);
//! assert_eq!(risk.heard_s_ago, None); // not since this start
//!
//! endpoint.handle(now, Input::Command(Command::PartnerDown), &table);
//! assert_eq!(endpoint.status().state, State::PartnerDown);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! (`failoverctl partner-down --dry-run` prints the same.) A server that was itself away for the MCLT
//! or longer cannot know whether its partner was alone meanwhile and leased all addresses. It then
//! waits the MCLT even for its own; only `--force` says that there is nothing to wait for.
//!
//! When the partner returns, nobody has to order anything: it recovers, and both come to NORMAL.
//!
//! # Why?
//!
//! Every decision of the packet path can be asked for its reason, in words, with the section and the
//! numbers it was computed from. The decision itself is made of the explanation, so the two cannot
//! differ. `failoverctl explain --hwaddr 02:00:00:00:00:01` shows it for a client.
//!
//! ```
//! # use dhcp_failover::lease::{Client, HardwareAddress, LeaseInstant, LeaseSpan, Role};
//! # use dhcp_failover::proto::*;
//! # let mut table = BindingTable::new();
//! # table.add_pool(["192.0.2.10".parse()?..="192.0.2.19".parse()?])?;
//! # let partner = [198, 51, 100, 2].into();
//! # let config = EndpointConfig::new("east-west", Role::Primary, partner);
//! # let (now, wall) = (Monotonic::from_ms(0), LeaseInstant::from_unix_s(1_700_000_000));
//! # let endpoint = Endpoint::new(config, None, now, wall);
//! let client = Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap());
//! let view = endpoint.view();
//! let query = Query {
//!     class: RequestClass::New,
//!     key: client.balance_key(),
//!     secs: 0,
//!     max_delay_s: Some(3),
//!     partner_pool_empty: false,
//!     now: endpoint.lease_now(),
//! };
//! assert_eq!(
//!     view.explain(&query).to_string(),
//!     "a new client is not answered by the primary in STARTUP: nobody is served in this state \
//!      (section 9.2)"
//! );
//! let binding = table.get("192.0.2.10".parse()?).unwrap();
//! let day = LeaseSpan::from_s(86_400);
//! let why = view.explain_lease(&binding, &client, day, 50, endpoint.lease_now());
//! assert_eq!(why.bound_by(), BoundBy::Mclt(LeaseSpan::from_s(3_600)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Changing the configuration of a running endpoint
//!
//! [`Input::Configure`](crate::proto::Input::Configure) takes another MCLT, split, mode, secret, timers
//! and policies. It counts once it is on disk; what the partner hears in CONNECT only, such as the
//! split, takes a new connection, which the endpoint makes. What cannot change is listed at once, each
//! with its way:
//!
//! ```
//! # use dhcp_failover::lease::{LeaseInstant, LeaseSpan, Role};
//! # use dhcp_failover::proto::*;
//! # let table = BindingTable::new();
//! # let partner = [198, 51, 100, 2].into();
//! let config = EndpointConfig::new("east-west", Role::Primary, partner);
//! # let (now, wall) = (Monotonic::from_ms(0), LeaseInstant::from_unix_s(1_700_000_000));
//! let mut endpoint = Endpoint::new(config.clone(), None, now, wall);
//!
//! let wrong = EndpointConfig { role: Role::Secondary, tls: true, ..config.clone() };
//! let errors = endpoint.permits_configuration(&wrong).unwrap_err();
//! assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), ["role", "tls"]);
//!
//! let half_hour = EndpointConfig { mclt: LeaseSpan::from_s(1_800), ..config };
//! assert_eq!(endpoint.permits_configuration(&half_hour), Ok(()));
//! endpoint.handle(now, Input::Configure(Box::new(half_hour)), &table);
//! ```
//!
//! | change | at which server |
//! |---|---|
//! | MCLT, split, mode | the primary; the secondary is told. Give both the same all the same, for the day the roles change |
//! | secret | both: the new one as [`second_secret`](crate::proto::EndpointConfig::second_secret) at both, then exchange the two at both, then take the old one away |
//! | timers, window, policies | each for itself |
//! | addresses: pools added or removed | each, one after the other, in NORMAL best: see [`Input::Configure`](crate::proto::Input::Configure) |
//! | name, role, partner, TLS, dialect | not while it runs |
//!
//! While the MCLT changes, grants use the smaller one and waits the larger one, so a longer one takes
//! effect when both have it, and a shorter one has all its effect after the longer one is over.
//! failoverd has no command for it yet: there, change the file and start the server anew.
//!
//! # What the two servers disagree on
//!
//! * **Disputes.** The partner may refuse an update: for an address it does not have, or because its
//!   record is newer. The address stays *disputed* until that is settled: it is offered again when it
//!   changes, on each new connection, and five times by itself. Two servers that found out the same
//!   thing settle it at once, which is no more than a line in the log; a dispute that stays means
//!   different addresses.
//! * **Pools that differ.** Two of ours compare them when they connect. A pool that is not the same at
//!   both is [quarantined](crate::proto::Quarantine): leases are renewed, but no client gets a new one
//!   there and no address changes hands until both servers have the same
//!   and have told each other what they know of it.
//!   [`PoolsDiffer`](crate::proto::Event::PoolsDiffer) names the pools, and
//!   [`PoolsAgree`](crate::proto::Event::PoolsAgree) is the end of it. So change scopes at both
//!   servers one soon after the other. In PARTNER-DOWN there is nobody to differ from: after the MCLT
//!   the pool is used.
//! * **Reservations** count when both servers know of them: the primary marks and tells them, and one
//!   that only one server has is an alarm,
//!   [`ReservationDiffers`](crate::proto::Event::ReservationDiffers). Nobody else gets the address
//!   meanwhile. A cancelled one is nobody's before both have agreed.
//! * **Settings** that are not safe together are an alarm,
//!   [`UnsafeSettings`](crate::proto::Event::UnsafeSettings).
//! * **Refusals.** A DISCONNECT or CONNECTACK whose reason will be the same next time (another name,
//!   another secret, an address that is not configured) is an alarm, and a pause of a minute or two.
//!
//! # Losses
//!
//! | what happened | what to do |
//! |---|---|
//! | a server died and comes back with its disk | nothing |
//! | it will be gone for long | `partner-down` at the other, after the dry run |
//! | its disk is lost | start it with an empty store: it fetches everything, then waits the MCLT |
//! | its disk is an old copy | the same: take the copy away first |
//! | both were told that the other was down | nothing: they compare, and each address is one client's again; the events say which client lost |
//! | the clock of a machine was wrong | [the chapter on clocks](super::_05_clocks) |
//!
//! # Relationships of failoverd
//!
//! `failoverctl` has Windows' operations, by the cmdlets' parameters, each on the one server it is said to. A
//! pair takes the same word on both:
//!
//! | to | say | in this order |
//! |---|---|---|
//! | begin a relationship | `add NAME --partner-server P --scope-id S`, and with `--server-type Secondary` (load balance) or `--server-role Standby` at the other | any; clients of its scopes wait until the two have met |
//! | put a scope into it | `add-scope NAME --scope-id S` | in NORMAL, any; the scope gives no new lease before both have it |
//! | take a scope out | `remove-scope NAME --scope-id S` | first where it is to be served no more, after `set-scope --scope-id S --state InActive`. The other serves all its clients on, and gives what was the partner's after the MCLT |
//! | end it | `remove NAME` | the same |
//! | change the split, the MCLT, the mode | `set NAME --load-balance-percent 70` and the other server's 30 | the primary's counts |
//! | change the secret | `set NAME --shared-secret-file F` | any, soon after each other: in between they do not talk, and both serve |
//!
//! What was changed is in force after a restart, too. `failoverctl config export` writes a configuration
//! file that says it, for the day the store is lost.
