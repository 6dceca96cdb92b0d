//! What became of waivers: which findings they cover, which of them nobody needs, which have ended.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::human::about;
use super::{Finding, Report};
use crate::date::Date;
use crate::diagnostic::count;
use crate::source::Location;

/// A waiver and what became of it.
#[derive(Debug, Clone)]
pub struct WaiverUse {
    /// The rule whose findings it covers.
    pub rule: String,
    /// The objects it is for, in words.
    pub object: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// What became of it.
    pub status: WaiverStatus,
    /// Where it is written.
    pub location: Location,
    /// Where else: one that a template puts on an object stands in what was rendered for each environment.
    pub elsewhere: Vec<Location>,
}

/// What became of a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverStatus {
    /// It covers findings.
    Used,
    /// It covers none.
    Unused,
    /// It covers none, and not everything that it is for was looked at.
    NotCovered,
    /// Its last day is over.
    Expired,
    /// It is for what cannot be waived.
    Refused,
}

impl WaiverStatus {
    const ALL: [Self; 5] = [Self::Used, Self::Unused, Self::Expired, Self::Refused, Self::NotCovered];

    fn in_words(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Unused => "unused",
            Self::NotCovered => "for what was not looked at",
            Self::Expired => "expired",
            Self::Refused => "refused",
        }
    }
}

impl WaiverUse {
    /// The findings of a report that it covers.
    pub fn findings<'a>(&'a self, report: &'a Report) -> impl Iterator<Item = &'a Finding> {
        let same = |a: &Location, b: &Location| a.span == b.span && std::sync::Arc::ptr_eq(&a.source, &b.source);
        report.findings.iter().filter(move |finding| {
            let covers = |location: &Location| {
                let mut places = std::iter::once(&self.location).chain(&self.elsewhere);
                places.any(|place| same(place, location))
            };
            finding.diagnostic.rule.as_str() == self.rule
                && finding.diagnostic.waived.as_ref().is_some_and(|waived| covers(&waived.location))
        })
    }
}

/// Words the findings that are waived: each waiver with its owner, its reason and what it covers. Empty if there are none.
#[must_use]
pub fn human(report: &Report) -> String {
    let mut out = String::new();
    for waiver in &report.waivers {
        let findings: Vec<&Finding> = waiver.findings(report).collect();
        if findings.is_empty() {
            continue;
        }
        let (rule, expires, owner) = (&waiver.rule, waiver.expires, &waiver.owner);
        let number = count(findings.len(), "finding");
        let _ = writeln!(out, "waived[{rule}] {number}, until {expires}, by {owner} ({})", place(&waiver.location));
        let _ = writeln!(out, "  reason: {}", waiver.reason);
        findings.iter().for_each(|finding| tell(finding, &mut out));
        out.push('\n');
    }
    out
}

fn tell(finding: &Finding, out: &mut String) {
    let diagnostic = &finding.diagnostic;
    let at = diagnostic.primary.as_ref().map(|label| format!("{}: ", place(&label.location))).unwrap_or_default();
    let _ = writeln!(out, "  {} {}", diagnostic.severity, about(finding));
    let _ = writeln!(out, "    {at}{}", diagnostic.message);
}

fn place(location: &Location) -> String {
    let position = location.position();
    format!("{}:{}:{}", super::snippet::display_name(location), position.line, position.column)
}

/// The line that accounts for every waiver: `3 waivers: 1 used, 2 unused`. Empty if there are none.
#[must_use]
pub fn accounting(waivers: &[WaiverUse]) -> String {
    if waivers.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = WaiverStatus::ALL
        .iter()
        .map(|status| (waivers.iter().filter(|waiver| waiver.status == *status).count(), status))
        .filter(|(number, _)| *number > 0)
        .map(|(number, status)| format!("{number} {}", status.in_words()))
        .collect();
    format!("{}: {}", count(waivers.len(), "waiver"), parts.join(", "))
}
