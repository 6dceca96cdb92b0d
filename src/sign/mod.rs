//! Sign: what is signed, who signs, and [`Signed`], which only a signature that was checked makes.
//!
//! `git` publishes nothing but `Signed<_>`, so an unsigned commit cannot reach a branch. The formats of the outside
//! world live here as well: commit headers that carry a signature, and `allowed_signers` files that say whose counts.

mod allowed_signers;
mod commit;
mod ssh;
mod time;

use std::fmt;

pub use allowed_signers::{AllowedSigners, AllowedSignersError, LineError, NotAllowed};
pub use commit::{CommitFormatError, CommitSignature, SignatureHeader, SignedCommit};
pub use ssh::{PublicKey, SignatureError, SshSigner, verify_ssh};
pub use ssh_key::rand_core::{CryptoRngCore, OsRng};

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

/// Why something was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key has a passphrase. The user's move.
    #[error("key `{name}` is encrypted with a passphrase, which this version cannot ask for")]
    Encrypted {
        /// The key, as the user named it.
        name: String,
    },
    /// The text is a public key, another file, or a private key in another format. The user's move.
    #[error("`{name}` is not an OpenSSH private key: {reason}")]
    NotAPrivateKey {
        /// The key, as the user named it.
        name: String,
        /// What it is instead.
        reason: String,
    },
    /// A key type that cannot sign here. The user's move.
    #[error("key `{name}` is of type `{algorithm}`, which this version cannot sign with")]
    UnsupportedAlgorithm {
        /// The key, as the user named it.
        name: String,
        /// `ssh-rsa`, `sk-ssh-ed25519@openssh.com`, …
        algorithm: String,
    },
    /// The signer failed. The environment's move.
    #[error("key `{name}` did not sign: {reason}")]
    Failed {
        /// The key, as the user named it.
        name: String,
        /// What it said.
        reason: String,
    },
    /// The signer gave a signature that its own public key does not confirm. Our move, or a broken key.
    #[error("key `{name}` made a signature that its own public key does not confirm: {reason}")]
    NotConfirmed {
        /// The key, as the user named it.
        name: String,
        /// What was wrong with it.
        reason: String,
    },
}

impl SignError {
    /// One action that helps.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Encrypted { .. } => {
                "make a key without passphrase for this purpose: `ssh-keygen -t ed25519 -N '' -f <file>`"
            }
            Self::NotAPrivateKey { .. } => {
                "name the file without `.pub`; it begins with `-----BEGIN OPENSSH PRIVATE KEY-----`"
            }
            Self::UnsupportedAlgorithm { .. } => "use an Ed25519 key: `ssh-keygen -t ed25519 -N '' -f <file>`",
            Self::Failed { .. } | Self::NotConfirmed { .. } => "try another key; if that works, this one is damaged",
        }
    }
}

/// Whoever holds a key. Agents, OpenPGP and git's own configuration come as further implementations.
pub trait Signer {
    /// How the user knows the key: a path or a comment. Never the key itself.
    fn name(&self) -> &str;

    /// Signs bytes.
    fn sign(&self, payload: &[u8]) -> Result<Signature, SignError>;

    /// Checks a signature of this signer with its public half: the reason why it does not hold, if so.
    fn confirm(&self, payload: &[u8], signature: &Signature) -> Result<(), String>;

    /// The public key, in the text form of its format (for SSH: one line of `authorized_keys`).
    fn public_key(&self) -> String;
}

/// Something that can be signed: a commit now, statements later.
pub trait Payload {
    /// The bytes a signature covers.
    fn payload(&self) -> &[u8];
}

/// Something with a signature that was made by a [`Signer`] and confirmed. Only [`sign`] makes it.
#[derive(Debug, Clone)]
pub struct Signed<T> {
    content: T,
    signature: Signature,
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
}

/// Signs, and confirms the signature with the public key before anyone may write it.
pub fn sign<T: Payload>(content: T, signer: &dyn Signer) -> Result<Signed<T>, SignError> {
    let signature = signer.sign(content.payload())?;
    signer
        .confirm(content.payload(), &signature)
        .map_err(|reason| SignError::NotConfirmed { name: signer.name().to_owned(), reason })?;
    Ok(Signed { content, signature })
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
        fn sign(&self, _payload: &[u8]) -> Result<Signature, SignError> {
            self.0.sign(b"something else")
        }
        fn confirm(&self, payload: &[u8], signature: &Signature) -> Result<(), String> {
            self.0.confirm(payload, signature)
        }
        fn public_key(&self) -> String {
            self.0.public_key()
        }
    }

    #[test]
    fn a_signature_that_does_not_hold_signs_nothing() {
        let signer = SshSigner::generate(&mut OsRng, "test").expect("randomness");
        assert!(sign(Text("a"), &signer).is_ok());
        assert!(matches!(sign(Text("a"), &Liar(signer)), Err(SignError::NotConfirmed { .. })));
    }
}
