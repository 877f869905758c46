//! Everything that can be done to a pair.

use crate::{Host, Survives};
use dhcp_failover_proto::Command;

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
    /// A client renews its lease, before it would by itself.
    Renew {
        /// Which one.
        client: usize,
        /// There.
        host: Host,
    },
}

impl Action {
    /// Its name, for counting.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::CutAfter { .. } => "cut after messages",
            Self::Block { .. } => "one-way silence",
            Self::Partition { .. } => "partition",
            Self::NetDelay { .. } => "network delay",
            Self::Crash { survives: Survives::Nothing, .. } => "crash, unsynced lost",
            Self::Crash { survives: Survives::SomePrefix, .. } => "crash, unsynced torn",
            Self::Crash { survives: Survives::Everything, .. } => "crash, all written",
            Self::CrashAfter { .. } => "crash after outputs",
            Self::PowerOff { .. } => "power off",
            Self::Start { .. } => "start",
            Self::Freeze { .. } => "freeze",
            Self::Thaw { .. } => "thaw",
            Self::LoseDisk { .. } => "disk lost",
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
            Self::Repair => "repair",
            Self::Release { .. } => "release",
            Self::ReleaseAndAsk { .. } => "release and discover",
            Self::Decline { .. } => "decline",
            Self::Reach { .. } => "client heard or not",
            Self::AskAgain { .. } => "init-reboot",
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
