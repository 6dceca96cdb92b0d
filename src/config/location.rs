//! A schema location is a place where JSON schemas are looked up by kind, in the grammar of kubeconform's
//! `-schema-location`: a folder, a path or a URL with `{{ .ResourceKind }}` and its like, or `default`.

use std::fmt;

use crate::diagnostic::did_you_mean;
use crate::manifest::Gvk;

/// What kubeconform appends to a location that does not end in `json`.
const STANDALONE: &str =
    "{{ .NormalizedKubernetesVersion }}-standalone{{ .StrictSuffix }}/{{ .ResourceKind }}{{ .KindSuffix }}.json";

/// How the CRDs catalog lays out its files; also tried in folders.
const CATALOG: &str = "{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json";

/// One entry of `schemas.locations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaLocation {
    /// `default`: the schemas in the binary.
    Embedded,
    /// Files below a folder.
    Files(FileLocation),
    /// Files behind a URL.
    Url(UrlLocation),
}

/// Files below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLocation {
    text: String,
    folder: String,
    /// A bare folder may be laid out in either of two ways.
    layouts: Vec<Template>,
}

/// Files behind a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlLocation {
    text: String,
    template: Template,
}

/// What a schema is looked up for.
#[derive(Debug, Clone, Copy)]
pub struct SchemaRequest<'a> {
    /// The kind.
    pub gvk: &'a Gvk,
    /// The Kubernetes version: `1.34`, `1.34.2` or `v1.34.2`.
    pub kubernetes: &'a str,
    /// Whether unknown fields are errors.
    pub strict: bool,
}

/// Why a text is no location. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Nothing is there.
    #[error("the location is empty")]
    Empty,
    /// `ftp://…`
    #[error("`{0}` is neither a path nor a URL that begins with `https://` or `http://`")]
    Scheme(String),
    /// `{{ .Group`
    #[error("`{0}` is not closed by `}}}}`")]
    Unclosed(String),
    /// `{{ lower .Group }}`
    #[error("`{{{{{0}}}}}` is not a variable: only `{{{{ .Name }}}}` is understood")]
    Construct(String),
    /// `{{ .ResourceKnid }}`
    #[error("`.{name}` is not known{}", hint(.meant.as_deref()))]
    UnknownVariable {
        /// The name, without its dot.
        name: String,
        /// The nearest name that is known.
        meant: Option<String>,
    },
    /// A manifest must not choose whom we talk to.
    #[error("`{0}` has a variable in the name of its host")]
    Host(String),
    /// Names and passwords do not belong into a file, nor into a report.
    #[error("the URL holds a name or password")]
    Credentials,
    /// A `..` behind a variable.
    #[error("`{0}` has `..` or an empty part behind its first variable")]
    Outside(String),
    /// The same file for all kinds.
    #[error("`{0}` names one file for all kinds")]
    NoKind(String),
}

impl LocationError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoKind(_) => "put `{{ .ResourceKind }}` where the name of the kind stands, or name a folder",
            Self::Empty | Self::Scheme(_) => {
                "write a folder, a path or URL such as `schemas/{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json`, or `default`"
            }
            Self::Unclosed(_) | Self::Construct(_) | Self::UnknownVariable { .. } => {
                "the variables are Group, KindSuffix, NormalizedKubernetesVersion, ResourceAPIVersion, ResourceKind and StrictSuffix"
            }
            Self::Host(_) => "write the host out",
            Self::Credentials => "copy the schemas into a folder and name that",
            Self::Outside(_) => "write the path without `..`",
        }
    }
}

fn hint(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!(", did you mean `.{meant}`?"))
}

impl SchemaLocation {
    /// Reads a location.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let text = text.trim();
        match text.split_once("://") {
            _ if text.is_empty() => Err(LocationError::Empty),
            _ if text == "default" => Ok(Self::Embedded),
            Some((scheme, _)) if is_scheme(scheme) => match scheme {
                "https" | "http" => UrlLocation::parse(text).map(Self::Url),
                _ => Err(LocationError::Scheme(text.to_owned())),
            },
            _ => FileLocation::parse(text).map(Self::Files),
        }
    }
}

impl fmt::Display for SchemaLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "default",
            Self::Files(location) => &location.text,
            Self::Url(location) => &location.text,
        })
    }
}

fn is_scheme(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && text.starts_with(|first: char| first.is_ascii_alphabetic())
}

impl FileLocation {
    fn parse(text: &str) -> Result<Self, LocationError> {
        // kubeconform looks at the last four letters only; a folder `schemas-json` is still a folder
        if !text.ends_with("json") || !(text.contains("{{") || text.ends_with(".json")) {
            let folder = if text.starts_with('/') && text.trim_end_matches('/').is_empty() {
                "/"
            } else {
                text.trim_end_matches('/')
            };
            if folder.contains("{{") {
                return Self::with_layouts(text, &[format!("{folder}/{STANDALONE}")]);
            }
            return Ok(Self {
                text: text.to_owned(),
                folder: folder.to_owned(),
                layouts: vec![Template::parse(STANDALONE)?, Template::parse(CATALOG)?],
            });
        }
        Self::with_layouts(text, &[text.to_owned()])
    }

    fn with_layouts(text: &str, paths: &[String]) -> Result<Self, LocationError> {
        let mut location = Self { text: text.to_owned(), folder: String::new(), layouts: Vec::new() };
        for path in paths {
            let fixed = path.find("{{").unwrap_or(path.len());
            let (folder, rest) = path.split_at(path[..fixed].rfind('/').map_or(0, |slash| slash + 1));
            let folder = if folder == "/" { folder } else { folder.trim_end_matches('/') };
            location.folder = folder.to_owned();
            let template = Template::parse(rest)?;
            template.demand_kind(text)?;
            template.demand_inside(text)?;
            location.layouts.push(template);
        }
        Ok(location)
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The folder that all its files lie in, as written: empty for the current one.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Where the schema of a kind would lie, relative to the folder, in the order of looking. Never leads out of it.
    #[must_use]
    pub fn candidates(&self, request: &SchemaRequest<'_>) -> Vec<String> {
        let Some(words) = Words::of(request) else { return Vec::new() };
        let mut paths: Vec<String> = self.layouts.iter().map(|layout| layout.expand(&words)).collect();
        if self.layouts.len() > 1 && request.gvk.group.is_empty() {
            // kubeconform calls the group of core objects `v1`; catalogs of CRDs have no core objects, ours call it `core`
            paths.push(self.layouts[1].expand(&Words { group: "core".to_owned(), ..words }));
        }
        paths
    }
}

impl UrlLocation {
    fn parse(text: &str) -> Result<Self, LocationError> {
        let whole = if text.ends_with("json") {
            text.to_owned()
        } else {
            format!("{}/{STANDALONE}", text.trim_end_matches('/'))
        };
        let template = Template::parse(&whole)?;
        let Some(Part::Text(beginning)) = template.parts.first() else {
            return Err(LocationError::Host(text.to_owned()));
        };
        let path = beginning.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        match path {
            Some((host, _)) if host.contains('@') => return Err(LocationError::Credentials),
            Some((host, _)) if !host.is_empty() => {}
            _ => return Err(LocationError::Host(text.to_owned())),
        }
        template.demand_kind(text)?;
        Ok(Self { text: text.to_owned(), template })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the schema of a kind would be; `None` if a name like this could not stand in a URL.
    #[must_use]
    pub fn address(&self, request: &SchemaRequest<'_>) -> Option<String> {
        Some(self.template.expand(&Words::of(request)?))
    }
}

/// A text with variables in it: the part of Go's templates that locations are written in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Group,
    KindSuffix,
    NormalizedKubernetesVersion,
    ResourceApiVersion,
    ResourceKind,
    StrictSuffix,
}

const VARIABLES: [(&str, Variable); 6] = [
    ("Group", Variable::Group),
    ("KindSuffix", Variable::KindSuffix),
    ("NormalizedKubernetesVersion", Variable::NormalizedKubernetesVersion),
    ("ResourceAPIVersion", Variable::ResourceApiVersion),
    ("ResourceKind", Variable::ResourceKind),
    ("StrictSuffix", Variable::StrictSuffix),
];

impl Template {
    fn parse(text: &str) -> Result<Self, LocationError> {
        let mut parts = Vec::new();
        let mut rest = text;
        // `-}}` takes the blanks behind it away
        let mut trim = false;
        while let Some((before, after)) = rest.split_once("{{") {
            let unclosed = || LocationError::Unclosed(format!("{{{{{after}"));
            let (inner, behind) = after.split_once("}}").ok_or_else(unclosed)?;
            let trims_before = inner.starts_with("- ");
            let before = if trim { before.trim_start() } else { before };
            let before = if trims_before { before.trim_end() } else { before };
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            trim = inner.ends_with(" -");
            let name = inner.strip_prefix('-').filter(|_| trims_before).unwrap_or(inner);
            let name = name.strip_suffix('-').filter(|_| trim).unwrap_or(name).trim();
            parts.push(Part::Variable(variable(name, inner)?));
            rest = behind;
        }
        let rest = if trim { rest.trim_start() } else { rest };
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    fn expand(&self, words: &Words) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Variable(variable) => words.get(*variable).to_owned(),
        };
        self.parts.iter().map(part).collect()
    }

    fn demand_kind(&self, whole: &str) -> Result<(), LocationError> {
        let has_kind = self.parts.contains(&Part::Variable(Variable::ResourceKind));
        if has_kind { Ok(()) } else { Err(LocationError::NoKind(whole.to_owned())) }
    }

    /// No part of a path may step up: words begin with a letter or digit, so it is enough to look at one example.
    fn demand_inside(&self, whole: &str) -> Result<(), LocationError> {
        let steps_up = self.expand(&Words::example()).split('/').any(|part| matches!(part, "" | "." | ".."));
        if steps_up { Err(LocationError::Outside(whole.to_owned())) } else { Ok(()) }
    }
}

fn variable(name: &str, inner: &str) -> Result<Variable, LocationError> {
    let construct = || LocationError::Construct(inner.to_owned());
    let name = name.strip_prefix('.').ok_or_else(construct)?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(construct());
    }
    let known = VARIABLES.iter().find(|(known, _)| *known == name).map(|(_, variable)| *variable);
    known.ok_or_else(|| LocationError::UnknownVariable {
        name: name.to_owned(),
        meant: did_you_mean(name, VARIABLES.iter().map(|(known, _)| *known)).map(str::to_owned),
    })
}

/// What the variables stand for. None of these texts holds a slash or begins with a dot.
struct Words {
    group: String,
    kind_suffix: String,
    normalized_version: String,
    api_version: String,
    kind: String,
    strict_suffix: &'static str,
}

impl Words {
    /// `None` for a kind whose names could not stand in a path.
    fn of(request: &SchemaRequest<'_>) -> Option<Self> {
        let Gvk { group, version, kind } = request.gvk;
        let is_word = |text: &str, signs: &[char]| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.chars().all(|sign| sign.is_ascii_alphanumeric() || signs.contains(&sign))
        };
        let is_kind = kind.starts_with(|first: char| first.is_ascii_alphabetic()) && is_word(kind, &[]);
        if !is_kind || !is_word(version, &['-']) || !(group.is_empty() || is_word(group, &['-', '.'])) {
            return None;
        }
        let (group, kind_suffix) = match group.split('.').next() {
            None | Some("") => (version.to_string(), format!("-{}", version.to_lowercase())),
            Some(label) => (group.to_string(), format!("-{label}-{version}").to_lowercase()),
        };
        Some(Self {
            group,
            kind_suffix,
            normalized_version: normalized(request.kubernetes)?,
            api_version: version.to_string(),
            kind: kind.to_lowercase(),
            strict_suffix: if request.strict { "-strict" } else { "" },
        })
    }

    fn example() -> Self {
        let word = || "x".to_owned();
        Self {
            group: word(),
            kind_suffix: word(),
            normalized_version: word(),
            api_version: word(),
            kind: word(),
            strict_suffix: "",
        }
    }

    fn get(&self, variable: Variable) -> &str {
        match variable {
            Variable::Group => &self.group,
            Variable::KindSuffix => &self.kind_suffix,
            Variable::NormalizedKubernetesVersion => &self.normalized_version,
            Variable::ResourceApiVersion => &self.api_version,
            Variable::ResourceKind => &self.kind,
            Variable::StrictSuffix => self.strict_suffix,
        }
    }
}

/// `1.34` gives `v1.34.0`, and `v1.34.2` itself.
fn normalized(version: &str) -> Option<String> {
    // clusters add who built them: `v1.34.2+k3s1`
    let version = version.strip_prefix('v').unwrap_or(version).split(['-', '+']).next()?;
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    let (major, minor) = (numbers.next()??, numbers.next()??);
    let patch = numbers.next().unwrap_or(Some(0))?;
    numbers.next().is_none().then(|| format!("v{major}.{minor}.{patch}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(location: &str, api_version: &str, kind: &str) -> (String, Vec<String>) {
        let Ok(SchemaLocation::Files(location)) = SchemaLocation::parse(location) else { panic!("{location}") };
        let gvk = Gvk::new(api_version, kind);
        let request = SchemaRequest { gvk: &gvk, kubernetes: "1.34", strict: true };
        (location.folder().to_owned(), location.candidates(&request))
    }

    #[test]
    fn a_folder_is_laid_out_as_kubeconform_or_as_a_catalog() {
        let (folder, paths) = files("./schemas/", "apps/v1", "Deployment");
        assert_eq!(folder, "./schemas");
        assert_eq!(paths, ["v1.34.0-standalone-strict/deployment-apps-v1.json", "apps/deployment_v1.json"]);
        let (_, paths) = files("schemas-json", "v1", "Pod");
        assert_eq!(paths, ["v1.34.0-standalone-strict/pod-v1.json", "v1/pod_v1.json", "core/pod_v1.json"]);
        let (_, paths) = files("s", "networking.k8s.io/v1", "NetworkPolicy");
        assert_eq!(paths[0], "v1.34.0-standalone-strict/networkpolicy-networking-v1.json");
    }

    #[test]
    fn a_template_says_where_each_kind_lies() {
        let text = "/srv/crds/{{.Group}}/{{ .ResourceKind -}} _{{- .ResourceAPIVersion }}.json";
        assert_eq!(
            files(text, "cert-manager.io/v1", "Certificate"),
            ("/srv/crds".to_owned(), vec!["cert-manager.io/certificate_v1.json".to_owned()]),
        );
    }

    #[test]
    fn a_url_gets_the_same_suffix() {
        let gvk = Gvk::new("batch/v1", "CronJob");
        let address = |text: &str, kubernetes, strict| match SchemaLocation::parse(text) {
            Ok(SchemaLocation::Url(location)) => location.address(&SchemaRequest { gvk: &gvk, kubernetes, strict }),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            address("https://example.com/schemas/", "v1.33.4", false).as_deref(),
            Some("https://example.com/schemas/v1.33.4-standalone/cronjob-batch-v1.json")
        );
        assert_eq!(
            address("https://example.com/{{ .Group }}/{{ .ResourceKind }}.json", "1.33", true).as_deref(),
            Some("https://example.com/batch/cronjob.json")
        );
        assert_eq!(SchemaLocation::parse("default"), Ok(SchemaLocation::Embedded));
    }

    #[test]
    fn no_kind_leads_out_of_its_location() {
        let Ok(SchemaLocation::Files(location)) = SchemaLocation::parse("s") else { panic!() };
        for (api_version, kind) in
            [("v1", "../Pod"), ("../v1", "Pod"), ("a/../b", "Pod"), ("v1", ""), ("", "Pod"), (".a/v1", "Pod")]
        {
            let gvk = Gvk::new(api_version, kind);
            let request = SchemaRequest { gvk: &gvk, kubernetes: "1.34", strict: true };
            assert_eq!(location.candidates(&request), [""; 0], "{gvk}");
        }
    }

    #[test]
    fn what_is_no_location_says_why() {
        for (text, message) in [
            ("", "the location is empty"),
            ("ftp://x/{{ .ResourceKind }}.json", "`ftp://x/{{ .ResourceKind }}.json` is neither a path"),
            ("s/{{ .Group", "`{{ .Group/{{ .Normalized"),
            ("s/{{ lower .Group }}/x.json", "`{{ lower .Group }}` is not a variable"),
            ("s/{{ .ResourceKnid }}.json", "`.ResourceKnid` is not known, did you mean `.ResourceKind`?"),
            (
                "https://{{ .Group }}/{{ .ResourceKind }}.json",
                "`https://{{ .Group }}/{{ .ResourceKind }}.json` has a variable in the name of its host",
            ),
            ("https://{{ .Group }}.example.com/{{ .ResourceKind }}.json", "`https://{{ .Group }}.example.com"),
            ("s/{{ .Group }}/../{{ .ResourceKind }}.json", "`s/{{ .Group }}/../{{ .ResourceKind }}.json` has `..`"),
            ("https://ada:secret@example.com/s", "the URL holds a name or password"),
            ("s/widget.json", "`s/widget.json` names one file for all kinds"),
        ] {
            let error = SchemaLocation::parse(text).expect_err(text);
            assert!(error.to_string().starts_with(message), "{error}");
            assert!(!error.help().is_empty());
        }
    }
}
