//! DHCP options: from what a person writes to the bytes of a packet (RFC 2132 and successors).

use super::option_table::{Form, NAMED, RESERVED};
use super::reader::suggest;
use super::value::Value;
use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use toml::de::DeValue;

/// The longest value of one option, in bytes.
const VALUE_MAX: usize = 255;

/// The options of a table, by number, encoded; `None` if any had a mistake.
pub(super) fn read(value: &Value<'_>) -> Option<BTreeMap<u8, Vec<u8>>> {
    let section = value.section("write a table such as { router = \"192.0.2.1\" }")?;
    let mut options = BTreeMap::new();
    let mut complete = true;
    for (key, value) in section.entries() {
        match option(key, &value) {
            Some((code, bytes)) => {
                if options.insert(code, bytes).is_some() {
                    value.error(format!("option {code} is given twice"), "keep one of the two");
                    complete = false;
                }
            }
            None => complete = false,
        }
    }
    complete.then_some(options)
}

fn option(key: &str, value: &Value<'_>) -> Option<(u8, Vec<u8>)> {
    let (code, form) = match key.parse::<u16>() {
        Ok(number) => {
            let Ok(code) = u8::try_from(number) else {
                value.error("there is no option with this number", "write a number from 1 to 254");
                return None;
            };
            let named = NAMED.iter().find(|(_, known, _)| *known == code);
            (code, named.map_or(Form::Any, |(_, _, form)| *form))
        }
        Err(_) => match NAMED.iter().find(|(name, _, _)| *name == key) {
            Some((_, code, form)) => (*code, *form),
            None => {
                let names: Vec<&str> = NAMED.iter().map(|(name, _, _)| *name).collect();
                let remedy = suggest(key, &names);
                let remedy = format!("{remedy} Any option can be given by number, such as \"224\"");
                value.error("no option has this name", remedy);
                return None;
            }
        },
    };
    if let Some((_, remedy)) = RESERVED.iter().find(|(known, _)| *known == code) {
        value.error(format!("option {code} cannot be set here"), *remedy);
        return None;
    }
    let bytes = encode(form, value)?;
    if bytes.is_empty() && !matches!(form, Form::Any) || bytes.len() > VALUE_MAX {
        value.error(
            format!("the value has {} bytes", bytes.len()),
            format!("write a value of 1 to {VALUE_MAX} bytes"),
        );
        return None;
    }
    Some((code, bytes))
}

fn encode(form: Form, value: &Value<'_>) -> Option<Vec<u8>> {
    // Bytes in hexadecimal say exactly what to send, whatever the option.
    if let Some(text) = value.raw().as_str().filter(|text| text.starts_with("hex:")) {
        return hex(value, text);
    }
    let integer = |range: RangeInclusive<i64>| value.integer(range, "");
    match form {
        Form::Address => address(value).map(|it| it.octets().to_vec()),
        Form::Addresses => list(value, |item, out| {
            out.extend_from_slice(&address(item)?.octets());
            Some(())
        }),
        Form::Text => value
            .string("write a text, or bytes such as \"hex:01ab\"")
            .map(|text| text.as_bytes().to_vec()),
        Form::U8 => integer(0..=0xff).and_then(|n| Some(vec![u8::try_from(n).ok()?])),
        Form::U16 => integer(0..=0xffff).and_then(|n| be(u16::try_from(n).ok()?.to_be_bytes())),
        Form::U32 => {
            integer(0..=u32::MAX.into()).and_then(|n| be(u32::try_from(n).ok()?.to_be_bytes()))
        }
        Form::I32 => integer(i32::MIN.into()..=i32::MAX.into())
            .and_then(|n| be(i32::try_from(n).ok()?.to_be_bytes())),
        Form::Flag => match value.raw() {
            DeValue::Boolean(flag) => Some(vec![u8::from(*flag)]),
            _ => {
                value.error("this is not true or false", "write true or false");
                None
            }
        },
        Form::Domains => list(value, domain),
        Form::Routes => list(value, route),
        Form::Any => any(value),
    }
}

fn be<const N: usize>(bytes: [u8; N]) -> Option<Vec<u8>> {
    Some(bytes.to_vec())
}

/// The encodings of one value or an array of them, one after the other.
fn list(
    value: &Value<'_>,
    one: impl Fn(&Value<'_>, &mut Vec<u8>) -> Option<()>,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut complete = true;
    if let DeValue::Array(_) = value.raw() {
        for item in value.items("")? {
            complete &= one(&item, &mut out).is_some();
        }
    } else {
        complete = one(value, &mut out).is_some();
    }
    complete.then_some(out)
}

fn address(value: &Value<'_>) -> Option<Ipv4Addr> {
    value.parsed(
        "an IPv4 address",
        "write an IPv4 address such as \"192.0.2.1\", or bytes such as \"hex:c0000201\"",
    )
}

fn domain(value: &Value<'_>, out: &mut Vec<u8>) -> Option<()> {
    let remedy = "write a domain name such as \"example.org\"";
    let name = value.string(remedy)?;
    let labels: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    if !labels.iter().all(|label| (1..=63).contains(&label.len()) && label.is_ascii()) {
        value.error("this is not a domain name", remedy);
        return None;
    }
    for label in labels {
        out.push(u8::try_from(label.len()).ok()?);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    Some(())
}

fn route(value: &Value<'_>, out: &mut Vec<u8>) -> Option<()> {
    let remedy = "write a destination and a router, such as \"10.0.0.0/8 192.0.2.1\"";
    let text = value.string(remedy)?;
    let parsed = text.split_once(' ').and_then(|(net, router)| {
        let net: Ipv4Net = net.parse().ok()?;
        let router: Ipv4Addr = router.trim().parse().ok()?;
        (net.addr() == net.network()).then_some((net, router))
    });
    let Some((net, router)) = parsed else {
        value.error("this is not a route", remedy);
        return None;
    };
    // RFC 3442: as many bytes of the destination as the prefix has.
    out.push(net.prefix_len());
    let significant = usize::from(net.prefix_len().div_ceil(8));
    out.extend(net.network().octets().into_iter().take(significant));
    out.extend_from_slice(&router.octets());
    Some(())
}

/// An option of unknown form: addresses where the text is one, else the text itself.
fn any(value: &Value<'_>) -> Option<Vec<u8>> {
    match value.raw() {
        DeValue::String(text) => Some(match text.parse::<Ipv4Addr>() {
            Ok(address) => address.octets().to_vec(),
            Err(_) => text.as_bytes().to_vec(),
        }),
        DeValue::Boolean(flag) => Some(vec![u8::from(*flag)]),
        DeValue::Array(_) => list(value, |item, out| {
            out.extend_from_slice(&address(item)?.octets());
            Some(())
        }),
        DeValue::Integer(_) => {
            value.error(
                "the width of a number is not known for this option",
                "write its bytes, such as \"hex:0000000a\" for a ten in four bytes",
            );
            None
        }
        _ => {
            value.error(
                "this cannot be the value of an option",
                "write an address, a list of addresses, a text, or bytes such as \"hex:01ab\"",
            );
            None
        }
    }
}

/// Bytes as `hex:01ab` (separators `:` allowed) or a text.
pub(super) fn bytes(value: &Value<'_>, length: RangeInclusive<usize>) -> Option<Vec<u8>> {
    let remedy = "write bytes such as \"hex:0102ab\", or a text";
    let text = value.string(remedy)?;
    let bytes = if text.starts_with("hex:") { hex(value, text)? } else { text.as_bytes().to_vec() };
    if !length.contains(&bytes.len()) {
        value.error(
            format!("this has {} bytes", bytes.len()),
            format!("write {} to {} bytes", length.start(), length.end()),
        );
        return None;
    }
    Some(bytes)
}

pub(super) fn hex(value: &Value<'_>, text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .skip("hex:".len())
        .filter(|byte| *byte != b':')
        .map_while(|byte| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok()))
        .collect();
    let expected = text.bytes().skip("hex:".len()).filter(|byte| *byte != b':').count();
    if digits.len() != expected || !digits.len().is_multiple_of(2) {
        value.error(
            "this is not an even number of hexadecimal digits",
            "write two digits for each byte, such as \"hex:01ab\"",
        );
        return None;
    }
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect(),
    )
}
