//! Config: `hydrant.yaml` as a file (`raw`), and what it means once resolved and valid (`Project`).

mod project;

pub use project::TemplateSyntax;
