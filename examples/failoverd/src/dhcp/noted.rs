//! Options of clients' requests as they are noted in a lease and told to the partner (draft-12
//! §12.8): the magic cookie, then options as in a packet.

use super::option::COOKIE;
use super::reply::put_option;
use dhcp_failover_proto::MAX_OPAQUE_OPTIONS;
use std::collections::BTreeMap;

/// The options, as many of the first ones as fit; nothing if there is none.
pub fn encode(options: impl IntoIterator<Item = (u8, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = COOKIE.to_vec();
    for (code, value) in options {
        let before = bytes.len();
        put_option(&mut bytes, code, &value);
        if bytes.len() > MAX_OPAQUE_OPTIONS {
            bytes.truncate(before);
        }
    }
    if bytes.len() == COOKIE.len() { Vec::new() } else { bytes }
}

/// What [`encode`], or a partner of any make, wrote, by code: options of several parts are put
/// together (RFC 3396). Whatever makes no sense is left out.
pub fn options(bytes: &[u8]) -> BTreeMap<u8, Vec<u8>> {
    let mut found: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    let mut rest = bytes.strip_prefix(&COOKIE).unwrap_or_default();
    loop {
        match rest {
            [0, after @ ..] => rest = after,
            [255, ..] | [] | [_] => return found,
            [code, length, after @ ..] => {
                let Some((value, after)) = after.split_at_checked(usize::from(*length)) else {
                    return found;
                };
                found.entry(*code).or_default().extend_from_slice(value);
                rest = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_options_that_fit_are_noted() {
        let long = vec![7; 300];
        let given = [(12, b"pc".to_vec()), (82, long.clone()), (81, long), (60, b"x".to_vec())];
        let bytes = encode(given.clone());
        assert!(bytes.len() <= MAX_OPAQUE_OPTIONS);
        let [name, relay, _, class] = given;
        assert_eq!(options(&bytes), BTreeMap::from([name, relay, class]));
        assert!(encode([]).is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let noted = |tail: &[u8]| options(&[&COOKIE[..], tail].concat());
        let name = BTreeMap::from([(12, b"a".to_vec())]);
        assert_eq!(noted(&[0, 12, 1, b'a', 255, 60, 1, b'b']), name);
        assert_eq!(noted(&[12, 1, b'a', 60, 9, b'b']), name);
        assert_eq!(noted(&[12, 1, b'a', 60]), name);
        assert_eq!(options(&[12, 1, b'a']), BTreeMap::new());
    }

    proptest! {
        #[test]
        fn any_bytes_of_a_partner_are_survived(bytes: Vec<u8>) {
            let _ = options(&[&COOKIE[..], &bytes].concat());
            let _ = options(&bytes);
        }
    }
}
