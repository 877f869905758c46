//! What Windows Server says otherwise than the draft ([MS-DHCPF]).
//!
//! [`Dialect::Microsoft`](crate::Dialect::Microsoft) carries [`Settings`]: where the published
//! facts contradict each other or were seen in one capture only, the choice is a named setting.
//! **Everything a setting decides is unverified**: no Windows pair with a known secret, a split
//! other than 50 % or a failed partner has been observed. The defaults are the recommended ones.
//!
//! Settled by whole messages of a Windows Server 2022 pair: payload offset 8; names in UTF-16LE
//! (the relationship without, others with a terminating NUL); option 5 as scope id (little-endian),
//! hardware type and address; IP-flags of one byte; the scope list of UPDREQ in little-endian; the
//! order of options; NORMAL and COMMUNICATIONS-INTERRUPTED as 3 and 4.

mod binding;
mod state;
mod status;
pub(crate) mod text;

pub use binding::{Binding, ClientType};
pub use state::INIT;
pub use status::{Dhcid, Flags, LeaseState, Status};
pub use text::Text;

/// The open questions about Windows, each with the recommended answer as its default.
///
/// ```
/// use dhcp_failover_wire::{Dialect, windows::{Ownership, Settings}};
///
/// let documented = Settings { ownership: Ownership::AsDocumented, ..Settings::DEFAULT };
/// assert_ne!(Dialect::Microsoft(documented), Dialect::MICROSOFT);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "settings are built field by field")]
pub struct Settings {
    /// Whose the free addresses of an ownership update are.
    pub ownership: Ownership,
    /// How a server's state is numbered.
    pub state_numbers: StateNumbers,
    /// What a declined address is.
    pub declined: Declined,
    /// How the text of a reject (option 16) is written.
    pub reject_text: RejectText,
    /// Whether a set bit of the hash-bucket-assignment is the primary's bucket. So it was in the
    /// one capture (default `true`); the draft says the secondary's.
    pub set_buckets_are_primarys: bool,
    /// How many bindings one BNDUPD sent may hold, `1..=16`. [MS-DHCPF] has Windows ignore the
    /// seventeenth and later ones; it was only ever seen to send one, the default. Any number is
    /// read.
    pub max_bindings: u8,
    /// Whether the NAP status (option 37) is sent in four bytes, as the prose of [MS-DHCPF] has
    /// it, instead of one, as its example and the capture do (default `false`). Both are read.
    pub wide_nap_status: bool,
}

impl Settings {
    /// The recommended answers.
    pub const DEFAULT: Self = Self {
        ownership: Ownership::AsCaptured,
        state_numbers: StateNumbers::FsmState,
        declined: Declined::Abandoned,
        reject_text: RejectText::Utf8,
        set_buckets_are_primarys: true,
        max_bindings: 1,
        wide_nap_status: false,
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What the values of an ownership update mean. Both readings agree that
/// [`RECONCILE`](Status::RECONCILE) takes an address back for the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "there is no third reading")]
pub enum Ownership {
    /// 1 and 5 are the secondary's addresses, 2 and 6 the primary's: in the capture the primary
    /// sends 1 for the upper half of a range and then leases from the lower half.
    #[default]
    AsCaptured,
    /// 1 and 5 are the primary's addresses, 2 and 6 the secondary's: the table of [MS-DHCPF].
    AsDocumented,
}

/// How a STATE numbers the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "there is no third numbering")]
pub enum StateNumbers {
    /// As the FSM_STATE of the management interface. Seen for two states; the others are inferred.
    #[default]
    FsmState,
    /// As the draft, §12.24.
    Draft,
}

/// What a declined address is to the draft's state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "there is no third reading")]
pub enum Declined {
    /// ABANDONED, which nobody may lease: what a decline means.
    #[default]
    Abandoned,
    /// EXPIRED, as the prose of [MS-DHCPF] maps it.
    Expired,
}

/// How the text of a reject is written; none was ever seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "there is no third encoding")]
pub enum RejectText {
    /// As the draft has it: option 16 is not among those [MS-DHCPF] redefines.
    #[default]
    Utf8,
    /// UTF-16LE without NUL, as the other names.
    Utf16,
}
