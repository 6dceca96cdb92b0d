//! Digests, in hexadecimal digits.

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use regorus::Value;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::hmac::{self as keyed, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, HMAC_SHA512};

use super::{Answer, Failure, text};

/// The digits of bytes.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn md5(given: &[Value]) -> Answer {
    Ok(Value::from(hexadecimal(&Md5::digest(text(given, 0)?))))
}

pub(super) fn sha1(given: &[Value]) -> Answer {
    Ok(Value::from(hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, text(given, 0)?.as_bytes()).as_ref())))
}

pub(super) fn sha256(given: &[Value]) -> Answer {
    Ok(Value::from(hexadecimal(digest(&SHA256, text(given, 0)?.as_bytes()).as_ref())))
}

pub(super) fn hmac_md5(given: &[Value]) -> Answer {
    let (message, key) = (text(given, 0)?, text(given, 1)?);
    let mut mac = Hmac::<Md5>::new_from_slice(key.as_bytes()).map_err(Failure::undefined)?;
    mac.update(message.as_bytes());
    Ok(Value::from(hexadecimal(&mac.finalize().into_bytes())))
}

pub(super) fn hmac_sha1(given: &[Value]) -> Answer {
    keyed_digest(HMAC_SHA1_FOR_LEGACY_USE_ONLY, given)
}

pub(super) fn hmac_sha256(given: &[Value]) -> Answer {
    keyed_digest(HMAC_SHA256, given)
}

pub(super) fn hmac_sha512(given: &[Value]) -> Answer {
    keyed_digest(HMAC_SHA512, given)
}

pub(super) fn equal(given: &[Value]) -> Answer {
    Ok(Value::from(text(given, 0)? == text(given, 1)?))
}

fn keyed_digest(algorithm: keyed::Algorithm, given: &[Value]) -> Answer {
    let (message, key) = (text(given, 0)?, text(given, 1)?);
    let tag = keyed::sign(&keyed::Key::new(algorithm, key.as_bytes()), message.as_bytes());
    Ok(Value::from(hexadecimal(tag.as_ref())))
}
