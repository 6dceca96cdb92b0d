//! Output branches, judged by git, ssh-keygen and gpg: what Hydrant publishes they accept, what they sign Hydrant
//! accepts.

mod attest;
mod git_signer;
mod gnupg;
mod openpgp;
mod publish;
mod sandbox;
mod signers;
mod ssh_keys;
mod tree;
mod verify;

/// Writes a shell script that can be run.
fn write_program(file: &std::path::Path, body: &str) {
    std::fs::write(file, format!("#!/bin/sh\n{body}\n")).expect("written");
    #[cfg(unix)]
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
}
