//! Public keys in PEM: what a certificate or a `PUBLIC KEY` holds, read from its DER.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Failure;
use super::key::{Curve, Key};

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OBJECT: u8 = 0x06;
const VERSION: u8 = 0xa0;

/// The key in a PEM block that is the whole text; `None` if there is no block.
pub(super) fn key_in_pem(text: &str) -> Option<Result<Key, Failure>> {
    let (kind, contents, rest) = block(text)?;
    if !rest.is_empty() {
        return Some(Err(Failure::undefined("extra data after a PEM certificate block")));
    }
    let key = match kind {
        "CERTIFICATE" => certificate(&contents).ok_or("failed to parse a PEM certificate"),
        "PUBLIC KEY" => public_key(&contents).ok_or("failed to parse a PEM public key"),
        _ => Err("failed to extract a Key from the PEM certificate"),
    };
    Some(key.map_err(Failure::undefined))
}

/// The first block: its kind, its bytes, and what follows.
pub(super) fn block(text: &str) -> Option<(&str, Vec<u8>, &str)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (kind, rest) = rest.split_once("-----")?;
    let (body, rest) = rest.split_once(&format!("-----END {kind}-----"))?;
    let digits: String = body.chars().filter(|sign| !sign.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(digits).ok()?;
    let rest = rest.trim_start_matches([' ', '\t', '\r']);
    Some((kind, bytes, rest.strip_prefix('\n').unwrap_or(rest)))
}

/// Certificate: sequence of sequence of version, serial number, algorithm, issuer, validity, subject, key.
fn certificate(bytes: &[u8]) -> Option<Key> {
    let mut outer = Reader(bytes);
    let whole = outer.read(SEQUENCE)?;
    if !outer.0.is_empty() {
        return None;
    }
    let mut fields = Reader(Reader(whole).read(SEQUENCE)?);
    if fields.0.first() == Some(&VERSION) {
        fields.read(VERSION)?;
    }
    fields.read(INTEGER)?;
    for _ in 0..4 {
        fields.read(SEQUENCE)?;
    }
    key_fields(fields.read(SEQUENCE)?)
}

fn public_key(bytes: &[u8]) -> Option<Key> {
    let mut outer = Reader(bytes);
    let fields = outer.read(SEQUENCE)?;
    if outer.0.is_empty() { key_fields(fields) } else { None }
}

/// Sequence of algorithm and parameters, then the bits of the key.
fn key_fields(fields: &[u8]) -> Option<Key> {
    let mut fields = Reader(fields);
    let mut algorithm = Reader(fields.read(SEQUENCE)?);
    let bits = fields.read(BITS)?.strip_prefix(&[0])?;
    match algorithm.read(OBJECT)? {
        RSA => {
            let mut numbers = Reader(Reader(bits).read(SEQUENCE)?);
            let (modulus, exponent) = (numbers.read(INTEGER)?, numbers.read(INTEGER)?);
            Some(Key::Rsa { modulus: without_sign(modulus), exponent: without_sign(exponent) })
        }
        ELLIPTIC => match algorithm.read(OBJECT)? {
            P256 => Some(Key::Elliptic { curve: Curve::P256, point: bits.to_vec() }),
            P384 => Some(Key::Elliptic { curve: Curve::P384, point: bits.to_vec() }),
            P521 => Some(Key::Elliptic { curve: Curve::P521, point: bits.to_vec() }),
            _ => Some(Key::Unknown),
        },
        ED25519 => Some(Key::Ed25519(bits.to_vec())),
        _ => Some(Key::Unknown),
    }
}

pub(super) fn without_sign(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}

pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The contents of the next element, if it has this tag.
    pub(super) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if length > 0x80 {
            let digits = length - 0x80;
            if digits > 4 {
                return None;
            }
            let (written, after) = rest.split_at_checked(digits)?;
            length = written.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = after;
        } else if length == 0x80 {
            return None;
        }
        let (contents, after) = rest.split_at_checked(length)?;
        self.0 = after;
        (*found == tag).then_some(contents)
    }
}
