//! A stream cut into reads at will gives the same messages, or the same error, as in one piece.
#![no_main]

use dhcp_failover_wire::{FrameError, HEADER_LEN, MAX_MESSAGE_LEN, split_frame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&step, stream)) = data.split_first() else { return };
    let whole = messages(stream, stream.len().max(1));
    assert_eq!(messages(stream, usize::from(step).max(1)), whole);
    assert_eq!(messages(stream, 1), whole);
});

fn messages(mut stream: &[u8], step: usize) -> (Vec<Vec<u8>>, Result<usize, FrameError>) {
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    while !stream.is_empty() {
        let (read, rest) = stream.split_at(step.min(stream.len()));
        stream = rest;
        buffer.extend_from_slice(read);
        loop {
            match split_frame(&buffer) {
                Ok(Some((frame, rest))) => {
                    assert!((HEADER_LEN..=MAX_MESSAGE_LEN).contains(&frame.len()));
                    found.push(frame.to_vec());
                    buffer = rest.to_vec();
                }
                Ok(None) => break,
                Err(error) => return (found, Err(error)),
            }
        }
        assert!(buffer.len() < MAX_MESSAGE_LEN, "an incomplete message is below the limit");
    }
    (found, Ok(buffer.len()))
}
