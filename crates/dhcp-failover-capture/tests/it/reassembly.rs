//! Segments in any order, messages in theirs.

use dhcp_failover_capture::{MAX_PENDING_BYTES, Skip, What};
use dhcp_failover_wire::{FrameError, MessageLimit};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::support::{
    ACK, PRIMARY, RST, SECONDARY, SYN, ethernet, found, ip_packet, message, pcap, read, reply,
    segment,
};

fn stream(numbers: std::ops::Range<u32>) -> (Vec<Vec<u8>>, Vec<u8>) {
    let messages: Vec<_> = numbers.map(message).collect();
    let bytes = messages.concat();
    (messages, bytes)
}

#[test]
fn messages_are_found_however_they_were_cut() {
    let (messages, bytes) = stream(0..20);
    for step in 1..bytes.len() {
        let mut packets = vec![segment(99, SYN, b"")];
        let mut sequence = 100;
        for piece in bytes.chunks(step) {
            packets.push(segment(sequence, ACK, piece));
            sequence += u32::try_from(piece.len()).unwrap();
        }
        assert_eq!(found(&packets), (messages.clone(), vec![]), "pieces of {step}");
    }
}

#[test]
fn a_message_belongs_to_the_packet_that_completes_it() {
    let (_, bytes) = stream(0..2);
    let packets = [
        segment(99, SYN, b""),
        segment(100, ACK, &bytes[..5]),
        segment(112, ACK, &bytes[12..]),
        segment(105, ACK, &bytes[5..12]),
    ];
    let found = read(&pcap(1, &packets));
    let frames: Vec<_> = found.iter().map(|it| (it.frame, it.time.to_string())).collect();
    assert_eq!(frames, vec![(4, "1003.000007".to_owned()); 2]);
    assert_eq!(found[0].source.to_string(), "192.0.2.1:50001");
    assert_eq!(found[0].destination.to_string(), "192.0.2.2:647");
}

#[test]
fn a_capture_may_begin_in_the_middle() {
    let (messages, bytes) = stream(0..4);
    // The first segment holds the end of a message: only the next one shows a beginning.
    let packets = [segment(500, ACK, &bytes[7..12]), segment(505, ACK, &bytes[12..])];
    assert_eq!(found(&packets), (messages[1..].to_vec(), vec![(5, Skip::NotInStep)]));
    // Or with a message.
    assert_eq!(found(&[segment(500, ACK, &bytes)]), (messages, vec![]));
}

#[test]
fn what_is_missing_is_told_and_the_rest_found() {
    let (messages, bytes) = stream(0..6);
    let second = messages[0].len();
    let fourth = messages[..3].concat().len();
    let sequence = |at: usize| 100 + u32::try_from(at).unwrap();
    let packets = [
        segment(99, SYN, b""),
        segment(100, ACK, &bytes[..second + 3]),
        // From the middle of the second message to the fourth: never captured.
        segment(sequence(fourth), ACK, &bytes[fourth..]),
    ];
    let (got, skipped) = found(&packets);
    assert_eq!(got, [&messages[..1], &messages[3..]].concat());
    let missing = (fourth - second - 3) as u64;
    assert_eq!(skipped, [(3, Skip::Unfinished), (missing, Skip::Missing)]);
}

/// The last byte of a POOLRESP and the header behind it read like the beginning of a long UPDREQ.
#[test]
fn a_false_beginning_after_a_loss_makes_no_message_up() {
    let (messages, bytes) = stream(0..30);
    for step in 1..60 {
        let mut packets = vec![segment(99, SYN, b"")];
        for (index, piece) in bytes.chunks(step).enumerate().skip(1) {
            packets.push(segment(100 + u32::try_from(index * step).unwrap(), ACK, piece));
        }
        for message in found(&packets).0 {
            assert!(messages.contains(&message), "step {step}: {message:?}");
        }
    }
}

#[test]
fn what_comes_again_counts_once() {
    let (messages, bytes) = stream(0..5);
    let packets = [
        segment(99, SYN, b""),
        segment(99, SYN, b""),
        segment(100, ACK, &bytes[..20]),
        // A keep-alive, a retransmission, one that overlaps, one that reaches further.
        segment(119, ACK, &bytes[19..20]),
        segment(100, ACK, &bytes[..20]),
        segment(99, SYN, b""),
        segment(110, ACK, &bytes[10..30]),
        segment(100, ACK, &bytes),
        segment(100, ACK, &bytes),
    ];
    assert_eq!(found(&packets), (messages, vec![]));
}

#[test]
fn a_new_connection_between_the_same_ends_starts_anew() {
    let (first, bytes) = stream(0..3);
    let (second, later) = stream(3..6);
    let packets = [
        segment(99, SYN, b""),
        segment(100, ACK, &bytes[..bytes.len() - 1]),
        segment(7_000, SYN, b""),
        segment(7_001, ACK, &later),
    ];
    let (got, skipped) = found(&packets);
    assert_eq!(got, [&first[..2], &second[..]].concat());
    assert_eq!(skipped, [((first[2].len() - 1) as u64, Skip::Unfinished)]);
}

#[test]
fn both_directions_and_several_connections_are_kept_apart() {
    let (ours, bytes) = stream(0..2);
    let (theirs, answer) = stream(10..12);
    let other = (PRIMARY.0, 50_002);
    let packets = [
        segment(99, SYN, b""),
        reply(499, SYN | ACK, b""),
        ethernet(&ip_packet(other, SECONDARY, 100, ACK, &bytes[..12])),
        segment(100, ACK, &bytes[..9]),
        reply(500, ACK, &answer),
        segment(109, ACK, &bytes[9..]),
    ];
    let (got, skipped) = found(&packets);
    assert_eq!(got, [&ours[..1], &theirs[..], &ours[..]].concat());
    assert_eq!(skipped, []);
}

#[test]
fn sequence_numbers_wrap() {
    let (messages, bytes) = stream(0..30);
    let mut packets = vec![segment(u32::MAX - 20, SYN, b"")];
    let mut sequence = u32::MAX - 19;
    for pair in bytes.chunks(14) {
        let (now, later) = pair.split_at(pair.len().min(7));
        let behind = sequence.wrapping_add(7);
        packets.push(segment(behind, ACK, later));
        packets.push(segment(sequence, ACK, now));
        sequence = behind.wrapping_add(7);
    }
    assert_eq!(found(&packets), (messages, vec![]));
}

#[test]
fn after_an_impossible_length_the_next_beginning_is_looked_for() {
    let (messages, bytes) = stream(0..2);
    let packets = [
        segment(99, SYN, b""),
        segment(100, ACK, &[0, 3, 1, 2, 3]),
        segment(105, ACK, b"GET / HTTP/1.1\r\n"),
        segment(121, ACK, &bytes),
    ];
    let (got, skipped) = found(&packets);
    assert_eq!(got, messages);
    let short = FrameError::TooShort { length: 3 };
    assert_eq!(skipped, [(5, Skip::Length(short)), (16, Skip::NotInStep)]);

    let long = FrameError::TooLong { length: 0xffff, limit: MessageLimit::DRAFT };
    let (_, skipped) = found(&[segment(99, SYN, b""), segment(100, ACK, &[0xff; 40])]);
    assert_eq!(skipped, [(40, Skip::Length(long))]);
}

#[test]
fn what_waits_for_missing_bytes_is_bounded() {
    let (_, bytes) = stream(1..2);
    // The byte at 100 never comes; what follows would be kept for ever.
    let mut packets = vec![segment(99, SYN, b"")];
    let piece = bytes.repeat(60);
    let pieces = 2 * MAX_PENDING_BYTES / piece.len();
    let mut sequence = 101;
    for _ in 0..pieces {
        packets.push(segment(sequence, ACK, &piece));
        sequence += u32::try_from(piece.len()).unwrap();
    }
    let found = read(&pcap(1, &packets));
    let given = found.iter().filter(|it| matches!(it.what, What::Message(_))).count();
    assert_eq!(given, 60 * pieces);
    assert!(found[0].frame < packets.len() as u64, "not only at the end");
    assert_eq!(found[0].what, What::Skipped { bytes: 1, why: Skip::Missing });
}

#[test]
fn after_a_reset_nothing_is_waited_for() {
    let (messages, bytes) = stream(0..2);
    let packets = [segment(99, SYN, b""), segment(112, ACK, &bytes[12..]), segment(150, RST, b"")];
    let (got, skipped) = found(&packets);
    assert_eq!((got, skipped), (messages[1..].to_vec(), vec![(12, Skip::Missing)]));
}

proptest! {
    /// Whatever TCP may do to a stream: cut, repeat, overlap, reorder. As long as every byte is in
    /// the capture once, the messages come out.
    #[test]
    fn any_order_of_segments_gives_the_same_messages(
        count in 1_u32..30,
        cuts in vec(any::<Index>(), 0..20),
        repeats in vec((any::<Index>(), 0_usize..40), 0..10),
        swaps in vec((any::<Index>(), any::<Index>()), 0..40),
        start: u32,
    ) {
        let (messages, bytes) = stream(0..count);
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        ends.extend([0, bytes.len()]);
        ends.sort_unstable();
        ends.dedup();
        let mut pieces: Vec<_> = ends.windows(2).map(|pair| (pair[0], pair[1])).collect();
        for (at, length) in repeats {
            let at = at.index(bytes.len());
            pieces.push((at, (at + length).min(bytes.len())));
        }
        for (a, b) in swaps {
            let (a, b) = (a.index(pieces.len()), b.index(pieces.len()));
            pieces.swap(a, b);
        }
        let mut packets = vec![segment(start.wrapping_sub(1), SYN, b"")];
        packets.extend(pieces.iter().map(|(from, to)| {
            segment(start.wrapping_add(u32::try_from(*from).unwrap()), ACK, &bytes[*from..*to])
        }));
        prop_assert_eq!(found(&packets), (messages, vec![]));
    }

    /// Nothing is ever given twice or made up, whatever is lost.
    #[test]
    fn lost_segments_lose_only_messages(
        count in 1_u32..30,
        step in 1_usize..60,
        lost in vec(any::<bool>(), 200),
    ) {
        let (messages, bytes) = stream(0..count);
        let mut packets = vec![segment(99, SYN, b"")];
        for (index, piece) in bytes.chunks(step).enumerate() {
            if !lost[index % lost.len()] {
                let sequence = 100 + u32::try_from(index * step).unwrap();
                packets.push(segment(sequence, ACK, piece));
            }
        }
        let (got, _) = found(&packets);
        let mut originals = messages.iter();
        for message in &got {
            prop_assert!(originals.any(|original| original == message), "{:?}", message);
        }
    }
}
