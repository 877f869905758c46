//! With whom an endpoint can pair, and what is different then.
//!
//! An endpoint finds out whom it talks to from the vendor class in CONNECT or CONNECTACK, and speaks in
//! that manner. [`dialect`](crate::proto::EndpointConfig::dialect) says it beforehand.
//!
//! | partner | state of it |
//! |---|---|
//! | this implementation | tested most: simulator, storms, real processes |
//! | ISC dhcpd 4.4 | works in both roles; a live dhcpd 4.4.3 is part of the tests (`examples/failoverd/tests/isc`) |
//! | another server of draft-12 | by the draft; none is known to test with |
//! | Windows Server | by published facts and one capture, in both roles; **never tried with a real one** |
//! | Kea | never: its protocol is another one |
//!
//! # Two of ours
//!
//! They tell each other more, in the vendor options, which others ignore:
//!
//! * whether either ever ran the relationship: a new pair need not wait the MCLT;
//! * how many connections they have had, and until when each has served: an older copy of a store is
//!   found out, and waits are counted from the last service rather than from the start;
//! * a digest of each pool: pools that differ are quarantined
//!   ([`_06_operating`](super::_06_operating));
//! * longer messages than the draft's 2048 bytes, if both have
//!   [`longest_message`](crate::proto::EndpointConfig::longest_message) above that.
//!
//! Updates go in batches, up to [`max_batch`](crate::proto::EndpointConfig::max_batch) in one message.
//! A partner that hangs up on a batch gets one update a message from then on.
//!
//! # ISC dhcpd
//!
//! ## Configure both
//!
//! | dhcpd | here | |
//! |---|---|---|
//! | `failover peer "NAME"` | [`name`](crate::proto::EndpointConfig::name) | byte for byte the same |
//! | `primary` / `secondary` | [`role`](crate::proto::EndpointConfig::role) | the other one |
//! | `address`, `peer address` | [`partner`](crate::proto::EndpointConfig::partner) | dhcpd takes connections from its `peer address` only, and closes others without a word: [`Event::Unheard`](crate::proto::Event::Unheard) |
//! | `mclt`, `split`, `hba` (primary) | [`mclt`](crate::proto::EndpointConfig::mclt), [`balance`](crate::proto::EndpointConfig::balance) | the primary's count; `split 128` is 50 %, an `hba` is [`Balance::Buckets`](crate::proto::Balance::Buckets) |
//! | `max-response-delay` | [`receive_timer`](crate::proto::EndpointConfig::receive_timer) | |
//! | `max-unacked-updates` | [`max_unacked_bndupd`](crate::proto::EndpointConfig::max_unacked_bndupd) | 10 in most of dhcpd's configurations |
//! | `load balance max seconds` | [`max_delay_s`](crate::proto::Query::max_delay_s) | give both the same |
//! | `pool { range ... }` | the pools of the table | the same addresses; what one server lacks stays disputed |
//! | no counterpart | [`secret`](crate::proto::EndpointConfig::secret), [`tls`](crate::proto::EndpointConfig::tls) | leave them unset: dhcpd knows neither |
//!
//! dhcpd always strives for halves of a pool, whatever the split says.
//!
//! ```
//! use dhcp_failover::lease::{LeaseSpan, Role};
//! use dhcp_failover::proto::{Balance, EndpointConfig};
//! use dhcp_failover::wire::Dialect;
//!
//! // failover peer "building-1" { primary; address 192.0.2.1; peer address 192.0.2.2;
//! //                              mclt 1800; split 128; load balance max seconds 3; ... }
//! let secondary = EndpointConfig {
//!     mclt: LeaseSpan::from_s(1_800),
//!     balance: Balance::LoadBalance { primary_percent: 50 },
//!     dialect: Some(Dialect::IscDhcpd), // or `None`: it is found out
//!     ..EndpointConfig::new("building-1", Role::Secondary, [192, 0, 2, 1].into())
//! };
//! assert_eq!(secondary.secret, None);
//! ```
//!
//! ## What the endpoint does differently with it
//!
//! * **It connects anew, once.** A primary writes its first CONNECT before it knows to whom. If dhcpd
//!   answers, that CONNECT was misunderstood: dhcpd reads the hash buckets the other way round, so both
//!   servers would serve the same clients. The endpoint closes the connection and makes it again in
//!   dhcpd's manner ([`Event::ConnectsAnew`](crate::proto::Event::ConnectsAnew)). With the dialect
//!   configured the first one is right.
//! * **Its window is at most twice dhcpd's.** dhcpd answers when half of the window offered to it is
//!   full, or after two seconds; if its own window is smaller than that half, each window takes two
//!   seconds. A larger `max-unacked-updates` at dhcpd makes updates quicker.
//! * **One update in a message**, no vendor options, no DNS data: dhcpd ends the connection, or worse,
//!   on what it does not know.
//! * **Conflicts** are decided as dhcpd decides them, so that both end with the same.
//! * **Pools move from either side, to halves.** dhcpd asks for addresses and gives them back in either
//!   role. Nothing is taken back from it, for it would free an address that it has leased meanwhile: a
//!   primary of ours asks with POOLREQ, once a minute at most. Any other share than a half would be
//!   undone by dhcpd each minute, so none is tried.
//!
//! * **As its secondary it speaks second.** A dhcpd in CONFLICT-DONE ends its process when it hears of
//!   most states, and again each time it is started. The endpoint waits for its STATE, and tells one in
//!   CONFLICT-DONE of POTENTIAL-CONFLICT, which it comes to in any case.
//! * **It helps a dhcpd that waits for nothing.** One that recovers asks for updates only if it hears of
//!   RECOVER, COMMUNICATIONS-INTERRUPTED or PARTNER-DOWN: a server in RECOVER-DONE that was not asked
//!   goes back to RECOVER. One that has just started passes over a state that it had heard before, so it
//!   is told of RECOVER-DONE again.
//! * **It does not take dhcpd's word that all was told.** A dhcpd tells of every address it has, used or
//!   not, when it is asked for everything. If it leaves some out although it may have leased them, the
//!   endpoint stays in RECOVER ([`PartnerFault::Untold`](crate::proto::PartnerFault::Untold)); if it sends
//!   nothing at all, that is told too ([`PartnerFault::Silent`](crate::proto::PartnerFault::Silent)).
//! * **A lease that dhcpd ends at the very second** is acknowledged two seconds later, by way of a refusal:
//!   clocks count whole seconds.
//!
//! ## When dhcpd needs its operator
//!
//! | the log says | what has happened | do |
//! |---|---|---|
//! | "has sent none for ... s ... restart dhcpd" | a connection broke while updates were under way to us, and dhcpd still waits for their answers | restart dhcpd, not this server; then all goes on by itself |
//! | "has told everything, but not of N addresses" | the same, in part; or its ranges lack these addresses | compare the ranges; if they are the same, restart dhcpd |
//! | "partner is in SHUTDOWN", and dhcpd runs | it saw what it takes for impossible, and never leaves that state | stop dhcpd, remove `dhcpd.leases`, start it with an empty one: it fetches all from this server |
//! | "the partner has closed N connections without a word" | it knows no partner at this server's address | compare `peer address` with `failover_listen` |
//! | "the primary's MCLT of ... counts" | the two configurations differ | write the same in both |
//!
//! ## What cannot be mended from this side
//!
//! * **A dhcpd that is primary takes our lease over its own** of another client, when both were alone
//!   and gave out one address twice. It does not refuse and does not tell us; only its own log has it.
//! * **It takes up requests that name another server**, unless it has `server-id-check true`.
//!   Otherwise both servers answer one DHCPREQUEST, with the same address.
//! * **Leases of about a minute** may end too early: dhcpd believes an EXPIRED up to 65 s before the end
//!   of its own record, so one of ours sent on reconnecting can end a lease it has just renewed. Give
//!   leases of several minutes at least.
//! * **Clocks more than 60 s apart** when they connect: dhcpd refuses. Nor does it correct smaller
//!   differences, so leases it gives can be off by that much. Run NTP on both.
//! * **Host names and option 82 stop there.** It drops the request and reply options it is sent, and
//!   tells none; of DNS records it must not be told at all. Each server keeps what was said to itself,
//!   through renewals and the other's updates, but a dhcpd that takes over does its DNS updates anew.
//! * **No authentication.** Anybody who can send from the partner's address is the partner.
//! * **Reserved and BOOTP addresses**: dhcpd gives a lease marked `reserved` only while it is in its own
//!   available state (`free` at the primary, `backup` at the secondary), and another address otherwise.
//!   This server gives and renews a reserved address in either role, once dhcpd knows that it is
//!   reserved.
//! * **After trouble in the middle of a recovery** dhcpd may have sent less than it should, and only its
//!   own start mends that; see above.
//! * **A store restored from an old copy** is noticed by two of ours only. Do not restore
//!   `dhcpd.leases`; start with an empty file and let the partner fill it.
//!
//! # Windows Server
//!
//! **No real Windows was there to try with.** What is known comes from \[MS-DHCPF\] and from one capture of
//! a pair of Windows Server 2022 with load balance 50/50. Before you rely on it, run a pair in a lab, and
//! look with `failoverctl decode` at what is said.
//!
//! | verified | how |
//! |---|---|
//! | messages, their options and order, names in UTF-16, STATE 3 and 4 | the messages of that capture are read and written byte by byte |
//! | handshake, digests among ourselves, scopes, ownership, leases, renewals, releases; a lost connection, either process lost | a peer that is written from the facts, with a real failoverd process in both roles (`tests/process/windows.rs`) |
//! | storms of faults: what this side says and does keeps its rules | the same peer in the simulator |
//!
//! What nobody outside has seen is a named setting
//! ([`windows::Settings`](crate::wire::windows::Settings), [`Scheme`](crate::wire::digest::Scheme); in
//! failoverd the table `windows`):
//!
//! | not verified | taken for true |
//! |---|---|
//! | what the digest covers, and how the secret becomes its key | the message with the digest zeroed; UTF-16LE |
//! | whose an address is that is given with 1, or 2 | as in the capture: 1 is the secondary's. **The published table says the opposite.** If that is right, a secondary of ours gives out the primary's addresses: verify this first |
//! | the numbers of states other than NORMAL and COMMUNICATIONS-INTERRUPTED | those of the management interface |
//! | whose a set hash bucket is; what is hashed of a client | the primary's; the client identifier, or the hardware address |
//! | what a declined address is, how rejects are written | ABANDONED; as the draft has them |
//! | what Windows makes of RECOVER-WAIT, and how it recovers and resolves conflicts | as the draft |
//! | how clients are named whose identifier is not their hardware address | by that address; the identifier beside it |
//!
//! ## Configure both
//!
//! The relationship is made on Windows by its tools, which want a Windows partner: how it is brought to
//! accept another one is not known. Name, MCLT, mode, percentage, scopes, ranges and reservations must be
//! the same here, for Windows tells none of them, or ignores what it is told.
//!
//! * Set [`dialect`](crate::proto::EndpointConfig::dialect). A secondary finds it out by itself; a
//!   primary speaks first, and Windows does not understand the draft's CONNECT. With a secret the key
//!   must be made for [`Scheme::WINDOWS`](crate::wire::digest::Scheme::WINDOWS).
//! * The embedder's table says which subnet an address is in
//!   ([`Bindings::subnet_of`](crate::proto::Bindings::subnet_of)): Windows is told of it with every binding.
//! * Clocks: Windows ends the connection above 60 s. Run NTP on both.
//!
//! ## What the endpoint does differently with it
//!
//! * **Only the primary connects.** A secondary of ours does not ask for a connection.
//! * **No POOLREQ, POOLRESP, DISCONNECT, TLS, vendor options.** Windows drops them unread. A pause or a
//!   shutdown is a closed connection.
//! * **Addresses are handed over by the primary.** One that ours takes back is told as RECONCILE, which
//!   means the same in every reading.
//! * **RESET is told as EXPIRED**, and reservations by the type of the client: for the flag there is no
//!   bit. An address that is reserved here is given by the server that owns it only, and an update that
//!   would make it available is refused.
//! * **A client is who has its hardware address.** Windows names no other identifier.
//! * **A request for some scopes** waits for their bindings only; scopes that are not known here are an
//!   alarm.
//! * **RECOVER-WAIT is kept** also when both servers are new: Windows does not tell whether it is.
//!
//! # Moving off dhcpd
//!
//! One server after the other, with clients being served all the time. The tests do this with a pair
//! in service and 20,000 leases: no client loses its address, and those whose server is just being
//! replaced have their lease extended by the other one when they ask everybody (rebinding).
//!
//! 1. Make a configuration of the secondary's: `failoverctl convert dhcpd.conf > failoverd.toml`. It
//!    lists what could not be carried over, on the screen and as comments. Read that list.
//! 2. Both in `normal`: stop the secondary's dhcpd, start failoverd in its place, with an empty store.
//!    It recovers: it fetches all leases, then waits the MCLT, while the other dhcpd serves.
//! 3. Wait for NORMAL on both (`failoverctl status`), and look for disputes (`failoverctl leases`).
//! 4. The same with the primary.
//! 5. Now that both are of ours: set a [`secret`](crate::proto::EndpointConfig::secret).
//!
//! The leases come over the failover connection; `dhcpd.leases` is not needed there. It is for a dhcpd
//! without a partner, or whose partner is lost: stop it, then
//! `failoverctl import --config failoverd.toml dhcpd.leases` writes its leases into the empty store of
//! the configuration, with their clients, times, host names and option 82, before failoverd is started
//! (`--dry-run` only says what would be). Clients keep their addresses. In scopes with failover the
//! server is still new to the relationship: it waits for its partner, or for `failoverctl
//! partner-down` if there is none. Which free address is whose is not imported. Until step 4 is done,
//! the way back is the same with the servers exchanged. A smaller `mclt` before the move makes the
//! waits shorter.
