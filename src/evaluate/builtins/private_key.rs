//! Private keys in PEM, as JSON Web Keys: `crypto.x509.parse_rsa_private_key`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regorus::Value;
use ring::signature::RsaKeyPair;

use super::certificate::{INTEGER, Reader, SEQUENCE, block, without_sign};
use super::key::to_digits;
use super::{Answer, Failure, text};

/// In the order of PKCS #1.
const NUMBERS: [&str; 8] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

pub(super) fn rsa(given: &[Value]) -> Answer {
    let written = text(given, 0)?;
    if !written.starts_with("-----BEGIN") {
        STANDARD.decode(written).map_err(|_| Failure::undefined("illegal base64 data"))?;
        return Err(Failure::unanswered("Hydrant reads private keys from plain PEM only"));
    }
    let Some(("RSA PRIVATE KEY", bytes, rest)) = block(written) else {
        return Err(Failure::unanswered("Hydrant reads private keys from blocks `RSA PRIVATE KEY` only"));
    };
    // OPA looks at the numbers as well: a key that is none has another answer
    if !rest.trim().is_empty() || RsaKeyPair::from_der(&bytes).is_err() {
        return Err(Failure::unanswered("Hydrant reads one RSA key of 2048 to 4096 bits, and nothing beside it"));
    }
    numbers(&bytes).ok_or_else(|| Failure::unanswered("an RSA key of more than two primes"))
}

fn numbers(bytes: &[u8]) -> Option<Value> {
    let mut fields = Reader(Reader(bytes).read(SEQUENCE)?);
    fields.read(INTEGER)?; // the version
    let mut key = Value::new_object();
    let members = key.as_object_mut().ok()?;
    members.insert(Value::from("kty"), Value::from("RSA"));
    for name in NUMBERS {
        let digits = to_digits(&without_sign(fields.read(INTEGER)?));
        members.insert(Value::from(name), Value::from(digits));
    }
    fields.0.is_empty().then_some(key)
}
