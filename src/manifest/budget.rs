//! Budget: what one text may still cost, in nodes, in copied bytes and in depth.

use super::ReadLimits;
use super::fast::Allowance;

/// However generous the limits, the tree never nests deeper: every stage walks it by recursion.
const DEEPEST: usize = 512;

/// What of the limits is still unspent. Shared by all pieces of one text.
#[derive(Debug)]
pub(super) struct Budget {
    nodes: usize,
    /// Text that aliases may still copy.
    bytes: usize,
    pub(super) depth: usize,
}

impl Budget {
    pub(super) fn new(limits: &ReadLimits) -> Self {
        Self { nodes: limits.nodes, bytes: limits.bytes, depth: limits.depth.min(DEEPEST) }
    }

    /// What is left for a text without aliases.
    pub(super) fn allowance(&self) -> Allowance {
        Allowance { nodes: self.nodes, depth: self.depth }
    }

    /// Takes what a whole document cost that was read within the allowance.
    pub(super) fn spend_nodes(&mut self, nodes: usize) {
        self.nodes = self.nodes.saturating_sub(nodes);
    }

    /// The nodes and copied bytes that were spent.
    pub(super) fn spent(&self, limits: &ReadLimits) -> (usize, usize) {
        (limits.nodes - self.nodes, limits.bytes - self.bytes)
    }

    pub(super) fn spend(&mut self, size: Size) -> Result<(), Exceeded> {
        self.nodes = self.nodes.checked_sub(size.nodes).ok_or(Exceeded::Nodes)?;
        self.bytes = self.bytes.checked_sub(size.bytes).ok_or(Exceeded::Nodes)?;
        Ok(())
    }
}

/// Which limit was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exceeded {
    Nodes,
    Depth,
}

/// What a node costs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) nodes: usize,
    pub(super) bytes: usize,
    /// Levels below the node itself.
    pub(super) height: usize,
}
