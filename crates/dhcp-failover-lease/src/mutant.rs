//! Rules that can be broken on purpose, to show that the tests see it.
//!
//! Not a feature, for features unify and somebody might get one by accident: only a build with
//! `RUSTFLAGS="--cfg failover_mutants"` has them. In every other build [`Mutant::is_on`] is the
//! constant `false`, and nothing is left of it.

#[cfg(failover_mutants)]
use core::sync::atomic::{AtomicU8, Ordering};

/// The number of the one that is on; 0 is none.
#[cfg(failover_mutants)]
static ON: AtomicU8 = AtomicU8::new(0);

macro_rules! mutants {
    ($($(#[doc = $text:literal])+ $name:ident,)+) => {
        /// One way to break a rule. No part of the interface of this crate.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[expect(clippy::exhaustive_enums, reason = "for tests of this workspace only")]
        #[repr(u8)]
        pub enum Mutant {
            /// Nothing is broken.
            None = 0,
            $($(#[doc = $text])+ $name,)+
        }

        #[cfg(failover_mutants)]
        impl Mutant {
            /// All of them, each with what it does.
            pub const ALL: &[(Self, &str)] = &[$((Self::$name, concat!($($text),+)),)+];
        }
    };
}

mutants! {
    /// DHCPACK before the binding is on stable storage
    AckBeforeSync,
    /// messages before what they promise is on stable storage
    SendBeforeSync,
    /// the primary goes on using what it has made BACKUP until that is acknowledged
    BackupUsableUntilAcked,
    /// an address is used as soon as it is made this server's, acknowledged or not
    FreeUsableBeforeAck,
    /// the MCLT counts from the own lease-expiration-time
    LeadTimeFromOwnExpiry,
    /// PARTNER-DOWN without waiting for the MCLT
    ForgetMcltWait,
    /// the wait of PARTNER-DOWN counts from when the server started
    McltWaitFromRestart,
    /// RECOVER-WAIT is over at once
    SkipRecoverWait,
    /// UPDREQ where UPDREQALL is needed
    UpdreqAfterDiskLoss,
    /// UPDDONE before all is answered
    UpddoneEarly,
    /// what was not answered is forgotten with the connection
    DropUnackedOnReconnect,
    /// messages of a connection that is gone are read
    OldConnectionRead,
    /// the record keeps the state before
    StateNotPersisted,
    /// the STARTUP flag of the partner is not seen
    StartupBitIgnored,
    /// the partner's client-last-transaction-time replaces a later one
    CopiesLastTransaction,
    /// the partner's times are taken for own times
    NoSkewCorrection,
    /// the secondary gives FREE addresses in COMMUNICATIONS-INTERRUPTED
    SecondaryServesFree,
    /// clients are served in POTENTIAL-CONFLICT
    ServeInPotentialConflict,
    /// the secondary, too, keeps its own client in a conflict
    WinnerInverted,
    /// CONFLICT-DONE counts only when the primary enters it
    ConflictDoneOnTransition,
    /// the secondary has one hash bucket that is the primary's, too
    HashBucketsOffByOne,
    /// the secs override works whatever secs is
    SecsOverrideBothWays,
    /// an address whose lease is over goes to another client before the partner agreed
    ExpiredReusedUnacked,
    /// addresses are moved for the least imbalance
    RebalanceWithoutThreshold,
    /// a reservation counts though the partner has not got it
    ReservationOnOneSide,
    /// a refused update counts as done (H7)
    RefusalIsAnAnswer,
    /// a refused update counts as accepted (isc-U10)
    RefusalIsAcceptance,
    /// a RELEASE in the second of the last renewal is outdated (H8)
    EqualSecondsOutdated,
    /// no lease can be undone alone (H10, isc-L02)
    NeverRewind,
    /// what was told since counts for nothing (isc-U09)
    ToldIsForgotten,
    /// leases are held no longer after a storage was lost (H19)
    LossForgotten,
    /// NORMAL before all changes of PARTNER-DOWN are acknowledged (H21)
    InterlockSkipped,
    /// one update more than the partner takes (isc-U06)
    WindowOneMore,
    /// every update is news (isc-U12)
    EverythingIsNews,
    /// the partner is believed that a lease has ended (isc-L14)
    PartnerEndsLeases,
    /// the last potential expiry received counts, not the latest (isc-L12)
    LastPotentialCounts,
    /// the window is not given back when the link is lost (isc-U01)
    WindowNotGivenBack,
    /// UPDDONE of any request will do (isc-U04)
    AnyUpddone,
    /// the secondary never ends a lease (isc-L34)
    ExpiryLeftToPrimary,
    /// the times of the lease before are kept for the next client (S2)
    OldExpiriesKept,
    /// addresses on offer to a client are handed over (isc-L08)
    OfferedMoved,
    /// the alive-until stamp is not asked (a server that stood still serves on)
    DeadlineIgnored,
    /// in an interrupted conflict everybody is served beside a partner that was alone
    InterruptedConflictServes,
    /// clocks that were set against each other are not minded in conflicts
    ClockDoubtForgotten,
    /// a server that lost its storage does not hear of a longer MCLT
    LongerMcltUnheard,
    /// an old copy of a store keeps the addresses that its partner does not know as its own
    OldCopyKeepsAddresses,
    /// a partner that may have been alone, and has lost its data, is taken for one that was not (H4)
    LostPartnerTrusted,
}

#[cfg(not(failover_mutants))]
impl Mutant {
    /// Never.
    #[must_use]
    pub const fn is_on(self) -> bool {
        false
    }
}

#[cfg(failover_mutants)]
impl Mutant {
    /// Whether this is the one that is on.
    #[must_use]
    pub fn is_on(self) -> bool {
        ON.load(Ordering::Relaxed) == self as u8
    }

    /// Switches this one on, and every other off, in the whole process.
    pub fn switch_on(self) {
        ON.store(self as u8, Ordering::Relaxed);
    }
}
