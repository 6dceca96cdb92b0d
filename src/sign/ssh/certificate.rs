//! SSH certificates: a key, and what an authority says of it.
//!
//! Read here and not by `ssh-key`, whose version 0.6 refuses those that are valid for ever, which is what ssh-keygen
//! makes unless told otherwise.

use ssh_key::public::KeyData;

use super::wire::{Reader, put_string};

/// What the name of every type of certificate ends with, before the `@openssh.com` that all of them have.
const INFIX: &str = "-cert-v01";
const DOMAIN: &str = "@openssh.com";

/// Certificates for users; the other kind is for hosts.
const USER: u32 = 1;

/// More than an authority puts in.
const MAX_BYTES: usize = 64 * 1024;

/// A certificate whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sign) struct Certificate {
    bytes: Vec<u8>,
    /// Whether it is one for users.
    pub(in crate::sign) is_for_users: bool,
    /// What the authority calls it.
    pub(in crate::sign) id: String,
    /// Whom the key may act as.
    pub(in crate::sign) principals: Vec<String>,
    /// From when, in seconds.
    pub(in crate::sign) valid_after: u64,
    /// Until when, in seconds.
    pub(in crate::sign) valid_before: u64,
    /// The names of what restricts the key's use.
    pub(in crate::sign) critical_options: Vec<String>,
    /// Whose word this is.
    pub(in crate::sign) authority: KeyData,
}

/// Whether a type of key is one of certificates.
pub(super) fn is_certificate(kind: &str) -> bool {
    kind.ends_with(&format!("{INFIX}{DOMAIN}"))
}

impl Certificate {
    /// Reads what SSH sends: the key, and the certificate if its authority signed it.
    pub(super) fn parse(bytes: &[u8]) -> Result<(ssh_key::PublicKey, Self), String> {
        if bytes.len() > MAX_BYTES {
            return Err(format!("a certificate of {} bytes", bytes.len()));
        }
        let mut reader = Reader::new(bytes);
        let key = read_key(&mut reader).ok_or("a certificate for an unknown type of key")?;
        let key = ssh_key::PublicKey::from_bytes(&key).map_err(|error| error.to_string())?;
        let (certificate, signature) = read_fields(&mut reader, bytes).ok_or("a damaged certificate")?;
        let signed = bytes.len() - 4 - signature.len();
        let signature = ssh_key::Signature::try_from(signature).map_err(|error| error.to_string())?;
        rsa::signature::Verifier::verify(&certificate.authority, &bytes[..signed], &signature)
            .map_err(|_| "a certificate that its authority did not sign")?;
        Ok((key, certificate))
    }

    /// What SSH sends.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The type's name.
    pub(super) fn kind(&self) -> &str {
        Reader::new(&self.bytes).text().expect("it was read when the certificate was")
    }
}

/// The key inside, as SSH sends it by itself. The reader then stands behind it.
fn read_key(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let bare = reader.text()?.replacen(INFIX, "", 1);
    let bare = if bare.starts_with("sk-") { bare.as_str() } else { bare.strip_suffix(DOMAIN)? };
    let fields = match bare {
        "ssh-ed25519" => 1,
        "ssh-rsa" | "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => 2,
        "sk-ssh-ed25519@openssh.com" => 2,
        "sk-ecdsa-sha2-nistp256@openssh.com" => 3,
        _ => return None,
    };
    let _nonce = reader.string()?;
    let mut key = Vec::new();
    put_string(&mut key, bare.as_bytes());
    for _ in 0..fields {
        put_string(&mut key, reader.string()?);
    }
    Some(key)
}

/// What follows the key; the signature is the last of it.
fn read_fields<'a>(reader: &mut Reader<'a>, bytes: &[u8]) -> Option<(Certificate, &'a [u8])> {
    let _serial = reader.long()?;
    let is_for_users = reader.number()? == USER;
    let id = reader.text()?.to_owned();
    let principals = texts(reader.string()?, false)?;
    let (valid_after, valid_before) = (reader.long()?, reader.long()?);
    let critical_options = texts(reader.string()?, true)?;
    let _extensions = reader.string()?;
    let _reserved = reader.string()?;
    let authority = reader.string()?;
    // the authority must not be certified itself
    let authority = ssh_key::PublicKey::from_bytes(authority).ok()?.key_data().clone();
    let signature = reader.string()?;
    let certificate = Certificate {
        bytes: bytes.to_vec(),
        is_for_users,
        id,
        principals,
        valid_after,
        valid_before,
        critical_options,
        authority,
    };
    reader.is_at_end().then_some((certificate, signature))
}

/// A list of texts, or the names of a list of names with values.
fn texts(bytes: &[u8], with_values: bool) -> Option<Vec<String>> {
    let mut reader = Reader::new(bytes);
    let mut texts = Vec::new();
    while !reader.is_at_end() {
        texts.push(reader.text()?.to_owned());
        if with_values {
            reader.string()?;
        }
    }
    Some(texts)
}
