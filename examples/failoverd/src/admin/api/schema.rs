//! Schemas of the relationship crate's types, which knows nothing of OpenAPI. Tests compare them with
//! what is read and written.

use dhcp_failover_relationship::FsmState;
use std::borrow::Cow;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat,
    SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What a property holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Address,
    Addresses,
    Flag,
    Number,
    /// A time span as a text.
    Span,
    /// A time span as a text or a number of seconds.
    AnySpan,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A state of Windows.
    State,
    /// What is never written.
    Secret,
    /// One of those, or null.
    Maybe(&'static Kind),
}

use Kind::{Address, Addresses, AnySpan, Flag, Maybe, Number, Secret, Span, State, Text, Word};

const MODE: Kind = Word(&["LoadBalance", "HotStandby"]);
const ROLE: Kind = Word(&["Active", "Standby"]);
const TYPE: Kind = Word(&["Primary", "Secondary"]);

/// A property: its name, what it holds, and what it means.
type Property = (&'static str, Kind, &'static str);

/// What Add-DhcpServerv4Failover takes besides the settings.
const NEW: [Property; 5] = [
    ("Name", Text, "By default the short names of both servers with a hyphen between them."),
    ("PartnerServer", Text, "Required: its name or address, with a port unless it is 647."),
    ("ScopeId", Addresses, "The scopes by the addresses of their subnets; required unless Empty."),
    ("Empty", Flag, "A relationship without scopes is meant."),
    ("ServerType", TYPE, "Which server this one is; Primary by default, or what ServerRole says."),
];

/// What both that and Set-DhcpServerv4Failover take.
const SETTINGS: [Property; 7] = [
    ("Mode", MODE, "By default the one whose parameters are given; LoadBalance if none are."),
    ("LoadBalancePercent", Number, "Load balance: this server's share of the clients; 50."),
    ("ReservePercent", Number, "Hot standby: the share of free addresses for the standby; 5."),
    ("ServerRole", ROLE, "Hot standby: what this server does; Active."),
    ("MaxClientLeadTime", AnySpan, "The MCLT; 1 hour."),
    (
        "AutoStateTransition",
        Flag,
        "Go to PARTNER-DOWN without an operator; if there is an interval.",
    ),
    ("StateSwitchInterval", AnySpan, "After how long; 0 is off, 1 hour if the transition is on."),
];

const NEW_SECRET: Property = ("SharedSecret", Secret, "The secret that messages are signed with.");
const OTHER_SECRET: Property = (
    "SharedSecret",
    Maybe(&Secret),
    "The secret that messages are signed with; null: sign no more.",
);

/// A relationship as Get-DhcpServerv4Failover shows it.
const SHOWN: [Property; 17] = [
    ("Name", Text, "The relationship."),
    ("PartnerServer", Text, "The partner's name, or its address."),
    ("Mode", MODE, "How clients are shared."),
    ("LoadBalancePercent", Maybe(&Number), "Load balance: this server's share of the clients."),
    ("ServerRole", Maybe(&ROLE), "Hot standby: what this server does."),
    ("ReservePercent", Maybe(&Number), "Hot standby: the share of free addresses for the standby."),
    ("MaxClientLeadTime", Span, "The MCLT."),
    ("StateSwitchInterval", Maybe(&Span), "After how long it goes to PARTNER-DOWN by itself."),
    ("State", State, "The state of this server, in Windows' words."),
    ("ScopeId", Addresses, "Its scopes by the addresses of their subnets."),
    ("AutoStateTransition", Flag, "Whether it goes to PARTNER-DOWN by itself."),
    ("EnableAuth", Flag, "Whether messages are signed."),
    ("PrimaryServerIP", Address, "The primary's address."),
    ("PrimaryServerName", Maybe(&Text), "Its name, if it is known."),
    ("SecondaryServerIP", Address, "The secondary's address."),
    ("SecondaryServerName", Maybe(&Text), "Its name, if it is known."),
    ("ServerType", TYPE, "Which of them this server is."),
];

/// The figures of DHCP_FAILOVER_STATISTICS for one scope.
const FIGURES: [Property; 8] = [
    ("ScopeId", Address, "The scope by the address of its subnet."),
    ("numAddr", Number, "All addresses that can be given out."),
    ("addrFree", Number, "Those that are free."),
    ("addrInUse", Number, "Those that are in use."),
    ("thisAddrFree", Number, "Free, and this server's to give."),
    ("thisAddrInUse", Number, "In use, given by this server."),
    ("partnerAddrFree", Number, "Free, and the partner's to give."),
    ("partnerAddrInUse", Number, "In use, given by the partner."),
];

macro_rules! described {
    ($($(#[$doc:meta])* $name:ident: $properties:expr, $is_request:expr;)+) => {$(
        $(#[$doc])*
        pub(in crate::admin) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                object($properties, $is_request).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )+};
}

described! {
    /// [`AddFailover`](dhcp_failover_relationship::cmdlet::AddFailover) as it is read.
    AddFailover: NEW.into_iter().chain(SETTINGS).chain([NEW_SECRET]), true;
    /// [`SetFailover`](dhcp_failover_relationship::cmdlet::SetFailover) as it is read.
    SetFailover: SETTINGS.into_iter().chain([OTHER_SECRET]), true;
    /// [`Failover`](dhcp_failover_relationship::cmdlet::Failover) as it is written.
    Failover: SHOWN.into_iter(), false;
    /// [`ScopeStatistics`](dhcp_failover_relationship::cmdlet::ScopeStatistics) as it is written.
    ScopeStatistics: FIGURES.into_iter(), false;
}

/// What an order of partner-down is answered with: with `what-if`, the report.
pub(super) struct PartnerDown;

impl PartialSchema for PartnerDown {
    fn schema() -> RefOr<Schema> {
        let of = Ref::from_schema_name;
        OneOfBuilder::new().item(of("Done")).item(of("RiskReport")).into()
    }
}

impl ToSchema for PartnerDown {}

/// An answer has all of its properties; a request may leave out any, and takes no other.
fn object(properties: impl Iterator<Item = Property>, is_request: bool) -> ObjectBuilder {
    let closed = is_request.then_some(AdditionalProperties::FreeForm(false));
    let object = ObjectBuilder::new().additional_properties(closed);
    properties.fold(object, |object, (name, kind, meaning)| {
        let object = object.property(name, described(kind, meaning));
        if is_request { object } else { object.required(name) }
    })
}

fn described(kind: Kind, meaning: &str) -> RefOr<Schema> {
    match kind {
        Addresses => ArrayBuilder::new().items(simple(Address)).description(Some(meaning)).into(),
        AnySpan => OneOfBuilder::new()
            .description(Some(meaning))
            .item(simple(Number).description(Some("Seconds.")))
            .item(simple(Text).description(Some("Such as 2:00:00 or 2h.")))
            .into(),
        kind => simple(kind).description(Some(meaning)).into(),
    }
}

fn simple(kind: Kind) -> ObjectBuilder {
    let of = |r#type| ObjectBuilder::new().schema_type(r#type);
    let format = |format| of(Type::String).format(Some(SchemaFormat::KnownFormat(format)));
    match kind {
        Text | Span | Addresses | AnySpan => of(Type::String),
        Address => format(KnownFormat::Ipv4),
        Secret => format(KnownFormat::Password),
        Flag => of(Type::Boolean),
        Number => of(Type::Integer).minimum(Some(0)),
        Word(words) => of(Type::String).enum_values(Some(words.iter().copied())),
        State => of(Type::String).enum_values(Some(FsmState::ALL.map(FsmState::as_str))),
        Maybe(Word(words)) => {
            let or_null = words.iter().copied().map(Some).chain([None]);
            ObjectBuilder::new().schema_type(nullable(Type::String)).enum_values(Some(or_null))
        }
        Maybe(kind) => {
            let r#type = match kind {
                Number => Type::Integer,
                Flag => Type::Boolean,
                _ => Type::String,
            };
            simple(*kind).schema_type(nullable(r#type))
        }
    }
}

fn nullable(r#type: Type) -> SchemaType {
    SchemaType::from_iter([r#type, Type::Null])
}
