//! What is on the wire, and on which connection (H13, H15, H17, H18). H16 is in `sections/security_11_1.rs`.

use crate::connections::{connect, frame, offer, wire_now};
use crate::normal;
use crate::scripted::{ADDRESS, Scripted, config};
use crate::support::{ROLES, answers, in_normal, leased};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Bindings, Event, LinkSide, State};
use dhcp_failover_sim::{Host, Setup};
use dhcp_failover_wire::digest::{Key, Scheme, sign};
use dhcp_failover_wire::{
    BindingAck, BindingUpdate, Connect, IpFlags, Message, OptionCode, RawMessage, RejectReason,
};

/// H13, §6.1: the payload offset "is 8", but the header has 12 bytes. A partner that takes the draft
/// by the letter is understood from CONNECT on; it is always sent 12.
#[test]
fn h13_a_payload_offset_of_8_is_read_as_12_and_never_sent() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
        it.on_the_way = |bytes| bytes[3] = 8;
        it.meets(State::Normal);
        assert_eq!(it.state(), State::Normal, "{:?}", it.events);
        let update = leased(&it, 0);
        it.say(Message::BndUpd(vec![update]));
        assert_eq!(answers(&it), [BindingAck::accept(ADDRESS)]);
        it.pass_in_contact_s(100);
        assert!(it.said_bytes.len() > 4 && it.keeps_link());
        for bytes in &it.said_bytes {
            assert_eq!(bytes[3], 12, "{bytes:?}");
        }
    }
}

/// The options of a message, in order.
fn options(bytes: &[u8]) -> Vec<OptionCode> {
    let raw = RawMessage::parse(bytes).unwrap_or_else(|error| panic!("{error}"));
    raw.options().map(|option| option.code).collect()
}

/// H15: the digest is the "first option" (§11.1, §12.17) and among the "trailing options" (§6.3). It
/// is sent first; one that comes last is refused with words that say so.
#[test]
fn h15_the_digest_is_the_first_option_and_another_place_is_named() {
    let key = || Key::new(Scheme::HMAC_SHA256, "one");
    let mut pair = normal(Setup { secrets: [Some(key()), Some(key())], ..Setup::new(701) });
    let sent = options(pair.last_connect().unwrap_or_default());
    assert_eq!(sent.first(), Some(&OptionCode::MESSAGE_DIGEST), "{sent:?}");
    assert_eq!(sent.iter().filter(|code| **code == OptionCode::MESSAGE_DIGEST).count(), 1);

    let mut bytes = frame(wire_now(&pair), connect());
    let unsigned = bytes.len();
    sign(&mut bytes, &key()).unwrap_or_else(|error| panic!("{error}"));
    let digest_len = bytes.len() - unsigned;
    bytes[12..].rotate_left(digest_len);
    assert_eq!(options(&bytes).last(), Some(&OptionCode::MESSAGE_DIGEST));
    let link = offer(&mut pair, &bytes);
    assert!(pair.rejection_on(link).is_some() && !pair.is_open(Host::B, link));
    let told = pair.events_of(Host::B).any(|(_, event)| {
        matches!(event, Event::PeerError { message } if message.contains("not the first option"))
    });
    assert!(told, "{}", pair.log_text());
    assert_eq!(pair.states(), [Some(State::Normal); 2], "the link in use stays");

    bytes[12..].rotate_right(digest_len);
    let link = offer(&mut pair, &bytes);
    assert!(pair.is_open(Host::B, link), "in its place it counts\n{}", pair.log_text());
}

/// H17, §7.8.2, §12.21: of the two numbers of a hash bucket conflict 18 is sent; 19 is the address
/// that is not reserved here (§7.1.3).
#[test]
fn h17_a_hash_bucket_conflict_has_number_18() {
    let mut it = Scripted::start(config(Role::Secondary), None);
    let answer = it.offers(Connect { hash_buckets: None, ..connect() });
    assert_eq!(answer.reject.map(|reject| reject.reason.0), Some(18));
    let bytes = it.said_bytes.last().map_or(&[][..], Vec::as_slice);
    let raw = RawMessage::parse(bytes).unwrap_or_else(|error| panic!("{error}"));
    let reason = raw.option(OptionCode::REJECT_REASON).map(|option| option.value);
    assert_eq!(reason, Some(&[18][..]));
    assert_eq!(RejectReason::IP_NOT_RESERVED.0, 19);
}

/// H17, §12.12: IP-flags has "length 1" and two bytes. Both forms are read, as the same.
#[test]
fn h17_ip_flags_of_one_byte_and_of_two_mean_the_same() {
    /// The option as the draft draws its length: the low byte only.
    fn shorten(bytes: &mut Vec<u8>) {
        let raw = RawMessage::parse(bytes).unwrap_or_else(|error| panic!("{error}"));
        let Some(flags) = raw.option(OptionCode::IP_FLAGS) else { return };
        assert_eq!(flags.value.len(), 2);
        let at = usize::from(flags.offset);
        bytes.remove(at + 4);
        bytes[at + 3] = 1;
        bytes[1] -= 1;
    }
    for on_the_way in [|_: &mut Vec<u8>| {}, shorten] {
        let mut it = in_normal(Role::Secondary);
        it.on_the_way = on_the_way;
        let update = BindingUpdate { ip_flags: IpFlags::BOOTP, ..leased(&it, 0) };
        it.say(Message::BndUpd(vec![update]));
        assert_eq!(answers(&it), [BindingAck::accept(ADDRESS)]);
        let flags = it.table.get(ADDRESS).map(|binding| binding.flags);
        assert!(flags.is_some_and(|flags| flags.bootp && !flags.reserved), "{flags:?}");
    }
}

/// H17, §12.4: a client-identifier has "the conventions of option 81", which is a name; it is option
/// 61, type byte and all, and is kept byte by byte.
#[test]
fn h17_a_client_identifier_is_option_61_byte_by_byte() {
    for identifier in [&[1, 2, 0, 0, 0, 1, 0][..], &[0, 0, 0], &[255, 0, 0, 0, 1, 2], b"\0name"] {
        let mut it = in_normal(Role::Secondary);
        let client_identifier = Some(identifier.to_vec());
        let update = BindingUpdate { client_identifier, ..leased(&it, 0) };
        it.say(Message::BndUpd(vec![update]));
        let client = it.table.get(ADDRESS).and_then(|binding| binding.client);
        assert_eq!(client.as_ref().and_then(|it| it.identifier()), Some(identifier));
    }
}

/// H18, §8.2: the primary "MUST use a connection it initiated", or sends CONNECT over one of two.
/// Ours sends it at once over the one the partner made, prefers its own if that is not answered, and
/// is left with one.
#[test]
fn h18_a_primary_uses_the_connection_there_is_and_prefers_its_own_to_a_silent_one() {
    let mut it = Scripted::start(config(Role::Primary), None);
    it.link_up(LinkSide::Accepted);
    let theirs = it.link;
    assert_eq!(it.count(|message| matches!(message, Message::Connect(_))), 1);
    let before = it.dials;
    it.pass_s(4);
    assert!(it.dials > before, "nothing came for 3 s");
    assert!(!it.closed.contains(&theirs), "it may still be answered");
    it.link_up(LinkSide::Dialed);
    assert_eq!(it.closed, [theirs]);
    assert_eq!(it.count(|message| matches!(message, Message::Connect(_))), 1);
}

/// H18, §8.2: a secondary takes CONNECT over the connection it made or over one the primary made, and
/// closes the other.
#[test]
fn h18_a_secondary_takes_connect_over_either_connection_and_closes_the_other() {
    for used in [LinkSide::Dialed, LinkSide::Accepted] {
        let other = match used {
            LinkSide::Dialed => LinkSide::Accepted,
            LinkSide::Accepted => LinkSide::Dialed,
        };
        let mut it = Scripted::start(config(Role::Secondary), None);
        it.link_up(other);
        let spare = it.link;
        it.link_up(used);
        assert_eq!(it.count(|_| true), 0, "the primary has the first word");
        it.say(Message::Connect(connect()));
        assert_eq!(it.closed, [spare], "{used:?}");
        it.partner(State::Recover);
        assert!(it.endpoint.status().connected && it.keeps_link());
    }
}
