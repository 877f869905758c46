//! Any bytes in every dialect: what can be read can be sent again and reads the same, and the
//! borrowed view agrees with the typed message.
#![no_main]

use dhcp_failover_wire::{
    Dialect, EncodeError, MAX_MESSAGE_LEN, RawMessage, decode,
    digest::{self, DigestKind},
    encode,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The length is set right, or nearly every input would end there; `frame` tests the rest.
    let mut frame = data.to_vec();
    frame.truncate(MAX_MESSAGE_LEN);
    let length = frame.len() as u16;
    if let Some(field) = frame.first_chunk_mut() {
        *field = length.to_be_bytes();
    }
    let raw = RawMessage::parse(&frame);
    if let Ok(raw) = raw {
        let mut end = raw.header().payload_start();
        for option in raw.options() {
            assert_eq!(usize::from(option.offset), end);
            end += 4 + option.value.len();
        }
        assert_eq!(end, frame.len());
    }
    for dialect in [Dialect::Draft12, Dialect::IscDhcpd, Dialect::Microsoft] {
        round_trip(&frame, raw.is_ok(), dialect);
    }
    for kind in [DigestKind::HmacMd5, DigestKind::HmacSha256] {
        let mut signed = frame.clone();
        match digest::sign(&mut signed, kind, b"key") {
            Ok(()) => assert_eq!(digest::verify(&signed, kind, b"key"), Ok(())),
            Err(_) => assert_eq!(signed, frame),
        }
    }
});

fn round_trip(frame: &[u8], sound: bool, dialect: Dialect) {
    let Ok(packet) = decode(frame, dialect) else { return };
    assert!(sound, "the typed layer took what the view refuses");
    let mut out = Vec::new();
    match encode(&packet, dialect, &mut out) {
        Ok(()) => assert_eq!(decode(&out, dialect), Ok(packet)),
        // A peer may say what must not be said to it.
        Err(EncodeError::Refused { .. }) => assert_eq!(dialect, Dialect::IscDhcpd),
        // IP-flags may come in one byte and are sent in two.
        Err(EncodeError::TooLong { .. }) => assert!(frame.len() > MAX_MESSAGE_LEN / 2),
        Err(error) => panic!("{error} for {packet:?}"),
    }
}
