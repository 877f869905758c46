use super::*;
use crate::config::{Config, Mode, ReservedFor, Role};
use std::path::Path;

const CONF: &str = r#"
authoritative; ddns-update-style none; log-facility local7;
default-lease-time 600; max-lease-time 7200;
option domain-name "example.org"; option domain-name-servers 192.0.2.53, 192.0.2.54;
option custom code 224 = text;
failover peer "foo" {
  primary; address 192.0.2.1; port 647; peer address 192.0.2.2; peer port 847;
  max-response-delay 30; max-unacked-updates 10; load balance max seconds 3;
  mclt 1800; split 64; max-lease-misbalance 15; auto-partner-down 3600;
}
class "phones" { match if substring (option vendor-class-identifier, 0, 4) = "Ph\"n"; }
shared-network "floor one" {
  option time-offset -3600;
  subnet 10.1.0.0 netmask 255.255.255.0 { option routers 10.1.0.1; }
  subnet 10.2.0.0 netmask 255.255.255.0 { option routers 10.2.0.1; range 10.2.0.10; }
  pool { failover peer "foo"; range 10.1.0.10 10.1.0.99; range 10.1.0.200 10.1.0.210;
         deny members of "phones"; }
}
group {
  next-server 192.0.2.9; filename "pxe\\linux.0";
  subnet 10.3.0.0 netmask 255.255.0.0 {
    pool { range dynamic-bootp 10.3.1.0 10.3.1.255; }
    pool { failover peer "foo"; range 10.3.2.0 10.3.2.255; max-lease-time 60; }
  }
  host printer { hardware ethernet 2:0:0:0:0:1; fixed-address 10.3.0.5; option host-name "printer"; }
  host scanner { option dhcp-client-identifier "scan"; fixed-address 10.3.0.6, 10.9.9.9; }
  host nobody { fixed-address 10.3.0.7; }
  host named { hardware ethernet 02:00:00:00:00:02; fixed-address named.example.org; }
}
if known { option domain-name "x"; }
"#;

fn checked(conf: &str) -> (Conversion, Config) {
    let converted = convert(conf.as_bytes()).expect("good syntax");
    let config = Config::parse(Path::new("converted.toml"), &converted.toml)
        .unwrap_or_else(|errors| panic!("{errors}\n{}", converted.toml));
    (converted, config)
}

#[test]
fn a_relationship_is_carried_over() {
    let (_, config) = checked(CONF);
    let it = &config.relationships[0];
    assert_eq!((it.name.as_str(), it.role), ("foo", Role::Primary));
    assert_eq!(it.partner.to_string(), "192.0.2.2:847");
    assert_eq!(it.mode, Mode::LoadBalance { primary_percent: 25 });
    assert_eq!((it.mclt_s, it.safe_period_s), (1_800, Some(3_600)));
    assert_eq!((it.receive_timer_s, it.max_unacked_bndupd), (30, 10));
    let listen = config.server.failover_listen.expect("an address");
    assert_eq!(listen.to_string(), "192.0.2.1:647");
}

#[test]
fn each_scope_has_what_it_inherited() {
    let (_, config) = checked(CONF);
    let [first, second, third] = &config.scopes[..] else { panic!("{:?}", config.scopes) };
    assert_eq!(first.subnet.to_string(), "10.1.0.0/24");
    assert_eq!(first.address_count(), 90 + 11);
    assert_eq!(first.relationship, Some(0));
    assert_eq!(first.load_balance_delay_s, 3);
    assert_eq!(first.shared_network.as_deref(), Some("floor one"));
    assert_eq!((first.min_lease_s, first.lease_s, first.max_lease_s), (1, 600, 7_200));
    assert_eq!(first.options[&3], [10, 1, 0, 1]);
    assert_eq!(first.options[&6], [192, 0, 2, 53, 192, 0, 2, 54]);
    assert_eq!(first.options[&15], b"example.org");
    assert_eq!(first.options[&2], (-3_600i32).to_be_bytes());
    assert_eq!((second.relationship, second.address_count()), (None, 1));
    assert_eq!(third.next_server, Some([192, 0, 2, 9].into()));
    assert_eq!(third.boot_file.as_deref(), Some("pxe\\linux.0"));
    assert_eq!((third.shared_network.as_deref(), third.address_count()), (None, 256));
    assert!(!third.options.contains_key(&2), "of another shared network");
}

#[test]
fn hosts_become_reservations() {
    let (_, config) = checked(CONF);
    let reservations = &config.scopes[2].reservations;
    let clients: Vec<_> = reservations.iter().map(|it| (&it.client, it.address)).collect();
    let printer = ReservedFor::Hardware { htype: 1, address: vec![2, 0, 0, 0, 0, 1] };
    let scanner = ReservedFor::ClientId(b"scan".to_vec());
    let wanted = [(&printer, [10, 3, 0, 5].into()), (&scanner, [10, 3, 0, 6].into())];
    assert_eq!(clients, wanted);
    assert_eq!(reservations[0].options[&12], b"printer");
}

#[test]
fn what_is_left_out_is_told_with_line_and_reason() {
    let (converted, _) = checked(CONF);
    let told: Vec<_> =
        converted.left_out.iter().map(|it| (it.line, it.statement.as_str())).collect();
    assert_eq!(
        told,
        [
            (5, "option custom code 224 = text;"),
            (9, "max-lease-misbalance 15;"),
            (11, "class \"phones\" {...}"),
            (17, "deny members of \"phones\";"),
            (23, "max-lease-time 60;"),
            (23, "range 10.3.2.0 10.3.2.255;"),
            (26, "host scanner {...}"),
            (27, "host nobody {...}"),
            (28, "host named {...}"),
            (30, "if known {...}"),
        ]
    );
    for left in &converted.left_out {
        assert!(!left.why.is_empty());
        assert!(converted.toml.contains(&format!("# {left}")), "{left}");
    }
}

/// isc-L28: every client stays with the server it has, whatever the map.
#[test]
fn who_answers_whom_is_carried_over_exactly() {
    let peer = |more: &str| {
        format!(
            "failover peer \"a\" {{ primary; address 10.0.0.1; peer address 10.0.0.2; mclt 60; {more} }}
             subnet 10.0.0.0 netmask 255.255.255.0 {{ pool {{ failover peer \"a\"; range 10.0.0.9; }} }}"
        )
    };
    let percent = |primary_percent| Mode::LoadBalance { primary_percent };
    let mut first_199 = [0; 32];
    first_199[..24].fill(0xff);
    first_199[24] = 0x7f;
    let every_other = format!("hba {};", ["aa"; 32].join(":"));
    for (more, mode) in [
        ("split 128;", percent(50)),
        ("split 256;", percent(100)),
        ("split 0;", percent(0)),
        ("split 200;", percent(78)),
        ("split 199;", Mode::Buckets { primary: first_199 }),
        (&every_other, Mode::Buckets { primary: [0xaa; 32] }),
    ] {
        let (converted, config) = checked(&peer(more));
        assert_eq!(config.relationships[0].mode, mode, "{more}");
        assert!(converted.left_out.is_empty(), "{more} {:?}", converted.left_out);
    }
    let (converted, _) = checked(&peer("split 257;"));
    assert_eq!(converted.left_out.len(), 1);
}

#[test]
fn a_file_that_is_not_dhcpds_is_refused_with_its_line() {
    let error = convert(b"a;\nsubnet {").expect_err("no end");
    assert_eq!(error.line, 2);
}
