//! A stream cut into reads at will gives the same messages, or the same error, as in one piece, and
//! under a higher limit too.
#![no_main]

use std::ops::Range;

use dhcp_failover_wire::{FrameError, HEADER_LEN, MessageLimit, split_frame_within};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&[step, limit], stream)) = data.split_first_chunk() else { return };
    let limit = MessageLimit::new(u16::from(limit) << 8);
    let whole = messages(stream, stream.len().max(1), limit);
    assert_eq!(messages(stream, usize::from(step).max(1), limit), whole);
    assert_eq!(messages(stream, 1, limit), whole);
});

/// Where the messages are, and the unfinished rest; what was read and not consumed is the buffer.
fn messages(
    stream: &[u8],
    step: usize,
    limit: MessageLimit,
) -> (Vec<Range<usize>>, Result<usize, FrameError>) {
    let (mut found, mut consumed, mut read) = (Vec::new(), 0, 0);
    while read < stream.len() {
        read = (read + step).min(stream.len());
        loop {
            match split_frame_within(&stream[consumed..read], limit) {
                Ok(Some((frame, rest))) => {
                    assert!((HEADER_LEN..=limit.bytes()).contains(&frame.len()));
                    assert_eq!(frame.len() + rest.len(), read - consumed);
                    found.push(consumed..consumed + frame.len());
                    consumed += frame.len();
                }
                Ok(None) => break,
                Err(error) => return (found, Err(error)),
            }
        }
        // Who reads in pieces no longer than the limit always makes progress.
        assert!(read - consumed < limit.bytes() + step, "an incomplete message is below the limit");
    }
    (found, Ok(read - consumed))
}
