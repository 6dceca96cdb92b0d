//! Sign: what is signed, who signs, and [`Signed`], which only a signature that was checked makes.
//!
//! `git` publishes nothing but `Signed<_>`, so an unsigned commit cannot reach a branch. The formats of the outside
//! world live here as well: commit headers that carry a signature, OpenPGP keyrings, and `allowed_signers` files that
//! say whose signature counts.
//!
//! Nothing here knows the time, the environment or another process: times are given, an [`Agent`] is somebody else's
//! connection, and the signer that runs the user's own programs lives in `git`.

mod allowed_signers;
mod commit;
mod error;
mod openpgp;
mod raw;
mod ssh;
mod time;

use std::fmt;

use zeroize::Zeroizing;

pub use allowed_signers::{AllowedSigners, AllowedSignersError, LineError, NotAllowed};
pub use commit::{CommitFormatError, CommitSignature, SignatureHeader, SignedCommit};
pub use error::SignError;
pub use openpgp::{Keyring, KeyringError, OpenPgpError, OpenPgpSigner, Signatory, SigningKeyChoice, verify_openpgp};
pub use raw::{RawSignature, RawSignatureError};
pub use ssh::{Agent, PublicKey, SignatureError, SshSigner, verify_ssh, verify_ssh_blob};
pub use ssh_key::rand_core::{CryptoRngCore, OsRng};
pub use time::show as show_time;

/// The SSHSIG namespace of everything git signs: a signature made for another purpose must not count for a commit.
pub const GIT_NAMESPACE: &str = "git";

/// An armored signature, ending in a line feed.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(String);

impl Signature {
    /// Takes armor as a signer gives it; ends it with exactly one line feed.
    #[must_use]
    pub fn from_armor(armor: &str) -> Self {
        Self(format!("{}\n", armor.trim_end()))
    }

    /// The armor.
    #[must_use]
    pub fn armor(&self) -> &str {
        &self.0
    }

    /// What the armor says it is.
    #[must_use]
    pub fn format(&self) -> SignatureFormat {
        SignatureFormat::of(&self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", self.format())
    }
}

/// The kinds of signatures git knows, told apart by their first line, as git does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignatureFormat {
    /// SSHSIG.
    Ssh,
    /// OpenPGP.
    OpenPgp,
    /// CMS, as S/MIME and gitsign make it.
    X509,
    /// None of them.
    Unknown,
}

impl SignatureFormat {
    fn of(armor: &str) -> Self {
        match armor.lines().next().map(str::trim_end) {
            Some("-----BEGIN SSH SIGNATURE-----") => Self::Ssh,
            Some("-----BEGIN PGP SIGNATURE-----" | "-----BEGIN PGP MESSAGE-----") => Self::OpenPgp,
            Some("-----BEGIN SIGNED MESSAGE-----") => Self::X509,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for SignatureFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ssh => "SSH",
            Self::OpenPgp => "OpenPGP",
            Self::X509 => "X.509",
            Self::Unknown => "unknown",
        })
    }
}

/// What consumers know a key by, as `git log --pretty=%GK` prints it: sixteen hexadecimal digits in upper case for
/// OpenPGP, where it is the id of the *subkey* if one signed, `SHA256:…` for SSH.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// Takes an id as a program told it.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A passphrase: wiped when it is dropped, and never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes it as it was typed. A line feed at the end, which files have, does not belong to it.
    #[must_use]
    pub fn new(text: Zeroizing<String>) -> Self {
        let bare = text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text));
        match bare {
            Some(bare) => Self(Zeroizing::new(bare.to_owned())),
            None => Self(text),
        }
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Whoever holds a key: in memory, in an agent, or behind the programs that git is configured to sign with.
pub trait Signer: Sync {
    /// How the user knows the key: a path or a comment. Never the key itself.
    fn name(&self) -> &str;

    /// The kind of signature it makes.
    fn format(&self) -> SignatureFormat;

    /// Whether it holds the key itself: it asks no other program and no person, so it may be asked from many threads.
    fn holds_the_key(&self) -> bool {
        false
    }

    /// Signs bytes for a purpose. For SSH the purpose is the SSHSIG namespace; the other formats have none, so what is
    /// signed has to tell by itself what it is.
    fn sign(&self, payload: &[u8], namespace: &str) -> Result<Signature, SignError>;

    /// Checks a signature of this signer with its public half: who made it, or the reason why it does not hold.
    fn confirm(&self, payload: &[u8], namespace: &str, signature: &Signature) -> Result<KeyId, String>;

    /// Signs bytes without any envelope, as DSSE wants it over its pre-authentication encoding. Confirmed already.
    fn sign_raw(&self, _message: &[u8]) -> Result<RawSignature, SignError> {
        Err(SignError::NoRawSignature { name: self.name().to_owned(), format: self.format() })
    }

    /// The public key, in the text form of its format: for SSH one line of `authorized_keys`, for OpenPGP an armored
    /// block. `None` if only the program that signs knows it.
    fn public_key(&self) -> Option<String>;
}

/// Something that is signed as a whole: a commit.
pub trait Payload {
    /// The bytes a signature covers.
    fn payload(&self) -> &[u8];
}

/// Something with a signature that was made by a [`Signer`] and confirmed. Only [`sign`] makes it.
#[derive(Debug, Clone)]
pub struct Signed<T> {
    content: T,
    signature: Signature,
    key: KeyId,
}

impl<T> Signed<T> {
    /// What was signed.
    #[must_use]
    pub fn content(&self) -> &T {
        &self.content
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The key that made it, as consumers know it.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        &self.key
    }
}

/// Signs for git, and confirms the signature with the public key before anyone may write it.
pub fn sign<T: Payload>(content: T, signer: &dyn Signer) -> Result<Signed<T>, SignError> {
    let (signature, key) = sign_blob(content.payload(), GIT_NAMESPACE, signer)?;
    Ok(Signed { content, signature, key })
}

/// A detached signature over any bytes for a purpose of one's own, confirmed; see [`verify_ssh_blob`].
pub fn sign_blob(payload: &[u8], namespace: &str, signer: &dyn Signer) -> Result<(Signature, KeyId), SignError> {
    let signature = signer.sign(payload, namespace)?;
    let key = signer
        .confirm(payload, namespace, &signature)
        .map_err(|reason| SignError::NotConfirmed { name: signer.name().to_owned(), reason })?;
    Ok((signature, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Text(&'static str);
    impl Payload for Text {
        fn payload(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }

    /// Signs something else than it was asked to: a broken agent.
    struct Liar(SshSigner);
    impl Signer for Liar {
        fn name(&self) -> &str {
            "liar"
        }
        fn format(&self) -> SignatureFormat {
            self.0.format()
        }
        fn sign(&self, _payload: &[u8], namespace: &str) -> Result<Signature, SignError> {
            self.0.sign(b"something else", namespace)
        }
        fn confirm(&self, payload: &[u8], namespace: &str, signature: &Signature) -> Result<KeyId, String> {
            self.0.confirm(payload, namespace, signature)
        }
        fn public_key(&self) -> Option<String> {
            Signer::public_key(&self.0)
        }
    }

    #[test]
    fn a_signature_that_does_not_hold_signs_nothing() {
        let signer = SshSigner::generate(&mut OsRng, "test").expect("randomness");
        assert!(sign(Text("a"), &signer).is_ok());
        assert!(matches!(sign(Text("a"), &Liar(signer)), Err(SignError::NotConfirmed { .. })));
    }

    #[test]
    fn a_passphrase_is_never_shown_and_ends_before_the_line_does() {
        let read = |text: &str| Passphrase::new(Zeroizing::new(text.to_owned()));
        assert_eq!(read("two words\n").as_str(), "two words");
        assert_eq!(read("two words\r\n").as_str(), "two words");
        assert_eq!(read(" blanks stay \n\n").as_str(), " blanks stay \n");
        assert!(!format!("{:?}", read("two words")).contains("two"));
    }
}
