//! Required and forbidden options.

use dhcp_failover_wire::{
    BindingStatus, Dialect, MessageType, OptionCode as O, OptionSet, RejectReason,
    rules::{Part, Presence, Violation, check, presence},
};

const DIALECTS: [Dialect; 3] = [Dialect::Draft12, Dialect::IscDhcpd, Dialect::MICROSOFT];

fn set(options: &[O]) -> OptionSet {
    options.iter().copied().collect()
}

/// The table of a part as text, one line an option, in the order of codes.
fn table(dialect: Dialect, parts: &[Part]) -> String {
    let mark = |presence| match presence {
        Presence::Must => "MUST",
        Presence::Should => "SHOULD",
        Presence::May => "MAY",
        Presence::ShouldNot => "SHOULD NOT",
        Presence::MustNot => "MUST NOT",
        Presence::Unlisted => "-",
    };
    let mut text = String::new();
    for option in (0..50).map(O) {
        let cells: Vec<_> =
            parts.iter().map(|part| mark(presence(dialect, *part, option))).collect();
        if cells.iter().any(|cell| *cell != "-") {
            text.push_str(&format!("{option}: {}\n", cells.join(", ")));
        }
    }
    text
}

#[test]
fn table_7_1_1_is_the_drafts() {
    use BindingStatus as B;
    let parts = [B::ACTIVE, B::EXPIRED, B::RELEASED, B::FREE, B::ABANDONED].map(Part::Update);
    let expected = "\
assigned-IP-address: MUST, MUST, MUST, MUST, MUST
binding-status: MUST, MUST, MUST, MUST, MUST
client-identifier: MAY, MAY, MAY, MAY, MUST NOT
client-hardware-address: MUST, MUST, MUST, MAY, MUST NOT
client-last-transaction-time: MUST, SHOULD, MUST, MAY, MAY
client-reply-options: SHOULD, SHOULD NOT, SHOULD NOT, SHOULD NOT, SHOULD NOT
client-request-options: SHOULD, SHOULD NOT, SHOULD, SHOULD NOT, SHOULD NOT
DDNS: MAY, MAY, MAY, MAY, MAY
IP-flags: MAY, MAY, MAY, MAY, MAY
lease-expiration-time: MUST, MUST NOT, MUST NOT, MUST NOT, MUST NOT
potential-expiration-time: MUST, MUST NOT, MUST NOT, MUST NOT, MUST NOT
start-time-of-state: SHOULD, SHOULD, SHOULD, SHOULD, SHOULD
";
    assert_eq!(table(Dialect::Draft12, &parts), expected);
    // FREE, BACKUP and RESET share a column.
    for status in [B::BACKUP, B::RESET, B(99)] {
        for dialect in DIALECTS {
            let of = |status| table(dialect, &[Part::Update(status)]);
            assert_eq!(of(status), of(B::FREE), "{status:?}");
        }
    }
}

#[test]
fn tables_7_2_1_to_7_12_1_are_the_drafts() {
    let draft = |parts: &[Part]| table(Dialect::Draft12, parts);
    let connect = "\
delayed-service-parameter: MAY
hash-bucket-assignment: MUST
max-unacked-bndupd: MUST
MCLT: MUST
receive-timer: MUST
protocol-version: MUST
relationship-name: MUST
TLS-request: MAY
vendor-class-identifier: MUST
vendor-specific-options: MAY
";
    assert_eq!(draft(&[Part::Message(MessageType::CONNECT)]), connect);
    let connect_ack = "\
hash-bucket-assignment: MUST NOT, MUST NOT
max-unacked-bndupd: MUST, MUST NOT
MCLT: MUST NOT, MUST NOT
message: MUST NOT, SHOULD
receive-timer: MUST, MUST NOT
protocol-version: MUST, MUST
reject-reason: MUST NOT, MUST
relationship-name: MUST, MUST
TLS-reply: MAY, MAY
vendor-class-identifier: MUST, MUST NOT
vendor-specific-options: MAY, MAY
";
    let parts = [false, true].map(|rejects| Part::ConnectAck { rejects });
    assert_eq!(draft(&parts), connect_ack);
    let ack = draft(&[false, true].map(|rejects| Part::Ack { rejects }));
    assert!(ack.contains("reject-reason: MUST NOT, MUST\n"), "{ack}");
    assert!(ack.contains("message: SHOULD NOT, SHOULD\n"), "{ack}");
    assert_eq!(ack.matches("SHOULD NOT, SHOULD NOT").count(), 9, "{ack}");
    let one = |message_type| draft(&[Part::Message(message_type)]);
    let state = "server-flags: MUST\nserver-state: MUST\nstart-time-of-state: MUST\n";
    assert_eq!(one(MessageType::STATE), state);
    assert_eq!(one(MessageType::DISCONNECT), "message: SHOULD\nreject-reason: MUST\n");
    assert_eq!(one(MessageType::POOLRESP), "addresses-transferred: MUST\n");
    for empty in [MessageType::POOLREQ, MessageType::UPDREQ, MessageType::UPDREQALL] {
        assert_eq!(one(empty), "");
    }
}

#[test]
fn what_is_missing_is_told_before_what_is_forbidden() {
    let part = Part::Update(BindingStatus::ABANDONED);
    let bare = set(&[O::ASSIGNED_IP_ADDRESS, O::BINDING_STATUS]);
    assert_eq!(check(Dialect::Draft12, part, bare), Ok(()));
    let forbidden = Violation::Forbidden { option: O::CLIENT_IDENTIFIER };
    assert_eq!(check(Dialect::Draft12, part, bare.with(O::CLIENT_IDENTIFIER)), Err(forbidden));
    let missing = Violation::Missing { option: O::BINDING_STATUS };
    let without = set(&[O::ASSIGNED_IP_ADDRESS, O::CLIENT_IDENTIFIER]);
    assert_eq!(check(Dialect::Draft12, part, without), Err(missing));
    // dhcpd would free the address at once.
    let missing = Violation::Missing { option: O::LEASE_EXPIRATION_TIME };
    assert_eq!(check(Dialect::IscDhcpd, part, bare), Err(missing));
    assert_eq!(missing.reject_reason(), RejectReason::MISSING_BINDING_INFORMATION);
    assert_eq!(missing.to_string(), "option lease-expiration-time is missing");
}

#[test]
fn an_ownership_update_of_windows_has_nothing_of_a_client() {
    let part = Part::Update(BindingStatus::BACKUP);
    let bare =
        set(&[O::ASSIGNED_IP_ADDRESS, O::BINDING_STATUS, O::IP_FLAGS, O::CLIENT_SUBNET_MASK]);
    assert_eq!(check(Dialect::MICROSOFT, part, bare), Ok(()));
    assert_eq!(check(Dialect::MICROSOFT, part, bare.with(O::EXTENDED_ADDRESS_STATE)), Ok(()));
    for option in [O::CLIENT_HARDWARE_ADDRESS, O::CLIENT_NAME, O::LEASE_EXPIRATION_TIME] {
        let violation = check(Dialect::MICROSOFT, part, bare.with(option));
        assert_eq!(violation, Err(Violation::Forbidden { option }));
    }
}

#[test]
fn a_set_holds_options_with_a_name_only() {
    let all: OptionSet = (0..=u16::MAX).map(O).collect();
    assert_eq!(all.iter().count(), 41);
    assert!(all.iter().all(O::is_known));
    assert!(!all.contains(O(0)) && !all.contains(O(42)) && !all.contains(O(64)));
    assert!(all.without(all).is_empty() && !all.is_empty());
    let two = set(&[O::MCLT, O::DDNS]);
    assert_eq!(format!("{two:?}"), "{DDNS, MCLT}");
    assert_eq!(all.intersection(two), two);
    assert_eq!(two.with(O::MCLT), two, "an option is in a set once");
    assert_eq!(OptionSet::EMPTY.with_if(false, O::MCLT), OptionSet::EMPTY);
}
