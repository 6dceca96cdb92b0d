//! The options about the network, which nothing uses unless it is asked to.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::Global;
use crate::load::{Network, Patience};

#[derive(Debug, Default, Args)]
pub(super) struct NetworkArguments {
    /// Allow schema locations that are URLs
    #[arg(long)]
    allow_network: bool,
    /// Keep fetched schemas here. They do not grow old: delete the folder to fetch anew [default: hydrant/schemas in the
    /// user's cache folder]
    #[arg(long, value_name = "DIR", requires = "allow_network")]
    cache_dir: Option<PathBuf>,
}

impl NetworkArguments {
    /// The right to use the network, if it was given.
    pub(super) fn network(&self, global: &Global) -> Option<Arc<Network>> {
        let cache = || match &self.cache_dir {
            Some(folder) => Some(global.directory.join(folder)),
            None => user_cache().map(|folder| folder.join("hydrant").join("schemas")),
        };
        self.allow_network.then(|| Arc::new(Network::new(cache(), Patience::default())))
    }
}

/// `XDG_CACHE_HOME`, which must be absolute to count, or `~/.cache`.
fn user_cache() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    set.or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
}
