//! The hash of RFC 3074 and the key it is fed with.

/// The hash bucket (`0..=255`) of a client key, by the mixing function of RFC 3074.
///
/// The sum starts at the length of the key (modulo 256) and takes the bytes from the last to the
/// first, so a key padded with zeros lands in another bucket than the bare one: never pad. The
/// empty key is bucket 0.
///
/// ```
/// use dhcp_loadbalance::hash;
///
/// const BUCKET: u8 = hash(&[0x01, 0x23, 0x45, 0x67, 0x89, 0xab]);
/// assert_eq!(BUCKET, 231);
/// assert_eq!(hash(b""), 0);
/// ```
#[must_use]
pub const fn hash(key: &[u8]) -> u8 {
    let mut bucket = seed(key);
    let mut left = key;
    // Each step waits for the one before. Taken off the top of a word, a key byte needs no
    // narrowing, and only an xor and a load stand between two steps.
    while let Some((rest, last)) = left.split_last_chunk() {
        bucket = mix_word(bucket, u64::from_le_bytes(*last), 8);
        left = rest;
    }
    if let Some((rest, last)) = left.split_last_chunk() {
        bucket = mix_word(bucket, (u32::from_le_bytes(*last) as u64) << 32, 4);
        left = rest;
    }
    mix_all(bucket, left)
}

/// The sum before the first byte.
pub(crate) const fn seed(key: &[u8]) -> u8 {
    (key.len() & 0xff) as u8
}

/// One step of the mixing function.
pub(crate) const fn mix(bucket: u8, byte: u8) -> u8 {
    TABLE[(bucket ^ byte) as usize]
}

/// Mixes bytes from the last to the first.
pub(crate) const fn mix_all(mut bucket: u8, bytes: &[u8]) -> u8 {
    let mut left = bytes;
    while let [rest @ .., last] = left {
        bucket = mix(bucket, *last);
        left = rest;
    }
    bucket
}

/// Mixes the topmost `bytes` bytes of a word, the most significant first.
const fn mix_word(bucket: u8, word: u64, bytes: u32) -> u8 {
    let (mut bucket, mut word) = (bucket as u64, word);
    let mut step = 0;
    while step < bytes {
        bucket = TABLE[(bucket ^ (word >> 56)) as usize] as u64;
        word <<= 8;
        step += 1;
    }
    bucket as u8
}

/// What of a client is hashed: the whole value of its option 61 (type byte included) if the client
/// sent one, else `chaddr` cut to `hlen` bytes, as [`chaddr_key`] cuts it (draft-12 §9.8.2).
///
/// The hardware type is not part of the key, and an option 61 of length 0 counts as sent: dhcpd
/// does both the same way, and two servers that choose different keys either both answer a client
/// or both leave it to the other. Neither the relay agent's address nor its option 82 counts.
///
/// ```
/// use dhcp_loadbalance::client_key;
///
/// let mac = [2, 0, 0, 0, 0, 1];
/// assert_eq!(client_key(None, &mac), &mac);
/// assert_eq!(client_key(Some(b"\x00printer"), &mac), b"\x00printer");
/// ```
#[must_use]
pub const fn client_key<'a>(client_id: Option<&'a [u8]>, chaddr: &'a [u8]) -> &'a [u8] {
    match client_id {
        Some(id) => id,
        None => chaddr,
    }
}

/// The part of a packet's `chaddr` field that is the client's address: its first `hlen` bytes.
///
/// The rest of the field is padding and would change the [hash](hash()). An `hlen` of 0 gives the
/// empty key, bucket 0, which all such clients share; one above 16, which no sound packet has,
/// gives the whole field.
///
/// ```
/// use dhcp_loadbalance::{chaddr_key, hash};
///
/// let mut chaddr = [0; 16];
/// chaddr[..6].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
/// assert_eq!(chaddr_key(&chaddr, 6), [2, 0, 0, 0, 0, 1]);
/// assert_ne!(hash(chaddr_key(&chaddr, 6)), hash(&chaddr));
/// ```
#[must_use]
pub const fn chaddr_key(chaddr: &[u8; 16], hlen: u8) -> &[u8] {
    match chaddr.split_at_checked(hlen as usize) {
        Some((address, _)) => address,
        None => chaddr,
    }
}

/// The mixing table: every byte once, in the order of RFC 3074.
#[rustfmt::skip]
const TABLE: [u8; 256] = [
    251, 175, 119, 215, 81, 14, 79, 191, 103, 49, 181, 143, 186, 157, 0, 232,
    31, 32, 55, 60, 152, 58, 17, 237, 174, 70, 160, 144, 220, 90, 57, 223,
    59, 3, 18, 140, 111, 166, 203, 196, 134, 243, 124, 95, 222, 179, 197, 65,
    180, 48, 36, 15, 107, 46, 233, 130, 165, 30, 123, 161, 209, 23, 97, 16,
    40, 91, 219, 61, 100, 10, 210, 109, 250, 127, 22, 138, 29, 108, 244, 67,
    207, 9, 178, 204, 74, 98, 126, 249, 167, 116, 34, 77, 193, 200, 121, 5,
    20, 113, 71, 35, 128, 13, 182, 94, 25, 226, 227, 199, 75, 27, 41, 245,
    230, 224, 43, 225, 177, 26, 155, 150, 212, 142, 218, 115, 241, 73, 88, 105,
    39, 114, 62, 255, 192, 201, 145, 214, 168, 158, 221, 148, 154, 122, 12, 84,
    82, 163, 44, 139, 228, 236, 205, 242, 217, 11, 187, 146, 159, 64, 86, 239,
    195, 42, 106, 198, 118, 112, 184, 172, 87, 2, 173, 117, 176, 229, 247, 253,
    137, 185, 99, 164, 102, 147, 45, 66, 231, 52, 141, 211, 194, 206, 246, 238,
    56, 110, 78, 248, 63, 240, 189, 93, 92, 51, 53, 183, 19, 171, 72, 50,
    33, 104, 101, 69, 8, 252, 83, 120, 76, 135, 85, 54, 202, 125, 188, 213,
    96, 235, 136, 208, 162, 129, 190, 132, 156, 38, 47, 1, 7, 254, 24, 4,
    216, 131, 89, 21, 28, 133, 37, 153, 149, 80, 170, 68, 6, 169, 234, 151,
];

// A mixing table with a repeated value would still pass many vectors but spread clients unevenly,
// so a wrong digit must not compile.
const _: () = {
    let mut seen = [false; 256];
    let mut index = 0;
    while index < TABLE.len() {
        assert!(!seen[TABLE[index] as usize], "the mixing table repeats a value");
        seen[TABLE[index] as usize] = true;
        index += 1;
    }
};
