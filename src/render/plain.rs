//! The plain engine: YAML and JSON files are taken as they are, byte for byte.

use super::{Engine, RenderLimits, Rendered, own_inputs};
use crate::load::{Role, Unit};

/// Passes manifests on and renders nothing.
pub(super) struct Plain;

impl Engine for Plain {
    fn render(&self, unit: &Unit, _limits: &RenderLimits) -> Rendered {
        let mut rendered = Rendered::default();
        for (path, input) in own_inputs(unit) {
            match input.role {
                Role::Manifest => rendered.pass_on(path, input),
                Role::Template | Role::Partial => rendered.skip(path, "a template, and the app's engine is `plain`"),
                Role::Values => rendered.skip(path, "values"),
                Role::Ignored(reason) => rendered.skip(path, reason),
                Role::Unreadable => rendered.failed(path),
            }
        }
        rendered
    }
}
