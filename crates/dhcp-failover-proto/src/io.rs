//! What goes into an endpoint and what comes out.

use crate::{Monotonic, Reason, Record, Shortage, State, Ticket};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{BindingFlags, Client, Grant, LeaseInstant, LeaseSpan, PoolCounts};
use dhcp_failover_wire::{Dialect, OptionCode, RejectReason};

/// One TCP connection, named by the driver. Never reuse a number within one run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a number of the driver's choice")]
pub struct LinkId(pub u64);

/// Who opened a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum LinkSide {
    /// This server, after [`Output::Dial`].
    Dialed,
    /// The partner.
    Accepted,
}

/// Names a lease event, so that its outcome can be told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a number of the driver's choice")]
pub struct Token(pub u64);

/// Something that happened to a lease on this server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LeaseEvent {
    /// A client was promised the address. Answered by [`Output::Confirm`] when the DHCPACK may
    /// leave, or by [`Output::Refuse`].
    Granted {
        /// Names this event.
        token: Token,
        /// The address.
        address: Ipv4Addr,
        /// The client.
        client: Client,
        /// What [`ServiceView::grant`](crate::ServiceView::grant) answered.
        grant: Grant,
        /// The [`version`](dhcp_failover_lease::Binding::version) of the binding it was decided on.
        version: u64,
        /// The [`epoch`](crate::ServiceView::epoch) of the view it was decided with.
        epoch: u64,
        /// `reserved`: the address is reserved for this client. What is recorded and told as
        /// reserved is what [`Bindings::is_reserved`](crate::Bindings::is_reserved) says at the
        /// primary. `bootp`: it is a BOOTP client (§5.14).
        flags: BindingFlags,
        /// What the partner may like to know of the request: the magic cookie, then options as in a
        /// DHCP packet (§12.8, table 7.1.1-2). If this is empty or has more than
        /// [`MAX_OPAQUE_OPTIONS`](crate::MAX_OPAQUE_OPTIONS) bytes, what was said of this client
        /// before stays.
        request_options: Vec<u8>,
    },
    /// Data of the embedder's on the client that holds, or last held, an address: stored, told to the
    /// partner, and gone when another client gets the address. Answered by [`Output::Confirm`] when
    /// they are durable, or by [`Output::Refuse`].
    ///
    /// Empty data change nothing. Say that there is no reply option any more with the magic cookie
    /// alone, and that there are no DNS records any more with two zero bytes of flags.
    Annotated {
        /// Names this event.
        token: Token,
        /// The address.
        address: Ipv4Addr,
        /// The [`version`](dhcp_failover_lease::Binding::version) of the binding that is meant.
        version: u64,
        /// The magic cookie, then options of the reply as in a DHCP packet (§12.7); at most
        /// [`MAX_OPAQUE_OPTIONS`](crate::MAX_OPAQUE_OPTIONS) bytes.
        reply_options: Vec<u8>,
        /// Two bytes of flags and the client's domain name (§12.9); at most as many. dhcpd is not
        /// told of it: it would end the connection.
        ddns: Vec<u8>,
    },
    /// The client gave the address back (DHCPRELEASE). Ignored unless it is its own.
    Released {
        /// The address.
        address: Ipv4Addr,
        /// The client.
        client: Client,
    },
    /// The address is in use by somebody unknown (DHCPDECLINE or a ping answer).
    Declined {
        /// The address.
        address: Ipv4Addr,
        /// Do not use it before then.
        until: LeaseInstant,
    },
    /// The time of this lease is over, as [`ServiceView::ends_at`](crate::ServiceView::ends_at)
    /// counts it. Ignored if it is not.
    Expired {
        /// The address.
        address: Ipv4Addr,
    },
    /// An operator makes the address available (§5.11, RESET).
    Reset {
        /// The address.
        address: Ipv4Addr,
    },
}

/// What an operator may order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Command {
    /// The partner is down: serve alone (§9.4). True only if it *is* down. Refused while the partner
    /// is heard. [`Endpoint::partner_down_risk`](crate::Endpoint::partner_down_risk) says what it
    /// would risk.
    PartnerDown,
    /// The same, and the operator vouches for it: the partner is down whatever this server hears,
    /// and was not alone for longer than the MCLT while this server did not serve, so that this
    /// server's own addresses are free at once (H4). Nothing but a person can know that.
    ForcePartnerDown,
    /// Distrust what this server has, though nothing seems to be wrong with it: fetch everything
    /// from the partner, and wait as long as leases may run that this server gave, before serving
    /// again (§5.17, §9.5, §9.6). What only this server knows is not lost; the partner is told.
    Recover,
    /// This server is about to restart (§9.13).
    Pause,
    /// This server goes away for longer (§9.14).
    Shutdown,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PartnerDown => "partner-down",
            Self::ForcePartnerDown => "forced partner-down",
            Self::Recover => "recover",
            Self::Pause => "pause",
            Self::Shutdown => "shutdown",
        })
    }
}

/// Why a command was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// The state does not allow it.
    NotInState {
        /// The command.
        command: Command,
        /// This server's state; in STARTUP, the one before.
        state: State,
        /// Why the state does not allow it, and what to do.
        because: Reason,
    },
    /// The partner is there: it cannot be down.
    PartnerIsHeard {
        /// The partner's state.
        partner: State,
    },
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInState { command, state, because } => {
                write!(f, "{command} is not possible in state {state}: {because}")
            }
            Self::PartnerIsHeard { partner } => write!(
                f,
                "the partner is not down: it is connected and in state {partner}; stop it first, \
                 or force the order if you know better"
            ),
        }
    }
}

impl core::error::Error for CommandError {}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// Time passed. Calling more often than asked for is harmless.
    Tick,
    /// A connection with the partner is open. For an accepted one, the driver has found the
    /// relationship with [`Listener::route`](crate::Listener::route).
    LinkUp {
        /// Its name.
        link: LinkId,
        /// Who opened it.
        side: LinkSide,
    },
    /// The connection asked for by [`Output::Dial`] could not be made.
    DialFailed,
    /// The partner opened a connection to be noticed, and that connection is not for this
    /// relationship, or not yet: several relationships have this partner (§8.2). A primary without
    /// a link dials. Where there is one relationship only, give it the connection with
    /// [`Input::LinkUp`] instead.
    Stimulus,
    /// A whole message arrived.
    Frame {
        /// On which connection.
        link: LinkId,
        /// The message, header included.
        bytes: &'a [u8],
    },
    /// A connection is gone.
    LinkDown {
        /// Which one.
        link: LinkId,
    },
    /// Every record up to and including this ticket is on stable storage.
    Persisted(Ticket),
    /// Something happened to a lease.
    Lease(LeaseEvent),
    /// An operator orders something. Check [`Endpoint::permits`](crate::Endpoint::permits) first to
    /// tell why it would be refused.
    Command(Command),
    /// The operator changes the configuration. Nothing of it counts before it is on disk; what the
    /// partner must hear of, such as the MCLT or the split, takes a new connection. Ignored unless
    /// [`Endpoint::permits_configuration`](crate::Endpoint::permits_configuration).
    ///
    /// **Pools are added and removed** so: ask whether another
    /// [`pools_digest`](crate::EndpointConfig::pools_digest) is permitted, change the
    /// [`Bindings`](crate::Bindings), and give the order before anything else; then do the same at
    /// the partner, in either order. The servers connect anew and compare. A pool that only one has
    /// gives no new lease, its leases are renewed, and the partner refuses to hear of it; once both
    /// have it each fetches what the other knows of it, and then it is used (S15).
    ///
    /// * Addresses that come must be unused, or come with every binding on record: with those of
    ///   before if they were in this relationship once. No third server may have leases there. Lost
    ///   records are fetched by [`Command::Recover`](crate::Command::Recover), not by this.
    /// * Addresses that go are not to be given to anybody by any means, while the partner still has
    ///   them: it goes on renewing their leases. Nor after that, before the latest time on record of
    ///   each ([`Expiries::latest`](dhcp_failover_lease::Expiries::latest)) and the MCLT after the
    ///   partner has removed them, too. Keep their bindings until then.
    /// * Before addresses go from one server while the other has them, or gets them, that one must know
    ///   of their leases: wait until nothing is [pending](crate::Status::pending) or
    ///   [disputed](crate::Status::disputed). What was leased in PARTNER-DOWN and told to nobody, the
    ///   other would give to somebody else (S1).
    Configure(alloc::boxed::Box<crate::EndpointConfig>),
}

/// Why a grant was refused: what it was decided on has changed. Decide anew.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Stale {
    /// The endpoint's state, or its promise to be alive, is another one now.
    View,
    /// The binding has changed.
    Binding,
    /// The address is not in this relationship's pools.
    Address,
    /// The lease would end later than allowed.
    Terms,
    /// The address is of a pool that is not the same at both servers, and the lease would be new
    /// ([`Quarantine`](crate::Quarantine)).
    Quarantine,
    /// The client's identifier is longer than 255 bytes and could not be told to the partner.
    Client,
    /// The partner refused what this server says of the lease, for it has another client on record
    /// ([`Endpoint::disputes`](crate::Endpoint::disputes)).
    Disputed,
    /// The address is reserved for another client, or not reserved although the grant says so
    /// (§5.13).
    Reserved,
    /// The data are longer than [`MAX_OPAQUE_OPTIONS`](crate::MAX_OPAQUE_OPTIONS) bytes.
    Options,
}

/// Something worth a log line or an alarm.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The state changed.
    State {
        /// From this one.
        from: State,
        /// To this one.
        to: State,
        /// Why.
        because: Reason,
    },
    /// No partner has been found, and nobody is served until there is one or an operator decides
    /// (§9.3.2 step 6, H12).
    Waiting {
        /// The state it waits in.
        state: State,
        /// Why.
        because: Reason,
    },
    /// The store is an older copy: the partner knows of a later connection, or has heard this server
    /// serve long after its newest stamp. Everything is fetched from the partner and waited for, as
    /// after the loss of the disk.
    OldStore {
        /// Seconds of this server's service, at least, that the store knows nothing of: 0 if it was
        /// at work alone for longer than it had been before.
        missing_s: u32,
    },
    /// The partner reported a state.
    PartnerState {
        /// This one.
        state: State,
        /// With the STARTUP flag.
        startup: bool,
    },
    /// Communications are okay (§8.3).
    Connected,
    /// Communications failed.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// A connection was refused, by us or by the partner.
    Refused {
        /// The reject reason.
        reason: RejectReason,
        /// In words.
        message: String,
    },
    /// The partner is of another make than the CONNECT was written for, and would have misunderstood
    /// it. The connection is made anew, now for this dialect.
    ConnectsAnew {
        /// The partner's.
        dialect: Dialect,
    },
    /// The partner closes every connection at once: it does not expect them from this server's address,
    /// or knows nothing of this relationship.
    Unheard {
        /// So many in a row.
        connections: u32,
    },
    /// The partner sent something it should not have.
    PeerError {
        /// In words.
        message: String,
    },
    /// The partner named no value, or one that makes no sense; another one is used.
    ValueReplaced {
        /// What it is.
        option: OptionCode,
        /// The partner's value.
        found: Option<u32>,
        /// The one in use.
        used: u32,
    },
    /// The primary named another MCLT than this server's configuration, and it is the primary's that
    /// counts (§5.2.1).
    PrimarysMclt {
        /// This server's.
        configured: LeaseSpan,
        /// The one in use.
        used: LeaseSpan,
    },
    /// The partner is a dhcpd with a fault that only its operator can mend.
    PartnerFault(crate::PartnerFault),
    /// The wall clock was set while this server was away. The lease clock goes on from the last
    /// record, so no lease ends early or late; what is shown and logged differs from the wall clock.
    /// It is taken over when the machine starts anew, or by
    /// [`ClockStart::trust_wall`](crate::ClockStart::trust_wall).
    WallClockDiffers {
        /// It is ahead by so many seconds; negative: behind.
        ahead_s: i64,
    },
    /// Since this machine was started anew, its clock and the partner's do not differ as they did
    /// before: one of them was set. If it was this one, leases end early here (the clock is ahead),
    /// or late. Compare it with the true time.
    ClockDoubtful {
        /// This server's clock is ahead of what the partner's makes of it by so many seconds at
        /// least; negative: behind.
        ahead_s: i64,
    },
    /// The partner's clock was set while connected or between two connections, or its messages were
    /// under way for longer than tReceive. Its times are understood anew (§5.10).
    PartnerClockStepped {
        /// Forward by so many seconds; negative: back.
        by_s: i64,
    },
    /// The partner refused a binding update; the address is disputed until it is settled.
    UpdateRejected {
        /// The address.
        address: Ipv4Addr,
        /// The partner's reason.
        reason: RejectReason,
        /// In the partner's words.
        message: String,
    },
    /// An update of the partner was not taken.
    UpdateRefused {
        /// The address.
        address: Ipv4Addr,
        /// Our reason.
        reason: RejectReason,
    },
    /// Two clients were given one address; the partner's record was kept (§7.1.3).
    ClientOverridden {
        /// The address.
        address: Ipv4Addr,
        /// The client whose lease is lost.
        client: Client,
    },
    /// Addresses changed hands.
    PoolMoved {
        /// FREE to BACKUP.
        to_secondary: u32,
        /// BACKUP to FREE.
        to_primary: u32,
    },
    /// A pool of this server is empty or soon will be, and its partner's addresses cannot be had.
    /// Said once, until [`PoolSupplied`](Self::PoolSupplied).
    PoolShort(Shortage),
    /// That is over.
    PoolSupplied {
        /// The pool.
        pool: usize,
        /// What both servers have now.
        counts: PoolCounts,
    },
    /// The two servers have different reservations (H3): the address is reserved at one of them
    /// only. Neither gives it to anybody it is not its own for; compare the configurations.
    ReservationDiffers {
        /// The address.
        address: Ipv4Addr,
        /// Whether this server is the one that reserves it.
        reserved_here: bool,
    },
    /// The pools of the two servers are not the same: those that differ are under
    /// [`Quarantine`](crate::Quarantine).
    PoolsDiffer(crate::PoolDifference),
    /// They are the same again.
    PoolsAgree,
    /// The settings of the two servers are not safe together.
    UnsafeSettings(crate::UnsafeSettings),
    /// An update request was answered in full.
    Synchronized {
        /// How many bindings that took.
        bindings: u64,
    },
    /// A command could not be carried out.
    CommandRefused(CommandError),
}

/// One thing to do. Carry them out in order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver that skips an output breaks its promises")]
#[expect(clippy::large_enum_variant, reason = "each is carried out at once")]
pub enum Output {
    /// Write this record; report [`Input::Persisted`] when it is on stable storage. A binding must
    /// be visible in the [`Bindings`](crate::Bindings) view before the next `handle`.
    Persist {
        /// Its number.
        ticket: Ticket,
        /// The record.
        record: Record,
    },
    /// Send these bytes on this connection.
    Transmit {
        /// The connection.
        link: LinkId,
        /// One message.
        bytes: Vec<u8>,
    },
    /// Try to connect to the partner; answer with [`Input::LinkUp`] or [`Input::DialFailed`]. Both
    /// servers do: what the secondary dials asks the primary for its CONNECT (§8.2).
    Dial,
    /// Deliver what was sent on this connection, then close it: the last message says why. A driver
    /// that closes with unread data, or before everything has been written, takes that message from
    /// the partner. No [`Input::LinkDown`] is needed.
    Close {
        /// The connection.
        link: LinkId,
    },
    /// The lease event's record is durable: its DHCPACK may leave.
    Confirm {
        /// The event.
        token: Token,
    },
    /// The lease event was refused and left no trace.
    Refuse {
        /// The event.
        token: Token,
        /// Why.
        why: Stale,
    },
    /// Something worth telling.
    Event(Event),
    /// Nothing more to do until then, or until something happens. Ends every drain.
    Wait(Option<Monotonic>),
}
