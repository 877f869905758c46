//! `Set-DhcpServerv4Failover`.

use alloc::vec::Vec;

use super::read_percent;
use crate::{
    Changes, Error, Errors, Invalid, ModeName, Percent, Relationship, ServerRole, SharedSecret,
    TimeSpan,
};

/// The parameters of `Set-DhcpServerv4Failover`, but for the name of the relationship and
/// `PartnerDown`.
///
/// With the feature `serde` `"SharedSecret": null` turns authentication off. A secret is read but
/// never written: who sends the parameters puts it in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "PascalCase", deny_unknown_fields, default))]
pub struct SetFailover {
    /// The mode. Without a percentage it gets the default of that mode.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub mode: Option<ModeName>,
    /// The local server's share of the clients in percent, if the mode is or becomes load balance.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub load_balance_percent: Option<u32>,
    /// The share of the free addresses kept for the standby in percent, if the mode is or becomes
    /// hot standby.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub reserve_percent: Option<u32>,
    /// What the local server does, if the mode is or becomes hot standby. It cannot be changed; naming
    /// it guards against asking the wrong server.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub server_role: Option<ServerRole>,
    /// The MCLT.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_client_lead_time: Option<TimeSpan>,
    /// Whether a server goes from COMMUNICATIONS-INTERRUPTED to PARTNER-DOWN by itself. Turned on
    /// without an interval, it takes the one there is, or 1 hour.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub auto_state_transition: Option<bool>,
    /// After how long; 0 is off.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub state_switch_interval: Option<TimeSpan>,
    /// The secret that messages are signed with; `Some(None)` turns authentication off.
    #[cfg_attr(
        feature = "serde",
        serde(
            deserialize_with = "given",
            serialize_with = "nothing",
            skip_serializing_if = "is_not_off"
        )
    )]
    pub shared_secret: Option<Option<SharedSecret>>,
}

impl SetFailover {
    /// What is to be changed in the relationship.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`], all at once.
    pub fn changes(&self, of: &Relationship) -> Result<Changes, Errors> {
        let mut problems = Vec::new();
        let mode = self.mode.unwrap_or(of.mode().name());
        self.check_mode(mode, of, &mut problems);
        let percentage = self.percentage(mode, of, &mut problems);
        if self.max_client_lead_time == Some(TimeSpan::default()) {
            problems.push(Invalid::MaxClientLeadTimeZero);
        }
        let safe_period_s = super::safe_period_s(
            self.auto_state_transition,
            self.state_switch_interval,
            of.safe_period_s(),
        )
        .unwrap_or_else(|invalid| {
            problems.push(invalid);
            None
        });
        let changes = Changes {
            mclt_s: self.max_client_lead_time.map(TimeSpan::as_s),
            safe_period_s,
            state: None,
            prev_state: None,
            mode: self.mode,
            percentage,
            shared_secret: self.shared_secret.clone(),
        };
        if problems.is_empty() && changes == Changes::default() {
            problems.push(Invalid::NothingToChange);
        }
        Errors::check(problems.into_iter().map(Error::from).collect())?;
        Ok(changes)
    }

    /// Parameters of the mode that the relationship will not have, and a role it has not.
    fn check_mode(&self, mode: ModeName, of: &Relationship, problems: &mut Vec<Invalid>) {
        for (belongs_to, given, parameter) in [
            (ModeName::LoadBalance, self.load_balance_percent.is_some(), "LoadBalancePercent"),
            (ModeName::HotStandby, self.reserve_percent.is_some(), "ReservePercent"),
            (ModeName::HotStandby, self.server_role.is_some(), "ServerRole"),
        ] {
            if given && belongs_to != mode {
                problems.push(Invalid::OtherMode { parameter, mode });
            }
        }
        if let Some(role) = self.server_role
            && mode == ModeName::HotStandby
            && role != of.server_type().role()
        {
            problems.push(Invalid::RoleOfPartner { role });
        }
    }

    /// The percentage as both servers have it: as given, or the default of another mode. One of the
    /// other mode is read as well, because it may be wrong in itself, too.
    fn percentage(
        &self,
        mode: ModeName,
        of: &Relationship,
        problems: &mut Vec<Invalid>,
    ) -> Option<Percent> {
        let share = read_percent("LoadBalancePercent", self.load_balance_percent, problems);
        let reserve = read_percent("ReservePercent", self.reserve_percent, problems);
        let given = match mode {
            ModeName::LoadBalance => share.map(|local| of.server_type().own_share(local)),
            ModeName::HotStandby => reserve,
        };
        given.or((mode != of.mode().name()).then_some(mode.default_percentage()))
    }
}

#[cfg(feature = "serde")]
fn is_not_off(secret: &Option<Option<SharedSecret>>) -> bool {
    *secret != Some(None)
}

#[cfg(feature = "serde")]
fn nothing<S: serde::Serializer>(
    _: &Option<Option<SharedSecret>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

/// A key that is there, be it null, is a wish.
#[cfg(feature = "serde")]
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<SharedSecret>>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}
