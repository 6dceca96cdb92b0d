//! A private key in memory, wiped when it is dropped.

use ssh_key::private::{KeypairData, RsaKeypair};
use ssh_key::rand_core::OsRng;
use ssh_key::{Algorithm, HashAlg, PrivateKey};

use rsa::pkcs1v15::SigningKey;
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Signer as _};

use super::short_scalar;
use super::wire::put_string;
use crate::sign::{Passphrase, SignError};

/// Consumers refuse shorter ones, and so does ssh-keygen in what it makes.
const MIN_RSA_BITS: usize = 2048;

/// Reads the text of a private key file.
pub(super) fn read(text: &str, name: &str, passphrase: Option<&Passphrase>) -> Result<PrivateKey, SignError> {
    let text = text.trim();
    let not_a_key = |reason: String| SignError::NotAPrivateKey { name: name.to_owned(), wanted: "an OpenSSH", reason };
    if let Some(reason) = other_than_private_key(text) {
        return Err(not_a_key(reason.to_owned()));
    }
    let key = match (PrivateKey::from_openssh(text), passphrase) {
        (Ok(key), _) if !key.is_encrypted() => key,
        (Ok(_), None) => return Err(SignError::Encrypted { name: name.to_owned() }),
        // a wrong passphrase and a damaged key look the same: what comes out is noise
        (Ok(key), Some(passphrase)) => key
            .decrypt(passphrase.as_str())
            .ok()
            .or_else(|| short_scalar::read(text, Some(passphrase)))
            .ok_or_else(|| SignError::WrongPassphrase { name: name.to_owned() })?,
        (Err(error), _) => {
            short_scalar::read(text, None).ok_or_else(|| not_a_key(format!("it does not read: {error}")))?
        }
    };
    refuse_unsupported(&key, name)?;
    Ok(key)
}

fn refuse_unsupported(key: &PrivateKey, name: &str) -> Result<(), SignError> {
    match key.key_data() {
        KeypairData::Ed25519(_) | KeypairData::Ecdsa(_) => Ok(()),
        KeypairData::Rsa(keypair) => {
            let bits = keypair.public.n.as_positive_bytes().map_or(0, <[u8]>::len) * 8;
            if bits < MIN_RSA_BITS {
                let reason = format!("it has {bits} bits, and an RSA key needs {MIN_RSA_BITS}");
                return Err(SignError::Unusable { name: name.to_owned(), reason });
            }
            rsa_key(keypair).map(drop).map_err(|reason| SignError::Failed { name: name.to_owned(), reason })
        }
        _ => {
            let algorithm = key.algorithm().to_string();
            Err(SignError::UnsupportedAlgorithm { name: name.to_owned(), algorithm })
        }
    }
}

/// A signature as SSH encodes it: its algorithm, then its bytes. `rsa_hash` matters to RSA alone.
pub(super) fn sign(key: &PrivateKey, message: &[u8], rsa_hash: HashAlg) -> Result<Vec<u8>, String> {
    let (algorithm, bytes) = match key.key_data() {
        KeypairData::Rsa(keypair) => {
            let key = rsa_key(keypair)?;
            let bytes = match rsa_hash {
                HashAlg::Sha256 => {
                    SigningKey::<rsa::sha2::Sha256>::new(key).sign_with_rng(&mut OsRng, message).to_vec()
                }
                _ => SigningKey::<rsa::sha2::Sha512>::new(key).sign_with_rng(&mut OsRng, message).to_vec(),
            };
            (Algorithm::Rsa { hash: Some(rsa_hash) }, bytes)
        }
        _ => {
            let signature: ssh_key::Signature = key.try_sign(message).map_err(|error| error.to_string())?;
            (signature.algorithm(), signature.as_bytes().to_vec())
        }
    };
    let mut blob = Vec::new();
    put_string(&mut blob, algorithm.as_str().as_bytes());
    put_string(&mut blob, &bytes);
    Ok(blob)
}

/// The key as the `rsa` crate has it. Not through `ssh-key`, whose version 0.6 hands over the first prime twice.
fn rsa_key(keypair: &RsaKeypair) -> Result<rsa::RsaPrivateKey, String> {
    let number = |number: &ssh_key::Mpint| {
        let bytes = number.as_positive_bytes().ok_or_else(|| "a number of the key is negative".to_owned())?;
        Ok::<_, String>(rsa::BigUint::from_bytes_be(bytes))
    };
    let (public, private) = (&keypair.public, &keypair.private);
    let primes = vec![number(&private.p)?, number(&private.q)?];
    rsa::RsaPrivateKey::from_components(number(&public.n)?, number(&public.e)?, number(&private.d)?, primes)
        .map_err(|error| error.to_string())
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
        "-----BEGIN PGP PRIVATE KEY BLOCK-----" => Some("it is an OpenPGP key: set `signing.format` to `openpgp`"),
        _ if first.starts_with("-----BEGIN ") && first.ends_with("PRIVATE KEY-----") => {
            Some("it is a private key in PEM format; `ssh-keygen -p -f <file>` rewrites it")
        }
        _ if first.starts_with("PuTTY-User-Key-File") => {
            Some("it is a PuTTY key; `puttygen -O private-openssh` converts it")
        }
        _ => Some("it does not begin as one"),
    }
}
