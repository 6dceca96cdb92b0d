//! Output branches, judged by git and ssh-keygen: what Hydrant publishes they accept, what they sign Hydrant accepts.

mod publish;
mod sandbox;
mod signers;
mod tree;
mod verify;
