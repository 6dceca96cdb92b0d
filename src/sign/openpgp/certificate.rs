//! An OpenPGP key with everything that is said about it: which of its parts may sign, from when, and until when.
//!
//! Only what the key itself says counts, and every such statement is checked with the key before it does.

use pgp::composed::{DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{PublicKey, Signature, SignatureType};
use pgp::types::{KeyDetails as _, SignedUser, Tag};

use super::{CLOCK_SKEW, KeyId, fingerprint, key_id, time};

/// The primary key or a subkey.
pub(super) enum Component<'a> {
    Primary(&'a PublicKey),
    Subkey(&'a SignedPublicSubKey),
}

/// All parts of a key: the primary first.
pub(super) fn components(key: &SignedPublicKey) -> Vec<Component<'_>> {
    let subkeys = key.public_subkeys.iter().map(Component::Subkey);
    std::iter::once(Component::Primary(&key.primary_key)).chain(subkeys).collect()
}

impl Component<'_> {
    /// The last sixteen digits of the fingerprint, which is what git prints.
    pub(super) fn id(&self) -> KeyId {
        match self {
            Self::Primary(key) => key_id(key.legacy_key_id().as_ref()),
            Self::Subkey(subkey) => key_id(subkey.key.legacy_key_id().as_ref()),
        }
    }

    pub(super) fn fingerprint(&self) -> String {
        match self {
            Self::Primary(key) => fingerprint(*key),
            Self::Subkey(subkey) => fingerprint(&subkey.key),
        }
    }

    pub(super) fn created(&self) -> i64 {
        let created = match self {
            Self::Primary(key) => key.created_at(),
            Self::Subkey(subkey) => subkey.key.created_at(),
        };
        i64::from(created.as_secs())
    }

    pub(super) fn verify(&self, signature: &DetachedSignature, payload: &[u8]) -> pgp::errors::Result<()> {
        match self {
            Self::Primary(key) => signature.verify(*key, payload),
            Self::Subkey(subkey) => signature.verify(&subkey.key, payload),
        }
    }

    /// Why this part of `key` may not sign at `made`, judged at `now`, if it may not.
    pub(super) fn refuse_unusable(&self, key: &SignedPublicKey, made: i64, now: i64) -> Result<(), String> {
        let primary = Statement::of_primary(key, now)?;
        let created = i64::from(key.primary_key.created_at().as_secs());
        primary.refuse_expired("the key", created, now)?;
        let statement = match self {
            Self::Primary(_) => primary,
            Self::Subkey(subkey) => {
                let statement = Statement::of_subkey(key, subkey, now)?;
                statement.refuse_expired("the subkey", self.created(), now)?;
                statement
            }
        };
        if made < self.created() {
            return Err(format!(
                "it was made on {}, after the signature's time {}",
                time::show(self.created()),
                time::show(made)
            ));
        }
        if self.created() > now.saturating_add(CLOCK_SKEW) {
            return Err(format!("it was made on {}, which is in the future", time::show(self.created())));
        }
        if !statement.may_sign {
            return Err("it is not for signing".to_owned());
        }
        Ok(())
    }
}

/// What a key says about itself or one of its subkeys.
struct Statement {
    may_sign: bool,
    /// Seconds from the creation of the key; never, if there are none.
    lifetime: Option<i64>,
}

impl Statement {
    fn of_primary(key: &SignedPublicKey, now: i64) -> Result<Self, String> {
        refuse_revoked(key)?;
        let primary = &key.primary_key;
        let details = &key.details;
        let users = details.users.iter().filter_map(|user| self_certification(primary, user, now));
        let direct = details.direct_signatures.iter().filter(|signature| signature.verify_key(primary).is_ok());
        let (user, direct) = (newest(users, now), newest(direct, now));
        if user.is_none() && direct.is_none() {
            return Err("nothing that it says about itself holds".to_owned());
        }
        let said = || [user, direct].into_iter().flatten();
        let may_sign = match said().find(|signature| has_key_flags(signature)) {
            Some(signature) => signature.key_flags().sign(),
            // keys from before there were flags
            None => primary.algorithm().can_sign(),
        };
        Ok(Self { may_sign, lifetime: said().filter_map(lifetime).min() })
    }

    fn of_subkey(key: &SignedPublicKey, subkey: &SignedPublicSubKey, now: i64) -> Result<Self, String> {
        let primary = &key.primary_key;
        let holds = |signature: &&Signature| signature.verify_subkey_binding(primary, &subkey.key).is_ok();
        let of_type = |wanted| subkey.signatures.iter().filter(move |signature| signature.typ() == Some(wanted));
        if let Some(revocation) = of_type(SignatureType::SubkeyRevocation).next() {
            let known = holds(&revocation);
            return Err(format!("the subkey {}", revoked(revocation, known)));
        }
        let bindings = of_type(SignatureType::SubkeyBinding).filter(holds);
        let Some(binding) = newest(bindings, now) else {
            return Err("it is not bound to its primary key".to_owned());
        };
        // without the subkey's own signature anybody could take a foreign key for their subkey
        let consents = || {
            let back = binding.embedded_signature();
            back.is_some_and(|back| back.verify_primary_key_binding(&subkey.key, primary).is_ok())
        };
        if binding.key_flags().sign() && !consents() {
            return Err("the subkey does not confirm its primary key".to_owned());
        }
        Ok(Self { may_sign: binding.key_flags().sign(), lifetime: lifetime(binding) })
    }

    fn refuse_expired(&self, what: &str, created: i64, now: i64) -> Result<(), String> {
        match self.lifetime {
            Some(lifetime) if created + lifetime <= now => {
                Err(format!("{what} expired on {}", time::show(created + lifetime)))
            }
            _ => Ok(()),
        }
    }
}

/// Revocations count whatever their time, as with gpg. One that cannot be checked counts as well: it may be by somebody
/// whom the key has named for this.
fn refuse_revoked(key: &SignedPublicKey) -> Result<(), String> {
    match key.details.revocation_signatures.first() {
        Some(revocation) => {
            let known = revocation.verify_key(&key.primary_key).is_ok();
            Err(format!("the key {}", revoked(revocation, known)))
        }
        None => Ok(()),
    }
}

fn revoked(revocation: &Signature, known: bool) -> String {
    let when =
        revocation.created().map(|time| format!(" on {}", time::show(i64::from(time.as_secs())))).unwrap_or_default();
    let why = revocation.revocation_reason_string().map(|reason| String::from_utf8_lossy(reason).into_owned());
    let why = why.filter(|why| !why.is_empty()).map(|why| format!(": {}", why.escape_debug())).unwrap_or_default();
    match known {
        true => format!("is revoked{when}{why}"),
        false => format!("carries a revocation{when} that cannot be checked here"),
    }
}

/// The newest thing the key says of one of its names, unless it has taken the name back since.
fn self_certification<'a>(primary: &PublicKey, user: &'a SignedUser, now: i64) -> Option<&'a Signature> {
    let own = user
        .signatures
        .iter()
        .filter(|signature| signature.verify_certification(primary, Tag::UserId, &user.id).is_ok());
    newest(own, now).filter(|signature| signature.typ() != Some(SignatureType::CertRevocation))
}

/// The newest that is not from the future and has not ended.
fn newest<'a>(signatures: impl Iterator<Item = &'a Signature>, now: i64) -> Option<&'a Signature> {
    let seconds = |signature: &Signature| signature.created().map(|time| i64::from(time.as_secs()));
    let holds = |signature: &&Signature| {
        seconds(signature).is_some_and(|made| {
            let life = signature.signature_expiration_time().map_or(0, |life| i64::from(life.as_secs()));
            made <= now.saturating_add(CLOCK_SKEW) && (life == 0 || made + life > now)
        })
    };
    signatures.filter(holds).max_by_key(|signature| seconds(signature))
}

fn lifetime(signature: &Signature) -> Option<i64> {
    signature.key_expiration_time().map(|life| i64::from(life.as_secs())).filter(|life| *life > 0)
}

fn has_key_flags(signature: &Signature) -> bool {
    let config = signature.config();
    config.is_some_and(|config| {
        config.hashed_subpackets().any(|packet| matches!(packet.data, pgp::packet::SubpacketData::KeyFlags(_)))
    })
}
