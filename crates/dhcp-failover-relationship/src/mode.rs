//! How the servers share the work, and which of them is which.

use alloc::string::String;
use core::{fmt, str::FromStr};

use crate::{Invalid, Percent};

/// How the two servers share the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Mode {
    /// Both answer, each its share of the clients.
    LoadBalance {
        /// The primary's share of the clients, the same number on both servers.
        percentage: Percent,
    },
    /// The primary answers; the secondary stands by.
    HotStandby {
        /// The share of the free addresses kept for the standby.
        reserve_percentage: Percent,
    },
}

impl Mode {
    /// The mode of this name with this percentage.
    #[must_use]
    pub const fn new(name: ModeName, percentage: Percent) -> Self {
        match name {
            ModeName::LoadBalance => Self::LoadBalance { percentage },
            ModeName::HotStandby => Self::HotStandby { reserve_percentage: percentage },
        }
    }

    /// The mode without its percentage.
    #[must_use]
    pub const fn name(self) -> ModeName {
        match self {
            Self::LoadBalance { .. } => ModeName::LoadBalance,
            Self::HotStandby { .. } => ModeName::HotStandby,
        }
    }

    /// The one percentage Windows stores for either mode.
    #[must_use]
    pub const fn percentage(self) -> Percent {
        match self {
            Self::LoadBalance { percentage } => percentage,
            Self::HotStandby { reserve_percentage } => reserve_percentage,
        }
    }
}

impl Default for Mode {
    fn default() -> Self {
        Self::new(ModeName::LoadBalance, ModeName::LoadBalance.default_percentage())
    }
}

/// A mode without its percentage (`DHCP_FAILOVER_MODE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ModeName {
    /// Both answer: 0.
    LoadBalance = 0,
    /// One answers, one stands by: 1.
    HotStandby = 1,
}

impl ModeName {
    /// The percentage of a relationship that names none: 50 of load balance, 5 of hot standby.
    #[must_use]
    pub const fn default_percentage(self) -> Percent {
        match self {
            Self::LoadBalance => Percent::DEFAULT_LOAD_BALANCE,
            Self::HotStandby => Percent::DEFAULT_RESERVE,
        }
    }
}

/// Which of the two servers this one is (`DHCP_FAILOVER_SERVER`): the only field in which they
/// differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ServerType {
    /// The primary, 0: it creates the relationship, opens connections and, in hot standby, answers.
    Primary = 0,
    /// The secondary, 1.
    Secondary = 1,
}

impl ServerType {
    /// The other one.
    #[must_use]
    pub const fn partner(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }

    /// What this server does in hot standby.
    #[must_use]
    pub const fn role(self) -> ServerRole {
        match self {
            Self::Primary => ServerRole::Active,
            Self::Secondary => ServerRole::Standby,
        }
    }

    /// This server's own share where the primary's is given, and the other way round.
    pub(crate) const fn own_share(self, of_primary: Percent) -> Percent {
        match self {
            Self::Primary => of_primary,
            Self::Secondary => of_primary.rest(),
        }
    }
}

/// What a server does in hot standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ServerRole {
    /// It answers. It is the primary.
    Active,
    /// It waits. It is the secondary.
    Standby,
}

impl ServerRole {
    /// Which of the servers has this role.
    #[must_use]
    pub const fn server_type(self) -> ServerType {
        match self {
            Self::Active => ServerType::Primary,
            Self::Standby => ServerType::Secondary,
        }
    }
}

/// Numbers and words of an enumeration of two.
macro_rules! words {
    ($type:ident, $parameter:literal, $expected:literal, [$($variant:ident),*]) => {
        impl $type {
            /// Both.
            pub const ALL: [Self; 2] = [$(Self::$variant),*];

            /// The word PowerShell has for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// Reads the word in any case, with or without a hyphen.
        impl FromStr for $type {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let word: String = text.chars().filter(|it| *it != '-').collect();
                Self::ALL
                    .into_iter()
                    .find(|known| known.as_str().eq_ignore_ascii_case(&word))
                    .ok_or_else(|| Invalid::Unknown {
                        parameter: $parameter,
                        text: text.into(),
                        expected: $expected,
                    })
            }
        }
    };
}

words!(ModeName, "Mode", "LoadBalance or HotStandby", [LoadBalance, HotStandby]);
words!(ServerType, "ServerType", "Primary or Secondary", [Primary, Secondary]);
words!(ServerRole, "ServerRole", "Active or Standby", [Active, Standby]);
