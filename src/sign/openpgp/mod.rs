//! OpenPGP: a keyring of those who may sign, and detached signatures checked against it.
//!
//! Keys are judged as gpg judges them: expiry and revocation count at the time of the check, which is given. What gpg
//! would only warn of, such as SHA-1 under a signature, is refused here.

mod certificate;
mod signer;

use std::fmt;

use pgp::composed::{Deserializable as _, DetachedSignature, PublicOrSecret, SignedPublicKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{SignatureType, SubpacketData};
use pgp::types::KeyDetails;

use super::{KeyId, Signature, SignatureFormat, time};
use certificate::{Component, components};

pub use signer::{OpenPgpSigner, SigningKeyChoice};

/// More than any keyring for a repository has.
const MAX_RING_BYTES: usize = 16 * 1024 * 1024;

/// An armored signature of any key type is far smaller.
const MAX_SIGNATURE_BYTES: usize = 64 * 1024;

/// How far the clocks of signers may be ahead, in seconds.
const CLOCK_SKEW: i64 = 600;

const BLOCK: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// The public keys of those who may sign.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    keys: Vec<SignedPublicKey>,
}

/// A keyring that cannot be used. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// Larger than any such file.
    #[error("`{name}` has {bytes} bytes, too many for a keyring")]
    TooLarge {
        /// The file.
        name: String,
        /// Its size.
        bytes: usize,
    },
    /// No armored block of public keys.
    #[error("`{name}` holds no OpenPGP public key: `gpg --armor --export <id>` writes one")]
    NoKey {
        /// The file.
        name: String,
    },
    /// A secret key in a file of public ones.
    #[error("`{name}` holds a private key, which has no place in a keyring")]
    Private {
        /// The file.
        name: String,
    },
    /// A damaged block.
    #[error("`{name}` does not read as a keyring: {reason}")]
    Malformed {
        /// The file.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Who made a signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatory {
    /// The key that signed, which may be a subkey.
    pub key: KeyId,
    /// The fingerprint of its primary key.
    pub primary: String,
    /// A name of the key, if it has one.
    pub user: Option<String>,
    /// When it was signed, in seconds.
    pub time: i64,
}

/// Why an OpenPGP signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenPgpError {
    /// Another kind of signature.
    #[error("it is no OpenPGP signature")]
    Format(SignatureFormat),
    /// Damaged armor or packets.
    #[error("it does not read: {0}")]
    Malformed(String),
    /// More than one signature: which one counts is a matter of taste.
    #[error("it holds {0} signatures instead of one")]
    Several(usize),
    /// A hash that can be forged, or a kind of signature that is not over plain bytes.
    #[error("it is not made as signatures of commits are: {0}")]
    Kind(String),
    /// No key of the ring made it.
    #[error("the key {0} is not in the keyring")]
    Unknown(String),
    /// The bytes were changed, or the signature belongs to others.
    #[error("it does not match what was signed, though it names the key {0}")]
    Mismatch(KeyId),
    /// The key is expired, revoked, not valid yet, or not for signing.
    #[error("the key {key} does not count: {reason}")]
    Unusable {
        /// The key that signed.
        key: KeyId,
        /// What is wrong with it.
        reason: String,
    },
    /// The signature itself has an end, which has passed.
    #[error("it expired on {}", time::show(*.0))]
    Expired(i64),
    /// Made later than now.
    #[error("it says it was made on {}, which is in the future", time::show(*.0))]
    Future(i64),
}

impl Keyring {
    /// Reads armored blocks of public keys, as `gpg --armor --export` writes them; several may follow each other.
    pub fn parse(text: &str, name: &str) -> Result<Self, KeyringError> {
        let name = || name.to_owned();
        if text.len() > MAX_RING_BYTES {
            return Err(KeyringError::TooLarge { name: name(), bytes: text.len() });
        }
        if text.contains("-----BEGIN PGP PRIVATE KEY BLOCK-----") {
            return Err(KeyringError::Private { name: name() });
        }
        let mut keys = Vec::new();
        for block in text.split(BLOCK).skip(1) {
            let malformed =
                |error: pgp::errors::Error| KeyringError::Malformed { name: name(), reason: one_line(&error) };
            let block = format!("{BLOCK}{block}");
            let (read, _) = PublicOrSecret::from_armor_many(block.as_bytes()).map_err(malformed)?;
            for key in read {
                match key.map_err(malformed)? {
                    PublicOrSecret::Public(key) => keys.push(key),
                    PublicOrSecret::Secret(_) => return Err(KeyringError::Private { name: name() }),
                }
            }
        }
        if keys.is_empty() { Err(KeyringError::NoKey { name: name() }) } else { Ok(Self { keys }) }
    }

    /// A ring of one key.
    fn of(key: SignedPublicKey) -> Self {
        Self { keys: vec![key] }
    }
}

/// Who made a signature over `payload`, if it holds and a key of the ring that counts at `now` made it.
pub fn verify_openpgp(
    payload: &[u8],
    signature: &Signature,
    ring: &Keyring,
    now: i64,
) -> Result<Signatory, OpenPgpError> {
    let signature = read_signature(signature)?;
    let made = refuse_odd_signature(&signature, now)?;
    let packet = &signature.signature;
    let mut mismatch = None;
    for key in &ring.keys {
        for component in components(key).into_iter().filter(|component| is_named(packet, component)) {
            if component.verify(&signature, payload).is_err() {
                mismatch = Some(component.id());
                continue;
            }
            let unusable = |reason| OpenPgpError::Unusable { key: component.id(), reason };
            component.refuse_unusable(key, made, now).map_err(unusable)?;
            let user = key.details.users.first().map(|user| String::from_utf8_lossy(user.id.id()).into_owned());
            return Ok(Signatory { key: component.id(), primary: fingerprint(&key.primary_key), user, time: made });
        }
    }
    Err(match mismatch {
        Some(key) => OpenPgpError::Mismatch(key),
        None => OpenPgpError::Unknown(issuer(packet)),
    })
}

fn read_signature(signature: &Signature) -> Result<DetachedSignature, OpenPgpError> {
    if signature.format() != SignatureFormat::OpenPgp {
        return Err(OpenPgpError::Format(signature.format()));
    }
    if signature.armor().len() > MAX_SIGNATURE_BYTES {
        return Err(OpenPgpError::Malformed(format!("it has {} bytes", signature.armor().len())));
    }
    let malformed = |error: pgp::errors::Error| OpenPgpError::Malformed(one_line(&error));
    let (read, _) = DetachedSignature::from_armor_many(signature.armor().as_bytes()).map_err(malformed)?;
    let mut read = read.collect::<Result<Vec<_>, _>>().map_err(malformed)?;
    match (read.pop(), read.len()) {
        (Some(one), 0) => Ok(one),
        (None, _) => Err(OpenPgpError::Malformed("it is empty".to_owned())),
        (Some(_), others) => Err(OpenPgpError::Several(others + 1)),
    }
}

/// Refuses what is no signature over plain bytes with a sound hash; else when it was made.
fn refuse_odd_signature(signature: &DetachedSignature, now: i64) -> Result<i64, OpenPgpError> {
    let packet = &signature.signature;
    let kind = |reason: &str| OpenPgpError::Kind(reason.to_owned());
    let config = packet.config().ok_or_else(|| kind("its version is not known"))?;
    if config.typ() != SignatureType::Binary {
        return Err(kind("it is not over the bytes as they are"));
    }
    if matches!(config.hash_alg, HashAlgorithm::Md5 | HashAlgorithm::Sha1 | HashAlgorithm::Ripemd160) {
        return Err(OpenPgpError::Kind(format!("it uses the hash {}, which can be forged", config.hash_alg)));
    }
    let unknown = |data: &SubpacketData| {
        matches!(data, SubpacketData::Other(..) | SubpacketData::Experimental(..) | SubpacketData::Notation(_))
    };
    if config.hashed_subpackets().any(|packet| packet.is_critical && unknown(&packet.data)) {
        return Err(kind("it has a critical property that is not known"));
    }
    let made = packet
        .created()
        .map(|made| i64::from(made.as_secs()))
        .ok_or_else(|| kind("it does not say when it was made"))?;
    if made > now.saturating_add(CLOCK_SKEW) {
        return Err(OpenPgpError::Future(made));
    }
    match packet.signature_expiration_time().map(|life| i64::from(life.as_secs())) {
        Some(life) if life > 0 && made + life <= now => Err(OpenPgpError::Expired(made + life)),
        _ => Ok(made),
    }
}

/// Whether a signature names this key as its maker.
fn is_named(signature: &pgp::packet::Signature, component: &Component<'_>) -> bool {
    signature.issuer_key_id().iter().any(|id| component.id() == key_id(id.as_ref()))
        || signature
            .issuer_fingerprint()
            .iter()
            .any(|fingerprint| hex(fingerprint.as_bytes()) == component.fingerprint())
}

/// How a signature names its maker.
fn issuer(signature: &pgp::packet::Signature) -> String {
    let ids = signature.issuer_key_id().into_iter().map(|id| key_id(id.as_ref()).to_string());
    let fingerprints = signature.issuer_fingerprint().into_iter().map(|fingerprint| hex(fingerprint.as_bytes()));
    ids.chain(fingerprints).next().unwrap_or_else(|| "of the signature, which it does not name,".to_owned())
}

fn key_id(bytes: &[u8]) -> KeyId {
    KeyId::new(hex(bytes))
}

fn fingerprint(key: &impl KeyDetails) -> String {
    hex(key.fingerprint().as_bytes())
}

/// Upper case, as gpg and git print.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// An error of the library in one line: some print their whole surroundings.
fn one_line(error: &dyn fmt::Display) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(200).collect()
}
