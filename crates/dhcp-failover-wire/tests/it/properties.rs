//! Properties over generated messages and bytes. A failure prints its seed and keeps it.

use dhcp_failover_wire::{
    BindingUpdate, DecodeError, Dialect, EncodeError, HEADER_LEN, Message, OptionCode, OptionSet,
    Packet, RawMessage, decode,
    digest::{self, Key, Scheme},
    encode,
    rules::{Part, Presence, presence},
    split_frame,
};
use proptest::{collection::vec, prelude::*};

use crate::{
    strategies::{nearly_a_message, packet, update, windows_packet},
    support::encoded,
};

const DIALECTS: [Dialect; 3] = [Dialect::Draft12, Dialect::IscDhcpd, Dialect::MICROSOFT];

/// What must hold for any bytes.
fn check(frame: &[u8]) {
    let raw = RawMessage::parse(frame);
    for dialect in DIALECTS {
        let decoded = decode(frame, dialect);
        match (&raw, &decoded) {
            (Err(error), _) => assert_eq!(decoded, Err(*error), "both layers refuse alike"),
            (Ok(raw), Ok(packet)) => {
                let header = raw.header();
                assert_eq!(header.message_type, packet.message.message_type());
                assert_eq!((header.time, header.xid), (packet.time, packet.xid));
                view_agrees(*raw, packet, dialect);
                let mut out = Vec::new();
                match encode(packet, dialect, &mut out) {
                    Ok(()) => assert_eq!(decode(&out, dialect).as_ref(), Ok(packet)),
                    // Read for the endpoint to judge, never sent.
                    Err(EncodeError::Refused { .. } | EncodeError::RefusedMessage { .. }) => {
                        assert_ne!(dialect, Dialect::Draft12);
                    }
                    // One more byte for the IP-flags, or Windows' mandatory mask.
                    Err(EncodeError::TooLong { .. }) => assert!(frame.len() > 1024),
                    Err(error) => panic!("{error} for {packet:?}"),
                }
            }
            (Ok(_), Err(DecodeError::Frame(_))) => panic!("the frame was sound"),
            (Ok(_), Err(_)) => {}
        }
    }
    for scheme in [Scheme::HMAC_MD5, Scheme::HMAC_SHA256, Scheme::WINDOWS] {
        assert!(digest::verify(frame, &Key::new(scheme, "secret")).is_err());
    }
}

/// The typed bindings have exactly the options the view shows, but for those without a meaning.
fn view_agrees(raw: RawMessage<'_>, packet: &Packet, dialect: Dialect) {
    let Message::BndUpd(updates) = &packet.message else { return };
    let mut of_bindings: Vec<OptionSet> = Vec::new();
    for option in raw.options() {
        if option.code == OptionCode::ASSIGNED_IP_ADDRESS || of_bindings.is_empty() {
            of_bindings.push(OptionSet::EMPTY);
        }
        let last = of_bindings.last_mut().unwrap();
        // Flags that are zero are as good as none, but to Windows.
        let zero = option.code == OptionCode::IP_FLAGS
            && dialect.windows().is_none()
            && option.value.iter().all(|byte| *byte == 0);
        if dialect.knows(option.code) && !zero {
            *last = last.with(option.code);
        }
    }
    if dialect == Dialect::IscDhcpd {
        of_bindings = vec![of_bindings.into_iter().fold(OptionSet::EMPTY, union)];
    } else if of_bindings.len() > updates.len() {
        // Before the first address nothing belongs to a binding.
        of_bindings.remove(0);
    }
    assert_eq!(of_bindings.len(), updates.len());
    for (update, seen) in updates.iter().zip(of_bindings) {
        let part = Part::Update(update.status);
        let meant = |option: &OptionCode| {
            !matches!(presence(dialect, part, *option), Presence::Unlisted)
                && (*option != OptionCode::DDNS || dialect != Dialect::IscDhcpd)
        };
        let seen: OptionSet = seen.iter().filter(meant).collect();
        let windows = dialect.windows().is_some();
        let typed = update.options();
        // Windows' flags are always there, as zero if none came.
        let typed = if windows {
            typed
                .without(flags())
                .with_if(seen.contains(OptionCode::IP_FLAGS), OptionCode::IP_FLAGS)
        } else {
            typed
        };
        assert_eq!(typed, seen, "{update:?}");
    }
}

const fn flags() -> OptionSet {
    OptionSet::EMPTY.with(OptionCode::IP_FLAGS)
}

fn union(a: OptionSet, b: OptionSet) -> OptionSet {
    a.iter().chain(b.iter()).collect()
}

proptest! {
    #[test]
    fn the_length_of_an_update_is_known_before_it_is_encoded(updates in vec(update(), 1..5)) {
        let lengths: usize = updates.iter().map(BindingUpdate::encoded_len).sum();
        let packet = Packet { time: 0, xid: 0, message: Message::BndUpd(updates) };
        prop_assert_eq!(encoded(&packet, Dialect::Draft12).len(), HEADER_LEN + lengths);
    }

    #[test]
    fn what_is_encoded_for_windows_decodes_to_itself((settings, packet) in windows_packet()) {
        let dialect = Dialect::Microsoft(settings);
        let frame = encoded(&packet, dialect);
        prop_assert_eq!(frame[3], 8);
        prop_assert_eq!(decode(&frame, dialect), Ok(packet));
    }

    #[test]
    fn changed_windows_messages_are_decoded_or_refused(
        (settings, packet) in windows_packet(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut frame = encoded(&packet, Dialect::Microsoft(settings));
        for (index, value) in changes {
            let index = index.index(frame.len());
            frame[index] = value;
        }
        check(&frame);
    }

    #[test]
    fn what_is_encoded_decodes_to_itself(packet in packet()) {
        let frame = encoded(&packet, Dialect::Draft12);
        prop_assert_eq!(decode(&frame, Dialect::Draft12), Ok(packet.clone()));
        let mut out = Vec::new();
        match encode(&packet, Dialect::IscDhcpd, &mut out) {
            Ok(()) => prop_assert_eq!(decode(&out, Dialect::IscDhcpd), Ok(packet)),
            Err(error) => {
                prop_assert!(matches!(error, EncodeError::Refused { .. }), "{}", error);
                prop_assert!(out.is_empty());
            }
        }
    }

    #[test]
    fn arbitrary_bytes_are_decoded_or_refused(frame in vec(any::<u8>(), 0..200)) {
        check(&frame);
    }

    #[test]
    fn nearly_sound_messages_are_decoded_or_refused(frame in nearly_a_message()) {
        check(&frame);
    }

    #[test]
    fn changed_messages_are_decoded_or_refused(
        packet in packet(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut frame = encoded(&packet, Dialect::Draft12);
        for (index, value) in changes {
            let index = index.index(frame.len());
            frame[index] = value;
        }
        check(&frame);
    }

    #[test]
    fn any_cutting_of_a_stream_gives_the_same_messages(
        packets in vec(packet(), 1..6),
        cuts in vec(1..60_usize, 1..40),
    ) {
        let frames: Vec<_> =
            packets.iter().map(|packet| encoded(packet, Dialect::Draft12)).collect();
        let stream = frames.concat();
        let (mut rest, mut buffer, mut found) = (&stream[..], Vec::new(), Vec::new());
        let mut sizes = cuts.iter().cycle();
        while !rest.is_empty() {
            let (read, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            rest = later;
            buffer.extend_from_slice(read);
            while let Some((frame, after)) = split_frame(&buffer).unwrap() {
                found.push(frame.to_vec());
                buffer = after.to_vec();
            }
        }
        prop_assert!(buffer.is_empty());
        prop_assert_eq!(found, frames);
    }
}
