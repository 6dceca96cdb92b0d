//! Keys of JSON Web Tokens, and what is signed with them.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use p521::ecdsa::signature::Verifier as _;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, Ed25519KeyPair, RsaKeyPair, UnparsedPublicKey,
};
use serde_json::{Map, Value};

use super::Failure;
use super::certificate::key_in_pem;

/// Base64 as Go reads it: padded or not, and whatever the last bits.
const DIGITS: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true)
        .with_encode_padding(false),
);

/// Bytes from the digits of URLs.
pub(super) fn from_digits(text: &str) -> Result<Vec<u8>, Failure> {
    DIGITS.decode(text).map_err(|_| Failure::undefined("illegal base64 data"))
}

/// The digits of bytes.
pub(super) fn to_digits(bytes: &[u8]) -> String {
    DIGITS.encode(bytes)
}

/// What a signature is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Hmac,
    RsaPkcs1,
    RsaPss,
    Elliptic,
    Edwards,
}

/// `RS256` is a family and the bits of its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) family: Family,
    pub(super) bits: u16,
}

impl Algorithm {
    /// `None` for a name that OPA does not know.
    pub(super) fn parse(name: &str) -> Option<Self> {
        if name == "EdDSA" {
            return Some(Self { family: Family::Edwards, bits: 512 });
        }
        let (family, bits) = name.split_at_checked(2)?;
        let family = match family {
            "HS" => Family::Hmac,
            "RS" => Family::RsaPkcs1,
            "PS" => Family::RsaPss,
            "ES" => Family::Elliptic,
            _ => return None,
        };
        let bits = match bits {
            "256" => 256,
            "384" => 384,
            "512" => 512,
            _ => return None,
        };
        Some(Self { family, bits })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A key, as far as signatures are checked with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    Elliptic {
        curve: Curve,
        point: Vec<u8>,
    },
    Ed25519(Vec<u8>),
    Secret(Vec<u8>),
    /// One that OPA may know.
    Unknown,
}

/// A key of a set, with what it says of itself.
#[derive(Debug)]
pub(super) struct NamedKey {
    pub(super) key: Key,
    pub(super) algorithm: Option<String>,
    pub(super) id: Option<String>,
}

/// The keys in a certificate, a public key, or a JSON Web Key (set).
pub(super) fn keys(text: &str) -> Result<Vec<NamedKey>, Failure> {
    if let Some(key) = key_in_pem(text) {
        return Ok(vec![NamedKey { key: key?, algorithm: None, id: None }]);
    }
    let mut keys = Vec::new();
    for written in web_keys(text)? {
        let word = |name: &str| written.get(name).and_then(Value::as_str).map(str::to_owned);
        let algorithm = word("alg");
        let key = public_key(&written)?;
        if algorithm.as_deref().is_none_or(|name| Algorithm::parse(name).is_some()) {
            keys.push(NamedKey { key, algorithm, id: word("kid") });
        }
    }
    Ok(keys)
}

fn web_keys(text: &str) -> Result<Vec<Map<String, Value>>, Failure> {
    let wrong = || Failure::undefined("failed to parse a JWK key (set)");
    let Ok(Value::Object(whole)) = serde_json::from_str(text) else { return Err(wrong()) };
    match whole.get("keys") {
        Some(Value::Array(keys)) => keys.iter().map(|key| key.as_object().cloned().ok_or_else(wrong)).collect(),
        Some(_) => Err(wrong()),
        None => Ok(vec![whole]),
    }
}

fn part(written: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Failure> {
    let text = written.get(name).and_then(Value::as_str);
    from_digits(text.ok_or_else(|| Failure::undefined(format!("the key has no `{name}`")))?)
}

fn public_key(written: &Map<String, Value>) -> Result<Key, Failure> {
    let kind = written.get("kty").and_then(Value::as_str);
    if matches!(kind, Some("RSA" | "EC" | "OKP")) && written.contains_key("d") {
        return Ok(Key::Unknown); // OPA takes some private keys for public ones
    }
    match (kind, written.get("crv").and_then(Value::as_str)) {
        (Some("RSA"), _) => Ok(Key::Rsa { modulus: part(written, "n")?, exponent: part(written, "e")? }),
        (Some("EC"), Some("P-256")) => point(written, Curve::P256),
        (Some("EC"), Some("P-384")) => point(written, Curve::P384),
        (Some("EC"), Some("P-521")) => point(written, Curve::P521),
        (Some("OKP"), Some("Ed25519")) => Ok(Key::Ed25519(part(written, "x")?)),
        (Some("oct"), _) => Ok(Key::Secret(part(written, "k")?)),
        (Some("EC" | "OKP"), _) => Ok(Key::Unknown),
        _ => Err(Failure::undefined("failed to parse a JWK key (set)")),
    }
}

fn point(written: &Map<String, Value>, curve: Curve) -> Result<Key, Failure> {
    let mut point = vec![4];
    for name in ["x", "y"] {
        let number = part(written, name)?;
        let padding = curve.bytes().checked_sub(number.len()).ok_or_else(|| Failure::undefined("no such point"))?;
        point.resize(point.len() + padding, 0);
        point.extend(number);
    }
    Ok(Key::Elliptic { curve, point })
}

/// Whether a key signed a message; not if it is a key of another family.
pub(super) fn verifies(key: &Key, algorithm: Algorithm, message: &[u8], signed: &[u8]) -> Result<bool, Failure> {
    match (algorithm.family, key) {
        (_, Key::Unknown) => Err(Failure::unanswered("Hydrant does not check signatures of keys of this kind")),
        (Family::Hmac, Key::Secret(secret)) => {
            Ok(hmac::verify(&hmac::Key::new(keyed(algorithm.bits), secret), message, signed).is_ok())
        }
        (Family::RsaPkcs1 | Family::RsaPss, Key::Rsa { modulus, exponent }) => {
            if modulus.len() < 256 {
                return Err(Failure::unanswered("an RSA key has fewer than 2048 bits"));
            }
            let key = PublicKeyComponents { n: modulus, e: exponent };
            Ok(key.verify(rsa(algorithm), message, signed).is_ok())
        }
        (Family::Elliptic, Key::Elliptic { curve, point }) => {
            if (*curve, algorithm.bits) == (Curve::P521, 512) {
                return Ok(is_signed_by_p521(point, message, signed));
            }
            let verifying: &dyn signature::VerificationAlgorithm = match (curve, algorithm.bits) {
                (Curve::P256, 256) => &ECDSA_P256_SHA256_FIXED,
                (Curve::P384, 384) => &ECDSA_P384_SHA384_FIXED,
                _ => return Err(Failure::unanswered("the curve of a key is not that of its algorithm")),
            };
            let Some(signed) = both_numbers(signed, curve.bytes()) else { return Ok(false) };
            Ok(UnparsedPublicKey::new(verifying, point).verify(message, &signed).is_ok())
        }
        (Family::Edwards, Key::Ed25519(key)) => {
            Ok(UnparsedPublicKey::new(&ED25519, key).verify(message, signed).is_ok())
        }
        _ => Ok(false),
    }
}

/// The one curve that ring does not have.
fn is_signed_by_p521(point: &[u8], message: &[u8], signed: &[u8]) -> bool {
    let signed =
        both_numbers(signed, Curve::P521.bytes()).and_then(|numbers| p521::ecdsa::Signature::from_slice(&numbers).ok());
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok();
    signed.zip(key).is_some_and(|(signed, key)| key.verify(message, &signed).is_ok())
}

/// Two numbers of one length, each as long as the curve wants them.
fn both_numbers(signed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut numbers = Vec::with_capacity(2 * length);
    let (one, other) = signed.split_at(signed.len() / 2);
    for number in [one, other] {
        let number: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        numbers.resize(numbers.len() + length.checked_sub(number.len())?, 0);
        numbers.extend(number);
    }
    Some(numbers)
}

fn keyed(bits: u16) -> hmac::Algorithm {
    match bits {
        256 => hmac::HMAC_SHA256,
        384 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA512,
    }
}

fn rsa(algorithm: Algorithm) -> &'static signature::RsaParameters {
    match (algorithm.family, algorithm.bits) {
        (Family::RsaPss, 256) => &signature::RSA_PSS_2048_8192_SHA256,
        (Family::RsaPss, 384) => &signature::RSA_PSS_2048_8192_SHA384,
        (Family::RsaPss, _) => &signature::RSA_PSS_2048_8192_SHA512,
        (_, 256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (_, 384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (_, _) => &signature::RSA_PKCS1_2048_8192_SHA512,
    }
}

/// Signs with the first key of a JSON Web Key (set), where the signature is the same every time.
pub(super) fn sign(keys: &str, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Failure> {
    let keys = web_keys(keys)?;
    let key = keys.first().ok_or_else(|| Failure::undefined("no keys found in JWK set"))?;
    let kind = key.get("kty").and_then(Value::as_str).unwrap_or_default();
    let wrong = |_| Failure::undefined("the key does not sign");
    match (algorithm.family, kind) {
        (Family::Hmac, "oct") => {
            let key = hmac::Key::new(keyed(algorithm.bits), &part(key, "k")?);
            Ok(hmac::sign(&key, message).as_ref().to_vec())
        }
        (Family::RsaPkcs1, "RSA") => {
            let parts = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
            let parts = parts.iter().map(|name| part(key, name)).collect::<Result<Vec<_>, _>>()?;
            let [n, e, d, p, q, dp, dq, qi] = parts.as_slice() else {
                return Err(Failure::undefined("the key has not all its parts"));
            };
            let public_key = PublicKeyComponents { n, e };
            let parts = KeyPairComponents { public_key, d, p, q, dP: dp, dQ: dq, qInv: qi };
            let pair = RsaKeyPair::from_components(&parts).map_err(wrong)?;
            let padding: &dyn signature::RsaEncoding = match algorithm.bits {
                256 => &signature::RSA_PKCS1_SHA256,
                384 => &signature::RSA_PKCS1_SHA384,
                _ => &signature::RSA_PKCS1_SHA512,
            };
            let mut signed = vec![0; pair.public().modulus_len()];
            // the padding of PKCS #1 takes nothing from chance
            let made = pair.sign(padding, &SystemRandom::new(), message, &mut signed);
            made.map(|()| signed).map_err(|_| Failure::undefined("the key does not sign"))
        }
        (Family::Edwards, "OKP") => {
            let pair = Ed25519KeyPair::from_seed_and_public_key(&part(key, "d")?, &part(key, "x")?).map_err(wrong)?;
            Ok(pair.sign(message).as_ref().to_vec())
        }
        (Family::RsaPss, "RSA") | (Family::Elliptic, "EC") => {
            Err(Failure::unanswered("such a signature depends on chance"))
        }
        _ => Err(Failure::undefined("the key is not of the kind that its algorithm needs")),
    }
}
