//! Signatures without an envelope: what DSSE carries, in the encodings that `openssl` and `cosign` check.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::EncodePublicKey as _;
use rsa::signature::Verifier as _;
use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, Mpint};

use super::ssh::wire::{Reader, put_string};

/// The bytes of a signature, and how they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawSignature {
    scheme: Scheme,
    bytes: Vec<u8>,
}

/// How a bare signature is made. Each curve brings its own hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Ed25519,
    /// The two numbers in DER.
    Ecdsa(EcdsaCurve),
    /// PKCS #1 v1.5 with SHA-256.
    Rsa,
}

/// Why a bare signature cannot be made or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RawSignatureError {
    /// Keys on hardware sign more than what they are given.
    #[error("keys of type `{0}` make no bare signatures")]
    Unsupported(String),
    /// Damaged bytes.
    #[error("it does not read")]
    Malformed,
    /// The bytes were changed, or the signature belongs to others.
    #[error("it does not match what was signed")]
    Mismatch,
}

impl RawSignature {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes bytes that a key of this kind is said to have made.
    pub fn by(key: &super::PublicKey, bytes: &[u8]) -> Result<Self, RawSignatureError> {
        Ok(Self { scheme: Scheme::of(key.key_data())?, bytes: bytes.to_vec() })
    }

    /// Takes a signature as SSH encodes it.
    pub(super) fn from_ssh(blob: &[u8]) -> Result<Self, RawSignatureError> {
        let signature = ssh_key::Signature::try_from(blob).map_err(|_| RawSignatureError::Malformed)?;
        let bytes = signature.as_bytes();
        match signature.algorithm() {
            Algorithm::Ed25519 => Ok(Self { scheme: Scheme::Ed25519, bytes: bytes.to_vec() }),
            Algorithm::Rsa { hash: Some(HashAlg::Sha256) } => Ok(Self { scheme: Scheme::Rsa, bytes: bytes.to_vec() }),
            Algorithm::Ecdsa { curve } => {
                let (r, s) = ssh_numbers(bytes).ok_or(RawSignatureError::Malformed)?;
                Ok(Self { scheme: Scheme::Ecdsa(curve), bytes: der_sequence(&[der_integer(r), der_integer(s)]) })
            }
            other => Err(RawSignatureError::Unsupported(other.to_string())),
        }
    }

    pub(super) fn verify(&self, key: &KeyData, message: &[u8]) -> Result<(), RawSignatureError> {
        if Scheme::of(key)? != self.scheme {
            return Err(RawSignatureError::Mismatch);
        }
        let (algorithm, bytes) = match self.scheme {
            Scheme::Ed25519 => (Algorithm::Ed25519, self.bytes.clone()),
            Scheme::Rsa => (Algorithm::Rsa { hash: Some(HashAlg::Sha256) }, self.bytes.clone()),
            Scheme::Ecdsa(curve) => {
                let numbers = der_numbers(&self.bytes).ok_or(RawSignatureError::Malformed)?;
                let mut bytes = Vec::new();
                for number in [numbers.0, numbers.1] {
                    let number = Mpint::from_positive_bytes(number).map_err(|_| RawSignatureError::Malformed)?;
                    put_string(&mut bytes, number.as_bytes());
                }
                (Algorithm::Ecdsa { curve }, bytes)
            }
        };
        let signature = ssh_key::Signature::new(algorithm, bytes).map_err(|_| RawSignatureError::Malformed)?;
        key.verify(message, &signature).map_err(|_| RawSignatureError::Mismatch)
    }
}

impl Scheme {
    fn of(key: &KeyData) -> Result<Self, RawSignatureError> {
        match key {
            KeyData::Ed25519(_) => Ok(Self::Ed25519),
            KeyData::Ecdsa(key) => Ok(Self::Ecdsa(key.curve())),
            KeyData::Rsa(_) => Ok(Self::Rsa),
            other => Err(RawSignatureError::Unsupported(other.algorithm().to_string())),
        }
    }
}

/// A SubjectPublicKeyInfo in PEM.
pub(super) fn public_key_pem(key: &KeyData) -> Option<String> {
    let der = match key {
        KeyData::Ed25519(key) => der_public_key(&[0x06, 0x03, 0x2b, 0x65, 0x70], &key.0),
        KeyData::Ecdsa(key) => der_public_key(&ecdsa_identifier(key), key.as_sec1_bytes()),
        KeyData::Rsa(key) => {
            let key = rsa::RsaPublicKey::try_from(key).ok()?;
            key.to_public_key_der().ok()?.into_vec()
        }
        _ => return None,
    };
    let body = STANDARD.encode(der);
    let lines = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII"));
    let lines: Vec<&str> = std::iter::once("-----BEGIN PUBLIC KEY-----").chain(lines).collect();
    Some(format!("{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
}

/// `id-ecPublicKey` and the name of the curve.
fn ecdsa_identifier(key: &EcdsaPublicKey) -> Vec<u8> {
    let curve: &[u8] = match key.curve() {
        EcdsaCurve::NistP256 => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        EcdsaCurve::NistP384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        EcdsaCurve::NistP521 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
    };
    [&[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01], curve].concat()
}

fn der_public_key(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let bits = der(0x03, &[&[0], key].concat());
    der_sequence(&[der_sequence(&[algorithm.to_vec()]), bits])
}

fn der_sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

/// A positive number, whose first byte must not look like a sign.
fn der_integer(bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let sign: &[u8] = if bytes.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
    der(0x02, &[sign, bytes].concat())
}

fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = match u8::try_from(contents.len()) {
        Ok(short) if short < 0x80 => vec![short],
        Ok(one) => vec![0x81, one],
        Err(_) => {
            let two = u16::try_from(contents.len()).expect("keys and signatures of curves are far smaller");
            [&[0x82][..], &two.to_be_bytes()].concat()
        }
    };
    [&[tag][..], &length, contents].concat()
}

/// The two numbers of an ECDSA signature in DER, and nothing after them.
fn der_numbers(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (inside, rest) = der_value(bytes, 0x30)?;
    let (r, after) = der_value(inside, 0x02)?;
    let (s, end) = der_value(after, 0x02)?;
    (rest.is_empty() && end.is_empty()).then_some((r, s))
}

fn der_value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = match rest.split_first()? {
        (0x81, rest) => rest.split_first().map(|(length, rest)| (*length, rest))?,
        (length, rest) if *length < 0x80 => (*length, rest),
        _ => return None,
    };
    (*first == tag).then(|| rest.split_at_checked(usize::from(length)))?
}

/// The two numbers of an ECDSA signature as SSH encodes them.
fn ssh_numbers(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader::new(bytes);
    let numbers = (reader.string()?, reader.string()?);
    reader.is_at_end().then_some(numbers)
}
