//! The exact shapes of the Windows API.

use alloc::{string::String, vec::Vec};
use core::net::Ipv4Addr;

use crate::{
    Changes, Error, Errors, FsmState, Invalid, Mode, ModeName, Percent, Relationship,
    RelationshipBuilder, SecretUtf16, ServerType, SetFlags,
};

/// `DHCP_FAILOVER_RELATIONSHIP` as the Windows API has it: numbers that may mean nothing, and
/// UTF-16 without the NUL at its end. [`Relationship::from_windows`] checks it.
///
/// It has no form for `serde`: it holds a secret that is not to be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of Relationship, in the types of the API")]
pub struct WindowsRelationship {
    /// The most significant byte is the first of the dotted form.
    pub primary_server: u32,
    pub secondary_server: u32,
    /// 0 load balance, 1 hot standby.
    pub mode: u32,
    /// 0 primary, 1 secondary.
    pub server_type: u32,
    pub state: u32,
    pub prev_state: u32,
    /// Seconds.
    pub mclt: u32,
    /// Seconds; 0 and `0xFFFF_FFFF` are off. `0xFFFF_FFFF` is what is written.
    pub safe_period: u32,
    pub relationship_name: Vec<u16>,
    pub primary_server_name: Vec<u16>,
    pub secondary_server_name: Vec<u16>,
    pub scopes: Vec<u32>,
    /// The primary's share, or the reserve of the standby.
    pub percentage: u8,
    /// `None` is the null pointer: no authentication.
    pub shared_secret: Option<SecretUtf16>,
}

impl Relationship {
    /// The relationship in the shape of the Windows API, its secret included: take that out before
    /// the shape goes to anybody who may only read.
    ///
    /// ```
    /// use dhcp_failover_relationship::Relationship;
    /// let pair = Relationship::builder("a-b", [192, 0, 2, 1].into(), [192, 0, 2, 2].into()).build()?;
    /// let windows = pair.to_windows();
    /// assert_eq!((windows.primary_server, windows.safe_period), (0xC000_0201, 0xFFFF_FFFF));
    /// assert_eq!(Relationship::from_windows(&windows)?, pair);
    /// # Ok::<(), dhcp_failover_relationship::Errors>(())
    /// ```
    #[must_use]
    pub fn to_windows(&self) -> WindowsRelationship {
        let units = |text: &str| text.encode_utf16().collect();
        WindowsRelationship {
            primary_server: self.primary_server().into(),
            secondary_server: self.secondary_server().into(),
            mode: self.mode().name() as u32,
            server_type: self.server_type() as u32,
            state: self.state().number().into(),
            prev_state: self.prev_state().number().into(),
            mclt: self.mclt_s(),
            safe_period: safe_period_to_api(self.safe_period_s()),
            relationship_name: units(self.name()),
            primary_server_name: units(self.primary_server_name()),
            secondary_server_name: units(self.secondary_server_name()),
            scopes: self.scopes().iter().map(|scope| u32::from(*scope)).collect(),
            percentage: self.mode().percentage().get(),
            shared_secret: self.shared_secret().map(crate::SharedSecret::to_utf16),
        }
    }

    /// The relationship of this shape, with its states, so that what was stored or asked of another
    /// server can be taken over.
    ///
    /// # Errors
    ///
    /// All at once: [`Error::InvalidParameter`] for numbers and texts without a meaning, then what
    /// [`RelationshipBuilder::build`] refuses.
    pub fn from_windows(windows: &WindowsRelationship) -> Result<Self, Errors> {
        let mut reader = Reader::default();
        let builder = reader.builder(windows);
        let state = reader.state("State", windows.state);
        let prev_state = reader.state("PrevState", windows.prev_state);
        let mut problems = reader.problems;
        problems.extend(builder.invalid_parameters());
        problems.extend(builder.name_too_long());
        Errors::check(problems)?;
        Ok(Self { state, prev_state, ..builder.into_relationship() })
    }
}

impl Changes {
    /// The changes that a flag word takes from a relationship of this shape. Fields without their
    /// flag are not looked at.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for flags, numbers and texts without a meaning, all at once.
    pub fn from_windows(flags: u32, windows: &WindowsRelationship) -> Result<Self, Errors> {
        let (changes, problems) = Self::read(flags, windows);
        Errors::check(problems)?;
        Ok(changes)
    }

    pub(crate) fn read(flags: u32, windows: &WindowsRelationship) -> (Self, Vec<Error>) {
        let mut reader = Reader::default();
        let flags = reader.or(SetFlags::default(), SetFlags::new(flags));
        let on = |flag| flags.contains(flag).then_some(());
        let changes = Self {
            mclt_s: on(SetFlags::MCLT).map(|()| windows.mclt),
            safe_period_s: on(SetFlags::SAFE_PERIOD)
                .map(|()| safe_period_from_api(windows.safe_period)),
            percentage: on(SetFlags::PERCENTAGE).map(|()| reader.percentage(windows.percentage)),
            mode: on(SetFlags::MODE).map(|()| reader.mode(windows.mode)),
            state: on(SetFlags::CHANGE_STATE).map(|()| reader.state("State", windows.state)),
            prev_state: on(SetFlags::PREV_STATE)
                .map(|()| reader.state("PrevState", windows.prev_state)),
            shared_secret: on(SetFlags::SHARED_SECRET)
                .map(|()| reader.secret(windows.shared_secret.as_ref())),
        };
        (changes, reader.problems)
    }
}

/// Reads what it can and notes what it cannot.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) problems: Vec<Error>,
}

impl Reader {
    /// The value, or a stand-in that is never used because there is a problem.
    fn or<T>(&mut self, instead: T, read: Result<T, Invalid>) -> T {
        read.unwrap_or_else(|invalid| {
            self.problems.push(invalid.into());
            instead
        })
    }

    pub(crate) fn builder(&mut self, windows: &WindowsRelationship) -> RelationshipBuilder {
        let name = self.text("Name", &windows.relationship_name);
        let percentage = self.percentage(windows.percentage);
        let mode = Mode::new(self.mode(windows.mode), percentage);
        let primary_name = self.text("PrimaryServerName", &windows.primary_server_name);
        let secondary_name = self.text("SecondaryServerName", &windows.secondary_server_name);
        Relationship::builder(name, windows.primary_server.into(), windows.secondary_server.into())
            .server_names(primary_name, secondary_name)
            .server_type(self.server_type(windows.server_type))
            .mode(mode)
            .mclt_s(windows.mclt)
            .safe_period_s(Some(windows.safe_period))
            .shared_secret(self.secret(windows.shared_secret.as_ref()))
            .scopes(windows.scopes.iter().map(|scope| Ipv4Addr::from(*scope)))
    }

    fn text(&mut self, parameter: &'static str, units: &[u16]) -> String {
        let text = String::from_utf16(units).map_err(|_| Invalid::NotUtf16 { parameter });
        // Not empty, which would be a problem of its own.
        self.or(parameter.into(), text)
    }

    fn secret(&mut self, secret: Option<&SecretUtf16>) -> Option<crate::SharedSecret> {
        secret.map(SecretUtf16::to_secret).and_then(|read| self.or(None, read.map(Some)))
    }

    fn percentage(&mut self, value: u8) -> Percent {
        self.or(Percent::DEFAULT_LOAD_BALANCE, Percent::new(value.into()))
    }

    fn mode(&mut self, value: u32) -> ModeName {
        self.or(ModeName::LoadBalance, one_of("Mode", &ModeName::ALL, value))
    }

    fn server_type(&mut self, value: u32) -> ServerType {
        self.or(ServerType::Primary, one_of("ServerType", &ServerType::ALL, value))
    }

    fn state(&mut self, parameter: &'static str, value: u32) -> FsmState {
        self.or(FsmState::Startup, one_of(parameter, &FsmState::ALL, value))
    }
}

/// The one of `all` that has this number, which is its place.
fn one_of<T: Copy>(parameter: &'static str, all: &[T], value: u32) -> Result<T, Invalid> {
    let greatest = u32::try_from(all.len().saturating_sub(1)).unwrap_or(u32::MAX);
    usize::try_from(value).ok().and_then(|at| all.get(at).copied()).ok_or(Invalid::Number {
        parameter,
        value,
        greatest,
    })
}

/// The safe period from its form in the Windows API, in seconds: 0 and `0xFFFF_FFFF` are off.
#[must_use]
pub const fn safe_period_from_api(seconds: u32) -> Option<u32> {
    match seconds {
        0 | u32::MAX => None,
        seconds => Some(seconds),
    }
}

/// The safe period in its form in the Windows API: `0xFFFF_FFFF` if off.
#[must_use]
pub const fn safe_period_to_api(safe_period_s: Option<u32>) -> u32 {
    match safe_period_s {
        Some(seconds) => seconds,
        None => u32::MAX,
    }
}
