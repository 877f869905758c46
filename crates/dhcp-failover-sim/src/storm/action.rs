//! Everything that can be done to a pair.

use crate::{DiskFailure, Host, Survives};
use dhcp_failover_proto::{Balance, Command};

/// A part of a server's configuration, and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The maximum client lead time, in seconds.
    Mclt(u64),
    /// Who answers whom.
    Balance(Balance),
    /// What it takes unanswered.
    MaxUnacked(u32),
    /// Updates in one message.
    MaxBatch(usize),
    /// tReceive, in seconds.
    ReceiveTimer(u64),
    /// A reservation that the partner may not have; 0 for none.
    Reservation(u8),
}

/// What is said on a connection that neither endpoint has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// Nothing.
    Silence,
    /// The CONNECT of an earlier connection.
    OldConnect,
    /// The first bytes of one, and no more.
    HalfAConnect,
}

/// One thing that is done to a pair. Whether it makes sense, and is honest, is decided when it is
/// done: one that is not is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Every connection is reset.
    Cut,
    /// The same when so many more messages have been sent.
    CutAfter {
        /// So many; the last one is lost.
        messages: u32,
    },
    /// Every connection is reset when so many more bytes of one server have been sent.
    ResetAfter {
        /// The sender.
        from: Host,
        /// So many; they arrive.
        bytes: usize,
    },
    /// Every connection is gone at one server; the other one does not hear of it.
    HalfOpen {
        /// That notices.
        host: Host,
    },
    /// A read hands over so many bytes at most, or as many as there are.
    ShortReads {
        /// So many.
        longest: Option<usize>,
    },
    /// One more connection, as from a duplicated segment.
    StrayConnection {
        /// That seems to have opened it.
        by: Host,
        /// What it says there.
        says: Stray,
    },
    /// Nothing gets through from this server to the other, or again.
    Block {
        /// The sender.
        from: Host,
        /// Or again.
        blocked: bool,
    },
    /// Nothing gets through in either direction, or again.
    Partition {
        /// Or again.
        blocked: bool,
    },
    /// One way through the network takes so long.
    NetDelay {
        /// Milliseconds.
        ms: u64,
    },
    /// The process dies.
    Crash {
        /// Whose.
        host: Host,
        /// What its disk keeps of the writes that were not synced.
        survives: Survives,
    },
    /// The same after so many more of its outputs.
    CrashAfter {
        /// Whose.
        host: Host,
        /// So many, at least 1.
        outputs: u32,
        /// What its disk keeps.
        survives: Survives,
    },
    /// The machine is without power: nobody tells the partner.
    PowerOff {
        /// Which one.
        host: Host,
    },
    /// The process dies and is started, over and over.
    Restarts {
        /// Whose.
        host: Host,
        /// So often.
        times: u32,
        /// So many milliseconds after each other.
        every_ms: u64,
        /// What its disk keeps each time.
        survives: Survives,
    },
    /// Starts a server that is down.
    Start {
        /// Which one.
        host: Host,
    },
    /// The process stands still, as after SIGSTOP.
    Freeze {
        /// Whose.
        host: Host,
    },
    /// It goes on.
    Thaw {
        /// Whose.
        host: Host,
    },
    /// The disk of a server that is down is destroyed.
    LoseDisk {
        /// Whose.
        host: Host,
    },
    /// A copy of the disk is made.
    CopyDisk {
        /// Whose.
        host: Host,
    },
    /// That copy takes the place of the disk of a server that is down.
    RestoreDisk {
        /// Whose.
        host: Host,
    },
    /// A sync fails, which a server does not survive.
    FailDisk {
        /// Whose.
        host: Host,
        /// How.
        failure: DiskFailure,
    },
    /// The disk does not answer, or answers again.
    StallDisk {
        /// Whose.
        host: Host,
        /// Or answers again.
        stalled: bool,
    },
    /// A sync takes so long.
    SlowDisk {
        /// Whose.
        host: Host,
        /// Milliseconds.
        ms: u64,
    },
    /// The wall clock is set; it shows when the server starts next.
    SetClock {
        /// Whose.
        host: Host,
        /// To so far from where it was at the beginning, in milliseconds.
        ms: i64,
    },
    /// An operator orders something.
    Order {
        /// At this server.
        host: Host,
        /// This.
        command: Command,
    },
    /// An operator has made sure that the partner is down, and says so, whatever both were before.
    CallDown {
        /// To this server.
        host: Host,
    },
    /// One server's configuration changes, while it runs or not.
    Configure {
        /// Whose.
        host: Host,
        /// What of it.
        change: Change,
    },
    /// One server gets one more pool.
    AddPool {
        /// Which one.
        host: Host,
    },
    /// One server loses that pool.
    RemovePool {
        /// Which one.
        host: Host,
    },
    /// Works again: the network, both processes, both disks.
    Repair,
    /// A client gives its address back.
    Release {
        /// Which one.
        client: usize,
    },
    /// The same, and at once it looks for an address.
    ReleaseAndAsk {
        /// Which one.
        client: usize,
        /// There.
        host: Host,
    },
    /// A client finds its address in use.
    Decline {
        /// Which one.
        client: usize,
        /// The address is left alone for so many seconds.
        for_s: u64,
    },
    /// A server hears a client, or does not.
    Reach {
        /// Which one.
        client: usize,
        /// The server.
        host: Host,
        /// Whether it hears it.
        reaches: bool,
    },
    /// A client that has a lease starts anew and asks for the same address: INIT-REBOOT.
    AskAgain {
        /// Which one.
        client: usize,
        /// There.
        host: Host,
    },
    /// A client sends the same request twice.
    AskTwice {
        /// Which one.
        client: usize,
        /// To this server.
        host: Host,
    },
    /// Both servers hear the same request, this one first, and both may serve it.
    AskBoth {
        /// Which one.
        client: usize,
        /// First.
        first: Host,
    },
    /// A client asks for an address with `secs` in the wrong byte order.
    AskSwapped {
        /// Which one.
        client: usize,
        /// There.
        host: Host,
        /// As it should be.
        secs: u16,
    },
    /// A client starts anew and remembers nothing.
    Reboot {
        /// Which one.
        client: usize,
    },
    /// All clients do at once.
    Avalanche,
    /// A client renews its lease, before it would by itself.
    Renew {
        /// Which one.
        client: usize,
        /// There.
        host: Host,
    },
}

/// The [kinds](Action::kind) that are no fault: what clients do every day, and the end of a fault.
pub(crate) const NO_FAULTS: [&str; 14] = [
    "avalanche",
    "client heard or not",
    "client reboots",
    "decline",
    "early renewal",
    "init-reboot",
    "release",
    "release and discover",
    "repair",
    "request to both",
    "request twice",
    "secs swapped",
    "start",
    "thaw",
];

impl Action {
    /// Its name, for counting.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::CutAfter { .. } => "cut after messages",
            Self::ResetAfter { .. } => "reset at a byte",
            Self::HalfOpen { .. } => "half-open",
            Self::ShortReads { .. } => "short reads",
            Self::StrayConnection { says: Stray::Silence, .. } => "stray connection",
            Self::StrayConnection { says: Stray::OldConnect, .. } => "old connect",
            Self::StrayConnection { says: Stray::HalfAConnect, .. } => "half a connect",
            Self::Block { .. } => "one-way silence",
            Self::Partition { .. } => "partition",
            Self::NetDelay { .. } => "network delay",
            Self::Crash { survives: Survives::Nothing, .. } => "crash, unsynced lost",
            Self::Crash { survives: Survives::SomePrefix, .. } => "crash, some written",
            Self::Crash { survives: Survives::Torn, .. } => "crash, a write torn",
            Self::Crash { survives: Survives::Everything, .. } => "crash, all written",
            Self::CrashAfter { .. } => "crash after outputs",
            Self::PowerOff { .. } => "power off",
            Self::Restarts { .. } => "restart storm",
            Self::Start { .. } => "start",
            Self::Freeze { .. } => "freeze",
            Self::Thaw { .. } => "thaw",
            Self::LoseDisk { .. } => "disk lost",
            Self::CopyDisk { .. } => "disk copied",
            Self::RestoreDisk { .. } => "old disk restored",
            Self::FailDisk { failure: DiskFailure::NextSync, .. } => "sync fails",
            Self::FailDisk { failure: DiskFailure::Full, .. } => "disk full",
            Self::StallDisk { .. } => "disk stalled",
            Self::SlowDisk { .. } => "disk slow",
            Self::SetClock { .. } => "clock set",
            Self::Order { command, .. } => match command {
                Command::PartnerDown => "partner-down",
                Command::ForcePartnerDown => "forced partner-down",
                Command::Recover => "recover",
                Command::Pause => "pause",
                Command::Shutdown => "shutdown",
                _ => "another order",
            },
            Self::Configure { change, .. } => match change {
                Change::Mclt(_) => "other MCLT",
                Change::Balance(_) => "other balance",
                Change::MaxUnacked(_) => "other window",
                Change::MaxBatch(_) => "other batches",
                Change::ReceiveTimer(_) => "other receive timer",
                Change::Reservation(_) => "other reservation",
            },
            Self::AddPool { .. } => "pool added",
            Self::RemovePool { .. } => "pool removed",
            Self::Repair => "repair",
            Self::Release { .. } => "release",
            Self::ReleaseAndAsk { .. } => "release and discover",
            Self::Decline { .. } => "decline",
            Self::Reach { .. } => "client heard or not",
            Self::AskAgain { .. } => "init-reboot",
            Self::AskTwice { .. } => "request twice",
            Self::AskBoth { .. } => "request to both",
            Self::AskSwapped { .. } => "secs swapped",
            Self::Reboot { .. } => "client reboots",
            Self::Avalanche => "avalanche",
            Self::CallDown { .. } => "partner-down, made sure",
            Self::Renew { .. } => "early renewal",
        }
    }
}

/// An action, and the time before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// So many milliseconds after the step before.
    pub pause_ms: u64,
    /// What is done then.
    pub action: Action,
}
