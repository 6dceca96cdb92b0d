//! Signing with an OpenPGP key that lies open: in a file, or in the variable of a CI system.

use std::fmt;

use pgp::composed::{ArmorOptions, Deserializable as _, DetachedSignature, SignedPublicKey, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::types::{KeyVersion, Password, S2kParams, SecretParams, SigningKey, StringToKey, Timestamp};
use ssh_key::rand_core::OsRng;

use super::certificate::{Component, components};
use super::{Keyring, one_line, verify_openpgp};
use crate::sign::{KeyId, Passphrase, SignError, Signature, SignatureFormat, Signer};

/// The kind of secret part that says "it is not here": exported subkeys leave such a stub of their primary key.
const GNU_STUB: u8 = 101;

/// Which part of a key signs. Consumers that list key ids, as Argo CD does, have to list the id of this part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SigningKeyChoice {
    /// As gpg chooses: the newest subkey that may sign, else the primary key.
    #[default]
    Newest,
    /// The primary key.
    Primary,
    /// The one with this id or fingerprint.
    Exactly(String),
}

/// Signs with an OpenPGP key in memory. It stays encrypted there if it came so, and no message shows it.
pub struct OpenPgpSigner {
    name: String,
    secret: SignedSecretKey,
    public: SignedPublicKey,
    password: Password,
    /// Which of the secret subkeys signs; `None` is the primary key.
    subkey: Option<usize>,
    id: KeyId,
    fingerprint: String,
    time: i64,
}

impl fmt::Debug for OpenPgpSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenPgpSigner({}, {})", self.name, self.fingerprint)
    }
}

impl OpenPgpSigner {
    /// Reads an armored private key, and refuses one that must not sign at `time`, which is what its signatures will say.
    pub fn from_armor(
        text: &str,
        name: &str,
        passphrase: Option<&Passphrase>,
        choice: &SigningKeyChoice,
        time: i64,
    ) -> Result<Self, SignError> {
        let secret = read(text, name)?;
        let public = secret.to_public_key();
        let (id, fingerprint) = choose(&secret, &public, choice, name, time)?;
        let subkey = secret.secret_subkeys.iter().position(|subkey| super::fingerprint(&subkey.key) == fingerprint);
        let password = passphrase.map_or_else(Password::empty, |passphrase| Password::from(passphrase.as_str()));
        let signer = Self { name: name.to_owned(), secret, public, password, subkey, id, fingerprint, time };
        signer.refuse_locked(passphrase.is_some())?;
        Ok(signer)
    }

    /// What `git log --pretty=%GK` will show.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.id
    }

    /// Of the part that signs.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Of the primary key.
    #[must_use]
    pub fn primary_fingerprint(&self) -> String {
        super::fingerprint(&self.public.primary_key)
    }

    /// Told now and not after minutes of work: that the passphrase is missing or wrong.
    fn refuse_locked(&self, given: bool) -> Result<(), SignError> {
        let name = || self.name.clone();
        if secret_params(&self.secret, &self.fingerprint).is_some_and(SecretParams::is_encrypted) && !given {
            return Err(SignError::Encrypted { name: name() });
        }
        let opened = match self.subkey() {
            None => self.secret.primary_key.unlock(&self.password, |_, _| Ok(())),
            Some(subkey) => subkey.unlock(&self.password, |_, _| Ok(())),
        };
        opened.and_then(|inner| inner).map_err(|error| match given {
            true => SignError::WrongPassphrase { name: name() },
            false => SignError::Failed { name: name(), reason: one_line(&error) },
        })
    }

    fn subkey(&self) -> Option<&pgp::packet::SecretSubkey> {
        self.subkey.map(|index| &self.secret.secret_subkeys[index].key)
    }

    fn sign_with(&self, key: &impl SigningKey, payload: &[u8]) -> pgp::errors::Result<String> {
        let hash = match key.hash_alg() {
            HashAlgorithm::Sha384 => HashAlgorithm::Sha384,
            HashAlgorithm::Sha512 => HashAlgorithm::Sha512,
            // what every checker knows
            _ => HashAlgorithm::Sha256,
        };
        let time = Timestamp::from_secs(u32::try_from(self.time).unwrap_or_default());
        let mut config = match key.version() {
            KeyVersion::V6 => SignatureConfig::v6(OsRng, SignatureType::Binary, key.algorithm(), hash)?,
            _ => SignatureConfig::v4(SignatureType::Binary, key.algorithm(), hash),
        };
        config.hashed_subpackets = vec![
            Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
            Subpacket::regular(SubpacketData::SignatureCreationTime(time))?,
        ];
        if key.version() != KeyVersion::V6 {
            config.unhashed_subpackets = vec![Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?];
        }
        let signature = config.sign(key, &self.password, payload)?;
        DetachedSignature::new(signature).to_armored_string(ArmorOptions::default())
    }
}

impl Signer for OpenPgpSigner {
    fn name(&self) -> &str {
        &self.name
    }

    fn format(&self) -> SignatureFormat {
        SignatureFormat::OpenPgp
    }

    fn holds_the_key(&self) -> bool {
        true
    }

    fn sign(&self, payload: &[u8], _namespace: &str) -> Result<Signature, SignError> {
        let armor = match self.subkey() {
            None => self.sign_with(&self.secret.primary_key, payload),
            Some(subkey) => self.sign_with(subkey, payload),
        };
        let armor = armor.map_err(|error| SignError::Failed { name: self.name.clone(), reason: one_line(&error) })?;
        Ok(Signature::from_armor(&armor))
    }

    fn confirm(&self, payload: &[u8], _namespace: &str, signature: &Signature) -> Result<KeyId, String> {
        let ring = Keyring::of(self.public.clone());
        let found = verify_openpgp(payload, signature, &ring, self.time).map_err(|error| error.to_string())?;
        if found.key == self.id { Ok(found.key) } else { Err(format!("it was made by {}", found.key)) }
    }

    fn public_key(&self) -> Option<String> {
        self.public.to_armored_string(ArmorOptions::default()).ok()
    }
}

fn read(text: &str, name: &str) -> Result<SignedSecretKey, SignError> {
    let text = text.trim();
    let not_a_key = |reason: &str| SignError::NotAPrivateKey {
        name: name.to_owned(),
        wanted: "an OpenPGP",
        reason: reason.to_owned(),
    };
    match text.lines().next().unwrap_or_default().trim_end() {
        "-----BEGIN PGP PRIVATE KEY BLOCK-----" => {}
        "-----BEGIN PGP PUBLIC KEY BLOCK-----" => return Err(not_a_key("it is a public key")),
        "-----BEGIN OPENSSH PRIVATE KEY-----" => {
            return Err(not_a_key("it is an SSH key: set `signing.format` to `ssh`"));
        }
        "" => return Err(not_a_key("it is empty")),
        _ => return Err(not_a_key("it does not begin as one")),
    }
    let damaged = |error: pgp::errors::Error| not_a_key(&format!("it does not read: {}", one_line(&error)));
    let (keys, _) = SignedSecretKey::from_armor_many(text.as_bytes()).map_err(damaged)?;
    let mut keys = keys.collect::<Result<Vec<_>, _>>().map_err(damaged)?;
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(key),
        (None, _) => Err(not_a_key("it holds no key")),
        (Some(_), others) => {
            Err(not_a_key(&format!("it holds {} keys, so it is not said which one signs", others + 1)))
        }
    }
}

/// The id and fingerprint of the part that signs. Every part that might, and must not, is told with its reason.
fn choose(
    secret: &SignedSecretKey,
    public: &SignedPublicKey,
    choice: &SigningKeyChoice,
    name: &str,
    now: i64,
) -> Result<(KeyId, String), SignError> {
    let judge = |part: &Component<'_>| match secret_params(secret, &part.fingerprint()) {
        Some(params) if !is_stub(params) => part.refuse_unusable(public, now, now),
        _ => Err("its secret part is not in this export".to_owned()),
    };
    let unusable = |reason: String| SignError::Unusable { name: name.to_owned(), reason };
    let parts = components(public);
    let judged: Vec<(&Component<'_>, Result<(), String>)> = parts.iter().map(|part| (part, judge(part))).collect();
    let chosen = match choice {
        SigningKeyChoice::Primary => judged.first(),
        SigningKeyChoice::Exactly(wanted) => judged.iter().find(|(part, _)| is_called(part, wanted)),
        SigningKeyChoice::Newest => {
            let usable = judged.iter().enumerate().filter(|(_, (_, verdict))| verdict.is_ok());
            // subkeys before the primary, and of those the newest; of equally new ones the last, as gpg does
            let best = usable.max_by_key(|(index, (part, _))| (*index > 0, part.created()));
            let Some((_, best)) = best else {
                let reasons = judged.iter().filter_map(|(part, verdict)| Some((part.id(), verdict.as_ref().err()?)));
                let reasons: Vec<String> = reasons.map(|(id, reason)| format!("{id}: {reason}")).collect();
                return Err(unusable(reasons.join("; ")));
            };
            Some(best)
        }
    };
    match chosen {
        Some((part, Ok(()))) => Ok((part.id(), part.fingerprint())),
        Some((part, Err(reason))) => Err(unusable(format!("{}: {reason}", part.id()))),
        None => Err(unusable("it has no such subkey".to_owned())),
    }
}

/// An id of sixteen digits, or a fingerprint, with or without the blanks and the `!` that gpg knows.
fn is_called(part: &Component<'_>, wanted: &str) -> bool {
    let wanted: String = wanted.chars().filter(|char| !char.is_whitespace() && *char != '!').collect();
    let wanted = wanted.strip_prefix("0x").unwrap_or(&wanted).to_ascii_uppercase();
    wanted == part.fingerprint() || wanted == part.id().as_str()
}

fn secret_params<'a>(secret: &'a SignedSecretKey, fingerprint: &str) -> Option<&'a SecretParams> {
    if super::fingerprint(&secret.primary_key) == fingerprint {
        return Some(secret.primary_key.secret_params());
    }
    let mut subkeys = secret.secret_subkeys.iter().map(|subkey| &subkey.key);
    subkeys.find(|key| super::fingerprint(*key) == fingerprint).map(|key| key.secret_params())
}

/// Whether the secret part says that it is elsewhere.
fn is_stub(params: &SecretParams) -> bool {
    let SecretParams::Encrypted(params) = params else { return false };
    match params.string_to_key_params() {
        S2kParams::Cfb { s2k, .. } | S2kParams::MalleableCfb { s2k, .. } => {
            matches!(s2k, StringToKey::Private { typ: GNU_STUB, .. })
        }
        _ => false,
    }
}
