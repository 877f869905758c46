//! The borrowed view against the typed message: they refuse alike, and every option of a binding is
//! in both.
#![no_main]

use dhcp_failover_fuzz::{framed, settings};
use dhcp_failover_wire::{
    Dialect, Message, OptionCode, OptionSet, Packet, RawMessage, decode,
    rules::{Part, Presence, presence},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, message)) = data.split_first() else { return };
    let frame = framed(message);
    let raw = RawMessage::parse(&frame);
    if let Ok(raw) = raw {
        let mut end = raw.header().payload_start();
        for option in raw.options() {
            assert_eq!(usize::from(option.offset), end);
            end += 4 + option.value.len();
        }
        assert_eq!(end, frame.len());
    }
    for dialect in [Dialect::Draft12, Dialect::IscDhcpd, Dialect::Microsoft(settings(choice))] {
        match (raw, decode(&frame, dialect)) {
            (Ok(raw), Ok(packet)) => agree(raw, &packet, dialect),
            (Ok(_), Err(_)) => {}
            (Err(error), typed) => assert_eq!(typed, Err(error)),
        }
    }
});

fn agree(raw: RawMessage<'_>, packet: &Packet, dialect: Dialect) {
    let header = raw.header();
    assert_eq!(header.message_type, packet.message.message_type());
    assert_eq!((header.time, header.xid), (packet.time, packet.xid));
    let Message::BndUpd(updates) = &packet.message else { return };
    let addresses = raw
        .options()
        .filter(|option| option.code == OptionCode::ASSIGNED_IP_ADDRESS)
        .map(|option| option.value.to_vec());
    assert!(addresses.eq(updates.iter().map(|update| update.address.octets().to_vec())));
    let [update] = &updates[..] else { return };
    let part = Part::Update(update.status);
    let meant = |option: &OptionCode| {
        presence(dialect, part, *option) != Presence::Unlisted
            && (*option != OptionCode::DDNS || dialect != Dialect::IscDhcpd)
            // Flags that are not there are zero.
            && *option != OptionCode::IP_FLAGS
    };
    let seen: OptionSet = raw.option_set().iter().filter(meant).collect();
    let typed: OptionSet = update.options().iter().filter(meant).collect();
    assert_eq!(typed, seen);
}
