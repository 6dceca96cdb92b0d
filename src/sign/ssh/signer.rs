//! Signing with an SSH key: SSHSIG for git and for blobs, bare signatures for DSSE.

use std::fmt;
use std::ops::Deref;

use ssh_key::rand_core::CryptoRngCore;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey};

use super::sshsig::{Envelope, signed_bytes};
use super::{Agent, PublicKey, agent, memory, verify_ssh_blob};
use crate::sign::{
    GIT_NAMESPACE, KeyId, Passphrase, RawSignature, SignError, Signature, SignatureFormat, Signer, time,
};

/// Of the agent's protocol: sign with `rsa-sha2-256`, with `rsa-sha2-512`.
const AGENT_RSA_SHA2_256: u32 = 2;
const AGENT_RSA_SHA2_512: u32 = 4;

/// Signs with an SSH key. A private key in memory is wiped when this is dropped, and no message shows it.
pub struct SshSigner {
    name: String,
    public: PublicKey,
    holder: Holder,
}

/// Who holds the private half.
enum Holder {
    Memory(Box<PrivateKey>),
    Agent(Box<dyn Agent + Send + Sync>),
}

impl fmt::Debug for SshSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SshSigner({}, {})", self.name, self.public.fingerprint())
    }
}

impl SshSigner {
    /// Reads the text of a private key file. `name` is what messages call it: its path.
    pub fn from_openssh(text: &str, name: &str) -> Result<Self, SignError> {
        Ok(Self::in_memory(memory::read(text, name, None)?, name))
    }

    /// The same for a key that may be encrypted.
    pub fn from_encrypted(text: &str, name: &str, passphrase: &Passphrase) -> Result<Self, SignError> {
        Ok(Self::in_memory(memory::read(text, name, Some(passphrase))?, name))
    }

    /// Makes a new Ed25519 key: for demonstrations, where nobody has one yet.
    pub fn generate(random: &mut impl CryptoRngCore, name: &str) -> Result<Self, SignError> {
        let mut key = PrivateKey::random(random, Algorithm::Ed25519)
            .map_err(|error| SignError::Failed { name: name.to_owned(), reason: error.to_string() })?;
        key.set_comment(name);
        Ok(Self::in_memory(key, name))
    }

    fn in_memory(key: PrivateKey, name: &str) -> Self {
        let public = PublicKey::bare(key.public_key());
        Self { name: name.to_owned(), public, holder: Holder::Memory(Box::new(key)) }
    }

    /// Lets an agent sign with one of its keys. `name` is what messages call the key.
    pub fn with_agent(agent: Box<dyn Agent + Send + Sync>, key: PublicKey, name: &str) -> Result<Self, SignError> {
        let failed = |reason: String| SignError::Agent { name: name.to_owned(), reason };
        let held = agent::keys(&*agent).map_err(failed)?;
        if !held.iter().any(|held| held.is_same_key(&key)) {
            let reason = match held.as_slice() {
                [] => format!("it holds no key, and {key} is needed"),
                held => {
                    let held: Vec<String> = held.iter().map(ToString::to_string).collect();
                    format!("it does not hold {key}, only {}", held.join(", "))
                }
            };
            return Err(failed(reason));
        }
        Ok(Self { name: name.to_owned(), public: key, holder: Holder::Agent(agent) })
    }

    /// Puts a certificate for this key into every signature, if it is one that may sign at `now`.
    pub fn with_certificate(mut self, certificate: PublicKey, now: i64) -> Result<Self, SignError> {
        let unusable = |reason: String| SignError::Unusable { name: self.name.clone(), reason };
        let Some(inside) = certificate.certificate() else {
            return Err(unusable("what is given as its certificate is a plain public key".to_owned()));
        };
        if !certificate.is_same_key(&self.public) {
            return Err(unusable(format!("its certificate is for another key, {}", certificate.fingerprint())));
        }
        if !inside.is_for_users {
            return Err(unusable("its certificate is one for hosts".to_owned()));
        }
        let seconds = u64::try_from(now).unwrap_or_default();
        if seconds < inside.valid_after {
            return Err(unusable(format!(
                "its certificate is valid only from {}",
                time::show_unsigned(inside.valid_after)
            )));
        }
        if seconds >= inside.valid_before {
            return Err(unusable(format!("its certificate expired on {}", time::show_unsigned(inside.valid_before))));
        }
        self.public = certificate;
        Ok(self)
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.public.clone()
    }

    /// One line of `authorized_keys`, without comment.
    #[must_use]
    pub fn public_key(&self) -> String {
        self.public.to_line()
    }

    /// The private key file's text, for a generated key that someone wants to keep.
    /// The text is wiped when it is dropped.
    pub fn to_openssh(&self) -> Result<impl Deref<Target = String>, SignError> {
        match &self.holder {
            Holder::Memory(key) => key.to_openssh(LineEnding::LF).map_err(|error| self.failed(error.to_string())),
            Holder::Agent(_) => Err(self.failed("an agent does not give its keys away".to_owned())),
        }
    }

    /// The line of an `allowed_signers` file that lets this key sign commits as `principal`.
    #[must_use]
    pub fn allowed_signers_line(&self, principal: &str) -> String {
        let bare = self.public.without_certificate();
        format!("{principal} namespaces=\"{GIT_NAMESPACE}\" {}\n", bare.to_line())
    }

    /// A signature as SSH encodes it.
    fn sign_bytes(&self, message: &[u8], rsa_hash: HashAlg) -> Result<Vec<u8>, SignError> {
        match &self.holder {
            Holder::Memory(key) => memory::sign(key, message, rsa_hash).map_err(|reason| self.failed(reason)),
            Holder::Agent(agent) => {
                let flags = match rsa_hash {
                    HashAlg::Sha256 => AGENT_RSA_SHA2_256,
                    _ => AGENT_RSA_SHA2_512,
                };
                let refused = |reason| SignError::Agent { name: self.name.clone(), reason };
                let bare = self.public.without_certificate();
                let key = bare.to_bytes().map_err(refused)?;
                agent::sign(&**agent, &key, message, flags).map_err(refused)
            }
        }
    }

    fn failed(&self, reason: String) -> SignError {
        SignError::Failed { name: self.name.clone(), reason }
    }
}

impl Signer for SshSigner {
    fn name(&self) -> &str {
        &self.name
    }

    fn format(&self) -> SignatureFormat {
        SignatureFormat::Ssh
    }

    fn holds_the_key(&self) -> bool {
        matches!(self.holder, Holder::Memory(_))
    }

    fn sign(&self, payload: &[u8], namespace: &str) -> Result<Signature, SignError> {
        let hash = HashAlg::Sha512;
        let signature = self.sign_bytes(&signed_bytes(namespace, hash, payload), hash)?;
        let key = self.public.to_bytes().map_err(|reason| self.failed(reason))?;
        Ok(Envelope { key, namespace: namespace.to_owned(), hash, signature }.to_armor())
    }

    fn confirm(&self, payload: &[u8], namespace: &str, signature: &Signature) -> Result<KeyId, String> {
        let key = verify_ssh_blob(payload, signature, namespace).map_err(|error| error.to_string())?;
        match key.is_same_key(&self.public) {
            true => Ok(KeyId::new(key.fingerprint())),
            false => Err(format!("it was made by {key}")),
        }
    }

    fn sign_raw(&self, message: &[u8]) -> Result<RawSignature, SignError> {
        // SHA-256 for RSA: what `cosign` and `openssl` take unless told otherwise
        let signature = self.sign_bytes(message, HashAlg::Sha256)?;
        let raw = RawSignature::from_ssh(&signature).map_err(|error| self.failed(error.to_string()))?;
        self.public
            .verify_raw(message, &raw)
            .map_err(|error| SignError::NotConfirmed { name: self.name.clone(), reason: error.to_string() })?;
        Ok(raw)
    }

    fn public_key(&self) -> Option<String> {
        Some(Self::public_key(self))
    }
}
