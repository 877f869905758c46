use super::{mistake, scope, scope_text};

/// The bytes of an option written as `entry`, such as `dns = "192.0.2.1"`.
fn encoded(entry: &str) -> (u8, Vec<u8>) {
    let options = scope(&format!("options = {{ {entry} }}")).options;
    assert_eq!(options.len(), 1);
    options.into_iter().next().expect("one option")
}

fn wrong(entry: &str) -> String {
    mistake(&scope_text(&format!("options = {{ {entry} }}")))
}

#[test]
fn values_become_the_bytes_of_a_packet() {
    for (entry, code, bytes) in [
        ("router = \"192.0.2.1\"", 3, &[192, 0, 2, 1][..]),
        ("dns = [\"192.0.2.1\", \"10.0.0.1\"]", 6, &[192, 0, 2, 1, 10, 0, 0, 1]),
        ("\"6\" = \"192.0.2.1\"", 6, &[192, 0, 2, 1]),
        ("domain_name = \"example.org\"", 15, b"example.org"),
        ("domain_name = \"192.0.2.1\"", 15, b"192.0.2.1"),
        ("interface_mtu = 1500", 26, &[5, 220]),
        ("\"26\" = 1500", 26, &[5, 220]),
        ("time_offset = -3600", 2, &[0xff, 0xff, 0xf1, 0xf0]),
        ("renewal_time_s = 0x10", 58, &[0, 0, 0, 16]),
        ("default_ttl = 64", 23, &[64]),
        ("ip_forwarding = false", 19, &[0]),
        ("domain_search = [\"a.bc\", \"d.\"]", 119, b"\x01a\x02bc\x00\x01d\x00"),
        (
            "classless_routes = [\"10.0.0.0/8 192.0.2.1\", \"0.0.0.0/0 192.0.2.2\"]",
            121,
            &[8, 10, 192, 0, 2, 1, 0, 192, 0, 2, 2],
        ),
        ("\"224\" = \"hex:01:02AB\"", 224, &[1, 2, 0xab]),
        ("\"224\" = \"hello\"", 224, b"hello"),
        ("\"224\" = \"192.0.2.1\"", 224, &[192, 0, 2, 1]),
        ("\"224\" = [\"192.0.2.1\"]", 224, &[192, 0, 2, 1]),
        ("\"224\" = true", 224, &[1]),
        ("\"80\" = \"hex:\"", 80, &[]),
        ("vendor_specific = \"hex:0104c0000201\"", 43, &[1, 4, 192, 0, 2, 1]),
        ("dns = \"hex:c0000201\"", 6, &[192, 0, 2, 1]),
    ] {
        assert_eq!(encoded(entry), (code, bytes.to_vec()), "{entry}");
    }
}

#[test]
fn a_wrong_value_is_told_with_its_place() {
    let remedy = "write an IPv4 address such as \"192.0.2.1\", or bytes such as \"hex:c0000201\"";
    assert_eq!(
        wrong("dns = [\"192.0.2.1\", \"here\"]"),
        format!("scope[0].options.dns[1] = \"here\": this is not an IPv4 address; {remedy}")
    );
    assert_eq!(
        wrong("interface_mtu = 65536"),
        "scope[0].options.interface_mtu = 65536: out of range; write a number from 0 to 65535"
    );
    assert_eq!(
        wrong("ip_forwarding = 1"),
        "scope[0].options.ip_forwarding = 1: this is not true or false; write true or false"
    );
    assert_eq!(
        wrong("\"224\" = 10"),
        "scope[0].options.224 = 10: the width of a number is not known for this option; write its \
         bytes, such as \"hex:0000000a\" for a ten in four bytes"
    );
    assert_eq!(
        wrong("\"224\" = \"hex:0g\""),
        "scope[0].options.224 = \"hex:0g\": this is not an even number of hexadecimal digits; write \
         two digits for each byte, such as \"hex:01ab\""
    );
    assert!(wrong("domain_search = \"a..b\"").contains("this is not a domain name"));
    assert!(wrong("classless_routes = [\"10.0.0.1/8 192.0.2.1\"]").contains("not a route"));
    assert!(wrong("host_name = \"\"").contains("the value has 0 bytes"));
    assert!(wrong("\"224\" = 1.5").contains("this cannot be the value of an option"));
    let long = "x".repeat(256);
    assert!(wrong(&format!("root_path = \"{long}\"")).contains("the value has 256 bytes"));
}

#[test]
fn names_and_numbers_that_cannot_be() {
    let text = wrong("routers = \"192.0.2.1\"");
    let expected = "no option has this name; did you mean \"router\"? Any option can be given by number, \
                    such as \"224\"";
    assert!(text.ends_with(expected), "{text}");
    assert!(wrong("\"256\" = \"x\"").contains("write a number from 1 to 254"));
    assert!(wrong("\"51\" = \"x\"").ends_with("option 51 cannot be set here; set lease_s instead"));
    assert!(wrong("\"82\" = \"hex:00\"").contains("option 82 cannot be set here"));
    assert!(
        wrong("dns = \"192.0.2.1\", \"6\" = \"192.0.2.1\"").contains("option 6 is given twice")
    );
}
