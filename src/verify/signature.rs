//! The claim that a commit was signed by somebody who may.

use super::Outcome;
use crate::attest::{Envelope, EnvelopeSignature};
use crate::git::StoredCommit;
use crate::sign::{
    AllowedSigners, CommitSignature, GIT_NAMESPACE, Keyring, NotAllowed, OpenPgpError, PublicKey, Signature,
    SignatureFormat, SignedCommit, verify_openpgp, verify_ssh,
};

/// Who is trusted to sign. A format whose list is missing trusts nobody.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// SSH keys. Their validity is judged at the commit's own time, as git does.
    pub allowed_signers: Option<AllowedSigners>,
    /// OpenPGP keys. Their validity is judged at [`now`](Self::now), as gpg does.
    pub keyring: Option<Keyring>,
    /// When the check is made, in seconds since 1970.
    pub now: i64,
}

impl From<AllowedSigners> for Trust {
    fn from(signers: AllowedSigners) -> Self {
        Self { allowed_signers: Some(signers), ..Self::default() }
    }
}

/// What was found out about a commit's signature.
pub(super) enum Judged {
    /// It holds, and is by somebody who may. Who.
    Good(String),
    /// None, or one that nobody here can vouch for: merges that forges make have such ones.
    Foreign { reason: String, help: &'static str },
    /// One of a kind whose roots of trust are not ours to know.
    Unknowable(String),
    /// It is damaged, or by somebody who may no more.
    Bad { reason: String, help: &'static str },
}

impl Judged {
    /// The claim. What is attested needs no signature on the commit, if nothing is wrong with the one it has.
    pub(super) fn outcome(self, is_attested: bool) -> Outcome {
        match self {
            Self::Good(evidence) => Outcome::holds(evidence),
            Self::Foreign { reason, .. } | Self::Unknowable(reason) if is_attested => {
                Outcome::Note(vec![format!("{reason}; all of its content is attested")])
            }
            Self::Unknowable(reason) => Outcome::Unchecked(reason),
            Self::Foreign { reason, help } | Self::Bad { reason, help } => Outcome::fails([reason], help),
        }
    }
}

const WHO: &str = "find out who made the commit";

/// Judges a commit's signature.
pub(super) fn judge(commit: &StoredCommit, trust: &Trust) -> Judged {
    let parts = match SignedCommit::split(&commit.bytes, commit.signature_header) {
        Ok(parts) => parts,
        Err(error) => return bad(format!("the commit cannot be taken apart: {error}"), WHO),
    };
    match parts.signature {
        CommitSignature::Signed(signature) => judge_armor(&parts.payload, &signature, commit.time.seconds, trust),
        CommitSignature::Unsigned => {
            foreign("the commit is not signed".to_owned(), "find out who made it: Hydrant signs every commit")
        }
    }
}

/// Who signed an envelope, or why nobody who may did. A key of SSH has to be one that may sign commits: it is the very
/// key that signs ours. `time` is what its statement says of itself, as a commit's time is what the commit says.
pub(super) fn judge_envelope(envelope: &Envelope, time: i64, trust: &Trust) -> Result<String, String> {
    let message = envelope.signed_bytes();
    let signature = match envelope.signature() {
        EnvelopeSignature::Armored(signature) => signature,
        EnvelopeSignature::Bare(_) => return judge_bare(envelope, &message, time, trust),
    };
    match judge_armor(&message, signature, time, trust) {
        Judged::Good(evidence) => Ok(evidence.split('`').nth(1).unwrap_or("nobody by name").to_owned()),
        Judged::Foreign { reason, .. } | Judged::Unknowable(reason) | Judged::Bad { reason, .. } => Err(reason),
    }
}

fn judge_bare(envelope: &Envelope, message: &[u8], time: i64, trust: &Trust) -> Result<String, String> {
    let Some(signers) = &trust.allowed_signers else {
        return Err("the signature is by a key of SSH, and nobody is trusted to sign with SSH".to_owned());
    };
    let named = |key: &&PublicKey| key.fingerprint() == envelope.key().as_str();
    let mut known = signers.keys().filter(named);
    let Some(key) = known.next() else {
        let key = envelope.key().as_str().escape_debug();
        return Err(format!("the key {key} is not in the list of allowed signers"));
    };
    if !envelope.signature().is_bare_by(key, message) {
        return Err("the signature does not hold: it does not match what was signed".to_owned());
    }
    signers.find(key, GIT_NAMESPACE, time).map(str::to_owned).map_err(|reason| reason.to_string())
}

fn judge_armor(payload: &[u8], signature: &Signature, time: i64, trust: &Trust) -> Judged {
    match signature.format() {
        SignatureFormat::Ssh => ssh(payload, signature, time, trust),
        SignatureFormat::OpenPgp => openpgp(payload, signature, trust),
        // `git verify-commit` runs gpgsm or gitsign for it, with their own roots of trust
        SignatureFormat::X509 => Judged::Unknowable(
            "it is X.509 (S/MIME or gitsign), which cannot be checked here; `git verify-commit` can".to_owned(),
        ),
        SignatureFormat::Unknown => bad("the signature is of no known kind".to_owned(), WHO),
    }
}

fn ssh(payload: &[u8], signature: &Signature, time: i64, trust: &Trust) -> Judged {
    let Some(signers) = &trust.allowed_signers else {
        return foreign(
            "the signature is by SSH, and nobody is trusted to sign with SSH".to_owned(),
            "name a list with `--allowed-signers FILE`, or as `verify.allowed_signers` in hydrant.yaml",
        );
    };
    let key = match verify_ssh(payload, signature) {
        Ok(key) => key,
        Err(error) => return bad(format!("the signature does not hold: {error}"), WHO),
    };
    const ADD: &str = "if the key may sign, add it to the list of allowed signers";
    match signers.find(&key, GIT_NAMESPACE, time) {
        Ok(principals) => Judged::Good(format!("good signature by `{principals}` with {key}")),
        Err(reason @ NotAllowed::Unknown(_)) => foreign(reason.to_string(), ADD),
        Err(reason) => bad(reason.to_string(), ADD),
    }
}

fn openpgp(payload: &[u8], signature: &Signature, trust: &Trust) -> Judged {
    let Some(keyring) = &trust.keyring else {
        return foreign(
            "the signature is by OpenPGP, and nobody is trusted to sign with OpenPGP".to_owned(),
            "name a keyring with `--keyring FILE`, or as `verify.keyring` in hydrant.yaml",
        );
    };
    const RENEW: &str = "if the key may sign, put its public half, as it is now, into the keyring";
    match verify_openpgp(payload, signature, keyring, trust.now) {
        Ok(signatory) => {
            let user = signatory.user.unwrap_or_else(|| "nobody by name".to_owned());
            let (key, primary) = (signatory.key, signatory.primary);
            let of = if primary.ends_with(key.as_str()) { String::new() } else { format!(", a subkey of {primary}") };
            Judged::Good(format!("good signature by `{}` with OpenPGP key {key}{of}", user.escape_debug()))
        }
        Err(error @ OpenPgpError::Unknown(_)) => foreign(format!("the signature does not hold: {error}"), RENEW),
        Err(error) => bad(format!("the signature does not hold: {error}"), RENEW),
    }
}

fn foreign(reason: String, help: &'static str) -> Judged {
    Judged::Foreign { reason, help }
}

fn bad(reason: String, help: &'static str) -> Judged {
    Judged::Bad { reason, help }
}
