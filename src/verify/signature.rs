//! The claim that a commit was signed by somebody who may.

use super::Outcome;
use crate::git::StoredCommit;
use crate::sign::{
    AllowedSigners, CommitSignature, GIT_NAMESPACE, Keyring, Signature, SignatureFormat, SignedCommit, verify_openpgp,
    verify_ssh,
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

/// Judges a commit's signature.
pub(super) fn judge(commit: &StoredCommit, trust: &Trust) -> Outcome {
    let parts = match SignedCommit::split(&commit.bytes, commit.signature_header) {
        Ok(parts) => parts,
        Err(error) => return refuse(format!("the commit cannot be taken apart: {error}"), "find out who made it"),
    };
    let signature = match parts.signature {
        CommitSignature::Signed(signature) => signature,
        CommitSignature::Unsigned => {
            return refuse("the commit is not signed".to_owned(), "find out who made it: Hydrant signs every commit");
        }
    };
    match signature.format() {
        SignatureFormat::Ssh => ssh(&parts.payload, &signature, commit.time.seconds, trust),
        SignatureFormat::OpenPgp => openpgp(&parts.payload, &signature, trust),
        // `git verify-commit` runs gpgsm or gitsign for it, with their own roots of trust
        SignatureFormat::X509 => Outcome::Unchecked(
            "it is X.509 (S/MIME or gitsign), which cannot be checked here; `git verify-commit` can".to_owned(),
        ),
        SignatureFormat::Unknown => {
            refuse("the signature is of no known kind".to_owned(), "find out who made the commit")
        }
    }
}

fn ssh(payload: &[u8], signature: &Signature, time: i64, trust: &Trust) -> Outcome {
    let Some(signers) = &trust.allowed_signers else {
        return refuse(
            "the signature is by SSH, and nobody is trusted to sign with SSH".to_owned(),
            "name a list with `--allowed-signers FILE`, or as `verify.allowed_signers` in hydrant.yaml",
        );
    };
    let key = match verify_ssh(payload, signature) {
        Ok(key) => key,
        Err(error) => return refuse(format!("the signature does not hold: {error}"), "find out who made the commit"),
    };
    match signers.find(&key, GIT_NAMESPACE, time) {
        Ok(principals) => Outcome::holds(format!("good signature by `{principals}` with {key}")),
        Err(reason) => refuse(reason.to_string(), "if the key may sign, add it to the list of allowed signers"),
    }
}

fn openpgp(payload: &[u8], signature: &Signature, trust: &Trust) -> Outcome {
    let Some(keyring) = &trust.keyring else {
        return refuse(
            "the signature is by OpenPGP, and nobody is trusted to sign with OpenPGP".to_owned(),
            "name a keyring with `--keyring FILE`, or as `verify.keyring` in hydrant.yaml",
        );
    };
    match verify_openpgp(payload, signature, keyring, trust.now) {
        Ok(signatory) => {
            let user = signatory.user.unwrap_or_else(|| "nobody by name".to_owned());
            let (key, primary) = (signatory.key, signatory.primary);
            let of = if primary.ends_with(key.as_str()) { String::new() } else { format!(", a subkey of {primary}") };
            Outcome::holds(format!("good signature by `{}` with OpenPGP key {key}{of}", user.escape_debug()))
        }
        Err(error) => refuse(
            format!("the signature does not hold: {error}"),
            "if the key may sign, put its public half, as it is now, into the keyring",
        ),
    }
}

fn refuse(difference: String, help: &str) -> Outcome {
    Outcome::fails([difference], help)
}
