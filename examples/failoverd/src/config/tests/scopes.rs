use super::super::ReservedFor;
use super::{SERVER, mistake, mistakes, scope, scope_text};
use std::net::Ipv4Addr;

#[test]
fn required_keys() {
    let lines = mistakes(&format!("{SERVER}[[scope]]\n"));
    assert_eq!(lines.len(), 2);
    assert!(lines[0].ends_with(
        "scope[0].subnet: this key is missing; add a subnet, such as subnet = \"192.0.2.0/24\""
    ));
    assert!(lines[1].ends_with(
        "scope[0].lease_s: this key is missing; add the lease time in seconds, such as lease_s = \
         3600"
    ));
}

#[test]
fn ranges_give_out_all_but_what_is_excluded() {
    let scope = scope(
        "ranges = [\"192.0.2.10-192.0.2.13\", \"192.0.2.20\"]\nexclude = [\"192.0.2.11 - 192.0.2.12\"]",
    );
    let last: Vec<u8> = scope.addresses().map(|address| address.octets()[3]).collect();
    assert_eq!(last, [10, 13, 20]);
    assert_eq!(scope.address_count(), 3);
    assert!(scope.gives_out(Ipv4Addr::new(192, 0, 2, 13)));
    assert!(!scope.gives_out(Ipv4Addr::new(192, 0, 2, 12)));
    assert!(!scope.gives_out(Ipv4Addr::new(192, 0, 2, 14)));
}

#[test]
fn a_range_is_two_addresses() {
    let remedy = "write two IPv4 addresses with a hyphen between them, such as \
                  \"192.0.2.10-192.0.2.99\", or one address";
    for range in ["192.0.2.10-99", "192.0.2.0/28", "a-b", ""] {
        assert_eq!(
            mistake(&scope_text(&format!("ranges = [\"{range}\"]"))),
            format!(
                "scope[0].ranges[0] = \"{range}\": this is not a range of IPv4 addresses; {remedy}"
            )
        );
    }
}

#[test]
fn everything_is_inside_the_subnet() {
    let remedy = "write addresses from 192.0.2.1 to 192.0.2.254";
    assert_eq!(
        mistake(&scope_text("ranges = [\"192.0.2.10-192.0.3.5\"]")),
        format!(
            "scope[0].ranges[0] = \"192.0.2.10-192.0.3.5\": this is not inside scope[0].subnet = \
             \"192.0.2.0/24\"; {remedy}"
        )
    );
    assert_eq!(
        mistake(&scope_text("exclude = [\"10.0.0.1\"]")),
        format!(
            "scope[0].exclude[0] = \"10.0.0.1\": this is not inside scope[0].subnet = \
             \"192.0.2.0/24\"; {remedy}"
        )
    );
    assert_eq!(
        mistake(&scope_text("ranges = [\"192.0.2.200-192.0.2.255\"]")),
        format!(
            "scope[0].ranges[0] = \"192.0.2.200-192.0.2.255\": this holds 192.0.2.255, which no \
             client can have in 192.0.2.0/24; {remedy}"
        )
    );
    let text = mistake(&scope_text(
        "reservations = [{ hw_address = \"02:00:00:00:00:01\", address = \"192.0.2.0\" }]",
    ));
    assert!(
        text.ends_with(
            "192.0.2.0 is no host of scope[0].subnet = \"192.0.2.0/24\"; write an address from \
             192.0.2.1 to 192.0.2.254"
        ),
        "{text}"
    );
}

#[test]
fn a_point_to_point_subnet_has_two_hosts_and_a_host_route_one() {
    for (subnet, range) in [("192.0.2.0/31", "192.0.2.0-192.0.2.1"), ("192.0.2.7/32", "192.0.2.7")]
    {
        let text = format!(
            "{SERVER}[[scope]]\nsubnet = \"{subnet}\"\nlease_s = 60\nranges = [\"{range}\"]\n"
        );
        assert!(super::parse(&text).is_ok());
    }
}

#[test]
fn subnets_and_ranges_do_not_overlap() {
    let text = format!(
        "{}[[scope]]\nsubnet = \"192.0.2.128/25\"\nlease_s = 60\nranges = [\"192.0.2.150\"]\n",
        scope_text("ranges = [\"192.0.2.10-192.0.2.20\", \"192.0.2.20-192.0.2.30\"]")
    );
    let lines = mistakes(&format!("{SERVER}{text}"));
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].ends_with(
        "scope[0].ranges[1] = \"192.0.2.20-192.0.2.30\": this overlaps scope[0].ranges[0] = \
         \"192.0.2.10-192.0.2.20\"; give each address in one range only"
    ));
    assert!(lines[1].ends_with(
        "scope[1].subnet = \"192.0.2.128/25\": this overlaps scope[0].subnet = \"192.0.2.0/24\"; \
         give each scope a subnet of its own"
    ));
}

#[test]
fn a_range_inside_a_longer_one_that_is_not_its_neighbour_is_found() {
    let text = mistake(&scope_text(
        "ranges = [\"192.0.2.10-192.0.2.99\", \"192.0.2.101\", \"192.0.2.100\", \"192.0.2.50\"]",
    ));
    assert!(
        text.starts_with("scope[0].ranges[3] = \"192.0.2.50\": this overlaps scope[0].ranges[0]")
    );
}

#[test]
fn lease_times_are_in_order() {
    assert_eq!(
        mistake(&scope_text("min_lease_s = 61")),
        "scope[0].min_lease_s = 61: the shortest lease is longer than lease_s, 60; write a number \
         of seconds from 1 to 60"
    );
    assert_eq!(
        mistake(&scope_text("max_lease_s = 59")),
        "scope[0].max_lease_s = 59: the longest lease is shorter than lease_s, 60; write a number \
         of seconds from 60 to 315360000"
    );
    let bounded = scope("min_lease_s = 30\nmax_lease_s = 90");
    assert_eq!((bounded.min_lease_s, bounded.lease_s, bounded.max_lease_s), (30, 60, 90));
    let fixed = scope("");
    assert_eq!((fixed.min_lease_s, fixed.max_lease_s), (60, 60));
    assert_eq!((fixed.offer_hold_s, fixed.decline_hold_s), (60, 86_400));
    assert_eq!(fixed.load_balance_delay_s, 3);
}

#[test]
fn too_many_addresses_are_refused() {
    let text =
        "[[scope]]\nsubnet = \"10.0.0.0/8\"\nlease_s = 60\nranges = [\"10.0.0.1-10.99.0.0\"]\n";
    let text = mistake(text);
    assert!(text.contains("there are 6488064 addresses; write smaller ranges, 4194304"), "{text}");
}

#[test]
fn a_boot_file_fits_its_field() {
    let text = mistake(&scope_text(&format!("boot_file = \"{}\"", "x".repeat(128))));
    assert!(text.ends_with("write at most 127 bytes without NUL"), "{text}");
    let text = mistake(&scope_text("boot_file = \"a\\u0000b\""));
    assert!(text.contains("a NUL among them"), "{text}");
}

#[test]
fn clients_are_known_by_hardware_address_or_identifier() {
    let clients: Vec<ReservedFor> = scope(
        "reservations = [
            { hw_address = \"02:00:00:00:00:aB\", address = \"192.0.2.2\" },
            { hw_address = \"6/1-2\", address = \"192.0.2.3\" },
            { client_id = \"hex:01:02ab\", address = \"192.0.2.4\" },
            { client_id = \"printer\", address = \"192.0.2.5\", options = { host_name = \"p\" } },
        ]",
    )
    .reservations
    .into_iter()
    .map(|reservation| reservation.client)
    .collect();
    let expected = [
        ReservedFor::Hardware { htype: 1, address: vec![2, 0, 0, 0, 0, 0xab] },
        ReservedFor::Hardware { htype: 6, address: vec![1, 2] },
        ReservedFor::ClientId(vec![1, 2, 0xab]),
        ReservedFor::ClientId(b"printer".to_vec()),
    ];
    assert_eq!(clients, expected);
}

#[test]
fn a_reservation_names_one_client_and_one_address() {
    let wrong =
        |reservation: &str| mistake(&scope_text(&format!("reservations = [{{ {reservation} }}]")));
    let text = wrong("address = \"192.0.2.2\"");
    assert!(text.starts_with("scope[0].reservations[0].hw_address: this key is missing"), "{text}");
    let lines = mistakes(&scope_text("reservations = [{ mac = \"2\", address = \"192.0.2.2\" }]"));
    assert!(
        lines.iter().any(|line| line.ends_with(
            "unknown key; write one of \"hw_address\", \"client_id\", \"address\", \"options\""
        )),
        "{lines:?}"
    );
    let text = wrong("hw_address = \"02:0:1\"");
    assert!(text.starts_with("scope[0].reservations[0].address: this key is missing"), "{text}");
    let text = wrong("hw_address = \"1\", client_id = \"ab\", address = \"192.0.2.2\"");
    assert!(text.contains("a reservation names its client once"), "{text}");
    for bad in ["02:zz", "", "02:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00", "300/02"] {
        let text = wrong(&format!("hw_address = \"{bad}\", address = \"192.0.2.2\""));
        assert!(text.contains("this is not a hardware address"), "{text}");
    }
    let text = wrong("client_id = \"x\", address = \"192.0.2.2\"");
    assert!(text.ends_with("this has 1 bytes; write 2 to 255 bytes"), "{text}");
    let text = wrong("client_id = \"hex:012\", address = \"192.0.2.2\"");
    assert!(text.contains("not an even number of hexadecimal digits"), "{text}");
}

/// Two scopes with the same client, the second one with `more` keys.
fn same_client(first: &str, second: &str) -> String {
    let reservation = |address: &str| {
        format!(
            "reservations = [{{ hw_address = \"02:00:00:00:00:01\", address = \"{address}\" }}]"
        )
    };
    format!(
        "{SERVER}{}[[scope]]\nsubnet = \"198.51.100.0/24\"\nlease_s = 60\n{second}\n{}\n",
        scope_text(&format!("{first}\n{}", reservation("192.0.2.9"))),
        reservation("198.51.100.9")
    )
}

#[test]
fn a_client_has_one_reservation_on_each_wire() {
    let wire = "shared_network = \"w\"";
    let lines = mistakes(&same_client(wire, wire));
    assert_eq!(lines.len(), 1);
    assert!(lines[0].ends_with(
        "scope[0].reservations[0] is for the same client on the same wire; reserve one address for \
         each client of a wire"
    ));
    assert!(super::parse(&same_client(wire, "shared_network = \"v\"")).is_ok());
    assert!(super::parse(&same_client("", "")).is_ok());
}

#[test]
fn an_address_is_reserved_once() {
    let text = mistake(&scope_text(
        "reservations = [
            { hw_address = \"02:00:00:00:00:01\", address = \"192.0.2.9\" },
            { hw_address = \"02:00:00:00:00:02\", address = \"192.0.2.9\" },
        ]",
    ));
    assert!(text.ends_with(
        "scope[0].reservations[0] reserves 192.0.2.9 too; reserve each address for one client"
    ));
}
