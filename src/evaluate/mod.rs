//! Evaluate: judges manifests with Rego policies, and fails closed.
//!
//! A [`PolicySet`] is compiled once; an [`Evaluator`] is one worker's copy of it. What cannot be evaluated exactly as
//! OPA does is refused when the set is loaded (`policy-syntax`, `policy-shape`, `policy-unsupported`); what fails
//! later is a finding on the object that was being judged (`policy-failed`), never silence.
//!
//! In the order of the work: [`module`] parses a file, whose [`dialect`] may be older than what follows knows; [`shape`],
//! [`graph`] and [`calls`] refuse what could never report, never end, or never be reproduced; [`conflict`] finds the
//! rules that may have several values, which one of the engines does not notice; [`lower`] and [`divide`] write around
//! the engines' differences from OPA; [`concern`] finds for which kinds of objects a rule is; [`closure`] puts modules
//! together, [`bounded`] keeps single steps small, [`plan`] says how they are asked, and [`machine`] asks; [`target`] is
//! what it tells policies beside the object; [`finding`] turns results into diagnostics at a span, which [`reads`] looks
//! for where a result does not tell it. [`gatekeeper`] does all that for constraint templates; [`conftest`] keeps the
//! conventions of that tool; [`waivers`] holds what was found against reviewed exceptions; [`testing`] runs the Rego
//! tests that stand beside policies. [`builtins`] are functions of OPA that the engines lack; [`query`] asks policies a
//! question that is not about an object.

mod bounded;
mod builtins;
mod calls;
mod closure;
mod complaint;
mod concern;
mod conflict;
pub mod conftest;
mod dialect;
mod divide;
mod edit;
mod exclusive;
mod finding;
pub mod gatekeeper;
mod graph;
mod lower;
mod machine;
mod metadata;
mod module;
mod options;
mod plan;
pub mod query;
mod reads;
mod rule_set;
mod set;
mod shape;
mod shipped;
mod target;
pub mod testing;
mod texts;
mod tokens;
mod usage;
mod value;
pub mod waivers;
mod walk;

use std::time::Duration;

pub use dialect::Dialect;
pub use options::{PolicyFiles, PolicyOptions};
pub use rule_set::RuleSet;
pub use set::{DataDocument, Evaluator, Judgement, PolicyRule, PolicySet, RuleEngine};
pub use shipped::{chosen, shipped, shipped_names};
pub use target::Kubernetes;

/// What loading and evaluating may cost.
#[derive(Debug, Clone)]
pub struct EvaluationLimits {
    /// Bytes of one policy file.
    pub policy_bytes: usize,
    /// Engine steps for one object and one program of up to 64 rules. The same on every machine.
    pub instructions: usize,
    /// Steps for finding the lines of what one rule found in one object, where it does not tell them; 0 to do without.
    pub place_steps: usize,
    /// Time for one object and one program. A last resort: it depends on the machine.
    pub time: Duration,
    /// Whether a built-in function that fails is a failure, and not, as OPA has it by default, undefined.
    pub strict_builtin_errors: bool,
}

impl Default for EvaluationLimits {
    fn default() -> Self {
        Self {
            policy_bytes: 8 * 1024 * 1024,
            instructions: 10_000_000,
            place_steps: 200_000,
            time: Duration::from_secs(10),
            strict_builtin_errors: false,
        }
    }
}
