//! An envelope is DSSE's: a payload, its type, and one signature over both.
//!
//! `sig` says by itself which kind it is. A key of SSH signs the bytes as they are, which `cosign` and `openssl` check as
//! well. Where a key makes no such signature (OpenPGP, keys on hardware, keys with a certificate, and those that only
//! git's programs reach), `sig` is the armored signature that such a key puts on a commit. `keyid` is what
//! `git log --pretty=%GK` prints for that key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::sign::{
    GIT_NAMESPACE, KeyId, PublicKey, RawSignature, SignError, Signature, SignatureFormat, Signer, sign_blob,
};

/// What the payload is.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A signature of any key, armored, is far smaller.
const MAX_SIGNATURE_BYTES: usize = 64 * 1024;

/// A payload with its signature. That it reads says nothing yet about who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    payload: Vec<u8>,
    key: KeyId,
    signature: EnvelopeSignature,
}

/// A signature over the [pre-authentication encoding](pre_authentication_encoding) of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvelopeSignature {
    /// Of the bytes as they are, by a key of SSH.
    Bare(Vec<u8>),
    /// As on a commit: SSHSIG with the namespace of git, or OpenPGP. Neither can be taken for the signature of a commit,
    /// since no commit begins with `DSSEv1`.
    Armored(Signature),
}

/// Why bytes are no envelope. The user's move: somebody replaced or damaged the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not JSON, or not of this form.
    #[error("its envelope does not read: {0}")]
    Malformed(String),
    /// Another payload.
    #[error("its payload is `{0}`, not `{PAYLOAD_TYPE}`")]
    PayloadType(String),
    /// No signature, or several, of which some may mean nothing.
    #[error("its envelope has {0} signatures instead of one")]
    Signatures(usize),
    /// The same envelope in other words.
    #[error("its envelope is not in the form that Hydrant writes")]
    NotCanonical,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    payload: String,
    payload_type: String,
    signatures: Vec<SignatureDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureDocument {
    keyid: String,
    sig: String,
}

/// What a signature of DSSE covers: `DSSEv1`, the length and bytes of the type, the length and bytes of the payload.
#[must_use]
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// Signs a payload, and confirms the signature.
    pub(super) fn seal(payload: Vec<u8>, signer: &dyn Signer) -> Result<Self, SignError> {
        let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
        if let Some(key) = bare_key(signer) {
            match signer.sign_raw(&message) {
                Ok(raw) => {
                    let signature = EnvelopeSignature::Bare(raw.bytes().to_vec());
                    return Ok(Self { payload, key: KeyId::new(key.fingerprint()), signature });
                }
                // keys on hardware, and programs of git
                Err(SignError::NoRawSignature { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let (signature, key) = sign_blob(&message, GIT_NAMESPACE, signer)?;
        Ok(Self { payload, key, signature: EnvelopeSignature::Armored(signature) })
    }

    /// Reads one line.
    pub fn parse(line: &[u8]) -> Result<Self, EnvelopeError> {
        let malformed = |message: String| EnvelopeError::Malformed(message);
        let document: Document = serde_json::from_slice(line).map_err(|error| malformed(error.to_string()))?;
        if document.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::PayloadType(document.payload_type.chars().take(100).collect()));
        }
        let [SignatureDocument { keyid, sig }] = document.signatures.as_slice() else {
            return Err(EnvelopeError::Signatures(document.signatures.len()));
        };
        if sig.len() > MAX_SIGNATURE_BYTES {
            return Err(malformed(format!("its signature has {} characters", sig.len())));
        }
        let decode = |text: &str| STANDARD.decode(text).map_err(|error| malformed(error.to_string()));
        let (payload, signature) = (decode(&document.payload)?, EnvelopeSignature::of_bytes(decode(sig)?));
        let envelope = Self { payload, key: KeyId::new(keyid), signature };
        if envelope.to_bytes() == line { Ok(envelope) } else { Err(EnvelopeError::NotCanonical) }
    }

    /// The line, without a line feed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let sig = match &self.signature {
            EnvelopeSignature::Bare(bytes) => STANDARD.encode(bytes),
            EnvelopeSignature::Armored(signature) => STANDARD.encode(signature.armor()),
        };
        let document = Document {
            payload: STANDARD.encode(&self.payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![SignatureDocument { keyid: self.key.to_string(), sig }],
        };
        serde_json::to_vec(&document).expect("texts and a list of them: all of it JSON")
    }

    /// What was signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The bytes that the signature covers.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        pre_authentication_encoding(PAYLOAD_TYPE, &self.payload)
    }

    /// The key that is said to have signed. Nothing but the signature proves it.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &EnvelopeSignature {
        &self.signature
    }

    /// Whether this signer made the signature, and it holds.
    pub(super) fn is_by(&self, signer: &dyn Signer) -> bool {
        let message = self.signed_bytes();
        match &self.signature {
            EnvelopeSignature::Armored(signature) => {
                signature.format() == signer.format() && signer.confirm(&message, GIT_NAMESPACE, signature).is_ok()
            }
            EnvelopeSignature::Bare(bytes) => bare_key(signer).is_some_and(|key| holds(&key, &message, bytes)),
        }
    }
}

impl EnvelopeSignature {
    fn of_bytes(bytes: Vec<u8>) -> Self {
        let armored = std::str::from_utf8(&bytes).ok().map(Signature::from_armor);
        // a bare signature that begins as armor does would have to be found first
        match armored.filter(|signature| signature.format() != SignatureFormat::Unknown) {
            Some(signature) => Self::Armored(signature),
            None => Self::Bare(bytes),
        }
    }

    /// Whether a key of SSH made this over `message`, without any armor.
    #[must_use]
    pub fn is_bare_by(&self, key: &PublicKey, message: &[u8]) -> bool {
        match self {
            Self::Bare(bytes) => holds(key, message, bytes),
            Self::Armored(_) => false,
        }
    }
}

fn holds(key: &PublicKey, message: &[u8], bytes: &[u8]) -> bool {
    RawSignature::by(key, bytes).is_ok_and(|signature| key.verify_raw(message, &signature).is_ok())
}

/// The key of a signer that may sign without armor: one of SSH that is trusted by itself, and not for a certificate,
/// which has no place in a bare signature.
fn bare_key(signer: &dyn Signer) -> Option<PublicKey> {
    let line = signer.public_key().filter(|_| signer.format() == SignatureFormat::Ssh)?;
    PublicKey::parse(&line).ok().filter(|key| !key.is_certified())
}
