//! A manifest is one Kubernetes object as YAML: its identity, its values, and a span for every one of them.
//!
//! The vocabulary of all later stages: [`Node`] is the tree as Kubernetes reads it, [`read`] makes it from text,
//! [`write`] turns it back ([`write_styled`] in the bytes of other tools), [`ManifestSet`] is what an environment consists
//! of.

mod budget;
mod charset;
mod compose;
mod fast;
mod identity;
mod lint;
mod mapping;
mod node;
mod pointer;
mod problems;
mod reader;
mod reading;
mod scalar;
mod set;
mod split;
mod suspects;
mod writer;

pub use identity::{Gvk, Manifest, Name, ObjectRef};
pub use lint::{Fixed, Left, Lint, Linter, NotText, Seen, fix, fix_around, fix_bytes, into_text, lint, text_of};
pub use node::{Entry, Key, Node, Value};
pub use pointer::Pointer;
pub use reader::{
    Document, OneReader, Parts, ReadLimits, Readers, RepeatedKeys, Stream, read, read_parts, read_thoroughly,
};
pub use reading::Documents;
pub use set::ManifestSet;
/// Text of a key or a value; up to 23 bytes lie in the tree itself.
pub use smol_str::SmolStr as Text;
pub use writer::{Style, WriteError, write, write_documents, write_documents_styled, write_styled};
