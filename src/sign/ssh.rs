//! SSH keys: signing with one that lies open, and checking SSHSIG signatures, as `ssh-keygen -Y` does.

use std::fmt;
use std::ops::Deref;

use ssh_key::rand_core::CryptoRngCore;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey, SshSig};

use super::{GIT_NAMESPACE, SignError, Signature, SignatureFormat, Signer};

/// An armored SSHSIG of any key type is far smaller.
const MAX_SIGNATURE_BYTES: usize = 64 * 1024;

/// A public SSH key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(ssh_key::PublicKey);

impl PublicKey {
    /// Reads `ssh-ed25519 AAAA… comment`.
    pub fn parse(text: &str) -> Result<Self, String> {
        ssh_key::PublicKey::from_openssh(text.trim()).map(Self).map_err(|error| error.to_string())
    }

    /// Whether both are the same key, whatever their comments.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.0.key_data() == other.0.key_data()
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }

    /// `ssh-ed25519`.
    #[must_use]
    pub fn algorithm(&self) -> String {
        self.0.algorithm().to_string()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm(), self.fingerprint())
    }
}

/// Signs with a private key in memory. The key is wiped when this is dropped, and no message shows it.
pub struct SshSigner {
    name: String,
    key: PrivateKey,
}

impl fmt::Debug for SshSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SshSigner({}, {})", self.name, self.key.fingerprint(HashAlg::Sha256))
    }
}

impl SshSigner {
    /// Reads the text of a private key file. `name` is what messages call it: its path.
    pub fn from_openssh(text: &str, name: &str) -> Result<Self, SignError> {
        let text = text.trim_start();
        if let Some(reason) = other_than_private_key(text) {
            return Err(SignError::NotAPrivateKey { name: name.to_owned(), reason: reason.to_owned() });
        }
        let key = PrivateKey::from_openssh(text.trim_end()).map_err(|error| SignError::NotAPrivateKey {
            name: name.to_owned(),
            reason: format!("it does not read: {error}"),
        })?;
        Self::new(key, name)
    }

    /// Makes a new Ed25519 key: for demonstrations, where nobody has one yet.
    pub fn generate(random: &mut impl CryptoRngCore, name: &str) -> Result<Self, SignError> {
        let mut key = PrivateKey::random(random, Algorithm::Ed25519)
            .map_err(|error| SignError::Failed { name: name.to_owned(), reason: error.to_string() })?;
        key.set_comment(name);
        Self::new(key, name)
    }

    fn new(key: PrivateKey, name: &str) -> Result<Self, SignError> {
        if key.is_encrypted() {
            return Err(SignError::Encrypted { name: name.to_owned() });
        }
        match key.algorithm() {
            Algorithm::Ed25519 | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 } => {
                Ok(Self { name: name.to_owned(), key })
            }
            other => Err(SignError::UnsupportedAlgorithm { name: name.to_owned(), algorithm: other.to_string() }),
        }
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        PublicKey(self.key.public_key().clone())
    }

    /// The private key file's text, for a generated key that someone wants to keep.
    /// The text is wiped when it is dropped.
    pub fn to_openssh(&self) -> Result<impl Deref<Target = String>, SignError> {
        self.key.to_openssh(LineEnding::LF).map_err(|error| self.failed(&error))
    }

    /// The line of an `allowed_signers` file that lets this key sign commits as `principal`.
    #[must_use]
    pub fn allowed_signers_line(&self, principal: &str) -> String {
        format!("{principal} namespaces=\"{GIT_NAMESPACE}\" {}\n", self.public_key())
    }

    fn failed(&self, error: &ssh_key::Error) -> SignError {
        SignError::Failed { name: self.name.clone(), reason: error.to_string() }
    }
}

impl Signer for SshSigner {
    fn name(&self) -> &str {
        &self.name
    }

    fn sign(&self, payload: &[u8]) -> Result<Signature, SignError> {
        let signature = self.key.sign(GIT_NAMESPACE, HashAlg::Sha512, payload).map_err(|error| self.failed(&error))?;
        let armor = signature.to_pem(LineEnding::LF).map_err(|error| self.failed(&error))?;
        Ok(Signature::from_armor(&armor))
    }

    fn confirm(&self, payload: &[u8], signature: &Signature) -> Result<(), String> {
        let key = verify_ssh(payload, signature).map_err(|error| error.to_string())?;
        if key.is_same_key(&self.key()) { Ok(()) } else { Err(format!("it was made by {key}")) }
    }

    fn public_key(&self) -> String {
        let key = self.key.public_key();
        // without comment: that of a private key may be anything, this line goes into files others parse
        let bare = ssh_key::PublicKey::new(key.key_data().clone(), "");
        bare.to_openssh().expect("a key of a known type, which was read or generated, can be written")
    }
}

/// What a text is, if its first line already tells that it is no OpenSSH private key.
fn other_than_private_key(text: &str) -> Option<&'static str> {
    let first = text.lines().next().unwrap_or_default().trim_end();
    match first {
        "-----BEGIN OPENSSH PRIVATE KEY-----" => None,
        "" => Some("it is empty"),
        _ if first.starts_with("ssh-") || first.starts_with("ecdsa-") || first.starts_with("sk-") => {
            Some("it is a public key")
        }
        _ if first.starts_with("-----BEGIN ") && first.ends_with("PRIVATE KEY-----") => {
            Some("it is a private key in PEM format; `ssh-keygen -p -f <file>` rewrites it")
        }
        _ if first.starts_with("PuTTY-User-Key-File") => {
            Some("it is a PuTTY key; `puttygen -O private-openssh` converts it")
        }
        _ => Some("it does not begin as one"),
    }
}

/// Why an SSHSIG signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Another kind of signature.
    #[error("it is {} signature, which this version cannot check", article(*.0))]
    Format(SignatureFormat),
    /// Damaged armor or contents.
    #[error("it does not read: {0}")]
    Malformed(String),
    /// A signature for another purpose.
    #[error("it was made for the namespace `{0}`, not for `git`")]
    Namespace(String),
    /// A key type that cannot be checked here.
    #[error("it was made by a key of type `{0}`, which this version cannot check")]
    Unsupported(String),
    /// The bytes were changed, or the signature belongs to others.
    #[error("it does not match what was signed")]
    Mismatch,
}

fn article(format: SignatureFormat) -> &'static str {
    match format {
        SignatureFormat::Ssh => "an SSH",
        SignatureFormat::OpenPgp => "an OpenPGP",
        SignatureFormat::X509 => "an X.509",
        SignatureFormat::Unknown => "an unknown kind of",
    }
}

/// The key that made a signature over `payload`, if the signature holds and was made for git.
///
/// That a key signed says nothing about whether it may: ask [`AllowedSigners::find`](super::AllowedSigners::find).
pub fn verify_ssh(payload: &[u8], signature: &Signature) -> Result<PublicKey, SignatureError> {
    if signature.format() != SignatureFormat::Ssh {
        return Err(SignatureError::Format(signature.format()));
    }
    if signature.armor().len() > MAX_SIGNATURE_BYTES {
        return Err(SignatureError::Malformed(format!("it has {} bytes", signature.armor().len())));
    }
    let parsed = SshSig::from_pem(signature.armor()).map_err(|error| SignatureError::Malformed(error.to_string()))?;
    if parsed.version() != SshSig::VERSION {
        return Err(SignatureError::Malformed(format!("version {}", parsed.version())));
    }
    if parsed.namespace() != GIT_NAMESPACE {
        return Err(SignatureError::Namespace(parsed.namespace().to_owned()));
    }
    let key = ssh_key::PublicKey::new(parsed.public_key().clone(), "");
    if !can_check(&key.algorithm()) {
        return Err(SignatureError::Unsupported(key.algorithm().to_string()));
    }
    key.verify(GIT_NAMESPACE, payload, &parsed).map_err(|_| SignatureError::Mismatch)?;
    Ok(PublicKey(key))
}

fn can_check(algorithm: &Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::Ed25519
            | Algorithm::SkEd25519
            | Algorithm::SkEcdsaSha2NistP256
            | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssh_key::rand_core::OsRng;

    fn signer() -> SshSigner {
        SshSigner::generate(&mut OsRng, "test key").expect("randomness")
    }

    #[test]
    fn a_key_survives_its_file_even_without_the_last_line_feed() {
        let signer = signer();
        let text = signer.to_openssh().expect("writes");
        let read = SshSigner::from_openssh(text.trim_end(), "id_ed25519").expect("reads");
        assert_eq!(read.public_key(), signer.public_key());
        let crlf = text.replace('\n', "\r\n");
        assert!(SshSigner::from_openssh(&crlf, "id_ed25519").is_ok(), "pasted on Windows");
    }

    #[test]
    fn what_is_no_private_key_is_called_by_its_name() {
        let reason = |text: &str| match SshSigner::from_openssh(text, "~/.ssh/id") {
            Err(SignError::NotAPrivateKey { reason, .. }) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(&signer().public_key()), "it is a public key");
        assert_eq!(reason(""), "it is empty");
        assert!(reason("-----BEGIN RSA PRIVATE KEY-----\nAAAA").contains("ssh-keygen -p"));
        assert_eq!(reason("hello"), "it does not begin as one");
        let damaged = signer().to_openssh().expect("writes").replace("b3BlbnNzaC1rZXk", "b3BlbnNzaC1rZXi");
        assert!(reason(&damaged).starts_with("it does not read"));
    }

    #[test]
    fn a_signature_holds_for_its_bytes_and_purpose_only() {
        let signer = signer();
        let signature = signer.sign(b"payload").expect("signs");
        assert!(verify_ssh(b"payload", &signature).expect("holds").is_same_key(&signer.key()));
        assert_eq!(verify_ssh(b"payloae", &signature), Err(SignatureError::Mismatch));
        let other = signer.key.sign("file", HashAlg::Sha512, b"payload").expect("signs");
        let other = Signature::from_armor(&other.to_pem(LineEnding::LF).expect("writes"));
        assert_eq!(verify_ssh(b"payload", &other), Err(SignatureError::Namespace("file".to_owned())));
        let pgp = Signature::from_armor("-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----");
        assert_eq!(verify_ssh(b"payload", &pgp), Err(SignatureError::Format(SignatureFormat::OpenPgp)));
        let cut = Signature::from_armor("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----");
        assert!(matches!(verify_ssh(b"payload", &cut), Err(SignatureError::Malformed(_))));
    }

    #[test]
    fn no_message_shows_the_private_key() {
        let signer = signer();
        let text = signer.to_openssh().expect("writes");
        let secret = text.lines().nth(3).expect("a line of the private part");
        assert!(!format!("{signer:?}").contains(secret));
        let error =
            SshSigner::from_openssh(&text.replace("b3BlbnNzaC1rZXk", "b3BlbnNzaC1rZXi"), "id").expect_err("damaged");
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}
