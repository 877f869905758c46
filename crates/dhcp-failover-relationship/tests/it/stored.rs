//! What is written and read with serde, and that no secret is in it.

use core::fmt::Debug;

use dhcp_failover_relationship::{
    AddressCounts, AddressStatus, Changes, FsmState, Mode, ModeName, Percent, Registry,
    Relationship, ServerRole, ServerType, SharedSecret, Statistics, TimeSpan,
    cmdlet::{AddFailover, Failover, ScopeStatistics, ScopeView, SetFailover},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, from_str, from_value, json, to_string, to_value};

use crate::pair::{builder, scope, served, with_a};

const SECRET: &str = "hunter2-\u{e9}";

fn secret() -> SharedSecret {
    SharedSecret::new(SECRET).unwrap()
}

fn signed() -> Relationship {
    let it = builder("a", &[scope(1), scope(2)]).server_names("east", "west");
    it.safe_period_s(Some(60)).shared_secret(Some(secret())).build().unwrap()
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(it: &T) {
    let text = to_string(it).unwrap();
    assert_eq!(from_str::<T>(&text).unwrap(), *it, "{text}");
}

fn refusal<T: DeserializeOwned + Debug>(value: Value) -> String {
    from_value::<T>(value).unwrap_err().to_string()
}

#[test]
fn everything_without_a_secret_survives_being_stored() {
    round_trip(&signed().split_secret().0);
    round_trip(&with_a());
    round_trip(&Registry::with_max_relationships(0));
    FsmState::ALL.iter().for_each(round_trip);
    ServerType::ALL.iter().for_each(round_trip);
    ServerRole::ALL.iter().for_each(round_trip);
    ModeName::ALL.iter().for_each(round_trip);
    AddressStatus::ALL.iter().for_each(round_trip);
    for name in ModeName::ALL {
        round_trip(&Mode::new(name, Percent::new(100).unwrap()));
    }
    round_trip(&TimeSpan::from_s(93_784));
    round_trip(&Failover::of(&signed()));
    let view: ScopeView = with_a().scope_view(scope(1)).unwrap();
    round_trip(&view);
    round_trip(&AddFailover::default());
    round_trip(&SetFailover::default());
}

/// Formats without names have no place for what is left out.
#[test]
fn a_relationship_survives_a_format_without_names() {
    let (it, _) = signed().split_secret();
    let bytes = postcard::to_allocvec(&it).unwrap();
    assert_eq!(postcard::from_bytes::<Relationship>(&bytes).unwrap(), it);
}

#[test]
fn no_secret_is_shown_or_written_anywhere() {
    let signed = signed();
    let mut registry = Registry::new();
    registry.insert(signed.clone()).unwrap();
    let add = AddFailover { shared_secret: Some(secret()), ..AddFailover::default() };
    let set = SetFailover { shared_secret: Some(Some(secret())), ..SetFailover::default() };
    let changes = Changes { shared_secret: Some(Some(secret())), ..Changes::default() };
    let windows = signed.to_windows();
    let refused = registry.insert(signed.clone()).unwrap_err();
    let list = Failover::of(&signed).to_list();
    let shown = [
        format!("{:?}", secret()),
        format!("{:?}", secret().to_utf16()),
        format!("{signed:?} {registry:?} {add:?} {set:?} {changes:?} {windows:?}"),
        format!("{:#?}", builder("a", &[]).shared_secret(Some(secret()))),
        format!("{refused} {refused:?} {}", refused.remedy()),
        to_string(&signed).unwrap(),
        to_string(&registry).unwrap(),
        to_string(&add).unwrap(),
        to_string(&set).unwrap(),
        to_string(&Failover::of(&signed)).unwrap(),
        list,
    ];
    let units = format!("{:?}", SECRET.encode_utf16().collect::<Vec<_>>());
    let bytes = format!("{:?}", SECRET.as_bytes());
    for text in shown {
        for form in ["hunter2", &units, &bytes] {
            assert!(!text.contains(form), "a secret in {text}");
        }
    }
    let bytes = postcard::to_allocvec(&signed).unwrap();
    assert!(!bytes.windows(7).any(|it| it == b"hunter2"));
}

/// Both are known to wipe what they hold when they are dropped.
#[test]
fn secrets_are_wiped() {
    fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
    wiped(&secret());
    wiped(&secret().to_utf16());
}

/// Or a restart would turn authentication off.
#[test]
fn a_relationship_with_authentication_is_not_read_without_its_secret() {
    let mut stored = to_value(signed()).unwrap();
    assert_eq!((&stored["enable_auth"], &stored["shared_secret"]), (&json!(true), &Value::Null));
    assert_eq!(
        refusal::<Relationship>(stored.clone()),
        "enable_auth is true without shared_secret, which is not stored: put it in"
    );
    stored["shared_secret"] = json!(SECRET);
    assert_eq!(from_value::<Relationship>(stored.clone()).unwrap(), signed());
    stored["enable_auth"] = json!(false);
    assert_eq!(
        refusal::<Relationship>(stored),
        "shared_secret is given with enable_auth false: make it true"
    );
    let (bare, secret) = signed().split_secret();
    assert_eq!(bare.with_secret(secret), signed());
}

#[test]
fn what_is_read_is_checked() {
    let (bare, _) = signed().split_secret();
    let good = to_value(bare).unwrap();
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        refusal::<Relationship>(changed)
    };
    assert!(with("name", json!("")).starts_with("Name is missing: give Name"));
    assert!(with("mclt_s", json!(0)).starts_with("MaxClientLeadTime is 0"));
    assert!(with("primary_server", json!("0.0.0.0")).contains("PrimaryServer is 0.0.0.0"));
    assert!(with("scopes", json!(["10.0.1.0", "10.0.1.0"])).contains("named twice"));
    let over = json!({"LoadBalance": {"percentage": 101}});
    assert!(with("mode", over).contains("Percentage 101 is more than 100"));
    assert!(with("state", json!("NORMAL")).contains("unknown variant"));
    assert!(with("colour", json!("red")).contains("unknown field"));

    let mut twice = to_value(with_a()).unwrap();
    let list = twice["relationships"].as_array_mut().unwrap();
    list.push(list[0].clone());
    assert!(refusal::<Registry>(twice).contains("relationship \"a\" already exists"));
    let mut over = to_value(with_a()).unwrap();
    over["max_relationships"] = json!(1);
    assert!(from_value::<Registry>(over.clone()).is_ok());
    let second = to_value(builder("b", &[scope(3)]).build().unwrap()).unwrap();
    over["relationships"].as_array_mut().unwrap().push(second);
    assert!(refusal::<Registry>(over).contains("this server has 1 relationships"));
    assert!(from_str::<SharedSecret>("\"\"").is_err());
    assert_eq!(from_str::<SharedSecret>("\"s\"").unwrap().expose(), "s");
}

#[test]
fn a_time_span_is_read_from_seconds_or_text_and_written_as_text() {
    for text in ["7200", "\"7200\"", "\"2:00:00\"", "\"2h\""] {
        let span: TimeSpan = from_str(text).unwrap();
        assert_eq!((span.as_s(), to_string(&span).unwrap().as_str()), (7200, "\"02:00:00\""));
    }
    for text in ["-1", "4294967296", "1.5", "\"soon\"", "null", "true"] {
        let error = from_str::<TimeSpan>(text).unwrap_err().to_string();
        assert!(error.contains("time span"), "{text}: {error}");
    }
}

#[test]
fn parameters_have_the_names_of_the_cmdlet_and_no_others() {
    let add: AddFailover = from_value(json!({
        "Name": "SFO-SIN-Failover",
        "PartnerServer": "dhcpserver2.contoso.com",
        "ScopeId": ["10.10.10.0", "10.20.20.0"],
        "Empty": false,
        "Mode": "HotStandby",
        "LoadBalancePercent": null,
        "ReservePercent": 10,
        "ServerRole": "Standby",
        "ServerType": "Secondary",
        "MaxClientLeadTime": "2:00:00",
        "AutoStateTransition": true,
        "StateSwitchInterval": 7200,
        "SharedSecret": SECRET,
    }))
    .unwrap();
    let expected = AddFailover {
        name: Some("SFO-SIN-Failover".into()),
        partner_server: Some("dhcpserver2.contoso.com".into()),
        scope_id: vec!["10.10.10.0".into(), "10.20.20.0".into()],
        empty: false,
        mode: Some(ModeName::HotStandby),
        load_balance_percent: None,
        reserve_percent: Some(10),
        server_role: Some(ServerRole::Standby),
        server_type: Some(ServerType::Secondary),
        max_client_lead_time: Some(TimeSpan::from_s(7200)),
        auto_state_transition: Some(true),
        state_switch_interval: Some(TimeSpan::from_s(7200)),
        shared_secret: Some(secret()),
    };
    assert_eq!(add, expected);
    round_trip(&AddFailover { shared_secret: None, ..expected });
    assert!(refusal::<AddFailover>(json!({"LoadBalancePercentage": 50})).contains("unknown field"));
    assert!(refusal::<SetFailover>(json!({"Name": "a"})).contains("unknown field"));
    assert!(refusal::<AddFailover>(json!({"Mode": "Hot"})).contains("unknown variant"));
    assert_eq!(to_string(&AddFailover::default()).unwrap(), "{}");
}

#[test]
fn a_null_secret_turns_authentication_off_and_an_absent_one_does_not() {
    let set = |value| from_value::<SetFailover>(value).unwrap().shared_secret;
    assert_eq!(set(json!({})), None);
    assert_eq!(set(json!({"SharedSecret": null})), Some(None));
    assert_eq!(set(json!({"SharedSecret": SECRET})), Some(Some(secret())));
    let off = SetFailover { shared_secret: Some(None), ..SetFailover::default() };
    assert_eq!(to_string(&off).unwrap(), "{\"SharedSecret\":null}");
    round_trip(&off);
    let some = SetFailover {
        mode: Some(ModeName::LoadBalance),
        load_balance_percent: Some(70),
        auto_state_transition: Some(false),
        ..SetFailover::default()
    };
    assert_eq!(
        to_value(&some).unwrap(),
        json!({"Mode": "LoadBalance", "LoadBalancePercent": 70, "AutoStateTransition": false})
    );
}

#[test]
fn a_relationship_is_shown_with_the_properties_of_the_cmdlet() {
    assert_eq!(
        to_string(&Failover::of(&signed())).unwrap(),
        "{\"Name\":\"a\",\"PartnerServer\":\"west\",\"Mode\":\"LoadBalance\",\
         \"LoadBalancePercent\":50,\"ServerRole\":null,\"ReservePercent\":null,\
         \"MaxClientLeadTime\":\"01:00:00\",\"StateSwitchInterval\":\"00:01:00\",\
         \"State\":\"Startup\",\"ScopeId\":[\"10.0.1.0\",\"10.0.2.0\"],\
         \"AutoStateTransition\":true,\"EnableAuth\":true,\
         \"PrimaryServerIP\":\"192.0.2.1\",\"PrimaryServerName\":\"east\",\
         \"SecondaryServerIP\":\"192.0.2.2\",\"SecondaryServerName\":\"west\",\
         \"ServerType\":\"Primary\"}"
    );
}

#[test]
fn statistics_have_the_names_of_the_structure() {
    let counts =
        AddressCounts { this_free: 40, this_in_use: 10, partner_free: 44, partner_in_use: 6 };
    let statistics = Statistics::new(counts);
    let row = ScopeStatistics { scope_id: scope(1), statistics };
    assert_eq!(
        to_value(row).unwrap(),
        json!({
            "ScopeId": "10.0.1.0",
            "numAddr": 100,
            "addrFree": 84,
            "addrInUse": 16,
            "thisAddrFree": 40,
            "thisAddrInUse": 10,
            "partnerAddrFree": 44,
            "partnerAddrInUse": 6,
        })
    );
    round_trip(&row);
    round_trip(&statistics);
}

#[test]
fn what_was_read_works_like_what_was_written() {
    let mut read: Registry = from_str(&to_string(&with_a()).unwrap()).unwrap();
    let mut written = with_a();
    for registry in [&mut read, &mut written] {
        registry.add_scopes("a", &[scope(7)], &served).unwrap();
    }
    assert_eq!(read, written);
}
