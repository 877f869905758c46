//! Any bytes in every dialect and with any settings: what can be read can be sent again and reads
//! the same, and what is signed verifies.
#![no_main]

use dhcp_failover_fuzz::{framed, settings};
use dhcp_failover_wire::{
    Dialect, EncodeError, MAX_MESSAGE_LEN, decode,
    digest::{self, Key, Scheme},
    encode,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, message)) = data.split_first() else { return };
    let frame = framed(message);
    for dialect in [Dialect::Draft12, Dialect::IscDhcpd, Dialect::Microsoft(settings(choice))] {
        round_trip(&frame, dialect);
    }
    let key = Key::new(
        if choice & 1 == 0 { Scheme::HMAC_MD5 } else { Scheme::WINDOWS },
        "a shared secret",
    );
    let mut signed = frame.clone();
    match digest::sign(&mut signed, &key) {
        Ok(()) => assert_eq!(digest::verify(&signed, &key), Ok(())),
        Err(_) => assert_eq!(signed, frame),
    }
});

fn round_trip(frame: &[u8], dialect: Dialect) {
    let Ok(packet) = decode(frame, dialect) else { return };
    let mut out = Vec::new();
    match encode(&packet, dialect, &mut out) {
        Ok(()) => assert_eq!(decode(&out, dialect), Ok(packet)),
        // A peer may say what must not be said to it.
        Err(EncodeError::Refused { .. } | EncodeError::RefusedMessage { .. }) => {
            assert_ne!(dialect, Dialect::Draft12);
        }
        // IP-flags and a NAP status may come in fewer bytes than they are sent in.
        Err(EncodeError::TooLong { .. }) => assert!(frame.len() > MAX_MESSAGE_LEN / 2),
        Err(error) => panic!("{error} for {packet:?}"),
    }
}
