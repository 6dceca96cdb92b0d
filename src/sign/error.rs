//! Why something was not signed, and what helps. No variant holds a key or a passphrase.

use super::SignatureFormat;

/// Why something was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key has a passphrase, and none was given. The user's move.
    #[error("key `{name}` is encrypted with a passphrase, and none was given")]
    Encrypted {
        /// The key, as the user named it.
        name: String,
    },
    /// The passphrase is another one. The user's move.
    #[error("key `{name}` does not open with the passphrase that was given")]
    WrongPassphrase {
        /// The key, as the user named it.
        name: String,
    },
    /// The text is a public key, another file, or a private key in another format. The user's move.
    #[error("`{name}` is not {wanted} private key: {reason}")]
    NotAPrivateKey {
        /// The key, as the user named it.
        name: String,
        /// `an OpenSSH` or `an OpenPGP`.
        wanted: &'static str,
        /// What it is instead.
        reason: String,
    },
    /// A key type that cannot sign here. The user's move.
    #[error("key `{name}` is of type `{algorithm}`, which this version cannot sign with")]
    UnsupportedAlgorithm {
        /// The key, as the user named it.
        name: String,
        /// `ssh-dss`, `sk-ssh-ed25519@openssh.com`, …
        algorithm: String,
    },
    /// The key is expired, revoked, too short, or not for signing: consumers would refuse what it signs. The user's move.
    #[error("key `{name}` must not sign: {reason}")]
    Unusable {
        /// The key, as the user named it.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The agent is not there, does not hold the key, or refuses. The environment's move.
    #[error("the agent did not sign with `{name}`: {reason}")]
    Agent {
        /// The key, as the user named it.
        name: String,
        /// What it said, or why it cannot be asked.
        reason: String,
    },
    /// The program that git is configured to sign with is missing, failed, or did not answer. The environment's move.
    #[error("`{program}` did not sign: {reason}")]
    Program {
        /// The program, as git is configured.
        program: String,
        /// What happened, with what it printed.
        reason: String,
    },
    /// This kind of key makes no signature without an envelope. The user's move.
    #[error("key `{name}` cannot make a bare signature: {format} has none")]
    NoRawSignature {
        /// The key, as the user named it.
        name: String,
        /// Its format.
        format: SignatureFormat,
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
                "give the passphrase in `HYDRANT_SIGNING_PASSPHRASE` or with `--passphrase-file FILE`, or let an agent \
                 hold the key"
            }
            Self::WrongPassphrase { .. } => {
                "check `HYDRANT_SIGNING_PASSPHRASE`, or the file that `--passphrase-file` names"
            }
            Self::NotAPrivateKey { wanted: "an OpenPGP", .. } => {
                "export one with `gpg --armor --export-secret-keys <id>`; it begins with `-----BEGIN PGP PRIVATE KEY BLOCK-----`"
            }
            Self::NotAPrivateKey { .. } => {
                "name the file of the private key; it begins with `-----BEGIN OPENSSH PRIVATE KEY-----`"
            }
            Self::UnsupportedAlgorithm { .. } => {
                "use an Ed25519 key: `ssh-keygen -t ed25519 -f <file>`; keys on hardware sign through an agent"
            }
            Self::Unusable { .. } => "sign with another key, or prolong this one and export it again",
            Self::Agent { .. } => {
                "`ssh-add -L` shows what the agent of `SSH_AUTH_SOCK` holds; `ssh-add <file>` adds a key"
            }
            Self::Program { .. } => {
                "make `git commit -S` work here first: it runs the same program with the same settings"
            }
            Self::NoRawSignature { .. } => "use an SSH key, or ask for a detached signature",
            Self::Failed { .. } | Self::NotConfirmed { .. } => "try another key; if that works, this one is damaged",
        }
    }
}
