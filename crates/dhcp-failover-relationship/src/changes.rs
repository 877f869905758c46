//! Changes of a relationship, and the flags of the Windows API that say which.

use crate::{
    Error, FsmState, Invalid, Mode, ModeName, Percent, Relationship, SharedSecret,
    safe_period_from_api,
};

/// What [`Registry::set`](crate::Registry::set) changes; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Maximum client lead time in seconds, at least 1.
    pub mclt_s: Option<u32>,
    /// The safe period in seconds; `Some(None)`, `Some(Some(0))` and `Some(Some(0xFFFF_FFFF))`
    /// turn it off.
    pub safe_period_s: Option<Option<u32>>,
    /// The state: any of those an endpoint can be in, but for the reserved `PAUSED` and `SHUTDOWN`.
    pub state: Option<FsmState>,
    /// The state before it, not a reserved one either.
    pub prev_state: Option<FsmState>,
    /// The mode. The percentage stays as it is, a number with another meaning now, unless it is
    /// changed as well.
    pub mode: Option<ModeName>,
    /// The percentage, in the mode that is or becomes set; in load balance it is the primary's.
    pub percentage: Option<Percent>,
    /// The shared secret; `Some(None)` turns authentication off.
    pub shared_secret: Option<Option<SharedSecret>>,
}

impl Changes {
    /// The flags of the fields that change.
    #[must_use]
    pub fn flags(&self) -> SetFlags {
        [
            (self.mclt_s.is_some(), SetFlags::MCLT),
            (self.safe_period_s.is_some(), SetFlags::SAFE_PERIOD),
            (self.state.is_some(), SetFlags::CHANGE_STATE),
            (self.percentage.is_some(), SetFlags::PERCENTAGE),
            (self.mode.is_some(), SetFlags::MODE),
            (self.prev_state.is_some(), SetFlags::PREV_STATE),
            (self.shared_secret.is_some(), SetFlags::SHARED_SECRET),
        ]
        .into_iter()
        .filter(|(changes, _)| *changes)
        .fold(SetFlags::default(), |all, (_, flag)| all.with(flag))
    }

    /// What is wrong with them whatever relationship they are for.
    pub(crate) fn problems(&self) -> impl Iterator<Item = Error> + use<> {
        let nothing = self.flags() == SetFlags::default();
        let states = [
            self.state.filter(|state| !state.is_settable()),
            self.prev_state.filter(|state| state.is_reserved()),
        ];
        let zero = self.mclt_s == Some(0);
        nothing
            .then_some(Invalid::NothingToChange)
            .into_iter()
            .chain(states.into_iter().flatten().map(|state| Invalid::State { state }))
            .chain(zero.then_some(Invalid::MaxClientLeadTimeZero))
            .map(Error::from)
    }

    pub(crate) fn apply(self, relationship: &mut Relationship) {
        let fields = &mut relationship.fields;
        fields.mclt_s = self.mclt_s.unwrap_or(fields.mclt_s);
        if let Some(safe_period_s) = self.safe_period_s {
            fields.safe_period_s = safe_period_s.and_then(safe_period_from_api);
        }
        let mode = self.mode.unwrap_or(fields.mode.name());
        fields.mode = Mode::new(mode, self.percentage.unwrap_or(fields.mode.percentage()));
        if let Some(shared_secret) = self.shared_secret {
            fields.shared_secret = shared_secret;
        }
        relationship.state = self.state.unwrap_or(relationship.state);
        relationship.prev_state = self.prev_state.unwrap_or(relationship.prev_state);
    }
}

/// Which fields a call of `DhcpV4FailoverSetRelationship` changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SetFlags(u32);

impl SetFlags {
    /// The MCLT.
    pub const MCLT: Self = Self(0x01);
    /// The safe period.
    pub const SAFE_PERIOD: Self = Self(0x02);
    /// The state.
    pub const CHANGE_STATE: Self = Self(0x04);
    /// The percentage.
    pub const PERCENTAGE: Self = Self(0x08);
    /// The mode.
    pub const MODE: Self = Self(0x10);
    /// The previous state.
    pub const PREV_STATE: Self = Self(0x20);
    /// The shared secret; in the header only, not in [MS-DHCPM].
    pub const SHARED_SECRET: Self = Self(0x40);

    const ALL: u32 = 0x7F;

    /// The flags of this word.
    ///
    /// # Errors
    ///
    /// [`Invalid::NothingToChange`] for 0, [`Invalid::UnknownFlags`] for bits without a meaning.
    pub const fn new(bits: u32) -> Result<Self, Invalid> {
        match bits & !Self::ALL {
            0 if bits == 0 => Err(Invalid::NothingToChange),
            0 => Ok(Self(bits)),
            bits => Err(Invalid::UnknownFlags { bits }),
        }
    }

    /// The word.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// These flags and those.
    #[must_use]
    pub const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}
