//! SSH keys and SSHSIG signatures, as `ssh-keygen -Y` makes and checks them: keys in memory, in an agent, and with
//! certificates.

mod agent;
mod certificate;
mod memory;
mod short_scalar;
mod signer;
mod sshsig;
pub(super) mod wire;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, SshSig};

use super::{GIT_NAMESPACE, RawSignature, RawSignatureError, Signature, SignatureFormat};
use certificate::is_certificate;
use sshsig::Envelope;
use wire::Reader;

pub use agent::Agent;
pub(super) use certificate::Certificate;
pub use signer::SshSigner;

/// A public SSH key, with the certificate it came in, if it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: ssh_key::PublicKey,
    certificate: Option<Box<Certificate>>,
}

impl PublicKey {
    /// Reads `ssh-ed25519 AAAA… comment`, or a certificate in the same form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let mut words = text.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some(kind), Some(body)) if is_certificate(kind) => {
                let bytes = STANDARD.decode(body).map_err(|error| error.to_string())?;
                let key = Self::from_bytes(&bytes)?;
                match key.certificate().is_some_and(|certificate| certificate.kind() == kind) {
                    true => Ok(key),
                    false => Err(format!("it is no {kind}")),
                }
            }
            _ => ssh_key::PublicKey::from_openssh(text).map(|key| Self::bare(&key)).map_err(|error| error.to_string()),
        }
    }

    /// Reads what SSH sends.
    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        if is_certificate(Reader::new(bytes).text().unwrap_or_default()) {
            let (key, certificate) = Certificate::parse(bytes)?;
            Ok(Self { certificate: Some(Box::new(certificate)), ..Self::bare(&key) })
        } else {
            let key = ssh_key::PublicKey::from_bytes(bytes).map_err(|error| error.to_string())?;
            // `ssh-key` does not look at every length in it
            match key.to_bytes().is_ok_and(|again| again == bytes) {
                true => Ok(Self::bare(&key)),
                false => Err("its key is damaged".to_owned()),
            }
        }
    }

    /// Without comment: it may be anything, and what is shown or written goes into files that others parse.
    fn bare(key: &ssh_key::PublicKey) -> Self {
        Self { key: ssh_key::PublicKey::new(key.key_data().clone(), ""), certificate: None }
    }

    /// What SSH sends: the certificate, if there is one.
    fn to_bytes(&self) -> Result<Vec<u8>, String> {
        match &self.certificate {
            Some(certificate) => Ok(certificate.bytes().to_vec()),
            None => self.key.to_bytes().map_err(|error| error.to_string()),
        }
    }

    /// Whether both are the same key, whatever their comments and certificates.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.key.key_data() == other.key.key_data()
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it; of the key itself, also where it came in a certificate.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.key.fingerprint(HashAlg::Sha256).to_string()
    }

    /// `ssh-ed25519`.
    #[must_use]
    pub fn algorithm(&self) -> String {
        self.key.algorithm().to_string()
    }

    /// Whether it came in a certificate.
    #[must_use]
    pub fn is_certified(&self) -> bool {
        self.certificate.is_some()
    }

    /// The key by itself.
    #[must_use]
    pub fn without_certificate(&self) -> Self {
        Self { key: self.key.clone(), certificate: None }
    }

    /// The certificate it came in.
    pub(super) fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_deref()
    }

    pub(super) fn key_data(&self) -> &KeyData {
        self.key.key_data()
    }

    /// One line of `authorized_keys`, without comment.
    #[must_use]
    pub fn to_line(&self) -> String {
        match &self.certificate {
            Some(certificate) => format!("{} {}", certificate.kind(), STANDARD.encode(certificate.bytes())),
            None => self.key.to_openssh().expect("a key of a known type, which was read or generated, can be written"),
        }
    }

    /// Checks a signature without envelope, as DSSE has it.
    pub fn verify_raw(&self, message: &[u8], signature: &RawSignature) -> Result<(), RawSignatureError> {
        signature.verify(self.key_data(), message)
    }

    /// The key as `openssl` and `cosign` read it: a SubjectPublicKeyInfo in PEM. `None` for keys on hardware.
    #[must_use]
    pub fn to_pem(&self) -> Option<String> {
        super::raw::public_key_pem(self.key_data())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm(), self.fingerprint())?;
        match &self.certificate {
            Some(certificate) => write!(f, " with certificate `{}`", certificate.id.escape_debug()),
            None => Ok(()),
        }
    }
}

/// Why an SSHSIG signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Another kind of signature.
    #[error("it is {} signature, not an SSH one", article(*.0))]
    Format(SignatureFormat),
    /// Damaged armor or contents.
    #[error("it does not read: {0}")]
    Malformed(String),
    /// A signature for another purpose.
    #[error("it was made for the namespace `{found}`, not for `{wanted}`")]
    Namespace {
        /// What it was made for.
        found: String,
        /// What it should have been made for.
        wanted: String,
    },
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
    verify_ssh_blob(payload, signature, GIT_NAMESPACE)
}

/// The key that made a signature over `payload`, if the signature holds and was made for this purpose.
pub fn verify_ssh_blob(payload: &[u8], signature: &Signature, namespace: &str) -> Result<PublicKey, SignatureError> {
    if signature.format() != SignatureFormat::Ssh {
        return Err(SignatureError::Format(signature.format()));
    }
    let envelope = Envelope::parse(signature)?;
    if envelope.namespace != namespace {
        return Err(SignatureError::Namespace { found: envelope.namespace, wanted: namespace.to_owned() });
    }
    let malformed = |error: &dyn fmt::Display| SignatureError::Malformed(error.to_string());
    let key = PublicKey::from_bytes(&envelope.key).map_err(|error| malformed(&error))?;
    if !can_check(&key.key.algorithm()) {
        return Err(SignatureError::Unsupported(key.algorithm()));
    }
    if !is_well_formed(&envelope.signature) {
        return Err(malformed(&"its signature is damaged"));
    }
    let signature = ssh_key::Signature::try_from(&*envelope.signature).map_err(|error| malformed(&error))?;
    let bare = SshSig::new(key.key_data().clone(), namespace, envelope.hash, signature);
    let bare = bare.map_err(|error| malformed(&error))?;
    key.key.verify(namespace, payload, &bare).map_err(|_| SignatureError::Mismatch)?;
    Ok(key)
}

/// Whether a signature is an algorithm and its bytes, for keys on hardware with flags and a counter, and nothing else.
fn is_well_formed(signature: &[u8]) -> bool {
    let mut reader = Reader::new(signature);
    let (Some(algorithm), Some(_)) = (reader.text(), reader.string()) else { return false };
    let counted = if algorithm.starts_with("sk-") { 5 } else { 0 };
    reader.rest().len() == counted
}

fn can_check(algorithm: &Algorithm) -> bool {
    use Algorithm::{Ecdsa, Ed25519, Rsa, SkEcdsaSha2NistP256, SkEd25519};
    matches!(algorithm, Ed25519 | SkEd25519 | Ecdsa { .. } | SkEcdsaSha2NistP256 | Rsa { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::{SignError, Signer as _};
    use proptest::prelude::*;
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
        let signature = signer.sign(b"payload", GIT_NAMESPACE).expect("signs");
        assert!(verify_ssh(b"payload", &signature).expect("holds").is_same_key(&signer.key()));
        assert_eq!(verify_ssh(b"payloae", &signature), Err(SignatureError::Mismatch));
        let other = signer.sign(b"payload", "file").expect("signs");
        assert!(verify_ssh_blob(b"payload", &other, "file").is_ok());
        let (found, wanted) = ("file".to_owned(), "git".to_owned());
        assert_eq!(verify_ssh(b"payload", &other), Err(SignatureError::Namespace { found, wanted }));
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

    #[test]
    fn an_envelope_is_written_as_it_was_read() {
        let signature = signer().sign(b"payload", GIT_NAMESPACE).expect("signs");
        let envelope = Envelope::parse(&signature).expect("reads");
        assert_eq!(envelope.to_armor(), signature);
    }

    proptest! {
        #[test]
        fn no_change_of_an_envelope_panics_or_passes(at in 0usize..400, bit in 0u8..8) {
            let signer = signer();
            let signature = signer.sign(b"payload", GIT_NAMESPACE).expect("signs");
            let body: String = signature.armor().lines().filter(|line| !line.starts_with('-')).collect();
            let mut bytes = STANDARD.decode(body).expect("base64");
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let begin = "-----BEGIN SSH SIGNATURE-----";
            let changed = format!("{begin}\n{}\n-----END SSH SIGNATURE-----", STANDARD.encode(bytes));
            let found = verify_ssh(b"payload", &Signature::from_armor(&changed));
            prop_assert!(found.is_err(), "byte {at} counts");
        }

        #[test]
        fn no_bytes_make_the_reader_of_keys_panic(rest in proptest::collection::vec(any::<u8>(), 0..200)) {
            for kind in ["ssh-ed25519", "ssh-rsa", "ssh-rsa-cert-v01@openssh.com", "ssh-ed25519-cert-v01@openssh.com"] {
                let mut bytes = Vec::new();
                wire::put_string(&mut bytes, kind.as_bytes());
                bytes.extend(&rest);
                let _ = PublicKey::from_bytes(&bytes);
            }
        }
    }
}
